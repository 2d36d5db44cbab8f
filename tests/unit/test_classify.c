/* test_classify - is each page left out at the levels that name it, and by the first rule that fits? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dump/classify.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Flags of an invented kernel; ANON is bit 0 of mapping. */
enum {
	LRU = 1 << 4, PRIV = 1 << 13, SWAPCACHE = 1 << 10, SWAPBACKED = 1 << 19, SLAB = 1 << 9, POISON = 1 << 22,
	ANON = 1,
};
#define BUDDY      0xf0000000u
#define OFFLINE    0xf1000000u
#define SLAB_TYPE  0xf5000000u
#define UNACCEPTED 0xf8000000u
#define NO_TYPE    0xffffffffu

static const struct page_layout layout = {
	.size = 64, .lru = LRU, .private_bit = PRIV, .swapcache = SWAPCACHE, .swapbacked = SWAPBACKED,
	.has_swapbacked = true, .slab = SLAB, .hwpoison = POISON, .buddy_type = BUDDY, .slab_type = SLAB_TYPE,
	.offline_type = OFFLINE, .unaccepted_type = UNACCEPTED, .has_buddy = true, .has_slab_type = true,
	.has_offline = true, .has_unaccepted = true, .max_order = 11, .levels = LEVEL_MAX,
};

/* At level 31, unless `only` names a level. */
static const struct {
	const char *why;
	struct page_view page;
	unsigned level;
	enum page_class class;
	uint64_t pages;
} cases[] = {
	{ "a page without any mark is the kernel's", { .mapcount = NO_TYPE }, 31, PAGE_KERNEL, 1 },
	{ "on the LRU, not anonymous: page cache", { .flags = LRU, .mapcount = NO_TYPE }, 31, PAGE_CACHE, 1 },
	{ "a large folio of page cache goes as a whole", { .flags = LRU, .order = 4, .mapcount = NO_TYPE }, 31,
	  PAGE_CACHE, 16 },
	{ "cache with private data is kept at level 2", { .flags = LRU | PRIV, .mapcount = NO_TYPE }, 2,
	  PAGE_KERNEL, 1 },
	{ "and goes at level 4", { .flags = LRU | PRIV, .mapcount = NO_TYPE }, 4, PAGE_CACHE_PRIVATE, 1 },
	{ "level 4 takes cache without private data, too", { .flags = LRU, .mapcount = NO_TYPE }, 4, PAGE_CACHE, 1 },
	{ "the swap cache is cache", { .flags = SWAPCACHE | SWAPBACKED, .mapcount = NO_TYPE }, 2, PAGE_CACHE, 1 },
	{ "PG_swapcache without PG_swapbacked is PG_owner_priv_1: a filesystem's or Xen's own page",
	  { .flags = SWAPCACHE, .mapcount = NO_TYPE }, 31, PAGE_KERNEL, 1 },
	{ "an anonymous page on the LRU is no cache", { .flags = LRU, .mapping = ANON, .mapcount = 0 }, 6,
	  PAGE_KERNEL, 1 },
	{ "but user data", { .flags = LRU, .mapping = ANON, .mapcount = 0 }, 8, PAGE_USER, 1 },
	{ "a transparent huge page goes as a whole", { .flags = LRU, .mapping = ANON, .order = 9, .is_head = true }, 8,
	  PAGE_USER, 512 },
	{ "hugetlb is user data though its mapping is no anonymous one", { .is_hugetlb = true, .order = 18 }, 8,
	  PAGE_USER, 262144 },
	{ "hugetlb is kept at other levels", { .is_hugetlb = true, .order = 9 }, 23, PAGE_KERNEL, 1 },
	{ "a slab page by flag: bit 0 of mapping means nothing", { .flags = SLAB, .mapping = ANON, .mapcount = NO_TYPE },
	  31, PAGE_KERNEL, 1 },
	{ "a slab page by type", { .mapping = ANON, .mapcount = SLAB_TYPE }, 31, PAGE_KERNEL, 1 },
	{ "a slab's count that looks like a buddy is no free page", { .flags = SLAB, .mapcount = BUDDY }, 31,
	  PAGE_KERNEL, 1 },
	{ "a free block by its order", { .mapcount = BUDDY, .private = 10 }, 16, PAGE_FREE, 1024 },
	{ "an order that the allocator does not have: kept", { .mapcount = BUDDY, .private = 11 }, 16, PAGE_KERNEL, 1 },
	{ "an absurd order: kept", { .mapcount = BUDDY, .private = UINT64_MAX }, 16, PAGE_KERNEL, 1 },
	{ "free pages are kept at level 15", { .mapcount = BUDDY, .private = 3 }, 15, PAGE_KERNEL, 1 },
	{ "unaccepted memory is a block of the largest order", { .mapcount = UNACCEPTED }, 16, PAGE_FREE, 1024 },
	{ "a free page is free before it is cache", { .flags = LRU, .mapcount = BUDDY, .private = 2 }, 31, PAGE_FREE,
	  4 },
	{ "of a page type only the top byte counts: the rest is reserved", { .mapcount = BUDDY | 5, .private = 1 }, 16,
	  PAGE_FREE, 2 },
	{ "offline memory goes at every level", { .mapcount = OFFLINE }, 0, PAGE_OFFLINE, 1 },
	{ "cache that is marked offline is cache first", { .flags = LRU, .mapcount = OFFLINE }, 2, PAGE_CACHE, 1 },
	{ "a poisoned page goes at every level", { .flags = POISON, .mapcount = NO_TYPE }, 0, PAGE_HWPOISON, 1 },
	{ "a poisoned page is never read, whatever else it is", { .flags = POISON | LRU, .mapping = ANON }, 8,
	  PAGE_HWPOISON, 1 },
	{ "a poisoned tail, too, though its block is kept", { .flags = POISON, .is_tail = true, .mapcount = NO_TYPE }, 0,
	  PAGE_HWPOISON, 1 },
	{ "a poisoned head: which page is meant is not known, so the block goes", { .flags = POISON, .order = 9 }, 0,
	  PAGE_HWPOISON, 512 },
	{ "a poisoned slab page", { .flags = POISON | SLAB }, 0, PAGE_HWPOISON, 1 },
	{ "a tail is its head's matter, whatever it looks like", { .flags = LRU, .is_tail = true, .mapcount = BUDDY },
	  31, PAGE_KERNEL, 1 },
	{ "level 1 alone leaves out no page by its use", { .flags = LRU, .mapping = ANON }, 1, PAGE_KERNEL, 1 },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct page_verdict v = page_classify(&cases[i].page, &layout, cases[i].level);

		if (v.class != cases[i].class || v.pages != cases[i].pages)
			fail_msg("%s: %s, %llu pages", cases[i].why, page_class_names[v.class],
				 (unsigned long long)v.pages);
	}
}

/* Without a key the class it tells is not guessed at. */
static const struct {
	const char *why;
	struct page_layout lost;	/* fields that differ from layout: see below */
	struct page_view page;
	enum page_class class;
} missing[] = {
	{ "no type of free pages", { .has_buddy = true }, { .mapcount = BUDDY, .private = 3 }, PAGE_KERNEL },
	{ "no type of offline pages", { .has_offline = true }, { .mapcount = OFFLINE }, PAGE_KERNEL },
	{ "no type of unaccepted pages", { .has_unaccepted = true }, { .mapcount = UNACCEPTED }, PAGE_KERNEL },
	{ "no PG_swapbacked: PG_swapcache alone must do, as before 4.10", { .has_swapbacked = true },
	  { .flags = SWAPCACHE, .mapcount = NO_TYPE }, PAGE_CACHE },
};

static void test_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(missing); i++) {
		const struct page_layout *lost = &missing[i].lost;
		struct page_layout l = layout;
		struct page_verdict v;

		l.has_buddy &= !lost->has_buddy;
		l.has_offline &= !lost->has_offline;
		l.has_unaccepted &= !lost->has_unaccepted;
		l.has_swapbacked &= !lost->has_swapbacked;
		v = page_classify(&missing[i].page, &l, 31);
		if (v.class != missing[i].class)
			fail_msg("%s: %s", missing[i].why, page_class_names[v.class]);
	}
}

/* Up to 6.11 _mapcount held small negative numbers: they must match as a whole. */
static void test_old_types(void **state)
{
	struct page_layout l = layout;
	struct page_view p = { .mapcount = (uint32_t)-129, .private = 3 };

	(void)state;
	l.buddy_type = (uint32_t)-129;
	l.offline_type = (uint32_t)-257;
	l.has_slab_type = l.has_unaccepted = false;
	assert_int_equal(page_classify(&p, &l, 31).class, PAGE_FREE);
	p.mapcount = (uint32_t)-130;
	assert_int_equal(page_classify(&p, &l, 31).class, PAGE_KERNEL);
	p.mapcount = (uint32_t)-257;
	assert_int_equal(page_classify(&p, &l, 31).class, PAGE_OFFLINE);
	p.mapcount = NO_TYPE;		/* no type at all; the top bytes are equal */
	assert_int_equal(page_classify(&p, &l, 31).class, PAGE_KERNEL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_missing), cmocka_unit_test(test_old_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
