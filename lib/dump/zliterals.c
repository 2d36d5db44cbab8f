/* zliterals - the bytes of a zstd block that no match gives, by Huffman codes or as they are (RFC 8878, 3.1.1.3.1). */
/* SPDX-License-Identifier: MIT */
#include "dump/zliterals.h"

#include <stdbool.h>

enum {
	RAW, RLE, COMPRESSED,		/* RFC 8878, 3.1.1.3.1.1 */
	MAX_LEN      = 11,		/* of a code: 4.2.1 */
	MAX_WEIGHT_LOG = 6,		/* 4.2.1.2 */
	MAX_DIRECT   = 128,		/* weights of 4 bits: 4.2.1.1 */
	ONE_STREAM   = 1023,		/* most bytes in one: 3.1.1.3.1.1 */
	WORTHWHILE   = 48,		/* literals that may save more than the codes take to tell */
};

static size_t put_header(uint8_t *to, unsigned type, size_t n)
{
	if (n < 32) {
		to[0] = (uint8_t)(type | n << 3);
		return 1;
	}
	if (n < 4096) {
		to[0] = (uint8_t)(type | 1 << 2 | n << 4);
		to[1] = (uint8_t)(n >> 4);
		return 2;
	}
	to[0] = (uint8_t)(type | 3 << 2 | n << 4);
	to[1] = (uint8_t)(n >> 4);
	to[2] = (uint8_t)(n >> 12);
	return 3;
}

static size_t put_raw(const uint8_t *in, size_t n, uint8_t *to)
{
	size_t head = put_header(to, RAW, n);

	memcpy(to + head, in, n);
	return head + n;
}

/*
 * Each byte counted, in counts[0]; which ones occur. Four tables, since a count that was just changed is slow to change
 * again. Returns the largest count.
 */
static unsigned count(struct zliterals *z, const uint8_t *in, size_t n)
{
	unsigned most = 0;
	size_t i = 0, used = 0;

	memset(z->counts, 0, sizeof(z->counts));
	for (; i + 4 <= n; i += 4) {
		z->counts[0][in[i]]++;
		z->counts[1][in[i + 1]]++;
		z->counts[2][in[i + 2]]++;
		z->counts[3][in[i + 3]]++;
	}
	for (; i < n; i++)
		z->counts[0][in[i]]++;
	for (i = 0; i < 256; i += 4) {		/* four sums at once */
		uint64_t sum = 0, part;

		for (int k = 0; k < 4; k++) {
			memcpy(&part, &z->counts[k][i], sizeof(part));
			sum += part;
		}
		memcpy(&z->counts[0][i], &sum, sizeof(sum));
	}
	for (i = 0; i < 256; i++) {		/* no branch: which bytes occur cannot be predicted */
		unsigned seen = z->counts[0][i];

		z->bytes[used] = (uint8_t)i;
		used += seen != 0;
		most = seen > most ? seen : most;
	}
	z->used = used;
	return most;
}

/* Weights by FSE with two states that take turns: RFC 8878, 4.2.1.2. Returns bytes, 0 if that does not work. */
static size_t pack_weights(struct zliterals *z, size_t n, const uint16_t *counts, uint8_t *to)
{
	struct bits b = { .to = to + 1 };
	const struct fse *f = &z->fse;
	const uint8_t *w = z->weights;
	uint32_t even, odd;
	size_t most = 0;

	for (size_t i = 0; i < MAX_LEN + 2; i++)
		most = counts[i] > most ? counts[i] : most;
	if (n < 8 || most == n || most == 1)
		return 0;
	fse_normalize(&z->norm, counts, MAX_LEN + 2, n, n < 40 ? FSE_MIN_LOG : MAX_WEIGHT_LOG);
	fse_describe(&b, &z->norm);
	fse_build(&z->fse, &z->norm);
	if (n & 1) {
		even = fse_start(f, w[n - 1]);
		odd = fse_start(f, w[n - 2]);
		even = fse_put(&b, f, even, w[n - 3]);
		n -= 3;
	} else {
		odd = fse_start(f, w[n - 1]);
		even = fse_start(f, w[n - 2]);
		n -= 2;
	}
	for (; n; n -= 2) {
		odd = fse_put(&b, f, odd, w[n - 1]);
		even = fse_put(&b, f, even, w[n - 2]);
		flush(&b);
	}
	fse_end(&b, f, odd);
	fse_end(&b, f, even);
	put(&b, 1, 1);
	b.nr = (b.nr + 7) & ~7U;
	flush(&b);
	to[0] = (uint8_t)(b.to - to - 1);
	return (size_t)(b.to - to) <= 128 ? (size_t)(b.to - to) : 0;
}

/*
 * The codes, of which longer ones come first and those of the same length by byte (RFC 8878, 4.2.1), and what tells them:
 * the lengths of all but the last. Returns the bytes of that, 0 if it does not work.
 */
static size_t put_codes(struct zliterals *z, uint8_t *to)
{
	uint16_t nr[MAX_LEN + 2] = { 0 }, next[MAX_LEN + 2] = { 0 }, counts[MAX_LEN + 2] = { 0 };
	size_t last = z->bytes[z->used - 1], n;
	unsigned code = 0, max = 0;

	for (size_t i = 0; i < z->used; i++)
		nr[z->lens[z->bytes[i]]]++;
	for (unsigned len = MAX_LEN; len; len--) {
		next[len] = (uint16_t)code;
		code = (code + nr[len]) >> 1;
		max = nr[len] && !max ? len : max;
	}
	memset(z->weights, 0, sizeof(z->weights));
	for (size_t i = 0; i < z->used; i++) {
		uint8_t byte = z->bytes[i], len = z->lens[byte];

		z->weights[byte] = (uint8_t)(max + 1 - len);
		z->codes[byte] = (struct huffman_code){ next[len]++, len };
	}
	for (unsigned len = 1; len <= max; len++)
		counts[max + 1 - len] = nr[len];
	counts[z->weights[last]]--;
	counts[0] = (uint16_t)(last + 1 - z->used);
	z->weights[last] = 0;		/* makes an even number of half bytes */
	n = pack_weights(z, last, counts, to);
	if (last > MAX_DIRECT || (n && n <= 1 + (last + 1) / 2))
		return n;
	to[0] = (uint8_t)(127 + last);
	for (size_t i = 0; i < last; i += 2)
		to[1 + i / 2] = (uint8_t)(z->weights[i] << 4 | z->weights[i + 1]);
	return 1 + (last + 1) / 2;
}

/* The last byte first: a stream is read from its end. Returns where it ends. */
static uint8_t *put_stream(const struct zliterals *z, const uint8_t *in, size_t n, uint8_t *to)
{
	struct bits b = { .to = to };

	for (; n >= 5; n -= 5) {
#pragma GCC unroll 5
		for (size_t k = 1; k <= 5; k++)
			put_code(&b, z->codes[in[n - k]]);
		flush(&b);
	}
	while (n)
		put_code(&b, z->codes[in[--n]]);
	put(&b, 1, 1);
	flush(&b);
	return b.to + (b.nr > 0);
}

static size_t put_compressed(const struct zliterals *z, const uint8_t *in, size_t n, const uint8_t *codes, size_t codes_len,
			     uint8_t *to)
{
	size_t head = n <= ONE_STREAM ? 3 : n < 16384 ? 4 : 5, len;
	unsigned bits = n <= ONE_STREAM ? 10 : n < 16384 ? 14 : 18;
	uint8_t *at = to + head;
	uint64_t header;

	memcpy(at, codes, codes_len);
	at += codes_len;
	if (n <= ONE_STREAM) {
		at = put_stream(z, in, n, at);
	} else {
		size_t part = (n + 3) / 4;
		uint8_t *jump = at;

		at += 6;
		for (int i = 0; i < 4; i++, in += part) {
			uint8_t *end = put_stream(z, in, i < 3 ? part : n - 3 * part, at);

			if (i < 3) {
				jump[2 * i] = (uint8_t)(end - at);
				jump[2 * i + 1] = (uint8_t)((end - at) >> 8);
			}
			at = end;
		}
	}
	len = (size_t)(at - to);
	header = COMPRESSED | (head == 3 ? 0U : head - 2U) << 2 | (uint64_t)n << 4 | (uint64_t)(len - head) << (4 + bits);
	for (size_t i = 0; i < head; i++)
		to[i] = (uint8_t)(header >> (8 * i));
	return len;
}

size_t put_literals(struct zliterals *z, const uint8_t *in, size_t n, uint8_t *to)
{
	unsigned most;
	size_t codes_len, bits = 0;

	if (n < WORTHWHILE)
		return put_raw(in, n, to);
	most = count(z, in, n);
	if (most == n) {
		size_t head = put_header(to, RLE, n);

		to[head] = in[0];
		return head + 1;
	}
	if (most <= (n >> 7) + 4)
		return put_raw(in, n, to);
	huffman_lengths(z->counts[0], 256, n < 512 ? 8 : 10, z->lens);
	for (size_t i = 0; i < z->used; i++)
		bits += (size_t)z->counts[0][z->bytes[i]] * z->lens[z->bytes[i]];
	if (bits / 8 + 24 + n / 64 > n)
		return put_raw(in, n, to);
	codes_len = put_codes(z, z->told);
	if (!codes_len || codes_len + bits / 8 + 12 + n / 64 > n)
		return put_raw(in, n, to);
	return put_compressed(z, in, n, z->told, codes_len, to);
}
