/* fetchdir - the directory in which kdump fetch puts a dump together, before and when it gets its name. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_FETCHDIR_H
#define PROD_FETCHDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct fetchdir {
	char path[PATH_MAX - 64];	/* while it has no name */
	int  fd;			/* the same, locked; the caller closes it */
};

/*
 * Make ".kdumpbox-fetch" below parent, which is made too, ours alone, or take that of an interrupted call over, empty.
 * Who holds the lock works in it; NFS locks no directory. parent may be anybody's: what others made is not entered.
 * 0; -EBUSY if somebody works in it; -EPERM if it is not ours; or another error.
 */
int fetchdir_claim(struct fetchdir *d, const char *parent, struct err *e);

/* The path of a file in it. */
void fetchdir_path(const struct fetchdir *d, const char *name, char out[PATH_MAX]);

/* There are only files of ours in it. */
void fetchdir_empty(const struct fetchdir *d);
void fetchdir_remove(const struct fetchdir *d);

/*
 * Give it the name below parent that the capture kernel would have given it at stamp (seconds since 1970; 0: now), which
 * is also the time of the files then, for those who ask which boot a dump is of. All in it, and the name, are durable
 * after that. out gets the path. once: if that name is there already nothing is done, and out is "". 0 or an error;
 * out is "" then too, unless only the last sync failed.
 */
int fetchdir_name(const struct fetchdir *d, const char *parent, uint64_t stamp, bool once, char out[PATH_MAX],
		  struct err *e);

#endif
