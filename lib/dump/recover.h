/* recover - the best readable dump out of one that was cut. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_RECOVER_H
#define DUMP_RECOVER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct recovery {
	bool     whole;			/* a flattened dump with its end: unpacked byte for byte */
	bool     blank;			/* the first block was blank, as that of a device not yet ended */
	bool     by_owner;		/* bitmap2 was not there: pages by the numbers in their descriptors */
	uint64_t bytes;			/* of the new dump */
	/* What follows is 0 if whole. */
	uint64_t saved;			/* pages in the new dump */
	uint64_t damaged;		/* described, but their bytes are not there or do not unpack */
	uint64_t absent;		/* promised by bitmap2, but not described */
};

/*
 * Make a normal kdump-compressed dump `to` (see sink_open) out of `from`: a flattened stream, whole (this
 * is makedumpfile -R) or cut anywhere, also one on a raw device; a NAME-incomplete file; a copy that is
 * too short; a damaged dump. But for a whole stream the result is flagged incomplete (STATUS_INCOMPLETE),
 * and each page that it describes has been unpacked once. The same is made of a whole stream on a device with
 * sectors that cannot be read (-EIO). Page data is copied, not packed again. If
 * bitmap2 is not there, only dumps whose descriptors carry frame numbers (layout.h) can be recovered.
 * Returns 0 and *r; -ENODATA if no page came through, -EINVAL if it is no dump or is whole already;
 * or an error of the file or the sink.
 */
int recover(const char *from, const char *to, bool replace, struct recovery *r, struct err *e);

#endif
