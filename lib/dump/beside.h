/* beside - the manifest of a dump, and whether the dump still has the bytes that it tells of. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_BESIDE_H
#define DUMP_BESIDE_H

#include "dump/bytes.h"

struct beside {
	char    *text;			/* of the manifest, NUL terminated; owned; NULL: there is none */
	size_t   len;
	char     from[320];		/* where it was found */
	char     verdict[16], reason[320];
	uint64_t size;			/* of the dump when it was written */
	uint64_t unreadable;		/* pages that could not be read then; they are zeros in the dump */
	uint64_t part, parts;		/* the part-th of so many files of a dump; 0: it is in one */
	char     set[20];		/* what these files have in common; "" */
};

/*
 * Look for path.manifest.json, then for manifest.json in the directory of path (whose dump is in), and at the end
 * of a raw device. manifest.json counts if it speaks of this file and of this crash: one that does not is
 * as none. path.manifest.json belongs to path, whatever it was called before. At most 64 MiB.
 * Returns 0 also if there is none; -ESTALE if path.manifest.json is of another crash, -EINVAL if it is
 * no JSON, cut for example; -ENOMEM or a read error.
 */
int beside_open(struct beside *b, const char *path, const struct bytes *in, uint64_t crash_time,
		struct err *e);
void beside_close(struct beside *b);

/* What beside_check found. */
struct extents {
	uint64_t all, bad;
	uint64_t missing;		/* they lie, in part at least, behind the end of a cut dump */
	char     algorithm[16];
};

/*
 * Compare the checksum of each extent. problem gets a line for each bad one. Returns 0, also with bad ones; -EINVAL if the manifest cannot be understood; -ENOMEM or a read error.
 */
int beside_check(const struct beside *b, const struct bytes *in, struct extents *x,
		 void (*problem)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
