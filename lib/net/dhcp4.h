/* dhcp4 - get an IPv4 address from the network and keep it (RFC 2131). */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DHCP4_H
#define NET_DHCP4_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/lease.h"

/* What to ask for. Zero is a good value for every field but ifname and timeout_ms. */
struct dhcp4_ask {
	const char *ifname;	/* an Ethernet-like interface that is up and has carrier */
	const char *hostname;	/* sent as option 12 */
	unsigned    timeout_ms;	/* for all of dhcp4_acquire */
	unsigned    probe_ms;	/* look for an ARP conflict so long; 300 suits a LAN; 0: no */
	void      (*say)(void *arg, const char *line);	/* a line for each step */
	void       *arg;
};

/*
 * Discover, request, and fill *lease. The interface needs no address and gets none: installing is
 * the caller's. Packets are sent again after 1, 2, 4 ... 64 s, each with up to a second of jitter
 * (RFC 2131 4.1, begun faster); the broadcast flag is set from the third time on, since a packet
 * socket needs none. A NAK or a conflict begins again. The client identifier is 01 and the
 * hardware address, as most clients of a production system send it, so that a server gives the
 * same address. An interface that is down is waited for.
 *
 * Returns 0; -ETIMEDOUT with what was seen meanwhile; -ENODEV, -EPFNOSUPPORT, -EPERM as they come.
 */
int dhcp4_acquire(const struct dhcp4_ask *ask, struct net_lease *lease, struct err *e);

/*
 * Ask for the lease again, now: from its server by unicast (broadcast false, state RENEWING; the
 * address must be on the interface, else -EADDRNOTAVAIL) or from any by broadcast (REBINDING),
 * until until_ms as now_ms. Returns 0 with *lease renewed, -ETIMEDOUT, -ECONNREFUSED if a server
 * said no (NAK), or as dhcp4_acquire.
 */
int dhcp4_renew(const struct dhcp4_ask *ask, struct net_lease *lease, bool broadcast,
		uint64_t until_ms, struct err *e);

/*
 * Keep a lease while something else goes on: sleep until T1, renew, and so on. When it is lost it
 * is asked for anew, for ever, while the old address stays in use: in a capture kernel a dump that
 * still flows counts more. changed (may be NULL) is called after each success; if the address is
 * another one, it has to install it. Returns only on errors that time does not heal (the interface
 * is gone), at once with 0 for a lease for ever.
 *
 * Meant for a child process of its own that is killed when the network is no longer wanted:
 *
 *	pid = fork();
 *	if (!pid)
 *		_exit(dhcp4_keep(&ask, &lease, install, arg, &e) ? 1 : 0);
 */
int dhcp4_keep(const struct dhcp4_ask *ask, struct net_lease *lease,
	       void (*changed)(void *arg, const struct net_lease *now), void *arg, struct err *e);

#endif
