/* zpack - a page packed in zstd's format, faster than by a library for all sizes. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_ZPACK_H
#define DUMP_ZPACK_H

#include <stddef.h>

/* State for one thread at a time. */
struct zpacker;

/* Bytes of one for pages of page_size, 4 KiB to 64 KiB. */
size_t zpacker_size(size_t page_size);

/* Make zeroed memory of that size one. */
void zpacker_init(struct zpacker *z, size_t page_size);

/*
 * Pack len bytes (256 at least, at most page_size) into out, which has room for codec_bound(len). Returns how many were
 * put there; 0 if they would be as many as len. What it makes is one frame (RFC 8878) of one block, which tells its
 * size; the same bytes in give the same bytes out.
 */
size_t zpack_page(struct zpacker *z, const void *in, size_t len, void *out);

#endif
