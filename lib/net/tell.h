/* tell - what both clients of DHCP need: lines for a person, sleep, and errors that pass. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_TELL_H
#define NET_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "net/lease.h"

typedef void tell_fn(void *arg, const char *line);

/* "IFNAME: PROTOCOL: " and the text, to say; nothing if it is NULL. */
void tell(tell_fn *say, void *arg, const char *ifname, const char *protocol, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* "192.0.2.7/24 from 192.0.2.1 for 3600 s" */
void tell_lease(tell_fn *say, void *arg, const char *protocol, const struct net_lease *l);

/* Sleep until now_ms is until_ms. */
void sleep_until(uint64_t until_ms);

/* An error of sending that time may heal: the interface is down for a moment, a queue is full. */
bool error_passes(int rc);

/* An error that no time heals: there is no such interface, it is of another kind, or we may not. */
bool error_stays(int rc);

#endif
