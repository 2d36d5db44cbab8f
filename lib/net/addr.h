/* addr - IP addresses of both families: as bytes, as text, as a socket wants them. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct net_addr {
	uint8_t  family;	/* AF_INET, AF_INET6; 0: none */
	uint8_t  bytes[16];	/* as on the wire; AF_INET has 4, the others are 0 */
	uint32_t scope;		/* interface index of a link-local IPv6 address, else 0 */
};

enum { NET_ADDR_TEXT = 64 };	/* longest text with %interface and its NUL */

/*
 * The whole text must be a literal: "192.0.2.1" (four decimal numbers, nothing older),
 * "2001:db8::1", "fe80::1%eth0", "fe80::1%2", or an IPv6 one in brackets. Returns false if it is
 * anything else, also if the interface of a scope does not exist.
 */
bool net_addr_parse(const char *text, struct net_addr *out);

/* Into out, which has NET_ADDR_TEXT bytes: "none" for family 0, a scope by name. Returns out. */
char *net_addr_text(const struct net_addr *a, char *out);

/* n bytes from the wire: 4 or 16, by family. */
struct net_addr net_addr_of(uint8_t family, const uint8_t *bytes);

bool net_addr_same(const struct net_addr *a, const struct net_addr *b);

/* Do the first bits agree? false for different families. */
bool net_addr_in(const struct net_addr *a, const struct net_addr *net, unsigned bits);

/* Fill *out for bind and connect. Returns its length, 0 for family 0. */
socklen_t net_addr_sockaddr(const struct net_addr *a, uint16_t port, struct sockaddr_storage *out);

/* The reverse; *port may be NULL. Family 0 if it is neither IPv4 nor IPv6. */
struct net_addr net_addr_from(const struct sockaddr_storage *ss, uint16_t *port);

#endif
