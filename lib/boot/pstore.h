/* pstore - keep what the firmware kept of the crash. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_PSTORE_H
#define BOOT_PSTORE_H

#include "base/err.h"

enum {
	PSTORE_FILES_MAX = 256,
	PSTORE_BYTES_MAX = 16 << 20,	/* of one file; more is cut, and said */
};

/*
 * Copy the files of directory from (/sys/fs/pstore) into directory to, which is made if there is
 * something to put in it, each synced. The originals stay: the production system's own tools look
 * for them. Goes on after an error. Returns the number of files copied, or the first error.
 */
int pstore_copy(const char *from, const char *to, struct err *e);

#endif
