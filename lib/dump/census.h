/* census - what the pages of a dump are: packed how, zero, absent, damaged. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_CENSUS_H
#define DUMP_CENSUS_H

#include "dump/kdumpfile.h"

enum census_codec { CENSUS_RAW, CENSUS_ZLIB, CENSUS_LZO, CENSUS_SNAPPY, CENSUS_ZSTD, CENSUS_OTHER, NR_CENSUS };
extern const char *const census_names[NR_CENSUS];

enum { CENSUS_MAX_RANGES = 256 };

struct census {
	uint64_t kept;			/* pages that should have a descriptor */
	uint64_t by_codec[NR_CENSUS];	/* of those that have one; zero pages count as raw */
	uint64_t zero;			/* share the page of zeros */
	uint64_t packed_bytes;		/* all packed pages, the shared one once */
	uint64_t absent;		/* no descriptor: they were not saved */
	uint64_t damaged;		/* descriptors that make no sense; with unpack also what does not unpack */
	uint64_t unknown;		/* cannot be unpacked by this program (snappy) */
	struct { pfn_t start, end; } gaps[CENSUS_MAX_RANGES];	/* absent ones; the list may end early */
	size_t   nr_gaps;
};

/*
 * Walk all descriptors, and unpack each page if asked to. problem (may be NULL) gets a line for each run
 * of damaged pages. Returns 0, also when pages are damaged; -ENOMEM or a read error.
 */
int census_take(const struct kdumpfile *f, bool unpack, struct census *c,
		void (*problem)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
