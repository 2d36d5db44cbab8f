/* test_page_sizes - is memory of 4, 16 and 64 KiB pages filtered and saved alike? (aarch64) */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib_arm64.h"
#include "lib_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Where things are: pages are counted from the beginning of RAM. */
enum { STRUCT_PAGE = 64, SECTION_AT = 0x1000, ROOT_AT = 0x1800, FIRST = 768, END = 1023, STACK = 786 };
#define MEMMAP (ARM64_RAM + (32ULL << 20))

#define KEYS "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\nOFFSET(page._mapcount)=48\n" \
	"OFFSET(page.private)=40\nOFFSET(page.compound_head)=8\nNUMBER(PG_lru)=5\nNUMBER(PG_private)=14\n" \
	"NUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=17\nNUMBER(PG_hwpoison)=20\nNUMBER(PG_head_mask)=64\n" \
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\nNUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n" \
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\nNUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n" \
	"SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\nLENGTH(mem_section)=64\n"

static const struct arm64_kind kinds[] = {
	{ "4K, 48 bits", 12, 48, 48, 4, 48, false },
	{ "16K, 47 bits", 14, 47, 47, 3, 47, false },
	{ "64K, 42 bits", 16, 42, 42, 2, 42, false },
	{ "64K, 52 bits on a CPU of 48", 16, 52, 48, 3, 52, false },
};

/* Pages that are something else than the kernel's, by their struct page. */
static const struct {
	unsigned first, n, level;	/* excluded by this bit of the level */
	uint64_t flags, mapping, private;
	uint32_t mapcount;
	unsigned order;			/* of a compound page; 0: single pages */
} pages[] = {
	{ 768, 16, LEVEL_FREE, 0, 0, 4, 0xf0000000, 0 },
	{ 784, 4, LEVEL_USER, 0x20, 0xffff000000000001, 0, 0, 0 },
	{ 800, 16, LEVEL_USER, 0x40, 0, 0, 0xf4000000, 4 },
	{ 832, 2, LEVEL_CACHE, 0x20, 0xffff000000000000, 0, 0, 0 },
	{ 836, 1, LEVEL_CACHE_PRIVATE, 0x4020, 0xffff000000000000, 0, 0, 0 },
	{ 840, 1, 32, 1 << 20, 0, 0, 0, 0 },
	{ 848, 1, 32, 0, 0, 0, 0xf1000000, 0 },
	{ 856, 1, 0, 0, 1, 0, 0xf5000000, 0 },	/* slab */
};

static void put_struct_page(struct arm64_guest *g, unsigned page, uint64_t flags, uint64_t mapping, uint64_t private,
			    uint32_t mapcount, uint64_t head)
{
	uint64_t at = MEMMAP + (uint64_t)page * STRUCT_PAGE;

	tiny_put64(g->core, at, flags);
	tiny_put64(g->core, at + 8, head);
	tiny_put64(g->core, at + 24, mapping);
	tiny_put64(g->core, at + 40, private);
	tiny_put32(g->core, at + 48, mapcount);
}

/* The section of RAM and its array of struct page, mapped page by page. */
static void put_memmap(struct arm64_guest *g, unsigned section_bits)
{
	unsigned shift = g->kind->page_shift;
	uint64_t page = 1ULL << shift, bytes = ((ARM64_RAM_SIZE + (1 << 20)) >> shift) * STRUCT_PAGE;
	uint64_t section = ARM64_RAM >> section_bits, first = ARM64_RAM >> shift;

	for (uint64_t at = 0; at < bytes; at += page)
		arm64_map(g, g->vmemmap + at, arm64_leaf(g->kind, MEMMAP + at, false), 1);
	tiny_put64(g->core, ARM64_IMAGE + ROOT_AT, g->image_va + SECTION_AT);
	tiny_put64(g->core, ARM64_IMAGE + SECTION_AT + section * 16, (g->vmemmap - first * STRUCT_PAGE) | 0xf);
	for (size_t i = 0; i < COUNT(pages); i++)
		for (unsigned n = 0; n < pages[i].n; n++)
			if (n && (pages[i].order || pages[i].level == LEVEL_FREE))
				put_struct_page(g, pages[i].first + n, n == 1 ? pages[i].order : 0, 0, 0, 0,
						pages[i].order ? (g->vmemmap + pages[i].first * STRUCT_PAGE) | 1 : 0);
			else
				put_struct_page(g, pages[i].first + n, pages[i].flags, pages[i].mapping,
						pages[i].private, pages[i].mapcount, 0);
}

/* Each page its own bytes, but for one of zeros. */
static void page_bytes(uint8_t *out, size_t size, unsigned page)
{
	for (size_t i = 0; i < size; i++)
		out[i] = page == 900 ? 0 : (uint8_t)(page * 7 + i / 16 + (i % 64 ? 0 : i >> 8));
}

static void make(struct arm64_guest *g, const struct arm64_kind *kind, const char *more)
{
	unsigned shift = kind->page_shift, section_bits = shift == 16 ? 29 : 27;
	uint64_t direct = -(1ULL << kind->runs), image = -(1ULL << ((kind->runs < 48 ? kind->runs : 48) - 1)) + 0x10000000;
	struct arm64_change c = { .without = "", .sp = direct + ((uint64_t)STACK << shift) + 0x10 };
	uint8_t *bytes = malloc(1 << shift);
	char keys[4096];

	snprintf(keys, sizeof(keys), "%sSYMBOL(mem_section)=%llx\nNUMBER(SECTION_SIZE_BITS)=%u\n" KEYS, more,
		 (unsigned long long)(image + ROOT_AT), section_bits);
	c.more = keys;
	arm64_make(g, kind, &c, true);
	/* The direct mapping of the stack's page; the rest is not needed. */
	for (unsigned page = 784; page < 792; page++)
		arm64_map(g, direct + ((uint64_t)page << shift),
			  arm64_leaf(kind, ARM64_RAM + ((uint64_t)page << shift), false), 1);
	put_memmap(g, section_bits);
	for (unsigned page = FIRST; page <= END; page++) {
		page_bytes(bytes, (size_t)1 << shift, page);
		tiny_put(g->core, ARM64_RAM + ((uint64_t)page << shift), bytes, (size_t)1 << shift);
	}
	free(bytes);
}

/* Under the stack pointer, 16 KiB aligned, is never excluded. */
static bool is_stack(unsigned page, unsigned shift)
{
	return (uint64_t)page << shift >> 14 == (uint64_t)STACK << shift >> 14;
}

static bool excluded(unsigned page, unsigned level, unsigned shift)
{
	for (size_t i = 0; i < COUNT(pages); i++) {
		if (page < pages[i].first || page >= pages[i].first + pages[i].n || !pages[i].level)
			continue;
		/* Without private data: only by 2; 4 excludes both. */
		if (!((level | 32) & pages[i].level) &&
		    !(pages[i].level == LEVEL_CACHE && (level & LEVEL_CACHE_PRIVATE)))
			return false;
		return pages[i].level == 32 || !is_stack(page, shift);
	}
	return false;
}

static void check_dump(const struct arm64_kind *kind, struct run *r, unsigned level)
{
	size_t size = (size_t)1 << kind->page_shift;
	uint8_t *got = malloc(size), *want = malloc(size);
	struct kdump k;

	if (!kdump_open(&k, r->sink->bytes, r->sink->size))
		fail_msg("%s: %s", kind->why, k.why);
	assert_int_equal(k.block, size);
	assert_true(k.phys_base == ARM64_RAM);
	assert_true(k.max_mapnr == (ARM64_RAM + ARM64_RAM_SIZE + (1 << 20)) >> kind->page_shift);
	assert_int_equal(k.nr_cpus, 1);
	for (unsigned page = FIRST; page <= END; page++) {
		enum kdump_page is = kdump_page(&k, (ARM64_RAM >> kind->page_shift) + page, got);

		page_bytes(want, size, page);
		if (is != (excluded(page, level, kind->page_shift) ? KDUMP_EXCLUDED : KDUMP_OK) ||
		    (is == KDUMP_OK && memcmp(got, want, size)))
			fail_msg("%s: level %u, page %u: %d %s", kind->why, level, page, is, k.why);
	}
	kdump_close(&k);
	free(got);
	free(want);
}

static void test_levels(void **state)
{
	static const unsigned levels[] = { 0, 1, 2, 4, 8, 16, 31 };
	static const char *const codecs[] = { "zstd", "zlib", "zlib-fast", "lzo", "none" };

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct arm64_guest g;

		make(&g, &kinds[i], "");
		for (size_t l = 0; l < COUNT(levels); l++) {
			struct run_how how = { .level = levels[l], .codec = codecs[l % COUNT(codecs)], .threads = 2 };
			struct run r;

			run_save(&r, g.core->path, &how);
			if (r.rc || strstr(r.log, "! "))
				fail_msg("%s: %d %s\n%s", kinds[i].why, r.rc, r.e.msg, r.log);
			assert_int_equal(r.save.level, levels[l]);
			check_dump(&kinds[i], &r, levels[l]);
			run_free(&r);
		}
		tiny_free(g.core);
	}
}

/* The memory map without SECTION_SIZE_BITS, and by SYMBOL(vmemmap) alone. */
static void test_memmap_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct arm64_kind *kind = &kinds[i];
		uint64_t vmemmap = -(1ULL << (kind->runs - 3)) - (ARM64_RAM >> kind->page_shift) * STRUCT_PAGE;
		struct run_how how = { .level = 31 };
		struct arm64_guest g;
		char more[200];
		struct run r;

		/* The first line of a name counts, and an absurd one is no number. */
		snprintf(more, sizeof(more), "SYMBOL(mem_section)=-\nSYMBOL(vmemmap)=%llx\n", (unsigned long long)vmemmap);
		make(&g, kind, more);
		run_save(&r, g.core->path, &how);
		if (r.rc || r.save.level != 31)
			fail_msg("%s: %d %s\n%s", kind->why, r.rc, r.e.msg, r.log);
		check_dump(kind, &r, 31);
		run_free(&r);
		tiny_free(g.core);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_levels), cmocka_unit_test(test_memmap_keys) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
