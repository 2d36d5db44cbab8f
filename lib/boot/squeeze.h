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
 * Compress len bytes. zstd: level 19 with a window of 2 MiB, since the kernel allocates the
 * window, and a checksum. gzip: level 9, no time in its header. Returns 0 and *out, which the
 * caller frees, *out_len bytes; the same bytes for the same input.
 */
int squeeze(enum squeeze how, const void *data, size_t len, char **out, size_t *out_len,
	    struct err *e);

#endif
