/* test_early - does a dump that ends early hold what its readers need first? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The kernel's pages lie behind those of users: by frame number they would come last. */
#define CORE "kernel 6.12\nimage 0x1400000 0xffffffff81000000 1024\nram 256M 272M\n" \
	"pages 0x10000+512 anon\npages 0x10200+512 cache\npages 0x10400+64 slab 3\npages 0x10440+64 slab\n" \
	"pages 0x10480+64 kernel\npages 0x104c0+64 kernel 2\npages 0x10500+512 anon\npages 0x10700+64 slab\n" \
	"pages 0x10740+2240 anon\n"

static struct vmcore *core;
static struct run whole;

static int set_up(void **state)
{
	(void)state;
	core = vmcore_make(CORE);
	if (!core)
		return 1;
	run_save(&whole, core->path, &(struct run_how){ .level = 1, .codec = "none" });
	return whole.rc;
}

static int tear_down(void **state)
{
	(void)state;
	run_free(&whole);
	vmcore_free(core);
	return 0;
}

static uint64_t data_at(struct kdump *k, uint64_t pfn)
{
	const uint8_t *d = kdump_desc(k, pfn);

	assert_non_null(d);
	return get_le64(d);
}

/* Of each pair of pages the first comes first. */
static void test_order(void **state)
{
	static const struct { const char *why; uint64_t first, then; } cases[] = {
		{ "the kernel image before its other pages", 0x15c0, 0x10480 },
		{ "a page of a driver before slabs", 0x104ff, 0x10400 },
		{ "a slab before user pages below it", 0x1073f, 0x10000 },
		{ "the tail of a large slab, too", 0x1043f, 0x10000 },
		{ "and before page cache", 0x10440, 0x10200 },
		{ "slabs by frame number", 0x10400, 0x10700 },
		{ "user pages by frame number", 0x10000, 0x10500 },
		{ "all others by frame number", 0x10200, 0x10500 },
	};
	struct kdump k;

	(void)state;
	assert_true(kdump_open(&k, whole.sink->bytes, whole.sink->size));
	for (size_t i = 0; i < COUNT(cases); i++)
		if (data_at(&k, cases[i].first) >= data_at(&k, cases[i].then))
			fail_msg("%s", cases[i].why);
	kdump_close(&k);
}

/* Wherever the room ends: right pages, and users' only behind all of the kernel's. */
static void test_cut(void **state)
{
	uint64_t all = judge(whole.sink->bytes, whole.sink->size, core).ok, size = whole.sink->size, last = 0;

	(void)state;
	for (uint64_t limit = size / 20; limit < size; limit += size / 40) {
		struct run_how how = { .level = 1, .codec = "none", .limit = limit, .threads = 2 };
		struct judgement j;
		struct kdump k;
		struct run r;

		run_save(&r, core->path, &how);
		j = judge(r.sink->bytes, r.sink->size, core);
		if (!r.rc || r.save.verdict != VERDICT_INCOMPLETE || j.why[0] || !j.incomplete || j.empty || j.ok < last ||
		    j.ok != r.save.format.ops->saved(&r.save.format))
			fail_msg("limit %llu: %llu pages, %s", (unsigned long long)limit, (unsigned long long)j.ok, j.why);
		assert_true(kdump_open(&k, r.sink->bytes, r.sink->size));
		for (uint64_t pfn = 0x10000; pfn < 0x11000; pfn++)
			if (kdump_is_kept(&k, pfn) && (pfn < 0x10400 || pfn >= 0x10740))
				assert_true(kdump_is_kept(&k, 0x10480) && kdump_is_kept(&k, 0x1073f));
		kdump_close(&k);
		last = j.ok;
		run_free(&r);
	}
	assert_true(last > all / 2);
}

/* Nobody could send descriptors of a stream again: its pages come by frame number. */
static void test_stream(void **state)
{
	struct mem_sink sink;
	struct kdump k;
	struct run r;

	(void)state;
	mem_sink_init(&sink, false);
	run_save(&r, core->path, &(struct run_how){ .level = 1, .codec = "none", .sink = &sink });
	assert_int_equal(r.rc, 0);
	assert_true(kdump_open(&k, sink.bytes, sink.size));
	assert_true(data_at(&k, 0x10000) < data_at(&k, 0x1073f));
	kdump_close(&k);
	run_free(&r);
	mem_sink_free(&sink);
}

/* Without room to note what goes first nothing does; the pages are the same. */
static void test_no_budget(void **state)
{
	struct early e;
	struct filter f;
	struct kernel k;
	struct err err = { 0 };
	struct early_order o = { 0 };

	(void)state;
	assert_int_equal(kernel_open(&k, core->path, &err), 0);
	assert_int_equal(filter_run(&f, &k, NULL, 1, 0, &err), 0);
	early_collect(&e, &f);
	assert_int_equal(e.total, 0);
	assert_null(early_next(&e, &o));
	early_free(&e);
	filter_free(&f);
	kernel_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_no_budget),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
