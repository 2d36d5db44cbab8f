/* cursor - which kept pages come next. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_CURSOR_H
#define DUMP_CURSOR_H

#include "dump/early.h"
#include "dump/filter.h"
#include "dump/writer.h"

/* A walk over all kept pages. One thread at a time. */
struct cursor {
	struct filter *filter;		/* borrowed, as early is */
	uint64_t section, word;
	uint64_t rest;			/* bits of the current word not yet taken */
	const uint64_t *bits;		/* of the section; NULL: not asked for yet */
	uint64_t *scratch;		/* owned */
	const struct early *early;	/* NULL: none */
	struct early_order order;	/* of those that go first */
	struct early_cursor passed;	/* behind them: which of them lie behind */
	pfn_t     skip;			/* the next that went first */
};

/* Stand before the first of early, or without it (NULL) before the first page. Returns 0 or -ENOMEM. */
int cursor_init(struct cursor *c, struct filter *f, const struct early *early);
void cursor_free(struct cursor *c);

/*
 * Put the next kept pages' numbers into out: first those of early in its order, then all others rising, of one section at a
 * time. Returns how many, max at most; 0 at the end.
 */
size_t cursor_take(struct cursor *c, struct packed *out, size_t max);

#endif
