/* snapshot_ip - which words give the addresses, routes and name servers again? */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "net/resolve.h"
#include "net/snapshot_shot.h"

/* "192.0.2.1" or "[2001:db8::1]", "" for none; without the scope, which the interface says. */
static const char *bracketed(const struct net_addr *a, char out[NET_ADDR_TEXT + 2])
{
	struct net_addr plain = *a;
	char text[NET_ADDR_TEXT];

	plain.scope = 0;
	out[0] = 0;
	if (a->family)
		snprintf(out, NET_ADDR_TEXT + 2, a->family == AF_INET6 ? "[%s]" : "%s",
			 net_addr_text(&plain, text));
	return out;
}

enum origin { STATIC, DHCP4, DHCP6, ROUTER };

static enum origin origin_of(const struct ip_addr *a)
{
	if (a->addr.family == AF_INET)
		return a->flags & IFA_F_PERMANENT ? STATIC : DHCP4;
	if (a->proto == IFAPROT_KERNEL_RA || a->flags & (IFA_F_MANAGETEMPADDR | IFA_F_TEMPORARY))
		return ROUTER;
	if (a->flags & IFA_F_PERMANENT)
		return STATIC;
	return a->prefix == 128 ? DHCP6 : ROUTER;
}

/* The first default route of a family through l, the one with the least metric. */
const struct ip_route *shot_default(const struct shot *s, int family, int index)
{
	const struct ip_route *found = NULL;

	for (size_t i = 0; i < s->nr_routes; i++) {
		const struct ip_route *r = &s->routes[i];

		if (r->to.family == family && !r->prefix && r->type == RTN_UNICAST && r->index &&
		    (!index || r->index == index) && (!found || r->metric < found->metric))
			found = r;
	}
	return found;
}

static void static_line(struct shot *s, const struct net_link *l, const struct ip_addr *a, bool first)
{
	const struct ip_route *way = first ? shot_default(s, a->addr.family, l->index) : NULL;
	char addr[NET_ADDR_TEXT + 2], peer[NET_ADDR_TEXT + 2], gateway[NET_ADDR_TEXT + 2] = "";
	char shape[SHAPE_TEXT];

	/* A router that advertises itself does so again. */
	if (way && way->proto != RTPROT_RA && way->proto != RTPROT_DHCP &&
	    way->via.family == a->addr.family)
		bracketed(&way->via, gateway);
	shot_line(s, "network ip=%s:%s:%s:%u::%s:none%s", bracketed(&a->addr, addr),
	     bracketed(&a->peer, peer), gateway, a->prefix, l->name,
	     first ? shot_shape(s, l, shape) : "");
}

/* Returns how many ip= lines there were. */
int shot_addrs(struct shot *s, const struct net_link *l)
{
	static const char *const method[] = {
		[DHCP4] = "dhcp", [DHCP6] = "dhcp6", [ROUTER] = "auto6",
	};
	bool said[4] = { false }, first[2] = { true, true };
	char shape[SHAPE_TEXT];
	int n = 0;

	for (size_t i = 0; i < s->nr_addrs; i++) {
		const struct ip_addr *a = &s->addrs[i];
		enum origin o = origin_of(a);
		bool six = a->addr.family == AF_INET6;

		if (a->index != l->index || a->scope == RT_SCOPE_LINK || a->scope == RT_SCOPE_HOST ||
		    (o != STATIC && said[o]))
			continue;
		said[o] = true;
		n++;
		if (o != STATIC) {
			shot_line(s, "network ip=%s:%s%s", l->name, method[o], shot_shape(s, l, shape));
			continue;
		}
		static_line(s, l, a, first[six]);
		first[six] = false;
	}
	return n;
}

/* Is it in an ip= line already, or does it come by itself? */
static bool implied(const struct shot *s, const struct ip_route *r, const struct net_link *top)
{
	const struct ip_route *first = shot_default(s, r->to.family, top->index);

	if (r->type != RTN_UNICAST || r->proto == RTPROT_KERNEL || r->proto == RTPROT_RA ||
	    r->proto == RTPROT_DHCP || r->to.bytes[0] == 0xff ||
	    (r->to.family == AF_INET6 && r->to.bytes[0] == 0xfe && (r->to.bytes[1] & 0xc0) == 0x80))
		return true;
	if (r != first || r->via.family != r->to.family)
		return false;
	/* A gateway goes with the first static address of its family; without one it stands alone. */
	for (size_t i = 0; i < s->nr_addrs; i++)
		if (s->addrs[i].index == top->index && s->addrs[i].addr.family == r->to.family &&
		    s->addrs[i].scope == RT_SCOPE_UNIVERSE && origin_of(&s->addrs[i]) == STATIC)
			return true;
	return false;
}

void shot_routes(struct shot *s, const struct net_link *top)
{
	char to[NET_ADDR_TEXT], via[NET_ADDR_TEXT + 2], text[ROUTE_TEXT];

	for (size_t i = 0; i < s->nr_routes; i++) {
		const struct ip_route *r = &s->routes[i];

		if (r->index != top->index || implied(s, r, top))
			continue;
		if (r->multipath)
			shot_line(s, "# %s has several ways: only the first is kept", ip_route_text(r, text));
		net_addr_text(&r->to, to);
		shot_line(s, r->to.family == AF_INET6 ? "network rd.route=[%s/%u]:%s:%s" :
						    "network rd.route=%s/%u:%s:%s",
		     to, r->prefix, bracketed(&r->via, via), top->name);
	}
}

/* The capture kernel asks one table for everything. */
void shot_rules(struct shot *s)
{
	for (size_t i = 0; i < s->nr_rules; i++) {
		const struct ip_rule *r = &s->rules[i];

		if (!ip_rule_is_default(r))
			shot_line(s, "# policy routing is left out: rule %u of %s (ip rule)", r->priority,
				  r->family == AF_INET6 ? "IPv6" : "IPv4");
	}
}

/* ---- the resolver */
static bool is_stub(const struct resolver *r)
{
	return r->nr_servers == 1 && r->servers[0].family == AF_INET && r->servers[0].bytes[0] == 127;
}

void shot_resolver(struct shot *s, const char *path)
{
	struct resolver r = { 0 };
	struct err ignored = { 0 };
	char text[NET_ADDR_TEXT];

	resolver_load(&r, path, &ignored);
	if (!path && is_stub(&r)) {
		r = (struct resolver){ 0 };
		resolver_load(&r, "/run/systemd/resolve/resolv.conf", &ignored);
	}
	for (unsigned i = 0; i < r.nr_servers; i++) {
		struct net_addr *a = &r.servers[i];

		if (a->family == AF_INET ? a->bytes[0] == 127 : a->scope != 0)
			shot_line(s, "# name server %s is of this machine only", net_addr_text(a, text));
		else
			shot_line(s, "network nameserver=%s", net_addr_text(a, text));
	}
	for (char *p = r.search; *p; p++)
		*p = *p == ' ' ? ',' : *p;
	if (r.search[0])
		shot_line(s, "network search=%s", r.search);
}
