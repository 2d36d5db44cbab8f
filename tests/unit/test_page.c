/* test_page - is struct page read as the kernel in question laid it out? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dump/page.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define COMMON "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\nOFFSET(page._mapcount)=48\n" \
	"OFFSET(page.private)=40\nNUMBER(PG_lru)=4\nNUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\n" \
	"NUMBER(PG_swapbacked)=19\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
#define HEAD_AT_8 "OFFSET(page.compound_head)=8\n"
#define MASK "NUMBER(PG_head_mask)=65536\n"
#define SLAB "NUMBER(PG_slab)=9\n"
#define V6_1 COMMON HEAD_AT_8 MASK SLAB \
	"OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
#define V6_4 COMMON HEAD_AT_8 MASK SLAB \
	"OFFSET(folio._folio_dtor)=80\nOFFSET(folio._folio_order)=81\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
#define V6_6 COMMON HEAD_AT_8 MASK SLAB "NUMBER(PG_hugetlb)=8\n"
#define V6_12 COMMON HEAD_AT_8 MASK "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n" \
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\n"
#define V7_1 COMMON "OFFSET(page.compound_info)=8\n" MASK "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=4110417920\n" \
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=4093640704\n"

/* Two struct pages: what differs from zero, at most six 8-byte words. */
struct word { uint32_t at; uint64_t value; };

static const struct {
	const char *why, *info;
	uint64_t pfn;
	struct word words[6];
	uint32_t order;
	bool tail, head, hugetlb;
} cases[] = {
	{ "a single page", V6_1, 0x100, { { 0, 0x10 } }, 0, false, false, false },
	{ "6.1: order and destructor are bytes of page[1]", V6_1, 0x200,
	  { { 0, 0x10000 }, { 64 + 16, 0x0902 } }, 9, false, true, true },
	{ "6.1: another destructor is no hugetlb", V6_1, 0x200, { { 0, 0x10000 }, { 64 + 16, 0x0901 } }, 9,
	  false, true, false },
	{ "6.3 to 6.5: the same, told from the folio's start", V6_4, 0x200,
	  { { 0, 0x10000 }, { 64 + 16, 0x0902 } }, 9, false, true, true },
	{ "6.6: the order is the low byte of page[1].flags, hugetlb a bit there", V6_6, 0x200,
	  { { 0, 0x10000 }, { 64, 0x0100000000000109 } }, 9, false, true, true },
	{ "6.6: without that bit", V6_6, 0x200, { { 0, 0x10000 }, { 64, 0x0100000000000009 } }, 9, false, true,
	  false },
	{ "6.12: hugetlb is the head's page type", V6_12, 0x200,
	  { { 0, 0x10000 }, { 64, 9 }, { 48, 0xf4000000 } }, 9, false, true, true },
	{ "6.12: a folio that is mapped is none", V6_12, 0x200, { { 0, 0x10000 }, { 64, 9 }, { 48, 3 } }, 9, false,
	  true, false },
	{ "7.1: compound_info marks a tail, types are printed unsigned", V7_1, 0x201,
	  { { 8, 0xffffea0000008001 } }, 0, true, false, false },
	{ "7.1: hugetlb", V7_1, 0x200, { { 0, 0x10000 }, { 64, 9 }, { 48, 0xf4000000 } }, 9, false, true, true },
	{ "a tail", V6_1, 0x201, { { 8, 0xffffea0000008001 } }, 0, true, false, false },
	{ "an order that the page is not aligned to is not believed", V6_1, 0x210,
	  { { 0, 0x10000 }, { 64 + 16, 0x0901 } }, 0, false, true, false },
	{ "an order of 64 is not believed", V6_1, 0, { { 0, 0x10000 }, { 64 + 16, 0x4001 } }, 0, false, true, false },
	{ "nor one of 255", V6_12, 0, { { 0, 0x10000 }, { 64, 0xff } }, 0, false, true, false },
};

static void layout_of(struct page_layout *l, const char *info)
{
	struct vmcoreinfo v = { (char *)(uintptr_t)info, strlen(info) };

	page_layout_init(l, &v);
}

static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *raw = calloc(2, 64);		/* to the byte: a read beyond is seen */
		struct page_layout l;
		struct page_view p;

		layout_of(&l, cases[i].info);
		if (l.levels != LEVEL_MAX)
			fail_msg("%s: levels %u, missing %s", cases[i].why, l.levels, l.missing);
		for (size_t w = 0; w < COUNT(cases[i].words) && cases[i].words[w].value; w++)
			put_le64(raw + cases[i].words[w].at, cases[i].words[w].value);
		page_decode(&p, &l, raw, cases[i].pfn);
		if (p.order != cases[i].order || p.is_tail != cases[i].tail || p.is_head != cases[i].head ||
		    p.is_hugetlb != cases[i].hugetlb)
			fail_msg("%s: order %u tail %d head %d hugetlb %d", cases[i].why, p.order, p.is_tail,
				 p.is_head, p.is_hugetlb);
		free(raw);
	}
}

static void test_fields(void **state)
{
	uint8_t raw[128] = { 0 };
	struct page_layout l;
	struct page_view p;

	(void)state;
	layout_of(&l, V6_1);
	put_le64(raw, 0x1122334455667788);
	put_le64(raw + 24, 0xffff888012345601);
	put_le64(raw + 40, 7);
	put_le32(raw + 48, (uint32_t)-129);
	page_decode(&p, &l, raw, 0);
	assert_true(p.flags == 0x1122334455667788 && p.mapping == 0xffff888012345601 && p.private == 7);
	assert_int_equal(p.mapcount, (uint32_t)-129);
}

/* One key is taken away or mangled; what is left of the level, and who is told about. */
static const struct {
	const char *why, *key, *value;		/* NULL: removed */
	unsigned levels;
	const char *missing;
} keys[] = {
	{ "no mapping: neither cache nor user pages", "OFFSET(page.mapping)", NULL, 17, "page.mapping" },
	{ "no lru bit", "NUMBER(PG_lru)", NULL, 25, "PG_lru" },
	{ "no private bit: level 2 would take private pages", "NUMBER(PG_private)", NULL, 29, "PG_private" },
	{ "no slab: mapping cannot be trusted", "NUMBER(PG_slab)", NULL, 1, "PG_slab" },
	{ "no buddy value", "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", NULL, 15, "PAGE_BUDDY" },
	{ "no mapcount", "OFFSET(page._mapcount)", NULL, 15, "PAGE_BUDDY" },
	{ "no flags", "OFFSET(page.flags)", NULL, 1, "layout" },
	{ "no private", "OFFSET(page.private)", NULL, 1, "layout" },
	{ "no compound_head: tails cannot be told", "OFFSET(page.compound_head)", NULL, 1, "layout" },
	{ "no size", "SIZE(page)", NULL, 1, "layout" },
	{ "a size of nothing", "SIZE(page)", "0", 1, "layout" },
	{ "an absurd size", "SIZE(page)", "4294967295", 1, "layout" },
	{ "flags beyond the struct", "OFFSET(page.flags)", "60", 1, "layout" },
	{ "mapping beyond the struct", "OFFSET(page.mapping)", "4294967290", 17, "page.mapping" },
	{ "mapcount beyond the struct", "OFFSET(page._mapcount)", "62", 15, "PAGE_BUDDY" },
	{ "an lru bit that no flag has", "NUMBER(PG_lru)", "64", 25, "PG_lru" },
	{ "a negative one", "NUMBER(PG_lru)", "-1", 25, "PG_lru" },
	{ "no number", "NUMBER(PG_lru)", "four", 25, "PG_lru" },
	{ "an empty value", "NUMBER(PG_lru)", "", 25, "PG_lru" },
	{ "a value that 32 bits do not hold", "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", "4294967296", 15, "PAGE_BUDDY" },
	{ "no head mask costs size, not the level", "NUMBER(PG_head_mask)", NULL, 31, "" },
	{ "an order beyond the struct", "OFFSET(page.compound_order)", "64", 31, "" },
	{ "a destructor beyond the struct", "OFFSET(page.compound_dtor)", "4000000000", 31, "" },
	{ "no hugetlb destructor", "NUMBER(HUGETLB_PAGE_DTOR)", NULL, 31, "" },
};

static void without(char *out, size_t size, const char *info, const char *key, const char *value)
{
	size_t n = 0, len = strlen(key);

	out[0] = 0;
	for (const char *line = info; *line; line += strcspn(line, "\n") + 1) {
		if (!strncmp(line, key, len) && line[len] == '=')
			continue;
		n += (size_t)snprintf(out + n, size - n, "%.*s\n", (int)strcspn(line, "\n"), line);
	}
	assert_true(n < strlen(info));		/* else the key was never there */
	if (value)
		snprintf(out + n, size - n, "%s=%s\n", key, value);
}

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		uint8_t *raw = calloc(2, 64);
		struct page_layout l;
		struct page_view p;
		char info[2048];

		without(info, sizeof(info), V6_1, keys[i].key, keys[i].value);
		layout_of(&l, info);
		if (l.levels != keys[i].levels || !strstr(l.missing, keys[i].missing) ||
		    (l.levels == LEVEL_MAX) != !l.missing[0])
			fail_msg("%s: levels %u, missing '%s'", keys[i].why, l.levels, l.missing);
		raw[2] = 1;			/* PG_head_mask */
		if (l.size)
			page_decode(&p, &l, raw, 0);
		free(raw);
	}
}

static void test_max_order(void **state)
{
	static const struct { const char *value; uint32_t order; } orders[] = {
		{ "11", 11 }, { "14", 14 }, { "0", 11 }, { "65", 11 }, { "4294967295", 11 }, { "x", 11 },
	};
	struct page_layout l;
	char info[2048];

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		snprintf(info, sizeof(info), V6_1 "LENGTH(zone.free_area)=%s\n", orders[i].value);
		layout_of(&l, info);
		if (l.max_order != orders[i].order)
			fail_msg("LENGTH(zone.free_area)=%s gives %u", orders[i].value, l.max_order);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode), cmocka_unit_test(test_fields), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_max_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
