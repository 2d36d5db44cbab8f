/* inspect - all that can be said about a dump or core without a debugger. */
/* SPDX-License-Identifier: MIT */
#include "dump/inspect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "dump/panicline.h"

enum { E_FLAGS_AT = 48, CORE_INCOMPLETE = 1 };	/* Elf64_Ehdr; DUMP_ELF_INCOMPLETE of makedumpfile and crash */

/* Pages of an ELF core: all RAM, but for what lies behind its end. */
static void count_core(struct inspection *i)
{
	struct source *s = &i->k.src;
	uint8_t flags[4] = { 0 };

	i->census.kept = source_nr_pages(s);
	for (size_t n = 0; n < s->nr_ram; n++) {
		const struct ram_range *r = &s->ram[n];
		uint64_t len = r->end - r->start, there = r->offset < s->size ? s->size - r->offset : 0;

		if (there < len)
			i->census.absent += (len - there + ((uint64_t)1 << s->page_shift) - 1) >> s->page_shift;
	}
	pread_full(s->fd, flags, sizeof(flags), E_FLAGS_AT);
	s->incomplete = get_le32(flags) & CORE_INCOMPLETE;
}

static void say(struct inspection *i, const char *what, void (*problem)(void *ctx, const char *line),
		void *ctx, struct err *e)
{
	err_add(e, "%s", what);
	problem(ctx, e->msg);
	if (!i->wrong.code)
		i->wrong = *e;
	*e = (struct err){ 0 };
}

static void look(struct inspection *i, const char *path, bool verify,
		 void (*problem)(void *ctx, const char *line), void *ctx)
{
	struct err e = { 0 };

	vmcoreinfo_string(&i->k.info, "BUILD-ID", i->build_id, sizeof(i->build_id));
	panic_line(&i->k, i->panic, sizeof(i->panic), &i->no_log);
	if (!i->file)
		count_core(i);
	else if (census_take(i->file, verify, &i->census, problem, ctx, &e))
		say(i, "pages", problem, ctx, &e);
	if (beside_open(&i->beside, path, i->bytes, i->k.crash_time, &e))
		say(i, "manifest", problem, ctx, &e);
	if (i->beside.text && verify && beside_check(&i->beside, i->bytes, &i->extents, problem, ctx, &e))
		say(i, "checksums", problem, ctx, &e);
}

int inspect_open(struct inspection *i, const char *path, bool verify,
		 void (*problem)(void *ctx, const char *line), void *ctx, struct err *e)
{
	int rc;

	*i = (struct inspection){ 0 };
	rc = kernel_open(&i->k, path, e);
	if (rc)
		return rc;
	i->file = source_kdumpfile(&i->k.src);
	i->bytes = i->file ? &i->file->in : &i->core;
	rc = i->file ? 0 : bytes_open(&i->core, i->k.src.fd, false, e);
	if (rc) {
		kernel_close(&i->k);
		return rc;
	}
	look(i, path, verify, problem, ctx);
	return 0;
}

void inspect_close(struct inspection *i)
{
	beside_close(&i->beside);
	if (!i->file)
		bytes_close(&i->core);
	kernel_close(&i->k);
}

/* "sent": whoever wrote it could not know more, and here all of it is. */
enum soundness inspect_soundness(const struct inspection *i)
{
	const struct census *c = &i->census;

	if (c->damaged || i->extents.bad || i->wrong.code)
		return SOUND_DAMAGED;
	if (i->k.src.incomplete || c->absent || c->unknown || i->extents.missing || i->beside.unreadable ||
	    (i->beside.text && strcmp(i->beside.verdict, "complete") && strcmp(i->beside.verdict, "sent")))
		return SOUND_INCOMPLETE;
	return SOUND;
}

bool inspect_part_whole(const struct inspection *i)
{
	const struct census *c = &i->census;

	return i->file && i->file->head.split && !i->file->incomplete && inspect_soundness(i) != SOUND_DAMAGED &&
	       !c->absent && !c->unknown && !i->extents.missing && !i->beside.unreadable &&
	       (!i->beside.text || !strcmp(i->beside.verdict, "complete") || !strcmp(i->beside.verdict, "sent"));
}
