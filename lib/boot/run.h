/* run - one life of a capture kernel, from its modules to the closing line. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_RUN_H
#define BOOT_RUN_H

#include <stdbool.h>

#include "base/conf.h"
#include "boot/outcome.h"
#include "boot/steps.h"

/* Where it stands. It is PID 1's own: children get copies. */
struct run {
	struct kdump_conf  conf;
	struct kdump_conf *shared_conf;		/* from steps_share: what the parsing child fills */
	struct steps       steps;		/* each step gets a copy with its own arg */
	void             (*warn)(const char *text);
	void             (*say)(const char *text);	/* the same for what is no warning */
	struct closing     closing;
	bool               vetoed;		/* kdump_pre does not want a dump */
	bool               pre_done;
	bool               stuck;		/* a child hangs in a target; sync would */
};

/* Mount /proc, /sys, /dev and the rest; kernel settings; configuration and its warnings. */
void run_start(struct run *r);

/* Load the modules of /etc/kdumpbox/modules, each in a child of its own. */
void run_modules(struct run *r);

/*
 * Save to one target, mounted on mount_point: dmesg, pstore, memory, with kdump_pre before and
 * kdump_post after. Everything learnt goes into r->closing; how it went is outcome_of that.
 */
void run_target(struct run *r, const struct target *t, const char *mount_point);

/* kdump_pre, then pre.d; once in a run. False if kdump_pre ended with a status that is not 0. */
bool run_pre_hooks(struct run *r);
void run_post_hooks(struct run *r);
void run_emergency_hooks(struct run *r);

/* The deadline of the whole run is over. */
bool run_is_over(const struct run *r);

/* For the files of this header. */
enum step_next run_step(const struct run *r, const struct step *step, void *arg,
			struct step_end *end);
void run_warn(const struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
