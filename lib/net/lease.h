/* lease - what a network told a machine about itself, however it was asked. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_LEASE_H
#define NET_LEASE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

enum { LEASE_ROUTES = 64, LEASE_SERVERS = 6, LEASE_TEXT = 256 };
#define LEASE_FOR_EVER UINT32_MAX	/* as on the wire, RFC 2131 3.3 and RFC 9915 7.7 */

struct lease_route {
	struct net_addr to;	/* all zero bytes for a default route */
	uint8_t         prefix;	/* bits of to */
	struct net_addr via;	/* family 0: on the link itself */
	bool            onlink;	/* via is in no subnet of ours: install with RTNH_F_ONLINK */
};

/*
 * All of it is checked and bounded: addresses are such that a host may have, texts hold names of
 * RFC 1123 only (letters, digits, '-', '.', '_' as DNS uses it), so they are safe in a file or a
 * message. Counts may be 0 and texts empty. No pointers: it may be copied, kept, sent over a pipe.
 */
struct net_lease {
	char            ifname[IF_NAMESIZE];

	struct net_addr addr;		/* family 0: none was asked for (stateless DHCPv6) */
	uint8_t         prefix;		/* bits; always 128 from DHCPv6 */
	uint16_t        mtu;		/* 0: not said */

	/*
	 * In the order to install. Of option 121 if there is one, else a default route for each
	 * router of option 3 (RFC 3442); none from DHCPv6, there the router advertisement says.
	 */
	struct lease_route routes[LEASE_ROUTES];
	unsigned        nr_routes;

	struct net_addr dns[LEASE_SERVERS];
	unsigned        nr_dns;
	char            search[LEASE_TEXT];	/* names with a blank between, for resolv.conf */
	char            domain[LEASE_TEXT];
	char            hostname[LEASE_TEXT];

	struct net_addr server;		/* who gave it */
	uint32_t        lease_s;	/* from got_ms on; LEASE_FOR_EVER */
	uint32_t        t1_s, t2_s;	/* renew: by its server, by any; 0 < t1 <= t2 <= lease */
	uint64_t        got_ms;		/* as now_ms, when the request was sent that was granted */

	/* What DHCPv6 needs to renew it. */
	uint32_t        iaid;
	uint8_t         server_duid[128];
	uint8_t         server_duid_len;
};

#endif
