/* test_unpack - does a page come out as it went in, and is anything else refused? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/codec.h"
#include "dump/unpack.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { MAX_PAGE = 65536 };

static const size_t page_sizes[] = { 4096, 16384, 65536 };

static void fill(uint8_t *page, size_t size, int how)
{
	for (size_t i = 0; i < size; i++)
		page[i] = how == 0 ? 0 : how == 1 ? (uint8_t)(i / 32) : (uint8_t)rand();
}

static size_t pack(const struct codec *c, const uint8_t *page, size_t size, uint8_t *out)
{
	void *state = calloc(1, c->state_size(size));
	size_t n;

	assert_int_equal(c->init(state, size), 0);
	n = c->pack(state, page, size, out);
	free(state);
	return n;
}

static void test_round_trip(void **state)
{
	struct unpacker *u = unpacker_new();
	uint8_t *page = malloc(MAX_PAGE), *got = malloc(MAX_PAGE), *packed = malloc(codec_bound(MAX_PAGE));

	(void)state;
	assert_non_null(u);
	srand(3);
	for (const char *const *name = codec_names; *name; name++)
		for (size_t s = 0; s < COUNT(page_sizes); s++)
			for (int how = 0; how < 3; how++) {
				const struct codec *c = codec_find(*name);
				size_t n;

				fill(page, page_sizes[s], how);
				n = pack(c, page, page_sizes[s], packed);
				if (!n)
					continue;
				if (unpack_page(u, c->flag, packed, n, got, page_sizes[s]) ||
				    memcmp(page, got, page_sizes[s]))
					fail_msg("%s, page of %zu", *name, page_sizes[s]);
			}
	assert_int_equal(unpack_page(u, PAGE_RAW, page, 4096, got, 4096), 0);
	assert_memory_equal(page, got, 4096);
	unpacker_free(u);
	unpacker_free(NULL);
	free(page);
	free(got);
	free(packed);
}

static const struct {
	const char *why;
	uint32_t flags;
	size_t len;			/* 0: as packed */
	size_t page_size;
	int rc;
} refused[] = {
	{ "raw, too short", PAGE_RAW, 4095, 4096, -EIO },
	{ "raw, too long", PAGE_RAW, 4097, 4096, -EIO },
	{ "zlib, cut", PAGE_ZLIB, 20, 4096, -EIO },
	{ "lzo, cut", PAGE_LZO, 20, 4096, -EIO },
	{ "zstd, cut", PAGE_ZSTD, 10, 4096, -EIO },
	{ "zlib, a larger page than it should be", PAGE_ZLIB, 0, 4095, -EIO },
	{ "lzo, the same", PAGE_LZO, 0, 4095, -EIO },
	{ "zstd, the same", PAGE_ZSTD, 0, 4095, -EIO },
	{ "zlib, a smaller page", PAGE_ZLIB, 0, 8192, -EIO },
	{ "lzo, the same", PAGE_LZO, 0, 8192, -EIO },
	{ "zstd, the same", PAGE_ZSTD, 0, 8192, -EIO },
	{ "snappy", PAGE_SNAPPY, 100, 4096, -EOPNOTSUPP },
	{ "two codecs at once", PAGE_ZLIB | PAGE_LZO, 100, 4096, -EOPNOTSUPP },
	{ "a flag that nobody knows", 0x80000000, 100, 4096, -EOPNOTSUPP },
};

static void test_refused(void **state)
{
	struct unpacker *u = unpacker_new();
	uint8_t page[4096], *packed = calloc(1, 8192), *got = malloc(8192);

	(void)state;
	fill(page, sizeof(page), 1);
	for (size_t i = 0; i < COUNT(refused); i++) {
		size_t len = refused[i].len;

		for (const char *const *name = codec_names; *name; name++)
			if (codec_find(*name)->flag == refused[i].flags && refused[i].flags) {
				size_t n = pack(codec_find(*name), page, sizeof(page), packed);

				len = len ? len : n;
			}
		if (unpack_page(u, refused[i].flags, packed, len, got, refused[i].page_size) != refused[i].rc)
			fail_msg("%s: is taken", refused[i].why);
	}
	/* And after all that it still works. */
	test_round_trip(state);
	unpacker_free(u);
	free(packed);
	free(got);
}

/* Nothing that is damaged may touch memory that is not its own; the sanitizers watch. */
static void test_flips(void **state)
{
	static const uint32_t flags[] = { PAGE_ZLIB, PAGE_LZO, PAGE_ZSTD };
	static const char *const names[] = { "zlib", "lzo", "zstd" };
	struct unpacker *u = unpacker_new();
	uint8_t page[4096];

	(void)state;
	srand(4);
	fill(page, sizeof(page), 1);
	for (size_t c = 0; c < COUNT(flags); c++) {
		uint8_t *packed = malloc(codec_bound(4096)), *got = malloc(4096), *exact;
		size_t n = pack(codec_find(names[c]), page, sizeof(page), packed);

		exact = malloc(n);
		for (int round = 0; round < 2000; round++) {
			memcpy(exact, packed, n);
			for (int k = 0; k <= round % 3; k++)
				exact[(size_t)rand() % n] = (uint8_t)rand();
			unpack_page(u, flags[c], exact, n, got, 4096);
		}
		assert_int_equal(unpack_page(u, flags[c], packed, n, got, 4096), 0);
		assert_memory_equal(got, page, 4096);
		free(exact);
		free(packed);
		free(got);
	}
	unpacker_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_flips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
