/* dumps - the dumps that lie in a directory: which kernel crashed why, is it all there, may it go? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_DUMPS_H
#define PROD_DUMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum dump_state {
	DUMP_COMPLETE,
	DUMP_INCOMPLETE,	/* the memory is there in part, or marked as such */
	DUMP_LOG_ONLY,		/* the kernel log, no memory */
	DUMP_UNKNOWN,		/* packed as a whole (vmcore.gz), or not to be read: see why */
	NR_DUMP_STATES
};
extern const char *const dump_states[NR_DUMP_STATES];	/* "complete", "incomplete", "log only", "unknown" */

/*
 * A directory with a dump. It is one if its name is as kdumpbox and kdump-utils (ADDRESS-2026-11-22-09:45:14, on
 * vfat with '-'), kdump-tools (202611220945) or SUSE's kdump (2026-11-22-09-45, 2026-11-22-09:45) make it, the
 * latter two also with a host in front, and if a dump or a kernel log is in it.
 */
struct saved_dump {
	char     name[256];		/* of the directory */
	int64_t  when;			/* seconds since 1970: the youngest change of what is in it */
	uint64_t bytes;			/* of all that is in it */
	char     core[256], log[256];	/* names of the dump and the kernel log, "" if there is none */
	enum dump_state state;
	char     why[200];		/* words for a state that is not complete; may be "" */
	char     panic[256];		/* the line that tells why the kernel crashed, "" if unknown */
	char     stranger[256];		/* something in it that belongs to no dump: then it is never removed */
	bool     prune;			/* set by dumps_prune */
};

struct saved_dumps {
	struct saved_dump *list;	/* the newest first */
	size_t             n;
};

/* Read them. Zero-initialise *all; dumps_free in any case. Returns 0, or an error if dir cannot be read. */
int dumps_read(struct saved_dumps *all, const char *dir, struct err *e);
void dumps_free(struct saved_dumps *all);

/*
 * Mark what goes, when keep of them stay (0: no matter how many) and what is older than max_age_s (0: no matter)
 * at the time now. The newest complete one always stays, and each with a stranger in it.
 */
void dumps_prune(struct saved_dumps *all, size_t keep, int64_t max_age_s, int64_t now);

/*
 * Remove one, read from dir, file by file by the names that belong to a dump, then the directory: if meanwhile
 * something else came into it, that stays. Returns 0 or an error.
 */
int dumps_remove(const char *dir, const struct saved_dump *d, struct err *e);

#endif
