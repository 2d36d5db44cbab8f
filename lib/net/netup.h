/* netup - bring the wanted network up, wait for it within deadlines, and keep it. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_NETUP_H
#define NET_NETUP_H

#include <stdbool.h>

#include "base/err.h"
#include "net/lease.h"
#include "net/netconf.h"

/* What there is in the end. Large (some 80 KiB): not for a small stack. No pointers. */
struct net_result {
	char  names[NET_IFS_MAX][IF_NAMESIZE];	/* interfaces that have what was asked for them */
	int   nr_names;
	struct net_lease leases[NET_IFS_MAX];	/* for net_keep */
	int   nr_leases;

	struct net_addr dns[NET_DNS_MAX];	/* the words' first, then what the network told */
	int   nr_dns;
	char  search[NET_SEARCH];

	/* How reach_host is reached; family 0 if nothing was to be reached. */
	struct net_addr reach, via, src;	/* via: family 0 if it is on the link itself */
	char  reach_name[IF_NAMESIZE];

	int   missing;	/* wanted by name, and not there: each has had its line */
};

/* A line for each wait and each result, without newline: "eth0: carrier after 1.2 s". May be NULL below. */
typedef void net_say(void *arg, const char *line);

/*
 * Do what conf says: rename, make bonds, VLANs and bridges, set links up, wait for carrier, give
 * addresses and routes. All interfaces go on at the same time; nothing sleeps, the kernel's events
 * are waited for. carrier_s is for each interface to appear and to have carrier, timeout_s for all.
 *
 * reach_host (a name or an address, may be NULL): 0 as soon as there is a route to it and its next hop
 * answers ARP or neighbour discovery, whatever else is not there yet. Of interfaces without a name
 * (ip=dhcp) one at a time is tried, in the order in which they are ready. Without reach_host: 0 when
 * every interface that has a name is up, and one of those without.
 *
 * Needs CAP_NET_ADMIN; DHCPv4 CAP_NET_RAW. Forks for DHCP; no child is left behind. Whatever is up
 * stays up, also after an error. Returns 0; -ETIMEDOUT and others with a message that says what is
 * missing where; *out is filled as far as it got.
 */
int net_up(const struct net_conf *conf, const char *reach_host, struct net_result *out, net_say *say,
	   void *arg, struct err *e);

/*
 * Keep the leases of *r as long as this process lives: meant for a child beside the dump, which is killed
 * when the network is no longer wanted. Returns when there is nothing (more) to keep.
 */
int net_keep(const struct net_result *r, net_say *say, void *arg, struct err *e);

/* Write path as resolv.conf(5) has it, by a new file that takes its place. */
int net_write_resolv(const struct net_result *r, const char *path, struct err *e);

/*
 * What the kernel has for these interfaces now, a line each: "interface eth0 52:54:00:.. mtu 1500",
 * "address eth0 192.0.2.7/24", "route default via 192.0.2.1 dev eth0"; and name servers of *r: "dns 192.0.2.1",
 * "search example.org", "reach 198.51.100.9 via 192.0.2.1 dev eth0 src 192.0.2.7".
 */
int net_print(const struct net_result *r, net_say *print, void *arg, struct err *e);

#endif
