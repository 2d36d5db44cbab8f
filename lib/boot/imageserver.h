/* imageserver - what the capture kernel needs to be let in by a server. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IMAGESERVER_H
#define BOOT_IMAGESERVER_H

#include "base/conf.h"
#include "boot/cpio.h"

/*
 * Put the key of target t, which is on another machine, and the files that know the server's key or
 * its certificate into the image, below root on this machine and at the same place in the image. What could
 * only fail after a crash fails here: a key that is missing, encrypted or none; a server whose key nobody
 * knows (unless it is pinned); https without anything to trust; a name that only ssh_config knows. Returns 0
 * or an error that says what to do.
 */
int imageserver_add(struct cpio *c, const char *root, const struct target *t, struct err *e);

#endif
