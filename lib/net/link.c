/* link - which network interfaces are there? */
/* SPDX-License-Identifier: MIT */
#include "net/link.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

/* From <linux/if.h>, which does not go together with <net/if.h>. */
enum { LOWER_UP = 1 << 16, OPER_UNKNOWN = 0, OPER_UP = 6 };

static void take_mac(const struct rtnl_attr *a, struct mac *mac, bool *has)
{
	*has = a->len == sizeof(mac->bytes);
	if (*has)
		memcpy(mac->bytes, a->data, sizeof(mac->bytes));
}

static void take_kind_data(struct net_link *l, struct rtnl_attrs data)
{
	struct rtnl_attr a;

	if (!strcmp(l->kind, "bond")) {
		bond_options_text(data, l);
		return;
	}
	while (rtnl_attr(&data, &a)) {
		if (!strcmp(l->kind, "vlan") && a.type == IFLA_VLAN_ID)
			l->vlan_id = rtnl_u16(&a);
		else if (!strcmp(l->kind, "vlan") && a.type == IFLA_VLAN_PROTOCOL)
			l->vlan_proto = ntohs(rtnl_u16(&a));
		else if (!strcmp(l->kind, "bridge") && a.type == IFLA_BR_STP_STATE)
			l->stp = rtnl_u32(&a);
		else if (!strcmp(l->kind, "bridge") && a.type == IFLA_BR_VLAN_FILTERING)
			l->vlan_filtering = rtnl_u8(&a);
	}
}

/* IFLA_LINKINFO: the kind may stand behind its data. */
static void take_info(struct net_link *l, const struct rtnl_attr *info)
{
	struct rtnl_attrs rest = rtnl_inside(info), data = { 0 };
	struct rtnl_attr a;

	while (rtnl_attr(&rest, &a)) {
		if (a.type == IFLA_INFO_KIND)
			rtnl_text(&a, l->kind, sizeof(l->kind));
		else if (a.type == IFLA_INFO_DATA)
			data = rtnl_inside(&a);
	}
	take_kind_data(l, data);
}

/* IFLA_AF_SPEC: a family each, of IPv6 the flags. */
static void take_af_spec(struct net_link *l, const struct rtnl_attr *spec)
{
	struct rtnl_attrs families = rtnl_inside(spec), rest;
	struct rtnl_attr family, a;

	while (rtnl_attr(&families, &family)) {
		rest = rtnl_inside(&family);
		while (family.type == AF_INET6 && rtnl_attr(&rest, &a))
			if (a.type == IFLA_INET6_FLAGS)
				l->ra_flags = rtnl_u32(&a);
	}
}

bool link_parse(const struct rtnl_view *v, struct net_link *out)
{
	uint8_t operstate = OPER_UNKNOWN;
	struct ifinfomsg head;
	struct rtnl_attrs rest;
	struct rtnl_attr a;

	*out = (struct net_link){ 0 };
	if (v->type != RTM_NEWLINK || !rtnl_head(v, &head, sizeof(head), &rest) ||
	    head.ifi_index <= 0)
		return false;
	out->index = head.ifi_index;
	out->type = head.ifi_type;
	out->flags = head.ifi_flags;
	while (rtnl_attr(&rest, &a)) {
		switch (a.type) {
		case IFLA_IFNAME: rtnl_text(&a, out->name, sizeof(out->name)); break;
		case IFLA_MTU: out->mtu = rtnl_u32(&a); break;
		case IFLA_OPERSTATE: operstate = rtnl_u8(&a); break;
		case IFLA_MASTER: out->master = (int)rtnl_u32(&a); break;
		case IFLA_LINK: out->lower = (int)rtnl_u32(&a); break;
		case IFLA_ADDRESS: take_mac(&a, &out->mac, &out->has_mac); break;
		case IFLA_PERM_ADDRESS: take_mac(&a, &out->permanent, &out->has_permanent); break;
		case IFLA_LINKINFO: take_info(out, &a); break;
		case IFLA_AF_SPEC: take_af_spec(out, &a); break;
		default: break;
		}
	}
	out->carrier = out->flags & IFF_UP && out->flags & LOWER_UP &&
		       (operstate == OPER_UP || operstate == OPER_UNKNOWN);
	return out->name[0];
}

static void add_link(void *arg, const struct rtnl_view *v)
{
	struct net_links *l = arg;
	struct net_link one;

	if (!v) {
		l->n = 0;
		l->lost = false;
		return;
	}
	if (!link_parse(v, &one))
		return;
	if (l->n == l->room) {
		size_t more = l->room ? l->room * 2 : 8;
		struct net_link *list = more > LINKS_MAX ? NULL :
					reallocarray(l->link, more, sizeof(*list));

		if (!list) {
			l->lost = true;
			return;
		}
		l->link = list;
		l->room = more;
	}
	l->link[l->n++] = one;
}

int links_read(struct rtnl *r, struct net_links *l, struct err *e)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct rtnl_msg m;

	rtnl_begin(&m, RTM_GETLINK, 0, &head, sizeof(head));
	if (rtnl_dump(r, &m, add_link, l, e))
		return err_add(e, "list the network interfaces");
	return 0;
}

void links_free(struct net_links *l)
{
	free(l->link);
	*l = (struct net_links){ 0 };
}

const struct net_link *link_by_index(const struct net_links *l, int index)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->link[i].index == index)
			return &l->link[i];
	return NULL;
}

const struct net_link *link_by_name(const struct net_links *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->link[i].name, name))
			return &l->link[i];
	return NULL;
}

const struct net_link *link_by_mac(const struct net_links *l, const struct mac *mac)
{
	const struct net_link *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct net_link *k = &l->link[i];
		bool hardware = !k->kind[0] || !strcmp(k->kind, "veth");

		if (k->has_permanent ? !mac_same(&k->permanent, mac) :
				       !k->has_mac || !hardware || !mac_same(&k->mac, mac))
			continue;
		if (!found || (found->master && !k->master))
			found = k;
	}
	return found;
}

bool mac_parse(const char *text, struct mac *out)
{
	if (strlen(text) != MAC_TEXT - 1)
		return false;
	for (int i = 0; i < 6; i++, text += 3) {
		char pair[3] = { text[0], text[1], 0 };

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
			return false;
		if (i < 5 && text[2] != ':' && text[2] != '-')
			return false;
		out->bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return true;
}

char *mac_text(const struct mac *m, char out[MAC_TEXT])
{
	const uint8_t *b = m->bytes;

	snprintf(out, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return out;
}

bool mac_same(const struct mac *a, const struct mac *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool link_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n >= IF_NAMESIZE || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(".-_@+", *p))
			return false;
	return true;
}
