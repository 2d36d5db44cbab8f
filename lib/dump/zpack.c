/* zpack - a page packed in zstd's format, faster than by a library for all sizes. */
/* SPDX-License-Identifier: MIT */
#include "dump/zpack.h"

#include "dump/codec.h"
#include "dump/zliterals.h"
#include "dump/zsequences.h"

enum {
	HASH_BITS = 12,
	TAIL      = 16,			/* bytes at the end that begin no match */
	FRAME     = 4 + 1 + 2,		/* magic, descriptor, size of the page: RFC 8878, 3.1.1 */
	HEADERS   = FRAME + 3,		/* with that of the block */
};

struct zpacker {
	size_t page_size;
	uint16_t seen[1 << HASH_BITS];	/* by hash of bytes: where they were seen last */
	struct zliterals literals;
	uint8_t *lits;			/* what no match gives */
	struct zsequences sequences;	/* last: its list has no fixed length, the literals are behind it */
};

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return le32toh(n);
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return le64toh(n);
}

static inline uint32_t hash(uint64_t bytes)
{
	return (uint32_t)((bytes << 24) * 0x9E3779B185EBCA87ULL >> (64 - HASH_BITS));
}

static inline void see(struct zpacker *z, const uint8_t *in, const uint8_t *at)
{
	z->seen[hash(load64(at))] = (uint16_t)(at - in);
}

/* How many bytes at b are those at a, which is before it. */
static inline size_t match_len(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
	const uint8_t *start = b;

	for (; b + 8 <= end; a += 8, b += 8) {
		uint64_t differ = load64(a) ^ load64(b);

		if (differ)
			return (size_t)(b - start) + (size_t)(__builtin_ctzll(differ) >> 3);
	}
	while (b < end && *a == *b) {
		a++;
		b++;
	}
	return (size_t)(b - start);
}

/* 16 bytes behind both may be touched. */
static inline uint8_t *copy_literals(uint8_t *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, 16);
	for (size_t i = 16; i < n; i += 16)
		memcpy(to + i, from + i, 16);
	return to + n;
}

/*
 * Cut a page into literals and matches. What is not in the table is 0, where these bytes may be as well as anywhere:
 * so the first byte is a literal, and there is nothing to check but the bytes.
 */
static void find_matches(struct zpacker *z, const uint8_t *in, size_t len)
{
	const uint8_t *at = in + 1, *done = in, *end = in + len, *limit = end - TAIL;
	uint32_t rep1 = 1, rep2 = 4;

	memset(z->seen, 0, sizeof(z->seen));
	while (at < limit) {
		uint64_t here = load64(at);
		uint16_t *bucket = &z->seen[hash(here)];
		const uint8_t *from = in + *bucket;
		size_t n;
		uint32_t dist;

		*bucket = (uint16_t)(at - in);
		if (!((load32(at + 1 - rep1) ^ (uint32_t)(here >> 8)) << 8)) {
			at++;
			n = 3 + match_len(at + 3 - rep1, at + 3, end);
			z->lits = copy_literals(z->lits, done, (size_t)(at - done));
			zsequence_add(&z->sequences, (uint32_t)(at - done), (uint32_t)n, 1);
		} else if (!((load64(from) ^ here) << 24)) {
			n = 4 + match_len(from + 4, at + 4, end);
			while (at > done && from > in && at[-1] == from[-1]) {
				at--;
				from--;
				n++;
			}
			dist = (uint32_t)(at - from);
			z->lits = copy_literals(z->lits, done, (size_t)(at - done));
			zsequence_add(&z->sequences, (uint32_t)(at - done), (uint32_t)n, dist + 3);
			rep2 = rep1;
			rep1 = dist;
		} else {
			at += 1 + ((size_t)(at - done) >> 7);
			continue;
		}
		at += n;
		done = at;
		if (at >= limit)
			break;
		see(z, in, at - n + 2);
		see(z, in, at - 2);
		while (at < limit && load32(at) == load32(at - rep2)) {
			uint32_t swap = rep2;

			n = 4 + match_len(at + 4 - rep2, at + 4, end);
			rep2 = rep1;
			rep1 = swap;
			see(z, in, at);
			zsequence_add(&z->sequences, 0, (uint32_t)n, 1);
			at += n;
			done = at;
		}
	}
	memcpy(z->lits, done, (size_t)(end - done));
	z->lits += end - done;
}

size_t zpacker_size(size_t page_size)
{
	return offsetof(struct zpacker, sequences) + zsequences_size(page_size) + page_size + 32;
}

void zpacker_init(struct zpacker *z, size_t page_size)
{
	z->page_size = page_size;
	zsequences_init(&z->sequences);
}

size_t zpack_page(struct zpacker *z, const void *in, size_t len, void *out)
{
	uint8_t *lits = (uint8_t *)&z->sequences + zsequences_size(z->page_size), *to = out;
	size_t n, block;

	z->lits = lits;
	zsequences_clear(&z->sequences);
	find_matches(z, in, len);
	n = HEADERS + put_literals(&z->literals, lits, (size_t)(z->lits - lits), to + HEADERS);
	block = put_sequences(&z->sequences, to + n, codec_bound(len) - n - 8);
	n += block;
	if (!block || n >= len)
		return 0;
	block = n - HEADERS;
	memcpy(to, "\x28\xb5\x2f\xfd\x60", 5);	/* Single_Segment_Flag, a size of 2 bytes: 3.1.1.1.1 */
	to[5] = (uint8_t)(len - 256);
	to[6] = (uint8_t)((len - 256) >> 8);
	to[7] = (uint8_t)(1 | 2 << 1 | block << 3);	/* the last one, compressed: 3.1.1.2 */
	to[8] = (uint8_t)(block >> 5);
	to[9] = (uint8_t)(block >> 13);
	return n;
}
