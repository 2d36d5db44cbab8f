/* place - on which system, with which kernel and which configuration does the production side work? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_PLACE_H
#define PROD_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "boot/image.h"
#include "boot/mountinfo.h"

/*
 * Zero-initialise it, set what the user gave, then call place_fill. Pointers are borrowed.
 */
struct place {
	const char *root;	/* "" for this machine, else a directory with its /proc, /sys, /boot and so on */
	const char *want_kernel;	/* an image's path, or a release; NULL: the running one's */
	const char *config;	/* kdump.conf; NULL: /etc/kdump.conf below root, or nothing */
	const char *state_dir;	/* NULL: /var/lib/kdumpbox below root */
	const char *append;	/* words at the end of the capture kernel's command line; NULL: none */
	const char *modules;	/* drivers for the image; NULL: those of the target's devices here */
	const char *program;	/* this binary; NULL: /proc/self/exe */
	const char *const *applets;	/* for struct image_spec */

	/* What place_fill found. */
	char running[65];	/* release of the running kernel */
	char release[65];	/* of the capture kernel */
	char kernel[PATH_MAX];	/* its image */
	struct err no_kernel;	/* code 0, or why there is none */
	char conf_path[PATH_MAX];	/* of the configuration, whether it is there or not */
	char state[PATH_MAX];
};

/* Returns 0, also if no kernel was found; or an error if the system below root does not say what it runs. */
int place_fill(struct place *p, struct err *e);

/*
 * The file of a kernel of that release below root: where distributions put it (/boot/vmlinuz-R,
 * /lib/modules/R/vmlinuz and others). Returns 0 or -ENOENT with the places.
 */
int place_find_kernel(const char *root, const char *release, char *out, size_t size, struct err *e);

/* The release that an x86 kernel image tells in its header, "" if it is of another kind. */
void place_kernel_release(const char *path, char *out, size_t size);

/* What image_collect needs to know of all this. */
struct image_spec place_image(const struct place *p);

/*
 * Where on this machine the block device node is mounted, with at->path where dumps to target t lie; t NULL:
 * anywhere, and at->path is where. False if it, or that part of it, is not mounted.
 */
bool place_mounted(const char *node, const struct target *t, struct mounted *at);

/* The same for a target that is a filesystem, virtiofs too: by its own device or tag. */
bool place_of_target(const struct target *t, struct mounted *at);

/* Join p->root and path. Returns out. */
const char *place_path(const struct place *p, const char *path, char out[PATH_MAX]);

#endif
