/* reassemble - one dump out of the files of a split one. */
/* SPDX-License-Identifier: MIT */
#include "dump/reassemble.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/beside.h"
#include "dump/kdumpfile.h"
#include "dump/kernel.h"
#include "dump/manifest.h"
#include "dump/writer.h"
#include "sink/sink.h"

struct part {
	const char      *path;
	int              fd;
	struct kdumpfile file;
	struct beside    beside;
	struct extents   extents;	/* compared */
	uint64_t         lost;		/* pages */
	char             wrong[200];	/* why it is not whole; "" if it is */
};

struct job {
	struct part  *parts;		/* by range; owned */
	size_t        nr;		/* open ones */
	struct kernel k;		/* of the first part */
	struct writer writer;
	void        (*say)(void *ctx, bool warning, const char *text);
	void         *ctx;
	size_t        proved;		/* parts whose checksums were compared */
	uint64_t      unreadable;	/* pages, when the parts were made */
	const struct beside *degraded;	/* of a part that was not all of its memory when it was made, or NULL */
};

static int open_part(struct part *p, const char *path, struct err *e)
{
	int rc;

	*p = (struct part){ .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (p->fd < 0)
		return err_set(e, -errno, "open %s", path);
	rc = kdumpfile_open(&p->file, p->fd, false, e);
	if (rc) {
		close(p->fd);
		return err_add(e, "%s", path);
	}
	return 0;
}

static void close_parts(struct job *j)
{
	for (size_t i = 0; i < j->nr; i++) {
		beside_close(&j->parts[i].beside);
		kdumpfile_close(&j->parts[i].file);
		close(j->parts[i].fd);
	}
	free(j->parts);
}

static bool same_dump(const struct kdump_head *a, const struct kdump_head *b)
{
	uint32_t whole = ~(uint32_t)STATUS_INCOMPLETE;

	return (a->status & whole) == (b->status & whole) && a->block == b->block &&
	       !memcmp(a->uts, b->uts, sizeof(a->uts)) && a->crash_time == b->crash_time &&
	       a->nr_cpus == b->nr_cpus && a->max_pfn == b->max_pfn && a->phys_base == b->phys_base &&
	       a->level == b->level;
}

static int by_range(const void *a, const void *b)
{
	const struct kdump_head *x = &((const struct part *)a)->file.head, *y = &((const struct part *)b)->file.head;

	if (x->start_pfn != y->start_pfn)
		return x->start_pfn < y->start_pfn ? -1 : 1;
	return x->end_pfn < y->end_pfn ? -1 : x->end_pfn > y->end_pfn;
}

/* Together the parts must hold each page once. */
static int check_ranges(const struct job *j, struct err *e)
{
	pfn_t next = 0, end = j->parts[0].file.head.max_pfn, start;

	for (size_t i = 0; i <= j->nr; i++) {
		start = i < j->nr ? j->parts[i].file.head.start_pfn : end;
		if (start > next)
			return err_say(e, -EINVAL, "the part with page frames %#llx to %#llx is missing",
				       (unsigned long long)next, (unsigned long long)start);
		if (start < next)
			return err_say(e, -EINVAL, "%s and %s hold the same pages", j->parts[i - 1].path,
				       j->parts[i].path);
		if (i < j->nr)
			next = j->parts[i].file.head.end_pfn;
	}
	return 0;
}

static int check_parts(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->nr; i++) {
		if (!j->parts[i].file.head.split)
			return err_say(e, -EINVAL, "%s: a dump of its own, not a part of one", j->parts[i].path);
		if (!same_dump(&j->parts[i].file.head, &j->parts[0].file.head))
			return err_say(e, -EINVAL, "%s and %s are parts of different dumps", j->parts[0].path,
				       j->parts[i].path);
	}
	qsort(j->parts, j->nr, sizeof(*j->parts), by_range);
	return check_ranges(j, e);
}

static void tell(const struct job *j, bool warning, const char *text)
{
	if (j->say)
		j->say(j->ctx, warning, text);
}

/* The lines of beside_check: how many there are is enough to know. */
static void no_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static int check_sums(struct part *p, struct err *e)
{
	struct extents *x = &p->extents;
	int rc = beside_check(&p->beside, &p->file.in, x, no_line, NULL, e);

	if (!rc && x->missing)
		snprintf(p->wrong, sizeof(p->wrong), "it is cut: %llu of %llu bytes are there",
			 (unsigned long long)p->file.in.file_size, (unsigned long long)p->beside.size);
	else if (!rc && x->bad)
		snprintf(p->wrong, sizeof(p->wrong), "%llu of its %llu checksums are wrong",
			 (unsigned long long)x->bad, (unsigned long long)x->all);
	return rc ? err_add(e, "%s", p->path) : 0;
}

/* Do the parts have the bytes that they were made with, by one run? */
static int check_manifests(struct job *j, struct err *e)
{
	const struct part *first = NULL;
	char text[100];

	for (size_t i = 0; i < j->nr; i++) {
		struct part *p = &j->parts[i];
		struct beside *b = &p->beside;
		int rc = beside_open(b, p->path, &p->file.in, j->k.crash_time, e);

		if (rc)
			return err_add(e, "%s", p->path);
		if (!b->parts)		/* a manifest.json is not about parts */
			continue;
		if (first && strcmp(first->beside.set, b->set))
			return err_say(e, -EINVAL, "%s and %s are parts of different dumps, their manifests say",
				       first->path, p->path);
		first = first ? first : p;
		rc = check_sums(p, e);
		if (rc)
			return rc;
		j->proved++;
		j->unreadable = j->unreadable < b->unreadable ? b->unreadable : j->unreadable;
		if (strcmp(b->verdict, "complete") && strcmp(b->verdict, "sent"))
			j->degraded = b;
	}
	snprintf(text, sizeof(text), "checksums: those of %zu of %zu parts were compared", j->proved, j->nr);
	tell(j, false, text);
	return 0;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* Pages of zeros share one, if the level says so. Readers do not look for pages that bitmap1 does not have. */
static int take_page(struct job *j, struct part *p, struct kdump_reader *r, const struct kdump_walk *w, struct err *e)
{
	struct packed packed = { .pfn = w->pfn, .size = w->desc.size, .flags = w->desc.flags };
	paddr_t at = w->pfn << j->k.src.page_shift;
	const struct ram_range *range = source_range(&j->k.src, at);
	int rc = w->described && range && range->start <= at ? kdumpfile_packed(r, &w->desc) : -EIO;

	if (rc) {
		p->lost++;
		return 0;
	}
	if ((j->parts[0].file.head.level & LEVEL_ZERO) && packed.flags == PAGE_RAW &&
	    packed.size == j->writer.layout.block && all_zero(r->packed, packed.size))
		packed.size = 0;
	return writer_pages(&j->writer, &packed, 1, r->packed, packed.size, e);
}

static int take_part(struct job *j, struct part *p, struct err *e)
{
	struct kdump_reader *r = kdump_reader_new(&p->file);
	struct kdump_walk w = { 0 };
	int rc = r ? 1 : err_set(e, -ENOMEM, "read %s", p->path);

	for (; rc == 1; w.pfn++) {
		rc = kdumpfile_next(r, &w);
		if (rc < 0)
			rc = err_set(e, rc, "read the descriptors of %s", p->path);
		else if (rc)
			rc = take_page(j, p, r, &w, e);
		else
			break;
		rc = rc ? rc : 1;
	}
	kdump_reader_free(r);
	return rc;
}

/* Notes and the description of memory are the same in all parts. */
static int open_kernel(struct job *j, struct err *e)
{
	const struct part *first = &j->parts[0];
	int rc;

	j->k.src.fd = fcntl(first->fd, F_DUPFD_CLOEXEC, 0);
	if (j->k.src.fd < 0)
		return err_set(e, -errno, "open %s", first->path);
	rc = source_open_kdump(&j->k.src, first->path, false, e);
	if (rc) {
		source_close(&j->k.src);
		return rc;
	}
	return kernel_start(&j->k, first->path, e);
}

/* False if p is whole as far as can be known, behind take_part. */
static bool tell_wrong(struct job *j, struct part *p)
{
	char text[256];

	if (!p->wrong[0] && p->file.incomplete)
		snprintf(p->wrong, sizeof(p->wrong), "it is %s", p->file.head.status & STATUS_INCOMPLETE ?
			 "flagged incomplete: not all of it was saved" : "cut");
	if (!p->wrong[0] && p->lost)
		snprintf(p->wrong, sizeof(p->wrong), "%llu of its pages cannot be read", (unsigned long long)p->lost);
	if (!p->wrong[0])
		return false;
	snprintf(text, sizeof(text), "%.40s: %s", p->path, p->wrong);
	tell(j, true, text);
	return true;
}

static int take_parts(struct job *j, struct err *e)
{
	const struct part *bad = NULL;
	bool complete;
	int rc = 0;

	for (size_t i = 0; i < j->nr && !rc; i++) {
		rc = take_part(j, &j->parts[i], e);
		if (!rc && tell_wrong(j, &j->parts[i]) && !bad)
			bad = &j->parts[i];
	}
	complete = !bad && !j->writer.notes_lost;
	if (!rc)
		rc = writer_end(&j->writer, complete, e);
	if (rc)
		writer_end(&j->writer, false, NULL);
	if (rc || complete)
		return rc;
	if (!bad)
		return err_say(e, -ENODATA, "the notes are not all there: %llu pages are",
			       (unsigned long long)j->writer.saved);
	return err_say(e, -ENODATA, "not all parts are whole, %s: %s; %llu pages are there", bad->path, bad->wrong,
		       (unsigned long long)j->writer.saved);
}

/* Without it nothing is wrong with the dump. */
static void put_manifest(const struct job *j, const char *to, enum verdict verdict, const struct err *why)
{
	struct manifest_joined m = {
		.k = &j->k, .w = &j->writer, .verdict = verdict, .reason = why->msg, .unreadable = j->unreadable,
		.level = j->parts[0].file.head.level, .parts = j->nr, .proved = j->proved,
	};
	char path[4096], text[400];
	struct err e = { 0 };

	if (verdict == VERDICT_COMPLETE && j->degraded) {
		m.verdict = VERDICT_DEGRADED;
		m.reason = j->degraded->reason;
	}
	snprintf(path, sizeof(path), "%s%s", to, verdict == VERDICT_INCOMPLETE ? "-incomplete" : "");
	if (manifest_put_joined(&m, path, &e)) {
		snprintf(text, sizeof(text), "no manifest: %s", e.msg);
		tell(j, true, text);
	}
	if (m.verdict == VERDICT_DEGRADED) {
		snprintf(text, sizeof(text), "%.40s is degraded, as its parts are: %s", to, m.reason);
		tell(j, true, text);
	}
}

static int write_all(struct job *j, struct sink *to, struct err *e)
{
	const struct kdump_head *h = &j->parts[0].file.head;
	struct layout layout;
	uint64_t descs = 0;
	int rc;

	for (size_t i = 0; i < j->nr; i++)
		descs += j->parts[i].file.nr_descs;
	rc = layout_init(&layout, &j->k, descs, e);
	if (!rc)
		rc = writer_init(&j->writer, to, &layout, &j->k, h->status & ~(uint32_t)STATUS_INCOMPLETE, h->level,
				 DIGEST_XXH64, e);
	return rc ? rc : take_parts(j, e);
}

static int to_sink(struct job *j, const char *to, bool replace, struct err *e)
{
	struct sink *sink;
	struct ack ack;
	bool file;
	int rc = sink_open(&sink, to, j->k.crash_time, replace, e), kept = -EIO;

	if (rc)
		return rc;
	file = !strcmp(sink->ops->name, "file");
	if (file)
		manifest_forget(to);
	rc = write_all(j, sink, e);
	if (!rc)
		rc = sink_commit(sink, &ack, e);
	else
		kept = sink_keep(sink, NULL);
	sink_close(sink);
	if (file && (!rc || (rc == -ENODATA && !kept)))
		put_manifest(j, to, rc ? VERDICT_INCOMPLETE : VERDICT_COMPLETE, e);
	writer_free(&j->writer);
	return rc == -ENODATA ? err_add(e, "%s is incomplete", to) : rc;
}

static int open_parts(struct job *j, char *const *paths, size_t nr, struct err *e)
{
	int rc = 0;

	j->parts = calloc(nr, sizeof(*j->parts));
	if (!j->parts)
		return err_set(e, -ENOMEM, "reassemble %zu files", nr);
	for (; !rc && j->nr < nr; j->nr += !rc)
		rc = open_part(&j->parts[j->nr], paths[j->nr], e);
	return rc ? rc : check_parts(j, e);
}

int reassemble(char *const *paths, size_t nr, const char *to, bool replace,
	       void (*say)(void *ctx, bool warning, const char *text), void *ctx, struct err *e)
{
	struct job *j = calloc(1, sizeof(*j));
	int rc = j ? open_parts(j, paths, nr, e) : err_set(e, -ENOMEM, "reassemble %zu files", nr);

	if (!j)
		return rc;
	j->say = say;
	j->ctx = ctx;
	if (!rc)
		rc = open_kernel(j, e);
	if (!rc) {
		rc = check_manifests(j, e);
		if (!rc)
			rc = to_sink(j, to, replace, e);
		kernel_close(&j->k);
	}
	close_parts(j);
	free(j);
	return rc;
}
