/* owners - which page a descriptor belongs to, by the frame number that we write into each. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_OWNERS_H
#define DUMP_OWNERS_H

#include "dump/bytes.h"
#include "dump/types.h"

/*
 * A dump that ended early has descriptors whose bits of bitmap2 were never written. With the frame
 * number in page_desc.page_flags (layout.h) they can be told all the same.
 */
enum { OWNERS_GROUP = 1024 };

/* OWNERS_GROUP descriptors, some of which may be absent. */
struct owner_group {
	pfn_t    below;		/* pages of all groups before it lie below */
	uint32_t nr;		/* valid descriptors */
};

struct owners {
	uint64_t at;		/* of descriptor 0 */
	uint64_t total;		/* valid descriptors */
	pfn_t    end;		/* all pages lie below */
	uint64_t data_at;	/* the lowest place that a descriptor speaks of */
	struct owner_group *groups;	/* owned */
	size_t   nr;
};

/*
 * Go through the descriptors from `at` on, at most max_descs, for pages below max_pfn, as far as the
 * first of the data that they speak of. Valid are those that carry a number above all before them and
 * speak of a place in the dump. Returns 0, -ENOMEM or a read error; owners_close only on success.
 */
int owners_open(struct owners *o, const struct bytes *in, uint64_t at, uint64_t max_descs, pfn_t max_pfn,
		uint32_t block, struct err *e);
void owners_close(struct owners *o);

/* The frame number in a raw descriptor. False if there is none or it cannot be one of this dump. */
bool owner_of(const uint8_t *desc, const struct bytes *in, pfn_t max_pfn, uint32_t block, pfn_t *pfn);

/* The first group that may hold pages from pfn on; o->nr if there is none. */
size_t owners_find(const struct owners *o, pfn_t pfn);

#endif
