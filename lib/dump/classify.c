/* classify - what a page was used for: a pure decision. */
/* SPDX-License-Identifier: MIT */
#include "dump/classify.h"

const char *const page_class_names[NR_PAGE_CLASSES] = {
	"kernel", "cache", "cache_private", "user", "free", "offline", "hwpoison",
};

bool page_is_slab(const struct page_view *p, const struct page_layout *l)
{
	return (p->flags & l->slab) || (l->has_slab_type && page_has_type(p->mapcount, l->slab_type));
}

static bool is_cache(const struct page_view *p, const struct page_layout *l)
{
	if (p->flags & l->lru)
		return true;
	/* PG_swapcache is PG_owner_priv_1 since 4.10 and means it only with PG_swapbacked (kernel 6326fec1122c). */
	return (p->flags & l->swapcache) && (!l->has_swapbacked || (p->flags & l->swapbacked));
}

struct page_verdict page_classify(const struct page_view *p, const struct page_layout *l, unsigned level)
{
	uint64_t block = (uint64_t)1 << p->order;
	bool slab, anon;

	/* Which page of a poisoned hugetlb block is meant is not written in its struct pages: all of it. */
	if (p->flags & l->hwpoison)
		return (struct page_verdict){ PAGE_HWPOISON, block };
	if (p->is_tail)
		return (struct page_verdict){ PAGE_KERNEL, 1 };
	slab = page_is_slab(p, l);
	anon = (p->mapping & 1) && !slab;	/* PAGE_MAPPING_ANON; slab overlays mapping since 6.2 */
	if ((level & LEVEL_FREE) && !slab && l->has_buddy && page_has_type(p->mapcount, l->buddy_type)) {
		if (p->private < l->max_order)
			return (struct page_verdict){ PAGE_FREE, (uint64_t)1 << p->private };
		return (struct page_verdict){ PAGE_KERNEL, 1 };
	}
	if ((level & LEVEL_FREE) && l->has_unaccepted && page_has_type(p->mapcount, l->unaccepted_type))
		return (struct page_verdict){ PAGE_FREE, (uint64_t)1 << (l->max_order - 1) };
	if ((level & LEVEL_CACHE) && is_cache(p, l) && !(p->flags & l->private_bit) && !anon)
		return (struct page_verdict){ PAGE_CACHE, block };
	if ((level & LEVEL_CACHE_PRIVATE) && is_cache(p, l) && !anon)
		return (struct page_verdict){ p->flags & l->private_bit ? PAGE_CACHE_PRIVATE : PAGE_CACHE, block };
	if ((level & LEVEL_USER) && (anon || p->is_hugetlb))
		return (struct page_verdict){ PAGE_USER, block };
	if (l->has_offline && !slab && page_has_type(p->mapcount, l->offline_type))
		return (struct page_verdict){ PAGE_OFFLINE, 1 };
	return (struct page_verdict){ PAGE_KERNEL, 1 };
}
