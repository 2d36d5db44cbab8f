/* kexec_file - hand a kernel to the kernel, for a crash or for a quick reboot. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_KEXEC_FILE_H
#define BOOT_KEXEC_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Which of the two images a call is about. */
enum kexec_slot { KEXEC_SLOT_REBOOT, KEXEC_SLOT_CRASH };

/*
 * kexec_file_load(2) kernel, initrd (NULL: none) and cmdline into slot. The old image is gone when
 * this returns, also on error: the kernel frees it first. Returns 0, or an error that says in
 * words what to do.
 */
int kexec_load_image(enum kexec_slot slot, const char *kernel, const char *initrd,
		     const char *cmdline, struct err *e);

/* Drop the image of slot. Returns 0 or an error in words. */
int kexec_unload_image(enum kexec_slot slot, struct err *e);

/* Is an image loaded? Returns 1, 0, or an error when the kernel does not say. */
int kexec_loaded(enum kexec_slot slot, struct err *e);

/* Bytes reserved by crashkernel=. Returns 0 or a negative errno (a kernel without crash dumps). */
int kexec_reservation(uint64_t *bytes);

#endif
