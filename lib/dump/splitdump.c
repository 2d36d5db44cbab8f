/* splitdump - a kdump-compressed dump in several files, as makedumpfile --split makes them. */
/* SPDX-License-Identifier: MIT */
#include "dump/splitdump.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Whole words of bits until n of them are set, and in *set how many are. A part begins at a multiple of 64:
 * crash (diskdump.c) counts the bits from there on by words.
 */
static uint64_t words_with(const uint64_t *bits, uint64_t n, uint64_t *set)
{
	uint64_t words = 0;

	for (*set = 0; *set < n; words++)
		*set += (uint64_t)__builtin_popcountll(bits[words]);
	return words;
}

/* How many of the kept pages the first parts take, if all take the same. */
static uint64_t share(const struct splitdump *s, const struct filter *f, size_t parts)
{
	return f->kept / s->nr * parts + f->kept % s->nr * parts / s->nr;
}

/* Give each part about the same number of kept pages. */
static int divide(struct splitdump *s, struct filter *f, struct err *e)
{
	uint64_t before = 0, done = 0, set, *scratch = calloc(filter_section_words(f), sizeof(*scratch));
	pfn_t max = source_max_pfn(&f->k->src), end = 0;
	size_t part = 0;

	if (!scratch)
		return err_set(e, -ENOMEM, "divide the dump");
	for (uint64_t i = 0; i < f->nr_sections; i++) {
		uint64_t here = f->sections[i].kept;

		for (; part + 1 < s->nr && share(s, f, part + 1) <= before + here; part++) {
			uint64_t want = share(s, f, part + 1);

			if (want > done) {
				const uint64_t *bits = filter_bits(f, i, scratch);

				end = (i << f->section_shift) + 64 * words_with(bits, want - before, &set);
				end = end < max ? end : max;
				s->parts[part].kept = before + set - done;
				done = before + set;
			}
			s->parts[part].end = end;
		}
		before += here;
	}
	s->parts[s->nr - 1].end = max;
	s->parts[s->nr - 1].kept = f->kept - done;
	free(scratch);
	return 0;
}

static int begin_part(struct split_part *p, pfn_t start, struct sink *sink, struct filter *f, uint32_t flag,
		      unsigned level, enum digest_kind kind, struct err *e)
{
	struct layout layout;
	/* Data begins where it would in the whole dump: there makedumpfile --reassemble looks for the zeros. */
	int rc = layout_init(&layout, f->k, f->kept, e);

	layout.split = true;
	layout.start_pfn = start;
	layout.end_pfn = p->end;
	if (!rc && sink->ops->reserve)
		rc = sink->ops->reserve(sink, layout.descs_at + p->kept * KDUMP_DESC_SIZE, e);
	if (!rc)
		rc = writer_init(&p->writer, sink, &layout, f->k, flag, level, kind, e);
	return rc ? rc : writer_others(&p->writer, f, e);
}

int splitdump_init(struct splitdump *s, struct sink *sink, struct filter *f, uint32_t flag, unsigned level,
		   enum digest_kind kind, uint64_t limit, struct err *e)
{
	pfn_t start = 0;
	int rc;

	*s = (struct splitdump){ 0 };
	while (s->nr < SPLIT_MAX_PARTS && sink_part(sink, s->nr))
		s->nr++;
	s->parts = calloc(s->nr, sizeof(*s->parts));
	if (!s->parts)
		return err_set(e, -ENOMEM, "a dump of %zu files", s->nr);
	rc = divide(s, f, e);
	for (size_t i = 0; i < s->nr && !rc; i++) {
		struct split_part *p = &s->parts[i];

		rc = begin_part(p, start, sink_part(sink, i), f, flag, level, kind, e);
		if (limit && limit < p->writer.data_limit)
			p->writer.data_limit = limit;
		start = p->end;
	}
	return rc;
}

/* The first error, if each part has one. */
static int all_failed(const struct splitdump *s, struct err *e)
{
	for (size_t i = 0; i < s->nr; i++)
		if (!s->parts[i].rc)
			return 0;
	*e = s->parts[0].why;
	return s->parts[0].rc;
}

int splitdump_pages(void *split, const struct packed *pages, size_t n, const void *data, size_t len,
		    struct err *e)
{
	struct splitdump *s = split;
	const uint8_t *from = data;

	(void)len;
	while (n) {
		struct split_part *p = &s->parts[s->now];
		size_t nr = 0, bytes = 0;

		while (nr < n && pages[nr].pfn < p->end)
			bytes += pages[nr++].size;
		if (nr && !p->rc)
			p->rc = writer_pages(&p->writer, pages, nr, from, bytes, &p->why);
		pages += nr;
		n -= nr;
		from += bytes;
		if (n)
			s->now++;
	}
	return all_failed(s, e);
}

int splitdump_end(struct splitdump *s, bool complete, struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < s->nr && complete; i++)
		if (s->parts[i].rc) {
			*e = s->parts[i].why;
			return s->parts[i].rc;
		}
	for (size_t i = 0; i < s->nr; i++) {
		int rc = writer_end(&s->parts[i].writer, complete, first ? NULL : e);

		if (rc && !first)
			first = rc;
	}
	return first;
}

void splitdump_free(struct splitdump *s)
{
	for (size_t i = 0; i < s->nr && s->parts; i++)
		writer_free(&s->parts[i].writer);
	free(s->parts);
	*s = (struct splitdump){ 0 };
}

uint64_t splitdump_size(const struct splitdump *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->nr; i++)
		sum += writer_size(&s->parts[i].writer);
	return sum;
}

uint64_t splitdump_saved(const struct splitdump *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->nr; i++)
		sum += s->parts[i].writer.saved;
	return sum;
}

bool splitdump_notes_lost(const struct splitdump *s)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->parts[i].writer.notes_lost)
			return true;
	return false;
}
