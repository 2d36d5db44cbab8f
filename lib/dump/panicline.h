/* panicline - the one line of the kernel log that tells why it crashed. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PANICLINE_H
#define DUMP_PANICLINE_H

#include "dump/printk.h"

/*
 * Go through the log for the line that people ask for: "Kernel panic - not syncing: ..."; but if that
 * names an exception only, or the crash kernel started before it was printed (crash_kexec in oops_end),
 * what the oops began with. out, size bytes, gets it without its time stamp, "" if no line is of that
 * kind. Returns 0 or as printk_write.
 */
int panic_line(struct kernel *k, char *out, size_t size, struct err *e);

/* The same for a log that comes piece by piece; zero-initialise it, feed it, look at best. */
struct panic_search {
	char   line[320], best[320];
	size_t len;			/* of line */
	int    rank;			/* of best; 0: none yet */
};
int panic_feed(void *search, const char *text, size_t len);	/* a printk_emit */

#endif
