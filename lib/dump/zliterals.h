/* zliterals - the bytes of a zstd block that no match gives, by Huffman codes or as they are (RFC 8878, 3.1.1.3.1). */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_ZLITERALS_H
#define DUMP_ZLITERALS_H

#include "dump/fse.h"

enum { ZLITERALS_EXTRA = 3 };		/* bytes that literals as they are take more */

enum { MAX_TOLD = 320 };		/* bytes that tell the codes, and some more */

/* Scratch, which needs no preparation. */
struct zliterals {
	uint16_t counts[4][256];
	size_t   used;			/* kinds of bytes */
	uint8_t  bytes[256], lens[256], weights[256], told[MAX_TOLD];
	struct huffman_code codes[256];
	struct fse_norm norm;
	struct fse fse;
};

/*
 * Write the section for n bytes (below 256 KiB) at `in`. There is room for n + ZLITERALS_EXTRA + 8 bytes at `to`, and 8
 * bytes behind `in` may be read. Returns the section's bytes, at most n + ZLITERALS_EXTRA.
 */
size_t put_literals(struct zliterals *z, const uint8_t *in, size_t n, uint8_t *to);

#endif
