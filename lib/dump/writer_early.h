/* writer_early - descriptors of pages whose data comes before their turn: writer.c's own. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_WRITER_EARLY_H
#define DUMP_WRITER_EARLY_H

#include "dump/writer.h"

/* What writer.c lends. */
int writer_flush(struct writer *w, struct region *r, struct err *e);
int writer_describe(struct writer *w, pfn_t pfn, uint64_t at, uint32_t size, uint32_t flags, struct err *e);

/* True as long as pages of w->early come. */
bool early_is_coming(const struct writer *w);

/* The next n of them, whose data begins at `at` in the file. */
int early_take(struct writer *w, const struct packed *pages, size_t n, uint64_t at, struct err *e);

/* Describe those below pfn, but for what never came. */
int early_merge(struct writer *w, pfn_t pfn, struct err *e);

/*
 * Of a dump that ends early: forget those with data beyond good, and let those from pfn `from` on wait
 * for their place again. Returns how many of them came.
 */
uint64_t early_cut(struct writer *w, uint64_t good, pfn_t from);

/* Behind the last descriptor of a dump that ended early: nothing of what was there for recover, if it can be. */
void early_erase(struct writer *w);

#endif
