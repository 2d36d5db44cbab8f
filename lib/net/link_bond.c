/* link_bond - what are the options of a bond called, here and in netlink? */
/* SPDX-License-Identifier: MIT */
#include "net/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_link.h>

#include "base/args.h"

/* The form of a value; the widths are those of bond_policy in drivers/net/bonding/bond_netlink.c. */
enum form { U8, U16, U32, IPV4S, MAC, PRIMARY };

struct option {
	const char *name;
	uint16_t    attr;
	enum form   form;
	uint32_t    normal;	/* what the kernel has by itself (bond_check_params, bond_main.c) */
	const char *words;	/* names of the values 0, 1, 2, ...; NULL: a number */
};

/* The first of an attribute is the one that is printed. */
static const struct option options_table[] = {
	{ "mode", IFLA_BOND_MODE, U8, 0,
	  "balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb" },
	{ "miimon", IFLA_BOND_MIIMON, U32, 0, NULL },
	{ "updelay", IFLA_BOND_UPDELAY, U32, 0, NULL },
	{ "downdelay", IFLA_BOND_DOWNDELAY, U32, 0, NULL },
	{ "use_carrier", IFLA_BOND_USE_CARRIER, U8, 1, NULL },
	{ "arp_interval", IFLA_BOND_ARP_INTERVAL, U32, 0, NULL },
	{ "arp_ip_target", IFLA_BOND_ARP_IP_TARGET, IPV4S, 0, NULL },
	{ "arp_validate", IFLA_BOND_ARP_VALIDATE, U32, 0,
	  "none active backup all filter filter_active filter_backup" },
	{ "arp_all_targets", IFLA_BOND_ARP_ALL_TARGETS, U32, 0, "any all" },
	{ "primary", IFLA_BOND_PRIMARY, PRIMARY, 0, NULL },
	{ "primary_reselect", IFLA_BOND_PRIMARY_RESELECT, U8, 0, "always better failure" },
	{ "fail_over_mac", IFLA_BOND_FAIL_OVER_MAC, U8, 0, "none active follow" },
	{ "xmit_hash_policy", IFLA_BOND_XMIT_HASH_POLICY, U8, 0,
	  "layer2 layer3+4 layer2+3 encap2+3 encap3+4 vlan+srcmac" },
	{ "resend_igmp", IFLA_BOND_RESEND_IGMP, U32, 1, NULL },
	{ "num_grat_arp", IFLA_BOND_NUM_PEER_NOTIF, U8, 1, NULL },
	{ "num_unsol_na", IFLA_BOND_NUM_PEER_NOTIF, U8, 1, NULL },
	{ "all_slaves_active", IFLA_BOND_ALL_SLAVES_ACTIVE, U8, 0, NULL },
	{ "min_links", IFLA_BOND_MIN_LINKS, U32, 0, NULL },
	{ "lp_interval", IFLA_BOND_LP_INTERVAL, U32, 1, NULL },
	{ "packets_per_slave", IFLA_BOND_PACKETS_PER_SLAVE, U32, 1, NULL },
	{ "lacp_rate", IFLA_BOND_AD_LACP_RATE, U8, 0, "slow fast" },
	{ "ad_select", IFLA_BOND_AD_SELECT, U8, 0, "stable bandwidth count" },
	{ "ad_actor_sys_prio", IFLA_BOND_AD_ACTOR_SYS_PRIO, U16, 65535, NULL },
	{ "ad_user_port_key", IFLA_BOND_AD_USER_PORT_KEY, U16, 0, NULL },
	{ "ad_actor_system", IFLA_BOND_AD_ACTOR_SYSTEM, MAC, 0, NULL },
	{ "tlb_dynamic_lb", IFLA_BOND_TLB_DYNAMIC_LB, U8, 1, NULL },
	{ "peer_notif_delay", IFLA_BOND_PEER_NOTIF_DELAY, U32, 0, NULL },
	{ "lacp_active", IFLA_BOND_AD_LACP_ACTIVE, U8, 1, "off on" },
};
enum { NR_OPTIONS = sizeof(options_table) / sizeof(options_table[0]) };

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (!strcmp(options_table[i].name, name))
			return &options_table[i];
	return NULL;
}

/* The number of word in words, or -1. */
static int word_number(const char *words, const char *word)
{
	size_t n = strlen(word);
	int i = 0;

	for (const char *w = words; *w; w += strcspn(w, " "), w += *w == ' ', i++)
		if (strcspn(w, " ") == n && !strncmp(w, word, n))
			return i;
	return -1;
}

static int number_of(const struct option *o, const char *value, uint32_t *out, struct err *e)
{
	static const uint32_t max[] = { [U8] = UINT8_MAX, [U16] = UINT16_MAX, [U32] = INT32_MAX };
	int word = o->words ? word_number(o->words, value) : -1;
	unsigned long long n;

	if (word >= 0) {
		*out = (uint32_t)word;
		return 0;
	}
	if (parse_number(value, o->name, 0, max[o->form], &n, e))
		return o->words ? err_say(e, -EINVAL, "%s: '%.40s' is none of: %s", o->name, value,
					  o->words) : -EINVAL;
	*out = (uint32_t)n;
	return 0;
}

/* "192.0.2.1;192.0.2.2" as numbered attributes. */
static int put_targets(struct rtnl_msg *m, const struct option *o, char *value, struct err *e)
{
	size_t nest = rtnl_nest(m, o->attr);
	uint16_t i = 0;

	for (char *at = value, *one; (one = strsep(&at, ";"));) {
		uint8_t ip[4];

		if (inet_pton(AF_INET, one, ip) != 1)
			return err_say(e, -EINVAL, "%s: '%.40s' is no IPv4 address", o->name, one);
		rtnl_put(m, i++, ip, sizeof(ip));
	}
	rtnl_nest_end(m, nest);
	return 0;
}

static int put_option(struct rtnl_msg *m, const struct option *o, char *value, struct err *e)
{
	uint32_t n = 0;
	struct mac mac;
	int rc = 0;

	switch (o->form) {
	case IPV4S:
		return put_targets(m, o, value, e);
	case PRIMARY:
		return link_name_ok(value) ? 0 :
		       err_say(e, -EINVAL, "primary: '%.40s' is no name of an interface", value);
	case MAC:
		if (!mac_parse(value, &mac))
			return err_say(e, -EINVAL, "%s: '%.40s' is no MAC address", o->name, value);
		rtnl_put(m, o->attr, mac.bytes, sizeof(mac.bytes));
		return 0;
	default:
		rc = number_of(o, value, &n, e);
	}
	if (o->form == U8)
		rtnl_put_u8(m, o->attr, (uint8_t)n);
	else if (o->form == U16)
		rtnl_put_u16(m, o->attr, (uint16_t)n);
	else
		rtnl_put_u32(m, o->attr, n);
	return rc;
}

int bond_options_put(struct rtnl_msg *m, const char *options, struct err *e)
{
	bool watches = false;
	char copy[LINK_OPTIONS];
	int rc = 0;

	if (strlen(options) >= sizeof(copy))
		return err_say(e, -EINVAL, "options longer than %zu bytes", sizeof(copy) - 1);
	strcpy(copy, options);
	for (char *at = copy, *one; !rc && (one = strsep(&at, ","));) {
		char *value = strchr(one, '=');
		const struct option *o;

		if (!*one)
			continue;
		if (!value)
			return err_say(e, -EINVAL, "option '%.40s' has no value", one);
		*value++ = 0;
		o = find(one);
		if (!o)
			return err_say(e, -EINVAL, "a bond has no option '%.40s'", one);
		watches |= o->attr == IFLA_BOND_MIIMON || o->attr == IFLA_BOND_ARP_INTERVAL;
		rc = put_option(m, o, value, e);
	}
	if (!watches)
		rtnl_put_u32(m, IFLA_BOND_MIIMON, 100);
	return rc;
}

int bond_options_check(const char *options, struct err *e)
{
	struct rtnl_msg m;

	rtnl_begin(&m, 0, 0, "", 0);
	return bond_options_put(&m, options, e);
}

void bond_primary(const char *options, char out[IF_NAMESIZE])
{
	static const char key[] = "primary=";

	out[0] = 0;
	for (const char *p = options; *p; p += strcspn(p, ","), p += *p == ',')
		if (!strncmp(p, key, sizeof(key) - 1))
			snprintf(out, IF_NAMESIZE, "%.*s", (int)strcspn(p + sizeof(key) - 1, ","),
				 p + sizeof(key) - 1);
}

static void add_text(struct net_link *l, const char *name, const char *value)
{
	size_t n = strlen(l->bond_options), size = sizeof(l->bond_options);
	int want = snprintf(l->bond_options + n, size - n, "%s%s=%s", n ? "," : "", name, value);

	if ((size_t)want >= size - n) {
		l->bond_options[n] = 0;
		l->bond_cut = true;
	}
}

static void add_targets(struct net_link *l, const struct option *o, const struct rtnl_attr *a)
{
	char text[17 * INET_ADDRSTRLEN] = "", ip[INET_ADDRSTRLEN];
	struct rtnl_attrs rest = rtnl_inside(a);
	struct rtnl_attr one;

	/* BOND_MAX_ARP_TARGETS is 16. */
	while (rtnl_attr(&rest, &one) && strlen(text) + INET_ADDRSTRLEN + 1 < sizeof(text))
		if (one.len == 4 && inet_ntop(AF_INET, one.data, ip, sizeof(ip))) {
			strcat(text, text[0] ? ";" : "");
			strcat(text, ip);
		}
	if (text[0])
		add_text(l, o->name, text);
}

static void add_number(struct net_link *l, const struct option *o, uint32_t n)
{
	const char *w = o->words;
	char text[40];

	if (n == o->normal)
		return;
	for (uint32_t i = 0; w && *w && i < n; i++)
		w += strcspn(w, " "), w += *w == ' ';
	if (w && *w)
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(w, " "), w);
	else
		snprintf(text, sizeof(text), "%s%u", o->form == PRIMARY ? "#" : "", n);
	add_text(l, o->name, text);
}

void bond_options_text(struct rtnl_attrs data, struct net_link *l)
{
	static const struct mac none = { { 0 } };
	struct rtnl_attr a;
	struct mac mac;
	char text[MAC_TEXT];

	while (rtnl_attr(&data, &a)) {
		const struct option *o = NULL;

		for (size_t i = 0; i < NR_OPTIONS && !o; i++)
			if (options_table[i].attr == a.type)
				o = &options_table[i];
		if (!o)
			continue;
		if (o->form == IPV4S) {
			add_targets(l, o, &a);
		} else if (o->form == MAC && a.len == sizeof(mac.bytes)) {
			memcpy(mac.bytes, a.data, sizeof(mac.bytes));
			mac_text(&mac, text);
			/* ':' separates the fields of bond=. */
			for (char *p = text; *p; p++)
				*p = *p == ':' ? '-' : *p;
			if (!mac_same(&mac, &none))
				add_text(l, o->name, text);
		} else if (o->form != MAC) {
			add_number(l, o, o->form == U8 ? rtnl_u8(&a) :
				   o->form == U16 ? rtnl_u16(&a) : rtnl_u32(&a));
		}
	}
}
