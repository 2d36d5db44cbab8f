/* lib_tree - a temporary directory with files of a test's choice, and small module files. */
/* SPDX-License-Identifier: MIT */
#ifndef LIB_TREE_H
#define LIB_TREE_H

#include <stddef.h>

/* A fresh directory below TMPDIR or /tmp; tree_remove takes it away with all that is in it. */
void tree_make(char dir[64]);
void tree_remove(const char *dir);

/* DIR/PATH with that text or those bytes; directories above it are made. Aborts on any error. */
void tree_text(const char *dir, const char *path, const char *text);
void tree_bytes(const char *dir, const char *path, const void *data, size_t len);
void tree_link(const char *dir, const char *path, const char *target);
void tree_mode(const char *dir, const char *path, unsigned mode);

/*
 * A 64 bit ELF file with a section .modinfo of these len bytes ("key=value\0key=value\0") into
 * out. Returns its length.
 */
size_t tree_module(char out[4096], const char *modinfo, size_t len);

#endif
