/* splitdump - a kdump-compressed dump in several files, as makedumpfile --split makes them. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_SPLITDUMP_H
#define DUMP_SPLITDUMP_H

#include "dump/writer.h"

enum { SPLIT_MAX_PARTS = 64 };

struct split_part {
	struct writer writer;
	pfn_t         end;		/* pages of [end of the part before, end) are described here */
	uint64_t      kept;		/* so many */
	int           rc;		/* 0, or why it takes no more */
	struct err    why;
};

/*
 * Each part is a kdump-compressed file with all of header, notes, bitmap1 and bitmap2, but descriptors
 * and data of its own range only. Readers take those with equal headers for one dump: parts are
 * all complete or all flagged incomplete.
 */
struct splitdump {
	struct split_part *parts;	/* owned */
	size_t             nr, now;	/* now: the one that takes the next page */
};

/*
 * Begin a dump in as many files as the sink has parts (see sink_part), which get the same number of pages
 * each. limit: bytes that each may have; 0: as many as fit. splitdump_free is wanted also after an error.
 */
int splitdump_init(struct splitdump *s, struct sink *sink, struct filter *f, uint32_t flag, unsigned level,
		   enum digest_kind kind, uint64_t limit, struct err *e);

/* As writer_pages. A part that takes no more does not keep the others from theirs; -ENOSPC etc. if none does. */
int splitdump_pages(void *split, const struct packed *pages, size_t n, const void *data, size_t len,
		    struct err *e);

/* As writer_end; with complete, an error if any part is not. */
int splitdump_end(struct splitdump *s, bool complete, struct err *e);
void splitdump_free(struct splitdump *s);

uint64_t splitdump_size(const struct splitdump *s);	/* bytes of all parts */
uint64_t splitdump_saved(const struct splitdump *s);	/* pages in all parts */
bool splitdump_notes_lost(const struct splitdump *s);

#endif
