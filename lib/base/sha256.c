/* sha256 - how is SHA-256 computed by the SHA extensions of x86? */
/* SPDX-License-Identifier: MIT */
#include "base/sha256.h"

#include <stdint.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

enum { BLOCK = 64 };

/* FIPS 180-4 section 4.2.2. */
static const uint32_t rounds[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/*
 * Whole blocks. The instructions want the eight words of the state as ABEF and CDGH, and do two
 * rounds each; the message schedule goes on in four vectors of four words, each used in its turn.
 */
__attribute__((target("sha,sse4.1"))) static void compress(uint32_t state[8], const uint8_t *p, size_t blocks)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
	__m128i w[4], abef_was, cdgh_was, k;

	for (; blocks; blocks--, p += BLOCK) {
		abef_was = abef;
		cdgh_was = cdgh;
		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p + i), swap);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			k = _mm_add_epi32(w[i & 3], _mm_load_si128((const __m128i *)rounds + i));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0e));
			if (i >= 12)
				continue;
			w[i & 3] = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
			w[i & 3] = _mm_add_epi32(w[i & 3], _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
			w[i & 3] = _mm_sha256msg2_epu32(w[i & 3], w[(i + 3) & 3]);
		}
		abef = _mm_add_epi32(abef, abef_was);
		cdgh = _mm_add_epi32(cdgh, cdgh_was);
	}
	abef = _mm_shuffle_epi32(abef, 0x1b);	/* FEBA */
	cdgh = _mm_shuffle_epi32(cdgh, 0xb1);	/* DCHG */
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(abef, cdgh, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(cdgh, abef, 8));
}

static void update(const br_hash_class **ctx, const void *data, size_t len)
{
	br_sha256_context *c = (br_sha256_context *)(void *)ctx;
	size_t have = c->count % BLOCK, part;
	const uint8_t *p = data;

	c->count += len;
	if (have) {
		part = BLOCK - have < len ? BLOCK - have : len;
		memcpy(c->buf + have, p, part);
		p += part;
		len -= part;
		if (have + part < BLOCK)
			return;
		compress(c->val, c->buf, 1);
	}
	compress(c->val, p, len / BLOCK);
	if (len % BLOCK)
		memcpy(c->buf, p + len / BLOCK * BLOCK, len % BLOCK);
}

/* The context stays as it is: more may follow. */
static void out(const br_hash_class *const *ctx, void *dst)
{
	const br_sha256_context *c = (const br_sha256_context *)(const void *)ctx;
	size_t have = c->count % BLOCK, len = have < BLOCK - 8 ? BLOCK : 2 * BLOCK;
	uint8_t last[2 * BLOCK] = { 0 };
	uint64_t bits = __builtin_bswap64(c->count * 8);
	uint32_t state[8], *words = dst;

	memcpy(state, c->val, sizeof(state));
	memcpy(last, c->buf, have);
	last[have] = 0x80;
	memcpy(last + len - 8, &bits, 8);
	compress(state, last, len / BLOCK);
	for (int i = 0; i < 8; i++)
		state[i] = __builtin_bswap32(state[i]);
	memcpy(words, state, sizeof(state));
}

static const br_hash_class by_cpu;

static void init(const br_hash_class **ctx)
{
	br_sha256_context *c = (br_sha256_context *)(void *)ctx;

	br_sha256_init(c);
	c->vtable = &by_cpu;
}

static uint64_t state(const br_hash_class *const *ctx, void *dst)
{
	return br_sha256_state((const br_sha256_context *)(const void *)ctx, dst);
}

static void set_state(const br_hash_class **ctx, const void *from, uint64_t count)
{
	br_sha256_set_state((br_sha256_context *)(void *)ctx, from, count);
}

static const br_hash_class by_cpu = {
	sizeof(br_sha256_context),
	BR_HASHDESC_ID(br_sha256_ID) | BR_HASHDESC_OUT(br_sha256_SIZE) | BR_HASHDESC_STATE(br_sha256_SIZE) |
		BR_HASHDESC_LBLEN(6) | BR_HASHDESC_MD_PADDING | BR_HASHDESC_MD_PADDING_BE,
	init, update, out, state, set_state,
};

bool sha256_is_fast(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (bit_SSSE3 | bit_SSE4_1)) != (bit_SSSE3 | bit_SSE4_1))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
}

const br_hash_class *sha256_class(void)
{
	return sha256_is_fast() ? &by_cpu : &br_sha256_vtable;
}
#else
bool sha256_is_fast(void)
{
	return false;
}

const br_hash_class *sha256_class(void)
{
	return &br_sha256_vtable;
}
#endif
