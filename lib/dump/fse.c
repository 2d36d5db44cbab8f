/* fse - finite state entropy: numbers packed with the fractions of a bit that they are worth (RFC 8878, 4.1). */
/* SPDX-License-Identifier: MIT */
#include "dump/fse.h"

static inline unsigned high_bit(uint32_t n)
{
	return 31 - (unsigned)__builtin_clz(n);
}

void fse_normalize(struct fse_norm *norm, const uint16_t *counts, size_t n, size_t total, unsigned log)
{
	uint32_t scale = (uint32_t)((1U << (16 + log)) / total);
	int left = 1 << log;
	size_t most = 0;

	norm->log = log;
	norm->n = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t share = (counts[i] * scale + (1 << 15)) >> 16;

		share += !share & !!counts[i];
		norm->of[i] = (int16_t)share;
		left -= (int)share;
		norm->n = counts[i] ? i + 1 : norm->n;
		most = counts[i] > counts[most] ? i : most;
	}
	while (left + norm->of[most] < 1 || (left < 0 && -left >= norm->of[most] / 2)) {
		/* many that are rare: all others give a part */
		for (size_t i = 0; i < norm->n && left < 0; i++) {
			int give = norm->of[i] > 1;

			norm->of[i] = (int16_t)(norm->of[i] - give);
			left += give;
		}
	}
	norm->of[most] = (int16_t)(norm->of[most] + left);
}

void fse_describe(struct bits *b, const struct fse_norm *norm)
{
	int remaining = (1 << norm->log) + 1, threshold = 1 << norm->log;
	unsigned width = norm->log + 1;

	put(b, norm->log - FSE_MIN_LOG, 4);
	for (size_t i = 0; i < norm->n;) {
		int max = 2 * threshold - 1 - remaining, value = norm->of[i++] + 1;

		remaining -= value - 1;
		if (value >= threshold)
			value += max;
		put(b, (unsigned)value, width - (value < max));
		flush(b);
		while (remaining < threshold) {
			width--;
			threshold >>= 1;
		}
		if (value == 1) {	/* how many zeros follow */
			size_t run = 0;

			while (!norm->of[i + run])
				run++;
			i += run;
			for (; run >= 3; run -= 3) {
				put(b, 3, 2);
				flush(b);
			}
			put(b, run, 2);
		}
	}
	b->nr = (b->nr + 7) & ~7U;
	flush(b);
}

/* RFC 8878, 4.1.1: which symbol each state stands for. */
static void spread(uint8_t *symbol, const struct fse_norm *norm)
{
	unsigned size = 1U << norm->log, mask = size - 1, step = (size >> 1) + (size >> 3) + 3, high = size, at = 0, nr = 0;
	uint8_t order[(1 << FSE_MAX_LOG) + 8];

	for (size_t i = 0; i < norm->n; i++)
		if (norm->of[i] < 0)
			symbol[--high] = (uint8_t)i;
	for (size_t i = 0; i < norm->n; i++) {
		memset(order + nr, (int)i, 8);	/* few have more, and how many cannot be predicted */
		for (int k = 8; k < norm->of[i]; k += 8)
			memset(order + nr + k, (int)i, 8);
		nr += norm->of[i] > 0 ? (unsigned)norm->of[i] : 0;
	}
	for (unsigned i = 0; i < nr; i++) {
		symbol[at] = order[i];
		do
			at = (at + step) & mask;
		while (at >= high);
	}
}

void fse_build(struct fse *f, const struct fse_norm *norm)
{
	uint8_t symbol[1 << FSE_MAX_LOG];
	uint16_t place[FSE_MAX_SYMBOLS];
	unsigned size = 1U << norm->log;
	int total = 0;

	f->log = norm->log;
	for (size_t i = 0; i < norm->n; i++) {
		int share = norm->of[i] < 0 ? 1 : norm->of[i];
		unsigned max;

		place[i] = (uint16_t)total;
		if (!share)
			continue;
		max = share > 1 ? norm->log - high_bit((uint32_t)share - 1) : norm->log;
		f->symbols[i] = (struct fse_symbol){ total - share, (max << 16) - ((uint32_t)share << max) };
		total += share;
	}
	if (norm->log)
		spread(symbol, norm);
	else
		symbol[0] = (uint8_t)(norm->n - 1);
	for (unsigned state = 0; state < size; state++)
		f->next[place[symbol[state]]++] = (uint16_t)(size + state);
}

uint64_t fse_cost(const struct fse_norm *norm, const uint16_t *counts, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned share, high;

		if (!counts[i])
			continue;
		if (i >= norm->n || !norm->of[i])
			return UINT64_MAX;
		share = norm->of[i] < 0 ? 1 : (unsigned)norm->of[i];
		high = high_bit(share);
		/* between two powers of 2 the logarithm is nearly a line */
		sum += (uint64_t)counts[i] * ((norm->log - high) * 256 - ((share << (8 - high)) & 0xff));
	}
	return sum;
}
