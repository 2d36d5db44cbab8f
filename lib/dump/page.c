/* page - one struct page, decoded once: differences between kernels end here. */
/* SPDX-License-Identifier: MIT */
#include "dump/page.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static uint64_t flag_mask(const struct vmcoreinfo *v, const char *name)
{
	int64_t bit;

	return vmci_number(v, name, &bit) && bit >= 0 && bit < 64 ? (uint64_t)1 << bit : 0;
}

static bool page_type(const struct vmcoreinfo *v, const char *name, uint32_t *out)
{
	int64_t n;

	/* Printed with %d or %u, by version: compare as 32 bits. */
	if (!vmci_number(v, name, &n) || n < INT32_MIN || n > (int64_t)UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/*
 * A field of width bytes in [start, start + size). *out counts from start and is left alone if
 * there is no such field.
 */
static bool field_at(const struct vmcoreinfo *v, const char *name, uint32_t width, uint32_t start,
		     uint32_t size, uint32_t *out)
{
	uint32_t at;

	if (!vmci_offset(v, name, &at) || at < start || !in_bounds(at - start, width, size))
		return false;
	*out = at - start;
	return true;
}

static bool field(const struct vmcoreinfo *v, const char *name, uint32_t width, uint32_t size,
		  uint32_t *out)
{
	return field_at(v, name, width, 0, size, out);
}

/*
 * Order and destructor of a compound page stand in page[1], at places that moved three times. One
 * byte each is read: they had two until 4.15, in little-endian order, and never such large values.
 */
static void compound_init(struct page_layout *l, const struct vmcoreinfo *v)
{
	bool dtor = false, by_dtor;
	int64_t id;

	l->order_in_flags = true;
	if (field(v, "page.compound_order", 1, l->size, &l->order_at)) {	/* to 6.2 */
		l->order_in_flags = false;
		dtor = field(v, "page.compound_dtor", 1, l->size, &l->dtor_at);
	} else if (field_at(v, "folio._folio_order", 1, l->size, l->size, &l->order_at)) {
		/* 6.3 to 6.5 */
		l->order_in_flags = false;
		dtor = field_at(v, "folio._folio_dtor", 1, l->size, l->size, &l->dtor_at);
	}
	by_dtor = vmci_number(v, "HUGETLB_PAGE_DTOR", &id);
	if (by_dtor && dtor) {
		l->hugetlb_by = HUGETLB_DTOR;
		l->hugetlb_dtor = (uint64_t)id & 0xff;
	} else if (by_dtor && l->order_in_flags) {
		l->head_mask = 0;		/* to 6.5, and the key that tells the order is lost */
	} else if (page_type(v, "PAGE_HUGETLB_MAPCOUNT_VALUE", &l->hugetlb_type)) {
		l->hugetlb_by = HUGETLB_TYPE;		/* 6.9+ */
	} else if ((l->hugetlb_bit = flag_mask(v, "PG_hugetlb"))) {
		l->hugetlb_by = HUGETLB_FLAG;		/* 6.6 to 6.8 */
	}
}

static void lose(struct page_layout *l, unsigned levels, const char *why)
{
	size_t n = strlen(l->missing);

	l->levels &= ~levels;
	snprintf(l->missing + n, sizeof(l->missing) - n, "%s%s", n ? ", " : "", why);
}

static void judge_levels(struct page_layout *l, bool has_mapping, bool has_mapcount)
{
	l->levels = LEVEL_MAX;
	if (!has_mapping)
		lose(l, LEVEL_CACHE | LEVEL_CACHE_PRIVATE | LEVEL_USER, "OFFSET(page.mapping)");
	if (!l->lru)
		lose(l, LEVEL_CACHE | LEVEL_CACHE_PRIVATE, "NUMBER(PG_lru)");
	if (!l->private_bit)
		lose(l, LEVEL_CACHE, "NUMBER(PG_private)");
	/* Slab pages overlay mapping: without a way to tell them, user pages cannot be told either. */
	if (!l->slab && !l->has_slab_type)
		lose(l, LEVEL_CACHE | LEVEL_CACHE_PRIVATE | LEVEL_USER | LEVEL_FREE, "PG_slab");
	if (!has_mapcount || !l->has_buddy)
		lose(l, LEVEL_FREE, "PAGE_BUDDY_MAPCOUNT_VALUE");
}

static bool apart(bool there, uint32_t type)
{
	return !there || type > INT32_MAX;
}

void page_layout_init(struct page_layout *l, const struct vmcoreinfo *v)
{
	bool mapping, mapcount, usable;
	int64_t n;

	*l = (struct page_layout){ .levels = LEVEL_ZERO };
	if (!vmci_size(v, "page", &l->size) || l->size < 32 || l->size > 256)
		l->size = 0;
	usable = l->size && field(v, "page.flags", 8, l->size, &l->flags) &&
		 field(v, "page.private", 8, l->size, &l->private) &&
		 /* compound_info since 7.1: bit 0 still marks a tail */
		 (field(v, "page.compound_head", 8, l->size, &l->compound_head) ||
		  field(v, "page.compound_info", 8, l->size, &l->compound_head));
	if (!usable) {
		l->size = 0;
		lose(l, 0, "the layout of struct page");
		return;
	}
	mapping = field(v, "page.mapping", 8, l->size, &l->mapping);
	mapcount = field(v, "page._mapcount", 4, l->size, &l->mapcount);
	l->head_mask = vmci_number(v, "PG_head_mask", &n) ? (uint64_t)n : 0;
	l->lru = flag_mask(v, "PG_lru");
	l->private_bit = flag_mask(v, "PG_private");
	l->swapcache = flag_mask(v, "PG_swapcache");
	l->swapbacked = flag_mask(v, "PG_swapbacked");
	/* The key came with 4.17; until then it stood six bits above PG_private. */
	if (!l->swapbacked && l->swapcache < l->private_bit)
		l->swapbacked = l->private_bit << 6;
	l->has_swapbacked = l->swapbacked != 0;
	l->slab = flag_mask(v, "PG_slab");
	l->hwpoison = flag_mask(v, "PG_hwpoison");
	if (mapcount) {
		l->has_buddy = page_type(v, "PAGE_BUDDY_MAPCOUNT_VALUE", &l->buddy_type);
		l->has_slab_type = page_type(v, "PAGE_SLAB_MAPCOUNT_VALUE", &l->slab_type);
		l->has_offline = page_type(v, "PAGE_OFFLINE_MAPCOUNT_VALUE", &l->offline_type);
		l->has_unaccepted = page_type(v, "PAGE_UNACCEPTED_MAPCOUNT_VALUE", &l->unaccepted_type);
	}
	if (!vmci_length(v, "zone.free_area", &l->max_order) || !l->max_order || l->max_order > 64)
		l->max_order = 11;	/* MAX_ORDER of every kernel without the key's being wrong */
	compound_init(l, v);
	l->told_by = l->head_mask | l->lru | l->private_bit | l->swapcache | l->swapbacked | l->slab | l->hwpoison;
	l->types_apart = apart(l->has_buddy, l->buddy_type) && apart(l->has_slab_type, l->slab_type) &&
			 apart(l->has_offline, l->offline_type) && apart(l->has_unaccepted, l->unaccepted_type);
	judge_levels(l, mapping, mapcount);
}

void page_decode(struct page_view *p, const struct page_layout *l, const uint8_t *raw, uint64_t pfn)
{
	const uint8_t *second = raw + l->size;

	p->flags = get_le64(raw + l->flags);
	p->mapping = get_le64(raw + l->mapping);
	p->private = get_le64(raw + l->private);
	p->mapcount = get_le32(raw + l->mapcount);
	p->is_tail = get_le64(raw + l->compound_head) & 1;
	p->is_head = (p->flags & l->head_mask) != 0;
	p->order = 0;
	p->is_hugetlb = false;
	if (!p->is_head)
		return;
	p->order = l->order_in_flags ? (uint32_t)(get_le64(second + l->flags) & 0xff) : second[l->order_at];
	if (p->order >= 64 || (pfn & (((uint64_t)1 << p->order) - 1)))
		p->order = 0;
	if (l->hugetlb_by == HUGETLB_DTOR)
		p->is_hugetlb = second[l->dtor_at] == l->hugetlb_dtor;
	else if (l->hugetlb_by == HUGETLB_FLAG)
		p->is_hugetlb = (get_le64(second + l->flags) & l->hugetlb_bit) != 0;
	else if (l->hugetlb_by == HUGETLB_TYPE)
		p->is_hugetlb = p->mapcount == l->hugetlb_type;
}
