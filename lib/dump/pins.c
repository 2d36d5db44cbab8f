/* pins - which pages are never excluded, whatever their struct page says. */
/* SPDX-License-Identifier: MIT */
#include "dump/pins.h"

#include <stdlib.h>

#include "base/buf.h"
#include "dump/memmap.h"
#include "dump/printk_log.h"
#include "dump/printk_ring.h"

enum {
	IMAGE_BATCH = 64, MAX_STRUCT_PAGE = 128,
	STACK_SIZE = 16384,		/* THREAD_SIZE and IRQ_STACK_SIZE, which are aligned to it */
};

void pins_add(struct pins *p, const struct source *s, paddr_t start, paddr_t end)
{
	pfn_t first = start >> s->page_shift, last = (end - 1) >> s->page_shift;

	/* Walks go over the same tables again and again: the newest few pins catch nearly all of that. */
	for (size_t i = p->nr, seen = 0; i-- > 0 && seen < 8; seen++)
		if (p->start[i] <= first && last < p->end[i])
			return;
	if (p->nr && p->end[p->nr - 1] == first) {
		p->end[p->nr - 1] = last + 1;
		return;
	}
	if (p->nr == MAX_PINS) {
		p->lost++;
		return;
	}
	p->start[p->nr] = first;
	p->end[p->nr++] = last + 1;
}

/* The flags proper; zone, node and section stand above them (include/linux/page-flags-layout.h). */
#define PAGE_FLAGS 0xffffffULL

struct pin { pfn_t start, end; };

static int by_start(const void *a, const void *b)
{
	const struct pin *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void pins_sort(struct pins *p)
{
	struct pin *list = calloc(p->nr ? p->nr : 1, sizeof(*list));
	size_t n = 0;

	if (!list) {		/* unsorted pins cannot be used */
		p->lost += p->nr;
		p->nr = 0;
		return;
	}
	for (size_t i = 0; i < p->nr; i++)
		list[i] = (struct pin){ p->start[i], p->end[i] };
	qsort(list, p->nr, sizeof(*list), by_start);
	for (size_t i = 0; i < p->nr; i++) {
		if (n && list[i].start <= p->end[n - 1]) {
			if (list[i].end > p->end[n - 1])
				p->end[n - 1] = list[i].end;
			continue;
		}
		p->start[n] = list[i].start;
		p->end[n++] = list[i].end;
	}
	p->nr = n;
	free(list);
}

static void pin_virtual(struct kernel *k, vaddr_t va, uint64_t len)
{
	uint64_t page = (uint64_t)1 << k->src.page_shift, run;

	for (; len; va += run, len -= run) {
		paddr_t pa;
		int rc = kernel_vtop(k, va, &pa, &run);

		if (rc)
			run = page - (va & (page - 1));
		if (run > len)
			run = len;
		if (!rc)
			pins_add(k->pins, &k->src, pa, pa + run);
	}
}

/* The struct pages of n pages from pfn on, which lie in one section, into raw. */
static int read_struct_pages(struct kernel *k, const struct memmap *m, pfn_t pfn, size_t n, uint8_t *raw)
{
	uint64_t section = pfn >> m->section_shift;
	vaddr_t va;
	int rc = memmap_section(m, k, section, &va);

	if (rc)
		return rc;
	return kernel_read(k, va + (pfn - (section << m->section_shift)) * m->page_size, raw, n * m->page_size);
}

/*
 * Init code in the middle of the image is given to the page allocator after boot. What is still the
 * kernel's own carries the flags of its first text page (PG_reserved, whose number is not exported);
 * only that is pinned. Where flags cannot be read everything is.
 */
static void pin_image_pages(struct kernel *k, const struct memmap *m, uint32_t flags_at, pfn_t pfn, pfn_t end)
{
	uint8_t raw[IMAGE_BATCH * MAX_STRUCT_PAGE];
	uint64_t own = 0;
	pfn_t start = pfn;

	while (pfn < end) {
		/* Batches are aligned, so that none crosses the end of a section. */
		size_t n = IMAGE_BATCH - pfn % IMAGE_BATCH;
		bool readable;

		if (n > end - pfn)
			n = end - pfn;
		readable = !read_struct_pages(k, m, pfn, n, raw);
		if (pfn == start && readable)
			own = get_le64(raw + flags_at) & PAGE_FLAGS;
		for (size_t i = 0; i < n; i++, pfn++)
			if (!readable || (get_le64(raw + i * m->page_size + flags_at) & own) == own)
				pins_add(k->pins, &k->src, pfn << k->src.page_shift,
					 (pfn + 1) << k->src.page_shift);
	}
}

static void pin_image(struct kernel *k)
{
	struct memmap m;
	uint32_t flags_at;
	bool told = k->proven && !memmap_init(&m, k, NULL) && vmci_offset(&k->info, "page.flags", &flags_at) &&
		    in_bounds(flags_at, 8, m.page_size) && m.page_size <= MAX_STRUCT_PAGE;

	for (size_t i = 0; i < k->src.nr_loads; i++) {
		const struct load *l = &k->src.loads[i];
		paddr_t end;

		if (l->vaddr < k->vtop.image_start || l->vaddr >= k->vtop.image_end)
			continue;
		/* A damaged header may claim all addresses: not beyond where images can be. */
		end = l->end - l->start > k->vtop.image_end - l->vaddr ?
			      l->start + (k->vtop.image_end - l->vaddr) : l->end;
		if (told)
			pin_image_pages(k, &m, flags_at, l->start >> k->src.page_shift,
					((end - 1) >> k->src.page_shift) + 1);
		else
			pins_add(k->pins, &k->src, l->start, end);
	}
}

/* The tables that translate the memory map of one block of sections, and the block itself. */
static void pin_root(struct kernel *k, const struct memmap *m, uint64_t root, vaddr_t block)
{
	uint64_t first = root * m->per_root, end = first + m->per_root, run;
	uint64_t last = (source_max_pfn(&k->src) - 1) >> m->section_shift;
	paddr_t pa;
	vaddr_t va;

	pin_virtual(k, m->roots + root * 8, 8);
	pin_virtual(k, block, (uint64_t)m->per_root * m->section_size);
	for (uint64_t s = first; s < end && s <= last; s++)
		if (!memmap_section(m, k, s, &va))
			kernel_vtop(k, va, &pa, &run);
}

static void pin_memmap(struct kernel *k)
{
	struct memmap m;
	uint64_t at;

	if (memmap_init(&m, k, NULL) || m.flat)
		return;
	for (uint64_t root = 0; root < m.nr_roots; root++) {
		if (root * m.per_root << m.section_shift >= source_max_pfn(&k->src))
			break;
		if (!kernel_read_u64(k, m.roots + root * 8, &at) && at)
			pin_root(k, &m, root, at);
	}
}

static void pin_stack(void *ctx, const uint8_t *desc, size_t len)
{
	struct kernel *k = ctx;
	vaddr_t sp;

	if (!in_bounds(k->machine->sp_at, 8, len))
		return;
	sp = get_le64(desc + k->machine->sp_at);
	if (sp >> 63)		/* user stacks are user data */
		pin_virtual(k, sp & ~(vaddr_t)(STACK_SIZE - 1), STACK_SIZE);
}

/* The static log lies in the image; one made by log_buf_len= is reached from there. */
static void pin_printk(struct kernel *k)
{
	struct log_buf old;
	struct ring r;

	if (!ring_open(&r, k, NULL) && ring_sound(&r, k)) {
		pin_virtual(k, r.descs, (uint64_t)r.at.desc_size << r.count_bits);
		pin_virtual(k, r.infos, (uint64_t)r.at.info_size << r.count_bits);
		pin_virtual(k, r.text, (uint64_t)1 << r.size_bits);
	} else if (!log_buf_open(&old, k, NULL)) {
		pin_virtual(k, old.at, old.len);
	}
}

void pins_collect(struct kernel *k, struct pins *p)
{
	k->pins = p;
	pin_image(k);
	if (k->vtop.usable) {
		pin_memmap(k);
		pin_printk(k);
	}
	if (k->machine)
		notes_each_prstatus(&k->src, pin_stack, k);
	k->pins = NULL;
	pins_sort(p);
}
