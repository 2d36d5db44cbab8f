/* imagessh - what the capture kernel needs to log in on a server. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IMAGESSH_H
#define BOOT_IMAGESSH_H

#include "base/conf.h"
#include "boot/cpio.h"

/*
 * Put the key of target t, which is TARGET_SSH, and the files that know the server's key into the
 * image, below root on this machine and at the same place in the image. What could only fail after a
 * crash fails here: a key that is missing, encrypted or none; a server whose key nobody knows (unless
 * its fingerprint is pinned by host_key); a name that only ssh_config knows. Returns 0 or an error that
 * says what to do.
 */
int imagessh_add(struct cpio *c, const char *root, const struct target *t, struct err *e);

#endif
