/* lzo - a page packed as LZO1X, faster than by a library for all sizes, and unpacked. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_LZO_H
#define DUMP_LZO_H

#include <stddef.h>
#include <stdint.h>

/*
 * The stream is that of the Linux kernel's Documentation/staging/lzo.rst, version 0. An instruction copies bytes that came
 * before; up to three literals follow it, or 4 and more with a length of their own:
 *
 *   0000LLLL         literals, L + 3, after none
 *   0000DDSS H       2 bytes from H:D + 1, after 1 to 3 literals; 3 bytes from H:D + 2049, after more
 *   0001HLLL D:S     L + 2 bytes from H:D + 16384; the end if that is 16384
 *   001LLLLL D:S     L + 2 bytes from D + 1
 *   LLLDDDSS H       L + 1 bytes (3 to 8) from H:D + 1
 *
 * An L of 0 is followed by more of it: each byte of 0 is 255, the last one is another, and to both the largest L is added.
 * D:S are 14 and 2 bits in two bytes, the lower one first; S literals come next. The first byte of all may be 17 + literals.
 */
enum {
	LZO_NEAR = 2048, LZO_MIDDLE = 16384, LZO_FAR = 49151,	/* distances, inclusive, of the last, fourth and third kind */
	LZO_PAGE_MAX = 65536,
};

/* State of the packer, for one thread at a time; it need not be made ready. */
struct lzo_packer {
	uint16_t last[1 << 12];		/* where bytes with that hash were seen */
};

/*
 * Pack len bytes, at most LZO_PAGE_MAX, into out, which has room for codec_bound(len) of codec.h. Returns how many
 * were put there; 0 if they would be as many as len, and always for a len below 64 or above LZO_PAGE_MAX.
 */
size_t lzo_pack(struct lzo_packer *p, const void *in, size_t len, void *out);

/*
 * Unpack a stream of len bytes into out, which has room for `room` bytes. Returns how many were put there, SIZE_MAX if
 * the stream is damaged, is not just as long as it says, or wants more room. Reads and writes nothing else, whatever the bytes.
 */
size_t lzo_unpack(const void *in, size_t len, void *out, size_t room);

#endif
