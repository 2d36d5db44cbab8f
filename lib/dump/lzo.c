/* lzo - a page packed as LZO1X, faster than by a library for all sizes. */
/* SPDX-License-Identifier: MIT */
#include "dump/lzo.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

enum {
	HASH_BITS = 12,
	TAIL      = 32,		/* bytes at the end that begin no match: what is read ahead stays within the page */
	PATIENCE  = 16,		/* literals until places are skipped, one more for each 64 literals */
};

/* A place, and where bytes with the same hash were seen before it. */
struct spot {
	size_t   at, from;
	uint64_t differ;	/* bits of the 8 bytes here and there */
};

struct job {
	const uint8_t *in;
	size_t   len, at, end;	/* of in; where to go on, and where the last match ends */
	uint8_t *out, *to;
};

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return le64toh(n);
}

static inline uint8_t *put16(uint8_t *to, size_t n)
{
	uint16_t le = htole16((uint16_t)n);

	memcpy(to, &le, sizeof(le));
	return to + sizeof(le);
}

static inline size_t hash(uint64_t bytes)
{
	return (bytes << 24) * 0x9E3779B97F4A7C15U >> (64 - HASH_BITS);	/* of 5 bytes */
}

static inline struct spot look(struct lzo_packer *p, const uint8_t *in, size_t at)
{
	uint64_t here = load64(in + at);
	uint16_t *last = &p->last[hash(here)];
	size_t from = *last;

	*last = (uint16_t)at;
	return (struct spot){ at, from, load64(in + from) ^ here };
}

static inline bool is_match(const struct spot *s)
{
	return !(uint32_t)s->differ;
}

/* The next match behind s, of which the literals begin at end. */
static inline bool search(struct lzo_packer *p, const uint8_t *in, size_t end, size_t limit, struct spot *s)
{
	size_t at = s->at + 1;

	for (; at < end + PATIENCE; at++) {
		*s = look(p, in, at);
		if (is_match(s))
			return true;
	}
	for (; at < limit; at += 1 + ((at - end) >> 6)) {
		*s = look(p, in, at);
		if (is_match(s))
			return true;
	}
	return false;
}

/* What is left of a length for which the instruction has no bits. */
static uint8_t *put_rest(uint8_t *to, size_t n)
{
	for (; n > 255; n -= 255)
		*to++ = 0;
	*to++ = (uint8_t)n;
	return to;
}

static uint8_t *put_literals(uint8_t *to, const uint8_t *start, const uint8_t *from, size_t n)
{
	if (to == start && n <= 255 - 17) {
		*to++ = (uint8_t)(17 + n);
	} else if (n <= 3) {
		to[-2] |= (uint8_t)n;
	} else if (n <= 18) {
		*to++ = (uint8_t)(n - 3);
	} else {
		*to++ = 0;
		to = put_rest(to, n - 18);
	}
	memcpy(to, from, n);
	return to + n;
}

static inline uint8_t *put_near(uint8_t *to, size_t len, size_t less)
{
	return put16(to, ((len - 1) << 5) + ((less & 7) << 2) + (less >> 3 << 8));
}

static inline uint8_t *put_match(uint8_t *to, size_t len, size_t dist)
{
	size_t max = 33, less = dist - 1;
	uint8_t code = 32;

	if (len <= 8 && dist <= LZO_NEAR)
		return put_near(to, len, less);
	if (dist > LZO_MIDDLE) {
		max = 9;
		less = dist - LZO_MIDDLE;
		code = (uint8_t)(16 | less >> 14 << 3);
	}
	*to++ = (uint8_t)(code | (len <= max ? len - 2 : 0));
	if (len > max)
		to = put_rest(to, len - max);
	return put16(to, less << 2);
}

/* Of a match of which the first 8 bytes are known to agree. */
static inline size_t long_match(const uint8_t *in, size_t from, size_t at, size_t len)
{
	size_t n = 8;

	for (; at + n + 8 <= len; n += 8) {
		uint64_t differ = load64(in + from + n) ^ load64(in + at + n);

		if (differ)
			return n + ((unsigned)__builtin_ctzll(differ) >> 3);
	}
	while (at + n < len && in[from + n] == in[at + n])
		n++;
	return n;
}

/*
 * A match of 4 to 7 bytes, and what is behind it: the four places where it may end are looked up while it is not yet known
 * which of them it is.
 */
static inline uint8_t *take_short(struct lzo_packer *p, const uint8_t *in, struct spot *s, uint8_t *to)
{
	uint64_t next = load64(in + s->at + 4), here;
	size_t froms[4] = { p->last[hash(next)], p->last[hash(next >> 8)], p->last[hash(next >> 16)], p->last[hash(next >> 24)] };
	size_t len = (unsigned)__builtin_ctzll(s->differ) >> 3, dist = s->at - s->from;

	s->at += len;
	s->from = froms[len - 4];
	here = load64(in + s->at);
	s->differ = load64(in + s->from) ^ here;
	p->last[hash(here)] = (uint16_t)s->at;
	return dist <= LZO_NEAR ? put_near(to, len, dist - 1) : put_match(to, len, dist);
}

/*
 * Matches that begin before limit, or a little behind. Each is 4 bytes at least and 3 of output at most: there is nothing
 * to check but, in the end, whether all of it shrank.
 */
static void pack_until(struct lzo_packer *p, struct job *j, size_t limit)
{
	const uint8_t *in = j->in;
	uint8_t *to = j->to;
	size_t end = j->end;
	struct spot s = look(p, in, j->at);

	while (s.at < limit && (is_match(&s) || search(p, in, end, limit, &s))) {
		size_t n = s.at - end;

		if (n && n <= 3 && to != j->out) {
			to[-2] |= (uint8_t)n;
			memcpy(to, in + end, 4);
			to += n;
		} else if (n) {
			to = put_literals(to, j->out, in + end, n);
		}
		if (s.differ) {
			to = take_short(p, in, &s, to);
			end = s.at;
			continue;
		}
		n = long_match(in, s.from, s.at, j->len);
		to = put_match(to, n, s.at - s.from);
		s.at = end = s.at + n;
		if (end >= limit)
			break;
		look(p, in, end - 1);
		s = look(p, in, end);
	}
	j->to = to;
	j->end = end;
	j->at = s.at + 1;
}

/* What is not in the table is 0, where these bytes may be as well as anywhere: so the first byte is a literal. */
size_t lzo_pack(struct lzo_packer *p, const void *page, size_t len, void *out)
{
	struct job j = { .in = page, .len = len, .at = 1, .out = out, .to = out };

	if (len < 2 * TAIL || len > LZO_PAGE_MAX)
		return 0;
	memset(p->last, 0, sizeof(p->last));
	pack_until(p, &j, (len < LZO_FAR ? len : LZO_FAR) - TAIL);
	if (len > LZO_FAR && j.at < len - TAIL) {
		for (size_t i = 0; i < sizeof(p->last) / sizeof(p->last[0]); i++)
			if (p->last[i] < LZO_PAGE_MAX - LZO_FAR)
				p->last[i] = LZO_PAGE_MAX - LZO_FAR;
		pack_until(p, &j, len - TAIL);
	}
	if ((size_t)(j.to - j.out) + (len - j.end) >= len)
		return 0;
	if (j.end < len)
		j.to = put_literals(j.to, j.out, j.in + j.end, len - j.end);
	memcpy(j.to, "\x11\0", 3);
	j.to += 3;
	return (size_t)(j.to - j.out) < len ? (size_t)(j.to - j.out) : 0;
}
