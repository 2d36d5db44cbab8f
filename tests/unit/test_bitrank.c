/* test_bitrank - are the bits of a bitmap in a file counted and found as if it were in memory? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump/bitrank.h"
#include "lib_tinydump.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { BYTES = 5 * 4096, SKEW = 4096 };

/* Runs of ones in an otherwise empty bitmap of `bits` bits. */
static const struct {
	const char *why;
	uint64_t bits;
	struct { uint64_t start, end; } runs[6];
} cases[] = {
	{ "nothing", BYTES * 8, { { 0, 0 } } },
	{ "the first bit", BYTES * 8, { { 0, 1 } } },
	{ "the last bit", BYTES * 8, { { BYTES * 8 - 1, BYTES * 8 } } },
	{ "all", BYTES * 8, { { 0, BYTES * 8 } } },
	{ "across a word and a section", BYTES * 8, { { 60, 70 }, { 32760, 32780 } } },
	{ "a section that ends full, then a gap", BYTES * 8, { { 32000, 32768 }, { 65537, 65540 } } },
	{ "two whole sections in the middle", BYTES * 8, { { 32768, 98304 } } },
	{ "bits behind the end do not count", 40001, { { 39990, 40100 }, { 50000, 50001 } } },
	{ "no bits at all", 0, { { 5, 9 } } },
};

static void compare(const char *why, const uint8_t *map, uint64_t bits, const struct bitrank *r)
{
	static struct rank_window w;
	uint64_t rank = 0, got, next = 0, start = 0, end = 0;

	w.held = NULL;
	for (uint64_t i = 0; i < bits; i++) {
		bool set = map[i / 8] >> i % 8 & 1;

		if (bitrank_of(r, &w, i, &got) != set || got != rank)
			fail_msg("%s: bit %llu", why, (unsigned long long)i);
		if (set) {
			next = i ? next : 0;
			if (bitrank_next(r, &w, &next, &got) != 1 || next != i || got != rank)
				fail_msg("%s: next bit %llu", why, (unsigned long long)i);
			next = i + 1;
			/* Runs are told whole, each once. */
			if (i >= end) {
				start = end;
				assert_int_equal(bitrank_run(r, &w, &start, &end), 1);
				assert_true(start == i && end > i);
			}
		} else {
			assert_true(i >= end || i < start);
		}
		rank += set;
	}
	assert_int_equal(bitrank_next(r, &w, &next, &got), 0);
	start = end;
	assert_int_equal(bitrank_run(r, &w, &start, &end), 0);
	assert_int_equal(bitrank_of(r, &w, bits, &got), 0);
	assert_true(got == rank && r->total == rank);
}

static void check(const char *why, const uint8_t *map, uint64_t bits)
{
	uint8_t *file = calloc(1, SKEW + BYTES);
	struct err e = { 0 };
	struct bitrank r;
	struct bytes in;
	char path[32];
	int fd;

	memcpy(file + SKEW, map, BYTES);
	file[0] = 'x';
	fd = tiny_file(file, SKEW + BYTES, path);
	assert_int_equal(bytes_open(&in, fd, false, &e), 0);
	assert_int_equal(bitrank_open(&r, &in, SKEW, bits, &e), 0);
	compare(why, map, bits, &r);
	bitrank_close(&r);
	bytes_close(&in);
	close(fd);
	free(file);
}

static void test_runs(void **state)
{
	uint8_t *map = malloc(BYTES);

	(void)state;
	for (size_t c = 0; c < COUNT(cases); c++) {
		memset(map, 0, BYTES);
		for (int k = 0; k < 6; k++)
			for (uint64_t i = cases[c].runs[k].start; i < cases[c].runs[k].end; i++)
				map[i / 8] |= (uint8_t)(1 << i % 8);
		check(cases[c].why, map, cases[c].bits);
	}
	free(map);
}

static void test_random(void **state)
{
	uint8_t *map = malloc(BYTES);

	(void)state;
	srand(2);
	for (int density = 1; density < 6; density++) {
		for (size_t i = 0; i < BYTES; i++)
			map[i] = rand() % 6 < density ? (uint8_t)rand() : 0;
		check("random", map, BYTES * 8 - (uint64_t)density);
	}
	free(map);
}

/* A bitmap of 2^40 bytes that is a hole costs nothing. */
static void test_hole(void **state)
{
	static struct rank_window w;
	uint64_t bits = (uint64_t)1 << 43, bit = 0, rank;
	struct err e = { 0 };
	struct bitrank r;
	struct bytes in;
	char path[32];
	int fd = tiny_file("x", 1, path);

	(void)state;
	assert_int_equal(pwrite(fd, "\x10", 1, 4096 + (off_t)(bits / 16)), 1);
	assert_int_equal(bytes_open(&in, fd, false, &e), 0);
	assert_int_equal(bitrank_open(&r, &in, 4096, bits, &e), 0);
	assert_int_equal(r.nr, 1);
	assert_int_equal(bitrank_next(&r, &w, &bit, &rank), 1);
	assert_true(bit == bits / 2 + 4 && rank == 0);
	bitrank_close(&r);
	bytes_close(&in);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
