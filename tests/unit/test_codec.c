/* test_codec - does each codec's own decompressor give the page back, and each digest the known sum? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <lzo/lzo1x.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dump/adler.h"
#include "dump/codec.h"
#include "dump/digest.h"
#include "dump/huffman.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void zeros(uint8_t *p, size_t n)
{
	memset(p, 0, n);
}

static void one_bit(uint8_t *p, size_t n)
{
	memset(p, 0, n);
	p[n - 1] = 0x80;
}

static void text(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += 16)
		snprintf((char *)p + i, 16, "line %8zu\n", i);
}

static void noise(uint8_t *p, size_t n)
{
	uint64_t x = 42;

	for (size_t i = 0; i < n; i += 8)
		put_le64(p + i, next(&x));
}

static void pointers(uint8_t *p, size_t n)
{
	uint64_t x = 7;

	for (size_t i = 0; i < n; i += 8)
		put_le64(p + i, 0xffff888000000000ULL + (next(&x) & 0x3ffffc0));
}

static void half_noise(uint8_t *p, size_t n)
{
	noise(p, n);
	memset(p, 0x55, n / 2);
}

/* Counts as unequal as they get: the best codes would be longer than deflate's 15 bits. */
static void unequal(uint8_t *p, size_t n)
{
	size_t at = 0, a = 1, b = 1;
	uint64_t x = 3;

	for (uint8_t symbol = 0; at < n; symbol++) {
		for (size_t i = 0; i < a && at < n; i++)
			p[at++] = symbol;
		b += a;
		a = b - a;
	}
	for (size_t i = n - 1; i; i--) {
		size_t k = next(&x) % (i + 1);
		uint8_t other = p[k];

		p[k] = p[i];
		p[i] = other;
	}
}

/* The second half is the first: matches of the longest kind, as far away as they get. */
static void twice(uint8_t *p, size_t n)
{
	noise(p, n / 2);
	memcpy(p + n / 2, p, n / 2);
}

/* Copies of all lengths from all distances between bytes of few and of many kinds. */
static void mixture(uint8_t *p, size_t n)
{
	static uint64_t x = 11;
	size_t at = 0;

	while (at < n) {
		size_t len = next(&x) % (1 + (next(&x) & 0x1ff)), from = at ? next(&x) % at : 0;
		bool copy = at && next(&x) % 3;

		for (; len && at < n; len--, at++)
			p[at] = copy ? p[from++] : (uint8_t)(next(&x) & (x >> 60 ? 0x0f : 0xff));
	}
}

/* Each block of 16 KiB begins with bytes that have the longest codes, after any number of bits. */
static void rare_first(uint8_t *p, size_t n)
{
	static unsigned variant;

	memset(p, 0, n);
	for (size_t at = 0; at + 4096 <= n; at += 16384) {
		memcpy(p + at, "\x12\x13\x16\x17\x19", 5);
		for (unsigned i = 0; i < variant; i++)
			p[at + 64 + 48 * i] = (uint8_t)(0x21 + 37 * i + at / 16384);
		variant = (variant + 1) % 29;
	}
}

/* Numbers of literals and lengths of matches of all kinds, near and far, and the same distances again. */
static void sequences(uint8_t *p, size_t n)
{
	static uint64_t x = 5;
	size_t at = 0, dist = 1;

	while (at < n) {
		size_t lits = next(&x) & (0x3fffU >> next(&x) % 15), len = 3 + (next(&x) & (0x3fffU >> next(&x) % 15));

		for (; (lits || !at) && at < n; lits -= !!lits, at++)
			p[at] = (uint8_t)(x * at >> 11);
		if (next(&x) % 3 == 0)
			dist = 1 + next(&x) % (at < 300 || x & 1 << 20 ? at : 300);
		for (; len && at < n && dist <= at; len--, at++)
			p[at] = p[at - dist];
	}
}

/* An array of structs: pointers, small numbers, flags, a name. */
static void structs(uint8_t *p, size_t n)
{
	static uint64_t x = 9;
	size_t size = 24 + 8 * (next(&x) % 12);

	memset(p, 0, n);
	for (size_t at = 0; at + size <= n; at += size) {
		put_le64(p + at, 0xffff888000000000ULL + (next(&x) & 0x3ffffc0));
		put_le64(p + at + 8, at ? at / size : 0xffffea0000000000ULL);
		put_le64(p + at + 16, next(&x) % 3 ? 0x0017ffffc0000000ULL : 0xdead000000000100ULL);
		snprintf((char *)p + at + size - 8, 8, "eth%zu", at / size % 1000);
	}
}

/* As many kinds of bytes as the round says, each as often, in any order. */
static void few_kinds(uint8_t *p, size_t n)
{
	static uint64_t x = 13;
	static unsigned kinds;

	kinds = kinds * 3 / 2 + 2 > 256 ? 1 : kinds * 3 / 2 + 2;
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(next(&x) % kinds);
}

static const struct {
	const char *name;
	void (*make)(uint8_t *p, size_t n);
	bool shrinks;
} contents[] = {
	{ "zeros", zeros, true }, { "one bit", one_bit, true }, { "text", text, true }, { "noise", noise, false },
	{ "pointers", pointers, true }, { "half noise", half_noise, true }, { "unequal", unequal, true }, { "twice", twice, false },
	{ "a mixture", mixture, false }, { "rare bytes first", rare_first, true }, { "sequences", sequences, false },
	{ "structs", structs, true }, { "few kinds of bytes", few_kinds, false },
};

static size_t unpack(uint32_t flag, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	uLongf zlib_len = size;
	lzo_uint lzo_len = size;

	if (flag == PAGE_ZLIB)
		return uncompress(out, &zlib_len, in, len) == Z_OK ? zlib_len : 0;
	if (flag == PAGE_LZO)
		return lzo1x_decompress_safe(in, len, out, &lzo_len, NULL) == LZO_E_OK ? lzo_len : 0;
	return ZSTD_decompress(out, size, in, len);
}

/* State and output lie at the ends of their memory: a byte too many is seen. */
static void round_trips(const struct codec *c, size_t page)
{
	uint8_t *in = malloc(page), *out = malloc(codec_bound(page)), *back = malloc(page);
	void *state = calloc(1, c->state_size(page));

	assert_int_equal(c->init(state, page), 0);
	for (size_t i = 0; i < 20 * COUNT(contents); i++) {	/* the state is used again and again */
		size_t k = i % COUNT(contents), n;

		contents[k].make(in, page);
		n = c->pack(state, in, page, out);
		if (contents[k].shrinks && (!n || n >= page))
			fail_msg("%s: %s of %zu bytes became %zu", c->name, contents[k].name, page, n);
		if (n > codec_bound(page) || (n && unpack(c->flag, out, n, back, page) != page))
			fail_msg("%s: %s of %zu bytes cannot be unpacked", c->name, contents[k].name, page);
		if (n)
			assert_memory_equal(in, back, page);
		if (c->flag == PAGE_ZSTD && n) {	/* one frame, of one segment, that tells its size */
			assert_int_equal(ZSTD_findFrameCompressedSize(out, n), n);
			assert_int_equal(ZSTD_getFrameContentSize(out, n), page);
			assert_int_equal(out[4], 0x60);
		}
	}
	free(state);
	free(in);
	free(out);
	free(back);
}

static void test_round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; codec_names[i]; i++) {
		const struct codec *c = codec_find(codec_names[i]);

		assert_non_null(c);
		assert_string_equal(c->name, codec_names[i]);
		for (size_t page = 4096; c->flag != PAGE_RAW && page <= 65536; page *= 4)
			round_trips(c, page);
	}
	assert_null(codec_find("snappy"));
	assert_null(codec_find(""));
}

/* What is not worth packing is said by 0, which means: store it raw. */
static void test_none(void **state)
{
	const struct codec *c = codec_find("none");
	uint8_t page[4096] = { 0 }, out[8192];
	char one[1];

	(void)state;
	assert_int_equal(c->flag, PAGE_RAW);
	assert_int_equal(c->init(one, 4096), 0);
	assert_int_equal(c->pack(one, page, 4096, out), 0);
}

/* Readers know these numbers: DUMP_DH_COMPRESSED_* of makedumpfile. */
static void test_flags(void **state)
{
	(void)state;
	assert_int_equal(codec_find("zlib")->flag, 1);
	assert_int_equal(codec_find("zlib-fast")->flag, 1);
	assert_int_equal(codec_find("lzo")->flag, 2);
	assert_int_equal(codec_find("zstd")->flag, 0x20);
}

static void test_adler(void **state)
{
	static uint8_t bytes[3 * 4096 + 100];

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));	/* the largest sums */
	for (size_t len = 0; len <= sizeof(bytes); len += len < 300 ? 1 : 61)
		assert_int_equal(adler32_of(bytes, len), adler32(1, bytes, (unsigned)len));
	noise(bytes, sizeof(bytes) & ~7UL);
	for (size_t len = 0; len < 5000; len += 13)
		assert_int_equal(adler32_of(bytes + 1, len), adler32(1, bytes + 1, (unsigned)len));
}

/* Lengths that are a code (the sum of 2^-len is 1), none above the limit, and no rare symbol shorter than a common one. */
static void test_huffman(void **state)
{
	uint64_t x = 99;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint16_t counts[HUFFMAN_MAX_SYMBOLS] = { 0 };
		uint8_t lens[HUFFMAN_MAX_SYMBOLS];
		size_t n = 2 + next(&x) % (HUFFMAN_MAX_SYMBOLS - 1), seen = 0;
		unsigned max = n > 100 ? 15 : 7, sum = 0;

		for (size_t k = 0; k < n; k++) {
			counts[k] = next(&x) % 3 ? (uint16_t)(next(&x) >> 48 >> next(&x) % 16) : 0;
			seen += counts[k] != 0;
		}
		huffman_lengths(counts, n, max, lens);
		for (size_t k = 0; k < n; k++) {
			assert_int_equal(!lens[k], !counts[k]);
			assert_true(lens[k] <= max);
			sum += lens[k] ? 1U << (max - lens[k]) : 0;
			for (size_t j = 0; j < k && i < 100; j++)
				assert_false(counts[j] && counts[k] > counts[j] && lens[k] > lens[j]);
		}
		assert_int_equal(sum, seen > 1 ? 1U << max : seen << (max - 1));
	}
}

static void sum_is(const struct digest *d, size_t i, const char *hex)
{
	char got[65] = "";

	for (size_t b = 0; b < d->sum_len; b++)
		sprintf(got + 2 * b, "%02x", d->sums[i * d->sum_len + b]);
	assert_string_equal(got, hex);
}

/* Sums of xxh64sum(1) and sha256sum(1) of the same bytes. */
static const struct {
	const char *why;
	enum digest_kind kind;
	const char *bytes, *hex;
} sums[] = {
	{ "XXH64 with seed 0", DIGEST_XXH64, "abc", "44bc2cf5ad770999" },
	{ "SHA-256", DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
};

static void test_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sums); i++) {
		struct digest d;

		assert_int_equal(digest_init(&d, sums[i].kind, 100, NULL), 0);
		for (const char *p = sums[i].bytes; *p; p++)
			digest_add(&d, p, 1);
		digest_end(&d);
		digest_end(&d);			/* an empty extent is none */
		assert_int_equal(d.nr, 1);
		sum_is(&d, 0, sums[i].hex);
		digest_free(&d);
	}
}

/* Extents end where they should, whatever pieces the bytes come in; zeros need not be there. */
static void test_extents(void **state)
{
	size_t total = 2 * DIGEST_EXTENT + 12345, pieces[] = { 4096, 999983, 3 * DIGEST_EXTENT };
	uint8_t *bytes = malloc(total);
	struct digest one, d;

	(void)state;
	noise(bytes, total & ~7UL);
	memset(bytes + DIGEST_EXTENT - 100000, 0, 300000);
	for (int kind = DIGEST_XXH64; kind <= DIGEST_SHA256; kind++) {
		digest_init(&one, kind, total, NULL);
		digest_add(&one, bytes, DIGEST_EXTENT - 100000);
		digest_add_zeros(&one, 300000);
		digest_add(&one, bytes + DIGEST_EXTENT + 200000, total - DIGEST_EXTENT - 200000);
		digest_end(&one);
		assert_int_equal(one.nr, 3);
		assert_int_equal(one.total, total);
		for (size_t p = 0; p < COUNT(pieces); p++) {
			digest_init(&d, kind, total, NULL);
			for (size_t at = 0; at < total; at += pieces[p])
				digest_add(&d, bytes + at, total - at < pieces[p] ? total - at : pieces[p]);
			digest_end(&d);
			assert_int_equal(d.nr, 3);
			assert_memory_equal(one.sums, d.sums, 3 * d.sum_len);
			digest_free(&d);
		}
		digest_init(&d, kind, DIGEST_EXTENT, NULL);	/* just one, full */
		digest_add(&d, bytes, DIGEST_EXTENT);
		digest_end(&d);
		assert_int_equal(d.nr, 1);
		assert_memory_equal(one.sums, d.sums, d.sum_len);
		digest_free(&d);
		digest_free(&one);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips), cmocka_unit_test(test_none), cmocka_unit_test(test_flags),
		cmocka_unit_test(test_adler), cmocka_unit_test(test_huffman),
		cmocka_unit_test(test_sums), cmocka_unit_test(test_extents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
