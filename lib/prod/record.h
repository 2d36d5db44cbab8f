/* record - what was loaded, when and from what: the file "loaded.json" of the state directory. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_RECORD_H
#define PROD_RECORD_H

#include "boot/capture_cmdline.h"
#include "prod/inputs.h"
#include "prod/place.h"

struct record {
	char     boot_id[40];		/* of the boot in which it was loaded */
	uint64_t loaded_at;		/* seconds since 1970 */
	uint64_t machine;		/* wanted_machine() then */
	char     release[65];		/* of the kernel */
	char     source[4096];		/* where the kernel was taken from */
	char     kernel[64], initrd[64];	/* the copies in the state directory that were loaded */
	uint64_t initrd_sum;		/* XXH64 of the latter */
	uint64_t initrd_size, unpacked;	/* bytes */
	char     cmdline[CAPTURE_CMDLINE_SIZE];
	/* What the user asked for, "" if nothing (place.h). */
	char     want_kernel[4096], config[4096], append[CAPTURE_CMDLINE_SIZE], modules[4096];
	struct inputs inputs;
};

/* Zero-initialise r; record_free in any case. Returns 0; -ENOENT if nothing was ever loaded; or an error. */
int record_read(struct record *r, const char *state, struct err *e);
void record_free(struct record *r);

/* Durable, in place of the one before, and only then. Returns 0 or an error. */
int record_write(const struct record *r, const char *state, struct err *e);

/*
 * What the user asked for when it was loaded: keep it, and use it in p where p asks for nothing else, so that
 * kdump status and kdump reload need no options. p borrows from r.
 */
void record_keep_options(struct record *r, const struct place *p);
void record_use_options(const struct record *r, struct place *p);

/* The boot that the system below root is in, "" if it does not say. */
void record_boot_id(const char *root, char out[40]);

#endif
