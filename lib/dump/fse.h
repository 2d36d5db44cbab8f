/* fse - finite state entropy: numbers packed with the fractions of a bit that they are worth (RFC 8878, 4.1). */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_FSE_H
#define DUMP_FSE_H

#include "dump/bits.h"

enum {
	FSE_MIN_LOG     = 5,
	FSE_MAX_LOG     = 8,
	FSE_MAX_SYMBOLS = 53,		/* codes of match lengths: RFC 8878, 3.1.1.3.2.1.1 */
	FSE_MAX_DESC    = 64,		/* bytes of a description, and some more */
};

/* How often each symbol occurs in a table of 1 << log states; the sum is that. -1: once, at the table's end. */
struct fse_norm {
	unsigned log;
	size_t   n;			/* symbols; the last one is not 0 */
	int16_t  of[FSE_MAX_SYMBOLS];
};

/* What packs a symbol in a state: RFC 8878 tells how it is read, this is the inverse. */
struct fse_symbol {
	int32_t  find;			/* to a state's upper bits: where next[] has the state before it */
	uint32_t bits;			/* to a state: how many lower bits it gives, << 16 */
};

struct fse {
	unsigned log;
	uint16_t next[1 << FSE_MAX_LOG];
	struct fse_symbol symbols[FSE_MAX_SYMBOLS];
};

/*
 * Shares for n symbols (up to FSE_MAX_SYMBOLS) that were seen so often, total times together: 1 for each that was
 * seen at least. Those that were seen are not more than 1 << log. log 0 is for one symbol alone.
 */
void fse_normalize(struct fse_norm *norm, const uint16_t *counts, size_t n, size_t total, unsigned log);

/* RFC 8878, 4.1.1: log is at least FSE_MIN_LOG. At most FSE_MAX_DESC bytes, whole ones. */
void fse_describe(struct bits *b, const struct fse_norm *norm);

/* The tables that pack. */
void fse_build(struct fse *f, const struct fse_norm *norm);

/* Bits that so many symbols would take, times 256. */
uint64_t fse_cost(const struct fse_norm *norm, const uint16_t *counts, size_t n);

/* The state in which the last symbol is read: packing goes backwards. It takes all bits that its symbol may. */
static inline uint32_t fse_start(const struct fse *f, unsigned symbol)
{
	struct fse_symbol s = f->symbols[symbol];
	uint32_t nr = (s.bits + (1 << 15)) >> 16, value = (nr << 16) - s.bits;

	return f->next[(int32_t)(value >> nr) + s.find];
}

/* The one before it. At most log bits are put. */
static inline uint32_t fse_put(struct bits *b, const struct fse *f, uint32_t state, unsigned symbol)
{
	struct fse_symbol s = f->symbols[symbol];
	uint32_t nr = (state + s.bits) >> 16;

	put(b, state & ((1U << nr) - 1), nr);
	return f->next[(int32_t)(state >> nr) + s.find];
}

/* The state that is read first. */
static inline void fse_end(struct bits *b, const struct fse *f, uint32_t state)
{
	put(b, state & ((1U << f->log) - 1), f->log);
}

#endif
