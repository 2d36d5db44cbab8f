/* save - a crashed kernel's memory into a dump: the whole way from core to sink. */
/* SPDX-License-Identifier: MIT */
#include "dump/save.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "dump/kdumphead.h"
#include "dump/pins.h"

const char *const phase_names[] = { "open", "filter", "data", "commit" };
const char *const verdict_names[] = { "failed", "incomplete", "degraded", "sent", "complete" };

enum { MIB = 1 << 20, LIKELY_RATIO = 3 };	/* packed kernel pages are about a third of their size */

static void say(const struct save *s, bool warning, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const struct save *s, bool warning, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!s->rq->say)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->rq->say(s->rq->ctx, warning, text);
}

enum verdict save_verdict(const struct ack *ack, uint64_t missing_pages, bool level_as_asked)
{
	if (ack->level < ACK_SENT)
		return VERDICT_INCOMPLETE;
	if (missing_pages || !level_as_asked)
		return VERDICT_DEGRADED;
	return ack->level < ACK_NAMED ? VERDICT_SENT : VERDICT_COMPLETE;
}

static void end_phase(struct save *s, enum phase phase, uint64_t *began)
{
	uint64_t now = now_ms();

	s->ms[phase] += now - *began;
	*began = now;
}

static void describe_kernel(const struct save *s)
{
	const struct kernel *k = &s->kernel;

	say(s, false, "%s: kernel %.64s, %u CPUs, %llu MiB of memory", s->rq->vmcore,
	    k->uts[2][0] ? k->uts[2] : "unknown", k->notes.nr_cpus,
	    (unsigned long long)(source_nr_pages(&k->src) << k->src.page_shift) / MIB);
	if (k->doubt[0])
		say(s, true, "%s: %s", s->rq->vmcore, k->doubt);
}

/* The level at which a dump that is filtered again was made: what that excluded stays absent. */
static unsigned before(const struct save *s)
{
	return s->kernel.src.head ? s->kernel.src.head->level & LEVEL_MAX : 0;
}

static int run_filter(struct save *s, unsigned level, struct err *e)
{
	const struct filter *f = &s->filter;
	uint64_t page_kib = (uint64_t)1 << (s->kernel.src.page_shift - 10);
	int rc;

	filter_free(&s->filter);
	rc = filter_run(&s->filter, &s->kernel, &s->pins, level, s->plan.keep_budget, e);
	if (rc)
		return rc;
	s->level = f->level | before(s);
	if (f->why[0])
		say(s, true, "dump level %u instead of %u: %s", f->level, level, f->why);
	if (f->unmapped)
		say(s, true, "%s: the struct pages of %llu pages cannot be read: kept", s->rq->vmcore,
		    (unsigned long long)f->unmapped);
	if (f->cut)
		say(s, true, "%s is cut: %llu pages are not in it", s->rq->vmcore, (unsigned long long)f->cut);
	say(s, false, "keep %llu MiB at dump level %u (without %llu free, %llu user, %llu cache MiB)",
	    (unsigned long long)(f->kept * page_kib >> 10), f->level,
	    (unsigned long long)(f->excluded[PAGE_FREE] * page_kib >> 10),
	    (unsigned long long)(f->excluded[PAGE_USER] * page_kib >> 10),
	    (unsigned long long)((f->excluded[PAGE_CACHE] + f->excluded[PAGE_CACHE_PRIVATE]) * page_kib >> 10));
	return 0;
}

static uint64_t likely_size(const struct save *s)
{
	uint64_t pages = s->filter.kept, page = (uint64_t)1 << s->kernel.src.page_shift;

	if (s->rq->codec->flag == PAGE_RAW)
		return pages * (page + KDUMP_DESC_SIZE);
	return pages * (page / LIKELY_RATIO + KDUMP_DESC_SIZE);
}

/* Tell about room, and where it will hardly do take the highest level instead of none of the dump. */
static int check_space(struct save *s, struct sink *sink, struct err *e)
{
	uint64_t space = sink_space(sink), likely = likely_size(s);

	if (space == UINT64_MAX)
		return 0;
	say(s, false, "about %llu MiB to write, %llu MiB free", (unsigned long long)(likely / MIB),
	    (unsigned long long)(space / MIB));
	if (likely <= space || s->filter.level == LEVEL_MAX || !s->filter.has_memmap || s->rq->nr_next_levels)
		return 0;
	say(s, true, "too little room for dump level %u: trying level %u", s->level, LEVEL_MAX);
	return run_filter(s, LEVEL_MAX, e);
}

static void plan(struct save *s)
{
	uint64_t avail = s->memory_at_start = s->memory_lowest = memory_available();
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t page = (size_t)1 << s->kernel.src.page_shift;

	s->plan = plan_make(avail, cpus > 0 ? (unsigned)cpus : 1, s->rq->threads, page,
			    s->rq->codec->state_size(page), writer_memory() * (s->rq->parts ? s->rq->parts : 1));
	say(s, false, "plan: %u thread%s, chunks of %u pages, %zu KiB in all of %llu MiB available",
	    s->plan.threads, s->plan.threads == 1 ? "" : "s", s->plan.chunk_pages, s->plan.total >> 10,
	    (unsigned long long)(avail / MIB));
}

static void note_memory(struct save *s)
{
	uint64_t now = memory_available();

	if (now < s->memory_lowest)
		s->memory_lowest = now;
}

static void tick(void *ctx)
{
	struct save *s = ctx;

	note_memory(s);
	if (s->rq->tick)
		s->rq->tick(s->rq->ctx);
}

/* All page data into the sink. On an error the dump is ended as incomplete, if that can be done. */
static int write_dump(struct save *s, struct sink *sink, struct err *e)
{
	const struct save_request *rq = s->rq;
	const struct format_start start = {
		.sink = sink, .filter = &s->filter, .flag = rq->codec->flag, .level = s->level,
		.digest = rq->digest, .limit = rq->limit,
		/* In a stream no descriptor can be sent twice: those of pages that went first would come too late. */
		.early = rq->format == FORMAT_KDUMP && sink->rewritable ? &s->early : NULL,
	};
	struct format *f = &s->format;
	struct err second = { 0 };
	int rc;

	early_free(&s->early);
	if (start.early)
		early_collect(&s->early, &s->filter);
	rc = format_begin(f, rq->format, &start, e);

	if (rc)
		return rc;
	s->pipeline = (struct pipeline){
		.filter = &s->filter, .put = f->ops->put, .out = f->ops->put_to(f), .codec = rq->codec,
		.plan = s->plan, .early = start.early, .skip_zeros = s->level & LEVEL_ZERO, .stop = rq->stop,
	};
	rc = pipeline_run(&s->pipeline, tick, s, e);
	note_memory(s);	/* all buffers are still there */
	if (!rc && s->pipeline.stopped)
		rc = err_say(e, -ECANCELED, "stopped before the end");
	if (!rc && !f->ops->saved(f) && s->filter.cut + s->pipeline.holes.pages)
		rc = err_say(e, -EIO, "not one page of memory could be read");
	if (!rc)
		rc = f->ops->end(f, true, e);
	if (!rc)
		return 0;
	if (f->ops->end(f, false, &second))
		say(s, true, "close the dump as incomplete: %s", second.msg);
	else
		s->verdict = VERDICT_INCOMPLETE;
	return rc;
}

/* The registers of a CPU or vmcoreinfo may be what is missing. */
static bool notes_lost(const struct save *s)
{
	return s->kernel.notes.cut || s->format.ops->notes_lost(&s->format);
}

static int to_sink(struct save *s, struct sink *sink, uint64_t *began, struct err *e)
{
	uint64_t page = (uint64_t)1 << s->kernel.src.page_shift;
	struct err second = { 0 };
	int rc = write_dump(s, sink, e);

	end_phase(s, PHASE_DATA, began);
	s->size = s->format.ops->size(&s->format);
	if (!rc)
		rc = sink_commit(sink, &s->ack, e);
	else if (s->verdict == VERDICT_INCOMPLETE && sink_keep(sink, &second))
		say(s, true, "%s", second.msg);
	end_phase(s, PHASE_COMMIT, began);
	if (!rc) {
		s->verdict = save_verdict(&s->ack, s->filter.cut + s->pipeline.holes.pages +
					  s->kernel.src.incomplete + notes_lost(s), s->level == (s->asked | before(s)));
	} else if (s->filter.kept) {
		err_add(e, "%llu of %llu MiB saved",
			(unsigned long long)(s->format.ops->saved(&s->format) * page / MIB),
			(unsigned long long)(s->filter.kept * page / MIB));
	}
	return rc;
}

static void reason(struct save *s)
{
	uint64_t holes = s->filter.cut + s->pipeline.holes.pages;

	if (s->verdict != VERDICT_DEGRADED)
		return;
	if (holes)
		err_say(&s->why, -EIO, "%llu pages could not be read", (unsigned long long)holes);
	else if (s->kernel.src.incomplete)
		err_say(&s->why, -EIO, "%s is %s", s->rq->vmcore, s->kernel.src.head->split ?
			"one of the files of a split dump" : "incomplete itself");
	else if (notes_lost(s))
		err_say(&s->why, -EIO, "not all ELF notes of %s could be read", s->rq->vmcore);
	else
		err_say(&s->why, -EIO, "dump level %u instead of %u", s->level, s->asked);
}

/* One try: filter, write, commit. */
static int try_level(struct save *s, unsigned level, uint64_t *began, struct err *e)
{
	struct sink *sink;
	int rc;

	s->asked = level;
	rc = run_filter(s, level, e);
	end_phase(s, PHASE_FILTER, began);
	if (!rc)
		rc = (s->rq->open ? s->rq->open : sink_open)(&sink, s->rq->to, s->kernel.crash_time,
							     s->rq->replace, e);
	if (rc)
		return rc;
	rc = check_space(s, sink, e);
	if (!rc)
		rc = to_sink(s, sink, began, e);
	sink_close(sink);
	return rc;
}

/* A stream cannot be begun again. */
static int try_levels(struct save *s, uint64_t *began, struct err *e)
{
	const struct save_request *rq = s->rq;
	int rc = try_level(s, rq->level, began, e);

	for (size_t i = 0; sink_is_full(rc) && i < rq->nr_next_levels && strcmp(rq->to, "-"); i++) {
		say(s, true, "%s; trying dump level %u", e->msg, rq->next_levels[i]);
		format_free(&s->format);
		s->verdict = VERDICT_FAILED;
		rc = try_level(s, rq->next_levels[i], began, e);
	}
	return rc;
}

static int open_kernel(struct save *s, struct err *e)
{
	int rc = source_open(&s->kernel.src, s->rq->vmcore, e);

	if (rc)
		return rc;
	if (s->rq->no_mmap)
		s->kernel.src.may_map = false;
	return kernel_start(&s->kernel, s->rq->vmcore, e);
}

int save_run(struct save *s, const struct save_request *rq, struct err *e)
{
	uint64_t began = now_ms();
	int rc;

	*s = (struct save){ .rq = rq };
	rc = open_kernel(s, e);
	if (rc) {
		s->why = *e;
		return rc;
	}
	describe_kernel(s);
	plan(s);
	end_phase(s, PHASE_OPEN, &began);
	pins_collect(&s->kernel, &s->pins);
	rc = try_levels(s, &began, e);
	if (rc)
		s->why = *e;
	else
		reason(s);
	return rc;
}

void save_free(struct save *s)
{
	if (!s->kernel.src.loads)
		return;
	format_free(&s->format);
	early_free(&s->early);
	filter_free(&s->filter);
	kernel_close(&s->kernel);
}
