/* identity - by which marks is a target's device known again, and when may they stand in for its name? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IDENTITY_H
#define BOOT_IDENTITY_H

#include <stdbool.h>
#include <stdio.h>

#include "boot/blockdev.h"

/*
 * The name in kdump.conf is one mark of many, and some names move: /dev/sdb is whichever disk came second, a label is
 * changed, a link of udev's (by-path, by-id of a kind that device.h does not know) is not there in the capture kernel.
 * So the image holds the other marks that the device had when it was made. In the capture kernel:
 *
 *   IDENTITY_CERTAIN   it is the one. A filesystem: same type and UUID, and partition and disk, as far as they were known,
 *                      are the same. One without a UUID: same type and label on the same, known, partition or disk. A raw
 *                      target: the same, known, partition and disk. Taken at once, under whatever name.
 *   IDENTITY_LIKELY    the same filesystem on another disk or partition (a clone, a disk that was moved); another UUID, but
 *                      the same label, type, partition and disk (made anew in place). A raw target: the same PARTUUID on
 *                      another disk (a clone). Taken after half of device_timeout, if nothing certain came.
 *   IDENTITY_OTHER     something else. Not taken for its node's name (/dev/sdb), ever. What the user named by UUID=,
 *                      LABEL=, PARTUUID=, PARTLABEL= or by-id and is there under that name is taken after half the
 *                      time, since that is what he asked for.
 *   IDENTITY_UNKNOWN   no mark was known that could tell. Taken under its name only.
 *
 * What was found by its name is LIKELY for less, if it is a filesystem that is looked for: a filesystem made anew
 * there, of whatever label or type, where the partition and disk are the same or there was nothing by which to know
 * them; and a device that could not be read, if sysfs does not say that it is another one. To dump into a wrong
 * filesystem beats to end with nothing, and destroys nothing.
 *
 * A raw target is overwritten: nothing with a filesystem on it stands in for one. One that is not CERTAIN, or is
 * known to be another than it was though it has the name, must have been read and be free: zeros at its beginning, or
 * a dump. Labels, names of partitions and nodes never stand in by themselves: anybody may bear them.
 */
enum identity_rank { IDENTITY_OTHER, IDENTITY_UNKNOWN, IDENTITY_LIKELY, IDENTITY_CERTAIN };

struct identity {
	char     type[16], uuid[40], label[260];	/* of the filesystem, as superblock.h has them */
	char     part_uuid[40];
	char     disk[260];		/* blockdev_disk_mark of the whole disk, or of the dm or md device */
	unsigned part;			/* number on it; 0: all of it */
	int      unread;		/* now: errno of looking for the filesystem; 0 if it could be read */
	bool     free_to_write;		/* now: blockdev_content */
};

/* Read the marks of a device; those that cannot be had are "". limit_ms: for each look at a disk. */
void identity_read(struct identity *id, const struct places *at, const struct blockdev *dev, unsigned limit_ms);

/* The same for the device whose node, below at->dev, is at path. False if there is none. */
bool identity_at(struct identity *id, const struct places *at, const char *path, unsigned limit_ms);

/* How surely `is` is what `was` when it was written down. overwrite: for a raw target. */
enum identity_rank identity_compare(const struct identity *was, const struct identity *is, bool overwrite);

/* The same of what was found by its name. */
enum identity_rank identity_named(const struct identity *was, const struct identity *is, bool overwrite);

/* One line for /etc/kdumpbox/devices of the image: fields behind tabs, the name (device.h) first. */
void identity_write(FILE *out, const char *spec, const struct identity *id);

/* The line of that name in such a text. False if there is none that makes sense. */
bool identity_find(struct identity *id, const char *text, const char *spec);

#endif
