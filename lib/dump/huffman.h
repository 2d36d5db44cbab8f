/* huffman - the shortest prefix codes for what was counted, as deflate wants them. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_HUFFMAN_H
#define DUMP_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>

enum { HUFFMAN_MAX_SYMBOLS = 288, HUFFMAN_MAX_LEN = 15 };

/*
 * The lengths in bits of codes for symbols that were seen so often: 0 for one that was not, at most max_len (to
 * HUFFMAN_MAX_LEN) for others. n: symbols, at most HUFFMAN_MAX_SYMBOLS; each count is below 65536. One symbol
 * alone gets a code of one bit.
 */
void huffman_lengths(const uint16_t *counts, size_t n, unsigned max_len, uint8_t *lens);

/* The first bit is the lowest. */
struct huffman_code {
	uint16_t bits, len;
};

/* The canonical codes of these lengths (RFC 1951, 3.2.2). */
void huffman_codes(const uint8_t *lens, size_t n, struct huffman_code *codes);

#endif
