/* cpio - an initramfs archive, the same bytes for the same content. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_CPIO_H
#define BOOT_CPIO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum cpio_compress { CPIO_NONE, CPIO_GZIP, CPIO_ZSTD };

/* Entries are collected, sorted by name and written by cpio_write. Zero-initialise it. */
struct cpio {
	struct cpio_entry *entries;
	size_t             n, cap;
};

/*
 * Add an entry at path (absolute, normalised; its parent directories are added as needed, mode
 * 0755). Two entries of one path: the same again is fine, a different one is -EEXIST.
 * data of a file is copied.
 */
int cpio_dir(struct cpio *c, const char *path, unsigned mode, struct err *e);
int cpio_file(struct cpio *c, const char *path, unsigned mode, const void *data, size_t len,
	      struct err *e);
int cpio_link(struct cpio *c, const char *path, const char *target, struct err *e);
int cpio_node(struct cpio *c, const char *path, unsigned mode, char kind, unsigned major,
	      unsigned minor, struct err *e);	/* kind 'c' or 'b' */
void cpio_free(struct cpio *c);

/*
 * Write the archive to fd: newc, entries by name, inode numbers from 1, owner 0:0, mtime (seconds)
 * for all. level as the method has it, 0 for its default.
 */
int cpio_write(const struct cpio *c, int fd, enum cpio_compress how, int level, int64_t mtime,
	       struct err *e);

#endif
