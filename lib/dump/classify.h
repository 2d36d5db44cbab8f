/* classify - what a page was used for: a pure decision. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_CLASSIFY_H
#define DUMP_CLASSIFY_H

#include "dump/page.h"

enum page_class {
	PAGE_KERNEL,		/* nothing else: always kept */
	PAGE_CACHE,
	PAGE_CACHE_PRIVATE,
	PAGE_USER,
	PAGE_FREE,
	PAGE_OFFLINE,		/* balloon, virtio-mem: there is nothing behind it */
	PAGE_HWPOISON,		/* must never be read */
	NR_PAGE_CLASSES
};

extern const char *const page_class_names[NR_PAGE_CLASSES];

/* Whether it belongs to a slab. */
bool page_is_slab(const struct page_view *p, const struct page_layout *l);

/* The class of a page and how many pages from it on share it (1 << order of its block, 1 for tails). */
struct page_verdict {
	enum page_class class;
	uint64_t pages;
};

/*
 * Decide by level which class a page is excluded as; PAGE_KERNEL if it is kept. The order of the
 * tests is makedumpfile's, but for hwpoison, which comes first: such a page is left out at every
 * level and even as the tail of a block that is kept. Tails are judged with their head: a tail seen
 * alone is PAGE_KERNEL.
 */
struct page_verdict page_classify(const struct page_view *p, const struct page_layout *l, unsigned level);

#endif
