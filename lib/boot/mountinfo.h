/* mountinfo - on which device, and where inside its filesystem, does a path lie? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MOUNTINFO_H
#define BOOT_MOUNTINFO_H

#include <stddef.h>

#include "base/err.h"

/* Where a path is. */
struct mountinfo {
	char fstype[32], source[256];	/* as in /proc/self/mountinfo, unescaped */
	char inside[4096];		/* the path inside the filesystem (of the subvolume) */
	char subvol[1024];		/* btrfs: the subvolume to mount, "" for the top; else "" */
	unsigned major, minor;		/* of the block device; 0:N for btrfs: see source */
};

/*
 * Find the mount that holds path, an absolute path without symbolic links, in table, the text of
 * /proc/self/mountinfo (proc(5)). Of mounts on top of each other the last counts; a bind mount's
 * root is part of inside. Returns 0, -ENOENT, or -ENAMETOOLONG.
 */
int mountinfo_find(const char *table, const char *path, struct mountinfo *out, struct err *e);

#endif
