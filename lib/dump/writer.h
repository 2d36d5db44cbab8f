/* writer - put a kdump-compressed file together from pages as they come. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_WRITER_H
#define DUMP_WRITER_H

#include "dump/codec.h"
#include "dump/digest.h"
#include "dump/early.h"
#include "dump/filter.h"
#include "dump/layout.h"
#include "sink/sink.h"

/* The parts of the file that are each written front to back. */
enum { REGION_SUB, REGION_BITMAP1, REGION_BITMAP2, REGION_DESCS, REGION_DATA, NR_REGIONS };

struct region {
	uint64_t start;			/* in the file */
	uint64_t at;			/* next byte that goes to the sink */
	uint8_t *buf;			/* bytes that follow at, not yet with the sink */
	size_t   len, cap;
	struct digest sums;
};

struct writer {
	struct sink         *sink;	/* borrowed */
	struct layout        layout;
	const struct kernel *k;		/* borrowed */
	struct filter       *others;	/* of one of several files: which pages the others hold; else NULL; borrowed */
	bool                 others_marked;	/* those behind its own pages are in bitmap2 */
	struct early        *early;	/* pages that come before all others; NULL: none; borrowed */
	struct early_order   coming;	/* of these the next to come */
	struct early_cursor  merged;	/* those whose descriptors are in their place */
	uint64_t             lost_from;	/* the sink did not take all behind this offset; UINT64_MAX: it did */
	pfn_t                described;	/* with the sink are descriptors of pages below it */
	uint32_t             status;	/* of a complete dump */
	struct region        regions[NR_REGIONS];
	uint8_t             *arena;	/* of all buffers; owned */
	uint64_t             zero_at;	/* the page of zeros that all zero pages share */
	uint64_t             bits_set;	/* in bitmap2, in the buffer or written */
	uint64_t             saved;	/* pages with data or the zero page, in the buffers or written */
	uint64_t             data_limit;	/* data may not go beyond; UINT64_MAX: the sink will tell */
	bool                 notes_lost;	/* not all notes could be read */
	struct digest        header_sum;
};

/* A page that is ready: what its descriptor will say. */
struct packed {
	uint64_t pfn;
	uint32_t size;			/* bytes in the chunk's data; 0: the zero page */
	uint32_t flags;			/* PAGE_ */
};

/* Takes the next pages, as writer_pages does. */
typedef int (*pages_put)(void *out, const struct packed *pages, size_t n, const void *data, size_t len,
			 struct err *e);

/* Bytes that writer_init will allocate. */
size_t writer_memory(void);

/*
 * Begin the file: on a rewritable sink the header goes out first, marked incomplete, so that a dump
 * that is cut at any later point can be opened; then sub header, notes, bitmap1. On one that takes each byte
 * once the header lacks its status, which writer_end gives.
 */
int writer_init(struct writer *w, struct sink *sink, const struct layout *l, const struct kernel *k,
		uint32_t flag, unsigned level, enum digest_kind kind, struct err *e);

/*
 * Behind writer_init, if the layout is split: bitmap2 is to tell of all pages that others keeps, as in a
 * dump of makedumpfile --split, though only those of the layout's range will come here. Not while
 * another thread asks the filter; the same is true of writer_end then.
 */
int writer_others(struct writer *w, struct filter *others, struct err *e);

/*
 * Behind writer_init, on a rewritable sink: the pages of early come first, in its order, then the others.
 * Their descriptors wait in early for their place among those of the others. Whenever all of a list came they
 * are written for recover where they will stand in the whole dump; a dump ended early describes each of
 * them that came, then by its place in bitmap2.
 */
void writer_early(struct writer *w, struct early *early);

/*
 * The next pages, rising pfns but for early ones, into a struct writer; data holds their bytes one after the other. On an error
 * w->saved counts what is safe to describe, and only writer_end may follow.
 */
int writer_pages(void *writer, const struct packed *pages, size_t n, const void *data, size_t len,
		 struct err *e);

/*
 * Write what is buffered and the header. complete: every page came; else the header says that the
 * dump is incomplete and bitmap2 tells of the pages saved.
 */
int writer_end(struct writer *w, bool complete, struct err *e);

void writer_free(struct writer *w);

/* Bytes of the file so far. */
uint64_t writer_size(const struct writer *w);

#endif
