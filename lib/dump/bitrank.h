/* bitrank - the bits of a bitmap that stays in its file, and how many are set before each. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_BITRANK_H
#define DUMP_BITRANK_H

#include "dump/bytes.h"

enum { RANK_WORDS = 512, RANK_BITS = RANK_WORDS * 64 };	/* a section: 4096 bytes, a block of 4 KiB */

/* A section with bits in it; those without are not held. */
struct rank_section {
	uint64_t section, before;	/* its number; bits set in all sections below */
};

struct bitrank {
	const struct bytes  *in;	/* borrowed */
	uint64_t             at;	/* of the bitmap, in the dump */
	uint64_t             bits;	/* in the bitmap; what follows them does not count */
	uint64_t             total;	/* set */
	struct rank_section *sections;	/* sorted; owned */
	size_t               nr;
};

/* One section held in memory; one thread's own. Zero-initialised it holds none. */
struct rank_window {
	const struct rank_section *held;
	uint16_t before[RANK_WORDS];	/* bits set in the section before each word */
	uint64_t words[RANK_WORDS];
};

/*
 * Count the bits. Memory: 16 bytes for each section with bits, that is 1/256 of what the bitmap takes in
 * the file; holes cost neither memory nor time. Bytes that are not there are zeros. Returns 0, -ENOMEM
 * or a read error; bitrank_close is wanted only on success.
 */
int bitrank_open(struct bitrank *r, const struct bytes *in, uint64_t at, uint64_t bits, struct err *e);
void bitrank_close(struct bitrank *r);

/* Bits set below `bit`, in *rank. Returns 1 if the bit itself is set, 0 if not, or a read error. */
int bitrank_of(const struct bitrank *r, struct rank_window *w, uint64_t bit, uint64_t *rank);

/* The first set bit from *bit on. Returns 1 and *bit, *rank (bits set below it), 0 if none, or an error. */
int bitrank_next(const struct bitrank *r, struct rank_window *w, uint64_t *bit, uint64_t *rank);

/* The first run of set bits from *start on: [*start, *end). Returns 1, 0 if none, or a read error. */
int bitrank_run(const struct bitrank *r, struct rank_window *w, uint64_t *start, uint64_t *end);

#endif
