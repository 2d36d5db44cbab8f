/* census - what the pages of a dump are: packed how, zero, absent, damaged. */
/* SPDX-License-Identifier: MIT */
#include "dump/census.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/codec.h"
#include "dump/layout.h"

const char *const census_names[] = { "raw", "zlib", "lzo", "snappy", "zstd", "other" };

/* A run of pages with the same fault. */
struct run {
	pfn_t start, end;
	int   fault;			/* negative errno; 0: no run is open */
};

struct walk {
	struct census *c;
	struct kdump_reader *reader;
	uint8_t       *page;
	uint64_t       zero_at;		/* of the page of zeros; 0: not known yet */
	uint64_t       high;		/* end of the data seen so far: what lies below was spoken of before */
	bool           unpack;
	struct run     run;
	void         (*problem)(void *ctx, const char *line);
	void          *ctx;
};

static enum census_codec codec_of(uint32_t flags)
{
	switch (flags) {
	case PAGE_RAW: return CENSUS_RAW;
	case PAGE_ZLIB: return CENSUS_ZLIB;
	case PAGE_LZO: return CENSUS_LZO;
	case PAGE_SNAPPY: return CENSUS_SNAPPY;
	case PAGE_ZSTD: return CENSUS_ZSTD;
	default: return CENSUS_OTHER;
	}
}

static void end_run(struct walk *w)
{
	struct run *r = &w->run;
	char line[160];

	if (r->fault && w->problem) {
		snprintf(line, sizeof(line), "page frames %#llx to %#llx: %s", (unsigned long long)r->start,
			 (unsigned long long)r->end, r->fault == -EOPNOTSUPP ?
			 "packed by snappy or something unknown: not checked" :
			 "damaged: their bytes are not there or do not unpack");
		w->problem(w->ctx, line);
	}
	r->fault = 0;
}

static void note_fault(struct walk *w, pfn_t pfn, int fault)
{
	if (fault == -EOPNOTSUPP)
		w->c->unknown++;
	else
		w->c->damaged++;
	if (w->run.fault != fault || w->run.end != pfn) {
		end_run(w);
		w->run = (struct run){ pfn, pfn, fault };
	}
	w->run.end = pfn + 1;
}

static void note_gap(struct census *c, pfn_t pfn)
{
	c->absent++;
	if (c->nr_gaps && c->gaps[c->nr_gaps - 1].end == pfn) {
		c->gaps[c->nr_gaps - 1].end++;
	} else if (c->nr_gaps < CENSUS_MAX_RANGES) {
		c->gaps[c->nr_gaps].start = pfn;
		c->gaps[c->nr_gaps++].end = pfn + 1;
	}
}

/*
 * The shared page of zeros has no mark. It is a raw page that more than one descriptor speaks of, or the
 * first of all data, and its bytes are zero.
 */
static bool is_zero(struct walk *w, const struct kdump_desc *d)
{
	const struct kdumpfile *f = w->reader->file;
	uint32_t block = f->head.block;

	if (d->flags != PAGE_RAW || d->size != block)
		return false;
	if (d->at == w->zero_at)
		return true;
	if (w->zero_at || (d->at >= w->high && d->at != f->head.descs_at + f->nr_descs * KDUMP_DESC_SIZE))
		return false;
	if (kdumpfile_packed(w->reader, d) || w->reader->packed[0] ||
	    memcmp(w->reader->packed, w->reader->packed + 1, block - 1))
		return false;
	w->zero_at = d->at;
	w->c->packed_bytes += block;
	return true;
}

static bool is_sound(const struct walk *w, const struct kdump_desc *d)
{
	const struct kdumpfile *f = w->reader->file;

	return d->size && d->size <= f->head.block && in_bounds(d->at, d->size, f->in.end) &&
	       (d->flags != PAGE_RAW || d->size == f->head.block);
}

static int take_page(struct walk *w, const struct kdump_walk *at)
{
	const struct kdump_desc *d = &at->desc;
	int rc;

	if (!at->described) {
		note_gap(w->c, at->pfn);
		return 0;
	}
	w->c->by_codec[codec_of(d->flags)]++;
	if (!is_sound(w, d)) {
		note_fault(w, at->pfn, -EIO);
		return 0;
	}
	if (is_zero(w, d)) {
		w->c->zero++;
		return 0;
	}
	w->c->packed_bytes += d->size;
	if (d->at + d->size > w->high)
		w->high = d->at + d->size;
	rc = w->unpack ? kdumpfile_page(w->reader, d, w->page) : 0;
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		note_fault(w, at->pfn, rc == -EOPNOTSUPP ? rc : -EIO);
	return 0;
}

int census_take(const struct kdumpfile *f, bool unpack, struct census *c,
		void (*problem)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct walk w = { .c = c, .unpack = unpack, .problem = problem, .ctx = ctx };
	struct kdump_walk at = { 0 };
	int rc;

	*c = (struct census){ 0 };
	w.reader = kdump_reader_new(f);
	w.page = malloc(f->head.block);
	rc = w.reader && w.page ? 1 : -ENOMEM;
	while (rc == 1) {
		rc = kdumpfile_next(w.reader, &at);
		if (rc != 1)
			break;
		c->kept++;
		rc = take_page(&w, &at) ? -ENOMEM : 1;
		at.pfn++;
	}
	end_run(&w);
	/* Whose descriptors never came only bitmap2 can tell, if it is there. */
	if (f->by_owner && f->kept.total > c->kept) {
		c->absent += f->kept.total - c->kept;
		c->kept = f->kept.total;
	}
	free(w.page);
	kdump_reader_free(w.reader);
	return rc < 0 ? err_set(e, rc, "read the pages") : 0;
}
