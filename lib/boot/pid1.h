/* pid1 - make the first process safe, and let nothing stop the machine for good. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_PID1_H
#define BOOT_PID1_H

#include "base/err.h"

/*
 * First of all, in PID 1 itself, since none of it can block: /dev and /proc are mounted, file
 * descriptors 0-2 exist, signals are ignored, ctrl-alt-del does nothing, a panic of this kernel
 * reboots after 10 s (unless the command line says after how many). Failures are passed over:
 * there is nothing better to do than to go on.
 */
void pid1_protect(void);

/* A kernel setting for the time of the dump. */
struct pid1_sysctl {
	const char *path, *value;
};

/* The settings, ended by a NULL path; pid1.c says why each. */
extern const struct pid1_sysctl pid1_sysctls[];

/*
 * Write all of them. Files that this kernel does not have are passed over, and those that refuse
 * the value but have it already: printk.devkmsg= of the command line locks its file (kernel:
 * devkmsg_sysctl_set_loglvl in kernel/printk/printk.c). Returns 0, or the last error.
 */
int pid1_sysctl_apply(const struct pid1_sysctl *list, struct err *e);

/*
 * Make console lines of level info visible if "quiet" hides them and no loglevel= was given.
 * cmdline is that of the kernel.
 */
void pid1_unquiet(const char *cmdline);

/*
 * In a child of PID 1: an interactive shell on the console, until it ends. Returns 0, or -errno if
 * there is none.
 */
int pid1_shell(struct err *e);

/*
 * Replace this process by an applet of this binary: argv[0] is its name, the last is NULL. Comes
 * back only if that is impossible, with -errno.
 */
int pid1_exec_applet(const char *const *argv, struct err *e);

#endif
