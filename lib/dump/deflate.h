/* deflate - a page packed in zlib's format, faster than by a library for all sizes. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_DEFLATE_H
#define DUMP_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

enum deflate_effort { DEFLATE_FAST, DEFLATE_SMALL };

/* State for one thread at a time. */
struct deflater;

/* Bytes of one. */
size_t deflater_size(void);

/* Make zeroed memory of that size one. DEFLATE_FAST: the codes of a typical page of a kernel for all. */
void deflater_init(struct deflater *d, enum deflate_effort effort);

/*
 * Pack len bytes into out, which has room for `room` bytes. Returns how many were put there; 0 if they would be as
 * many as len, do not fit, or would save too little to be worth it, and always for a len or room below 400. What it makes is a stream of zlib (RFC 1950) of which each reader knows the size.
 */
size_t deflate_page(struct deflater *d, const void *in, size_t len, void *out, size_t room);

#endif
