/* early - which pages are packed first, since a dump that ends early is of no use without them. */
/* SPDX-License-Identifier: MIT */
#include "dump/early.h"

#include <stdlib.h>
#include <string.h>


enum { MAX_BYTES = 8 << 20 };		/* half a million pages */

/* Shares of the lists, in eighths. */
static const size_t shares[NR_EARLY] = { 1, 3, 3, 1 };

/* One collection. */
struct collect {
	struct early  *e;
	struct filter *f;
	struct pins    memmap;		/* the pages that hold struct pages */
	uint64_t      *kept, *slab, *held, *scratch;	/* bits of one section */
	uint64_t       carry;		/* pages of the next section that a block hangs over into */
	size_t         words, room;	/* room: pages, of all lists */
	size_t         pin_at, memmap_at;	/* those before end below the section */
};

static bool is_full(const struct collect *c, enum early_list list)
{
	return c->e->nr[list] == shares[list] * (c->room / 8);
}

static void add(struct collect *c, enum early_list list, pfn_t pfn)
{
	if (is_full(c, list))
		return;
	c->e->pages[c->e->first[list] + c->e->nr[list]++] = (struct early_page){ .pfn = pfn };
	c->e->total++;
}

static void add_bits(struct collect *c, enum early_list list, pfn_t first, size_t word, uint64_t bits)
{
	for (; bits; bits &= bits - 1)
		add(c, list, first + word * 64 + (pfn_t)__builtin_ctzll(bits));
}

/* Where struct pages lie; more pieces than pins hold are of no interest. */
static void find_memmap(struct collect *c)
{
	struct filter *f = c->f;
	struct kernel *k = f->k;

	for (uint64_t i = 0; i < f->nr_sections; i++) {
		uint64_t len = ((uint64_t)1 << f->section_shift) * f->layout.size, run;
		vaddr_t va;
		paddr_t pa;

		if (memmap_section(&f->map, k, i, &va))
			continue;
		for (; len; len -= run, va += run) {
			if (kernel_vtop(k, va, &pa, &run))
				break;
			run = run < len ? run : len;
			pins_add(&c->memmap, &k->src, pa, pa + run);
		}
	}
	pins_sort(&c->memmap);
}

/* The bits of [first, end) that lie in p, into c->held. Sections come in turn. */
static void hold_bits(struct collect *c, const struct pins *p, size_t *at, pfn_t first, pfn_t end)
{
	memset(c->held, 0, c->words * sizeof(*c->held));
	while (p && *at < p->nr && p->end[*at] <= first)
		(*at)++;
	for (size_t i = *at; p && i < p->nr && p->start[i] < end; i++) {
		pfn_t a = p->start[i] < first ? first : p->start[i], b = p->end[i] > end ? end : p->end[i];

		if (a < b)
			bits_fill(c->held, a - first, b - a, true);
	}
}

/* Move what is kept and held from the bits to a list. */
static void take_held(struct collect *c, enum early_list list, pfn_t first)
{
	for (size_t i = 0; i < c->words; i++) {
		add_bits(c, list, first, i, c->kept[i] & c->held[i]);
		c->kept[i] &= ~c->held[i];
	}
}

/* Of c->kept leave the kernel's own pages; c->slab says which of them are slabs. */
static void find_kernel(struct collect *c, pfn_t first, pfn_t end, vaddr_t va)
{
	struct filter *f = c->f;
	struct walk w = {
		.k = f->k, .layout = &f->layout, .level = LEVEL_MAX & f->layout.levels, .scratch = f->scratch,
		.first = first, .end = end, .bits = c->kept, .slab = c->slab, .done = first + c->carry,
	};

	memset(c->slab, 0, c->words * sizeof(*c->slab));
	walk_begin(&w);
	walk_pages(&w, va);
	c->carry = w.done > end ? w.done - end : 0;
}

static void take_section(struct collect *c, uint64_t i)
{
	struct filter *f = c->f;
	const struct keep_section *s = &f->sections[i];
	pfn_t first = i << f->section_shift, end = first + ((pfn_t)1 << f->section_shift);
	uint64_t carry = c->carry;
	vaddr_t va;

	c->carry = carry > end - first ? carry - (end - first) : 0;
	if (!s->kept || (!s->bits && filter_ram_bits(f, i, c->scratch) != s->kept))
		return;
	memcpy(c->kept, filter_bits(f, i, c->scratch), c->words * sizeof(*c->kept));
	hold_bits(c, f->pins, &c->pin_at, first, end);
	take_held(c, EARLY_PINS, first);
	if (!f->has_memmap || (is_full(c, EARLY_KERNEL) && is_full(c, EARLY_SLAB)) ||
	    memmap_section(&f->map, f->k, i, &va))
		return;
	c->carry = carry;
	find_kernel(c, first, end, va);
	hold_bits(c, &c->memmap, &c->memmap_at, first, end);
	take_held(c, EARLY_MEMMAP, first);
	for (size_t word = 0; word < c->words; word++) {
		add_bits(c, EARLY_KERNEL, first, word, c->kept[word] & ~c->slab[word]);
		add_bits(c, EARLY_SLAB, first, word, c->kept[word] & c->slab[word]);
	}
}

void early_collect(struct early *e, struct filter *f)
{
	size_t bytes = f->budget / 2 < MAX_BYTES ? f->budget / 2 : MAX_BYTES, at = 0;
	struct collect *c = calloc(1, sizeof(*c));

	*e = (struct early){ .filter = f };
	if (!c)
		return;
	*c = (struct collect){ .e = e, .f = f, .words = filter_section_words(f), .room = bytes / sizeof(*e->pages) };
	for (int i = 0; i < NR_EARLY; i++) {
		e->first[i] = at;
		at += shares[i] * (c->room / 8);
	}
	e->pages = malloc(bytes + 1);
	c->kept = calloc(c->words * 4, sizeof(*c->kept));
	if (e->pages && c->kept) {
		c->slab = c->kept + c->words;
		c->held = c->slab + c->words;
		c->scratch = c->held + c->words;
		if (f->has_memmap)
			find_memmap(c);
		for (uint64_t i = 0; i < f->nr_sections; i++)
			take_section(c, i);
	}
	free(c->kept);
	free(c);
}

void early_free(struct early *e)
{
	free(e->pages);
	*e = (struct early){ 0 };
}

struct early_page *early_next(const struct early *e, struct early_order *o)
{
	while (o->list < NR_EARLY && o->i == e->nr[o->list]) {
		o->list++;
		o->i = 0;
	}
	return o->list < NR_EARLY ? &e->pages[e->first[o->list] + o->i++] : NULL;
}

struct early_page *early_lowest(const struct early *e, struct early_cursor *c)
{
	struct early_page *lowest = NULL;

	for (unsigned i = 0; i < NR_EARLY; i++) {
		struct early_page *p = c->i[i] < e->nr[i] ? &e->pages[e->first[i] + c->i[i]] : NULL;

		if (p && (!lowest || p->pfn < lowest->pfn)) {
			lowest = p;
			c->lowest = i;
		}
	}
	return lowest;
}

void early_pass(struct early_cursor *c)
{
	c->i[c->lowest]++;
}

struct early_cursor early_from(const struct early *e, pfn_t pfn)
{
	struct early_cursor c = { .lowest = 0 };

	for (int i = 0; i < NR_EARLY; i++)
		while (c.i[i] < e->nr[i] && e->pages[e->first[i] + c.i[i]].pfn < pfn)
			c.i[i]++;
	return c;
}
