/* test_plan - does the plan stay inside the memory that there is? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dump/codec.h"
#include "dump/plan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB (1ULL << 20)

enum { CODEC = 72 << 10, FIXED = 1312 << 10 };

static const struct {
	const char *why;
	uint64_t avail;
	unsigned cpus, wanted, threads;
	unsigned chunk_pages;		/* 0: whatever */
} cases[] = {
	{ "plenty: a thread per CPU", 16384 * MIB, 4, 0, 4, 256 },
	{ "asked for: more threads than CPUs", 16384 * MIB, 2, 8, 8, 256 },
	{ "asked for: one", 16384 * MIB, 64, 1, 1, 256 },
	{ "an 80M kernel leaves 15 MiB: both CPUs work", 15 * MIB, 2, 0, 2, 0 },
	{ "4 MiB: one CPU does", 4 * MIB, 4, 0, 0, 0 },
	{ "nothing: one thread, small chunks, and hope", 0, 4, 0, 1, 32 },
	{ "no CPU is known", 16384 * MIB, 0, 0, 1, 256 },
	{ "more CPUs than make sense", UINT64_MAX / 2, 4096, 0, 256, 256 },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct plan p = plan_make(cases[i].avail, cases[i].cpus, cases[i].wanted, 4096, CODEC, FIXED);

		if ((cases[i].threads && p.threads != cases[i].threads) ||
		    (cases[i].chunk_pages && p.chunk_pages != cases[i].chunk_pages))
			fail_msg("%s: %u threads, chunks of %u", cases[i].why, p.threads, p.chunk_pages);
	}
}

/* For any memory: chunks hold their pages in the worst case, and half of memory is left to the kernel. */
static void test_fits(void **state)
{
	(void)state;
	for (uint64_t avail = 0; avail < 1024 * MIB; avail = avail * 5 / 4 + 65536)
		for (unsigned cpus = 1; cpus <= 64; cpus *= 4)
			for (size_t page = 4096; page <= 65536; page *= 16) {
				struct plan p = plan_make(avail, cpus, 0, page, CODEC, FIXED);

				assert_true(p.threads >= 1 && p.threads <= cpus && p.chunk_pages >= 1);
				assert_true(p.chunk_bytes >= (p.chunk_pages - 1) * page + codec_bound(page));
				assert_true(p.window && !(p.window & (p.window - 1)) && p.window >= page);
				if (p.threads > 1 && p.total > avail / 2)
					fail_msg("%zu bytes planned of %llu for %u threads", p.total,
						 (unsigned long long)avail, p.threads);
			}
}

static void test_meminfo(void **state)
{
	(void)state;
	assert_true(memory_available() > MIB && memory_available() < 1ULL << 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_fits), cmocka_unit_test(test_meminfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
