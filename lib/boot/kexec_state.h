/* kexec_state - what the running kernel says about kexec. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_KEXEC_STATE_H
#define BOOT_KEXEC_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What is known about loading a crash kernel. */
struct kexec_state {
	bool     loaded;	/* one is */
	uint64_t reserved;	/* bytes of crashkernel=, low and high together; 0: none */
	bool     disabled;	/* kernel.kexec_load_disabled is 1: nothing can be loaded until the next boot */
	int      limit;		/* kernel.kexec_load_limit_panic, calls that are left; -1: no limit (or before 6.3) */
	bool     locked_down;	/* only what carries a signature that the kernel trusts can be loaded */
	bool     hotplug;	/* the kernel itself tells the loaded image of new memory and CPUs (6.5) */
};

/*
 * Read it from proc and sys below root ("" for this machine). Returns 0, or an error if the kernel cannot
 * kexec or /sys is not mounted; what else cannot be read is as if the kernel did not have it.
 */
int kexec_state_read(struct kexec_state *s, const char *root, struct err *e);

/*
 * The first line of /sys/kernel/kexec/NAME ("loaded", "crash_loaded", "crash_size") below root, or of
 * /sys/kernel/kexec_NAME, where kernels before 6.19 have it. Returns 0 or a negative errno.
 */
int kexec_sysfs(const char *root, const char *name, char *out, size_t size);

/* /sys/kernel/security/lockdown below root says more than "none". */
bool kexec_locked_down(const char *root);

#endif
