/* programs - with which words are the applets called that save log and memory? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_PROGRAMS_H
#define BOOT_PROGRAMS_H

#include "boot/target.h"

/* The words of one call; words[n] is NULL. They point into texts or at constants. */
struct program {
	const char *words[32];
	int         n;
	char        texts[7][2240];
	int         nr_texts;
};

/* vmcore-dmesg: the dead kernel's log into a file of its own, or to the raw device. */
void program_dmesg(struct program *p, const struct attempt *a);

/* save: filtered memory, the capture kernel's log and the manifest. */
void program_vmcore(struct program *p, const struct attempt *a);

/*
 * For struct step: run in the child with a struct attempt. The first two replace it by the applet;
 * the third copies /sys/fs/pstore.
 */
int run_dmesg(void *arg, struct step_out *out);
int run_vmcore(void *arg, struct step_out *out);
int run_pstore(void *arg, struct step_out *out);

/* For struct step: text gets what save said last about an error. 1 if it said nothing. */
int run_reason(void *arg, struct step_out *out);

#endif
