/* adler - the checksum at the end of a stream of zlib. */
/* SPDX-License-Identifier: MIT */
#include "dump/adler.h"

#include <string.h>

enum {
	MOD  = 65521,			/* the largest prime below 65536 */
	ROW  = 16, ROWS = 8,		/* bytes in a row, rows at once */
	STEP = 256 * ROW,		/* bytes of which the sum of a column has 16 bits: 256 times 255 */
};

typedef uint8_t  bytes16 __attribute__((vector_size(16)));
typedef uint16_t sums8 __attribute__((vector_size(16)));
typedef uint32_t sums4 __attribute__((vector_size(16)));

/* Each lane, as bytes in memory, with zeros behind it: a number of twice the width in little-endian order. */
#define WIDER_LOW8(v)  ((sums8)__builtin_shufflevector(v, (bytes16){ 0 }, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, \
						       22, 7, 23))
#define WIDER_HIGH8(v) ((sums8)__builtin_shufflevector(v, (bytes16){ 0 }, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, \
						       14, 30, 15, 31))
#define WIDER_LOW4(v)  ((sums4)__builtin_shufflevector(v, (sums8){ 0 }, 0, 8, 1, 9, 2, 10, 3, 11))
#define WIDER_HIGH4(v) ((sums4)__builtin_shufflevector(v, (sums8){ 0 }, 4, 12, 5, 13, 6, 14, 7, 15))

/* Half of the columns. */
struct columns {
	sums8 sum;			/* of the bytes so far */
	sums4 low, high;		/* of these sums, one for each row */
};

static inline void add_rows(struct columns *c, sums8 bytes, sums8 sums)
{
	c->low += WIDER_LOW4(c->sum) * ROWS + WIDER_LOW4(sums);
	c->high += WIDER_HIGH4(c->sum) * ROWS + WIDER_HIGH4(sums);
	c->sum += bytes;
}

static void add_up(const struct columns *c, unsigned first, uint64_t *sum, uint64_t *sums)
{
	for (unsigned lane = 0; lane < 8; lane++) {
		*sum += c->sum[lane];
		*sums += (uint64_t)ROW * (lane < 4 ? c->low[lane] : c->high[lane - 4]) -
			 (uint64_t)(first + lane) * c->sum[lane];
	}
}

/* STEP bytes at most, a multiple of ROWS * ROW. What ROWS rows add to the sums of a column fits 16 bits. */
static void step(const uint8_t *p, size_t n, uint32_t *a, uint32_t *b)
{
	struct columns left = { 0 }, right = { 0 };
	uint64_t sum = 0, sums = 0;

	for (const uint8_t *end = p + n; p < end; p += ROWS * ROW) {
		sums8 l = { 0 }, l_sums = { 0 }, r = { 0 }, r_sums = { 0 };

#pragma GCC unroll 8
		for (int i = 0; i < ROWS; i++) {
			bytes16 row;

			memcpy(&row, p + i * ROW, ROW);
			l += WIDER_LOW8(row);
			r += WIDER_HIGH8(row);
			l_sums += l;
			r_sums += r;
		}
		add_rows(&left, l, l_sums);
		add_rows(&right, r, r_sums);
	}
	add_up(&left, 0, &sum, &sums);
	add_up(&right, 8, &sum, &sums);
	*b = (uint32_t)((*b + (uint64_t)*a * n + sums) % MOD);
	*a = (uint32_t)((*a + sum) % MOD);
}

uint32_t adler32_of(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t a = 1, b = 0;

	for (size_t n; len >= ROWS * ROW; p += n, len -= n) {
		n = len < STEP ? len & ~(size_t)(ROWS * ROW - 1) : STEP;
		step(p, n, &a, &b);
	}
	for (; len; len--) {
		a = (a + *p++) % MOD;
		b = (b + a) % MOD;
	}
	return b << 16 | a;
}
