/* spans - pieces of a file written one over the other: which of them is right for a byte. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_SPANS_H
#define DUMP_SPANS_H

#include "dump/bytes.h"

/*
 * Sort *list and cut what overlaps, so that for each byte the span with the highest `from` (the one
 * that was written last) is left. May replace *list. Returns 0 or -ENOMEM; then *list is unordered.
 */
int spans_order(struct span **list, size_t *nr);

/* Index of the span that holds at, or else of the next one above it; nr if there is none. */
size_t spans_find(const struct span *list, size_t nr, uint64_t at);

#endif
