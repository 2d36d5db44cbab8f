/* zsequences - the matches of a zstd block and how many literals go before each (RFC 8878, 3.1.1.3.2). */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_ZSEQUENCES_H
#define DUMP_ZSEQUENCES_H

#include "dump/fse.h"

enum { ZMIN_MATCH = 3 };

/* What is told of a sequence, in the order in which a reader's states are changed backwards. */
enum zcode { ZOFFSET, ZMATCH, ZLITERAL, NR_ZCODES };

struct zsequence {
	uint64_t extra;			/* bits that follow the codes */
	uint8_t  extra_nr, code[NR_ZCODES];
};

struct zsequences {
	size_t   nr, extra_bits;
	uint16_t counts[NR_ZCODES][FSE_MAX_SYMBOLS];
	uint8_t  literal_codes[64], match_codes[128];	/* by number, by length - ZMIN_MATCH */
	struct fse_norm given_norm[NR_ZCODES], norm;
	struct fse given[NR_ZCODES], own[NR_ZCODES];	/* by default of the format, of this page */
	struct zsequence list[];
};

/* Bytes for pages of that size. */
size_t zsequences_size(size_t page_size);

/* Make zeroed memory of that size one. */
void zsequences_init(struct zsequences *z);

/* Begin with another page. */
void zsequences_clear(struct zsequences *z);

static inline unsigned zhigh_bit(uint32_t n)
{
	return 31 - (unsigned)__builtin_clz(n);
}

/* RFC 8878, 3.1.1.3.2.1.1: bits behind the codes of many literals, and of long matches. */
extern const uint8_t zliteral_bits[36], zmatch_bits[53];

/*
 * Literals (below 65536), then a match of len (3 or more, below 65539). offset: 3 more than it is, or 1 to 3 for one
 * that was used before (RFC 8878, 3.1.1.5).
 */
static inline void zsequence_add(struct zsequences *z, uint32_t literals, uint32_t len, uint32_t offset)
{
	struct zsequence *s = &z->list[z->nr++];
	unsigned of = zhigh_bit(offset), ll, ml, nr;
	uint64_t extra;

	len -= ZMIN_MATCH;
	ll = literals < 64 ? z->literal_codes[literals] : zhigh_bit(literals) + 19;
	ml = len < 128 ? z->match_codes[len] : zhigh_bit(len) + 36;
	nr = zliteral_bits[ll];
	extra = literals & ((1U << nr) - 1);
	extra |= (uint64_t)(len & ((1U << zmatch_bits[ml]) - 1)) << nr;
	nr += zmatch_bits[ml];
	extra |= (uint64_t)(offset - (1U << of)) << nr;
	nr += of;
	*s = (struct zsequence){ extra, (uint8_t)nr, { (uint8_t)of, (uint8_t)ml, (uint8_t)ll } };
	z->extra_bits += nr;
	z->counts[ZOFFSET][of]++;
	z->counts[ZMATCH][ml]++;
	z->counts[ZLITERAL][ll]++;
}

/*
 * Write the section of what was added. Returns its bytes, 0 if they might be more than room or old
 * readers refuse it. 8 bytes behind them may be written.
 */
size_t put_sequences(struct zsequences *z, uint8_t *to, size_t room);

#endif
