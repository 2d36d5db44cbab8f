/* codelens - how a block of deflate tells its codes: their lengths, packed themselves. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_CODELENS_H
#define DUMP_CODELENS_H

#include "dump/bits.h"

/* RFC 1951, 3.2.5: literals and lengths, distances */
enum { NR_LITLENS = 286, NR_DISTS = 30 };

enum { MAX_CODES = 400 };	/* bytes that they take, and some more */

/* RFC 1951, 3.2.7, from HLIT on; NR_LITLENS lengths and NR_DISTS. */
void put_code_lens(struct bits *b, const uint8_t *litlens, const uint8_t *dists);

#endif
