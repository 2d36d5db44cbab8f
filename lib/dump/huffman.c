/* huffman - the shortest prefix codes for what was counted, as deflate wants them. */
/* SPDX-License-Identifier: MIT */
#include "dump/huffman.h"

#include <string.h>
#include <sys/types.h>

enum { BUCKETS = 128, SYMBOL_BITS = 9, SYMBOL_MASK = (1 << SYMBOL_BITS) - 1 };

/* Symbols that were seen, rarest first: count << SYMBOL_BITS | symbol. Returns how many. */
static size_t sort(const uint16_t *counts, size_t n, uint32_t *sorted)
{
	uint32_t seen[HUFFMAN_MAX_SYMBOLS + 1];
	uint16_t start[BUCKETS + 1] = { 0 };
	size_t nr = 0, last;

	for (size_t i = 0; i < n; i++) {	/* no branch: which symbols occur cannot be predicted */
		seen[nr] = (uint32_t)(counts[i] << SYMBOL_BITS | i);
		nr += counts[i] != 0;
	}
	for (size_t i = 0; i < nr; i++) {
		uint32_t count = seen[i] >> SYMBOL_BITS;

		start[(count < BUCKETS ? count : BUCKETS - 1) + 1]++;
	}
	for (int b = 1; b < BUCKETS; b++)
		start[b + 1] = (uint16_t)(start[b + 1] + start[b]);
	last = start[BUCKETS - 1];
	for (size_t i = 0; i < nr; i++) {
		uint32_t count = seen[i] >> SYMBOL_BITS;

		sorted[start[count < BUCKETS ? count : BUCKETS - 1]++] = seen[i];
	}
	/* The few that fell into the last bucket. */
	for (size_t i = last + 1; i < nr; i++) {
		uint32_t key = sorted[i];
		size_t at = i;

		for (; at > last && sorted[at - 1] > key; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = key;
	}
	return nr;
}

/*
 * The depth of each leaf in place of its count, rising counts in, falling depths out: Moffat and Katajainen, In-Place
 * Calculation of Minimum-Redundancy Codes, 1995. n is 2 at least.
 */
static void depths(uint32_t *a, size_t n)
{
	size_t leaf = 2, root = 0, next;
	size_t avail = 1, used = 0;
	uint32_t depth = 0;
	ssize_t at, inner;

	a[0] += a[1];
	for (next = 1; next < n - 1; next++) {
		if (leaf >= n || a[root] < a[leaf]) {
			a[next] = a[root];
			a[root++] = (uint32_t)next;
		} else {
			a[next] = a[leaf++];
		}
		if (leaf >= n || (root < next && a[root] < a[leaf])) {
			a[next] += a[root];
			a[root++] = (uint32_t)next;
		} else {
			a[next] += a[leaf++];
		}
	}
	a[n - 2] = 0;
	for (at = (ssize_t)n - 3; at >= 0; at--)
		a[at] = a[a[at]] + 1;
	inner = (ssize_t)n - 2;
	at = (ssize_t)n - 1;
	while (avail) {
		while (inner >= 0 && a[inner] == depth) {
			used++;
			inner--;
		}
		while (avail > used) {
			a[at--] = depth;
			avail--;
		}
		avail = 2 * used;
		depth++;
		used = 0;
	}
}

/* How many codes have each length, none above max. Longer ones take the place of others' children. */
static void limit(uint16_t *nr, const uint32_t *depth, size_t n, unsigned max)
{
	uint32_t total = 0;

	for (size_t i = 0; i < n; i++)
		nr[depth[i] < max ? depth[i] : max]++;
	for (unsigned len = 1; len <= max; len++)
		total += (uint32_t)nr[len] << (max - len);
	for (; total > 1U << max; total--) {
		unsigned len = max - 1;

		while (!nr[len])
			len--;
		nr[max]--;
		nr[len]--;
		nr[len + 1] = (uint16_t)(nr[len + 1] + 2);
	}
}

void huffman_lengths(const uint16_t *counts, size_t n, unsigned max_len, uint8_t *lens)
{
	uint32_t sorted[HUFFMAN_MAX_SYMBOLS], depth[HUFFMAN_MAX_SYMBOLS];
	uint16_t nr[HUFFMAN_MAX_LEN + 1] = { 0 };
	size_t seen = sort(counts, n, sorted), at = 0;

	memset(lens, 0, n);
	if (seen == 1)
		lens[sorted[0] & SYMBOL_MASK] = 1;
	if (seen < 2)
		return;
	for (size_t i = 0; i < seen; i++)
		depth[i] = sorted[i] >> SYMBOL_BITS;
	depths(depth, seen);
	limit(nr, depth, seen, max_len);
	for (unsigned len = max_len; len; len--)
		for (unsigned i = 0; i < nr[len]; i++)
			lens[sorted[at++] & SYMBOL_MASK] = (uint8_t)len;
}

static uint32_t reversed(uint32_t code, unsigned len)
{
	code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
	code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
	code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
	code = (code & 0x00ff) << 8 | (code >> 8 & 0x00ff);
	return code >> (16 - len);
}

void huffman_codes(const uint8_t *lens, size_t n, struct huffman_code *codes)
{
	uint16_t next[HUFFMAN_MAX_LEN + 1] = { 0 }, nr[HUFFMAN_MAX_LEN + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		nr[lens[i]]++;
	nr[0] = 0;
	for (unsigned len = 1; len <= HUFFMAN_MAX_LEN; len++)
		next[len] = (uint16_t)((next[len - 1] + nr[len - 1]) << 1);
	for (size_t i = 0; i < n; i++)
		codes[i] = (struct huffman_code){ (uint16_t)reversed(next[lens[i]]++, lens[i]), lens[i] };
}
