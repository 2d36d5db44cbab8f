/* imagenet - the network that a dump to another machine needs. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IMAGENET_H
#define BOOT_IMAGENET_H

#include <stdio.h>

#include "boot/imageconf.h"

/*
 * For a configuration with a server among its targets: judge its network lines, or, if there are none
 * and root is "" (this machine), write to out those that make again what leads to the server now.
 * ic->nics and ic->net_modules get the cards of this machine that are needed, and what stands on them.
 * Without a server nothing is done. Returns 0 or an error that says what to write instead.
 */
int imagenet_complete(struct imageconf *ic, const char *root, FILE *out, struct err *e);

#endif
