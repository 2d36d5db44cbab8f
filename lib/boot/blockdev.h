/* blockdev - which block devices does the kernel have, and what are they called? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_BLOCKDEV_H
#define BOOT_BLOCKDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/superblock.h"

/* Where sysfs and devtmpfs are: "/sys" and "/dev", or a test's own. Borrowed. */
struct places {
	const char *sys, *dev;
};

enum { BLOCKDEV_NAME = 64, BLOCKDEV_MAX = 4096 };

/* A disk or partition. */
struct blockdev {
	char     name[BLOCKDEV_NAME];		/* in /sys/class/block */
	char     node[BLOCKDEV_NAME];		/* below /dev */
	char     disk[BLOCKDEV_NAME];		/* that it is part of; "" if it is one itself */
	unsigned part;				/* number of the partition, 0 for a disk */
	char     part_label[80], part_uuid[40];	/* of GPT, as far as uevent tells; "" if not */
	bool     in_use;			/* another device is made of it (md, dm) */
};

/*
 * All of them that have a size, by name (vda2 before vda10), into fresh memory that the caller
 * frees. Floppies are left out: a missing one takes seconds to say so. Returns their number.
 */
size_t blockdev_all(const struct places *at, struct blockdev **out);

/* One by its name in sysfs. False if there is none. */
bool blockdev_get(const struct places *at, const char *name, struct blockdev *out);

/*
 * Superblock of dev, read in a child: a disk that does not answer costs limit_ms, not the dump.
 * Returns 0, -ENODATA, -ETIMEDOUT, or the errno of the read.
 */
int blockdev_superblock(const struct places *at, const struct blockdev *dev, unsigned limit_ms,
			struct superblock *out);

/* The same; *free_to_write: it was read, holds no filesystem, and begins with 4 KiB of zeros or with a raw dump. */
int blockdev_content(const struct places *at, const struct blockdev *dev, unsigned limit_ms,
		     struct superblock *out, bool *free_to_write);

/*
 * PARTUUID of dev, also from the disk's partition table; as blockdev_superblock. -ENODATA also for 00000000-01 and so
 * on: the same on every disk whose MBR has no signature, it names none.
 */
int blockdev_part_uuid(const struct places *at, const struct blockdev *dev, unsigned limit_ms,
		       char out[40]);

/* True if id is what /dev/disk/by-id would call dev (device.h lists the kinds). */
bool blockdev_has_id(const struct places *at, const struct blockdev *dev, const char *id);

/*
 * What the hardware, or for a device that is made of others its driver, calls a disk for good: the file of sysfs and
 * its value, "wwid eui.0025...". False and "" if there is nothing of that kind.
 */
bool blockdev_disk_mark(const struct places *at, const struct blockdev *dev, char *out, size_t size);

/* Name of a device-mapper device; false if dev is none. */
bool blockdev_dm_name(const struct places *at, const struct blockdev *dev, char *out, size_t size);

#endif
