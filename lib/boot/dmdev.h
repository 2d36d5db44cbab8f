/* dmdev - make a device-mapper device of linear runs. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_DMDEV_H
#define BOOT_DMDEV_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Sectors [start, start + len) of the new device are those of dev from `at` on; 512 bytes each. */
struct dm_run {
	uint64_t start, len, at;
	dev_t    dev;
};

/*
 * Create and start the device of that name and UUID (linux/dm-ioctl.h; needs the module dm_mod). runs in order, without
 * gaps. Returns 0; -EEXIST if there is one of that name or UUID already; -ENODEV without device-mapper; or the
 * errno of the step that failed, after which nothing is left of it.
 */
int dm_create(const char *name, const char *uuid, const struct dm_run *runs, unsigned n, struct err *e);

#endif
