/* source_kcore - the memory of the running kernel, for what can be asked before a crash. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "dump/source.h"

/*
 * Since 4.11 PT_LOADs of /proc/kcore have the physical address of what they show if that is RAM or the
 * kernel image, and -1 if it is not, as for vmalloc (fs/proc/kcore.c): source.c passes over the latter.
 */
enum { MAX_IOMEM = 1 << 20 };

/* One load may become two. */
static int leave_out(struct source *s, paddr_t start, paddr_t end)
{
	for (size_t i = 0; i < s->nr_loads; i++) {
		struct load *l = &s->loads[i], rest = *l;

		if (l->start >= end || l->end <= start)
			continue;
		if (l->start < start && l->end > end) {
			struct load *more = realloc(s->loads, (s->nr_loads + 1) * sizeof(*more));

			if (!more)
				return -ENOMEM;
			s->loads = more;
			l = &more[i];
			rest.offset += end - rest.start;
			if (rest.vaddr != UINT64_MAX)
				rest.vaddr += end - rest.start;
			rest.start = end;
			more[s->nr_loads++] = rest;
			l->end = start;
		} else if (l->start < start) {
			l->end = start;
		} else {
			uint64_t cut = (l->end < end ? l->end : end) - l->start;

			l->start += cut;
			l->offset += cut;
			l->vaddr += l->vaddr == UINT64_MAX ? 0 : cut;
		}
	}
	return 0;
}

int source_leave_out_crash_kernel(struct source *s, const char *iomem)
{
	int rc = 0;

	for (const char *line = iomem; line && *line && !rc; line = strchr(line, '\n'), line += line != NULL) {
		const char *name = strstr(line, " : ");
		unsigned long long first, last;
		char *at;

		if (!name || strncmp(name + 3, "Crash kernel", strlen("Crash kernel")) ||
		    memchr(line, '\n', (size_t)(name - line)))
			continue;
		first = strtoull(line, &at, 16);
		if (*at != '-')
			continue;
		last = strtoull(at + 1, NULL, 16);
		if (last > first && last < INT64_MAX)	/* both are 0 for those who may not know */
			rc = leave_out(s, first, last + 1);
	}
	return rc;
}

int source_kcore(struct source *s, const struct stat *st, struct err *e)
{
	struct stat kcore;
	char *text;
	size_t len;
	int rc;

	if (stat("/proc/kcore", &kcore) || kcore.st_dev != st->st_dev || kcore.st_ino != st->st_ino)
		return 0;
	s->may_map = false;
	s->size = INT64_MAX;
	rc = read_file("/proc/iomem", MAX_IOMEM, &text, &len, e);
	if (rc)
		return rc;
	rc = source_leave_out_crash_kernel(s, text);
	free(text);
	return rc ? err_set(e, rc, "leave out the capture kernel's memory") : 0;
}
