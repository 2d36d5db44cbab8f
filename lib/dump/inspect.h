/* inspect - all that can be said about a dump or core without a debugger. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_INSPECT_H
#define DUMP_INSPECT_H

#include "dump/beside.h"
#include "dump/census.h"
#include "dump/kernel.h"

struct inspection {
	struct kernel   k;		/* open */
	const struct kdumpfile *file;	/* of k.src; NULL: an ELF core */
	struct bytes    core;		/* the bytes of an ELF core */
	const struct bytes *bytes;	/* of either */
	char            build_id[80];	/* "" if unknown, as the next ones */
	char            panic[256];
	struct err      no_log;		/* why panic is unknown */
	struct census   census;		/* of an ELF core: kept, absent */
	struct beside   beside;
	struct extents  extents;	/* compared, if asked to */
	struct err      wrong;		/* what kept the checks from being done; code 0: nothing */
};

enum soundness {
	SOUND,				/* whole, as far as was looked at */
	SOUND_INCOMPLETE,		/* readable, but something is missing that should be there */
	SOUND_DAMAGED,			/* some of what is there is wrong */
};

/*
 * Look at path; with verify, unpack each page and compare the checksums of the manifest. problem gets
 * a line for each thing that is wrong. Returns 0, also when something is; or an error, if path is no dump.
 * inspect_close is wanted only after 0.
 */
int inspect_open(struct inspection *i, const char *path, bool verify,
		 void (*problem)(void *ctx, const char *line), void *ctx, struct err *e);
void inspect_close(struct inspection *i);

enum soundness inspect_soundness(const struct inspection *i);

/*
 * True of one of the files of a split dump, which is SOUND_INCOMPLETE since the others are not in it, if it lacks
 * nothing itself: with verify as far as its manifest tells, if it has one.
 */
bool inspect_part_whole(const struct inspection *i);

#endif
