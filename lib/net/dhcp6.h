/* dhcp6 - get an IPv6 address, or only name servers, from the network (RFC 9915, once 8415). */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DHCP6_H
#define NET_DHCP6_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/lease.h"

/*
 * Whether to ask at all, and for what, the router says: flags M and O of its advertisement, which
 * the kernel keeps as IF_RA_MANAGED (0x40) and IF_RA_OTHERCONF (0x80) in IFLA_INET6_FLAGS of the
 * link.
 */
struct dhcp6_ask {
	const char *ifname;	/* up; a link-local address that is tentative is waited for */
	bool        stateless;	/* name servers only: Information-request instead of an address */
	unsigned    timeout_ms;	/* for all of dhcp6_acquire */
	void      (*say)(void *arg, const char *line);
	void       *arg;
};

/*
 * Solicit and request (IA_NA, one address), or ask for information. The caller installs. The DUID
 * is DUID-LL, the IAID the last four bytes of the hardware address. Times and tries are those of
 * RFC 9915 7.6, but a first packet is not delayed. Returns 0; -ETIMEDOUT with what was seen
 * meanwhile; -EADDRNOTAVAIL if every server that answered has no address; other errors as they
 * come.
 */
int dhcp6_acquire(const struct dhcp6_ask *ask, struct net_lease *lease, struct err *e);

/* As dhcp4_renew and dhcp4_keep; broadcast: Rebind instead of Renew. */
int dhcp6_renew(const struct dhcp6_ask *ask, struct net_lease *lease, bool broadcast,
		uint64_t until_ms, struct err *e);
int dhcp6_keep(const struct dhcp6_ask *ask, struct net_lease *lease,
	       void (*changed)(void *arg, const struct net_lease *now), void *arg, struct err *e);

#endif
