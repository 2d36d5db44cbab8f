/* filter - which pages to keep: one pass over the crashed kernel's memory map. */
/* SPDX-License-Identifier: MIT */
#include "dump/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/freecount.h"
#include "dump/walk.h"

enum {
	PLAIN_SHIFT    = 15,	/* section of 2^15 pages where the kernel tells nothing */
	SANE_ALIGNMENT = 64,	/* misaligned free blocks after which that class is not believed */
};

size_t filter_section_words(const struct filter *f)
{
	size_t pages = (size_t)1 << f->section_shift;

	return pages < 64 ? 1 : pages / 64;
}

static uint32_t count_bits(const uint64_t *words, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)__builtin_popcountll(words[i]);
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

static void add_up(struct filter *f, const struct walk *w)
{
	for (int i = 0; i < NR_PAGE_CLASSES; i++)
		f->excluded[i] += w->excluded[i];
	f->unmapped += w->unmapped;
	f->misaligned += w->misaligned;
}

/*
 * Classify a section into bits. carry: pages at its beginning that are excluded already. Returns
 * the carry into the next section.
 */
static uint64_t section_pass(struct filter *f, uint64_t section, uint64_t carry, uint64_t *bits, bool count)
{
	pfn_t first = section << f->section_shift, end = first + ((pfn_t)1 << f->section_shift);
	struct walk w = {
		.k = f->k, .layout = &f->layout, .pins = f->pins, .level = f->level, .scratch = f->scratch,
		.first = first, .end = end, .bits = bits, .done = first + carry,
	};
	vaddr_t va;

	if (filter_ram_bits(f, section, bits)) {
		walk_begin(&w);
		if (f->has_memmap) {
			if (!memmap_section(&f->map, f->k, section, &va))
				walk_pages(&w, va);
			else
				w.unmapped = count_bits(bits, filter_section_words(f));
		}
		drop_absent(f, first, end, bits, count);
	}
	if (count)
		add_up(f, &w);
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
	uint64_t counted;

	if (f->has_memmap && f->unmapped > source_nr_pages(&f->k->src) / 2) {
		f->has_memmap = false;
		f->level &= LEVEL_ZERO;
		snprintf(f->why, sizeof(f->why), "most of the memory map cannot be read");
	} else if (f->misaligned > SANE_ALIGNMENT && (f->level & LEVEL_FREE)) {
		f->level &= ~(unsigned)LEVEL_FREE;
		snprintf(f->why, sizeof(f->why), "free blocks are not aligned to their order: not believed");
	} else if ((f->level & LEVEL_FREE) && freecount(f->k, &counted) &&
		   freecount_absurd(f->excluded[PAGE_FREE], counted, f->k->src.page_shift)) {
		snprintf(f->why, sizeof(f->why), "%llu free pages found, the kernel counted %llu: not believed",
			 (unsigned long long)f->excluded[PAGE_FREE], (unsigned long long)counted);
		f->level &= ~(unsigned)LEVEL_FREE;
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
	f->scratch = malloc(walk_scratch(&f->layout) + 1);
	scratch = calloc(filter_section_words(f), sizeof(*scratch));
	if (!f->sections || !f->scratch || !scratch) {
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
	free(f->scratch);
	*f = (struct filter){ 0 };
}
