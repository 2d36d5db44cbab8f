/* modlist - the modules that the image says to load, in order. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MODLIST_H
#define BOOT_MODLIST_H

#include <stdbool.h>
#include <stddef.h>

/* One line: the module, and parameters ("" if none). */
struct modline {
	char name[64], params[512];
};

/*
 * The next line of a terminated text that names a module ("NAME PARAMS..."; blank lines and those
 * that start with '#' are passed over, lines that do not fit too, counted in *bad). *at is moved
 * behind it. False at the end.
 */
bool modlist_next(const char **at, struct modline *m, unsigned *bad);

#endif
