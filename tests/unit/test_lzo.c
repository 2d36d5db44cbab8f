/* test_lzo - do ours and liblzo2 read each other's streams, and refuse the same ones? */
/* SPDX-License-Identifier: MIT */
#include <lzo/lzo1x.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/codec.h"
#include "dump/lzo.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* What pages are made of: bytes of so many kinds, of which so many thirds are copied from before, up to so far back. */
static const struct {
	const char *why;
	uint8_t  mask;
	unsigned copies, run;
	size_t   back;
} kinds[] = {
	{ "nothing but zeros", 0, 0, 4096, 1 },
	{ "short copies from near", 0xff, 2, 12, 2048 },
	{ "copies from all of a page", 0xff, 2, 511, 65536 },
	{ "few kinds of bytes", 3, 1, 64, 65536 },
	{ "hardly any copies", 0xff, 1, 40, 65536 },
	{ "long runs of literals", 0xff, 1, 2000, 65536 },
	{ "noise", 0xff, 0, 4096, 1 },
};

static void fill(uint8_t *p, size_t len, size_t kind, uint64_t *x)
{
	size_t at = 0;

	while (at < len) {
		size_t n = 1 + next(x) % kinds[kind].run, back = at < kinds[kind].back ? at : kinds[kind].back;
		size_t dist = back ? 1 + next(x) % back : 0;
		bool copy = at && next(x) % 3 < kinds[kind].copies;

		for (; n && at < len; n--, at++)
			p[at] = copy ? p[at - dist] : (uint8_t)(next(x) & kinds[kind].mask);
	}
}

/* A copy at the end of its memory: a byte too many is seen. */
static uint8_t *exactly(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len + !len);

	memcpy(copy, p, len);
	return copy;
}

/* Pack and unpack by both. Returns the stream, NULL if it would not be smaller. */
static uint8_t *round_trip(const uint8_t *page, size_t len, size_t *packed_len)
{
	static struct lzo_packer packer;	/* used again and again */
	uint8_t *in = exactly(page, len), *out = malloc(codec_bound(len)), *packed, *back = malloc(len + !len);
	size_t n = lzo_pack(&packer, in, len, out);
	lzo_uint theirs = len;

	packed = n ? exactly(out, n) : NULL;
	if (n && (n >= len || lzo_unpack(packed, n, back, len) != len || memcmp(back, page, len)))
		fail_msg("%zu bytes do not come back from %zu", len, n);
	if (n && (lzo1x_decompress_safe(packed, n, back, &theirs, NULL) != LZO_E_OK || theirs != len || memcmp(back, page, len)))
		fail_msg("liblzo2 does not read what became of %zu bytes", len);
	free(in);
	free(out);
	free(back);
	*packed_len = n;
	return packed;
}

/* Every length up to a small page, then some up to the largest and beyond; what has copies enough shrinks. */
static void test_lengths(void **state)
{
	static uint8_t page[70000];
	uint64_t x = 1;

	(void)state;
	for (size_t len = 0; len <= sizeof(page); len += len < 4100 ? 1 : 977) {
		size_t kind = len % COUNT(kinds), n;

		fill(page, len, kind, &x);
		free(round_trip(page, len, &n));
		if (!kind && len >= 64 && len <= LZO_PAGE_MAX)
			assert_in_range(n, 1, len / 8 + 16);
		if (len < 64 || len > LZO_PAGE_MAX)
			assert_int_equal(n, 0);
	}
	for (size_t kind = 0; kind < COUNT(kinds); kind++)
		for (size_t len = 4096; len <= LZO_PAGE_MAX; len *= 2) {
			size_t n;

			fill(page, len, kind, &x);
			free(round_trip(page, len, &n));
			if (!n && kind < 5)
				fail_msg("%s: %zu bytes do not shrink", kinds[kind].why, len);
		}
}

/* Copies from as far back as instructions of each kind reach, and from farther than that. */
static void test_far(void **state)
{
	static const size_t dists[] = { 5000, 16383, 16384, 16385, 16386, 30000, 32767, 32768, 32769, 48150, 49151, 49152, 60000 };
	static uint8_t page[LZO_PAGE_MAX];
	size_t at = sizeof(page) - 1000, n, m;
	uint64_t x = 9;

	(void)state;
	for (size_t i = 0; i < COUNT(dists); i++) {
		fill(page, sizeof(page), COUNT(kinds) - 1, &x);
		memset(page + 100, 7, 800);		/* or it would not shrink */
		memset(page + at - 4000, 7, 4000);	/* or places are skipped */
		memset(page + at - dists[i] - 4000, 7, 4000);
		free(round_trip(page, sizeof(page), &n));
		memcpy(page + at, page + at - dists[i], 900);
		free(round_trip(page, sizeof(page), &m));
		if (at - dists[i] > LZO_PAGE_MAX - LZO_FAR && m + 800 > n)
			fail_msg("%zu bytes back: %zu after %zu", dists[i], m, n);
	}
}

static void agree(const uint8_t *stream, size_t len, size_t room)
{
	uint8_t *in = exactly(stream, len), *ours = calloc(1, room + !room), *theirs = calloc(1, room + !room);
	lzo_uint n = room;
	bool good = lzo1x_decompress_safe(in, len, theirs, &n, NULL) == LZO_E_OK;
	size_t got = lzo_unpack(in, len, ours, room);

	if (got != (good ? n : SIZE_MAX) || (good && memcmp(ours, theirs, n)))
		fail_msg("a stream of %zu bytes, first %#x, for %zu: %zu, theirs %zu", len, len ? in[0] : 0U, room, got, good ? n : SIZE_MAX);
	free(in);
	free(ours);
	free(theirs);
}

/* Damaged, cut and lengthened streams, and room for less and for more: the same verdict, the same bytes. */
static void test_damage(void **state)
{
	static uint8_t page[LZO_PAGE_MAX];
	uint64_t x = 3;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t len = round % 10 ? 64 + next(&x) % 5000 : LZO_PAGE_MAX, n, damaged = 0;
		uint8_t *stream;

		fill(page, len, (size_t)round % COUNT(kinds), &x);
		stream = round_trip(page, len, &n);
		for (; stream && damaged < 30; damaged++) {
			uint8_t *bad = exactly(stream, n);

			for (uint64_t k = next(&x) % 3 + 1; k; k--)
				bad[next(&x) % (damaged % 2 || n < 20 ? n : 20)] = (uint8_t)next(&x);
			agree(bad, next(&x) % 4 ? n : next(&x) % n, next(&x) % 2 ? len : len + next(&x) % 600 - 60);
			free(bad);
		}
		free(stream);
	}
	for (size_t i = 0; i < 1 << 16; i++) {	/* all beginnings */
		uint8_t bytes[9] = { (uint8_t)i, (uint8_t)(i >> 8), 0, 4, 5, 0x11, 0, 0 };

		agree(bytes, 2 + i % 7, 40);
		agree(bytes, 8, 4096);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths), cmocka_unit_test(test_far), cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
