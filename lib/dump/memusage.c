/* memusage - what the pages of a machine are used for, in numbers. */
/* SPDX-License-Identifier: MIT */
#include "dump/memusage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void no_tick(void *ctx)
{
	(void)ctx;
}

/* A dump at the highest level into nowhere counts the pages. */
int mem_usage_count(struct mem_usage *m, const char *path, unsigned threads,
		    void (*say)(void *ctx, bool warning, const char *text), void *ctx, struct err *e)
{
	const struct save_request rq = {
		.vmcore = path, .to = "null:", .level = LEVEL_MAX, .codec = codec_find("none"), .threads = threads,
		.tick = no_tick, .say = say, .ctx = ctx,
	};
	struct save *s = malloc(sizeof(*s));
	int rc = s ? save_run(s, &rq, e) : err_set(e, -ENOMEM, "count pages");

	if (!rc && s->filter.level != LEVEL_MAX)
		rc = err_say(e, -ENOTSUP, "%s: its pages cannot be told apart: %s", path, s->filter.why);
	if (!rc) {
		m->page_size = (uint64_t)1 << s->kernel.src.page_shift;
		m->all = source_nr_pages(&s->kernel.src);
		memcpy(m->excluded, s->filter.excluded, sizeof(m->excluded));
		m->zero = s->pipeline.zeros;
		m->needed = s->filter.kept - s->pipeline.zeros;
	}
	if (s)
		save_free(s);
	free(s);
	return rc;
}
