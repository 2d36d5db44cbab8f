/* hostdev - which drivers does a disk or network card of this machine need? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_HOSTDEV_H
#define BOOT_HOSTDEV_H

#include <stddef.h>

#include "boot/blockdev.h"

/* A device on the way from the bus to the disk. */
struct hostdev_driver {
	char module[64];	/* of its driver; "" if that is built in or not known */
	char modalias[512];	/* "" if it has none */
};

enum { HOSTDEV_MAX = 64 };

/*
 * What sysfs says of the devices above block device name ("vda1"), the outermost first. Returns 0
 * and *n, or an error: -EOPNOTSUPP for a device that has to be put together first (see hoststack.h), -E2BIG.
 */
int hostdev_drivers(const struct places *at, const char *name,
		    struct hostdev_driver out[HOSTDEV_MAX], size_t *n, struct err *e);

/*
 * The same for a network interface ("eth0"): of the card below it, nothing if there is none (a VLAN, a
 * bond, a bridge). Returns 0 and *n; -ENOENT if there is no such interface, -E2BIG.
 */
int hostdev_net_drivers(const struct places *at, const char *name,
			struct hostdev_driver out[HOSTDEV_MAX], size_t *n, struct err *e);

#endif
