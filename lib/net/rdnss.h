/* rdnss - name servers and search list of router advertisements (RFC 8106), from the kernel. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_RDNSS_H
#define NET_RDNSS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/lease.h"

/*
 * The kernel does router advertisements itself and hands on the options it does not know, once, as
 * they come (RTM_NEWNDUSEROPT): open before the link goes up. Returns a non-blocking netlink socket
 * to poll, or a negative errno.
 */
int rdnss_open(struct err *e);

/*
 * Read what waits at fd and add to lease's dns, search what concerns interface ifindex; a lifetime
 * of 0 takes out again. Link-local servers get that scope. Returns how many options were taken, 0
 * if nothing waits, or a negative errno.
 */
int rdnss_read(int fd, unsigned ifindex, struct net_lease *lease, struct err *e);

/* The same for one netlink message of len bytes. Returns 1 if it was taken, else 0. */
int rdnss_message(const uint8_t *msg, size_t len, unsigned ifindex, struct net_lease *lease);

#endif
