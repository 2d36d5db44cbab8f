/* dns_ask - ask servers for the addresses of one full name. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DNS_ASK_H
#define NET_DNS_ASK_H

#include "net/names.h"
#include "net/resolve.h"

/*
 * IPv6 and IPv4 addresses at once, from one server after the other, r->tries times round. The
 * first server that says that there is no such name, or that it has no address, is believed. A
 * server that does not know EDNS is asked again without. Returns and out as net_resolve; the
 * message begins with the name.
 */
int dns_ask(const struct resolver *r, const struct name *name, struct net_addr out[RESOLVE_MAX],
	    uint64_t deadline_ms, struct err *e);

#endif
