/* kdumpfile - the pages of a kdump-compressed file: which there are, and their bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_KDUMPFILE_H
#define DUMP_KDUMPFILE_H

#include "dump/bitrank.h"
#include "dump/kdumphead.h"
#include "dump/owners.h"
#include "dump/unpack.h"

/*
 * An open dump, normal or flattened, whole or not. It is read only and may be shared by threads; what
 * changes while it is read is in struct kdump_reader.
 */
struct kdumpfile {
	struct bytes      in;
	struct kdump_head head;
	struct bitrank    kept;		/* bitmap2 */
	struct owners     owners;	/* used instead of kept if by_owner */
	bool              by_owner;	/* bitmap2 of a dump that ended early is not to be relied on */
	uint64_t          first_rank;	/* bits of kept below head.start_pfn */
	uint64_t          nr_descs;	/* descriptors that there should be; by_owner: that there are */
	bool              incomplete;	/* flagged so, or the file ends too early */
};

/* What one descriptor says. */
struct kdump_desc {
	uint64_t at;			/* of the packed bytes, in the dump */
	uint32_t size, flags;		/* bytes; PAGE_ */
};

/* One thread's way of reading. */
struct kdump_reader {
	const struct kdumpfile *file;
	struct rank_window  rank;
	uint64_t            first, nr;	/* descriptors held */
	pfn_t               after;	/* by_owner: all pages up to descriptor `next` lie below it */
	uint64_t            next;
	uint8_t            *descs;	/* owned */
	uint8_t            *packed;	/* room for a block; owned */
	struct unpacker    *unpacker;	/* owned */
};

/*
 * Open what fd holds; fd stays the caller's. A file that ends early or is flagged incomplete is no
 * error. blank_ok: see bytes_open. Returns 0; -EINVAL with what is wrong with it; -ENOMEM, -EFBIG or
 * a read error. kdumpfile_close is wanted only on success.
 */
int kdumpfile_open(struct kdumpfile *f, int fd, bool blank_ok, struct err *e);
void kdumpfile_close(struct kdumpfile *f);

/* NULL if there is no memory (about 200 KiB). NULL is fine for the other one. */
struct kdump_reader *kdump_reader_new(const struct kdumpfile *f);
void kdump_reader_free(struct kdump_reader *r);

/*
 * The descriptor of a page. Returns 0, -ENODATA if the dump has no such page (excluded, not RAM, or
 * not saved before it ended), or a read error.
 */
int kdumpfile_desc(struct kdump_reader *r, pfn_t pfn, struct kdump_desc *d);

/* A walk over the pages that have, or should have, a descriptor, in pfn order. */
struct kdump_walk {
	pfn_t    pfn;		/* start here; then of the page found */
	uint64_t index;		/* of its descriptor */
	bool     described;	/* its descriptor is there */
	struct kdump_desc desc;
};

/*
 * Find the first page from w->pfn on. To go on, add 1 to w->pfn. Returns 1, 0 if there is none, or a read
 * error.
 */
int kdumpfile_next(struct kdump_reader *r, struct kdump_walk *w);

/*
 * The packed bytes of a descriptor, d->size of them, in r->packed. Returns 0; -EIO if the descriptor
 * is damaged or speaks of bytes that are not there; or a read error.
 */
int kdumpfile_packed(struct kdump_reader *r, const struct kdump_desc *d);

/*
 * Its page, head.block bytes. Returns 0; -EIO if anything is damaged; -EOPNOTSUPP if it is packed by
 * snappy or by something unknown; or a read error.
 */
int kdumpfile_page(struct kdump_reader *r, const struct kdump_desc *d, void *page);

#endif
