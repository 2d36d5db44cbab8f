/* hoststack - can the capture kernel put together what this block device is made of? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_HOSTSTACK_H
#define BOOT_HOSTSTACK_H

#include "boot/blockdev.h"

enum { HOSTSTACK_MAX = 32 };

/* The disks and partitions at the bottom, and the drivers between, modules by name, lowest first. */
struct hoststack {
	char        disks[HOSTSTACK_MAX][BLOCKDEV_NAME];
	unsigned    nr_disks;
	const char *modules[4];		/* NULL behind the last one; static */
};

/*
 * Walk from block device name ("dm-0", "md127", "vda1") down. Linear volumes of LVM and mirrors of md, format 1, in any
 * order, are what assemble.h starts; the text of LVM is read with the code that will read it then.
 * Returns 0, or -EOPNOTSUPP with what stands in the way (encrypted, thin, striped, multipath, ...), or an errno.
 */
int hoststack_walk(const struct places *at, const char *name, struct hoststack *out, struct err *e);

#endif
