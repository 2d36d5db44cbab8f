/* deflate - a page packed in zlib's format, faster than by a library for all sizes. */
/* SPDX-License-Identifier: MIT */
#include "dump/deflate.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>


#include "dump/adler.h"
#include "dump/codelens.h"

enum {
	BLOCK       = 16 << 10,		/* matches stay inside one: positions have 16 bits */
	HASH_BITS   = 12,
	MIN_MATCH   = 4,
	MAX_MATCH   = 258,		/* RFC 1951, 3.2.5 */
	TAIL        = 8,		/* bytes at the end that begin no match */
	END_OF_BLOCK = 256,
	TYPICAL_MAX = 10,		/* bits of a literal's code below */
	MAX_LEN     = HUFFMAN_MAX_LEN,
};

/* Literals and the match that follows them; len 0: none, at the end of a block. */
struct sequence {
	uint16_t lits, len, dist;
	uint8_t  len_slot, dist_slot;
};

struct deflater {
	enum deflate_effort effort;
	size_t   page;			/* bytes of it */
	union {				/* by hash of 4 bytes: where they were seen last */
		uint16_t last[1 << HASH_BITS];		/* DEFLATE_FAST */
		uint32_t last_two[1 << HASH_BITS];	/* and above that where last but one */
	} seen;
	uint16_t litlen_counts[NR_LITLENS], dist_counts[NR_DISTS];
	uint8_t  lens[NR_LITLENS + NR_DISTS];	/* of the codes of both */
	struct huffman_code litlens[NR_LITLENS], dists[NR_DISTS];
	uint8_t  typical[MAX_CODES];	/* DEFLATE_FAST: what tells the codes: whole bytes, and bits after them */
	size_t   nr_typical;
	unsigned typical_bits;
	size_t   nr, lits;		/* sequences, literals in them */
	struct sequence sequences[BLOCK / MIN_MATCH + 1];
	uint8_t  len_slots[MAX_MATCH + 1];	/* by length: its symbol less 257 */
	uint8_t  dist_slots[512];	/* by distance - 1, from 256 on by its 128th part */
};

/* RFC 1951, 3.2.5 */
static const uint16_t len_base[] = {
	3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
};
static const uint8_t len_extra[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
};
static const uint16_t dist_base[] = {
	1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
	8193, 12289, 16385, 24577,
};
static const uint8_t dist_extra[] = {
	0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
};

/* DEFLATE_FAST: the best for all pages together that level 31 leaves of a 5.10 and a 6.1 kernel. */
static const uint8_t typical_lens[NR_LITLENS + NR_DISTS] = {
	4, 7, 8, 8, 8, 8, 9, 9, 7, 9, 9, 9, 8, 9, 9, 7, 8, 9, 10, 10, 9, 9, 10, 10, 8, 10, 10,
	10, 9, 10, 10, 9, 7, 9, 10, 10, 7, 9, 10, 10, 8, 9, 10, 9, 9, 10, 10, 10, 8, 8, 10, 10,
	9, 10, 10, 10, 8, 8, 10, 10, 9, 9, 10, 9, 8, 7, 9, 9, 7, 8, 9, 9, 5, 8, 10, 10, 7, 9, 9,
	9, 8, 10, 9, 9, 8, 9, 9, 9, 9, 10, 10, 9, 9, 9, 10, 8, 8, 8, 9, 8, 8, 7, 8, 9, 8, 8, 10,
	9, 8, 8, 8, 8, 8, 10, 8, 8, 7, 8, 9, 9, 8, 9, 10, 10, 9, 9, 10, 9, 7, 9, 9, 7, 8, 7, 9,
	9, 7, 6, 10, 6, 10, 8, 10, 10, 8, 10, 10, 10, 10, 9, 10, 10, 9, 10, 10, 10, 10, 10, 10,
	10, 8, 10, 9, 9, 10, 10, 10, 10, 9, 10, 10, 10, 10, 10, 10, 9, 9, 10, 10, 10, 10, 10, 9,
	9, 8, 10, 9, 10, 9, 9, 9, 9, 7, 8, 9, 9, 9, 9, 9, 8, 7, 9, 9, 10, 9, 10, 10, 9, 8, 10, 9,
	9, 10, 10, 10, 10, 9, 10, 10, 9, 10, 10, 9, 9, 8, 10, 9, 10, 9, 10, 9, 9, 7, 8, 9, 8, 9,
	9, 9, 9, 8, 10, 9, 9, 9, 9, 8, 9, 8, 9, 9, 9, 9, 9, 6, 5, 10, 14, 5, 6, 6, 4, 5, 8, 8, 7,
	7, 7, 9, 9, 8, 8, 8, 8, 7, 11, 7, 10, 11, 12, 10, 12, 14, 12, 13, 8, 5, 10, 11, 7, 9, 3,
	6, 5, 5, 5, 4, 3, 5, 4, 4, 4, 4, 5, 4, 5, 4, 5, 5, 8, 14, 14, 14, 14, 13, 13,
};

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

/* ---- matches ---- */

static inline size_t match_len(const uint8_t *a, const uint8_t *b, size_t max)
{
	size_t n = MIN_MATCH;

	for (; n + 8 <= max; n += 8) {
		uint64_t differ = le64toh(load64(a + n) ^ load64(b + n));

		if (differ)
			return n + (size_t)(__builtin_ctzll(differ) >> 3);
	}
	while (n < max && a[n] == b[n])
		n++;
	return n;
}

static inline uint32_t hash(uint32_t bytes)
{
	return bytes * 0x9E3779B1U >> (32 - HASH_BITS);
}

static inline const struct sequence *take_match(struct deflater *d, size_t lits, size_t len, size_t dist)
{
	struct sequence *s = &d->sequences[d->nr++];

	*s = (struct sequence){
		(uint16_t)lits, (uint16_t)len, (uint16_t)dist, d->len_slots[len],
		d->dist_slots[dist <= 256 ? dist - 1 : 256 + ((dist - 1) >> 7)],
	};
	d->lits += lits;
	return s;
}

/*
 * Cut a block into sequences and count what they are made of. What is not in the table is 0, where these bytes
 * may be as well as anywhere: so the first byte is a literal, and there is nothing to check but the bytes.
 * Returns how many literals are left.
 */
static size_t find_matches(struct deflater *d, const uint8_t *in, size_t len)
{
	size_t at = 1, end = 0, limit = len > TAIL ? len - TAIL : 1;

	memset(d->seen.last_two, 0, sizeof(d->seen.last_two));
	memset(d->litlen_counts, 0, sizeof(d->litlen_counts));
	memset(d->dist_counts, 0, sizeof(d->dist_counts));
	d->litlen_counts[in[0]]++;
	while (at < limit) {
		uint32_t here = load32(in + at), *bucket = &d->seen.last_two[hash(here)], seen = *bucket;
		size_t from = seen & 0xffff, older = seen >> 16, n = 0, max;
		const struct sequence *s;

		*bucket = seen << 16 | (uint32_t)at;
		if (load32(in + from) != here && load32(in + older) != here) {
			d->litlen_counts[in[at++]]++;
			continue;
		}
		max = len - at < MAX_MATCH ? len - at : MAX_MATCH;
		if (load32(in + from) == here)
			n = match_len(in + from, in + at, max);
		if (n < max && load32(in + older) == here && in[older + n] == in[at + n]) {
			size_t m = match_len(in + older, in + at, max);

			if (m > n) {
				n = m;
				from = older;
			}
		}
		s = take_match(d, at - end, n, at - from);
		d->litlen_counts[257 + s->len_slot]++;
		d->dist_counts[s->dist_slot]++;
		at += n;
		end = at;
		if (at < limit) {
			bucket = &d->seen.last_two[hash(load32(in + at - 1))];
			*bucket = *bucket << 16 | (uint32_t)(at - 1);
		}
	}
	for (; at < len; at++)
		d->litlen_counts[in[at]]++;
	d->litlen_counts[END_OF_BLOCK] = 1;
	return at - end;
}

/* The same with less effort: one place is looked at and nothing is counted. */
static size_t find_fast(struct deflater *d, const uint8_t *in, size_t len)
{
	size_t at = 1, end = 0, limit = len > TAIL ? len - TAIL : 1;

	memset(d->seen.last, 0, sizeof(d->seen.last));
	while (at < limit) {
		uint32_t here = load32(in + at);
		uint16_t *bucket = &d->seen.last[hash(here)];
		size_t from = *bucket, n;

		*bucket = (uint16_t)at;
		if (load32(in + from) != here) {
			at++;
			continue;
		}
		n = match_len(in + from, in + at, len - at < MAX_MATCH ? len - at : MAX_MATCH);
		take_match(d, at - end, n, at - from);
		at += n;
		end = at;
		if (at < limit)
			d->seen.last[hash(load32(in + at - 1))] = (uint16_t)(at - 1);
	}
	return len - end;
}

static inline void put_sequences(const struct deflater *d, struct bits *to, const uint8_t *in, size_t at_once)
{
	struct bits b = *to;

	for (size_t i = 0; i < d->nr; i++) {
		const struct sequence s = d->sequences[i];
		size_t n = s.lits;

		for (; n >= at_once; n -= at_once) {
#pragma GCC unroll 5
			for (size_t k = 0; k < at_once; k++)
				put_code(&b, d->litlens[*in++]);
			flush(&b);
		}
		for (; n; n--)
			put_code(&b, d->litlens[*in++]);
		flush(&b);
		if (!s.len)
			break;
		put_code(&b, d->litlens[257 + s.len_slot]);
		put(&b, s.len - (unsigned)len_base[s.len_slot], len_extra[s.len_slot]);
		put_code(&b, d->dists[s.dist_slot]);
		put(&b, s.dist - (unsigned)dist_base[s.dist_slot], dist_extra[s.dist_slot]);
		flush(&b);
		in += s.len;
	}
	put_code(&b, d->litlens[END_OF_BLOCK]);
	flush(&b);
	*to = b;
}

/* Bytes of a block's sequences, with the codes that it has. */
static size_t bytes_wanted(const struct deflater *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NR_LITLENS; i++)
		sum += (uint64_t)d->litlen_counts[i] * (d->lens[i] + (i > 256 ? len_extra[i - 257] : 0U));
	for (size_t i = 0; i < NR_DISTS; i++)
		sum += (uint64_t)d->dist_counts[i] * (d->lens[NR_LITLENS + i] + dist_extra[i]);
	return sum / 8 + 1;
}

/* What find_fast has not counted. */
static void count(struct deflater *d, const uint8_t *in)
{
	memset(d->litlen_counts, 0, sizeof(d->litlen_counts));
	memset(d->dist_counts, 0, sizeof(d->dist_counts));
	for (size_t i = 0; i < d->nr; i++) {
		const struct sequence *s = &d->sequences[i];

		for (size_t n = s->lits; n; n--)
			d->litlen_counts[*in++]++;
		d->litlen_counts[s->len ? 257U + s->len_slot : END_OF_BLOCK]++;
		d->dist_counts[s->dist_slot] = (uint16_t)(d->dist_counts[s->dist_slot] + !!s->len);
		in += s->len;
	}
}

/* The longest codes for all would never give more. What would hardly shrink is not worth the time. */
static bool has_room(struct deflater *d, const struct bits *b, const uint8_t *in)
{
	size_t room = (size_t)(b->end - b->to);

	if (d->effort == DEFLATE_FAST && d->lits * 9 / 8 + d->nr * 3 > d->page / 8 * 7)
		return false;
	if (d->lits * (d->effort == DEFLATE_FAST ? TYPICAL_MAX : 16) / 8 + d->nr * 6 + 16 < room)
		return true;
	if (d->effort == DEFLATE_FAST)
		count(d, in);
	return bytes_wanted(d) + 16 < room;
}

static void set_codes(struct deflater *d)
{
	huffman_codes(d->lens, NR_LITLENS, d->litlens);
	huffman_codes(d->lens + NR_LITLENS, NR_DISTS, d->dists);
}

static bool put_block(struct deflater *d, struct bits *b, const uint8_t *in, size_t len, bool last)
{
	size_t lits;

	d->nr = d->lits = 0;
	lits = d->effort == DEFLATE_FAST ? find_fast(d, in, len) : find_matches(d, in, len);
	d->lits += lits;
	d->sequences[d->nr++] = (struct sequence){ .lits = (uint16_t)lits };
	put(b, last | 2 << 1, 3);
	if (d->effort == DEFLATE_SMALL) {
		huffman_lengths(d->litlen_counts, NR_LITLENS, MAX_LEN, d->lens);
		huffman_lengths(d->dist_counts, NR_DISTS, MAX_LEN, d->lens + NR_LITLENS);
		set_codes(d);
		put_code_lens(b, d->lens, d->lens + NR_LITLENS);
	} else {
		for (size_t i = 0; i < d->nr_typical; i++) {
			put(b, d->typical[i], 8);
			flush(b);
		}
		put(b, d->typical[d->nr_typical], d->typical_bits);
		flush(b);	/* put_sequences wants at most 7 bits to be left over */
	}
	if (!has_room(d, b, in))
		return false;
	if (d->effort == DEFLATE_FAST)
		put_sequences(d, b, in, 57 / TYPICAL_MAX);
	else
		put_sequences(d, b, in, 57 / MAX_LEN);
	return true;
}

size_t deflater_size(void)
{
	return sizeof(struct deflater);
}

static void use_typical(struct deflater *d)
{
	struct bits b = { .to = d->typical, .end = d->typical + sizeof(d->typical) };

	memcpy(d->lens, typical_lens, sizeof(d->lens));
	set_codes(d);
	put_code_lens(&b, d->lens, d->lens + NR_LITLENS);
	d->nr_typical = (size_t)(b.to - d->typical);
	d->typical_bits = b.nr;
}

void deflater_init(struct deflater *d, enum deflate_effort effort)
{
	d->effort = effort;
	if (effort == DEFLATE_FAST)
		use_typical(d);
	for (unsigned slot = 0; slot < 29; slot++)
		for (unsigned i = 0; i < 1U << len_extra[slot] && len_base[slot] + i <= MAX_MATCH; i++)
			d->len_slots[len_base[slot] + i] = (uint8_t)slot;
	for (unsigned slot = 0; slot < NR_DISTS; slot++)
		for (unsigned dist = dist_base[slot]; dist < dist_base[slot] + (1U << dist_extra[slot]); dist++)
			d->dist_slots[dist <= 256 ? dist - 1 : 256 + ((dist - 1) >> 7)] = (uint8_t)slot;
}

size_t deflate_page(struct deflater *d, const void *in, size_t len, void *out, size_t room)
{
	struct bits b = { .to = out, .end = (uint8_t *)out + (room < len ? room : len) };
	const uint8_t *from = in;
	uint32_t adler;

	d->page = len;
	put(&b, 0x0178, 16);		/* RFC 1950: deflate, window of 32 KiB, fastest */
	for (size_t at = 0, n; at < len; at += n) {
		n = len - at < BLOCK ? len - at : BLOCK;
		if ((size_t)(b.end - b.to) < MAX_CODES || !put_block(d, &b, from + at, n, at + n == len))
			return 0;
	}
	b.nr = (b.nr + 7) & ~7U;
	flush(&b);
	adler = htobe32(adler32_of(in, len));
	memcpy(b.to, &adler, sizeof(adler));
	return (size_t)(b.to + 4 - (uint8_t *)out);
}
