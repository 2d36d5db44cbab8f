/* connect - a TCP connection to one address, before a deadline. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include <stdint.h>

#include "net/addr.h"

/* Returns a non-blocking socket, or a negative errno: -ETIMEDOUT at deadline_ms, as now_ms. */
int net_connect(const struct net_addr *a, uint16_t port, uint64_t deadline_ms);

/*
 * Wait for events of poll(2) at fd. Returns 0; -ETIMEDOUT from deadline_ms on, whatever there is, so
 * that a flood ends, too; or another negative errno.
 */
int net_wait(int fd, short events, uint64_t deadline_ms);

#endif
