/* snapshot - which words make this machine's way to a host again? */
/* SPDX-License-Identifier: MIT */
#include "net/snapshot.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "base/io.h"
#include "net/resolve.h"
#include "net/snapshot_shot.h"

enum {
	RESOLVE_MS = 20000,
	VLAN_8021Q = 0x8100,
};

void shot_line(struct shot *s, const char *fmt, ...)
{
	char text[WORD + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->print(s->arg, text);
}

static bool is(const struct net_link *l, const char *kind)
{
	return !strcmp(l->kind, kind);
}

static bool is_nic(const struct net_link *l)
{
	return !l->kind[0] || is(l, "veth");
}

/* A port that a capture kernel has too: hardware, or something that stands on it. */
static bool is_lasting(const struct net_link *l)
{
	return l->has_permanent || is(l, "vlan") || is(l, "bond");
}

static bool any_lasting_port(const struct shot *s, const struct net_link *master)
{
	for (size_t i = 0; i < s->links.n; i++)
		if (s->links.link[i].master == master->index && is_lasting(&s->links.link[i]))
			return true;
	return false;
}

/* Ports of a bridge that belong to guests and containers are not there in a capture kernel. */
static bool counts_as_port(const struct shot *s, const struct net_link *master,
			   const struct net_link *l)
{
	if (l->master != master->index)
		return false;
	return is(master, "bond") || is_lasting(l) || (is_nic(l) && !any_lasting_port(s, master));
}

static int push(struct shot *s, const struct net_link *l, struct err *e)
{
	for (int i = 0; i < s->nr_stack; i++)
		if (s->stack[i] == l)
			return 0;
	if (s->nr_stack == STACK_MAX)
		return err_say(e, -E2BIG, "more than %d links lead there", STACK_MAX);
	s->stack[s->nr_stack++] = l;
	return 0;
}

static int push_ports(struct shot *s, const struct net_link *master, struct err *e)
{
	int rc = 0, n = s->nr_stack;

	for (size_t i = 0; i < s->links.n && !rc; i++) {
		const struct net_link *l = &s->links.link[i];

		if (counts_as_port(s, master, l))
			rc = push(s, l, e);
		else if (l->master == master->index)
			shot_line(s, "# port %s of %s is no hardware: left out", l->name, master->name);
	}
	if (!rc && n == s->nr_stack)
		rc = err_say(e, -ENODEV, "%s has no port that a capture kernel would have",
			     master->name);
	return rc;
}

/* Put what l stands on behind it. */
static int push_below(struct shot *s, const struct net_link *l, struct err *e)
{
	const struct net_link *lower = link_by_index(&s->links, l->lower);

	if (is(l, "bond") || is(l, "bridge"))
		return push_ports(s, l, e);
	if (is(l, "vlan") && !lower)
		return err_say(e, -ENODEV, "%s stands on a link that is not seen here", l->name);
	if (is(l, "vlan") && l->vlan_proto != VLAN_8021Q)
		return err_say(e, -EOPNOTSUPP, "%s is a VLAN of protocol %#x; only 802.1Q is supported",
			       l->name, l->vlan_proto);
	if (is(l, "vlan"))
		return push(s, lower, e);
	if (is_nic(l) && l->type == ARPHRD_ETHER)
		return 0;
	return err_say(e, -EOPNOTSUPP, "%s is of kind %s, which cannot be made again; name the "
		       "interface below it by hand", l->name, l->kind[0] ? l->kind : "other");
}

/* ---- the links */
/* The port whose address a bond has comes first: the first one gives it. */
static bool gives_mac(const struct net_link *port, const struct net_link *master)
{
	const struct mac *mac = port->has_permanent ? &port->permanent : &port->mac;

	return (port->has_permanent || port->has_mac) && mac_same(mac, &master->mac);
}

static void ports_text(const struct shot *s, const struct net_link *master, char *out, size_t size)
{
	size_t n = 0;

	out[0] = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < s->nr_stack && n < size; i++) {
			const struct net_link *l = s->stack[i];

			if (l->master == master->index && gives_mac(l, master) == !pass)
				n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "," : "",
						      l->name);
		}
}

/* primary has the index of its port, which means nothing in another kernel. */
static void bond_line(struct shot *s, const struct net_link *l, const char *ports)
{
	char options[LINK_OPTIONS + IF_NAMESIZE], mtu[12] = "", *at;
	const struct net_link *port;

	if (l->mtu != 1500)
		snprintf(mtu, sizeof(mtu), ":%u", l->mtu);
	strcpy(options, l->bond_options);
	at = strstr(options, "primary=#");
	if (at) {
		char *end = at + strcspn(at, ",");

		port = link_by_index(&s->links, atoi(at + 9));
		snprintf(at, sizeof(options) - (size_t)(at - options), "primary=%s%s",
			 port ? port->name : "", l->bond_options + (end - options));
	}
	if (l->bond_cut)
		shot_line(s, "# %s has more options than fit", l->name);
	shot_line(s, "network bond=%s:%s:%s%s", l->name, ports, options[0] ? options : "mode=balance-rr", mtu);
}

static void link_line(struct shot *s, const struct net_link *l)
{
	char ports[WORD], mac[MAC_TEXT];

	ports_text(s, l, ports, sizeof(ports));
	if (is(l, "bond")) {
		bond_line(s, l, ports);
	} else if (is(l, "bridge")) {
		shot_line(s, "network bridge=%s:%s%s", l->name, ports, l->stp ? ":stp" : "");
		if (l->vlan_filtering)
			shot_line(s, "# %s filters VLANs, which is left out: frames with a tag reach it by a "
				  "vlan= on its port only", l->name);
	} else if (is(l, "vlan")) {
		shot_line(s, "network vlan=%s:%s:%u", l->name, link_by_index(&s->links, l->lower)->name,
		     l->vlan_id);
	} else {
		shot_line(s, "network ifname=%s:%s", l->name,
		     mac_text(l->has_permanent ? &l->permanent : &l->mac, mac));
	}
}

/* Has it a MAC that the link below or its hardware does not give it? */
static bool own_mac(const struct shot *s, const struct net_link *l)
{
	const struct net_link *lower = link_by_index(&s->links, l->lower);

	if (!l->has_mac)
		return false;
	if (is_nic(l))
		return l->has_permanent && !l->master && !mac_same(&l->mac, &l->permanent);
	if (is(l, "vlan"))
		return !lower || !mac_same(&l->mac, &lower->mac);
	if (is(l, "bridge"))	/* the kernel takes the lowest one of its ports, which may be others */
		return true;
	for (int i = 0; i < s->nr_stack; i++)
		if (s->stack[i]->master == l->index && gives_mac(s->stack[i], l))
			return false;
	return true;
}

/* ":MTU:MAC" where it is not what comes by itself. */
const char *shot_shape(const struct shot *s, const struct net_link *l, char out[SHAPE_TEXT])
{
	bool mac = own_mac(s, l);
	char text[MAC_TEXT], mtu[12] = "";

	out[0] = 0;
	if (l->mtu != 1500)
		snprintf(mtu, sizeof(mtu), "%u", l->mtu);
	if (mtu[0] || mac)
		snprintf(out, SHAPE_TEXT, ":%s%s%s", mtu, mac ? ":" : "", mac ? mac_text(&l->mac, text) : "");
	return out;
}

/* ---- all of it */
static int read_all(struct shot *s, struct err *e)
{
	int rc = rtnl_open(&s->rtnl, e);

	if (!rc)
		rc = links_read(&s->rtnl, &s->links, e);
	if (!rc)
		rc = ip_addrs(&s->rtnl, &s->addrs, &s->nr_addrs, e);
	if (!rc)
		rc = ip_routes(&s->rtnl, &s->routes, &s->nr_routes, e);
	if (!rc)
		rc = ip_rules(&s->rtnl, &s->rules, &s->nr_rules, e);
	return rc;
}

/* The interface that packets to the host leave by. */
static int find_top(struct shot *s, const char *host, const struct net_link **top, struct err *e)
{
	struct net_addr list[RESOLVE_MAX];
	const struct ip_route *first = shot_default(s, AF_INET, 0);
	struct resolver dns = { 0 };
	struct ip_route way;
	int n, rc = -ENETUNREACH;

	if (!first)
		first = shot_default(s, AF_INET6, 0);
	if (!host) {
		*top = first ? link_by_index(&s->links, first->index) : NULL;
		return *top ? 0 : err_say(e, -ENETUNREACH, "there is no default route; say --reach HOST");
	}
	resolver_load(&dns, NULL, e);
	n = net_resolve(&dns, host, list, now_ms() + RESOLVE_MS, e);
	if (n < 0)
		return n;
	for (int i = 0; i < n && rc; i++)
		rc = ip_route_get(&s->rtnl, &list[i], &way, e);
	if (rc)
		return rc;
	*top = link_by_index(&s->links, way.index);
	if (way.type == RTN_LOCAL || !*top || (*top)->flags & IFF_LOOPBACK)
		return err_say(e, -EINVAL, "%s is this machine itself", host);
	return 0;
}

static bool of_bond(const struct shot *s, const struct net_link *l)
{
	const struct net_link *master = link_by_index(&s->links, l->master);

	return master && is(master, "bond");
}

static int write_down(struct shot *s, const struct net_link *top, const char *resolv, struct err *e)
{
	char shape[SHAPE_TEXT];
	int rc = push(s, top, e);

	for (int i = 0; i < s->nr_stack && !rc; i++)
		rc = push_below(s, s->stack[i], e);
	if (rc)
		return rc;
	for (int i = s->nr_stack - 1; i >= 0; i--) {
		const struct net_link *l = s->stack[i];

		link_line(s, l);
		/* A bond's line has its MTU, and its ports have the same. */
		if (l != top && !is(l, "bond") && !of_bond(s, l) && shot_shape(s, l, shape)[0])
			shot_line(s, "network ip=%s:none%s", l->name, shape);
	}
	if (!shot_addrs(s, top))
		return err_say(e, -EADDRNOTAVAIL, "%s has no address", top->name);
	shot_routes(s, top);
	shot_rules(s);
	shot_resolver(s, resolv);
	return 0;
}

int net_snapshot(const char *reach_host, const char *resolv_conf, net_say *print, void *arg,
		 struct err *e)
{
	struct shot *s = calloc(1, sizeof(*s));
	const struct net_link *top = NULL;
	int rc;

	if (!s)
		return err_set(e, -ENOMEM, "snapshot");
	s->print = print;
	s->arg = arg;
	rc = read_all(s, e);
	if (!rc)
		rc = find_top(s, reach_host, &top, e);
	if (!rc)
		rc = write_down(s, top, resolv_conf, e);
	links_free(&s->links);
	free(s->addrs);
	free(s->routes);
	free(s->rules);
	rtnl_close(&s->rtnl);
	free(s);
	return rc;
}
