/* zsequences - the matches of a zstd block and how many literals go before each (RFC 8878, 3.1.1.3.2). */
/* SPDX-License-Identifier: MIT */
#include "dump/zsequences.h"

enum { PREDEFINED, RLE, COMPRESSED };	/* RFC 8878, 3.1.1.3.2.1 */

enum {
	FEW        = 24,		/* sequences for which tables of their own do not pay */
	MAX_EXTRA  = 31,		/* extra bits that go with what the states give into one flush */
};

const uint8_t zliteral_bits[36] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};
const uint8_t zmatch_bits[53] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3,
	4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};

/* RFC 8878, 3.1.1.3.2.2 */
static const struct {
	unsigned log;
	size_t   n;
	int8_t   of[FSE_MAX_SYMBOLS];
} given[NR_ZCODES] = {
	[ZOFFSET] = { 5, 29, {
		1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
	} },
	[ZMATCH] = { 6, 53, {
		1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
	} },
	[ZLITERAL] = { 6, 36, {
		4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
	} },
};

size_t zsequences_size(size_t page_size)
{
	return sizeof(struct zsequences) + (page_size / ZMIN_MATCH + 1) * sizeof(struct zsequence);
}

void zsequences_init(struct zsequences *z)
{
	for (unsigned code = 0, at = 0; at < 64; code++)
		for (unsigned n = 1U << zliteral_bits[code]; n && at < 64; n--)
			z->literal_codes[at++] = (uint8_t)code;
	for (unsigned code = 0, at = 0; at < 128; code++)
		for (unsigned n = 1U << zmatch_bits[code]; n && at < 128; n--)
			z->match_codes[at++] = (uint8_t)code;
	for (int k = 0; k < NR_ZCODES; k++) {
		z->given_norm[k].log = given[k].log;
		z->given_norm[k].n = given[k].n;
		for (size_t i = 0; i < given[k].n; i++)
			z->given_norm[k].of[i] = given[k].of[i];
		fse_build(&z->given[k], &z->given_norm[k]);
	}
}

void zsequences_clear(struct zsequences *z)
{
	z->nr = z->extra_bits = 0;
	memset(z->counts, 0, sizeof(z->counts));
}

/* How the codes of a kind are told, and with which tables. */
static unsigned choose(struct zsequences *z, enum zcode kind, struct bits *b, const struct fse **use)
{
	const uint16_t *counts = z->counts[kind];
	struct bits before = *b;
	size_t used = 0, last = 0, n = given[kind].n;
	uint64_t cost_given, cost_own;
	unsigned log;

	*use = &z->given[kind];
	for (size_t i = 0; i < n; i++) {
		used += counts[i] != 0;
		last = counts[i] ? i : last;
	}
	if (used == 1 && z->nr > 2) {
		fse_normalize(&z->norm, counts, n, z->nr, 0);
		fse_build(&z->own[kind], &z->norm);
		*use = &z->own[kind];
		put(b, last, 8);
		flush(b);
		return RLE;
	}
	if (z->nr < FEW)
		return PREDEFINED;
	log = z->nr < 200 && used < 24 ? 5 : z->nr < 400 ? 6 : 7;
	fse_normalize(&z->norm, counts, last + 1, z->nr, log);
	fse_describe(b, &z->norm);
	cost_given = fse_cost(&z->given_norm[kind], counts, n);
	cost_own = fse_cost(&z->norm, counts, last + 1) + (uint64_t)(b->to - before.to) * 8 * 256;
	if (cost_own > cost_given) {
		*b = before;
		return PREDEFINED;
	}
	fse_build(&z->own[kind], &z->norm);
	*use = &z->own[kind];
	return COMPRESSED;
}

/* Backwards: RFC 8878, 3.1.1.3.2.1.2. There is one at least. */
static uint8_t *put_list(const struct zsequences *z, const struct fse *const *use, uint8_t *to)
{
	const struct fse *of = use[ZOFFSET], *ml = use[ZMATCH], *ll = use[ZLITERAL];
	const struct zsequence *s = &z->list[z->nr - 1];
	uint32_t of_state = fse_start(of, s->code[ZOFFSET]), ml_state = fse_start(ml, s->code[ZMATCH]);
	uint32_t ll_state = fse_start(ll, s->code[ZLITERAL]);
	struct bits b = { .to = to };

	put(&b, s->extra, s->extra_nr);
	flush(&b);
	while (s-- != z->list) {
		of_state = fse_put(&b, of, of_state, s->code[ZOFFSET]);
		ml_state = fse_put(&b, ml, ml_state, s->code[ZMATCH]);
		ll_state = fse_put(&b, ll, ll_state, s->code[ZLITERAL]);
		if (s->extra_nr > MAX_EXTRA)
			flush(&b);
		put(&b, s->extra, s->extra_nr);
		flush(&b);
	}
	fse_end(&b, ml, ml_state);
	fse_end(&b, of, of_state);
	fse_end(&b, ll, ll_state);
	put(&b, 1, 1);
	flush(&b);
	return b.to + (b.nr > 0);
}

/* RFC 8878, 3.1.1.3.2.1: in this order it is told how the codes are packed. */
static const enum zcode order[NR_ZCODES] = { ZLITERAL, ZOFFSET, ZMATCH };

size_t put_sequences(struct zsequences *z, uint8_t *to, size_t room)
{
	struct bits b = { .to = to };
	const struct fse *use[NR_ZCODES];
	uint8_t *modes, *end, *told = NULL;
	unsigned mode[NR_ZCODES];

	if (z->nr < 128) {
		put(&b, z->nr, 8);
	} else {
		put(&b, z->nr >> 8 | 0x80, 8);
		put(&b, z->nr & 0xff, 8);
	}
	flush(&b);
	if (!z->nr)
		return 1;
	if (3 * FSE_MAX_DESC + 8 + (z->extra_bits + z->nr * NR_ZCODES * FSE_MAX_LOG) / 8 > room)
		return 0;
	modes = b.to++;
	for (size_t i = 0; i < NR_ZCODES; i++) {
		uint8_t *at = b.to;

		mode[order[i]] = choose(z, order[i], &b, &use[order[i]]);
		if (mode[order[i]] == COMPRESSED)
			told = at;
	}
	*modes = (uint8_t)(mode[ZLITERAL] << 6 | mode[ZOFFSET] << 4 | mode[ZMATCH] << 2);
	end = put_list(z, use, b.to);
	/* libzstd up to 1.3.4 wants 4 bytes from where the last table is told. */
	return told && end - told < 4 ? 0 : (size_t)(end - to);
}
