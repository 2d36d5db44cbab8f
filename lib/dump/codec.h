/* codec - one page packed by one of the algorithms that readers of kdump-compressed files know. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_CODEC_H
#define DUMP_CODEC_H

#include <stddef.h>
#include <stdint.h>

/* page_desc.flags and disk_dump_header.status: DUMP_DH_COMPRESSED_* of makedumpfile's diskdump_mod.h */
enum { PAGE_RAW = 0, PAGE_ZLIB = 1, PAGE_LZO = 2, PAGE_SNAPPY = 4, PAGE_ZSTD = 0x20 };

struct codec {
	const char *name;		/* as given to --compress */
	uint32_t    flag;		/* PAGE_ */
	/* Bytes of state for pages of page_size. */
	size_t    (*state_size)(size_t page_size);
	/* Make state ready. Returns 0 or -ENOMEM. The state is used by one thread at a time. */
	int       (*init)(void *state, size_t page_size);
	/*
	 * Pack len bytes into out, which has room for codec_bound(len). Returns the bytes put there,
	 * 0 if it did not work: the page is then stored raw. Never allocates.
	 */
	size_t    (*pack)(void *state, const void *in, size_t len, void *out);
};

/* Room that pack may use for a page that does not shrink (LZO asks for the most). */
static inline size_t codec_bound(size_t len)
{
	return len + len / 16 + 128;
}

/* By name; NULL if there is none. */
const struct codec *codec_find(const char *name);

/* Names of all, NULL at the end. */
extern const char *const codec_names[];

#endif
