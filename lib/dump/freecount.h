/* freecount - how many pages the crashed kernel itself counted as free. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_FREECOUNT_H
#define DUMP_FREECOUNT_H

#include "dump/kernel.h"

/*
 * The sum of zone.vm_stat[NR_FREE_PAGES] of all nodes. False, and *pages untouched, where vmcoreinfo does
 * not lead there (SYMBOL(node_data) or SYMBOL(contig_page_data), the offsets of struct pglist_data and
 * struct zone) or what stands there can be no number of pages.
 */
bool freecount(struct kernel *k, uint64_t *pages);

/*
 * Whether so many pages found free cannot be what that kernel counted: by more than a quarter and 64 MiB. Counts
 * of CPUs that were not added up yet are far below that. Fewer are no harm: they are only kept.
 */
bool freecount_absurd(uint64_t found, uint64_t counted, unsigned page_shift);

#endif
