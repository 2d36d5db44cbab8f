/* snapshot_shot - what a snapshot has read, and the parts of writing it down (inside snapshot only). */
/* SPDX-License-Identifier: MIT */
#ifndef NET_SNAPSHOT_SHOT_H
#define NET_SNAPSHOT_SHOT_H

#include "net/snapshot.h"

enum { STACK_MAX = 32, WORD = 512 };

struct shot {
	net_say *print;
	void    *arg;
	struct rtnl      rtnl;
	struct net_links links;
	struct ip_addr  *addrs;
	struct ip_route *routes;
	struct ip_rule  *rules;
	size_t           nr_addrs, nr_routes, nr_rules;
	/* From the top, where the addresses are, down: a link comes before what it stands on. */
	const struct net_link *stack[STACK_MAX];
	int              nr_stack;
};

/* One line of the result. */
void shot_line(struct shot *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ":MTU:MAC" where it is not what comes by itself, else "". Returns out. */
enum { SHAPE_TEXT = 40 };
const char *shot_shape(const struct shot *s, const struct net_link *l, char out[SHAPE_TEXT]);

/* The default route of a family through interface index (0: any), the one with the least metric. */
const struct ip_route *shot_default(const struct shot *s, int family, int index);

/* The lines of addresses, which returns how many, of routes, of rules that are lost, and of the resolver. */
int shot_addrs(struct shot *s, const struct net_link *l);
void shot_routes(struct shot *s, const struct net_link *top);
void shot_rules(struct shot *s);
void shot_resolver(struct shot *s, const char *path);

#endif
