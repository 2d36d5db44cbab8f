/* hooks - programs of the user that run before and after a dump. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_HOOKS_H
#define BOOT_HOOKS_H

#include <stddef.h>

#include "base/err.h"

enum { HOOKS_MAX = 32, HOOK_PATH_MAX = 256 };

/* Programs to run, in order. */
struct hooks {
	char path[HOOKS_MAX][HOOK_PATH_MAX];
	int  n;
	int  dropped;		/* that had no room */
};

/*
 * Add the executable regular files of directory dir, in order of their names (strcmp). A directory
 * that is missing adds nothing.
 */
void hooks_add_dir(struct hooks *h, const char *dir);

/* Add one program; "" adds nothing. */
void hooks_add(struct hooks *h, const char *path);

/*
 * Replace this process by the program, with one argument unless it is NULL, and standard input from
 * /dev/null. Comes back only if that is impossible, with -errno; it tells a missing program from a
 * missing interpreter of a script.
 */
int hook_exec(const char *path, const char *arg, struct err *e);

#endif
