/* status - is a crash kernel loaded, and is it the one that should be? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_STATUS_H
#define PROD_STATUS_H

#include <stdbool.h>

#include "boot/kexec_state.h"
#include "prod/place.h"
#include "prod/record.h"
#include "prod/wanted.h"

/* What can be said in a word. */
enum readiness {
	READY,			/* loaded, and made of what is here now */
	READY_STALE,		/* loaded, but something changed since */
	READY_FOREIGN,		/* loaded, but not by us: by kexec(8) or another kdump */
	READY_UNSURE,		/* loaded; whether by us, or what should be loaded, cannot be told: see why */
	NOT_RESERVED,		/* no memory is reserved, so nothing can be loaded */
	NOT_LOADED,
	NR_READINESS
};

/* "ready", "stale", "foreign", "unsure", "not-reserved", "not-loaded" */
extern const char *const readiness_names[NR_READINESS];

struct status {
	enum readiness     is;
	struct kexec_state kexec;
	struct record      record;	/* boot_id "" if there is none */
	bool               ours;	/* the record is of this boot */
	struct err         why;		/* READY_UNSURE */
	char             **changes;	/* in words: "module ext4 changed"; owned */
	size_t             nr_changes;
};

/*
 * Look. Zero-initialise s; status_free in any case. p is filled; of the options that it leaves open it gets
 * those with which the image was loaded, borrowed from *s. Returns 0, or an error if not even
 * the kernel says whether something is loaded, or the record cannot be read.
 */
int status_read(struct status *s, struct place *p, struct err *e);
void status_free(struct status *s);

/* The part of it that takes no time: what the kernel and the record say. Sets kexec, record and ours. */
int status_known(struct status *s, const struct place *p, struct err *e);

/* Compare with what is wanted, for one who has it already: sets changes. Returns 0 or -ENOMEM. */
int status_compare(struct status *s, const struct inputs *now, uint64_t machine, struct err *e);

#endif
