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
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dump/kernel.h"
#include "lib_tinycore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { IMAGE_SIZE = 8 << 20, UTS_AT = 0x10000, TABLES_AT = 0x20000, RAM_SIZE = 64 << 20 };
#define RAM   0x40000000ULL
#define IMAGE (RAM + 0x1000000)
#define HIGH  0xf123400000000ULL		/* RAM that needs all 52 bits */

/* Attributes of a leaf of the kernel's: AF, DBM, PXN, UXN, contiguous, and an index of memory types. */
#define ATTRIBUTES (1ULL << 10 | 1ULL << 51 | 3ULL << 53 | 1ULL << 52 | 1ULL << 2)
#define SHAREABLE  (3ULL << 8)

/* One kind of kernel on one kind of CPU. */
struct kind {
	const char *why;
	unsigned page_shift, built, runs;	/* bits of address: by configuration, by CPU */
	int      levels;
	unsigned index_va;			/* bits of address that index the top table as the kernel sees it */
	bool     high;				/* memory above 48 bits */
};

static const struct kind kinds[] = {
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

struct guest {
	const struct kind *kind;
	struct tinycore *core;
	uint64_t image_va, direct, vmemmap;
	uint64_t root, next_table;		/* physical */
};

static bool lpa2(const struct kind *k)
{
	return k->page_shift < 16 && k->runs == 52;
}

/* An address as a descriptor holds it; written from the architecture's tables, not from ours. */
static uint64_t encode(const struct kind *k, uint64_t pa)
{
	if (k->page_shift == 16)
		return (pa & 0x0000ffffffff0000ULL) | ((pa >> 48) & 0xf) << 12;
	if (lpa2(k))
		return (pa & 0x0003fffffffff000ULL) | ((pa >> 50) & 3) << 8;
	return pa & 0x0000fffffffff000ULL;
}

static uint64_t read64(struct guest *g, uint64_t pa)
{
	const struct tiny_load *l = pa >= HIGH ? &g->core->loads[1] : &g->core->loads[0];
	uint8_t raw[8];

	assert_int_equal(pread(g->core->fd, raw, 8, (off_t)(g->core->offset[l - g->core->loads] + (pa - l->start))), 8);
	return get_le64(raw);
}

/* Put a leaf at the level (1: pages) for va; tables are made on the way. *at gets where it stands. */
static void map(struct guest *g, uint64_t va, uint64_t leaf, int level, uint64_t *at)
{
	const struct kind *k = g->kind;
	unsigned stride = k->page_shift - 3;
	uint64_t table = g->root;

	for (int i = k->levels; i >= 1; i--) {
		unsigned shift = k->page_shift + stride * (unsigned)(i - 1);
		uint64_t mask = i == k->levels && k->index_va - shift < stride ? (1ULL << (k->index_va - shift)) - 1 :
				(1ULL << stride) - 1;
		uint64_t slot = table + ((va >> shift) & mask) * 8, entry;

		if (i == level) {
			tiny_put64(g->core, slot, leaf);
			if (at)
				*at = slot;
			return;
		}
		entry = read64(g, slot);
		if (!entry) {
			tiny_put64(g->core, slot, encode(k, g->next_table) | 3 | 1ULL << 59 | 1ULL << 61);
			table = g->next_table;
			g->next_table += 1ULL << k->page_shift;
		} else {
			assert_true(k->page_shift != 16 || (entry >> 12 & 0xf) == (k->high ? 0xf : 0));
			table = k->high ? HIGH | (entry & 0xffffffULL & -(1ULL << k->page_shift)) :
				entry & 0xffffffffffffULL & -(1ULL << k->page_shift);
		}
	}
}

static uint64_t leaf(const struct kind *k, uint64_t pa, bool block)
{
	return encode(k, pa) | ATTRIBUTES | (lpa2(k) ? 0 : SHAREABLE) | (block ? 1 : 3);
}

/* VMCOREINFO of the guest, without the keys in `without`, and `more` in front of the rest. */
static char *describe(const struct guest *g, const char *without, const char *more)
{
	static char text[4096], all[2048];
	const struct kind *k = g->kind;
	char *line, *save;

	snprintf(all, sizeof(all),
		 "OSRELEASE=9.9.9\nPAGESIZE=%u\nSYMBOL(init_uts_ns)=%llx\nOFFSET(uts_namespace.name)=4\n"
		 "SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=%llx\nNUMBER(VA_BITS)=%u\nNUMBER(TCR_EL1_T1SZ)=0x%x\n"
		 "NUMBER(kimage_voffset)=0x%llx\nNUMBER(PHYS_OFFSET)=0x%llx\n",
		 1U << k->page_shift, (unsigned long long)(g->image_va + UTS_AT),
		 (unsigned long long)(g->image_va + TABLES_AT), (unsigned long long)(g->image_va + 0x1000), k->built,
		 64 - k->runs, (unsigned long long)(g->image_va - IMAGE), (unsigned long long)RAM);
	snprintf(text, sizeof(text), "%s", more);
	for (line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (without[0] && strstr(line, without))
			continue;
		strcat(strcat(text, line), "\n");
	}
	return text;
}

struct change {
	const char *why, *without, *more;
	bool no_image_load, no_vaddr;
};

/* A guest with its image mapped by pages, and an empty vmemmap. */
static void guest_make(struct guest *g, const struct kind *k, const struct change *c, bool flipped)
{
	struct tiny_load loads[3] = { { RAM, RAM + RAM_SIZE, 0 }, { HIGH, HIGH + (32 << 20), 0 },
				      { IMAGE, IMAGE + IMAGE_SIZE, 0 } };
	unsigned image_bits = k->runs < 48 ? k->runs : 48;
	char uts[6 * 65] = "";

	*g = (struct guest){ .kind = k };
	g->direct = flipped ? -(1ULL << k->runs) : -(1ULL << (k->runs - 1));
	g->image_va = (flipped ? -(1ULL << (image_bits - 1)) : -(1ULL << image_bits)) + 0x10000000;
	g->vmemmap = flipped ? -(1ULL << (k->runs - 3)) : -(1ULL << k->runs) + (1ULL << (k->runs - 2));
	loads[0].vaddr = c->no_vaddr ? 0 : g->direct;
	loads[1].vaddr = c->no_vaddr ? 0 : g->direct + (HIGH - RAM);
	loads[2].vaddr = g->image_va;
	if (!k->high) {			/* no such memory */
		loads[1] = loads[2];
		loads[2] = (struct tiny_load){ RAM + RAM_SIZE, RAM + RAM_SIZE + (1 << 20), 0 };
	}
	if (c->no_image_load)
		loads[k->high ? 2 : 1] = (struct tiny_load){ RAM + 2 * RAM_SIZE, RAM + 2 * RAM_SIZE + (1 << 20), 0 };
	g->core = tiny_make(EM_AARCH64, loads, 3, describe(g, c->without, c->more), 0);
	g->root = IMAGE + TABLES_AT;
	g->next_table = k->high ? HIGH : RAM;
	strcpy(uts, "Linux");
	strcpy(uts + 130, "9.9.9");
	tiny_put(g->core, IMAGE + UTS_AT + 4, uts, sizeof(uts));
	for (uint64_t at = 0; at < 0x40000; at += 1ULL << k->page_shift)
		map(g, g->image_va + at, leaf(k, IMAGE + at, false), 1, NULL);
}

static void open_guest(struct kernel *k, const struct guest *g)
{
	struct err e = { 0 };

	if (kernel_open(k, g->core->path, &e))
		fail_msg("%s: %s", g->kind->why, e.msg);
}

static const struct change nothing = { "as it is", "", "", false, false };

/* The largest block, in levels from the pages: 1 GiB, 32 MiB and 512 MiB; one more with 52-bit addresses. */
static int largest_block(const struct kind *k)
{
	if (k->page_shift == 16)
		return 3;	/* addresses of 52 bits cannot be told from those of 48 */
	return (k->page_shift == 12 ? 3 : 2) + lpa2(k);
}

static void check(struct kernel *k, const struct guest *g, uint64_t va, uint64_t pa, uint64_t run)
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
		const struct kind *kind = &kinds[i];
		uint64_t page = 1ULL << kind->page_shift, limit = 1ULL << (kind->high ? 52 : 48);
		struct kernel k;
		struct guest g;

		guest_make(&g, kind, &nothing, true);
		for (int level = 1; level <= largest_block(kind) && level <= kind->levels; level++) {
			unsigned shift = kind->page_shift + (kind->page_shift - 3) * (unsigned)(level - 1);
			uint64_t span = 1ULL << shift, va = g.vmemmap + (uint64_t)level * 16 * page;

			if (level == kind->levels && kind->runs - shift < 3)
				continue;	/* no slot of its own in so small a top table */
			va = level == 1 ? va : (va & -span) + span;
			map(&g, va, leaf(kind, limit - 3 * span, level > 1), level, NULL);
			open_guest(&k, &g);
			if (!k.proven || !k.vtop.usable || k.vtop.levels != kind->levels || k.doubt[0])
				fail_msg("%s: proven %d, usable %d, %d levels, doubt '%s'", kind->why, k.proven,
					 k.vtop.usable, k.vtop.levels, k.doubt);
			assert_int_equal(k.vtop.lpa2, lpa2(kind));
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
		const struct kind *kind = &kinds[i];

		for (size_t n = 0; n < COUNT(entries); n++) {
			int level = entries[n].level ? entries[n].level : largest_block(kind) + 1, rc;
			uint64_t pa, run;
			struct kernel k;
			struct guest g;

			if (level > kind->levels)
				continue;
			guest_make(&g, kind, &nothing, true);
			map(&g, g.vmemmap, (leaf(kind, RAM, false) & ~entries[n].clear) | entries[n].set, level, NULL);
			open_guest(&k, &g);
			rc = kernel_vtop(&k, g.vmemmap + 8, &pa, &run);
			if (rc != entries[n].rc)
				fail_msg("%s: %s: %d", kind->why, entries[n].why, rc);
			/* A table that lies nowhere. */
			map(&g, g.vmemmap, encode(kind, 0x7f0000000000) | 3, kind->levels, NULL);
			assert_int_equal(kernel_vtop(&k, g.vmemmap + 8, &pa, &run), kind->levels > 1 ? -EIO : 0);
			kernel_close(&k);
			tiny_free(g.core);
		}
	}
}

/* Keys that are missing or wrong; the tables are found all the same. */
static const struct change changes[] = {
	{ "no T1SZ (before 5.9)", "T1SZ", "", false, false },
	{ "a wrong T1SZ", "T1SZ", "NUMBER(TCR_EL1_T1SZ)=0x3f\n", false, false },
	{ "T1SZ in decimal, and not always this CPU's", "T1SZ", "NUMBER(TCR_EL1_T1SZ)=16\n", false, false },
	{ "no VA_BITS", "VA_BITS", "", false, false },
	{ "an absurd VA_BITS", "VA_BITS", "NUMBER(VA_BITS)=4711\n", false, false },
	{ "neither", "BITS", "NUMBER(TCR_EL1_T1SZ)=0\n", false, false },
	{ "no kimage_voffset: the image's own PT_LOAD tells", "kimage", "", false, false },
	{ "a wrong kimage_voffset", "kimage", "NUMBER(kimage_voffset)=0x1000\n", false, false },
	{ "no PT_LOAD of the image", "", "", true, false },
	{ "PT_LOADs without virtual addresses", "", "", false, true },
};

static void test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (size_t c = 0; c < COUNT(changes); c++) {
			const struct kind *kind = &kinds[i];
			uint64_t page = 1ULL << kind->page_shift;
			struct kernel k;
			struct guest g;

			guest_make(&g, kind, &changes[c], true);
			map(&g, g.vmemmap, leaf(kind, RAM + page, false), 1, NULL);
			open_guest(&k, &g);
			if (!k.proven || !k.vtop.usable || k.doubt[0])
				fail_msg("%s: %s: proven %d, usable %d, doubt '%s'", kind->why, changes[c].why,
					 k.proven, k.vtop.usable, k.doubt);
			check(&k, &g, g.vmemmap + 0x10, RAM + page + 0x10, page - 0x10);
			kernel_close(&k);
			tiny_free(g.core);
		}
	}
}

/* Without tables the direct mapping serves: by the PT_LOADs' addresses, or by PHYS_OFFSET. */
static void test_direct(void **state)
{
	static const struct change cases[] = {
		{ "by PT_LOADs", "swapper", "", false, false },
		{ "by PHYS_OFFSET", "swapper", "", false, true },
		{ "by neither", "PHYS_OFFSET", "SYMBOL(swapper_pg_dir)=1\n", false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (size_t c = 0; c < COUNT(cases); c++) {
			uint64_t pa = 0, run;
			struct kernel k;
			struct guest g;
			int rc;

			guest_make(&g, &kinds[i], &cases[c], true);
			open_guest(&k, &g);
			assert_true(k.proven && !k.vtop.usable && strstr(k.doubt, "page tables"));
			rc = kernel_vtop(&k, g.direct + 0x3000, &pa, &run);
			if (c == 2 ? rc != -ENXIO : rc || pa != RAM + 0x3000)
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
	static const struct change old = { "4.18", "T1SZ", "", false, true };
	static const size_t which[] = { 0, 1, 5, 9, 10 };

	(void)state;
	for (size_t i = 0; i < COUNT(which); i++) {
		const struct kind *kind = &kinds[which[i]];
		struct kernel k;
		struct guest g;

		guest_make(&g, kind, &old, false);
		map(&g, g.vmemmap, leaf(kind, RAM, false), 1, NULL);
		open_guest(&k, &g);
		assert_true(k.proven && k.vtop.usable && !k.doubt[0]);
		check(&k, &g, g.vmemmap, RAM, 1ULL << kind->page_shift);
		assert_true(k.vtop.direct_start == g.direct && k.vtop.direct_pa == RAM);
		kernel_close(&k);
		tiny_free(g.core);
	}
}

/* 52 bits on a CPU of 48, since 5.11: PHYS_OFFSET counts from where 52 bits would begin. */
static void test_biased(void **state)
{
	static const struct change biased = { "biased", "PHYS_OFFSET", "NUMBER(PHYS_OFFSET)=0xfff1000040000000\n",
					      false, true };
	const struct kind *kind = &kinds[13];
	struct kernel k;
	struct guest g;

	(void)state;
	guest_make(&g, kind, &biased, true);
	open_guest(&k, &g);
	assert_true(k.vtop.usable);
	assert_true(k.vtop.direct_start == 0xffff000000000000 && k.vtop.direct_pa == RAM);
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
