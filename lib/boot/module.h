/* module - load a kernel module and what it depends on. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MODULE_H
#define BOOT_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Load the module or alias name with params ("a=1 b=2"; NULL or "" for none; they go to the module
 * itself, not to its dependencies) out of /lib/modules/RELEASE of the running kernel. Parameters
 * given on the kernel command line as NAME.PARAM=VALUE are passed too, to dependencies as well,
 * since the kernel itself gives them to built-in modules only. Modules are loaded one after the
 * other in this process; a driver's initialisation can hang, so call this from a child that has a
 * deadline. A module that is there already or built in is a success; a softdep that cannot be
 * loaded is not an error. Where /proc/vmcore exists, files of loaded modules are removed from a
 * rootfs in memory. Returns 0; -ENOENT for an unknown name, with the nearest one; else the kernel's
 * errno with the module named.
 */
int module_load(const char *name, const char *params, struct err *e);

/* Is the module, by its name with '_', loaded and running? */
bool module_is_live(const char *name);

/*
 * The parameters for module name in a kernel command line ("name.x=1 na-me.y=2" gives "x=1 y=2"),
 * into out, always terminated. Returns 0 or -ENOSPC.
 */
int module_cmdline_params(const char *cmdline, const char *name, char *out, size_t size);

#endif
