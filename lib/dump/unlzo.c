/* unlzo - the bytes out of a stream of LZO1X, whatever it holds. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "dump/lzo.h"

struct streams {
	const uint8_t *in;
	size_t   at, len;
	uint8_t *out;
	size_t   done, room;
};

/* One copy: see lzo.h. */
struct copy {
	size_t   len, dist;	/* dist 0: the end */
	unsigned literals;	/* behind it */
};

static bool literals(struct streams *s, size_t n)
{
	if (n > s->len - s->at || n > s->room - s->done)
		return false;
	memcpy(s->out + s->done, s->in + s->at, n);
	s->at += n;
	s->done += n;
	return true;
}

static bool copy_back(struct streams *s, size_t n, size_t dist)
{
	uint8_t *to = s->out + s->done;
	const uint8_t *from;

	if (dist > s->done || n > s->room - s->done)
		return false;
	from = to - dist;
	if (dist >= n)
		memcpy(to, from, n);
	else if (dist == 1)
		memset(to, *from, n);
	else
		for (size_t i = 0; i < n; i++)
			to[i] = from[i];
	s->done += n;
	return true;
}

/* The length in the lower bits of an instruction, or behind it. */
static bool get_length(struct streams *s, unsigned code, unsigned mask, size_t *n)
{
	*n = code & mask;
	if (*n)
		return true;
	for (*n = mask; s->at < s->len; *n += 255)
		if (s->in[s->at++]) {
			*n += s->in[s->at - 1];
			return true;
		}
	return false;
}

/* Of two bytes or one, which hold a distance. */
static bool get_copy(struct streams *s, unsigned code, unsigned state, struct copy *c)
{
	unsigned low;

	if (code >= 64 || code < 16) {
		if (s->at == s->len)
			return false;
		low = s->in[s->at++];
		c->literals = code & 3;
		c->len = code >= 64 ? (code >> 5) + 1 : state == 4 ? 3 : 2;
		c->dist = code >= 64 ? (low << 3) + (code >> 2 & 7) + 1 : (low << 2) + (code >> 2) + 1 + (state == 4 ? LZO_NEAR : 0);
		return true;
	}
	if (!get_length(s, code, code >= 32 ? 31 : 7, &c->len) || s->len - s->at < 2)
		return false;
	low = get_le16(s->in + s->at);
	s->at += 2;
	c->literals = low & 3;
	c->len += 2;
	c->dist = (low >> 2) + 1;
	if (code < 32)
		c->dist = (low >> 2 | (code & 8) << 11) ? (low >> 2 | (code & 8) << 11) + LZO_MIDDLE : 0;
	return true;
}

size_t lzo_unpack(const void *in, size_t len, void *out, size_t room)
{
	struct streams s = { .in = in, .len = len, .out = out, .room = room };
	unsigned state = 0;		/* literals copied last, 4 for more */
	struct copy c;
	size_t n;

	if (len && s.in[0] > 17) {
		n = s.in[s.at++] - 17U;
		state = n < 4 ? (unsigned)n : 4;
		if (!literals(&s, n))
			return SIZE_MAX;
	}
	while (s.at < s.len) {
		unsigned code = s.in[s.at++];

		if (code < 16 && !state) {
			if (!get_length(&s, code, 15, &n) || !literals(&s, n + 3))
				return SIZE_MAX;
			state = 4;
			continue;
		}
		if (!get_copy(&s, code, state, &c))
			return SIZE_MAX;
		if (!c.dist)
			return s.at == s.len ? s.done : SIZE_MAX;
		if (!copy_back(&s, c.len, c.dist) || !literals(&s, c.literals))
			return SIZE_MAX;
		state = c.literals;
	}
	return SIZE_MAX;
}
