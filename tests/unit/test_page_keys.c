/* test_page_keys - is struct page of every kernel from 4.14 on understood by its keys alone? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dump/classify.h"
#include "dump/page.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* struct page as it was until 4.17, and as it is since. */
#define OLD_PAGE "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._refcount)=28\nOFFSET(page.mapping)=8\n" \
	"OFFSET(page.lru)=32\nOFFSET(page._mapcount)=24\nOFFSET(page.private)=48\nOFFSET(page.compound_head)=32\n"
#define NEW_PAGE "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._refcount)=52\nOFFSET(page.mapping)=24\n" \
	"OFFSET(page.lru)=8\nOFFSET(page._mapcount)=48\nOFFSET(page.private)=40\n"
#define HEAD "OFFSET(page.compound_head)=8\n"
#define BITS "LENGTH(zone.free_area)=11\nNUMBER(PG_lru)=4\nNUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\n" \
	"NUMBER(PG_head_mask)=65536\n"
#define SLAB_BIT "NUMBER(PG_slab)=9\n"
#define SWAPBACKED "NUMBER(PG_swapbacked)=19\n"
#define BUDDY "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
#define OFFLINE "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"
#define DTOR "NUMBER(HUGETLB_PAGE_DTOR)=2\n"
#define IN_PAGE1 "OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\n"

#define V4_14 OLD_PAGE BITS SLAB_BIT DTOR "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-128\n" \
	"OFFSET(page.compound_dtor)=40\nOFFSET(page.compound_order)=42\n"
#define V4_18 NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED DTOR BUDDY IN_PAGE1 "NUMBER(PG_hwpoison)=22\n"
#define V5_4 V4_18 OFFLINE
#define V6_4 NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED DTOR BUDDY OFFLINE "NUMBER(PG_hwpoison)=22\n" \
	"OFFSET(folio._folio_dtor)=80\nOFFSET(folio._folio_order)=81\n"
#define V6_6 NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED BUDDY OFFLINE "NUMBER(PG_hugetlb)=8\n" \
	"NUMBER(PG_hwpoison)=22\n"
#define V6_9 NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED BUDDY OFFLINE "NUMBER(PG_hwpoison)=22\n" \
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-2049\n"
#define BITS_6_12 "LENGTH(zone.free_area)=11\nNUMBER(PG_lru)=5\nNUMBER(PG_private)=14\nNUMBER(PG_swapcache)=10\n" \
	"NUMBER(PG_head_mask)=64\nNUMBER(PG_swapbacked)=17\nNUMBER(PG_hwpoison)=20\n" \
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\nNUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n" \
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\nNUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n"
#define V6_12 NEW_PAGE HEAD BITS_6_12
#define V6_18 V6_12 "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-117440512\n"
#define V7_1 NEW_PAGE "OFFSET(page.compound_info)=8\n" BITS_6_12 "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-117440512\n"

/* What a page is, in words of 8 bytes at offsets of struct page and its successor. */
struct word { uint32_t at; uint64_t value; };
struct sample {
	struct word words[5];
	uint64_t pages;			/* of the verdict */
	enum page_class class;		/* at level 31 */
};

/* The same nine pages in each kernel's own way. UINT32_MAX ends a list of words. */
#define KEEP 1, PAGE_KERNEL
#define ANON(lru, mapping) { { { 0, lru }, { mapping, 0xffff888000000001 } }, 1, PAGE_USER }
#define CACHE(lru, mapping) { { { 0, lru }, { mapping, 0xffff888000000000 } }, 1, PAGE_CACHE }
#define PRIVATE(flags, mapping) { { { 0, flags }, { mapping, 0xffff888000000000 } }, 1, PAGE_CACHE_PRIVATE }

static const struct {
	const char *why, *keys;
	struct sample samples[9];
} kernels[] = {
	{ "4.14: the older struct page, order and destructor of 16 bits, PG_swapbacked not told", V4_14, {
		ANON(0x10, 8), CACHE(0x10, 8), PRIVATE(0x2010, 8),
		{ { { 24, 0xffffff80 }, { 48, 3 } }, 8, PAGE_FREE },
		{ { { 0, 0x10000 }, { 64 + 40, 9 << 16 | 2 } }, 512, PAGE_USER },
		{ { { 0, 0x200 }, { 8, 0xffff888000000001 } }, KEEP },	/* slab */
		{ { { 0, 1 << 10 } }, KEEP },				/* PG_owner_priv_1, not swap cache */
		{ { { 0, 1 << 10 | 1 << 19 } }, 1, PAGE_CACHE },
		{ { { 32, 0xffffea0000000001 }, { 8, 1 } }, KEEP },	/* tail */
	} },
	{ "4.18", V4_18, {
		ANON(0x10, 24), CACHE(0x10, 24), PRIVATE(0x2010, 24),
		{ { { 48, 0xffffff7f }, { 40, 10 } }, 1024, PAGE_FREE },
		{ { { 0, 0x10000 }, { 64 + 16, 0x0902 } }, 512, PAGE_USER },
		{ { { 0, 0x10010 }, { 24, 1 }, { 64 + 16, 0x0901 } }, 512, PAGE_USER },
		{ { { 0, 0x200 }, { 24, 1 } }, KEEP },
		{ { { 0, 1 << 22 } }, 1, PAGE_HWPOISON },
		{ { { 48, 0xfffffeff } }, KEEP },			/* offline came with 5.0 */
	} },
	{ "5.4 to 6.1", V5_4, {
		ANON(0x10, 24), CACHE(0x10, 24), PRIVATE(0x2010, 24),
		{ { { 48, 0xffffff7f }, { 40, 0 } }, 1, PAGE_FREE },
		{ { { 48, 0xffffff7f }, { 40, 11 } }, KEEP },		/* no order of the allocator's */
		{ { { 0, 0x10000 }, { 64 + 16, 0x0902 } }, 512, PAGE_USER },
		{ { { 48, 0xfffffeff } }, 1, PAGE_OFFLINE },
		{ { { 0, 1 << 10 | 1 << 19 } }, 1, PAGE_CACHE },
		{ { { 8, 0xffffea0000000001 }, { 24, 1 } }, KEEP },
	} },
	{ "6.3 to 6.5: counted from the folio", V6_4, {
		ANON(0x10, 24), CACHE(0x10, 24),
		{ { { 0, 0x10000 }, { 64 + 16, 0x0902 } }, 512, PAGE_USER },
		{ { { 0, 0x10010 }, { 64 + 16, 0x0401 }, { 24, 0 } }, 16, PAGE_CACHE },
		{ { { 0, 0x200 }, { 24, 1 } }, KEEP },
	} },
	{ "6.6 to 6.8: the order in flags, hugetlb a bit", V6_6, {
		ANON(0x10, 24),
		{ { { 0, 0x10000 }, { 64, 0x109 } }, 512, PAGE_USER },
		{ { { 0, 0x10000 }, { 64, 0x009 } }, KEEP },
		{ { { 0, 0x10010 }, { 64, 0x004 } }, 16, PAGE_CACHE },
		{ { { 0, 0x200 }, { 24, 1 } }, KEEP },
		{ { { 48, 0xffffff7f }, { 40, 2 } }, 4, PAGE_FREE },
	} },
	{ "6.9: hugetlb a page type of one bit", V6_9, {
		{ { { 0, 0x10000 }, { 64, 9 }, { 48, 0xfffff7ff } }, 512, PAGE_USER },
		{ { { 0, 0x10000 }, { 64, 9 }, { 48, 0xf4000000 } }, KEEP },
		{ { { 0, 0x200 }, { 24, 1 } }, KEEP },
	} },
	{ "6.12: page types in the top byte, slab too", V6_12, {
		ANON(0x20, 24), CACHE(0x20, 24), PRIVATE(0x4020, 24),
		{ { { 48, 0xf0000000 }, { 40, 10 } }, 1024, PAGE_FREE },
		{ { { 48, 0xf0000007 }, { 40, 1 } }, 2, PAGE_FREE },	/* low bits are reserved, not zero */
		{ { { 0, 0x40 }, { 64, 9 }, { 48, 0xf4000000 } }, 512, PAGE_USER },
		{ { { 48, 0xf5000000 }, { 24, 1 } }, KEEP },
		{ { { 48, 0xf1000000 } }, 1, PAGE_OFFLINE },
		{ { { 0, 1 << 20 }, { 24, 1 } }, 1, PAGE_HWPOISON },
	} },
	{ "6.16: memory that the guest has not accepted", V6_18, {
		{ { { 48, 0xf9000000 } }, 1024, PAGE_FREE },
		{ { { 48, 0xf0000000 }, { 40, 3 } }, 8, PAGE_FREE },
		ANON(0x20, 24),
	} },
	{ "7.1: compound_info", V7_1, {
		{ { { 8, 0x41 }, { 24, 1 } }, KEEP },
		ANON(0x20, 24),
		{ { { 0, 0x40 }, { 64, 9 }, { 48, 0xf4000000 } }, 512, PAGE_USER },
	} },
};

static void put_words(uint8_t *raw, const struct word *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t old = get_le64(raw + words[i].at);

		put_le64(raw + words[i].at, old | words[i].value);
	}
}

static struct page_layout layout_of(const char *keys)
{
	struct vmcoreinfo v = { (char *)(uintptr_t)keys, strlen(keys) };
	struct page_layout l;

	page_layout_init(&l, &v);
	return l;
}

static struct page_verdict judge(const struct page_layout *l, const struct word *words, size_t n)
{
	uint8_t *raw = calloc(2, l->size);		/* to the byte: a read beyond is seen */
	struct page_verdict v;
	struct page_view p;

	put_words(raw, words, n);
	page_decode(&p, l, raw, 0x400);
	v = page_classify(&p, l, LEVEL_MAX);
	free(raw);
	return v;
}

static void test_kernels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kernels); i++) {
		struct page_layout l = layout_of(kernels[i].keys);

		if (l.levels != LEVEL_MAX)
			fail_msg("%s: levels %u, missing %s", kernels[i].why, l.levels, l.missing);
		for (size_t s = 0; s < COUNT(kernels[i].samples) && kernels[i].samples[s].pages; s++) {
			const struct sample *want = &kernels[i].samples[s];
			struct page_verdict v = judge(&l, want->words, COUNT(want->words));

			if (v.class != want->class || v.pages != want->pages)
				fail_msg("%s: page %zu is %s, %llu pages", kernels[i].why, s,
					 page_class_names[v.class], (unsigned long long)v.pages);
		}
	}
}

/* One key gone or absurd: what is then not trusted any more. */
static const struct {
	const char *why, *keys;
	struct word words[4];
	struct sample want;
} lost[] = {
	{ "6.1 without the order: a huge page is one page, not what flags would say",
	  NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED DTOR BUDDY "OFFSET(page.compound_dtor)=16\n",
	  { { 0, 0x10010 }, { 24, 1 }, { 64, 9 }, { 64 + 16, 0x0902 } }, { { { 0, 0 } }, 1, PAGE_USER } },
	{ "6.1 with an order outside of struct page", NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED DTOR BUDDY
	  "OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=64\n",
	  { { 0, 0x10010 }, { 24, 1 }, { 64, 9 } }, { { { 0, 0 } }, 1, PAGE_USER } },
	{ "6.1 without the destructor's number: hugetlb pages stay",
	  NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED BUDDY IN_PAGE1, { { 0, 0x10000 }, { 64 + 16, 0x0902 } },
	  { { { 0, 0 } }, KEEP } },
	{ "a destructor beyond page[1]", NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED DTOR BUDDY
	  "OFFSET(folio._folio_dtor)=4000000000\nOFFSET(folio._folio_order)=81\n",
	  { { 0, 0x10000 }, { 64 + 16, 0x0902 } }, { { { 0, 0 } }, KEEP } },
	{ "a destructor that would lie in the head", NEW_PAGE HEAD BITS SLAB_BIT SWAPBACKED DTOR BUDDY
	  "OFFSET(folio._folio_dtor)=16\nOFFSET(folio._folio_order)=81\n",
	  { { 0, 0x10000 }, { 16, 2 }, { 64 + 16, 0x0902 } }, { { { 0, 0 } }, KEEP } },
	{ "no PG_head_mask: huge pages are taken one by one",
	  NEW_PAGE HEAD SLAB_BIT SWAPBACKED DTOR BUDDY IN_PAGE1 "NUMBER(PG_lru)=4\nNUMBER(PG_private)=13\n",
	  { { 0, 0x10010 }, { 24, 1 }, { 64 + 16, 0x0902 } }, { { { 0, 0 } }, 1, PAGE_USER } },
	{ "PG_swapcache above PG_private: no rule tells PG_swapbacked, so it is not asked for",
	  NEW_PAGE HEAD SLAB_BIT DTOR BUDDY IN_PAGE1 "NUMBER(PG_lru)=4\nNUMBER(PG_private)=11\nNUMBER(PG_swapcache)=15\n",
	  { { 0, 1 << 15 } }, { { { 0, 0 } }, 1, PAGE_CACHE } },
};

static void test_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lost); i++) {
		struct page_layout l = layout_of(lost[i].keys);
		struct page_verdict v = judge(&l, lost[i].words, COUNT(lost[i].words));

		if (v.class != lost[i].want.class || v.pages != lost[i].want.pages)
			fail_msg("%s: %s, %llu pages", lost[i].why, page_class_names[v.class],
				 (unsigned long long)v.pages);
	}
}

/* Offsets outside of struct page are as good as none, and nothing is read there. */
static const struct {
	const char *field;
	bool needed;			/* without it nothing can be classified */
	unsigned levels;		/* that are lost otherwise */
} fields[] = {
	{ "page.flags", true, 0 }, { "page.private", true, 0 }, { "page.compound_head", true, 0 },
	{ "page.mapping", false, LEVEL_CACHE | LEVEL_CACHE_PRIVATE | LEVEL_USER },
	{ "page._mapcount", false, LEVEL_FREE },
	{ "page.compound_order", false, 0 }, { "page.compound_dtor", false, 0 },
};

static void test_absurd(void **state)
{
	static const char *const values[] = { "64", "65", "4096", "4294967295", "4294967296", "-8", "0x18", "" };
	static const struct word words[] = { { 0, 0x10010 }, { 24, 1 }, { 64 + 16, 0x0902 } };

	(void)state;
	for (size_t f = 0; f < COUNT(fields); f++) {
		for (size_t i = 0; i < COUNT(values); i++) {
			struct page_layout l;
			char *keys;

			/* The first line of a name counts. */
			assert_true(asprintf(&keys, "OFFSET(%s)=%s\n%s", fields[f].field, values[i], V5_4) > 0);
			l = layout_of(keys);
			if ((l.size == 0) != fields[f].needed)
				fail_msg("%s: struct page of %u bytes", keys, l.size);
			if (l.size && (l.levels ^ LEVEL_MAX) != fields[f].levels)
				fail_msg("%s: levels %u", keys, l.levels);
			if (l.size)
				judge(&l, words, COUNT(words));
			free(keys);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels), cmocka_unit_test(test_lost), cmocka_unit_test(test_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
