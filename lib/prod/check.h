/* check - does everything hold that a dump after a crash needs? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_CHECK_H
#define PROD_CHECK_H

#include <stdbool.h>

#include "boot/kexec_state.h"
#include "prod/place.h"

enum verdict { CHECK_OK, CHECK_WARNING, CHECK_FAILURE };

extern const char *const check_words[];	/* "ok", "warning", "failure" */

/* One thing that was looked at. */
struct finding {
	const char  *name;		/* of what: "crashkernel", the same for the same thing in each version */
	enum verdict verdict;
	char         text[400];		/* what is so */
	const char  *remedy;		/* what to do; NULL if the text says it, or if all is well */
};

/* A run of it. Set the first three, leave the rest zero. */
struct check {
	struct place *place;		/* filled; afterwards its options are not to be used */
	void        (*tell)(void *ctx, const struct finding *f);	/* each thing once, in the order of work */
	void         *ctx;

	enum verdict  worst;		/* so far */
	struct kexec_state kexec;
	bool          can_kexec;	/* kexec is known */
	bool          remote;		/* a target is on another machine */
};

/*
 * Look at everything: the kernels' configuration, the reservation, what forbids loading, signature and lockdown,
 * what makes a crash of an error, the configuration, the image, what is loaded, and each target: found, writable,
 * large enough; servers are connected to and logged in to as after a crash, and nothing is written. Below
 * another root than this machine's the targets are left out, with a warning. Returns the worst.
 */
enum verdict check_run(struct check *c);

/* ---- for the parts of it */
void check_tell(struct check *c, const char *name, enum verdict v, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void check_kernels(struct check *c);			/* check_kernel.c */
void check_targets(struct check *c, const struct kdump_conf *conf);	/* check_target.c */

/*
 * Most bytes that a dump at that level could have now, by /proc/meminfo below root, before compression; 0 if
 * that cannot be told.
 */
uint64_t check_dump_size(const char *root, int level);

#endif
