/* test_vtop_aarch64 - are aarch64's page tables read right, whatever the granule and address size? */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/kernel.h"
#include "lib_arm64.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct arm64_kind kinds[] = {
	{ "4K, 39 bits", 12, 39, 39, 3, 39, false },
	{ "4K, 48 bits", 12, 48, 48, 4, 48, false },
	{ "4K, 52 bits: LPA2", 12, 52, 52, 5, 52, true },
	{ "4K, built for 52 bits, on a CPU without LPA2", 12, 52, 48, 4, 48, false },
	{ "16K, 36 bits", 14, 36, 36, 2, 36, false },
	{ "16K, 47 bits", 14, 47, 47, 3, 47, false },
	{ "16K, 48 bits", 14, 48, 48, 4, 48, false },
	{ "16K, 52 bits: LPA2", 14, 52, 52, 4, 52, true },
	{ "16K, built for 52 bits, on a CPU without LPA2", 14, 52, 47, 3, 47, false },
	{ "64K, 42 bits", 16, 42, 42, 2, 42, false },
	{ "64K, 48 bits", 16, 48, 48, 3, 48, false },
	{ "64K, 48 bits, memory above them: LPA", 16, 48, 48, 3, 48, true },
	{ "64K, 52 bits", 16, 52, 52, 3, 52, true },
	{ "64K, built for 52 bits, on a CPU of 48: the table keeps its size", 16, 52, 48, 3, 52, false },
	{ "64K, 48 bits, user space of 52: the same", 16, 48, 48, 3, 52, false },
};

static void open_guest(struct kernel *k, const struct arm64_guest *g)
{
	struct err e = { 0 };

	if (kernel_open(k, g->core->path, &e))
		fail_msg("%s: %s", g->kind->why, e.msg);
}

static const struct arm64_change nothing = { "as it is", "", "", false, false, 0 };

/* The largest block, in levels from the pages: 1 GiB, 32 MiB and 512 MiB; one more with 52-bit addresses. */
static int largest_block(const struct arm64_kind *k)
{
	if (k->page_shift == 16)
		return 3;	/* addresses of 52 bits cannot be told from those of 48 */
	return (k->page_shift == 12 ? 3 : 2) + arm64_lpa2(k);
}

static void check(struct kernel *k, const struct arm64_guest *g, uint64_t va, uint64_t pa, uint64_t run)
{
	uint64_t got = 0, left = 0;
	int rc = kernel_vtop(k, va, &got, &left);

	if (rc || got != pa || left != run)
		fail_msg("%s: %#llx is at %#llx (%#llx left, %d), not at %#llx (%#llx)", g->kind->why,
			 (unsigned long long)va, (unsigned long long)got, (unsigned long long)left, rc,
			 (unsigned long long)pa, (unsigned long long)run);
}

/* Pages and blocks of each size, at addresses that use all bits there are. */
static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct arm64_kind *kind = &kinds[i];
		uint64_t page = 1ULL << kind->page_shift, limit = 1ULL << (kind->high ? 52 : 48);
		struct kernel k;
		struct arm64_guest g;

		arm64_make(&g, kind, &nothing, true);
		for (int level = 1; level <= largest_block(kind) && level <= kind->levels; level++) {
			unsigned shift = kind->page_shift + (kind->page_shift - 3) * (unsigned)(level - 1);
			uint64_t span = 1ULL << shift, va = g.vmemmap + (uint64_t)level * 16 * page;

			if (level == kind->levels && kind->runs - shift < 3)
				continue;	/* no slot of its own in so small a top table */
			va = level == 1 ? va : (va & -span) + span;
			arm64_map(&g, va, arm64_leaf(kind, limit - 3 * span, level > 1), level);
			open_guest(&k, &g);
			if (!k.proven || !k.vtop.usable || k.vtop.levels != kind->levels || k.doubt[0])
				fail_msg("%s: proven %d, usable %d, %d levels, doubt '%s'", kind->why, k.proven,
					 k.vtop.usable, k.vtop.levels, k.doubt);
			assert_int_equal(k.vtop.lpa2, arm64_lpa2(kind));
			check(&k, &g, va, limit - 3 * span, span);
			check(&k, &g, va + span - 1, limit - 2 * span - 1, 1);
			check(&k, &g, va + 0x123, limit - 3 * span + 0x123, span - 0x123);
			check(&k, &g, (va + 8) & ~(0xffULL << 56), limit - 3 * span + 8, span - 8);	/* tagged */
			kernel_close(&k);
		}
		tiny_free(g.core);
	}
}

/* Entries that map nothing. */
static const struct {
	const char *why;
	int      level;			/* of the entry, pages are 1; 0: the largest block's and one more */
	uint64_t clear, set;		/* bits of a good leaf */
	int      rc;
} entries[] = {
	{ "a page", 1, 0, 0, 0 },
	{ "not valid", 1, 1, 0, -ENXIO },
	{ "not valid, but all else set", 1, 3, 2, -ENXIO },
	{ "a block where pages are", 1, 2, 0, -ENXIO },
	{ "a block too large for the granule", 0, 2, 0, -ENXIO },
};

static void test_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct arm64_kind *kind = &kinds[i];

		for (size_t n = 0; n < COUNT(entries); n++) {
			int level = entries[n].level ? entries[n].level : largest_block(kind) + 1, rc;
			uint64_t pa, run;
			struct kernel k;
			struct arm64_guest g;

			if (level > kind->levels)
				continue;
			arm64_make(&g, kind, &nothing, true);
			arm64_map(&g, g.vmemmap, (arm64_leaf(kind, ARM64_RAM, false) & ~entries[n].clear) | entries[n].set, level);
			open_guest(&k, &g);
			rc = kernel_vtop(&k, g.vmemmap + 8, &pa, &run);
			if (rc != entries[n].rc)
				fail_msg("%s: %s: %d", kind->why, entries[n].why, rc);
			/* A table that lies nowhere. */
			arm64_map(&g, g.vmemmap, arm64_encode(kind, 0x7f0000000000) | 3, kind->levels);
			assert_int_equal(kernel_vtop(&k, g.vmemmap + 8, &pa, &run), kind->levels > 1 ? -EIO : 0);
			kernel_close(&k);
			tiny_free(g.core);
		}
	}
}

/* Keys that are missing or wrong; the tables are found all the same. */
static const struct arm64_change changes[] = {
	{ "no T1SZ (before 5.9)", "T1SZ", "", false, false, 0 },
	{ "a wrong T1SZ", "T1SZ", "NUMBER(TCR_EL1_T1SZ)=0x3f\n", false, false, 0 },
	{ "T1SZ in decimal, and not always this CPU's", "T1SZ", "NUMBER(TCR_EL1_T1SZ)=16\n", false, false, 0 },
	{ "no VA_BITS", "VA_BITS", "", false, false, 0 },
	{ "an absurd VA_BITS", "VA_BITS", "NUMBER(VA_BITS)=4711\n", false, false, 0 },
	{ "neither", "BITS", "NUMBER(TCR_EL1_T1SZ)=0\n", false, false, 0 },
	{ "no place of the name in its structure (to 5.10)", "uts_namespace", "", false, false, 0 },
	{ "no kimage_voffset: the image's own PT_LOAD tells", "kimage", "", false, false, 0 },
	{ "a wrong kimage_voffset", "kimage", "NUMBER(kimage_voffset)=0x1000\n", false, false, 0 },
	{ "no PT_LOAD of the image", "", "", true, false, 0 },
	{ "PT_LOADs without virtual addresses", "", "", false, true, 0 },
};

static void test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (size_t c = 0; c < COUNT(changes); c++) {
			const struct arm64_kind *kind = &kinds[i];
			uint64_t page = 1ULL << kind->page_shift;
			struct kernel k;
			struct arm64_guest g;

			arm64_make(&g, kind, &changes[c], true);
			arm64_map(&g, g.vmemmap, arm64_leaf(kind, ARM64_RAM + page, false), 1);
			open_guest(&k, &g);
			if (!k.proven || !k.vtop.usable || k.doubt[0])
				fail_msg("%s: %s: proven %d, usable %d, doubt '%s'", kind->why, changes[c].why,
					 k.proven, k.vtop.usable, k.doubt);
			check(&k, &g, g.vmemmap + 0x10, ARM64_RAM + page + 0x10, page - 0x10);
			kernel_close(&k);
			tiny_free(g.core);
		}
	}
}

/* Without tables the direct mapping serves: by the PT_LOADs' addresses, or by PHYS_OFFSET. */
static void test_direct(void **state)
{
	static const struct arm64_change cases[] = {
		{ "by PT_LOADs", "swapper", "", false, false, 0 },
		{ "by PHYS_OFFSET", "swapper", "", false, true, 0 },
		{ "by neither", "PHYS_OFFSET", "SYMBOL(swapper_pg_dir)=1\n", false, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (size_t c = 0; c < COUNT(cases); c++) {
			uint64_t pa = 0, run;
			struct kernel k;
			struct arm64_guest g;
			int rc;

			arm64_make(&g, &kinds[i], &cases[c], true);
			open_guest(&k, &g);
			assert_true(k.proven && !k.vtop.usable && strstr(k.doubt, "page tables"));
			rc = kernel_vtop(&k, g.direct + 0x3000, &pa, &run);
			if (c == 2 ? rc != -ENXIO : rc || pa != ARM64_RAM + 0x3000)
				fail_msg("%s: %s: %d, %#llx", kinds[i].why, cases[c].why, rc, (unsigned long long)pa);
			assert_int_equal(kernel_vtop(&k, g.vmemmap, &pa, &run), -ENXIO);
			kernel_close(&k);
			tiny_free(g.core);
		}
	}
}

/* Before 5.4 the direct mapping took the upper half and the image the lower one. */
static void test_old_layout(void **state)
{
	static const struct arm64_change old = { "4.18", "T1SZ", "", false, true, 0 };
	static const size_t which[] = { 0, 1, 5, 9, 10 };

	(void)state;
	for (size_t i = 0; i < COUNT(which); i++) {
		const struct arm64_kind *kind = &kinds[which[i]];
		struct kernel k;
		struct arm64_guest g;

		arm64_make(&g, kind, &old, false);
		arm64_map(&g, g.vmemmap, arm64_leaf(kind, ARM64_RAM, false), 1);
		open_guest(&k, &g);
		assert_true(k.proven && k.vtop.usable && !k.doubt[0]);
		check(&k, &g, g.vmemmap, ARM64_RAM, 1ULL << kind->page_shift);
		assert_true(k.vtop.direct_start == g.direct && k.vtop.direct_pa == ARM64_RAM);
		kernel_close(&k);
		tiny_free(g.core);
	}
}

/* 52 bits on a CPU of 48, since 5.11: PHYS_OFFSET counts from where 52 bits would begin. */
static void test_biased(void **state)
{
	static const struct arm64_change biased = { "biased", "PHYS_OFFSET", "NUMBER(PHYS_OFFSET)=0xfff1000040000000\n",
					      false, true, 0 };
	const struct arm64_kind *kind = &kinds[13];
	struct kernel k;
	struct arm64_guest g;

	(void)state;
	arm64_make(&g, kind, &biased, true);
	open_guest(&k, &g);
	assert_true(k.vtop.usable);
	assert_true(k.vtop.direct_start == 0xffff000000000000 && k.vtop.direct_pa == ARM64_RAM);
	assert_true(k.vtop.phys_base == 0xfff1000040000000);
	kernel_close(&k);
	tiny_free(g.core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_entries), cmocka_unit_test(test_changes),
		cmocka_unit_test(test_direct), cmocka_unit_test(test_old_layout), cmocka_unit_test(test_biased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
