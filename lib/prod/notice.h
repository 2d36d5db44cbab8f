/* notice - did the last boot end in a crash, and what is there of it? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_NOTICE_H
#define PROD_NOTICE_H

#include <stddef.h>

#include "prod/place.h"

enum notice_kind {
	NOTICE_NONE,		/* nothing speaks for a crash */
	NOTICE_SAVED,		/* it crashed, and a complete dump is on this machine */
	NOTICE_PARTLY,		/* it crashed, and what is there of it is not complete */
	NOTICE_UNCLEAN,		/* it ended without a shutdown (a crash, a reset, a power cut); nothing new is on this machine */
	NR_NOTICES
};
extern const char *const notice_names[NR_NOTICES];	/* "none", "saved", "partly", "unclean" */

/*
 * What can be known at the next boot, before kdump load: a dump in a directory of this machine (where.h; of raw targets
 * after kdump fetch) that is younger than the load of the crash kernel in an earlier boot; else, that this earlier boot
 * did not end with kdump unload, as each shutdown does that stops kdumpbox.service. Each such boot is told of once. text, of size bytes, gets one line without its newline: why it
 * crashed, where the dump is, whether it is whole; or where else to look. It is kept in notice.json of the
 * state directory, and told again in the same boot. Returns its kind.
 */
enum notice_kind notice_make(const struct place *p, char *text, size_t size);

/* Only what was kept in this boot; NOTICE_NONE and "" if nothing was. */
enum notice_kind notice_kept(const struct place *p, char *text, size_t size);

#endif
