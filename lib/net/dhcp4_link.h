/* dhcp4_link - DHCPv4 messages over an interface that has no address yet. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DHCP4_LINK_H
#define NET_DHCP4_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/dhcp4_message.h"

struct dhcp4_link {
	int      fd;		/* packet socket: what comes in, and what goes to everybody */
	unsigned ifindex;
	uint8_t  mac[DHCP4_MAC];
};

/* -ENODEV if there is no such interface, -EPFNOSUPPORT if it is not like Ethernet, -EPERM. */
int dhcp4_link_open(struct dhcp4_link *l, const char *ifname, struct err *e);
void dhcp4_link_close(struct dhcp4_link *l);

/* To everybody. 0 or a negative errno. */
int dhcp4_link_send(const struct dhcp4_link *l, const uint8_t *msg, size_t len);

/* From an address that is on the interface to a server, by its routes. 0 or a negative errno. */
int dhcp4_link_unicast(const char *ifname, const struct net_addr *from, const struct net_addr *to,
		       const uint8_t *msg, size_t len);

/*
 * The next message for the client's port within buf, of size bytes, and *len. NULL with *rc
 * -ETIMEDOUT at until_ms as now_ms, or with another negative errno.
 */
const uint8_t *dhcp4_link_receive(const struct dhcp4_link *l, uint8_t *buf, size_t size,
				  size_t *len, uint64_t until_ms, int *rc);

/* Does somebody else answer for addr by ARP within wait_ms (RFC 5227 2.1.1, asked twice)? */
bool dhcp4_link_conflict(const struct dhcp4_link *l, const struct net_addr *addr, unsigned wait_ms);

#endif
