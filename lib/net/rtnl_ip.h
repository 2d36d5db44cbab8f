/* rtnl_ip - addresses, routes and neighbours of the kernel: list, add, take away. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_RTNL_IP_H
#define NET_RTNL_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "net/rtnl.h"

/* An address of an interface. */
struct ip_addr {
	int             index;	/* of the interface */
	struct net_addr addr, peer;	/* peer: family 0 unless it is another one than addr */
	uint8_t         prefix;
	uint8_t         scope;	/* RT_SCOPE_*: 0 is everywhere */
	uint8_t         proto;	/* IFAPROT_*; 0: not said */
	uint32_t        flags;	/* IFA_F_* */
	uint32_t        valid_s, preferred_s;	/* UINT32_MAX: for ever */
};

/* A route of the main table. */
struct ip_route {
	struct net_addr to, via, src;	/* to: zero bytes for a default route; via, src: family 0 if none */
	uint8_t         prefix;		/* bits of to */
	int             index;		/* of the interface; 0: whichever has via's network */
	uint32_t        metric;		/* 0: the kernel's own */
	bool            onlink;		/* via is in no network of ours */
	uint8_t         type, proto, table;	/* RTN_*, RTPROT_*, RT_TABLE_*: when read */
	bool            multipath;		/* when read: more than one way, this is the first */
};

/* A neighbour: a machine on the same link. */
struct ip_neigh {
	int             index;
	struct net_addr addr;
	uint16_t        state;	/* NUD_* */
};

/* A rule of policy routing: which table is asked for which packets. */
struct ip_rule {
	uint8_t  family;
	uint32_t priority, table;	/* table: 0 unless it is what the rule leads to */
	bool     any;			/* for all packets */
};

/* One RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH, RTM_NEWRULE. False if it is something else or malformed. */
bool ip_addr_parse(const struct rtnl_view *v, struct ip_addr *out);
bool ip_route_parse(const struct rtnl_view *v, struct ip_route *out);
bool ip_neigh_parse(const struct rtnl_view *v, struct ip_neigh *out);
bool ip_rule_parse(const struct rtnl_view *v, struct ip_rule *out);

/*
 * Lists of what there is; free() what they give. At most IP_LIST_MAX are kept: a router of the
 * Internet has a million routes, a machine that is dumped has few that matter here.
 */
enum { IP_LIST_MAX = 4096 };
int ip_addrs(struct rtnl *r, struct ip_addr **out, size_t *n, struct err *e);
int ip_routes(struct rtnl *r, struct ip_route **out, size_t *n, struct err *e);
int ip_neighs(struct rtnl *r, struct ip_neigh **out, size_t *n, struct err *e);
/* None where the kernel has no policy routing. */
int ip_rules(struct rtnl *r, struct ip_rule **out, size_t *n, struct err *e);

/* Is it one of those that a kernel has by itself (linux/net/ipv4/fib_rules.c, ipv6/fib6_rules.c)? */
bool ip_rule_is_default(const struct ip_rule *rule);

/* Give or take an address; one that is there is changed. valid_s as read, broadcast for IPv4 is set. */
int ip_addr_add(struct rtnl *r, const struct ip_addr *a, struct err *e);
int ip_addr_del(struct rtnl *r, const struct ip_addr *a, struct err *e);

/* Add a route or change it. */
int ip_route_add(struct rtnl *r, const struct ip_route *route, struct err *e);

/*
 * How packets to this address go now. 0 with index, via and src of *out, or the kernel's errno:
 * -ENETUNREACH if there is no way. type RTN_LOCAL: it is this machine.
 */
int ip_route_get(struct rtnl *r, const struct net_addr *to, struct ip_route *out, struct err *e);

/* Make the kernel look for the hardware address of a neighbour now (NTF_USE): no packet reaches its services. */
int ip_neigh_use(struct rtnl *r, int index, const struct net_addr *addr, struct err *e);

/* "192.0.2.0/24 via 192.0.2.1", "default via fe80::1"; out has ROUTE_TEXT bytes. Returns out. */
enum { ROUTE_TEXT = 160 };
char *ip_route_text(const struct ip_route *route, char *out);

#endif
