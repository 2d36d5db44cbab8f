/* netup_give - which addresses and routes does an interface get? */
/* SPDX-License-Identifier: MIT */
#include "net/netup_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

enum { LATER_METRIC = 2048 };	/* of default routes behind the first; IPv6's own is 1024 */

static struct ip_addr static_addr(const struct net_if *w, int index)
{
	return (struct ip_addr){
		.index = index, .addr = w->addr, .peer = w->peer, .prefix = w->prefix,
		.valid_s = UINT32_MAX,
	};
}

static bool link_local(const struct net_addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* A default route; those behind the first one count less. */
static int add_default(struct rtnl *rtnl, struct ip_route *route, struct defaults *d, struct err *e)
{
	int *n = &d->of[route->to.family == AF_INET6];

	if (*n)
		route->metric = (uint32_t)(LATER_METRIC + *n);
	++*n;
	return ip_route_add(rtnl, route, e);
}

static int give_static(struct net_run *r, const struct job *j, const struct net_link *l, struct err *e)
{
	const struct net_if *w = j->want;
	struct ip_addr a = static_addr(w, l->index);
	const struct net_addr *net = w->peer.family ? &w->peer : &w->addr;
	struct ip_route route = {
		.to = { .family = w->addr.family }, .via = w->gateway, .index = l->index,
		.onlink = !link_local(&w->gateway) && !net_addr_in(&w->gateway, net, w->prefix),
	};
	int rc = ip_addr_add(&r->rtnl, &a, e);

	if (!rc && w->gateway.family)
		rc = add_default(&r->rtnl, &route, &r->defaults, e);
	return rc ? err_add(e, "%s", j->name) : 0;
}

int lease_install(struct rtnl *rtnl, const struct net_lease *lease, int index, struct defaults *d,
		  struct err *e)
{
	struct ip_addr a = {
		.index = index, .addr = lease->addr, .prefix = lease->prefix, .valid_s = UINT32_MAX,
	};
	int rc = lease->addr.family ? ip_addr_add(rtnl, &a, e) : 0;

	for (unsigned i = 0; !rc && i < lease->nr_routes; i++) {
		const struct lease_route *from = &lease->routes[i];
		struct ip_route route = {
			.to = from->to, .prefix = from->prefix, .via = from->via, .index = index,
			.onlink = from->onlink,
		};

		rc = route.prefix ? ip_route_add(rtnl, &route, e) :
				    add_default(rtnl, &route, d, e);
	}
	return rc ? err_add(e, "%s", lease->ifname) : 0;
}

static int give_lease(struct net_run *r, const struct job *j, const struct net_link *l, struct err *e)
{
	const struct net_lease *lease = j->lease;
	char addr[NET_ADDR_TEXT], server[NET_ADDR_TEXT];
	struct err mtu = { 0 };

	run_say(r, "%s: %s/%u from %s", j->name, net_addr_text(&lease->addr, addr), lease->prefix,
		net_addr_text(&lease->server, server));
	if (lease->mtu && !j->want->mtu && lease->mtu != l->mtu &&
	    link_mtu(&r->rtnl, l, lease->mtu, &mtu))
		run_say(r, "%s", mtu.msg);
	return lease_install(&r->rtnl, lease, l->index, &r->defaults, e);
}

int job_give(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	return j->want->method == NET_STATIC ? give_static(r, j, l, e) : give_lease(r, j, l, e);
}

/* Its routes go with the address. */
void job_take_back(struct net_run *r, struct job *j, const struct net_link *l)
{
	struct ip_addr a = static_addr(j->want, l->index);
	struct err e = { 0 };

	if (j->want->method != NET_STATIC && j->lease) {
		a.addr = j->lease->addr;
		a.prefix = j->lease->prefix;
	}
	if (a.addr.family && ip_addr_del(&r->rtnl, &a, &e))
		run_say(r, "%s: %s", j->name, e.msg);
}

/* Is this the address that j is to get? */
static bool meant(const struct job *j, const struct ip_addr *a)
{
	switch (j->want->method) {
	case NET_STATIC: return net_addr_same(&a->addr, &j->want->addr);
	case NET_LINK6: return link_local(&a->addr);
	case NET_DHCP4: case NET_DHCP6:
		return j->lease && net_addr_same(&a->addr, &j->lease->addr);
	default:
		return a->addr.family == AF_INET6 && (a->scope == RT_SCOPE_UNIVERSE || a->scope == RT_SCOPE_SITE) &&
		       !(a->flags & IFA_F_DEPRECATED);
	}
}

int job_has_address(struct net_run *r, const struct job *j, const struct net_link *l, struct err *e)
{
	char text[NET_ADDR_TEXT];
	struct ip_addr *list;
	size_t n;
	int rc = ip_addrs(&r->rtnl, &list, &n, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < n && rc <= 0; i++) {
		if (list[i].index != l->index || !meant(j, &list[i]))
			continue;
		if (list[i].flags & IFA_F_DADFAILED)
			rc = err_say(e, -EADDRINUSE, "%s: another machine has the address %s",
				     j->name, net_addr_text(&list[i].addr, text));
		else if (!(list[i].flags & IFA_F_TENTATIVE))
			rc = 1;
	}
	if (rc > 0)
		*e = (struct err){ 0 };
	free(list);
	return rc;
}

void run_routes(struct net_run *r)
{
	for (int i = 0; i < r->conf->nr_routes; i++) {
		const struct net_route *want = &r->conf->routes[i];
		const struct net_link *l = want->name[0] ? run_link(r, want->name) : NULL;
		struct ip_route route = want->route;
		struct err ignored = { 0 };

		if (r->route_there[i] || (want->name[0] && !l))
			continue;
		route.index = l ? l->index : 0;
		/* Until the gateway's network is there the kernel refuses; it is asked again. */
		r->route_there[i] = !ip_route_add(&r->rtnl, &route, &ignored);
	}
}
