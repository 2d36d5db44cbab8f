/* rtnl_ip - which addresses, routes and neighbours does the kernel have? */
/* SPDX-License-Identifier: MIT */
#include "net/rtnl_ip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static bool known(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static size_t bytes_of(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static void take_addr(const struct rtnl_attr *a, uint8_t family, struct net_addr *out)
{
	if (known(family) && a->len == bytes_of(family))
		*out = net_addr_of(family, a->data);
}

static uint8_t prefix_of(uint8_t bits, uint8_t family)
{
	uint8_t max = family == AF_INET ? 32 : 128;

	return bits < max ? bits : max;
}

bool ip_addr_parse(const struct rtnl_view *v, struct ip_addr *out)
{
	struct net_addr address = { 0 }, local = { 0 };
	struct ifa_cacheinfo times = { .ifa_valid = UINT32_MAX, .ifa_prefered = UINT32_MAX };
	struct ifaddrmsg head;
	struct rtnl_attrs rest;
	struct rtnl_attr a;

	*out = (struct ip_addr){ 0 };
	if (v->type != RTM_NEWADDR || !rtnl_head(v, &head, sizeof(head), &rest) ||
	    !known(head.ifa_family))
		return false;
	out->flags = head.ifa_flags;
	while (rtnl_attr(&rest, &a)) {
		switch (a.type) {
		case IFA_ADDRESS: take_addr(&a, head.ifa_family, &address); break;
		case IFA_LOCAL: take_addr(&a, head.ifa_family, &local); break;
		case IFA_FLAGS: out->flags = rtnl_u32(&a); break;
		case IFA_PROTO: out->proto = rtnl_u8(&a); break;
		case IFA_CACHEINFO:
			if (a.len >= sizeof(times))
				memcpy(&times, a.data, sizeof(times));
			break;
		default: break;
		}
	}
	/* IFA_ADDRESS is the peer where there is one. IPv6 gives IFA_LOCAL only then. */
	out->addr = local.family ? local : address;
	if (local.family && address.family && !net_addr_same(&local, &address))
		out->peer = address;
	out->index = (int)head.ifa_index;
	out->prefix = prefix_of(head.ifa_prefixlen, head.ifa_family);
	out->scope = head.ifa_scope;
	out->valid_s = times.ifa_valid;
	out->preferred_s = times.ifa_prefered;
	return out->addr.family;
}

/* RTA_MULTIPATH: the first way. */
static void take_ways(const struct rtnl_attr *a, uint8_t family, struct ip_route *out)
{
	struct rtnl_attrs rest;
	struct rtnl_attr one;
	struct rtnexthop hop;

	if (a->len < sizeof(hop))
		return;
	memcpy(&hop, a->data, sizeof(hop));
	if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > a->len)
		return;
	out->index = hop.rtnh_ifindex;
	out->onlink = hop.rtnh_flags & RTNH_F_ONLINK;
	out->multipath = hop.rtnh_len < a->len;
	rest = (struct rtnl_attrs){ a->data + sizeof(hop), hop.rtnh_len - sizeof(hop) };
	while (rtnl_attr(&rest, &one))
		if (one.type == RTA_GATEWAY)
			take_addr(&one, family, &out->via);
}

/* RTA_VIA: a next hop of the other family, IPv4 over an IPv6 router (RFC 5549). */
static void take_via(const struct rtnl_attr *a, struct ip_route *out)
{
	uint16_t family = rtnl_u16(a);

	if (family == AF_INET6 && a->len == 2 + 16)
		out->via = net_addr_of(AF_INET6, a->data + 2);
}

bool ip_route_parse(const struct rtnl_view *v, struct ip_route *out)
{
	static const uint8_t zero[16];
	struct rtnl_attrs rest;
	struct rtnl_attr a;
	struct rtmsg head;

	*out = (struct ip_route){ 0 };
	if (v->type != RTM_NEWROUTE || !rtnl_head(v, &head, sizeof(head), &rest) ||
	    !known(head.rtm_family))
		return false;
	out->to = net_addr_of(head.rtm_family, zero);
	out->prefix = prefix_of(head.rtm_dst_len, head.rtm_family);
	out->type = head.rtm_type;
	out->proto = head.rtm_protocol;
	out->table = head.rtm_table;
	out->onlink = head.rtm_flags & RTNH_F_ONLINK;
	while (rtnl_attr(&rest, &a)) {
		switch (a.type) {
		case RTA_DST: take_addr(&a, head.rtm_family, &out->to); break;
		case RTA_GATEWAY: take_addr(&a, head.rtm_family, &out->via); break;
		case RTA_PREFSRC: take_addr(&a, head.rtm_family, &out->src); break;
		case RTA_OIF: out->index = (int)rtnl_u32(&a); break;
		case RTA_PRIORITY: out->metric = rtnl_u32(&a); break;
		case RTA_TABLE: out->table = rtnl_u32(&a) < 256 ? (uint8_t)rtnl_u32(&a) : 0; break;
		case RTA_MULTIPATH: take_ways(&a, head.rtm_family, out); break;
		case RTA_VIA: take_via(&a, out); break;
		default: break;
		}
	}
	return true;
}

bool ip_neigh_parse(const struct rtnl_view *v, struct ip_neigh *out)
{
	struct rtnl_attrs rest;
	struct rtnl_attr a;
	struct ndmsg head;

	*out = (struct ip_neigh){ 0 };
	if (v->type != RTM_NEWNEIGH || !rtnl_head(v, &head, sizeof(head), &rest))
		return false;
	out->index = head.ndm_ifindex;
	out->state = head.ndm_state;
	while (rtnl_attr(&rest, &a))
		if (a.type == NDA_DST)
			take_addr(&a, head.ndm_family, &out->addr);
	return out->addr.family;
}

bool ip_rule_parse(const struct rtnl_view *v, struct ip_rule *out)
{
	struct fib_rule_hdr head;
	struct rtnl_attrs rest;
	struct rtnl_attr a;

	*out = (struct ip_rule){ 0 };
	if (v->type != RTM_NEWRULE || !rtnl_head(v, &head, sizeof(head), &rest) || !known(head.family))
		return false;
	out->family = head.family;
	out->table = head.table;
	out->any = !head.dst_len && !head.src_len && !head.tos && !(head.flags & FIB_RULE_INVERT);
	while (rtnl_attr(&rest, &a)) {
		switch (a.type) {
		case FRA_PRIORITY: out->priority = rtnl_u32(&a); break;
		case FRA_TABLE: out->table = rtnl_u32(&a); break;
		case FRA_SUPPRESS_PREFIXLEN:	/* every rule has this, and who made it */
		case FRA_PROTOCOL: break;
		default: out->any = false; break;	/* a mark, an interface, ... */
		}
	}
	if (head.action != FR_ACT_TO_TBL)
		out->table = 0;
	return true;
}

bool ip_rule_is_default(const struct ip_rule *rule)
{
	static const struct { uint32_t priority, table; } defaults[] = {
		{ 0, RT_TABLE_LOCAL }, { 32766, RT_TABLE_MAIN }, { 32767, RT_TABLE_DEFAULT },
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (rule->any && rule->priority == defaults[i].priority && rule->table == defaults[i].table)
			return true;
	return false;
}

/* A list that grows; one_size bytes an entry. */
struct list {
	char  *items;
	size_t n, room, one_size;
	bool (*parse)(const struct rtnl_view *v, void *one);
	bool   no_memory;
};

static void add_one(void *arg, const struct rtnl_view *v)
{
	struct list *l = arg;

	if (!v) {
		l->n = 0;
		return;
	}
	if (l->n == l->room && l->room < IP_LIST_MAX) {
		size_t more = l->room ? l->room * 2 : 16;
		char *items = reallocarray(l->items, more, l->one_size);

		l->no_memory |= !items;
		if (!items)
			return;
		l->items = items;
		l->room = more;
	}
	if (l->n < l->room && l->parse(v, l->items + l->n * l->one_size))
		l->n++;
}

static int read_list(struct rtnl *r, struct rtnl_msg *m, struct list *l, size_t *n, const char *what,
		     struct err *e)
{
	int rc = rtnl_dump(r, m, add_one, l, e);

	if (!rc && l->no_memory)
		rc = err_set(e, -ENOMEM, "no room for them");
	*n = rc ? 0 : l->n;
	if (!rc)
		return 0;
	free(l->items);
	l->items = NULL;
	return err_add(e, "list the %s", what);
}

static bool parse_addr(const struct rtnl_view *v, void *one)
{
	return ip_addr_parse(v, one);
}

static bool parse_route(const struct rtnl_view *v, void *one)
{
	struct ip_route *route = one;

	return ip_route_parse(v, route) && route->table == RT_TABLE_MAIN;
}

static bool parse_neigh(const struct rtnl_view *v, void *one)
{
	return ip_neigh_parse(v, one);
}

static bool parse_rule(const struct rtnl_view *v, void *one)
{
	return ip_rule_parse(v, one);
}

int ip_addrs(struct rtnl *r, struct ip_addr **out, size_t *n, struct err *e)
{
	struct list l = { .one_size = sizeof(**out), .parse = parse_addr };
	struct ifaddrmsg head = { .ifa_family = AF_UNSPEC };
	struct rtnl_msg m;
	int rc;

	rtnl_begin(&m, RTM_GETADDR, 0, &head, sizeof(head));
	rc = read_list(r, &m, &l, n, "addresses", e);
	*out = (struct ip_addr *)(void *)l.items;
	return rc;
}

int ip_routes(struct rtnl *r, struct ip_route **out, size_t *n, struct err *e)
{
	struct list l = { .one_size = sizeof(**out), .parse = parse_route };
	struct rtmsg head = { .rtm_family = AF_UNSPEC };
	struct rtnl_msg m;
	int rc;

	rtnl_begin(&m, RTM_GETROUTE, 0, &head, sizeof(head));
	rc = read_list(r, &m, &l, n, "routes", e);
	*out = (struct ip_route *)(void *)l.items;
	return rc;
}

int ip_neighs(struct rtnl *r, struct ip_neigh **out, size_t *n, struct err *e)
{
	struct list l = { .one_size = sizeof(**out), .parse = parse_neigh };
	struct ndmsg head = { .ndm_family = AF_UNSPEC };
	struct rtnl_msg m;
	int rc;

	rtnl_begin(&m, RTM_GETNEIGH, 0, &head, sizeof(head));
	rc = read_list(r, &m, &l, n, "neighbours", e);
	*out = (struct ip_neigh *)(void *)l.items;
	return rc;
}

int ip_rules(struct rtnl *r, struct ip_rule **out, size_t *n, struct err *e)
{
	struct list l = { .one_size = sizeof(**out), .parse = parse_rule };
	struct fib_rule_hdr head = { .family = AF_UNSPEC };
	struct rtnl_msg m;
	int rc;

	rtnl_begin(&m, RTM_GETRULE, 0, &head, sizeof(head));
	rc = read_list(r, &m, &l, n, "rules of policy routing", e);
	*out = (struct ip_rule *)(void *)l.items;
	return rc == -EOPNOTSUPP ? 0 : rc;
}
