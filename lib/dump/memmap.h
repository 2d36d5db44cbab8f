/* memmap - where the crashed kernel keeps the struct page of a page. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_MEMMAP_H
#define DUMP_MEMMAP_H

#include "dump/kernel.h"

struct memmap {
	bool     flat;			/* one array for all memory */
	vaddr_t  base;			/* flat: struct page of pfn 0 */
	unsigned section_shift;		/* log2 of the pages in a section */
	uint32_t page_size;		/* SIZE(page), bytes */
	vaddr_t  roots;			/* array of pointers to blocks of struct mem_section */
	uint64_t nr_roots;
	uint32_t per_root, section_size, map_offset;
};

/*
 * Find it: SPARSEMEM_EXTREME by SYMBOL(mem_section), else SYMBOL(vmemmap), FLATMEM by
 * SYMBOL(mem_map).
 * Returns 0, or -ENOENT with the missing or absurd key in the message.
 */
int memmap_init(struct memmap *m, struct kernel *k, struct err *e);

/*
 * Address of the struct page of the first page of a section (1 << section_shift pages, section
 * number = pfn >> section_shift). Returns 0, -ENOENT if the section has none, or a read error.
 */
int memmap_section(const struct memmap *m, struct kernel *k, uint64_t section, vaddr_t *first);

#endif
