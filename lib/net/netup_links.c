/* netup_links - how do links get their names and stand on each other? */
/* SPDX-License-Identifier: MIT */
#include "net/netup_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

enum { PORTS_WAIT_MS = 10000 };	/* then a bond or bridge goes without the ports that are not there */

static const struct net_name *name_rule(const struct net_run *r, const char *name)
{
	for (int i = 0; i < r->conf->nr_names; i++)
		if (!strcmp(r->conf->names[i].name, name))
			return &r->conf->names[i];
	return NULL;
}

static int stack_of(const struct net_run *r, const char *name)
{
	for (int i = 0; i < r->conf->nr_stacks; i++)
		if (!strcmp(r->conf->stacks[i].name, name))
			return i;
	return -1;
}

const struct net_link *run_link(const struct net_run *r, const char *name)
{
	const struct net_name *rule = name_rule(r, name);
	const struct net_link *l = link_by_name(&r->links, name);
	int stack = stack_of(r, name);

	if (!l || (stack >= 0 && !r->made[stack]))
		return NULL;
	return rule && link_by_mac(&r->links, &rule->mac) != l ? NULL : l;
}

bool run_is_lower(const struct net_run *r, const char *name)
{
	for (int i = 0; i < r->conf->nr_stacks; i++)
		for (int p = 0; p < r->conf->stacks[i].nr_ports; p++)
			if (!strcmp(r->conf->stacks[i].ports[p], name))
				return true;
	return false;
}

/* Out of the way: who has a name that is not its own gets one that nobody has. */
static int move_away(struct net_run *r, const struct net_link *l, struct err *e)
{
	char name[IF_NAMESIZE];

	for (unsigned i = 0; i < LINKS_MAX; i++) {
		snprintf(name, sizeof(name), "other%u", i);
		if (!link_by_name(&r->links, name))
			break;
	}
	run_say(r, "%s is renamed to %s: another one gets its name", l->name, name);
	return link_rename(&r->rtnl, l, name, e);
}

/* 1 if something was renamed. */
static int rename_one(struct net_run *r, int i)
{
	const struct net_name *n = &r->conf->names[i];
	const struct net_link *l = link_by_mac(&r->links, &n->mac), *other;
	char mac[MAC_TEXT];
	struct err e = { 0 };

	if (!l || r->name_given_up[i] || !strcmp(l->name, n->name))
		return 0;
	other = link_by_name(&r->links, n->name);
	if ((!other || !move_away(r, other, &e)) && !link_rename(&r->rtnl, l, n->name, &e)) {
		run_say(r, "%s is renamed to %s: it has %s", l->name, n->name,
			mac_text(&n->mac, mac));
		return 1;
	}
	run_say(r, "%s", e.msg);
	r->name_given_up[i] = true;
	return 0;
}

static int ports_there(const struct net_run *r, const struct net_stack *s)
{
	int n = 0;

	for (int p = 0; p < s->nr_ports; p++)
		n += run_link(r, s->ports[p]) != NULL;
	return n;
}

static int make_stack(struct net_run *r, const struct net_stack *s, struct err *e)
{
	const struct net_link *l = link_by_name(&r->links, s->name);

	switch (s->kind) {
	case NET_VLAN:
		return link_vlan(&r->rtnl, s->name, run_link(r, s->ports[0]), s->vlan_id, e);
	case NET_BOND:
		/* Made for a target before: one that is up refuses a mode, also the one it has. */
		if (l && !strcmp(l->kind, "bond") && l->flags & IFF_UP && l->carrier)
			return 0;
		return link_bond(&r->rtnl, s->name, s->options, e);
	default:
		return link_bridge(&r->rtnl, s->name, s->stp, e);
	}
}

static void say_absent(struct net_run *r, const struct net_stack *s)
{
	for (int p = 0; p < s->nr_ports; p++)
		if (!run_link(r, s->ports[p]))
			run_say(r, "%s: without %s, which is not there", s->name, s->ports[p]);
}

/* 1 if the link was made now. */
static int make_one(struct net_run *r, int i)
{
	const struct net_stack *s = &r->conf->stacks[i];
	int there = ports_there(r, s);
	struct err e = { 0 };

	if (r->made[i] || r->stack_given_up[i] || !there ||
	    (there < s->nr_ports && now_ms() < r->start_ms + PORTS_WAIT_MS))
		return 0;
	if (make_stack(r, s, &e)) {
		run_say(r, "%s", e.msg);
		r->stack_given_up[i] = true;
		return 0;
	}
	r->made[i] = true;
	say_absent(r, s);
	return 1;
}

static int lift(struct net_run *r, const struct net_link *l, struct err *e)
{
	return l->flags & IFF_UP ? 0 : link_up(&r->rtnl, l, true, e);
}

/* What a port had for itself leads nowhere any more. */
static void flush(struct net_run *r, const struct net_link *port)
{
	struct err ignored = { 0 };
	struct ip_addr *list;
	size_t n;

	if (ip_addrs(&r->rtnl, &list, &n, &ignored))
		return;
	for (size_t i = 0; i < n; i++)
		if (list[i].index == port->index)
			ip_addr_del(&r->rtnl, &list[i], &ignored);
	free(list);
}

/* A port joins its master. 1 if something changed. */
static int join_port(struct net_run *r, int i, int p)
{
	const struct net_stack *s = &r->conf->stacks[i];
	const struct net_link *master = run_link(r, s->name), *port = run_link(r, s->ports[p]);
	char primary[IF_NAMESIZE];
	struct err e = { 0 };

	if (!master || !port || r->joined[i] & 1 << p)
		return 0;
	r->joined[i] |= (uint8_t)(1 << p);
	bond_primary(s->options, primary);
	if (s->kind != NET_VLAN)
		flush(r, port);
	if ((s->kind != NET_VLAN && port->master != master->index &&
	     link_master(&r->rtnl, port, master, &e)) ||
	    link_up(&r->rtnl, port, true, &e) ||
	    (s->kind == NET_BOND && !strcmp(primary, port->name) &&
	     link_bond_primary(&r->rtnl, master, port, &e)))
		run_say(r, "%s", e.msg);
	return 1;
}

static int finish_one(struct net_run *r, int i)
{
	const struct net_stack *s = &r->conf->stacks[i];
	const struct net_link *l = run_link(r, s->name);
	struct err e = { 0 };
	int changed = 0;

	for (int p = 0; l && p < s->nr_ports; p++)
		changed |= join_port(r, i, p);
	if (!changed)
		return 0;
	if ((s->mtu && l->mtu != s->mtu && link_mtu(&r->rtnl, l, s->mtu, &e)) || lift(r, l, &e))
		run_say(r, "%s", e.msg);
	return 1;
}

int run_links(struct net_run *r, struct err *e)
{
	/* Each round does what the one before made possible; there are not more levels than links. */
	for (int round = 0; round < NET_NAMES_MAX + 2 * NET_STACKS_MAX; round++) {
		int changed = 0, rc = links_read(&r->rtnl, &r->links, e);

		if (rc)
			return rc;
		for (int i = 0; i < r->conf->nr_names && !changed; i++)
			changed = rename_one(r, i);
		for (int i = 0; i < r->conf->nr_stacks && !changed; i++)
			changed = make_one(r, i) | finish_one(r, i);
		if (!changed)
			break;
	}
	return 0;
}
