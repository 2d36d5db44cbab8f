/* imageprog - programs and files of the system for an image, and whether they can run there. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IMAGEPROG_H
#define BOOT_IMAGEPROG_H

#include "boot/cpio.h"

/*
 * Put the regular file source of this machine into the image at path, with its permissions. Links
 * are followed. Returns 0 or an error that names the file.
 */
int imageprog_add(struct cpio *c, const char *source, const char *path, struct err *e);

/* The same for a pair "SRC:DST" ("/usr/bin/x:/bin/x"; DST "/bin/" keeps the name). */
int imageprog_add_pair(struct cpio *c, const char *pair, struct err *e);

/*
 * Make sure that the program at path can run in the image: it is there, or below root on this
 * machine, from where it is then copied; it is executable; and its interpreter (of a script, or of
 * an ELF file that is not static) is in the image as well. what names it in errors ("kdump_pre").
 */
int imageprog_need(struct cpio *c, const char *root, const char *path, const char *what,
		   struct err *e);

/* The same for each executable file in directory dir of root ("/etc/kdump/pre.d"), if it exists. */
int imageprog_need_dir(struct cpio *c, const char *root, const char *dir, struct err *e);

#endif
