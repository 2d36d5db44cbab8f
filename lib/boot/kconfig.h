/* kconfig - with which options was a kernel built? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_KCONFIG_H
#define BOOT_KCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The configuration of the kernel of that release below root: boot/config-RELEASE, lib/modules/RELEASE/config,
 * or, if it is the one that runs there, proc/config.gz (CONFIG_IKCONFIG_PROC), which is looked at first. Returns 0
 * and *text, NUL terminated, which the caller frees; from, size bytes, gets the file's path. -ENOENT if there is none.
 */
int kconfig_read(const char *root, const char *release, bool runs, char **text, char *from, size_t size,
		 struct err *e);

/* Is the option ("CONFIG_KEXEC") built in? */
bool kconfig_has(const char *text, const char *option);

#endif
