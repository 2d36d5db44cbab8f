/* dhcp4_message - the bytes of DHCPv4 and of the packets that carry it. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DHCP4_MESSAGE_H
#define NET_DHCP4_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/lease.h"

enum dhcp4_type {	/* of option 53, RFC 2132 9.6 */
	DHCP4_DISCOVER = 1, DHCP4_OFFER, DHCP4_REQUEST, DHCP4_DECLINE, DHCP4_ACK, DHCP4_NAK,
};

enum { DHCP4_CLIENT = 68, DHCP4_SERVER = 67, DHCP4_SEND = 640, DHCP4_HEAD = 28, DHCP4_MAC = 6 };

/* A message of ours. Addresses of family 0 are left out. */
struct dhcp4_send {
	enum dhcp4_type type;
	uint32_t        xid;
	uint16_t        secs;		/* since we began */
	bool            broadcast;	/* answer to all: we cannot take packets for us yet */
	uint8_t         mac[DHCP4_MAC];
	struct net_addr mine;		/* in use already (ciaddr) */
	struct net_addr wanted, server;	/* options 50 and 54 */
	const char     *hostname;	/* option 12; NULL: none */
};

/* Into out, which has DHCP4_SEND bytes. Returns the length, at least the 300 bytes of BOOTP. */
size_t dhcp4_write(const struct dhcp4_send *m, uint8_t *out);

/*
 * Read an answer of len bytes to m: *type, and *lease but for ifname and got_ms. What is optional
 * and malformed is passed over as if it were not there, also addresses that no host can have.
 * Returns 0; -EAGAIN if it is not for us (xid, hardware address, no reply); -EBADMSG with a
 * message that says why it cannot be used: options beyond the end, no type, no server, no address
 * or no netmask.
 */
int dhcp4_read(const struct dhcp4_send *m, const uint8_t *msg, size_t len, enum dhcp4_type *type,
	       struct net_lease *lease, struct err *e);

/* Headers of IPv4 and UDP, from nowhere to everybody, for len bytes: DHCP4_HEAD bytes into out. */
void dhcp4_head(const uint8_t *msg, size_t len, uint8_t *out);

/*
 * The UDP payload for the client's port in an IPv4 packet of *len bytes; *len becomes its length.
 * unsummed: the UDP checksum is not filled in yet, since the sender is a neighbour in the same
 * machine (TP_STATUS_CSUMNOTREADY). NULL if it is something else, a fragment, or damaged.
 */
const uint8_t *dhcp4_payload(const uint8_t *packet, size_t *len, bool unsummed);

#endif
