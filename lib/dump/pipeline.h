/* pipeline - pack the kept pages on several threads and hand them on in order. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PIPELINE_H
#define DUMP_PIPELINE_H

#include <stdatomic.h>

#include "dump/codec.h"
#include "dump/early.h"
#include "dump/filter.h"
#include "dump/plan.h"
#include "dump/writer.h"

enum { MAX_HOLES = 1024 };

/* Pages that could not be read; they are zeros in the dump. */
struct holes {
	pfn_t    start[MAX_HOLES], end[MAX_HOLES];	/* [start, end), rising; the list may end early */
	size_t   nr;
	uint64_t pages;					/* all of them */
};

struct pipeline {
	struct filter      *filter;	/* borrowed, as all pointers here */
	pages_put           put;
	void               *out;	/* for put */
	const struct codec *codec;
	struct plan         plan;
	const struct early *early;	/* pages that go first; NULL: none */
	bool                skip_zeros;	/* LEVEL_ZERO: pages of zeros share one */
	const atomic_int   *stop;	/* set by somebody else: end early; may be NULL */

	struct holes        holes;
	atomic_uint_fast64_t done;	/* pages handed on */
	uint64_t            zeros, raw;	/* pages of zeros, pages stored raw */
	bool                stopped;	/* ended by *stop */
};

/*
 * Run until all kept pages are handed on, first those of early in its order, then all others by pfn, *stop is set or put fails. tick, unless it
 * is NULL, is called about once a second by the calling thread. Returns 0 (see stopped) or put's error; also
 * -ENOMEM before the first page.
 */
int pipeline_run(struct pipeline *p, void (*tick)(void *ctx), void *ctx, struct err *e);

#endif
