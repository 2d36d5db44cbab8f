/* partition - which PARTUUID does a partition of this disk have? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_PARTITION_H
#define BOOT_PARTITION_H

#include <stddef.h>

/*
 * Read the partition table of the open disk: GPT (UEFI 2.10, section 5.3; the first header, with
 * blocks of 512 and 4096 bytes) or MBR. number counts from 1, as in the kernel's PARTN. The uuid
 * is in lower case, for MBR "ssssssss-pp". Returns 0, -ENOENT, or the errno of a read.
 */
int partition_uuid(int disk, unsigned number, char out[40]);

#endif
