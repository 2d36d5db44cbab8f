/* io - read and write all of it, or say why not. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* All functions retry EINTR and short transfers; none of them sets struct err unless it takes one. */

/* Write len bytes. Returns 0 or a negative errno; a write of 0 bytes is -ENOSPC. */
int write_full(int fd, const void *buf, size_t len);

/*
 * Write len bytes at file offset at. Returns 0 or a negative errno. *done (may be NULL) gets the
 * number of bytes that were accepted, also on error.
 */
int pwrite_full(int fd, const void *buf, size_t len, uint64_t at, size_t *done);

/* Read up to len bytes at offset at, less only at end of file. Returns bytes or a negative errno. */
ssize_t pread_full(int fd, void *buf, size_t len, uint64_t at);

/* Read up to len bytes, less only at end of file. Returns bytes or a negative errno. */
ssize_t read_full(int fd, void *buf, size_t len);

/*
 * Read a whole file of at most max bytes into fresh memory, NUL terminated behind its *len bytes.
 * Returns 0 and *out (the caller frees it), or a negative errno; -EFBIG if it is larger.
 */
int read_file(const char *path, size_t max, char **out, size_t *len, struct err *e);

/* Write a small file (proc, sysfs) in one write(2), no creation. Returns 0 or a negative errno. */
int write_file(const char *path, const char *text);

/* First line of a small file without newline into out (size bytes, always terminated). 0 or -errno. */
int read_line(const char *path, char *out, size_t size);

/* Make directory path and its parents, mode 0755; existing ones are fine. 0 or -errno. */
int make_dirs(const char *path);

/* fsync the directory that holds path. 0 or -errno. */
int sync_parent(const char *path);

/* Milliseconds of CLOCK_BOOTTIME: the wall clock jumps, this one does not. */
uint64_t now_ms(void);

#endif
