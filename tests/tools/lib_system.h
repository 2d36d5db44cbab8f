/* lib_system - a small system below a directory: what the production side looks at. */
/* SPDX-License-Identifier: MIT */
#ifndef LIB_SYSTEM_H
#define LIB_SYSTEM_H

#include "prod/place.h"

#define SYSTEM_RELEASE "6.1.0-test"
#define SYSTEM_MODULES "lib/modules/" SYSTEM_RELEASE "/"

/*
 * Make it in a fresh directory, which tree_remove takes away: it runs SYSTEM_RELEASE, has 128 MiB reserved and
 * nothing loaded, a kernel in /boot with its configuration, the modules virtio_blk and virtio_pci, and a
 * /etc/kdump.conf with the target raw /dev/vda.
 */
void system_make(char root[64]);

/* That system as a place, filled, with virtio_blk in the image. *p borrows root. */
void system_place(const char *root, struct place *p);

#endif
