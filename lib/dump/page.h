/* page - one struct page, decoded once: differences between kernels end here. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PAGE_H
#define DUMP_PAGE_H

#include "base/buf.h"
#include "dump/vmcoreinfo.h"

/* Dump level bits, makedumpfile's meaning: which classes are left out. */
enum dump_level {
	LEVEL_ZERO          = 1,
	LEVEL_CACHE         = 2,	/* page cache without private data */
	LEVEL_CACHE_PRIVATE = 4,	/* all page cache */
	LEVEL_USER          = 8,
	LEVEL_FREE          = 16,
	LEVEL_MAX           = 31,
};

/*
 * "N[,N...]": each 0 to LEVEL_MAX, at most max of them, into out. Returns how many, or -EINVAL with
 * a message.
 */
int level_list(const char *text, unsigned *out, size_t max, struct err *e);

/* How to tell a hugetlb page; kernels differ. */
enum hugetlb_by { HUGETLB_UNKNOWN, HUGETLB_DTOR, HUGETLB_FLAG, HUGETLB_TYPE };

/* Where things are in struct page and what values mean; all from vmcoreinfo, by presence of keys. */
struct page_layout {
	uint32_t size;			/* of struct page, bytes; 0: unusable */
	uint32_t flags, mapping, private, mapcount, compound_head;	/* offsets */
	uint64_t head_mask;		/* PG_head_mask; 0: compound pages cannot be told */
	uint64_t lru, private_bit, swapcache, swapbacked, slab, hwpoison;	/* masks in flags; 0: unknown */
	bool     has_swapbacked;
	bool     order_in_flags;	/* 6.6+: low byte of page[1].flags; else at offset order_at */
	uint32_t order_at, dtor_at;	/* in page[1], one byte each (4.16+) */
	enum hugetlb_by hugetlb_by;
	uint64_t hugetlb_dtor, hugetlb_bit;
	uint32_t hugetlb_type, buddy_type, slab_type, offline_type, unaccepted_type;	/* of _mapcount */
	bool     has_buddy, has_slab_type, has_offline, has_unaccepted;
	uint32_t max_order;		/* LENGTH(zone.free_area): orders are below it */
	uint64_t told_by;		/* every mask above that is of flags */
	bool     types_apart;		/* no type is a value that a count of mappings can have */
	unsigned levels;		/* dump level bits that these keys can serve; LEVEL_ZERO always */
	char     missing[120];		/* why levels is not LEVEL_MAX, "" if it is */
};

struct page_view {
	uint64_t flags, mapping, private;
	uint32_t mapcount;
	uint32_t order;			/* of the compound page; 0: a single page */
	bool     is_tail, is_head, is_hugetlb;
};

/* Read the keys. Never fails: levels says what is left. */
void page_layout_init(struct page_layout *l, const struct vmcoreinfo *v);

/*
 * Decode raw (2 * l->size bytes: the struct page and its successor, zeros if there is none).
 * An order of 64 or more, or one that pfn is not aligned to, is taken as 0.
 */
void page_decode(struct page_view *p, const struct page_layout *l, const uint8_t *raw, uint64_t pfn);

/*
 * Since 6.12 a page type is the top byte of _mapcount, 0xf0 and up (include/linux/page-flags.h
 * PGTY_*); the low 24 bits are zero today and reserved. Older values must match as a whole.
 */
static inline bool page_has_type(uint32_t mapcount, uint32_t type)
{
	if (type >> 24 >= 0xf0 && !(type & 0xffffff))
		return mapcount >> 24 == type >> 24;
	return mapcount == type;
}

/* What classification looks at in a struct page that is neither a head nor a free block, and where it stands. */
struct page_look {
	uint32_t flags_at, mapcount_at, mapping_at, compound_head_at;
	uint64_t told_by, flags;	/* of these flags those that are set */
	uint32_t counts, type;		/* _mapcount if it is none, 0 if it is a count of mappings */
	uint8_t  mapping, compound_head;	/* in bit 0 */
};

static inline uint32_t page_look_type(const struct page_look *l, const uint8_t *raw)
{
	uint32_t n = get_le32(raw + l->mapcount_at);

	return n & (l->counts | -(n >> 31));
}

static inline struct page_look page_look(const struct page_layout *l, const uint8_t *raw)
{
	struct page_look look = {
		.flags_at = l->flags, .mapcount_at = l->mapcount, .mapping_at = l->mapping,
		.compound_head_at = l->compound_head, .told_by = l->told_by, .counts = l->types_apart ? 0 : UINT32_MAX,
	};

	look.flags = get_le64(raw + l->flags) & l->told_by;
	look.type = page_look_type(&look, raw);
	look.mapping = raw[l->mapping];
	look.compound_head = raw[l->compound_head];
	return look;
}

/* For pages by the billion: of neighbours that look the same only the first has to be decoded. */
static inline bool page_looks_so(const struct page_look *l, const uint8_t *raw)
{
	uint64_t flags = (get_le64(raw + l->flags_at) & l->told_by) ^ l->flags;
	uint32_t bits = (raw[l->mapping_at] ^ l->mapping) | (raw[l->compound_head_at] ^ l->compound_head);

	return !(flags | (page_look_type(l, raw) ^ l->type) | (bits & 1));
}

#endif
