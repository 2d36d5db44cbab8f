/* unpack - the bytes of a page out of what a codec made of them. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_UNPACK_H
#define DUMP_UNPACK_H

#include <stddef.h>
#include <stdint.h>

/* State for one thread at a time. */
struct unpacker;

/* NULL if there is no memory (about 110 KiB). NULL is fine for the other one. */
struct unpacker *unpacker_new(void);
void unpacker_free(struct unpacker *u);

/*
 * Make the page_size bytes of a page out of len packed bytes. flags: PAGE_ of codec.h, as the page's
 * descriptor has them. Returns 0; -EOPNOTSUPP for snappy (this program has no C++) and for flags that
 * nobody knows; -EIO if the packed bytes are damaged or give another length.
 */
int unpack_page(struct unpacker *u, uint32_t flags, const void *packed, size_t len, void *page,
		size_t page_size);

#endif
