/* codelens - how a block of deflate tells its codes: their lengths, packed themselves. */
/* SPDX-License-Identifier: MIT */
#include "dump/codelens.h"

enum { NR_PRE = 19, MAX_PRE_LEN = 7 };

/* Code lengths as they are written: a length, or 16, 17, 18 and how often it is repeated. RFC 1951, 3.2.7 */
struct lengths {
	size_t   nr;
	uint8_t  symbol[NR_LITLENS + NR_DISTS], extra[NR_LITLENS + NR_DISTS];
	uint16_t counts[NR_PRE];
};

static void add_length(struct lengths *l, uint8_t symbol, size_t extra)
{
	l->symbol[l->nr] = symbol;
	l->extra[l->nr++] = (uint8_t)extra;
	l->counts[symbol]++;
}

static void shorten(struct lengths *l, const uint8_t *lens, size_t n)
{
	for (size_t i = 0, run; i < n; i += run) {
		size_t left;

		for (run = 1; i + run < n && lens[i + run] == lens[i]; run++)
			;
		left = run;
		if (!lens[i]) {
			for (; left >= 11; left -= left < 138 ? left : 138)
				add_length(l, 18, (left < 138 ? left : 138) - 11);
			if (left >= 3) {
				add_length(l, 17, left - 3);
				left = 0;
			}
		} else if (left >= 4) {
			add_length(l, lens[i], 0);
			for (left--; left >= 3; left -= left < 6 ? left : 6)
				add_length(l, 16, (left < 6 ? left : 6) - 3);
		}
		for (; left; left--)
			add_length(l, lens[i], 0);
	}
}

static size_t used(const uint8_t *lens, size_t n, size_t least)
{
	while (n > least && !lens[n - 1])
		n--;
	return n;
}

void put_code_lens(struct bits *b, const uint8_t *litlens, const uint8_t *dists)
{
	static const uint8_t order[NR_PRE] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	static const uint8_t extra_bits[] = { 2, 3, 7 };
	size_t nr_litlens = used(litlens, NR_LITLENS, 257), nr_dists = used(dists, NR_DISTS, 1), nr_pre = NR_PRE;
	uint8_t all[NR_LITLENS + NR_DISTS], pre[NR_PRE];
	struct huffman_code codes[NR_PRE];
	struct lengths l = { 0 };

	memcpy(all, litlens, nr_litlens);
	memcpy(all + nr_litlens, dists, nr_dists);
	shorten(&l, all, nr_litlens + nr_dists);
	huffman_lengths(l.counts, NR_PRE, MAX_PRE_LEN, pre);
	huffman_codes(pre, NR_PRE, codes);
	while (nr_pre > 4 && !pre[order[nr_pre - 1]])
		nr_pre--;
	put(b, nr_litlens - 257, 5);
	put(b, nr_dists - 1, 5);
	put(b, nr_pre - 4, 4);
	flush(b);
	for (size_t i = 0; i < nr_pre; i++) {
		put(b, pre[order[i]], 3);
		flush(b);
	}
	for (size_t i = 0; i < l.nr; i++) {
		put_code(b, codes[l.symbol[i]]);
		if (l.symbol[i] >= 16)
			put(b, l.extra[i], extra_bits[l.symbol[i] - 16]);
		flush(b);
	}
}
