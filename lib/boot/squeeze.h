/* squeeze - compress an initramfs so that the kernel can unpack it in little memory. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_SQUEEZE_H
#define BOOT_SQUEEZE_H

#include <stddef.h>

#include "base/err.h"

enum squeeze { SQUEEZE_NONE, SQUEEZE_GZIP, SQUEEZE_ZSTD };

/* "none", "gzip", "zstd" to its value. Returns 0 or -EINVAL, with the nearest word. */
int squeeze_parse(const char *word, enum squeeze *out, struct err *e);
const char *squeeze_name(enum squeeze how);

/*
 * Compress len bytes. zstd: its strategy "fast" with a table of 4 MiB and matches of 5 bytes, a window of 2 MiB, since
 * the kernel allocates the window, and a checksum. gzip: level 6, no time in its header. Of the 6 MB of an image for
 * kernel 6.1 (virtio, NVMe, ext4, xfs), CPU seconds and KB:
 *
 *	zstd so 0.04, 1745; level 1 0.04, 1851; 6 0.11, 1641; 9 0.20, 1600; 12 0.46, 1590; 16 3.4, 1543; 19 4.1, 1478
 *	gzip 6 0.31, 1772; 9 2.2, 1760
 *
 * Every boot may make an image, and the kernel has freed this memory when a dump begins: 0.3 MB less are not worth
 * seconds, nor the code of another strategy, which is in each image. Returns 0 and *out, which the caller frees,
 * *out_len bytes; the same bytes for the same input.
 */
int squeeze(enum squeeze how, const void *data, size_t len, char **out, size_t *out_len,
	    struct err *e);

#endif
