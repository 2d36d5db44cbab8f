/* bits - bits of deflate put one behind the other into bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_BITS_H
#define DUMP_BITS_H

#include <endian.h>
#include <string.h>

#include "dump/huffman.h"

struct bits {
	uint64_t have;
	unsigned nr;
	uint8_t *to, *end;		/* 8 bytes behind end may be written */
};

static inline void put(struct bits *b, uint64_t value, unsigned n)
{
	b->have |= value << b->nr;
	b->nr += n;
}

static inline void put_code(struct bits *b, struct huffman_code code)
{
	put(b, code.bits, code.len);
}

/* After it 57 bits have room. */
static inline void flush(struct bits *b)
{
	uint64_t raw = htole64(b->have);

	memcpy(b->to, &raw, sizeof(raw));
	b->to += b->nr >> 3;
	b->have >>= b->nr & 56;
	b->nr &= 7;
}

#endif
