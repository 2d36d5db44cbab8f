/* outcome - may this dump be called complete? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_OUTCOME_H
#define BOOT_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/child.h"

enum outcome { OUTCOME_FAILED, OUTCOME_DEGRADED, OUTCOME_COMPLETE };

/*
 * The one place that says COMPLETE. Its argument is how the applet save ended: exit status 0 is its
 * word that the dump is whole, durable and has its final name; 3 that a usable one is there. All
 * else is FAILED, for instance a save that was killed, however much it had written.
 */
enum outcome outcome_of(const struct child_result *save);

/* What is known at the end. Texts may be "". */
struct closing {
	struct child_result save;
	bool     missing;	/* there is no dump where save must have put it */
	bool     sent;		/* a server took it that cannot tell whether it is on its disk */
	bool     incomplete;	/* it is called vmcore-incomplete */
	char     where[640];	/* "/var/crash/127.0.0.1-.../vmcore on /dev/vda1" */
	uint64_t bytes;		/* size of the file; 0: not known */
	char     reason[360];	/* why it failed */
	char     kept[640];	/* where the log of the dead kernel is at least */
	uint64_t now_ms;	/* since boot */
};

/* outcome_of, once more doubted: complete needs a place, and a file of the final name. */
enum outcome closing_outcome(const struct closing *c);

/* The closing line, without newline: "complete: ...", "sent: ...", "degraded: ..." or "failed: ...". */
void outcome_line(const struct closing *c, char *out, size_t size);

#endif
