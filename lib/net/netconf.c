/* netconf - what network do the words ask for? */
/* SPDX-License-Identifier: MIT */
#include "net/netconf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/conf.h"

enum { VLAN_MAX = 4094 };	/* 0 and 4095 are reserved, IEEE 802.1Q */

typedef int word_fn(struct net_conf *c, const char *value, struct err *e);

static int copy_name(char out[IF_NAMESIZE], const char *name, struct err *e)
{
	if (!link_name_ok(name))
		return err_say(e, -EINVAL, "'%.40s' is no name of an interface", name);
	strcpy(out, name);
	return 0;
}

static int too_many(int max, struct err *e)
{
	return err_say(e, -EINVAL, "more than %d of them", max);
}

static int set_name(struct net_conf *c, const char *value, struct err *e)
{
	const char *colon = strchr(value, ':');
	struct net_name *n = &c->names[c->nr_names];
	char name[IF_NAMESIZE + 1];

	if (c->nr_names == NET_NAMES_MAX)
		return too_many(NET_NAMES_MAX, e);
	snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - value) : 0, value);
	if (!colon || !mac_parse(colon + 1, &n->mac))
		return err_say(e, -EINVAL, "NAME:MAC is wanted");
	if (copy_name(n->name, name, e))
		return -EINVAL;
	for (int i = 0; i < c->nr_names; i++)
		if (!strcmp(c->names[i].name, n->name) || mac_same(&c->names[i].mac, &n->mac))
			return err_say(e, -EINVAL, "%s or its MAC is there already", n->name);
	c->nr_names++;
	return 0;
}

/* A stack with the name given, filled in by its caller. */
static struct net_stack *new_stack(struct net_conf *c, enum net_stack_kind kind, const char *name,
				   struct err *e)
{
	struct net_stack *s = &c->stacks[c->nr_stacks];

	if (c->nr_stacks == NET_STACKS_MAX) {
		too_many(NET_STACKS_MAX, e);
		return NULL;
	}
	*s = (struct net_stack){ .kind = kind };
	if (copy_name(s->name, name, e))
		return NULL;
	c->nr_stacks++;
	return s;
}

static int set_ports(struct net_stack *s, char *list, struct err *e)
{
	for (char *one; (one = strsep(&list, ","));) {
		if (s->nr_ports == NET_PORTS_MAX)
			return err_say(e, -EINVAL, "more than %d ports", NET_PORTS_MAX);
		if (copy_name(s->ports[s->nr_ports++], one, e))
			return -EINVAL;
	}
	return 0;
}

/* What the name of a VLAN ends with: vlan5, eth0.0005. */
static const char *id_in(const char *name)
{
	const char *p = name + strlen(name);

	while (p > name && isdigit((unsigned char)p[-1]))
		p--;
	return p;
}

static int set_vlan(struct net_conf *c, const char *value, struct err *e)
{
	char copy[NET_WORD_MAX], *parts[3];
	int n = net_split(value, copy, parts, 3, e);
	struct net_stack *s;
	const char *id;
	unsigned long v;

	if (n < 0)
		return n;
	if (n < 2)
		return err_say(e, -EINVAL, "NAME:LOWER is wanted");
	s = new_stack(c, NET_VLAN, parts[0], e);
	if (!s || copy_name(s->ports[s->nr_ports++], parts[1], e))
		return -EINVAL;
	/* Decimal with any zeros in front; base prefixes mean nothing here. */
	id = n == 3 ? parts[2] : id_in(s->name);
	v = strlen(id) < 8 && id_in(id) == id ? strtoul(id, NULL, 10) : 0;
	if (!v || v > VLAN_MAX)
		return err_say(e, -EINVAL, "%s has no number from 1 to %d: NAME:LOWER:ID", s->name,
			       VLAN_MAX);
	s->vlan_id = (uint16_t)v;
	return 0;
}

static int set_bond(struct net_conf *c, const char *value, struct err *e)
{
	static const char name[] = "bond0", ports[] = "eth0,eth1";	/* as dracut has them */
	char copy[NET_WORD_MAX], *parts[4], pair[sizeof(ports)];
	int n = net_split(value, copy, parts, 4, e);
	unsigned long long mtu;
	struct net_stack *s;

	if (n < 0)
		return n;
	strcpy(pair, ports);
	s = new_stack(c, NET_BOND, parts[0][0] ? parts[0] : name, e);
	if (!s || set_ports(s, n > 1 ? parts[1] : pair, e))
		return -EINVAL;
	if (n > 2 && strlen(parts[2]) >= sizeof(s->options))
		return err_say(e, -EINVAL, "options longer than %zu bytes", sizeof(s->options) - 1);
	if (n > 2)
		strcpy(s->options, parts[2]);
	if (bond_options_check(s->options, e))
		return -EINVAL;
	if (n > 3 && parts[3][0]) {
		if (parse_number(parts[3], "MTU", 68, 65535, &mtu, e))
			return -EINVAL;
		s->mtu = (uint32_t)mtu;
	}
	return 0;
}

static int set_bridge(struct net_conf *c, const char *value, struct err *e)
{
	char copy[NET_WORD_MAX], *parts[3], name[] = "br0", port[] = "eth0";
	int n = net_split(value, copy, parts, 3, e);
	struct net_stack *s;

	if (n < 0)
		return n;
	s = new_stack(c, NET_BRIDGE, parts[0][0] ? parts[0] : name, e);
	if (!s || set_ports(s, n > 1 ? parts[1] : port, e))
		return -EINVAL;
	if (n > 2 && strcmp(parts[2], "stp"))
		return err_say(e, -EINVAL, "'%.40s' is not stp", parts[2]);
	s->stp = n > 2;
	return 0;
}

static int set_nameserver(struct net_conf *c, const char *value, struct err *e)
{
	if (c->nr_dns == NET_DNS_MAX)
		return too_many(NET_DNS_MAX, e);
	if (!net_addr_parse(value, &c->dns[c->nr_dns]))
		return err_say(e, -EINVAL, "'%.60s' is no address", value);
	c->nr_dns++;
	return 0;
}

static int set_search(struct net_conf *c, const char *value, struct err *e)
{
	if (!value[0] || strlen(value) >= sizeof(c->search))
		return err_say(e, -EINVAL, "1 to %zu bytes are wanted", sizeof(c->search) - 1);
	for (const char *p = value; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._,", *p))
			return err_say(e, -EINVAL, "'%.60s' holds what no domain does", value);
	strcpy(c->search, value);
	for (char *p = c->search; *p; p++)
		*p = *p == ',' ? ' ' : *p;
	return 0;
}

static int set_route(struct net_conf *c, const char *value, struct err *e)
{
	struct net_route *r = &c->routes[c->nr_routes];
	char copy[NET_WORD_MAX], *parts[3], *slash;
	int n = net_split(value, copy, parts, 3, e);

	if (n < 0)
		return n;
	if (c->nr_routes == NET_ROUTES_MAX)
		return too_many(NET_ROUTES_MAX, e);
	*r = (struct net_route){ 0 };
	slash = strchr(parts[0], '/');
	if (slash)
		*slash++ = 0;
	if (!net_addr_parse(parts[0], &r->route.to))
		return err_say(e, -EINVAL, "'%.60s' is no network", parts[0]);
	r->route.prefix = r->route.to.family == AF_INET ? 32 : 128;
	if (slash && !strcmp(slash, "0"))
		r->route.prefix = 0;
	else if (slash && net_prefix(slash, r->route.to.family, &r->route.prefix, e))
		return -EINVAL;
	for (unsigned bit = r->route.prefix; bit < 128; bit++)	/* the kernel refuses bits of a host */
		r->route.to.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	if (n > 1 && parts[1][0] && !net_addr_parse(parts[1], &r->route.via))
		return err_say(e, -EINVAL, "'%.60s' is no address", parts[1]);
	if (r->route.via.family == AF_INET && r->route.to.family == AF_INET6)
		return err_say(e, -EINVAL, "an IPv6 network is not behind an IPv4 gateway");
	if (n > 2 && parts[2][0] && copy_name(r->name, parts[2], e))
		return -EINVAL;
	if (!r->route.via.family && !r->name[0])
		return err_say(e, -EINVAL, "neither a gateway nor an interface");
	c->nr_routes++;
	return 0;
}

/* As pxelinux writes it, with the kind of hardware in front: 01 is Ethernet. */
static int set_bootif(struct net_conf *c, const char *value, struct err *e)
{
	if (strlen(value) == MAC_TEXT - 1 + 3 && !strncmp(value, "01", 2))
		value += 3;
	if (!mac_parse(value, &c->bootif))
		return err_say(e, -EINVAL, "'%.40s' is no MAC address", value);
	c->has_bootif = true;
	return 0;
}

static const struct { const char *key; word_fn *set; } words[] = {
	{ "ip", net_conf_ip }, { "ifname", set_name }, { "vlan", set_vlan }, { "bond", set_bond },
	{ "bridge", set_bridge }, { "nameserver", set_nameserver }, { "search", set_search },
	{ "rd.route", set_route }, { "BOOTIF", set_bootif },
	{ "rd.neednet", NULL }, { "bootdev", NULL }, { "rd.peerdns", NULL }, { "rd.bootif", NULL },
};
enum { NR_WORDS = sizeof(words) / sizeof(words[0]) };

static int find_word(const char *key, size_t len)
{
	for (int i = 0; i < NR_WORDS; i++)
		if (strlen(words[i].key) == len && !strncmp(words[i].key, key, len))
			return i;
	return -1;
}

bool net_conf_knows(const char *key)
{
	return find_word(key, strlen(key)) >= 0;
}

static int unknown(const char *word, size_t len, struct err *e)
{
	const char *names[NR_WORDS], *near;
	char key[40];

	for (int i = 0; i < NR_WORDS; i++)
		names[i] = words[i].key;
	snprintf(key, sizeof(key), "%.*s", (int)len, word);
	near = nearest_name(key, names, NR_WORDS);
	return err_say(e, -EINVAL, "%s: no word of the network%s%s%s", key,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

int net_conf_word(struct net_conf *c, const char *word, struct err *e)
{
	size_t len = strcspn(word, "=");
	int i = find_word(word, len);
	struct net_conf *next;
	int rc;

	if (i < 0)
		return unknown(word, len, e);
	if (!words[i].set)
		return 0;
	next = malloc(sizeof(*next));
	if (!next)
		return err_set(e, -ENOMEM, "%.100s", word);
	*next = *c;
	rc = words[i].set(next, word[len] ? word + len + 1 : "", e);
	if (rc)
		err_add(e, "%.100s", word);
	else
		*c = *next;
	free(next);
	return rc;
}
