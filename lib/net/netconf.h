/* netconf - what network is wanted, in dracut's words. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_NETCONF_H
#define NET_NETCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "net/link.h"
#include "net/rtnl_ip.h"

/*
 * The words are those of dracut.cmdline(7), on the kernel command line or in kdump.conf behind
 * "network". IPv6 addresses stand in [brackets]. NAME is an interface, DEV one or nothing.
 *
 *   ip=METHOD                    each Ethernet interface; the first that reaches the target counts
 *   ip=NAME:METHOD[:MTU[:MAC]]
 *   ip=CLIENT:[PEER]:[GATEWAY]:[NETMASK]:[HOSTNAME]:[DEV]:METHOD[:[MTU][:MAC]]
 *   ip=CLIENT:[PEER]:[GATEWAY]:[NETMASK]:[HOSTNAME]:[DEV]:METHOD[:DNS1[:DNS2]]
 *       METHOD is dhcp (on, any, single-dhcp), dhcp6, auto6, either6, link6; none (off, "") for CLIENT,
 *       which is static; ip=NAME:none[:MTU[:MAC]] gives a lower interface its MTU and MAC only.
 *       NETMASK is an address or a number of bits, PEER may have /BITS; without: by class, 64 for IPv6.
 *       A name may have several: each CLIENT is one address.
 *   ifname=NAME:MAC              the interface with that (permanent) MAC gets that name
 *   vlan=NAME:LOWER[:ID]         ID is what NAME ends with otherwise: vlan5, vlan0005, eth0.5, eth0.0005
 *   bond=NAME[:PORTS[:OPTIONS[:MTU]]]    PORTS eth0,eth1; OPTIONS as link_bond has them, mode=balance-rr
 *   bridge=NAME[:PORTS[:stp]]    PORTS eth0 by default, for both; stp is ours: the spanning tree protocol
 *   nameserver=ADDRESS           before those that the network tells
 *   search=DOMAIN,...            ours: in place of the list that the network tells
 *   rd.route=NET/BITS:[GATEWAY][:DEV]
 *   BOOTIF=[01-]MAC              words that name no interface mean this one
 *   rd.neednet=, bootdev=, rd.peerdns=, rd.bootif=   known, without effect here
 */

enum {
	NET_IFS_MAX = 16, NET_NAMES_MAX = 16, NET_STACKS_MAX = 16, NET_PORTS_MAX = 8,
	NET_ROUTES_MAX = 64, NET_DNS_MAX = 6, NET_HOSTNAME = 64, NET_SEARCH = 256,
	NET_WORD_MAX = 1024,	/* bytes of a word with its NUL */
};

enum net_method {
	NET_LINK,	/* MTU and MAC only */
	NET_STATIC, NET_DHCP4, NET_DHCP6, NET_AUTO6,
	NET_EITHER6,	/* what the router says, or DHCPv6 if none does */
	NET_LINK6,	/* its link-local address is enough */
};

/* One ip= word. */
struct net_if {
	char            name[IF_NAMESIZE];	/* "": any */
	enum net_method method;
	struct net_addr addr, peer, gateway;	/* NET_STATIC; gateway may be none */
	uint8_t         prefix;
	char            hostname[NET_HOSTNAME];	/* asked for by DHCP */
	uint32_t        mtu;			/* 0: as it is */
	struct mac      mac;
	bool            has_mac;
};

struct net_name { char name[IF_NAMESIZE]; struct mac mac; };	/* ifname= */

enum net_stack_kind { NET_VLAN, NET_BOND, NET_BRIDGE };

/* A link that stands on others. */
struct net_stack {
	enum net_stack_kind kind;
	char     name[IF_NAMESIZE];
	char     ports[NET_PORTS_MAX][IF_NAMESIZE];	/* of a VLAN: the link below it */
	int      nr_ports;
	uint16_t vlan_id;
	char     options[LINK_OPTIONS];		/* of a bond */
	bool     stp;				/* of a bridge */
	uint32_t mtu;				/* of a bond; 0: as it is */
};

struct net_route {
	struct ip_route route;		/* without index */
	char            name[IF_NAMESIZE];	/* "": whichever has the gateway's network */
};

/* All of it. No pointers; zero is a good beginning. */
struct net_conf {
	struct net_if    ifs[NET_IFS_MAX];
	struct net_name  names[NET_NAMES_MAX];
	struct net_stack stacks[NET_STACKS_MAX];
	struct net_route routes[NET_ROUTES_MAX];
	struct net_addr  dns[NET_DNS_MAX];
	int      nr_ifs, nr_names, nr_stacks, nr_routes, nr_dns;
	char     search[NET_SEARCH];		/* names with a blank between */
	struct mac bootif;
	bool     has_bootif;
	unsigned carrier_s, timeout_s;		/* 0: 60 and 300 */
};

/* Is key ("ip", "rd.route") one of the words above? */
bool net_conf_knows(const char *key);

/*
 * Add what one word says. Returns 0, or -EINVAL with a message that names the word and what is wrong
 * with it (also for a word that is not known, or too many of a kind); then *c is as it was.
 */
int net_conf_word(struct net_conf *c, const char *word, struct err *e);

/*
 * Add what a kernel command line says. Words of others are passed over; each of ours that is wrong is
 * told to say (may be NULL) and passed over too: a dump with what is left is better than none.
 * Returns how many were taken.
 */
int net_conf_cmdline(struct net_conf *c, const char *cmdline,
		     void (*say)(void *arg, const char *line), void *arg);

/*
 * Put together kdump.conf's words (n of them) and the command line's, both leniently. An ip= on the
 * command line takes the place of everything in kdump.conf but ifname=.
 */

void net_conf_from(struct net_conf *c, const struct kdump_conf *conf, const char *cmdline,
		   void (*say)(void *arg, const char *line), void *arg);

/*
 * Can it be built at all? Refuses a name that two words make, a port of two masters, a link that
 * stands on itself, and DHCP on a port. For the production side; the capture kernel tries anyway.
 */
int net_conf_check(const struct net_conf *c, struct err *e);

/* The modules that it needs besides the drivers ("8021q", "bonding"), into out. Returns how many. */
enum { NET_MODULES_MAX = 5 };
int net_conf_modules(const struct net_conf *c, const char *out[NET_MODULES_MAX]);

/* ---- for ipline.c */
/* Split text at ':' outside of [brackets], which go; at most max parts, in copy, which has NET_WORD_MAX bytes. */
int net_split(const char *text, char *copy, char *parts[], int max, struct err *e);
/* What follows "ip=". */
int net_conf_ip(struct net_conf *c, const char *value, struct err *e);
/* A number of bits or an IPv4 mask. */
int net_prefix(const char *text, uint8_t family, uint8_t *out, struct err *e);

#endif
