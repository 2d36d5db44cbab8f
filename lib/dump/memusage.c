/* memusage - what the pages of a machine are used for, in numbers. */
/* SPDX-License-Identifier: MIT */
#include "dump/memusage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A dump at the highest level into nowhere counts the pages. */
int mem_usage_count(struct mem_usage *m, const char *path, unsigned threads,
		    void (*say)(void *ctx, bool warning, const char *text), void *ctx, struct err *e)
{
	const struct save_request rq = {
		.vmcore = path, .to = "null:", .level = LEVEL_MAX, .codec = codec_find("none"), .threads = threads,
		.say = say, .ctx = ctx,
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

const char *mem_usage_table(const struct mem_usage *m, char *out, size_t size)
{
	const struct {
		const char *type, *excludable, *what;
		uint64_t    pages;
	} rows[] = {
		{ "ZERO\t", "yes", "Pages filled with zero", m->zero },
		{ "NON_PRI_CACHE", "yes", "Cache pages without private flag", m->excluded[PAGE_CACHE] },
		{ "PRI_CACHE", "yes", "Cache pages with private flag", m->excluded[PAGE_CACHE_PRIVATE] },
		{ "USER\t", "yes", "User process pages", m->excluded[PAGE_USER] },
		{ "FREE\t", "yes", "Free pages", m->excluded[PAGE_FREE] },
		{ "KERN_DATA", "no", "Dumpable kernel data", m->needed },
	};
	size_t n = (size_t)snprintf(out, size, "TYPE\t\tPAGES\t\t\tEXCLUDABLE\tDESCRIPTION\n%s\n",
				    "----------------------------------------------------------------------");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s\t%-16llu\t%s\t\t%s\n", rows[i].type,
				      (unsigned long long)rows[i].pages, rows[i].excludable, rows[i].what);
	if (n < size)
		snprintf(out + n, size - n, "\npage size:\t\t%-16llu\nTotal pages on system:\t%-16llu\n"
			 "Total size on system:\t%-16llu Byte\n", (unsigned long long)m->page_size,
			 (unsigned long long)m->all, (unsigned long long)(m->all * m->page_size));
	return out;
}
