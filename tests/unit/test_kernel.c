/* test_kernel - are the crashed kernel's addresses translated as its own tables say? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dump/kernel.h"
#include "dump/memmap.h"
#include "lib_vmcore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RAM "ram 256M 258M\nram 0x18000000 0x18200000\n"

/* Shapes of page tables. */
static const char *const shapes[] = {
	"levels 4\nvmemmap 2m\ndirectmap 1g\n", "levels 5\nvmemmap 2m\ndirectmap 1g\n",
	"levels 4\nvmemmap 4k\ndirectmap 2m\n", "levels 5\nvmemmap 4k\ndirectmap 4k\n",
	"levels 4\nvmemmap 4k\ndirectmap 1g\nsme 47\n", "levels 5\nvmemmap 2m\ndirectmap 2m\nsme 51\n",
	"levels 4\nsections 24\nvmemmap 4k\n", "levels 4\nimage 0x2000000 0xffffffff81000000 64\n",
};

static void open_kernel(struct kernel *k, const struct vmcore *v)
{
	struct err e = { 0 };

	if (kernel_open(k, v->path, &e))
		fail_msg("%s", e.msg);
}

static void test_shapes(void **state)
{
	static const uint64_t pfns[] = { 0x15c0, 0x15ff, 0x1600, 0x10000, 0x10001, 0x1003f, 0x101ff, 0x18000, 0x181ff };

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct vmcore *v = vmcore_print("%s" RAM, shapes[i]);
		struct kernel k;

		open_kernel(&k, v);
		if (!k.proven || !k.vtop.usable || k.doubt[0])
			fail_msg("%s: proven %d, usable %d, doubt '%s'", shapes[i], k.proven, k.vtop.usable, k.doubt);
		assert_string_equal(k.uts[1], "crashed");
		assert_int_equal(k.crash_time, 1700000000);
		for (size_t p = 0; p < COUNT(pfns); p++) {
			uint64_t va = v->vmemmap + pfns[p] * 64 + 8, pa, run, unit = v->small_memmap ? 4096 : 2 << 20;
			uint8_t got[64];

			if (kernel_vtop(&k, va, &pa, &run) || pa != vc_struct_page(v, pfns[p]) + 8)
				fail_msg("%s: struct page of %#llx is at %#llx", shapes[i],
					 (unsigned long long)pfns[p], (unsigned long long)pa);
			assert_true(run == unit - va % unit);
			assert_int_equal(kernel_read(&k, va - 8, got, 64), 0);
			assert_memory_equal(got, v->mem + vc_struct_page(v, pfns[p]), 64);
		}
		kernel_close(&k);
		vmcore_free(v);
	}
}

/* Two neighbours in virtual memory that are none in physical memory. */
static void test_across(void **state)
{
	struct vmcore *v = vmcore_make("levels 4\nvmemmap 4k\n" RAM);
	uint64_t value, va = v->vmemmap + 0x10040 * 64;		/* begins a page of the memory map */
	uint8_t got[8192];
	struct kernel k;

	(void)state;
	open_kernel(&k, v);
	assert_int_equal(kernel_read(&k, va - 4096, got, 8192), 0);
	assert_memory_equal(got, v->mem + vc_struct_page(v, 0x10000), 4096);
	assert_memory_equal(got + 4096, v->mem + vc_struct_page(v, 0x10040), 4096);
	assert_int_equal(kernel_read_u64(&k, va - 4, &value), 0);
	assert_true((value & 0xffffffff) == get_le32(v->mem + vc_struct_page(v, 0x1003f) + 60));
	kernel_close(&k);
	vmcore_free(v);
}

/* Damage to the tables: the address of the struct page of 0x10000 is asked for. */
static const struct {
	const char *why, *poke;
	int rc;
} damage[] = {
	{ "nothing", "", 0 },
	{ "the top-level entry is not present", "poke table+0xea0 66\n", -ENXIO },
	{ "a table that lies outside of RAM", "poke table+0xea0 67 00 00 00 7f\n", -EIO },
	{ "a table at the end of physical addresses", "poke table+0xea0 67 f0 ff ff ff ff 0f\n", -EIO },
	{ "a large page in the top level is none: the bit is reserved there", "poke table+0xea0 e7\n", 0 },
};

static void test_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(damage); i++) {
		struct vmcore *v = vmcore_print(RAM "%s", damage[i].poke);
		uint64_t pa = 0, run;
		struct kernel k;
		int rc;

		open_kernel(&k, v);
		rc = kernel_vtop(&k, v->vmemmap + 0x10000 * 64, &pa, &run);
		if (rc != damage[i].rc || (!rc && pa != vc_struct_page(v, 0x10000)))
			fail_msg("%s: %d", damage[i].why, rc);
		assert_int_equal(kernel_vtop(&k, 0xffffc90000000000, &pa, &run) == 0, 0);
		kernel_close(&k);
		vmcore_free(v);
	}
}

/* What is missing is told, and what is left still serves. */
static const struct {
	const char *why, *description, *doubt;
	bool proven;
} keys[] = {
	{ "all keys", "", "", true },
	{ "no vmcoreinfo", "noinfo\n", "VMCOREINFO", false },
	{ "another release than in memory", "key OSRELEASE=5.5.5\n", "5.5.5", false },
	{ "no release", "nokey OSRELEASE\n", "release", false },
	{ "no place of the release", "nokey SYMBOL(init_uts_ns)\n", "release", false },
	{ "a place outside of memory", "key SYMBOL(init_uts_ns)=ffffffff9f000000\n", "release", false },
	{ "a place that is no kernel address", "key SYMBOL(init_uts_ns)=8\n", "release", false },
	{ "no phys_base: the image's own PT_LOAD tells", "nokey NUMBER(phys_base)\n", "", true },
	{ "the older names of the page table", "nokey SYMBOL(init_top_pgt)\n", "", true },
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct vmcore *v = vmcore_print(RAM "%s", keys[i].description);
		struct kernel k;

		open_kernel(&k, v);
		if (k.proven != keys[i].proven || !strstr(k.doubt, keys[i].doubt) || !keys[i].doubt[0] != !k.doubt[0])
			fail_msg("%s: proven %d, doubt '%s'", keys[i].why, k.proven, k.doubt);
		assert_string_equal(k.uts[4], "x86_64");
		kernel_close(&k);
		vmcore_free(v);
	}
}

/* The memory map: which section has one, and where. */
static void test_memmap(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct vmcore *v = vmcore_print("%s" RAM, shapes[i]);
		uint64_t per = 1ULL << (v->section_bits - 12);
		struct err e = { 0 };
		struct memmap m;
		struct kernel k;
		vaddr_t va;

		open_kernel(&k, v);
		assert_int_equal(memmap_init(&m, &k, &e), 0);
		assert_int_equal(1ULL << m.section_shift, per);
		assert_int_equal(memmap_section(&m, &k, 0x10000 / per, &va), 0);
		assert_true(va == v->vmemmap + 0x10000 / per * per * 64);
		assert_int_equal(memmap_section(&m, &k, 0x18000 / per, &va), 0);
		assert_true(va == v->vmemmap + 0x18000 / per * per * 64);
		assert_int_equal(memmap_section(&m, &k, 0x8000 / per, &va), -ENOENT);	/* no RAM there */
		assert_int_not_equal(memmap_section(&m, &k, 1ULL << 40, &va), 0);	/* beyond the roots */
		kernel_close(&k);
		vmcore_free(v);
	}
}

static const struct { const char *why, *description, *says; } maps[] = {
	{ "no roots", "nokey SYMBOL(mem_section)\n", "mem_section" },
	{ "no length", "nokey LENGTH(mem_section)\n", "LENGTH(mem_section)" },
	{ "no roots at all", "key LENGTH(mem_section)=0\n", "LENGTH(mem_section)" },
	{ "sections of no size", "key SIZE(mem_section)=0\n", "SIZE(mem_section)" },
	{ "sections larger than a page", "key SIZE(mem_section)=8192\n", "SIZE(mem_section)" },
	{ "a pointer beyond the section", "key OFFSET(mem_section.section_mem_map)=9\n", "section_mem_map" },
	{ "sections of a byte", "key NUMBER(SECTION_SIZE_BITS)=0\n", "SECTION_SIZE_BITS" },
	{ "sections of all memory", "key NUMBER(SECTION_SIZE_BITS)=63\n", "SECTION_SIZE_BITS" },
	{ "a negative size", "key NUMBER(SECTION_SIZE_BITS)=-27\n", "SECTION_SIZE_BITS" },
	{ "an odd struct page", "key SIZE(page)=63\n", "SIZE(page)" },
	{ "no struct page", "nokey SIZE(page)\n", "SIZE(page)" },
};

static void test_no_memmap(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(maps); i++) {
		struct vmcore *v = vmcore_print(RAM "%s", maps[i].description);
		struct err e = { 0 };
		struct memmap m;
		struct kernel k;

		open_kernel(&k, v);
		if (memmap_init(&m, &k, &e) != -ENOENT || !strstr(e.msg, maps[i].says))
			fail_msg("%s: '%s'", maps[i].why, e.msg);
		kernel_close(&k);
		vmcore_free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes), cmocka_unit_test(test_across), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_keys), cmocka_unit_test(test_memmap), cmocka_unit_test(test_no_memmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
