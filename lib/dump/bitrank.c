/* bitrank - the bits of a bitmap that stays in its file, and how many are set before each. */
/* SPDX-License-Identifier: MIT */
#include "dump/bitrank.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"

enum { SECTION_BYTES = RANK_WORDS * 8 };

/* Load a section's words. Returns the bits set in it, or a negative errno. */
static int load(const struct bitrank *r, uint64_t section, uint64_t *words)
{
	uint8_t raw[SECTION_BYTES];
	uint64_t left = r->bits - section * RANK_BITS;
	int n = 0, rc = bytes_read(r->in, raw, sizeof(raw), r->at + section * SECTION_BYTES);

	if (rc && rc != -ENODATA)
		return rc;
	for (uint64_t i = 0; i < RANK_WORDS; i++) {
		words[i] = get_le64(raw + 8 * i);
		if (left <= 64 * i)
			words[i] = 0;
		else if (left - 64 * i < 64)
			words[i] &= ((uint64_t)1 << (left - 64 * i)) - 1;
		n += __builtin_popcountll(words[i]);
	}
	return n;
}

static int add_section(struct bitrank *r, size_t *room, uint64_t section)
{
	if (r->nr == *room) {
		size_t n = *room ? 2 * *room : 256;
		struct rank_section *p = realloc(r->sections, n * sizeof(*p));

		if (!p)
			return -ENOMEM;
		r->sections = p;
		*room = n;
	}
	r->sections[r->nr++] = (struct rank_section){ section, r->total };
	return 0;
}

int bitrank_open(struct bitrank *r, const struct bytes *in, uint64_t at, uint64_t bits, struct err *e)
{
	uint64_t words[RANK_WORDS], section = 0, end = (bits + RANK_BITS - 1) / RANK_BITS;
	size_t room = 0;
	int n;

	*r = (struct bitrank){ .in = in, .at = at, .bits = bits };
	while (section < end) {
		uint64_t next = bytes_next(in, at + section * SECTION_BYTES);

		if (next >= in->end)
			break;
		section = (next - at) / SECTION_BYTES;
		if (section >= end)
			break;
		n = load(r, section, words);
		if (n > 0 && add_section(r, &room, section))
			n = -ENOMEM;
		if (n < 0) {
			bitrank_close(r);
			return err_set(e, n, "read the bitmap at byte %llu", (unsigned long long)at);
		}
		r->total += (uint64_t)n;
		section++;
	}
	return 0;
}

void bitrank_close(struct bitrank *r)
{
	free(r->sections);
	*r = (struct bitrank){ 0 };
}

/* Index of the section, or else of the next one that has bits; r->nr if there is none. */
static size_t find(const struct bitrank *r, uint64_t section)
{
	size_t low = 0, high = r->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->sections[mid].section < section)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int hold(const struct bitrank *r, struct rank_window *w, const struct rank_section *s)
{
	unsigned sum = 0;
	int n;

	if (w->held == s)
		return 0;
	w->held = NULL;
	n = load(r, s->section, w->words);
	if (n < 0)
		return n;
	for (int i = 0; i < RANK_WORDS; i++) {
		w->before[i] = (uint16_t)sum;
		sum += (unsigned)__builtin_popcountll(w->words[i]);
	}
	w->held = s;
	return 0;
}

int bitrank_of(const struct bitrank *r, struct rank_window *w, uint64_t bit, uint64_t *rank)
{
	size_t i = find(r, bit / RANK_BITS);
	uint64_t word, mask;
	int rc;

	if (bit >= r->bits || i == r->nr) {
		*rank = r->total;
		return 0;
	}
	if (r->sections[i].section != bit / RANK_BITS) {
		*rank = r->sections[i].before;
		return 0;
	}
	rc = hold(r, w, &r->sections[i]);
	if (rc)
		return rc;
	word = w->words[bit % RANK_BITS / 64];
	mask = (uint64_t)1 << bit % 64;
	*rank = r->sections[i].before + w->before[bit % RANK_BITS / 64] +
		(uint64_t)__builtin_popcountll(word & (mask - 1));
	return word & mask ? 1 : 0;
}

/* First bit from `from` on in a section that is set, or with invert clear; RANK_BITS if there is none. */
static unsigned scan(const struct rank_window *w, unsigned from, bool invert)
{
	for (unsigned i = from / 64; i < RANK_WORDS; i++) {
		uint64_t word = invert ? ~w->words[i] : w->words[i];

		if (i == from / 64)
			word &= ~(uint64_t)0 << from % 64;
		if (word)
			return i * 64 + (unsigned)__builtin_ctzll(word);
	}
	return RANK_BITS;
}

int bitrank_next(const struct bitrank *r, struct rank_window *w, uint64_t *bit, uint64_t *rank)
{
	for (size_t i = find(r, *bit / RANK_BITS); *bit < r->bits && i < r->nr; i++) {
		uint64_t first = r->sections[i].section * RANK_BITS;
		unsigned at = *bit > first ? (unsigned)(*bit - first) : 0;
		int rc = hold(r, w, &r->sections[i]);

		if (rc)
			return rc;
		at = scan(w, at, false);
		if (at == RANK_BITS)
			continue;
		*bit = first + at;
		*rank = r->sections[i].before + w->before[at / 64] +
			(uint64_t)__builtin_popcountll(w->words[at / 64] & (((uint64_t)1 << at % 64) - 1));
		return 1;
	}
	return 0;
}

int bitrank_run(const struct bitrank *r, struct rank_window *w, uint64_t *start, uint64_t *end)
{
	uint64_t rank;
	int rc = bitrank_next(r, w, start, &rank);
	size_t i;

	if (rc <= 0)
		return rc;
	*end = *start;
	for (i = find(r, *start / RANK_BITS); i < r->nr; i++) {
		uint64_t first = r->sections[i].section * RANK_BITS;
		unsigned at;

		if (*end / RANK_BITS != r->sections[i].section)
			break;
		rc = hold(r, w, &r->sections[i]);
		if (rc)
			return rc;
		at = scan(w, (unsigned)(*end - first), true);
		*end = first + at;
		if (at < RANK_BITS)
			break;
	}
	return 1;
}
