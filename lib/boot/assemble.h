/* assemble - start what block devices are made of: mirrors of md, linear volumes of LVM. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_ASSEMBLE_H
#define BOOT_ASSEMBLE_H

#include <stdbool.h>

#include "boot/blockdev.h"

enum { ASSEMBLE_MAX_DEAF = 16 };

/*
 * What the image lets init put together, a word a line. Without the file nothing is: a mirror that the target does
 * not need might lack a disk here, and would need a resync after having been started without it.
 */
#define ASSEMBLE_FILE	 "/etc/kdumpbox/assemble"
#define ASSEMBLE_MIRRORS "mirrors"
#define ASSEMBLE_VOLUMES "volumes"

/* One search for a target. Zero-initialise it. */
struct assembler {
	char     deaf[ASSEMBLE_MAX_DEAF][BLOCKDEV_NAME];	/* did not answer, and are not asked again */
	unsigned nr_deaf;
	char     why_not[200];		/* what the last pass could not start, for a message; "" if nothing */
};

/*
 * Look at all block devices and start what can be started: arrays whose members are there (with partial: whose
 * members are there in part), volumes all of whose disks are there. For the capture kernel only: on a running system it is
 * not ours to decide. Reads and starts happen in children with deadlines. Returns how many were started; 0 at once
 * without ASSEMBLE_FILE.
 */
unsigned assemble(struct assembler *a, const struct places *at, bool partial);

#endif
