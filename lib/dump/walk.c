/* walk - which pages of one section to leave out, by their struct pages. */
/* SPDX-License-Identifier: MIT */
#include "dump/walk.h"

#include <string.h>

#include "base/buf.h"

enum {
	BATCH       = 1024,	/* struct pages copied at once: 64 KiB stay in the cache */
	SMALL_BATCH = 32,	/* where not all of a batch is mapped; a memory map has holes of pages */
};

size_t walk_scratch(const struct page_layout *l)
{
	return (size_t)(BATCH + 1) * l->size;
}

void bits_fill(uint64_t *words, uint64_t from, uint64_t n, bool set)
{
	while (n) {
		uint64_t bit = from % 64, take = 64 - bit < n ? 64 - bit : n;
		uint64_t mask = (take == 64 ? ~(uint64_t)0 : (((uint64_t)1 << take) - 1)) << bit;

		if (set)
			words[from / 64] |= mask;
		else
			words[from / 64] &= ~mask;
		from += take;
		n -= take;
	}
}

static bool bit_of(const struct walk *w, pfn_t pfn)
{
	return w->bits[(pfn - w->first) / 64] >> ((pfn - w->first) % 64) & 1;
}

/* Clear [a, b), which lies in the section, but for the pages that are pinned. a never goes back. */
static void clear_unpinned(struct walk *w, pfn_t a, pfn_t b)
{
	const struct pins *p = w->pins;

	while (w->first_pin < w->end_pin && p->end[w->first_pin] <= a)
		w->first_pin++;
	for (size_t i = w->first_pin; i < w->end_pin && p->start[i] < b; i++) {
		if (p->start[i] > a)
			bits_fill(w->bits, a - w->first, p->start[i] - a, false);
		a = p->end[i] < b ? p->end[i] : b;
	}
	bits_fill(w->bits, a - w->first, b - a, false);
}

/* Leave out n pages from pfn on as far as the section reaches. */
static void exclude(struct walk *w, pfn_t pfn, uint64_t n, enum page_class class)
{
	uint64_t here = n < w->end - pfn ? n : w->end - pfn;

	if (class == PAGE_HWPOISON)
		bits_fill(w->bits, pfn - w->first, here, false);
	else
		clear_unpinned(w, pfn, pfn + here);
	w->done = pfn + n < pfn ? UINT64_MAX : pfn + n;
	w->excluded[class] += n;
}

/* Some struct pages, in a mapping or copied, and one more behind them. */
struct batch {
	struct walk   *w;
	pfn_t          pfn;
	size_t         n;
	const uint8_t *raw;
};

/* Its pages as far as the section reaches, whether they are kept or not. */
static void note_slab(struct walk *w, pfn_t pfn, uint64_t n)
{
	bits_fill(w->slab, pfn - w->first, n < w->end - pfn ? n : w->end - pfn, true);
}

/* Judge one page. True if its neighbour is judged the same as long as the two look alike. */
static bool judge(struct walk *w, pfn_t pfn, const uint8_t *raw, enum page_class *class)
{
	const struct page_layout *l = w->layout;
	struct page_verdict v;
	struct page_view p;

	page_decode(&p, l, raw, pfn);
	v = page_classify(&p, l, w->level);
	*class = v.class;
	if (w->slab && v.class == PAGE_KERNEL && !p.is_tail && page_is_slab(&p, l)) {
		note_slab(w, pfn, (uint64_t)1 << p.order);
		return false;
	}
	if (v.pages == 1 && !p.is_head && !(l->has_buddy && page_has_type(p.mapcount, l->buddy_type)))
		return true;
	if (v.class == PAGE_FREE && (pfn & (v.pages - 1)))
		w->misaligned++;	/* no buddy block: the allocator keeps them aligned */
	else if (v.class != PAGE_KERNEL)
		exclude(w, pfn, v.pages, v.class);
	return false;
}

/* How many pages from i on, whose own is cleared, have no bit; at most to the end of their word. */
static size_t gap_of(const struct batch *b, size_t i)
{
	pfn_t at = b->pfn + i - b->w->first;
	size_t n = b->w->bits[at / 64] ? 1 : 64 - at % 64;

	return n < b->n - i ? n : b->n - i;
}

/* How many pages from i on have their bit set, at most to the end of their word. */
static size_t set_from(const struct batch *b, size_t i)
{
	pfn_t at = b->pfn + i - b->w->first;
	uint64_t clear = ~(b->w->bits[at / 64] >> (at % 64));
	size_t rest = 64 - at % 64, set = clear ? (size_t)__builtin_ctzll(clear) : 64;

	set = set < rest ? set : rest;
	return set < b->n - i ? set : b->n - i;
}

/* How many pages from i on, at least that one, look the same. By the billion: one branch for each. */
static size_t run_of(const struct batch *b, size_t i)
{
	const size_t size = b->w->layout->size;
	const uint8_t *first = b->raw + i * size, *raw = first;
	const struct page_look look = page_look(b->w->layout, first);
	size_t n = 0, set;

	while (i + n < b->n && (set = set_from(b, i + n))) {
		const uint8_t *end = raw + set * size;

		while (raw < end && page_looks_so(&look, raw))
			raw += size;
		n += set;
		if (raw < end)
			break;
	}
	return (size_t)(raw - first) / size;
}

static void decide(void *ctx)
{
	const struct batch *b = ctx;
	struct walk *w = b->w;
	enum page_class class;

	for (size_t i = 0, n; i < b->n; i += n) {
		pfn_t pfn = b->pfn + i;

		n = 1;
		if (pfn < w->done)
			n = w->done - pfn < b->n - i ? w->done - pfn : b->n - i;
		else if (!bit_of(w, pfn))
			n = gap_of(b, i);
		else if (judge(w, pfn, b->raw + i * w->layout->size, &class)) {
			n = run_of(b, i);
			if (class != PAGE_KERNEL)
				exclude(w, pfn, n, class);
		}
	}
}

/* Copies of n struct pages from pfn on and, zeros if it is not there, of the next one. */
static int read_batch(struct walk *w, vaddr_t va, pfn_t pfn, size_t n)
{
	size_t size = w->layout->size;
	int rc = kernel_read(w->k, va + (pfn - w->first) * size, w->scratch, n * size);

	if (rc)
		return rc;
	if (pfn + n >= w->end ||
	    kernel_read(w->k, va + (pfn + n - w->first) * size, w->scratch + n * size, size))
		memset(w->scratch + n * size, 0, size);
	return 0;
}

/* Copy a batch and decide; where it cannot be read as a whole, in small pieces. */
static void copied(struct walk *w, vaddr_t va, pfn_t pfn, size_t n)
{
	size_t piece = n;

	for (size_t done = 0; done < n; done += piece) {
		struct batch b = { w, pfn + done, 0, w->scratch };

		piece = n - done < piece ? n - done : piece;
		b.n = piece;
		if (!read_batch(w, va, b.pfn, b.n)) {
			decide(&b);
		} else if (piece > SMALL_BATCH) {
			piece = SMALL_BATCH;
			done -= piece;
		} else {
			for (size_t i = 0; i < piece; i++)
				w->unmapped += bit_of(w, b.pfn + i);
		}
	}
}

/*
 * Decide on as many pages as can be seen in a mapping; the last of them has its neighbour elsewhere.
 * Returns how many; 0: too few, or reading broke.
 */
static size_t viewed(struct walk *w, vaddr_t va, pfn_t pfn)
{
	size_t size = w->layout->size, len, n;
	struct batch b = { .w = w, .pfn = pfn };
	uint64_t run;
	paddr_t pa;

	if (kernel_vtop(w->k, va + (pfn - w->first) * size, &pa, &run))
		return 0;
	b.raw = source_view(&w->k->src, pa, &len);
	if (!b.raw)
		return 0;
	n = (run < len ? run : len) / size;
	if (n > w->end - pfn)
		n = w->end - pfn;
	if (n < SMALL_BATCH)
		return 0;
	b.n = n - 1;
	if (guard_call(decide, &b))
		return 0;
	copied(w, va, pfn + n - 1, 1);
	return n;
}

void walk_pages(struct walk *w, vaddr_t va)
{
	for (pfn_t pfn = w->done; pfn < w->end;) {
		size_t n = viewed(w, va, pfn);

		if (!n) {
			n = w->end - pfn < BATCH ? (size_t)(w->end - pfn) : BATCH;
			copied(w, va, pfn, n);
		}
		pfn = w->done > pfn + n ? w->done : pfn + n;
	}
}

void walk_begin(struct walk *w)
{
	const struct pins *p = w->pins;

	w->first_pin = w->end_pin = 0;
	while (p && w->first_pin < p->nr && p->end[w->first_pin] <= w->first)
		w->first_pin++;
	w->end_pin = w->first_pin;
	while (p && w->end_pin < p->nr && p->start[w->end_pin] < w->end)
		w->end_pin++;
	clear_unpinned(w, w->first, w->done < w->end ? w->done : w->end);
}
