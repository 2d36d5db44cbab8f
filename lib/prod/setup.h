/* setup - from a fresh machine to a loaded crash kernel. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_SETUP_H
#define PROD_SETUP_H

#include "prod/estimate.h"
#include "prod/load.h"
#include "prod/translate.h"

enum { SETUP_FROM_MAX = 4 };

struct setup_request {
	struct place *place;	/* filled; config is where the configuration shall be, NULL: /etc/kdump.conf */
	/* Configurations of another kdump, up to a NULL; none: keep ours, or the usual one. Borrowed. */
	const char   *from[SETUP_FROM_MAX + 1];
	bool          dry_run;	/* find out all, write and load nothing */
	int         (*load)(const char *kernel, const char *initrd, const char *cmdline, struct err *e);	/* see load.h */
};

enum setup_conf { SETUP_CONF_KEPT, SETUP_CONF_SAME, SETUP_CONF_WRITTEN };

struct setup_report {
	enum setup_conf    conf;
	bool               written;		/* it is in its place */
	char              *text;		/* of the configuration; owned */
	char               backup[PATH_MAX];	/* where another one that was there is now; "" */
	char               other[PATH_MAX];	/* a kdump's configuration that ours was not made of; "" */
	const char        *rival;		/* a unit that loads another crash kernel at each boot; NULL */
	struct translation translated;		/* the notes of all that was translated */
	struct estimate    estimate;
	uint64_t           reserved;		/* bytes, now */
	bool               loaded;		/* or would be; else there is no memory for it yet */
	struct load_report load;
};

/*
 * Several files become one: what shells source stands before what is kdump.conf already, without the lines that
 * are there; if two of them want different things the error names the key.
 *
 * Have a configuration, see that an image can be made with it (if not, nothing is written), load it if
 * memory is reserved. A second run finds nothing to do. Zero-initialise *t; setup_free in any case. Returns 0 or
 * an error that says what to do.
 */
int setup_run(const struct setup_request *q, struct setup_report *t, struct err *e);
void setup_free(struct setup_report *t);

#endif
