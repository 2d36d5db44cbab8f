/* steps - do one thing after the other, each in a child that may fail. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_STEPS_H
#define BOOT_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/child.h"
#include "base/err.h"

/* What a step's child tells. It lives in memory that is shared with the parent; starts zeroed. */
struct step_out {
	struct err err;		/* why it failed */
	char       note[200];	/* for people: what was done, "/dev/vda1, ext4" */
	char       text[512];	/* for the steps that follow, for instance a path */
	uint64_t   number;	/* the same */
};

/* What follows when a step failed. */
enum step_next {
	STEP_GO_ON,		/* with the next step */
	STEP_NEXT_TARGET,	/* nothing more can be done on this target */
	STEP_GIVE_UP,		/* nothing more can be done at all */
};

/* How a step ended. */
struct step_end {
	bool                ok;		/* exit status 0 */
	struct child_result child;
	struct step_out     out;
	char                why[360];	/* in words if not ok */
};

struct step {
	const char *name;
	/*
	 * Runs in the child; it may exec. The return value is the exit status; a negative errno,
	 * with out->err set, counts as 1.
	 */
	int       (*run)(void *arg, struct step_out *out);
	/* Called in the parent after a success: keeps what later steps need. NULL: nothing. */
	void      (*done)(void *arg, const struct step_out *out);
	unsigned    deadline_s;		/* 0: that of the whole run alone; with always: none */
	unsigned    stall_s;		/* ended when it does nothing at all that long; 0: never */
	unsigned    grace_s;		/* between SIGTERM and SIGKILL; 0: 2 */
	unsigned    tries;		/* 0 is 1. None follows one that was stopped */
	enum step_next on_failure;
	enum step_next on_stuck;	/* its child cannot even be killed */
	bool        always;		/* runs even when the run's time is over: 30 s */
};

/* Who runs steps. */
struct steps {
	void            *arg;		/* for run and done */
	struct step_out *out;		/* one, from steps_share */
	uint64_t         deadline_at_ms;	/* of the run, by now_ms; 0: none */
	int              output;	/* for standard output and error; 0: inherited */
	bool             reap_all;	/* as PID 1 */
	/* Called before (end NULL) and after each try. NULL: nobody is interested. */
	void           (*report)(void *arg, const struct step *step, const struct step_end *end);
};

/* Zeroed memory of that size, shared with children. NULL if there is none. Never freed. */
void *steps_share(size_t size);

/* Run one step with its tries. Returns STEP_GO_ON after success, else what the step says. */
enum step_next step_run(const struct steps *s, const struct step *step, struct step_end *end);

#endif
