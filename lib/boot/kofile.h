/* kofile - what is inside a module file, compressed or not? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_KOFILE_H
#define BOOT_KOFILE_H

#include <stddef.h>

#include "base/err.h"

enum { KOFILE_MAX = 256 << 20 };	/* bytes, decompressed; real ones are below 64 MiB */

/*
 * Read the module file at path, decompressing .xz, .zst and .gz. The bytes are those that were
 * signed: nothing is stripped. Returns 0 and *image, which the caller frees, *len bytes.
 */
int kofile_read(const char *path, char **image, size_t *len, struct err *e);

/*
 * Call each(value, arg) for every "key=value" of the ELF section .modinfo of a 64 or 32 bit little
 * endian module, for instance key "firmware". Stops at the first non-zero return and returns that.
 * Returns -ENOEXEC if the image is no such ELF file.
 */
int kofile_modinfo(const char *image, size_t len, const char *key,
		   int (*each)(const char *value, void *arg), void *arg);

#endif
