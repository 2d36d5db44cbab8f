/* kdump - what the subcommands of kdump have in common. */
/* SPDX-License-Identifier: MIT */
#ifndef KDUMP_KDUMP_H
#define KDUMP_KDUMP_H

#include <stdbool.h>

#include "applet.h"
#include "prod/place.h"

/* A subcommand is an applet named "kdump WORD"; kdump.c has the list of them. */
#define KDUMP_COMMAND(symbol, word, text, words)                                                \
	static int symbol##_main(struct args *a);                                               \
	const struct applet kdump_##symbol = { "kdump " word, text, words, symbol##_opts, symbol##_main }

/* Options that several of them have. A subcommand lists those that it takes, kdump_next keeps them. */
enum { KDUMP_CONFIG = 512, KDUMP_KERNEL, KDUMP_STATE, KDUMP_SYSROOT, KDUMP_APPEND, KDUMP_MODULES,
       KDUMP_JSON, KDUMP_DRY_RUN, KDUMP_FORCE };
#define KDUMP_OPT_CONFIG  { KDUMP_CONFIG, "config", "FILE", "the configuration (default: /etc/kdump.conf)" }
#define KDUMP_OPT_KERNEL  { KDUMP_KERNEL, "kernel", "FILE", "the capture kernel, or its release (default: the running one)" }
#define KDUMP_OPT_APPEND  { KDUMP_APPEND, "append", "TEXT", "words at the end of its command line" }
#define KDUMP_OPT_MODULES { KDUMP_MODULES, "modules", "LIST", "drivers to load (default: those of the target's device here)" }
#define KDUMP_OPT_STATE   { KDUMP_STATE, "state-dir", "DIR", "where images are kept (default: /var/lib/kdumpbox)" }
#define KDUMP_OPT_SYSROOT { KDUMP_SYSROOT, "sysroot", "DIR", "look at the system below DIR, not at this one" }
#define KDUMP_OPT_DRY_RUN { KDUMP_DRY_RUN, "dry-run", NULL, "show what would be done, and change nothing" }
#define KDUMP_OPT_FORCE   { KDUMP_FORCE, "force", NULL, "load also what is current, or what cannot be taken back" }
#define KDUMP_OPT_JSON    { KDUMP_JSON, "json", NULL, "print JSON" }

struct kdump_call {
	struct place place;
	const char  *links[64];		/* what place.applets points to */
	bool         json, dry_run, force;
};

/* As args_next; the options above are kept in *k and not returned. */
int kdump_next(struct kdump_call *k, struct args *a, struct err *e);

/* kdump load; keep: with the options of the last time where a gives no others, which is kdump reload. */
int kdump_load(struct args *a, bool keep);
extern const struct opt kdump_load_opts[];	/* of both */

/* kdump fetch of all raw targets of the configuration, told in the log. An exit code; FAILED with *e or without. */
int kdump_fetch_targets(const struct place *p, struct err *e);

/* Fill k->place (place_fill). Returns as that. */
int kdump_ready(struct kdump_call *k, struct err *e);

#endif
