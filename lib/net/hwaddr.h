/* hwaddr - the address that an interface has on its link. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_HWADDR_H
#define NET_HWADDR_H

#include <stdint.h>

#include "base/err.h"

enum { HWADDR = 6 };	/* bytes; VLANs, bonds, bridges and veths look the same */

/*
 * Fill out, and *ifindex. -ENODEV if there is no such interface, -EPFNOSUPPORT if it is not like
 * Ethernet; the message begins with the name and says that it is DHCP that needs it.
 */
int hwaddr_read(const char *ifname, uint8_t out[HWADDR], unsigned *ifindex, struct err *e);

#endif
