/* dhcp4_options - options of a DHCPv4 message, wherever in it they stand. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DHCP4_OPTIONS_H
#define NET_DHCP4_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/lease.h"

/* Codes of RFC 2132, 3397 (search) and 3442 (routes). */
enum {
	OPT_PAD = 0, OPT_MASK = 1, OPT_ROUTER = 3, OPT_DNS = 6, OPT_HOSTNAME = 12, OPT_DOMAIN = 15,
	OPT_MTU = 26, OPT_WANTED = 50, OPT_LEASE = 51, OPT_OVERLOAD = 52, OPT_TYPE = 53,
	OPT_SERVER = 54, OPT_ASK = 55, OPT_MAX_SIZE = 57, OPT_T1 = 58, OPT_T2 = 59,
	OPT_CLIENT = 61, OPT_SEARCH = 119, OPT_ROUTES = 121, OPT_END = 255,
	BOOTP_HEAD = 240,	/* bytes in front of the options, the cookie included */
};

/* Where options are: the field of that name, then file and sname if option 52 says so. Borrowed. */
struct dhcp4_options {
	const uint8_t *part[3];
	size_t         len[3];	/* without the end mark */
	unsigned       parts;
};

/* false if an option has a length beyond its field. A field needs no end mark. */
bool dhcp4_options_find(const uint8_t *msg, size_t len, struct dhcp4_options *o);

/*
 * All bytes of option code, one part behind the other (RFC 3396), into out. Returns how many; 0 if
 * it is not there, or does not fit into size.
 */
size_t dhcp4_option(const struct dhcp4_options *o, uint8_t code, uint8_t *out, size_t size);

/* Fill lease from them: all but addr, server and times. */
void dhcp4_options_lease(const struct dhcp4_options *o, struct net_lease *lease);

/* Can a host have this IPv4 address (not of 0/8, 127/8, 224/3)? */
bool dhcp4_host(const uint8_t *addr);

#endif
