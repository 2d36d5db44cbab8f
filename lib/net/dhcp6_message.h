/* dhcp6_message - the bytes of DHCPv6. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DHCP6_MESSAGE_H
#define NET_DHCP6_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/hwaddr.h"
#include "net/lease.h"

enum dhcp6_type {	/* RFC 9915 7.3 */
	DHCP6_SOLICIT = 1, DHCP6_ADVERTISE, DHCP6_REQUEST, DHCP6_CONFIRM, DHCP6_RENEW, DHCP6_REBIND,
	DHCP6_REPLY, DHCP6_INFORMATION = 11,
};

enum { DHCP6_CLIENT = 546, DHCP6_SERVER = 547, DHCP6_SEND = 320 };

/* A message of ours. */
struct dhcp6_send {
	enum dhcp6_type type;
	uint32_t        xid;		/* 24 bits */
	uint16_t        elapsed;	/* 1/100 s since the exchange began */
	uint8_t         mac[HWADDR];
	uint32_t        iaid;		/* not in DHCP6_INFORMATION */
	struct net_addr addr;		/* family 0: not sent */
	uint8_t         server_duid[128], server_duid_len;	/* 0: not sent */
};

/* Into out, which has DHCP6_SEND bytes. Returns the length. */
size_t dhcp6_write(const struct dhcp6_send *m, uint8_t *out);

/*
 * Read an answer of len bytes to m: *lease but for ifname, server and got_ms. What is optional and
 * malformed is passed over. Returns 0; -EAGAIN if it is not for us (type, xid, client identifier);
 * -EBADMSG with a message that says why it cannot be used; -EADDRNOTAVAIL if the server has no
 * address for us; -ESTALE if it does not know of the address, or it does not belong to this link.
 */
int dhcp6_read(const struct dhcp6_send *m, const uint8_t *msg, size_t len, struct net_lease *lease,
	       struct err *e);

#endif
