/* selftest - would a dump work, tried as far as one dares? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_SELFTEST_H
#define PROD_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prod/place.h"

/*
 * Write an object of 1 MiB to a target and remove it, with the code that will dump: a filesystem is found, mounted
 * (in a mount namespace of a child, at scratch, which is made), given a dump's directory, written to, read back;
 * a server is logged in to with the key and the known hosts of the image, and written to below path; an object is put
 * on a web server or into a store, and removed. Of a raw
 * device only the opening is tried, since it is overwritten as a whole. Returns 0, or an error; -EOPNOTSUPP if
 * such a target cannot be tried without a trace, or did not let it be removed: the message says so. note: what was done, for people.
 */
int selftest_target(const struct target *t, const char *scratch, char *note, size_t size, struct err *e);

/*
 * Boot a kernel and an initramfs under QEMU with memory bytes, until our init in it says that there is no dead
 * kernel. Its console goes to the file log. Returns 0; -ENOENT if there is no QEMU for this machine; an error that
 * names log.
 */
int selftest_vm(const char *kernel, const char *initrd, const char *cmdline, uint64_t memory, const char *log,
		struct err *e);

/* A crash that somebody asked for, remembered in the state directory until it is asked for again. */
int selftest_mark(const struct place *p, int64_t now, struct err *e);

/* What came of it. */
enum selftest_end {
	SELFTEST_NONE,		/* nobody asked */
	SELFTEST_WAITING,	/* this is still the boot in which it was asked for */
	SELFTEST_SAVED,		/* a complete dump is there */
	SELFTEST_PARTLY,	/* one that is not complete */
	SELFTEST_LOST,		/* none is there */
	SELFTEST_ELSEWHERE,	/* dumps go where this machine does not see them */
};

/* In words into text too ("" for SELFTEST_NONE). */
enum selftest_end selftest_result(const struct place *p, char *text, size_t size);

#endif
