/* early - which pages are packed first, since a dump that ends early is of no use without them. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_EARLY_H
#define DUMP_EARLY_H

#include "dump/filter.h"

/*
 * The order of value: what no page is found without; the kernel's own pages (page tables, areas of
 * CPUs, stacks, modules); slabs (tasks and nearly all else that crash lists); the struct pages. Within
 * a list by pfn. Pages that are in no list come after all lists.
 */
enum early_list { EARLY_PINS, EARLY_KERNEL, EARLY_SLAB, EARLY_MEMMAP, NR_EARLY };

/* A page of a list and, once it is packed, what its descriptor says. */
struct early_page {
	uint64_t pfn;
	uint64_t at : 40, size : 18, flags : 6;	/* size 0: not packed */
};

struct early {
	struct filter     *filter;	/* borrowed */
	struct early_page *pages;	/* owned; NULL: there are none */
	size_t first[NR_EARLY], nr[NR_EARLY];	/* of a list in pages */
	size_t total;			/* pages of all lists */
};

/*
 * Choose among the pages that f keeps, in at most half of what is left of its budget; what does not
 * fit comes in its turn with all others. Costs a look at the struct page of each page kept; pages whose
 * bits f does not hold are not asked for. Never fails: without memory there are none.
 */
void early_collect(struct early *e, struct filter *f);
void early_free(struct early *e);

/* A walk in the order of value. Begin with zeros. NULL at the end. */
struct early_order {
	unsigned list;
	size_t   i;
};
struct early_page *early_next(const struct early *e, struct early_order *o);

/* A walk by pfn over all lists. Begin with zeros. */
struct early_cursor {
	size_t i[NR_EARLY];
	unsigned lowest;		/* list of the page that was asked for last */
};
/* The page with the lowest pfn that was not passed, NULL at the end; and pass just that. */
struct early_page *early_lowest(const struct early *e, struct early_cursor *c);
void early_pass(struct early_cursor *c);
/* The cursor that has passed all pages below pfn. */
struct early_cursor early_from(const struct early *e, pfn_t pfn);

#endif
