/* device - which block device does the user mean, and when is it there? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_DEVICE_H
#define BOOT_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "boot/coldplug.h"

/*
 * A device is named by
 *   /dev/NAME                    a node of devtmpfs
 *   UUID=X LABEL=X               of the filesystem (superblock.h says which); X may be quoted
 *   PARTUUID=X PARTLABEL=X       of the partition (GPT; PARTUUID of MBR as SSSSSSSS-PP)
 *   /dev/disk/by-uuid/X          and by-label, by-partuuid, by-partlabel: as the four above
 *   /dev/disk/by-id/X            what sysfs tells: virtio-SERIAL, wwn-WWID, nvme-WWID, dm-name-X,
 *                                dm-uuid-X, md-uuid-X, each with -partN
 *   /dev/mapper/X                by the name of the device-mapper device
 * There is no udev: links are never needed, but one that exists is followed. UUIDs are compared
 * without regard to case, in labels udev's \x20 escapes are understood. If two devices carry the
 * same name, the first in order of kernel names that is not a part of another one (multipath, md
 * members) is taken.
 */

/* Find it now. Returns 0 and the node's path, -ENOENT (with what is there instead), -EINVAL. */
int device_find(const char *spec, char path[], size_t size, struct err *e);

struct identity;

/* What a device is waited for. */
struct device_wish {
	const char *spec;
	unsigned    timeout_ms;		/* of CLOCK_BOOTTIME */
	bool        overwrite;		/* a raw target */
	const struct identity *known;	/* its marks when the image was made, see identity.h; NULL: none */
	struct coldplug *drivers;	/* are loaded until it is there; NULL: none */
};

/*
 * Find it, waiting for the kernel's uevents, and starting the mirrors and LVM volumes that turn up
 * meanwhile (assemble.h): for the capture kernel. why gets words if what was found is not simply what the name says, else
 * "". Returns as device_find; -ETIMEDOUT after the time. Where no uevents can be had it looks twice a second.
 */
int device_wait(const struct device_wish *w, char path[], size_t size, char why[160], struct err *e);

#endif
