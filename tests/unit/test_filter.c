/* test_filter - is the keep map what the memory map says, however little memory it may take? */
/* SPDX-License-Identifier: MIT */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump/filter.h"
#include "dump/pins.h"
#include "lib_vmcore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { PLENTY = 16 << 20 };

struct setup {
	struct vmcore *v;
	struct kernel  k;
	struct pins    pins;
	struct filter  f;
};

static void set_up(struct setup *s, struct vmcore *v)
{
	struct err e = { 0 };

	assert_non_null(v);
	s->v = v;
	memset(&s->pins, 0, sizeof(s->pins));
	if (kernel_open(&s->k, v->path, &e))
		fail_msg("%s", e.msg);
	pins_collect(&s->k, &s->pins);
}

static void run(struct setup *s, unsigned level, size_t budget)
{
	struct err e = { 0 };

	if (filter_run(&s->f, &s->k, &s->pins, level, budget, &e))
		fail_msg("%s", e.msg);
}

static void tear_down(struct setup *s)
{
	kernel_close(&s->k);
	vmcore_free(s->v);
}

static bool kept(struct filter *f, uint64_t *scratch, uint64_t pfn)
{
	const uint64_t *bits = filter_bits(f, pfn >> f->section_shift, scratch);
	uint64_t bit = pfn & ((1ULL << f->section_shift) - 1);

	return bits && (bits[bit / 64] >> (bit % 64) & 1);
}

/* ---- bounded memory gives the same map ---- */

static void same_maps(const char *name, struct setup *s, unsigned level)
{
	struct filter full;
	uint64_t *scratch, *other, sum = 0;
	size_t words;

	run(s, level, PLENTY);
	full = s->f;
	run(s, level, 0);
	words = filter_section_words(&full);
	scratch = calloc(words, 8);
	other = calloc(words, 8);
	assert_true(full.nr_sections == s->f.nr_sections && full.kept == s->f.kept && s->f.budget == 0);
	for (uint64_t i = 0; i < full.nr_sections; i++) {
		const uint64_t *a = filter_bits(&full, i, scratch), *b = filter_bits(&s->f, i, other);
		uint64_t n = 0;

		for (size_t w = 0; a && w < words; w++)
			n += (uint64_t)__builtin_popcountll(a[w]);
		if (s->f.sections[i].bits || !a != !b || (a && memcmp(a, b, words * 8)) ||
		    full.sections[i].kept != n || s->f.sections[i].kept != n)
			fail_msg("%s, level %u: section %llu differs", name, level, (unsigned long long)i);
		sum += n;
	}
	assert_true(sum == full.kept);
	free(scratch);
	free(other);
	filter_free(&full);
	filter_free(&s->f);
}

static void test_budget(void **state)
{
	static const unsigned levels[] = { 0, 8, 31 };
	glob_t g;

	(void)state;
	assert_int_equal(glob("tests/data/*.vmcore.txt", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct vmcore *v = vmcore_make_file(g.gl_pathv[i]);
		struct kernel probe;
		struct setup s;

		assert_non_null(v);
		if (kernel_open(&probe, v->path, NULL)) {	/* broken ones have their own test */
			vmcore_free(v);
			continue;
		}
		kernel_close(&probe);
		set_up(&s, v);
		for (size_t l = 0; l < COUNT(levels); l++)
			same_maps(g.gl_pathv[i], &s, levels[l]);
		tear_down(&s);
	}
	globfree(&g);
}

/* ---- what the counters say ---- */

static void test_counters(void **state)
{
	struct setup s;

	(void)state;
	set_up(&s, vmcore_make_file("tests/data/classes-6.12.vmcore.txt"));
	run(&s, 31, PLENTY);
	assert_int_equal(s.f.excluded[PAGE_CACHE], 16 + 16 + 64);
	assert_int_equal(s.f.excluded[PAGE_CACHE_PRIVATE], 16 + 64);
	assert_int_equal(s.f.excluded[PAGE_USER], 16 + 512 + 512);
	assert_int_equal(s.f.excluded[PAGE_FREE], 64 + 2048);
	assert_int_equal(s.f.excluded[PAGE_OFFLINE], 16);
	assert_int_equal(s.f.excluded[PAGE_HWPOISON], 1 + 512);	/* one lies in hugetlb, which is user's */
	assert_int_equal(s.f.kept, source_nr_pages(&s.k.src) - 16 - 16 - 64 - 80 - 1040 - 2112 - 16 - 513);
	assert_true(!s.f.unmapped && !s.f.misaligned && !s.f.cut && !s.f.why[0] && s.f.level == 31);
	filter_free(&s.f);
	tear_down(&s);
}

/* ---- what is not believed ---- */

static const struct {
	const char *why, *description;
	unsigned level, applied;
	const char *says;
} levels[] = {
	{ "all there", "", 31, 31, "" },
	{ "no lru: no cache can be told", "nokey NUMBER(PG_lru)\n", 31, 25, "PG_lru" },
	{ "what was not asked for is not missed", "nokey NUMBER(PG_lru)\n", 16, 16, "" },
	{ "no buddy value", "nokey NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)\n", 31, 15, "BUDDY" },
	{ "no mapping", "nokey OFFSET(page.mapping)\n", 31, 17, "page.mapping" },
	{ "no slab", "nokey NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)\n", 31, 1, "PG_slab" },
	{ "no struct page", "nokey SIZE(page)\n", 31, 1, "SIZE(page)" },
	{ "no memory map", "nokey SYMBOL(mem_section)\n", 31, 1, "mem_section" },
	{ "an absurd struct page", "key SIZE(page)=8\n", 31, 1, "SIZE(page)" },
	{ "no release: tables that lead to nothing known", "nokey OSRELEASE\n", 31, 1, "release" },
	{ "no vmcoreinfo", "noinfo\n", 31, 1, "" },
	{ "level 0 needs none of it", "noinfo\n", 0, 0, "" },
	{ "level 1 neither", "noinfo\n", 1, 1, "" },
};

static void test_levels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(levels); i++) {
		struct setup s;

		set_up(&s, vmcore_print("ram 256M 257M\npages 0x10000+16 anon\n%s", levels[i].description));
		run(&s, levels[i].level, PLENTY);
		if (s.f.level != levels[i].applied || !strstr(s.f.why, levels[i].says) ||
		    (s.f.level == levels[i].level) != !s.f.why[0])
			fail_msg("%s: level %u, '%s'", levels[i].why, s.f.level, s.f.why);
		assert_int_equal(source_nr_pages(&s.k.src) - s.f.kept, s.f.level & LEVEL_USER ? 16 : 0);
		filter_free(&s.f);
		tear_down(&s);
	}
}

/* Free blocks that are not aligned to their order are none; too many of them, and none is believed. */
static void test_misaligned(void **state)
{
	struct setup s;

	(void)state;
	set_up(&s, vmcore_make("ram 256M 260M\npages 0x10001+64 free 4\npages 0x10080+16 free 4\n"));
	run(&s, 16, PLENTY);
	assert_int_equal(s.f.misaligned, 4);
	assert_int_equal(s.f.level, 16);
	assert_int_equal(source_nr_pages(&s.k.src) - s.f.kept, 16);
	filter_free(&s.f);
	tear_down(&s);
	set_up(&s, vmcore_make("ram 256M 260M\npages 0x10001+512 free 1\npages 0x10300+16 free 4\n"
			       "pages 0x10380+16 anon\n"));
	run(&s, 31, PLENTY);
	assert_int_equal(s.f.level, 15);
	assert_non_null(strstr(s.f.why, "free"));
	assert_int_equal(source_nr_pages(&s.k.src) - s.f.kept, 16);	/* the anonymous ones */
	assert_int_equal(s.f.excluded[PAGE_FREE], 0);
	filter_free(&s.f);
	tear_down(&s);
}

/* Struct pages that cannot be read are those of pages that are kept. */
static void test_unmapped(void **state)
{
	struct setup s;

	(void)state;
	/* The entry that maps the second MiB of the range's struct pages: 512 are 32 KiB, 8 entries. */
	set_up(&s, vmcore_make("vmemmap 4k\nram 256M 258M\npages 0x10000+512 anon\n"));
	run(&s, 8, PLENTY);
	assert_int_equal(source_nr_pages(&s.k.src) - s.f.kept, 512);
	filter_free(&s.f);
	for (int i = 4; i < 6; i++) {
		uint64_t va = s.v->vmemmap + (0x10000 + i * 64) * 64, table = s.v->top, entry;

		for (int at = 39; at > 12; at -= 9) {
			memcpy(&entry, s.v->mem + table + ((va >> at) & 511) * 8, 8);
			table = entry & 0x000ffffffffff000ULL;
		}
		for (size_t l = 0; l < s.v->nr_loads; l++) {
			uint64_t pa = table + ((va >> 12) & 511) * 8, zero = 0;

			if (pa >= s.v->loads[l].start && pa < s.v->loads[l].end)
				assert_int_equal(pwrite(s.v->fd, &zero, 8, (off_t)(s.v->loads[l].offset + pa -
									     s.v->loads[l].start)), 8);
		}
	}
	run(&s, 8, PLENTY);
	assert_int_equal(source_nr_pages(&s.k.src) - s.f.kept, 384);
	assert_true(s.f.unmapped >= 128);
	filter_free(&s.f);
	tear_down(&s);
}

static void test_cut(void **state)
{
	struct setup s;
	uint64_t *scratch;

	(void)state;
	set_up(&s, vmcore_make("ram 256M 257M\nram 260M 261M\npages 0x10000+8 anon\ncut pa=0x10080800\n"));
	run(&s, 31, PLENTY);
	/* The page that is cut through counts as lost, too. */
	assert_int_equal(s.f.cut, 128 + 256);
	assert_int_equal(s.f.level, 31);
	scratch = calloc(filter_section_words(&s.f), 8);
	assert_true(kept(&s.f, scratch, 0x1007f) && !kept(&s.f, scratch, 0x10080) && !kept(&s.f, scratch, 0x10400));
	assert_true(!kept(&s.f, scratch, 0x10000) && kept(&s.f, scratch, 0x10008));
	free(scratch);
	filter_free(&s.f);
	tear_down(&s);
}

/* Struct pages are judged where they are mapped, or where that cannot be, copied: with the same result. */
static void test_copied(void **state)
{
	static const char *const files[] = { "classes-6.1", "classes-6.6", "classes-6.12", "classes-7.1", "hugetlb-1g" };
	static const unsigned asked[] = { 0, 2, 4, 8, 16, 31 };

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		char path[256];
		struct setup s;

		snprintf(path, sizeof(path), "tests/data/%s.vmcore.txt", files[i]);
		set_up(&s, vmcore_make_file(path));
		for (size_t l = 0; l < COUNT(asked); l++) {
			uint64_t excluded[NR_PAGE_CLASSES], keep;

			s.k.src.may_map = true;
			run(&s, asked[l], PLENTY);
			keep = s.f.kept;
			memcpy(excluded, s.f.excluded, sizeof(excluded));
			filter_free(&s.f);
			for (int w = 0; w < SOURCE_WINDOWS; w++)
				source_unmap(&s.k.src.cache[w]);
			s.k.src.may_map = false;
			run(&s, asked[l], PLENTY);
			assert_int_equal(s.f.kept, keep);
			assert_memory_equal(s.f.excluded, excluded, sizeof(excluded));
			filter_free(&s.f);
		}
		tear_down(&s);
	}
}

/* The file is cut while its struct pages are mapped: what cannot be judged any more is kept. */
static void test_cut_under_map(void **state)
{
	uint64_t at, all;
	struct setup s;

	(void)state;
	set_up(&s, vmcore_make("ram 256M 272M\npages 0x10000+4096 anon\n"));
	guard_install();
	run(&s, 8, PLENTY);
	all = source_nr_pages(&s.k.src);
	assert_int_equal(all - s.f.kept, 4096);
	filter_free(&s.f);
	at = vmcore_offset(s.v, vc_struct_page(s.v, 0x10000 + 3072));
	assert_int_equal(at % 4096, 0);
	assert_int_equal(ftruncate(s.v->fd, (off_t)at), 0);
	run(&s, 8, PLENTY);
	assert_int_equal(s.f.unmapped, 1024);
	assert_int_equal(all - s.f.kept, 3072);
	filter_free(&s.f);
	tear_down(&s);
}

static void test_bits_fill(void **state)
{
	(void)state;
	for (uint64_t from = 0; from < 200; from += 7)
		for (uint64_t n = 0; from + n <= 256; n += 13) {
			uint64_t words[4] = { 0 }, inverse[4];

			memset(inverse, 0xff, sizeof(inverse));
			bits_fill(words, from, n, true);
			bits_fill(inverse, from, n, false);
			for (uint64_t i = 0; i < 256; i++)
				if ((words[i / 64] >> (i % 64) & 1) != (i >= from && i < from + n))
					fail_msg("bit %llu of %llu+%llu", (unsigned long long)i,
						 (unsigned long long)from, (unsigned long long)n);
			for (int i = 0; i < 4; i++)
				assert_true(words[i] == ~inverse[i]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget), cmocka_unit_test(test_counters), cmocka_unit_test(test_levels),
		cmocka_unit_test(test_misaligned), cmocka_unit_test(test_unmapped), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_copied), cmocka_unit_test(test_cut_under_map),
		cmocka_unit_test(test_bits_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
