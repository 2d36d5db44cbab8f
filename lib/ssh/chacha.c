/* chacha - how are four blocks of ChaCha20 made at a time? RFC 8439 section 2.3 */
/* SPDX-License-Identifier: MIT */
#include "ssh/chacha.h"

#include <string.h>

#include <bearssl.h>

#include "base/buf.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are stored as they are");

enum { BLOCK = 64, WIDE = 4 * BLOCK };

/* The same word of four blocks. */
typedef uint32_t lanes __attribute__((vector_size(16)));
typedef uint64_t pairs __attribute__((vector_size(16)));

static inline lanes rotate(lanes x, int n)
{
	return x << n | x >> (32 - n);
}

static inline void quarter(lanes *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 7);
}

static inline void mix(uint8_t *p, pairs x)
{
	pairs was;

	memcpy(&was, p, sizeof(was));
	was ^= x;
	memcpy(p, &was, sizeof(was));
}

/* Words a to a + 3 of the four blocks: from one vector a word to one a block. */
static inline void mix_words(uint8_t *p, const lanes *x, int a)
{
	lanes low = __builtin_shufflevector(x[a], x[a + 1], 0, 4, 1, 5);
	lanes high = __builtin_shufflevector(x[a], x[a + 1], 2, 6, 3, 7);
	lanes low2 = __builtin_shufflevector(x[a + 2], x[a + 3], 0, 4, 1, 5);
	lanes high2 = __builtin_shufflevector(x[a + 2], x[a + 3], 2, 6, 3, 7);

	p += 4 * a;
	mix(p, __builtin_shufflevector((pairs)low, (pairs)low2, 0, 2));
	mix(p + BLOCK, __builtin_shufflevector((pairs)low, (pairs)low2, 1, 3));
	mix(p + 2 * BLOCK, __builtin_shufflevector((pairs)high, (pairs)high2, 0, 2));
	mix(p + 3 * BLOCK, __builtin_shufflevector((pairs)high, (pairs)high2, 1, 3));
}

static void four_blocks(const lanes start[16], uint8_t *p)
{
	lanes x[16];

	memcpy(x, start, sizeof(x));
	for (int i = 0; i < 10; i++) {
		quarter(x, 0, 4, 8, 12);
		quarter(x, 1, 5, 9, 13);
		quarter(x, 2, 6, 10, 14);
		quarter(x, 3, 7, 11, 15);
		quarter(x, 0, 5, 10, 15);
		quarter(x, 1, 6, 11, 12);
		quarter(x, 2, 7, 8, 13);
		quarter(x, 3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++)
		x[i] += start[i];
	for (int a = 0; a < 16; a += 4)
		mix_words(p, x, a);
}

uint32_t ssh_chacha20(const void *key, const void *nonce, uint32_t counter, void *data, size_t len)
{
	static const uint32_t words[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint8_t *p = data;
	lanes x[16];

	if (len >= WIDE) {
		for (int i = 0; i < 16; i++) {
			uint32_t word = i < 4	  ? words[i]
					: i < 12  ? get_le32((const uint8_t *)key + 4 * (i - 4))
					: i == 12 ? counter
						  : get_le32((const uint8_t *)nonce + 4 * (i - 13));

			x[i] = (lanes){ word, word, word, word };
		}
		x[12] += (lanes){ 0, 1, 2, 3 };
	}
	for (; len >= WIDE; len -= WIDE, p += WIDE, counter += 4) {
		four_blocks(x, p);
		x[12] += (lanes){ 4, 4, 4, 4 };
	}
	return len ? br_chacha20_ct_run(key, nonce, counter, p, len) : counter;
}
