/* cpio - an initramfs archive, the same bytes for the same content. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_CPIO_H
#define BOOT_CPIO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Entries are collected, then written by cpio_pack. Zero-initialise it. */
struct cpio {
	struct cpio_entry *entries;	/* sorted by path */
	size_t             n, cap;
};

struct cpio_entry {
	char       *path;		/* "/bin/kdumpbox" */
	char        kind;		/* 'd' directory, 'f' file, 'l' link, 'c' 'b' node */
	unsigned    mode;		/* permissions only */
	unsigned    major, minor;	/* of a node */
	const char *data;		/* bytes of a file, target of a link; owned */
	size_t      len;
};

/*
 * Add an entry at path: absolute, without "." or "..". Directories above it are added, mode 0755.
 * The same entry again is fine, another one of that path is -EEXIST, except that a directory keeps
 * the mode it got first. The data are copied.
 */
int cpio_dir(struct cpio *c, const char *path, unsigned mode, struct err *e);
int cpio_file(struct cpio *c, const char *path, unsigned mode, const void *data, size_t len,
	      struct err *e);
int cpio_link(struct cpio *c, const char *path, const char *target, struct err *e);
int cpio_node(struct cpio *c, const char *path, char kind, unsigned mode, unsigned major,
	      unsigned minor, struct err *e);
void cpio_free(struct cpio *c);

/*
 * The entry that path leads to, links followed (at most 16, relative ones too, of directories as
 * well), or NULL.
 */
const struct cpio_entry *cpio_find(const struct cpio *c, const char *path);

/*
 * The archive: newc, by path, inode numbers from 1, owner 0:0, mtime (seconds) for all: the same
 * entries give the same bytes. Returns 0 and *out, which the caller frees, *len bytes.
 */
int cpio_pack(const struct cpio *c, int64_t mtime, char **out, size_t *len, struct err *e);

#endif
