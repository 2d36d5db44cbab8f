/* wanted - what should be loaded, by what this system has now. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_WANTED_H
#define PROD_WANTED_H

#include "boot/capture_cmdline.h"
#include "prod/inputs.h"
#include "prod/place.h"

/* The names in an image where its parts are listed, and of the command line among them. */
#define WANTED_LIST "/etc/kdumpbox/inputs"

struct wanted {
	struct cpio   image;		/* complete, with WANTED_LIST in it */
	struct inputs inputs;		/* of the image, and "kernel" and "command line" */
	struct image_report report;	/* notes on the configuration, number of modules */
	char          cmdline[CAPTURE_CMDLINE_SIZE];
	char          added[CAPTURE_CMDLINE_SIZE];	/* its words that the running kernel's has not */
	char         *kernel;		/* bytes of the image of the kernel */
	size_t        kernel_len;
};

/* Zero-initialise w; wanted_free in any case. p is filled. Returns 0, or an error that says what is missing. */
int wanted_make(struct wanted *w, const struct place *p, struct err *e);
void wanted_free(struct wanted *w);

/*
 * The command line that the capture kernel shall get: the running kernel's below p->root, adapted for a crash
 * (capture_cmdline.h) and as the configuration says, then p->append. out and added have CAPTURE_CMDLINE_SIZE bytes. 0 or an error.
 */
int wanted_cmdline(const struct place *p, char *out, char *added, struct err *e);

/*
 * Memory and processors of the machine below root as one sum: a crash image that was loaded when it was another
 * one does not know all of them (its ELF headers tell the dump's extent), unless the kernel updates it.
 */
uint64_t wanted_machine(const char *root);

#endif
