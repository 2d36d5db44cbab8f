/* rtnl_ip_set - how are addresses and routes changed? */
/* SPDX-License-Identifier: MIT */
#include "net/rtnl_ip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/rtnetlink.h>

static size_t bytes_of(const struct net_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

static void put_addr(struct rtnl_msg *m, uint16_t attr, const struct net_addr *a)
{
	if (a->family)
		rtnl_put(m, attr, a->bytes, bytes_of(a));
}

static void put_broadcast(struct rtnl_msg *m, const struct ip_addr *a)
{
	uint8_t b[4];

	if (a->addr.family != AF_INET || a->peer.family || a->prefix > 30)
		return;
	memcpy(b, a->addr.bytes, sizeof(b));
	for (unsigned bit = a->prefix; bit < 32; bit++)
		b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	rtnl_put(m, IFA_BROADCAST, b, sizeof(b));
}

static void addr_message(struct rtnl_msg *m, uint16_t type, uint16_t flags, const struct ip_addr *a)
{
	struct ifaddrmsg head = {
		.ifa_family = a->addr.family, .ifa_prefixlen = a->prefix,
		.ifa_index = (uint32_t)a->index, .ifa_scope = a->scope,
	};

	rtnl_begin(m, type, flags, &head, sizeof(head));
	put_addr(m, IFA_LOCAL, &a->addr);
	put_addr(m, IFA_ADDRESS, a->peer.family ? &a->peer : &a->addr);
}

int ip_addr_add(struct rtnl *r, const struct ip_addr *a, struct err *e)
{
	struct ifa_cacheinfo times = { .ifa_valid = a->valid_s, .ifa_prefered = a->preferred_s };
	char text[NET_ADDR_TEXT];
	struct rtnl_msg m;

	addr_message(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, a);
	put_broadcast(&m, a);
	rtnl_put_u32(&m, IFA_FLAGS, a->flags);
	if (a->valid_s && a->valid_s != UINT32_MAX)
		rtnl_put(&m, IFA_CACHEINFO, &times, sizeof(times));
	if (rtnl_ask(r, &m, e))
		return err_add(e, "set the address %s/%u", net_addr_text(&a->addr, text), a->prefix);
	return 0;
}

int ip_addr_del(struct rtnl *r, const struct ip_addr *a, struct err *e)
{
	char text[NET_ADDR_TEXT];
	struct rtnl_msg m;

	addr_message(&m, RTM_DELADDR, 0, a);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "take the address %s", net_addr_text(&a->addr, text));
	return 0;
}

/* A next hop of the other family goes by RTA_VIA. */
static void put_via(struct rtnl_msg *m, const struct ip_route *route)
{
	uint8_t via[2 + 16] = { route->via.family };

	if (route->via.family == route->to.family) {
		put_addr(m, RTA_GATEWAY, &route->via);
	} else if (route->via.family) {
		memcpy(via + 2, route->via.bytes, 16);
		rtnl_put(m, RTA_VIA, via, 2 + bytes_of(&route->via));
	}
}

int ip_route_add(struct rtnl *r, const struct ip_route *route, struct err *e)
{
	struct rtmsg head = {
		.rtm_family = route->to.family, .rtm_dst_len = route->prefix,
		.rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST,
		.rtm_scope = route->via.family || route->to.family == AF_INET6 ? RT_SCOPE_UNIVERSE :
										 RT_SCOPE_LINK,
		.rtm_flags = route->onlink ? RTNH_F_ONLINK : 0,
	};
	char text[ROUTE_TEXT];
	struct rtnl_msg m;

	rtnl_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	if (route->prefix)
		put_addr(&m, RTA_DST, &route->to);
	put_via(&m, route);
	put_addr(&m, RTA_PREFSRC, &route->src);
	if (route->index)
		rtnl_put_u32(&m, RTA_OIF, (uint32_t)route->index);
	if (route->metric)
		rtnl_put_u32(&m, RTA_PRIORITY, route->metric);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "add the route %s", ip_route_text(route, text));
	return 0;
}

static void take_route(void *arg, const struct rtnl_view *v)
{
	struct ip_route *out = arg, one;

	if (ip_route_parse(v, &one))
		*out = one;
}

int ip_route_get(struct rtnl *r, const struct net_addr *to, struct ip_route *out, struct err *e)
{
	struct rtmsg head = {
		.rtm_family = to->family, .rtm_dst_len = (uint8_t)(bytes_of(to) * 8),
	};
	char text[NET_ADDR_TEXT];
	struct rtnl_msg m;
	int rc;

	*out = (struct ip_route){ 0 };
	rtnl_begin(&m, RTM_GETROUTE, 0, &head, sizeof(head));
	put_addr(&m, RTA_DST, to);
	if (to->scope)
		rtnl_put_u32(&m, RTA_OIF, to->scope);
	rc = rtnl_get(r, &m, take_route, out, e);
	if (!rc && !out->index)
		rc = err_set(e, -ENETUNREACH, "no interface leads there");
	return rc ? err_add(e, "route to %s", net_addr_text(to, text)) : 0;
}

int ip_neigh_use(struct rtnl *r, int index, const struct net_addr *addr, struct err *e)
{
	struct ndmsg head = {
		.ndm_family = addr->family, .ndm_ifindex = index, .ndm_flags = NTF_USE,
	};
	char text[NET_ADDR_TEXT];
	struct rtnl_msg m;

	rtnl_begin(&m, RTM_NEWNEIGH, NLM_F_CREATE, &head, sizeof(head));
	put_addr(&m, NDA_DST, addr);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "look for the neighbour %s", net_addr_text(addr, text));
	return 0;
}

char *ip_route_text(const struct ip_route *route, char *out)
{
	char to[NET_ADDR_TEXT], via[NET_ADDR_TEXT];

	if (route->prefix)
		snprintf(out, ROUTE_TEXT, "%s/%u", net_addr_text(&route->to, to), route->prefix);
	else
		snprintf(out, ROUTE_TEXT, "default");
	if (route->via.family)
		snprintf(out + strlen(out), ROUTE_TEXT - strlen(out), " via %s",
			 net_addr_text(&route->via, via));
	return out;
}
