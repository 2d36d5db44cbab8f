/* image - the whole initramfs of a capture kernel. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include <stdbool.h>

#include "base/conf.h"
#include "boot/cpio.h"
#include "boot/squeeze.h"

/* What to make. All pointers are borrowed; root is "" for this machine. */
struct image_spec {
	const char        *root;	/* where files of the system are, "" for this machine */
	const char        *release;	/* of the capture kernel */
	const char        *config;	/* kdump.conf; NULL: that below root, if there is one */
	const char        *modules;	/* drivers; NULL: those of the target's devices here */
	const char *const *adds;	/* "SRC:DST" */
	size_t             nr_adds;
	const char        *program;	/* this binary, /proc/self/exe */
	const char *const *applets;	/* names to link to it, NULL at the end */
	bool               generic;	/* nothing of this machine, drivers of all kinds: coldplug.h */
};

struct image_report {
	struct conf_note notes[CONF_NOTES_MAX];	/* of the configuration */
	int              nr_notes;
	unsigned         modules;		/* that are in the image */
};

/*
 * Collect everything in c (zeroed; the caller frees it, in case of an error too): the manifest
 * (initramfs/manifest), links to the applets, the configuration (imageconf.h), modules
 * (imagemod.h), added files, and the hooks and programs that the configuration names, which must
 * be able to run. Returns 0 or an error that names what is missing.
 */
int image_collect(struct cpio *c, const struct image_spec *spec, struct image_report *report,
		  struct err *e);

/*
 * The compression that the kernel can unpack, by its configuration below root (kconfig.h): zstd if it says
 * so, else gzip.
 */
enum squeeze image_best_squeeze(const char *root, const char *release);

/* Write data to path: under another name, to disk, then renamed. Mode 0600. 0 or an error. */
int image_write(const char *path, const void *data, size_t len, struct err *e);

#endif
