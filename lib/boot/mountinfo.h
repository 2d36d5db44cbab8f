/* mountinfo - on which device, and where inside its filesystem, does a path lie? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MOUNTINFO_H
#define BOOT_MOUNTINFO_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Where a path is. */
struct mountinfo {
	char fstype[32], source[256];	/* as in /proc/self/mountinfo, unescaped */
	char inside[4096];		/* the path inside the filesystem (of the subvolume) */
	char subvol[1024];		/* btrfs: the subvolume to mount, "" for the top; else "" */
	char super[1024];		/* options of the filesystem, "rw,vers=4.2,...", cut to size */
	unsigned major, minor;		/* of the block device; 0:N for btrfs: see source */
};

/*
 * Find the mount that holds path, an absolute path without symbolic links, in table, the text of
 * /proc/self/mountinfo (proc(5)). Of mounts on top of each other the last counts; a bind mount's
 * root is part of inside. Returns 0, -ENOENT, or -ENAMETOOLONG.
 */
int mountinfo_find(const char *table, const char *path, struct mountinfo *out, struct err *e);

/* Where the other way round leads: to a path inside the filesystem of a device. */
struct mounted {
	char point[4096];	/* where the filesystem, or the part with the path, is mounted */
	char path[4096];	/* where the path is, whether it is there or not */
};

/*
 * Find a mount of the block device dev in table that shows inside, an absolute path of its filesystem. options: mount
 * options, whose subvolume (subvol=) it must be; NULL: any. Of several the last counts. Returns 0, -ENOENT, or
 * -ENAMETOOLONG.
 */
int mountinfo_of_device(const char *table, dev_t dev, const char *inside, const char *options,
			struct mounted *out, struct err *e);

/* The same for the filesystem of virtiofs with that tag. */
int mountinfo_of_tag(const char *table, const char *tag, const char *inside, struct mounted *out, struct err *e);

#endif
