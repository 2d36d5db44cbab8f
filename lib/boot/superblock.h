/* superblock - which filesystem is on this device, and what is it called? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_SUPERBLOCK_H
#define BOOT_SUPERBLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* What was found. Strings are printable (others become '_'), as mount(8) writes them. */
struct superblock {
	char type[16];		/* "ext2" "ext3" "ext4" "xfs" "btrfs" "vfat" */
	char uuid[40];		/* lower case, vfat "1234-ABCD" in upper case; "" if it has none */
	char label[260];	/* "" if it has none */
};

/* Bytes from the start of a device that superblock_parse looks at. */
enum { SUPERBLOCK_BYTES = 68 << 10 };

/*
 * Look at the first len bytes of a device (fewer than SUPERBLOCK_BYTES: what lies behind is not
 * found). Returns 0, or -ENODATA if there is no filesystem that we know.
 */
int superblock_parse(const void *start, size_t len, struct superblock *out);

/*
 * The same for an open device or image. FAT32 labels need a second read, of the root directory. A member
 * of a larger device has no filesystem of its own, whatever is in it: -ENODATA with out->type "LVM2_member"
 * or "linux_raid".
 */
int superblock_read(int fd, struct superblock *out, struct err *e);

/* The same by path. */
int superblock_probe(const char *path, struct superblock *out, struct err *e);

#endif
