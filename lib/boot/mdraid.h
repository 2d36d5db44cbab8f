/* mdraid - mirrors of the kernel's md driver: what a member says of them, and how one is started. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MDRAID_H
#define BOOT_MDRAID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Superblock of a member (linux/raid/md_p.h: struct mdp_superblock_1, or 0.90's magic). */
struct md_member {
	int      minor;		/* of the format: 0 at the disk's end, 1 at its start, 2 at 4 KiB; -1: 0.90 */
	uint8_t  array[16];	/* which array it belongs to */
	int      level;		/* 1: a mirror */
	unsigned disks;		/* that the array should have */
	unsigned role;		/* of this one; 0xfffe faulty, 0xffff spare */
	uint64_t events;	/* the higher, the newer */
};

/*
 * What an open disk of size bytes is a member of. Its checksum is verified. 0, -ENODATA if it is none, or the errno of
 * the read.
 */
int md_read(int fd, uint64_t size, struct md_member *out, struct err *e);

/* Why the capture kernel cannot start such an array; NULL if it can: mirrors of format 1. */
const char *md_refusal(const struct md_member *m);

/*
 * Start an array of these members, newest and complete or not; the kernel leaves out what is stale. The device is
 * /dev/mdN, whose number it chooses: the highest below 128 that is free. 0, or the errno of the step that
 * failed (-ENODEV without the module md_mod), after which nothing is left of it.
 */
int md_start(const struct md_member *members, const dev_t *devs, unsigned n, struct err *e);

#endif
