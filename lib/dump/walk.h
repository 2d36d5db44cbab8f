/* walk - which pages of one section to leave out, by their struct pages. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_WALK_H
#define DUMP_WALK_H

#include "dump/classify.h"
#include "dump/kernel.h"

/* Bytes of scratch memory that a walk needs: struct pages that have to be copied to be read. */
size_t walk_scratch(const struct page_layout *l);

struct walk {
	/* The caller's; borrowed */
	struct kernel            *k;
	const struct page_layout *layout;
	const struct pins        *pins;		/* sorted; NULL: none */
	unsigned                  level;
	uint8_t                  *scratch;	/* walk_scratch bytes */
	pfn_t                     first, end;	/* of the section */
	uint64_t                 *bits;		/* of the section, RAM set; cleared where left out */
	uint64_t                 *slab;		/* the same, set for pages of slabs; NULL: not wanted */
	/* In and out */
	pfn_t                     done;		/* pages below it are decided; may pass end: a block that hangs over */
	/* What came out */
	uint64_t excluded[NR_PAGE_CLASSES];	/* pages, those beyond end included */
	uint64_t unmapped;			/* pages of RAM whose struct page cannot be read: kept */
	uint64_t misaligned;			/* free blocks that are not aligned to their order: kept */
	/* The walk's own */
	size_t   first_pin, end_pin;		/* of the pins, those that touch the section */
};

/* Leave out the pages below done, which a block from before the section took. Call it first. */
void walk_begin(struct walk *w);

/* Judge the struct pages at va, which is that of page `first`. Nothing here is an error. */
void walk_pages(struct walk *w, vaddr_t va);

/* Set or clear n bits from bit `from` on. */
void bits_fill(uint64_t *words, uint64_t from, uint64_t n, bool set);

#endif
