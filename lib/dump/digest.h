/* digest - checksums of a dump, one for each extent, while it is written. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_DIGEST_H
#define DUMP_DIGEST_H

#include <bearssl.h>
#include <stddef.h>
#include <stdint.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "base/err.h"

enum digest_kind { DIGEST_XXH64, DIGEST_SHA256 };
enum { DIGEST_EXTENT = 4 << 20, DIGEST_MAX = 32 };

extern const char *const digest_names[];	/* by enum digest_kind */

/*
 * The sums of one region of the file that is written front to back: extents of DIGEST_EXTENT bytes
 * from the region's start, the last one shorter.
 */
struct digest {
	enum digest_kind kind;
	size_t    sum_len;		/* bytes of one sum: 8 (XXH64, big endian) or 32 */
	uint64_t  fill;			/* bytes in the open extent */
	uint64_t  total;		/* bytes of the region so far */
	uint8_t  *sums;			/* of finished extents; pages are touched as they are used; owned */
	size_t    nr, max;
	XXH64_state_t     xxh;
	br_sha256_context sha;
};

/* max_len: the most bytes the region can get. Returns 0 or -ENOMEM. */
int digest_init(struct digest *d, enum digest_kind kind, uint64_t max_len, struct err *e);
void digest_free(struct digest *d);
void digest_add(struct digest *d, const void *buf, size_t len);
/* The region goes on with len bytes of zeros. */
void digest_add_zeros(struct digest *d, uint64_t len);
/* Close the last extent. */
void digest_end(struct digest *d);

#endif
