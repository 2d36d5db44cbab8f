/* source_ram - which page of RAM stands where in the file, if PT_LOADs overlap or lack their data. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "dump/kdumphead.h"
#include "dump/source.h"

static int by_start(const void *a, const void *b)
{
	const struct ram_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Of a PT_LOAD the whole pages that are in the file, or those that are not. False if there are none. */
static bool part_of(const struct source *s, const struct load *l, unsigned shift, bool there, struct ram_range *out)
{
	uint64_t mask = ((uint64_t)1 << shift) - 1, pages;
	paddr_t start = l->start > UINT64_MAX - mask ? UINT64_MAX & ~mask : (l->start + mask) & ~mask;
	paddr_t end = l->end & ~mask;
	uint64_t at = l->offset + (start - l->start);

	if (start >= end)
		return false;
	pages = at < s->size ? (s->size - at) >> shift : 0;
	if (pages > (end - start) >> shift)
		pages = (end - start) >> shift;
	if (there)
		*out = (struct ram_range){ start, start + (pages << shift), at };
	else
		*out = (struct ram_range){ start + (pages << shift), end, at + (pages << shift) };
	return out->start < out->end;
}

/* Sorted and disjoint: of two that overlap the one that begins first has all of it. Returns how many are left. */
static size_t untangle(struct ram_range *r, size_t n)
{
	size_t kept = 0;
	paddr_t seen = 0;

	qsort(r, n, sizeof(*r), by_start);
	for (size_t i = 0; i < n; i++) {
		struct ram_range cut = r[i];

		if (cut.start < seen) {
			cut.offset += seen - cut.start;
			cut.start = seen;
		}
		if (cut.start >= cut.end)
			continue;
		seen = cut.end;
		r[kept++] = cut;
	}
	return kept;
}

/* Put behind r[0..n) what it leaves of lost[0..m); both are disjoint and sorted. At most n + m more. */
static size_t fill_gaps(struct ram_range *r, size_t n, const struct ram_range *lost, size_t m)
{
	size_t all = n, i = 0;

	for (size_t k = 0; k < m; k++) {
		paddr_t at = lost[k].start;

		while (at < lost[k].end) {
			paddr_t end = lost[k].end;

			while (i < n && r[i].end <= at)
				i++;
			if (i < n && r[i].start <= at) {
				at = r[i].end;
				continue;
			}
			if (i < n && r[i].start < end)
				end = r[i].start;
			r[all++] = (struct ram_range){ at, end, lost[k].offset + (at - lost[k].start) };
			at = end;
		}
	}
	return all;
}

/* Room for each PT_LOAD that is there, for its missing rest, and for both to be cut by others. */
static size_t find_ram(struct source *s, unsigned shift, struct ram_range *r)
{
	struct ram_range *lost = r + 3 * s->nr_loads;
	size_t n = 0, m = 0;

	for (size_t i = 0; i < s->nr_loads; i++) {
		n += part_of(s, &s->loads[i], shift, true, &r[n]);
		m += part_of(s, &s->loads[i], shift, false, &lost[m]);
	}
	n = untangle(r, n);
	if (!m)
		return n;
	m = untangle(lost, m);
	n = fill_gaps(r, n, lost, m);
	qsort(r, n, sizeof(*r), by_start);
	return n;
}

int source_set_pages(struct source *s, unsigned page_shift, struct err *e)
{
	unsigned shift = s->head ? s->head->page_shift : page_shift;
	struct ram_range *r = calloc(s->nr_loads, 4 * sizeof(*r)), *less;

	if (!r)
		return err_set(e, -ENOMEM, "%zu memory ranges", s->nr_loads);
	free(s->ram);
	s->nr_ram = find_ram(s, shift, r);
	less = realloc(r, (s->nr_ram ? s->nr_ram : 1) * sizeof(*r));
	s->ram = less ? less : r;
	s->page_shift = shift;
	return 0;
}

uint64_t source_size_now(const struct source *s)
{
	struct stat st;

	if (s->size == INT64_MAX || fstat(s->fd, &st) || (uint64_t)st.st_size > s->size)
		return s->size;
	return (uint64_t)st.st_size;
}

bool source_page_within(const struct source *s, paddr_t at, uint64_t size)
{
	const struct ram_range *r = source_range(s, at);
	uint64_t end = (uint64_t)1 << s->page_shift;

	return r && at >= r->start && r->offset + (at - r->start) + end <= size;
}
