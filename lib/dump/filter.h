/* filter - which pages to keep: one pass over the crashed kernel's memory map. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_FILTER_H
#define DUMP_FILTER_H

#include "dump/memmap.h"
#include "dump/walk.h"

/*
 * The keep map, by sections of 1 << section_shift pages. Bits of a section are held while they fit
 * the budget; a section without bits is classified again when it is asked for, from the carry that
 * the first pass left, so that memory is bounded whatever the size of RAM.
 */
struct keep_section {
	uint32_t  kept;		/* pages kept */
	uint32_t  carry;	/* pages at its beginning that a block from before it excludes */
	uint64_t *bits;		/* owned; NULL: none kept, all kept, or to be computed again */
};

struct filter {
	struct kernel     *k;		/* borrowed */
	const struct pins *pins;	/* borrowed; sorted */
	struct memmap      map;
	struct page_layout layout;
	unsigned           level;	/* asked for, minus what the kernel's description cannot serve */
	bool               has_memmap;	/* false: every page of RAM is kept */
	uint8_t           *scratch;	/* of the walk; owned */

	unsigned           section_shift;
	struct keep_section *sections;	/* owned */
	uint64_t           nr_sections;
	size_t             budget;	/* bytes of bits that may still be allocated */
	uint64_t           kept;	/* pages, all sections */
	uint64_t           excluded[NR_PAGE_CLASSES];
	uint64_t           unmapped;	/* pages of RAM whose struct page could not be read: kept */
	uint64_t           misaligned;	/* free blocks that cannot be: not believed */
	uint64_t           cut;		/* pages that a cut file or dump lost: not kept */
	char               why[320];	/* why level is not the one asked for; "" if it is */
};

/*
 * Prepare and run the pass. level: LEVEL_ bits. budget: bytes for bits of sections. pins may be
 * NULL. Returns 0; only -ENOMEM is an error: whatever else is wrong costs size, not the dump.
 */
int filter_run(struct filter *f, struct kernel *k, const struct pins *pins, unsigned level,
	       size_t budget, struct err *e);
void filter_free(struct filter *f);

/* Words of 64 bits that the bits of one section take. */
size_t filter_section_words(const struct filter *f);

/*
 * The keep bits of a section, pfn order, bit 0 of word 0 first. Returns borrowed bits, either the
 * section's own or scratch (filter_section_words long) filled anew. NULL if none is kept.
 */
const uint64_t *filter_bits(struct filter *f, uint64_t section, uint64_t *scratch);

/* The bits of RAM in a section, into words. Returns how many are set. */
uint32_t filter_ram_bits(const struct filter *f, uint64_t section, uint64_t *words);

#endif
