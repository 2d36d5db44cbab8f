/* writer_early - descriptors of pages whose data comes before their turn. */
/* SPDX-License-Identifier: MIT */
#include "dump/writer_early.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where descriptors stand in a whole dump; asked for in rising order. */
struct places {
	const struct early *early;
	uint64_t  section, word;	/* bits of words before it are counted */
	uint64_t  rank;			/* of the first bit of word */
	const uint64_t *bits;		/* of the section; NULL: not asked for yet */
	uint64_t *scratch;		/* owned */
};

void writer_early(struct writer *w, struct early *early)
{
	w->early = early;
}

bool early_is_coming(const struct writer *w)
{
	struct early_order o = w->coming;

	return w->early && early_next(w->early, &o);
}

/* The number of a kept page among all kept ones. The filter holds the bits of its section. */
static uint64_t place_of(struct places *p, pfn_t pfn)
{
	struct filter *f = p->early->filter;
	uint64_t bit;

	for (; pfn >> f->section_shift > p->section; p->section++, p->word = 0, p->bits = NULL) {
		if (!p->word)
			p->rank += f->sections[p->section].kept;
		for (; p->word && p->word < filter_section_words(f); p->word++)
			p->rank += (uint64_t)__builtin_popcountll(p->bits[p->word]);
	}
	if (!p->bits)
		p->bits = filter_bits(f, p->section, p->scratch);
	bit = pfn - (p->section << f->section_shift);
	for (; p->word < bit / 64; p->word++)
		p->rank += (uint64_t)__builtin_popcountll(p->bits[p->word]);
	return p->rank + (uint64_t)__builtin_popcountll(p->bits[p->word] & (((uint64_t)1 << bit % 64) - 1));
}

/* One buffer of descriptors to where it belongs; its end may lie behind that of all. */
static int put_window(struct writer *w, uint64_t at, struct err *e)
{
	const struct region *d = &w->regions[REGION_DESCS];
	uint64_t from = at < d->at ? d->at - at : 0, len = d->cap;

	if (len > w->layout.data_at - at)
		len = w->layout.data_at - at;
	return from < len ? sink_write(w->sink, at + from, d->buf + from, (size_t)(len - from), e) : 0;
}

/* Descriptors of all that came where they will stand, or zeros there. The buffer is free meanwhile. */
static int put_ahead(struct writer *w, bool blank, struct err *e)
{
	struct region *d = &w->regions[REGION_DESCS];
	size_t words = filter_section_words(w->early->filter);
	struct places p = { .early = w->early, .scratch = calloc(words, sizeof(uint64_t)) };
	struct early_cursor c = { .lowest = 0 };
	const struct early_page *page;
	uint64_t window = UINT64_MAX;
	int rc = p.scratch ? 0 : err_set(e, -ENOMEM, "places of descriptors");

	while (!rc && (page = early_lowest(w->early, &c))) {
		uint64_t at = page->size || blank ? place_of(&p, page->pfn) * KDUMP_DESC_SIZE : UINT64_MAX;

		early_pass(&c);
		if (at == UINT64_MAX)
			continue;
		if (at - at % d->cap != window) {
			if (window != UINT64_MAX)
				rc = put_window(w, d->start + window, e);
			memset(d->buf, 0, d->cap);
			window = at - at % d->cap;
		}
		if (!blank)
			layout_desc(d->buf + at % d->cap, page->at, page->size, page->flags, page->pfn);
	}
	if (!rc && window != UINT64_MAX)
		rc = put_window(w, d->start + window, e);
	free(p.scratch);
	return rc;
}

int early_take(struct writer *w, const struct packed *pages, size_t n, uint64_t at, struct err *e)
{
	unsigned list = w->coming.list;
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct early_page *p = early_next(w->early, &w->coming);

		p->at = pages[i].size ? at : w->zero_at;
		p->size = pages[i].size ? pages[i].size : w->layout.block;
		p->flags = pages[i].size ? pages[i].flags : PAGE_RAW;
		at += pages[i].size;
		w->saved++;
	}
	if (w->coming.list == list && early_is_coming(w))
		return 0;
	rc = writer_flush(w, &w->regions[REGION_DATA], e);
	return rc ? rc : put_ahead(w, false, e);
}

int early_merge(struct writer *w, pfn_t pfn, struct err *e)
{
	const struct early_page *p;

	while (w->early && (p = early_lowest(w->early, &w->merged)) && p->pfn < pfn) {
		int rc;

		/* Never twice: a buffer that cannot be written has the descriptor all the same. */
		early_pass(&w->merged);
		rc = p->size ? writer_describe(w, p->pfn, p->at, p->size, p->flags, e) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

uint64_t early_cut(struct writer *w, uint64_t good, pfn_t from)
{
	struct early_cursor c;
	struct early_page *p;
	uint64_t came = 0;

	if (!w->early)
		return 0;
	c = w->merged = early_from(w->early, from);
	for (; (p = early_lowest(w->early, &c)); early_pass(&c)) {
		if (p->size && p->at + p->size > good)
			p->size = 0;
		came += p->size != 0;
	}
	return came;
}

void early_erase(struct writer *w)
{
	struct err e = { 0 };

	if (w->early && w->early->total)
		put_ahead(w, true, &e);
}
