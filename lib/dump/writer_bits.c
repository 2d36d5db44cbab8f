/* writer_bits - the two bitmaps of a kdump-compressed file: which pages there are, and which are in it. */
/* SPDX-License-Identifier: MIT */
#include "dump/writer_bits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/writer_early.h"

/* A buffer at a time. */
int bitmap1_put(struct writer *w, struct err *e)
{
	struct region *r = &w->regions[REGION_BITMAP1];
	const struct source *s = &w->k->src;
	uint64_t bits = w->layout.bitmap_blocks * w->layout.block * 8, batch = (uint64_t)r->cap * 8;
	int rc = 0;

	for (uint64_t first = 0; !rc && first < bits; first += batch) {
		uint64_t end = first + batch < bits ? first + batch : bits;
		const struct ram_range *m = source_range(s, first << s->page_shift);

		memset(r->buf, 0, r->cap);
		for (; m && m < s->ram + s->nr_ram && m->start >> s->page_shift < end; m++) {
			uint64_t a = m->start >> s->page_shift, b = m->end >> s->page_shift;

			a = a < first ? first : a;
			b = b > end ? end : b;
			for (; a < b && (a & 7); a++)
				r->buf[(a - first) / 8] |= (uint8_t)(1 << (a & 7));
			if (b > a)
				memset(r->buf + (a - first) / 8, 0xff, (b - a) / 8);
			for (a += (b - a) & ~(uint64_t)7; a < b; a++)
				r->buf[(a - first) / 8] |= (uint8_t)(1 << (a & 7));
		}
		r->len = (size_t)((end - first) / 8);
		rc = writer_flush(w, r, e);
	}
	return rc;
}

int bitmap2_mark(struct writer *w, uint64_t pfn, struct err *e)
{
	struct region *r = &w->regions[REGION_BITMAP2];
	uint64_t byte = r->start + pfn / 8;

	while (byte >= r->at + r->cap) {
		int rc = writer_flush(w, &w->regions[REGION_DATA], e);

		r->len = r->cap;
		if (!rc)
			rc = writer_flush(w, r, e);
		if (rc)
			return rc;
		memset(r->buf, 0, r->cap);
	}
	r->buf[byte - r->at] |= (uint8_t)(1 << (pfn & 7));
	w->bits_set++;
	return 0;
}

static int mark_word(struct writer *w, pfn_t first, uint64_t bits, pfn_t from, pfn_t to, struct err *e)
{
	int rc = 0;

	for (; bits && !rc; bits &= bits - 1) {
		pfn_t pfn = first + (pfn_t)__builtin_ctzll(bits);

		if (pfn >= from && pfn < to)
			rc = bitmap2_mark(w, pfn, e);
	}
	return rc;
}

int bitmap2_mark_others(struct writer *w, pfn_t from, pfn_t to, struct err *e)
{
	struct filter *f = w->others;
	size_t words = filter_section_words(f);
	uint64_t *scratch = calloc(words, sizeof(*scratch)), own = w->bits_set;
	int rc = scratch ? 0 : err_set(e, -ENOMEM, "the bitmap of one of several files");

	for (uint64_t i = from >> f->section_shift; !rc && i < f->nr_sections; i++) {
		const uint64_t *bits = filter_bits(f, i, scratch);

		for (size_t word = 0; bits && word < words && !rc; word++)
			rc = mark_word(w, (i << f->section_shift) + word * 64, bits[word], from, to, e);
	}
	w->bits_set = own;
	free(scratch);
	return rc;
}

int writer_others(struct writer *w, struct filter *others, struct err *e)
{
	w->others = others;
	return bitmap2_mark_others(w, 0, w->layout.start_pfn, e);
}

int bitmap2_end(struct writer *w, struct err *e)
{
	struct region *r = &w->regions[REGION_BITMAP2];
	uint64_t end = w->layout.descs_at;
	int rc = 0;

	while (!rc && r->at < end) {
		r->len = end - r->at < r->cap ? (size_t)(end - r->at) : r->cap;
		rc = writer_flush(w, r, e);
		memset(r->buf, 0, r->cap);
	}
	return rc;
}
