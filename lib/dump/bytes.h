/* bytes - the bytes of a dump at the offsets its format speaks of, in a normal file or a flattened one. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_BYTES_H
#define DUMP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * makedumpfile's flattened format: 4096 bytes of header ("makedumpfile", be64 type 1, be64 version
 * 1), then records of be64 offset, be64 length and the bytes, at the end a record of two -1.
 */
enum { FLAT_HEADER_SIZE = 4096, FLAT_RECORD_SIZE = 16 };
#define FLAT_MAGIC "makedumpfile"

/* Bytes [at, end) of the dump stand in the file from `from` on. */
struct span {
	uint64_t at, end, from;
};

struct bytes {
	int          fd;		/* borrowed */
	uint64_t     file_size;		/* bytes */
	uint64_t     end;		/* one past the last byte of the dump that is there */
	bool         flat;		/* flattened; what follows is about that only */
	bool         cut;		/* the end record was not reached */
	uint64_t     cut_at;		/* in the file: behind the last byte that could be used */
	uint64_t     nr_records;
	struct span *spans;		/* sorted, disjoint: of two records for one byte the later is right; owned */
	size_t       nr_spans;
};

/*
 * Look at what fd holds and, if it is flattened, index its records. Memory: 24 bytes a record, at most
 * BYTES_MAX_SPANS records. blank_ok: a flattened dump whose first 4096 bytes are zeros is taken as
 * well (a raw device gets them last). A stream without its end is no error: cut tells. Returns 0,
 * -EINVAL if the header is of another kind, -EFBIG with too many records, or a read error. fd stays
 * the caller's and must stay open. bytes_close is wanted only on success.
 */
int bytes_open(struct bytes *b, int fd, bool blank_ok, struct err *e);
void bytes_close(struct bytes *b);
enum { BYTES_MAX_SPANS = 4 << 20 };

/*
 * Read len bytes of the dump. Returns 0 if all of them are there, -ENODATA if some are not (those are
 * zeros in buf), or a read error. Holes of a normal file are there, and zeros. Thread-safe.
 */
int bytes_read(const struct bytes *b, void *buf, size_t len, uint64_t at);

/* The first byte from `at` on that may be other than zero because the file holds it; b->end if none. */
uint64_t bytes_next(const struct bytes *b, uint64_t at);

#endif
