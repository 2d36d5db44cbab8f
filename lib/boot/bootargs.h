/* bootargs - the words of a kernel command line, as they stand there. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_BOOTARGS_H
#define BOOT_BOOTARGS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The next word with its quotes (a quoted part may hold blanks: lib/cmdline.c of the kernel). *at
 * moves on. NULL at the end, which "--" is too: what follows it is for init.
 */
const char *bootarg_next(const char **at, size_t *len);

/* True if the word's key, what stands before '=', is key; '-' and '_' are equal. */
bool bootarg_is(const char *word, size_t len, const char *key);

/* True if there is a word with that key. */
bool bootarg_has(const char *cmdline, const char *key);

#endif
