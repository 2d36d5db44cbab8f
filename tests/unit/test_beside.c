/* test_beside - is the manifest of a dump found, and is each changed byte of the dump noticed? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump/beside.h"
#include "dump/digest.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { SIZE = 3 * DIGEST_EXTENT / 2, CRASHED = 1234567890 };

static char dir[64], path[128];
static uint8_t *dump;

static int set_up(void **state)
{
	(void)state;
	tree_make(dir);
	dump = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		dump[i] = (uint8_t)(i * 7 + i / 4096);
	memcpy(dump, "KDUMP   ", 8);
	return !dump;
}

static int tear_down(void **state)
{
	(void)state;
	free(dump);
	tree_remove(dir);
	return 0;
}

static void append(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append(char *text, const char *fmt, ...)
{
	size_t n = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, 4096 - n, fmt, ap);
	va_end(ap);
}

/* A manifest with the sums of dump as it is. */
static void make_manifest(char *text, enum digest_kind kind, const char *file, uint64_t crashed)
{
	struct digest d;

	text[0] = 0;
	assert_int_equal(digest_init(&d, kind, SIZE, NULL), 0);
	digest_add(&d, dump, SIZE);
	digest_end(&d);
	append(text, "{ \"verdict\": \"degraded\", \"reason\": \"5 pages\", \"crash_time\": %llu,\n"
	       "\"file\": \"%s\", \"size\": %d, \"pages\": { \"size\": 4096, \"unreadable\": 5 },\n"
	       "\"digest\": { \"algorithm\": \"%s\", \"extents\": [", (unsigned long long)crashed, file, SIZE,
	       digest_names[kind]);
	for (size_t i = 0; i < d.nr; i++) {
		append(text, "%s [%zu, %zu, \"", i ? "," : "", i * DIGEST_EXTENT,
		       i + 1 < d.nr ? (size_t)DIGEST_EXTENT : SIZE - i * DIGEST_EXTENT);
		for (size_t b = 0; b < d.sum_len; b++)
			append(text, "%02x", d.sums[i * d.sum_len + b]);
		append(text, "\"]");
	}
	append(text, " ] } }\n");
	digest_free(&d);
}

static void count(void *ctx, const char *line)
{
	assert_non_null(strstr(line, "checksum"));
	++*(unsigned *)ctx;
}

/* The dump is written as `name`, with one byte changed or its end cut off; then it is looked at. */
static const struct {
	const char *why, *name, *file;	/* file: as the manifest calls it */
	uint64_t crashed;
	int64_t change, cut;		/* < 0: not */
	bool found;
	uint64_t bad, missing;
} cases[] = {
	{ "as it was", "vmcore", "vmcore", CRASHED, -1, -1, true, 0, 0 },
	{ "the name of an incomplete one", "vmcore-incomplete", "vmcore", CRASHED, -1, -1, true, 0, 0 },
	{ "the first byte", "vmcore", "vmcore", CRASHED, 0, -1, true, 1, 0 },
	{ "the last byte", "vmcore", "vmcore", CRASHED, SIZE - 1, -1, true, 1, 0 },
	{ "in the middle", "vmcore", "vmcore", CRASHED, SIZE / 2, -1, true, 1, 0 },
	{ "the last byte is gone", "vmcore", "vmcore", CRASHED, -1, SIZE - 1, true, 0, 1 },
	{ "more than an extent is gone", "vmcore", "vmcore", CRASHED, -1, 5000, true, 0, 2 },
	{ "gone and changed", "vmcore", "vmcore", CRASHED, 0, SIZE - 1, true, 1, 1 },
	{ "of another file", "vmcore", "vmcore.2", CRASHED, 0, -1, false, 0, 0 },
	{ "of another crash", "vmcore", "vmcore", CRASHED - 1, 0, -1, false, 0, 0 },
};

static void test_cases(void **state)
{
	static char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int kind = DIGEST_XXH64; kind <= DIGEST_SHA256; kind++) {
			struct extents x;
			struct beside b;
			struct bytes in;
			struct err e = { 0 };
			unsigned lines = 0;
			int fd;

			make_manifest(text, kind, cases[i].file, cases[i].crashed);
			tree_text(dir, "manifest.json", text);
			if (cases[i].change >= 0)
				dump[cases[i].change] ^= 1;
			tree_bytes(dir, cases[i].name, dump, cases[i].cut < 0 ? SIZE : (size_t)cases[i].cut);
			if (cases[i].change >= 0)
				dump[cases[i].change] ^= 1;
			snprintf(path, sizeof(path), "%s/%s", dir, cases[i].name);
			fd = open(path, O_RDONLY);
			assert_int_equal(bytes_open(&in, fd, false, &e), 0);
			assert_int_equal(beside_open(&b, path, &in, CRASHED, &e), 0);
			if (!b.text != !cases[i].found)
				fail_msg("%s: manifest found: %d", cases[i].why, b.text != NULL);
			if (b.text) {
				assert_true(b.unreadable == 5 && b.size == SIZE);
				assert_string_equal(b.verdict, "degraded");
				assert_string_equal(b.reason, "5 pages");
				assert_int_equal(beside_check(&b, &in, &x, count, &lines, &e), 0);
				if (x.all != 2 || x.bad != cases[i].bad || x.missing != cases[i].missing ||
				    lines != x.bad)
					fail_msg("%s: %llu bad, %llu missing", cases[i].why,
						 (unsigned long long)x.bad, (unsigned long long)x.missing);
			}
			beside_close(&b);
			bytes_close(&in);
			close(fd);
			unlink(path);
		}
}

static const struct {
	const char *why, *text;
	bool found;
} odd[] = {
	{ "empty", "", false },
	{ "no JSON", "hello", false },
	{ "cut", "{ \"crash_time\": 1234567890, \"file\": \"vmcore\", \"digest\": {", false },
	{ "no digests", "{ \"crash_time\": 1234567890, \"file\": \"vmcore\" }", true },
	{ "an unknown algorithm", "{ \"crash_time\": 1234567890, \"file\": \"vmcore\", \"digest\": "
	  "{ \"algorithm\": \"crc32\", \"extents\": [] } }", true },
	{ "an extent without end", "{ \"crash_time\": 1234567890, \"file\": \"vmcore\", \"digest\": "
	  "{ \"algorithm\": \"xxh64\", \"extents\": [[0, 18446744073709551615, \"00\"]] } }", true },
	{ "an extent of nothing", "{ \"crash_time\": 1234567890, \"file\": \"vmcore\", \"digest\": "
	  "{ \"algorithm\": \"xxh64\", \"extents\": [[0, 0, \"00\"]] } }", true },
	{ "an extent with two fields", "{ \"crash_time\": 1234567890, \"file\": \"vmcore\", \"digest\": "
	  "{ \"algorithm\": \"xxh64\", \"extents\": [[0, 5]] } }", true },
};

static void test_odd(void **state)
{
	(void)state;
	tree_bytes(dir, "vmcore", dump, SIZE);
	snprintf(path, sizeof(path), "%s/vmcore", dir);
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct extents x;
		struct beside b;
		struct bytes in;
		struct err e = { 0 };
		unsigned lines = 0;
		int fd = open(path, O_RDONLY);

		tree_text(dir, "manifest.json", odd[i].text);
		assert_int_equal(bytes_open(&in, fd, false, &e), 0);
		assert_int_equal(beside_open(&b, path, &in, CRASHED, &e), 0);
		if (!b.text != !odd[i].found)
			fail_msg("%s: found: %d", odd[i].why, b.text != NULL);
		if (b.text && beside_check(&b, &in, &x, count, &lines, &e) != -EINVAL)
			fail_msg("%s: is taken", odd[i].why);
		beside_close(&b);
		bytes_close(&in);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
