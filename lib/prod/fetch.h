/* fetch - what a crash left on a raw device, as files of this machine. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_FETCH_H
#define PROD_FETCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum fetch_end {
	FETCH_NOTHING,		/* the device holds no dump */
	FETCH_COMPLETE,
	FETCH_DEGRADED,		/* all that was sent there, but the dump was made with holes or at a lower level */
	FETCH_INCOMPLETE,	/* vmcore-incomplete: cut, or damaged on the device */
	FETCH_LOG_ONLY,		/* no memory, or none that could be read: then why tells */
	NR_FETCH_ENDS
};
extern const char *const fetch_ends[NR_FETCH_ENDS];	/* "nothing", "complete", ... "log only" */

struct fetch_report {
	enum fetch_end end;
	char     dir[PATH_MAX];	/* where it is now; "" if nothing was saved */
	uint64_t bytes;		/* of the dump */
	char     why[320];	/* words for what is not complete, or not known; may be "" */
	bool     cleared;	/* the next call does not find it again */
};

/*
 * Look for a dump on a device (or a file like one) that nobody else uses, as the raw sink and the archive behind it
 * left it (sink/sink.h). Unpack it below parent, which is made, into a directory named as the capture kernel names
 * them, by the time of the crash: vmcore, vmcore-dmesg.txt, manifest.json. It is called vmcore only if the stream
 * had its end, each page unpacks and each checksum of the manifest is right; else vmcore-incomplete. All that is
 * durable before the directory gets its name, and then, unless keep, the heads of dump and archive are blanked.
 * One call takes the traces of one crash: a log may be of a later one than the dump. What cannot be read as a dump
 * is never blanked, and nothing is where the copy turned out worse than the device. The files get the time of the crash.
 * An interrupted call leaves ".kdumpbox-fetch" below parent, which the next one replaces; of two at a time one gets -EBUSY.
 * Returns 0 and *r; or an error, and then the device is as it was (unless only the blanking failed), and below parent is
 * nothing but, if r->dir tells so, the log (FETCH_LOG_ONLY; once, however often this is called).
 */
int fetch_run(const char *device, const char *parent, bool keep, struct fetch_report *r, struct err *e);

#endif
