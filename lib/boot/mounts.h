/* mounts - mount what the capture kernel needs, and say in words what went wrong. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MOUNTS_H
#define BOOT_MOUNTS_H

#include <stddef.h>

#include "base/err.h"

/*
 * /proc, /sys, /dev (devtmpfs), /run, /tmp (tmpfs), each unless it is there already, and
 * /sys/fs/pstore, /sys/kernel/security where the kernel has them (silently not). All are tried;
 * returns 0, or the first error.
 */
int mount_early(struct err *e);

/*
 * Mount device dev (a node: see device.h) on directory dir, which is made if missing. fstype NULL,
 * "" or "auto": what the superblock says; a missing filesystem module is loaded. options as in
 * fstab, NULL for none; "defaults" is nothing. Read-write unless options has "ro"; a journal is
 * replayed by the kernel. Returns 0, or an error that says what to do.
 */
int mount_target(const char *fstype, const char *dev, const char *dir, const char *options,
		 struct err *e);

/*
 * Unmount dir: data are written before it returns. force: lazily as well when it is busy.
 * Returns 0 or an error.
 */
int mount_release(const char *dir, int force, struct err *e);

/*
 * Split options ("ro,noatime,subvol=x") in flags for mount(2) and the rest for the filesystem,
 * into data, always terminated. Names that only mount(8) knows (defaults, nofail, _netdev, x-...)
 * are dropped. Returns 0 or -E2BIG.
 */
int mount_options(const char *options, unsigned long *flags, char *data, size_t size);

#endif
