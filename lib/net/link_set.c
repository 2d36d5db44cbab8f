/* link_set - how is a network interface changed or made? */
/* SPDX-License-Identifier: MIT */
#include "net/link.h"

#include <errno.h>
#include <string.h>

#include <linux/rtnetlink.h>

static void begin(struct rtnl_msg *m, uint16_t flags, int index, unsigned set, unsigned mask)
{
	struct ifinfomsg head = { .ifi_index = index, .ifi_flags = set, .ifi_change = mask };

	rtnl_begin(m, RTM_NEWLINK, flags, &head, sizeof(head));
}

int link_up(struct rtnl *r, const struct net_link *l, bool up, struct err *e)
{
	struct rtnl_msg m;

	begin(&m, 0, l->index, up ? IFF_UP : 0, IFF_UP);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "set %s %s", l->name, up ? "up" : "down");
	return 0;
}

int link_rename(struct rtnl *r, const struct net_link *l, const char *name, struct err *e)
{
	struct rtnl_msg m;
	int rc;

	/* Only newer kernels rename what is up. */
	if (l->flags & IFF_UP && (rc = link_up(r, l, false, e)))
		return rc;
	begin(&m, 0, l->index, 0, 0);
	rtnl_put_text(&m, IFLA_IFNAME, name);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "rename %s to %s", l->name, name);
	return 0;
}

int link_mtu(struct rtnl *r, const struct net_link *l, uint32_t mtu, struct err *e)
{
	struct rtnl_msg m;

	begin(&m, 0, l->index, 0, 0);
	rtnl_put_u32(&m, IFLA_MTU, mtu);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "set the MTU of %s to %u", l->name, mtu);
	return 0;
}

int link_mac(struct rtnl *r, const struct net_link *l, const struct mac *mac, struct err *e)
{
	char text[MAC_TEXT];
	struct rtnl_msg m;
	int rc;

	begin(&m, 0, l->index, 0, 0);
	rtnl_put(&m, IFLA_ADDRESS, mac->bytes, sizeof(mac->bytes));
	rc = rtnl_ask(r, &m, e);
	if (rc == -EBUSY && !link_up(r, l, false, e))
		rc = rtnl_ask(r, &m, e);
	return rc ? err_add(e, "set the address of %s to %s", l->name, mac_text(mac, text)) : 0;
}

int link_master(struct rtnl *r, const struct net_link *l, const struct net_link *master, struct err *e)
{
	struct rtnl_msg m;
	int rc;

	if (master && !strcmp(master->kind, "bond") && l->flags & IFF_UP &&
	    (rc = link_up(r, l, false, e)))
		return rc;
	begin(&m, 0, l->index, 0, 0);
	rtnl_put_u32(&m, IFLA_MASTER, master ? (uint32_t)master->index : 0);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "make %s a port of %s", l->name, master ? master->name : "nothing");
	return 0;
}

/* What a made link begins with, and where its data goes. */
struct making {
	struct rtnl_msg m;
	size_t info, data;
};

static void begin_making(struct making *k, const char *name, const char *kind, int lower)
{
	begin(&k->m, NLM_F_CREATE, 0, 0, 0);
	rtnl_put_text(&k->m, IFLA_IFNAME, name);
	if (lower)
		rtnl_put_u32(&k->m, IFLA_LINK, (uint32_t)lower);
	k->info = rtnl_nest(&k->m, IFLA_LINKINFO);
	rtnl_put_text(&k->m, IFLA_INFO_KIND, kind);
	k->data = rtnl_nest(&k->m, IFLA_INFO_DATA);
}

static int make(struct rtnl *r, struct making *k, const char *name, const char *kind,
		const char *module, struct err *e)
{
	int rc;

	rtnl_nest_end(&k->m, k->data);
	rtnl_nest_end(&k->m, k->info);
	rc = rtnl_ask(r, &k->m, e);
	if (rc == -EOPNOTSUPP)
		return err_say(e, rc, "make %s %s: this kernel has none; its module is %s", kind,
			       name, module);
	return rc ? err_add(e, "make %s %s", kind, name) : 0;
}

int link_vlan(struct rtnl *r, const char *name, const struct net_link *lower, uint16_t id,
	      struct err *e)
{
	struct making k;

	begin_making(&k, name, "vlan", lower->index);
	rtnl_put_u16(&k.m, IFLA_VLAN_ID, id);
	return make(r, &k, name, "vlan", "8021q", e);
}

int link_bond(struct rtnl *r, const char *name, const char *options, struct err *e)
{
	struct making k;
	int rc;

	begin_making(&k, name, "bond", 0);
	rc = bond_options_put(&k.m, options, e);
	return rc ? err_add(e, "make bond %s", name) : make(r, &k, name, "bond", "bonding", e);
}

int link_bond_primary(struct rtnl *r, const struct net_link *bond, const struct net_link *port,
		      struct err *e)
{
	size_t info, data;
	struct rtnl_msg m;

	begin(&m, 0, bond->index, 0, 0);
	info = rtnl_nest(&m, IFLA_LINKINFO);
	rtnl_put_text(&m, IFLA_INFO_KIND, "bond");
	data = rtnl_nest(&m, IFLA_INFO_DATA);
	rtnl_put_u32(&m, IFLA_BOND_PRIMARY, (uint32_t)port->index);
	rtnl_nest_end(&m, data);
	rtnl_nest_end(&m, info);
	if (rtnl_ask(r, &m, e))
		return err_add(e, "make %s the primary port of %s", port->name, bond->name);
	return 0;
}

int link_bridge(struct rtnl *r, const char *name, bool stp, struct err *e)
{
	struct making k;

	begin_making(&k, name, "bridge", 0);
	rtnl_put_u32(&k.m, IFLA_BR_STP_STATE, stp);
	return make(r, &k, name, "bridge", "bridge", e);
}
