/* filter - which pages to keep: one pass over the crashed kernel's memory map. */
/* SPDX-License-Identifier: MIT */
#include "dump/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum {
	BATCH          = 1024,	/* struct pages read at once: 64 KiB stay in the cache */
	SMALL_BATCH    = 32,	/* where not all of a batch is mapped; a memory map has holes of pages */
	PLAIN_SHIFT    = 15,	/* section of 2^15 pages where the kernel tells nothing */
	SANE_ALIGNMENT = 64,	/* misaligned free blocks after which that class is not believed */
};

/* The state of one walk over a section. */
struct walk {
	struct filter *f;
	pfn_t     first, end;		/* of the section */
	pfn_t     done;			/* pages below it are decided */
	uint64_t *bits;			/* of the section; cleared where excluded */
	bool      count;		/* add to the statistics */
	uint32_t  misaligned;	/* free blocks that are not aligned to their order */
	size_t    first_pin, end_pin;	/* of the pins, those that touch the section */
};

size_t filter_section_words(const struct filter *f)
{
	size_t pages = (size_t)1 << f->section_shift;

	return pages < 64 ? 1 : pages / 64;
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

static uint32_t count_bits(const uint64_t *words, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)__builtin_popcountll(words[i]);
	return sum;
}

static uint32_t count_range(const uint64_t *words, uint64_t from, size_t n)
{
	uint32_t sum = 0;

	for (uint64_t i = from; i < from + n; i++)
		sum += words[i / 64] >> i % 64 & 1;
	return sum;
}

uint32_t filter_ram_bits(const struct filter *f, uint64_t section, uint64_t *words)
{
	const struct source *s = &f->k->src;
	pfn_t first = section << f->section_shift, end = first + ((pfn_t)1 << f->section_shift);
	const struct ram_range *r = source_range(s, first << s->page_shift);
	size_t n = filter_section_words(f);

	memset(words, 0, n * sizeof(*words));
	for (; r && r < s->ram + s->nr_ram; r++) {
		pfn_t a = r->start >> s->page_shift, b = r->end >> s->page_shift;

		if (a >= end)
			break;
		a = a < first ? first : a;
		b = b > end ? end : b;
		bits_fill(words, a - first, b - a, true);
	}
	return count_bits(words, n);
}

/*
 * What is not in the file cannot be kept: pages behind the end of a cut one, and of a dump what was
 * excluded before or is lost.
 */
static void drop_absent(struct filter *f, pfn_t first, pfn_t end, uint64_t *bits, bool count)
{
	const struct source *s = &f->k->src;
	const struct ram_range *r = source_range(s, first << s->page_shift);
	uint64_t lost = s->ops->drop_absent ? s->ops->drop_absent(s, first, end, bits) : 0;

	for (; r && r < s->ram + s->nr_ram && r->start >> s->page_shift < end; r++) {
		uint64_t there = r->offset >= s->size ? 0 : s->size - r->offset;
		pfn_t a = (r->start >> s->page_shift) + (there >> s->page_shift), b = r->end >> s->page_shift;

		a = a < first ? first : a;
		b = b > end ? end : b;
		if (a >= b)
			continue;
		bits_fill(bits, a - first, b - a, false);
		lost += b - a;
	}
	if (count)
		f->cut += lost;
}

/* Clear [a, b), which lies in the section, but for the pages that are pinned. */
static void clear_unpinned(struct walk *w, pfn_t a, pfn_t b)
{
	const struct pins *p = w->f->pins;

	for (size_t i = w->first_pin; i < w->end_pin && p->start[i] < b; i++) {
		if (p->end[i] <= a)
			continue;
		if (p->start[i] > a)
			bits_fill(w->bits, a - w->first, p->start[i] - a, false);
		a = p->end[i] < b ? p->end[i] : b;
	}
	bits_fill(w->bits, a - w->first, b - a, false);
}

/* Exclude n pages from pfn on as far as the section reaches; what hangs over is the carry. */
static void exclude(struct walk *w, pfn_t pfn, uint64_t n, enum page_class class)
{
	uint64_t here = n < w->end - pfn ? n : w->end - pfn;

	if (class == PAGE_HWPOISON)
		bits_fill(w->bits, pfn - w->first, here, false);
	else
		clear_unpinned(w, pfn, pfn + here);
	w->done = pfn + n < pfn ? UINT64_MAX : pfn + n;
	if (w->count)
		w->f->excluded[class] += n;
}

/* Decide on the pages of one batch: raw holds n struct pages and one more. */
static void decide(struct walk *w, pfn_t pfn, size_t n, const uint8_t *raw)
{
	const struct page_layout *l = &w->f->layout;
	struct page_verdict v;
	struct page_view p;

	for (size_t i = 0; i < n; i++, pfn++, raw += l->size) {
		if (pfn < w->done || !(w->bits[(pfn - w->first) / 64] >> ((pfn - w->first) % 64) & 1))
			continue;
		page_decode(&p, l, raw, pfn);
		v = page_classify(&p, l, w->f->level);
		if (v.class == PAGE_KERNEL)
			continue;
		if (v.class == PAGE_FREE && (pfn & (v.pages - 1))) {
			w->misaligned++;	/* no buddy block: the allocator keeps them aligned */
			continue;
		}
		exclude(w, pfn, v.pages, v.class);
	}
}

/* Struct pages of [pfn, pfn + n) and, zeros if it is not there, of the next one. */
static int read_batch(struct walk *w, vaddr_t va, pfn_t pfn, size_t n)
{
	struct filter *f = w->f;
	size_t size = f->layout.size;
	int rc = kernel_read(f->k, va + (pfn - w->first) * size, f->batch, n * size);

	if (rc)
		return rc;
	if (pfn + n >= w->end ||
	    kernel_read(f->k, va + (pfn + n - w->first) * size, f->batch + n * size, size))
		memset(f->batch + n * size, 0, size);
	return 0;
}

/* One batch; where it cannot be read as a whole, in small pieces. */
static void walk_batch(struct walk *w, vaddr_t va, pfn_t pfn, size_t n)
{
	if (!read_batch(w, va, pfn, n)) {
		decide(w, pfn, n, w->f->batch);
		return;
	}
	for (size_t done = 0, piece; done < n; done += piece) {
		piece = n - done < SMALL_BATCH ? n - done : SMALL_BATCH;
		if (!read_batch(w, va, pfn + done, piece))
			decide(w, pfn + done, piece, w->f->batch);
		else if (w->count)
			w->f->unmapped += count_range(w->bits, pfn + done - w->first, piece);
	}
}

static void walk_pages(struct walk *w, vaddr_t va)
{
	for (pfn_t pfn = w->done; pfn < w->end;) {
		size_t n = w->end - pfn < BATCH ? (size_t)(w->end - pfn) : BATCH;

		walk_batch(w, va, pfn, n);
		pfn += n;
		if (w->done > pfn)
			pfn = w->done;
	}
}

static void find_pins(struct walk *w)
{
	const struct pins *p = w->f->pins;

	while (p && w->first_pin < p->nr && p->end[w->first_pin] <= w->first)
		w->first_pin++;
	w->end_pin = w->first_pin;
	while (p && w->end_pin < p->nr && p->start[w->end_pin] < w->end)
		w->end_pin++;
}

/*
 * Classify a section into bits. carry: pages at its beginning that are excluded already. Returns
 * the carry into the next section.
 */
static uint64_t section_pass(struct filter *f, uint64_t section, uint64_t carry, uint64_t *bits, bool count)
{
	pfn_t first = section << f->section_shift, end = first + ((pfn_t)1 << f->section_shift);
	struct walk w = { .f = f, .first = first, .end = end, .done = first + carry, .bits = bits,
			  .count = count };
	vaddr_t va;

	if (filter_ram_bits(f, section, bits)) {
		find_pins(&w);
		clear_unpinned(&w, first, carry < end - first ? w.done : end);
		if (f->has_memmap) {
			if (!memmap_section(&f->map, f->k, section, &va))
				walk_pages(&w, va);
			else if (count)
				f->unmapped += count_bits(bits, filter_section_words(f));
		}
		drop_absent(f, first, end, bits, count);
	}
	if (count)
		f->misaligned += w.misaligned;
	return w.done > end ? w.done - end : 0;
}

const uint64_t *filter_bits(struct filter *f, uint64_t section, uint64_t *scratch)
{
	const struct keep_section *s = &f->sections[section];

	if (!s->kept)
		return NULL;
	if (s->bits)
		return s->bits;
	if (filter_ram_bits(f, section, scratch) != s->kept)
		section_pass(f, section, s->carry, scratch, false);
	return scratch;
}

/* Keep the bits if they say more than "none" or "all RAM" and there is room for them. */
static void store_bits(struct filter *f, struct keep_section *s, uint32_t ram, const uint64_t *bits)
{
	size_t size = filter_section_words(f) * sizeof(*bits);

	if (!s->kept || s->kept == ram || size > f->budget)
		return;
	s->bits = malloc(size);
	if (!s->bits)
		return;
	memcpy(s->bits, bits, size);
	f->budget -= size;
}

static void all_sections(struct filter *f, uint64_t *scratch)
{
	size_t words = filter_section_words(f);
	uint64_t carry = 0;

	for (uint64_t i = 0; i < f->nr_sections; i++) {
		struct keep_section *s = &f->sections[i];
		uint32_t ram = filter_ram_bits(f, i, scratch);

		s->carry = carry > UINT32_MAX ? UINT32_MAX : (uint32_t)carry;
		carry = section_pass(f, i, s->carry, scratch, true);
		s->kept = count_bits(scratch, words);
		f->kept += s->kept;
		store_bits(f, s, ram, scratch);
	}
}

static void forget(struct filter *f)
{
	for (uint64_t i = 0; i < f->nr_sections; i++) {
		if (f->sections[i].bits)
			f->budget += filter_section_words(f) * sizeof(uint64_t);
		free(f->sections[i].bits);
		f->sections[i] = (struct keep_section){ 0 };
	}
	memset(f->excluded, 0, sizeof(f->excluded));
	f->kept = f->unmapped = f->cut = 0;
	f->misaligned = 0;
}

/* What the description can serve of the level; the rest is said in f->why. */
static void choose_level(struct filter *f, unsigned level)
{
	struct err e = { 0 };

	page_layout_init(&f->layout, &f->k->info);
	f->level = level & (f->layout.levels | LEVEL_ZERO);
	f->section_shift = PLAIN_SHIFT;
	if (memmap_init(&f->map, f->k, &e) || !f->layout.size) {
		f->level &= LEVEL_ZERO;
		snprintf(f->why, sizeof(f->why), "%.300s", e.code ? e.msg : f->layout.missing);
	} else if (!f->k->proven) {
		/* Tables that lead nowhere known would exclude pages at random. */
		f->level &= LEVEL_ZERO;
		snprintf(f->why, sizeof(f->why), "%.300s", f->k->doubt);
	} else {
		f->has_memmap = true;
		f->section_shift = f->map.section_shift;
		if (f->level != level)
			snprintf(f->why, sizeof(f->why), "no %.300s in vmcoreinfo", f->layout.missing);
	}
	if (f->level == level)
		f->why[0] = 0;
}

/* What came out cannot be true: once more without those classes. */
static void disbelieve(struct filter *f, uint64_t *scratch)
{
	if (f->has_memmap && f->unmapped > source_nr_pages(&f->k->src) / 2) {
		f->has_memmap = false;
		f->level &= LEVEL_ZERO;
		snprintf(f->why, sizeof(f->why), "most of the memory map cannot be read");
	} else if (f->misaligned > SANE_ALIGNMENT && (f->level & LEVEL_FREE)) {
		f->level &= ~(unsigned)LEVEL_FREE;
		snprintf(f->why, sizeof(f->why), "free blocks are not aligned to their order: not believed");
	} else {
		return;
	}
	forget(f);
	all_sections(f, scratch);
}

int filter_run(struct filter *f, struct kernel *k, const struct pins *pins, unsigned level,
	       size_t budget, struct err *e)
{
	uint64_t *scratch;

	*f = (struct filter){ .k = k, .pins = pins, .budget = budget };
	choose_level(f, level);
	f->nr_sections = (source_max_pfn(&k->src) + ((pfn_t)1 << f->section_shift) - 1) >> f->section_shift;
	f->sections = calloc(f->nr_sections, sizeof(*f->sections));
	f->batch = malloc((size_t)(BATCH + 1) * (f->layout.size ? f->layout.size : 1));
	scratch = calloc(filter_section_words(f), sizeof(*scratch));
	if (!f->sections || !f->batch || !scratch) {
		free(scratch);
		filter_free(f);
		return err_set(e, -ENOMEM, "keep map of %llu sections", (unsigned long long)f->nr_sections);
	}
	all_sections(f, scratch);
	disbelieve(f, scratch);
	free(scratch);
	return 0;
}

void filter_free(struct filter *f)
{
	if (f->sections)
		forget(f);
	free(f->sections);
	free(f->batch);
	*f = (struct filter){ 0 };
}
