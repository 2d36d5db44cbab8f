/* load - make the right kernel the one that starts after a crash, and keep the old one if that fails. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_LOAD_H
#define PROD_LOAD_H

#include <stdbool.h>

#include "prod/status.h"

/* What to do. All is borrowed. */
struct load_request {
	struct place *place;		/* filled */
	bool          force;		/* also if what is loaded is current, or cannot be put back */
	bool          dry_run;		/* find out all, write and load nothing */
	/* What loads a pair for a crash, as kexec_load_image; NULL: that. For tests. */
	int         (*load)(const char *kernel, const char *initrd, const char *cmdline, struct err *e);
};

/* What came of it. */
struct load_report {
	struct status status;		/* before; changes tells why it was loaded again */
	struct record loaded;		/* what is (dry run: would be) loaded now; boot_id "": nothing of ours */
	struct image_report image;	/* notes on the configuration */
	bool current;			/* nothing had to be done */
	bool reused;			/* the image was there already */
	bool restored;			/* it failed, and what was loaded before is loaded again */
};

/*
 * Build the image if its inputs changed (status.h), and load it with its kernel, of which the state directory
 * keeps a copy for that: the kernel frees the old image before it looks at the new one, so if that is
 * refused, the pair before is loaded again. Each attempt counts for kernel.kexec_load_limit_panic; where it
 * leaves too few for that, and something is loaded, nothing is done without force. Zero-initialise
 * *report; load_free in any case. Returns 0, or an error that says what is loaded now.
 */
int load_run(const struct load_request *q, struct load_report *report, struct err *e);
void load_free(struct load_report *report);

/*
 * Unload, and note in the record that nothing of ours is loaded: a kernel that another program loads then is not
 * taken for ours. One that is loaded over ours without that cannot be told apart. 0 or an error.
 */
int load_drop(const struct place *p, struct err *e);

#endif
