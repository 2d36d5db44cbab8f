/* netconf_all - how do the words of the command line and of kdump.conf come together, and can it be built? */
/* SPDX-License-Identifier: MIT */
#include "net/netconf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"

static void take_word(struct net_conf *c, const char *word, void (*say)(void *arg, const char *line),
		      void *arg)
{
	char line[sizeof(((struct err *)0)->msg) + 16];
	struct err e = { 0 };

	if (!net_conf_word(c, word, &e) || !say)
		return;
	snprintf(line, sizeof(line), "%s; ignored", e.msg);
	say(arg, line);
}

int net_conf_cmdline(struct net_conf *c, const char *cmdline,
		     void (*say)(void *arg, const char *line), void *arg)
{
	char word[sizeof(((struct cmdline_word *)0)->key) + NET_WORD_MAX + 1];
	struct cmdline_word w;
	int n = 0;

	while (cmdline_next(&cmdline, &w)) {
		if (!net_conf_knows(w.key))
			continue;
		snprintf(word, sizeof(word), "%s=%s", w.key, w.value);
		take_word(c, word, say, arg);
		n++;
	}
	return n;
}

void net_conf_from(struct net_conf *c, const struct kdump_conf *conf, const char *cmdline,
		   void (*say)(void *arg, const char *line), void *arg)
{
	const char *at = cmdline;
	struct cmdline_word w;
	bool ours = true;

	*c = (struct net_conf){
		.carrier_s = (unsigned)conf->carrier_timeout_s,
		.timeout_s = (unsigned)conf->network_timeout_s,
	};
	while (cmdline_next(&at, &w))
		ours &= strcmp(w.key, "ip") != 0;
	for (int i = 0; i < conf->nr_network; i++)
		if (ours || !strncmp(conf->network[i], "ifname=", 7))
			take_word(c, conf->network[i], say, arg);
	net_conf_cmdline(c, cmdline, say, arg);
}

static const struct net_stack *stack_named(const struct net_conf *c, const char *name)
{
	for (int i = 0; i < c->nr_stacks; i++)
		if (!strcmp(c->stacks[i].name, name))
			return &c->stacks[i];
	return NULL;
}

/* The bond or bridge that has name as its port, the nth of them. */
static const struct net_stack *master_of(const struct net_conf *c, const char *name, int nth)
{
	for (int i = 0; i < c->nr_stacks; i++)
		for (int p = 0; p < c->stacks[i].nr_ports && c->stacks[i].kind != NET_VLAN; p++)
			if (!strcmp(c->stacks[i].ports[p], name) && !nth--)
				return &c->stacks[i];
	return NULL;
}

/* Does s stand on itself? Each step goes to a lower link; more steps than links is a circle. */
static bool circular(const struct net_conf *c, const struct net_stack *s)
{
	const struct net_stack *todo[NET_STACKS_MAX * NET_PORTS_MAX];
	int n = 0, steps = 0;

	todo[n++] = s;
	while (n && steps++ <= NET_STACKS_MAX * NET_PORTS_MAX) {
		const struct net_stack *one = todo[--n];

		for (int p = 0; p < one->nr_ports; p++) {
			const struct net_stack *lower = stack_named(c, one->ports[p]);

			if (lower == s || n == NET_STACKS_MAX * NET_PORTS_MAX)
				return true;
			if (lower)
				todo[n++] = lower;
		}
	}
	return n;
}

int net_conf_check(const struct net_conf *c, struct err *e)
{
	for (int i = 0; i < c->nr_stacks; i++) {
		const struct net_stack *s = &c->stacks[i];

		if (stack_named(c, s->name) != s)
			return err_say(e, -EINVAL, "%s is made twice", s->name);
		for (int n = 0; n < c->nr_names; n++)
			if (!strcmp(c->names[n].name, s->name))
				return err_say(e, -EINVAL, "%s is made and is a NIC", s->name);
		for (int p = 0; p < s->nr_ports && s->kind != NET_VLAN; p++)
			if (master_of(c, s->ports[p], 1))
				return err_say(e, -EINVAL, "%s is a port of two links", s->ports[p]);
		if (circular(c, s))
			return err_say(e, -EINVAL, "%s stands on itself", s->name);
	}
	for (int i = 0; i < c->nr_ifs; i++) {
		const struct net_stack *s = master_of(c, c->ifs[i].name, 0);

		if (s && c->ifs[i].method != NET_LINK && c->ifs[i].name[0])
			return err_say(e, -EINVAL, "%s is a port of %s and can have no address",
				       c->ifs[i].name, s->name);
	}
	return 0;
}

int net_conf_modules(const struct net_conf *c, const char *out[NET_MODULES_MAX])
{
	static const char *const of[] = {
		[NET_VLAN] = "8021q", [NET_BOND] = "bonding", [NET_BRIDGE] = "bridge",
	};
	bool made[3] = { false }, six = false, packet = false;
	int n = 0;

	for (int i = 0; i < c->nr_stacks; i++)
		made[c->stacks[i].kind] = true;
	for (int i = 0; i < c->nr_ifs; i++) {
		const struct net_if *f = &c->ifs[i];

		packet |= f->method == NET_DHCP4;
		six |= f->method > NET_DHCP4 || f->addr.family == AF_INET6;
	}
	for (int i = 0; i < 3; i++)
		if (made[i])
			out[n++] = of[i];
	if (six)
		out[n++] = "ipv6";
	if (packet)
		out[n++] = "af_packet";
	return n;
}
