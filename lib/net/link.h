/* link - network interfaces: which there are, what they are, and how they are changed. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/rtnl.h"

enum { LINKS_MAX = 4096, LINK_KIND = 16, LINK_OPTIONS = 256, MAC_TEXT = 18 };

struct mac { uint8_t bytes[6]; };

struct net_link {
	int        index;
	char       name[IF_NAMESIZE];
	uint16_t   type;		/* ARPHRD_* */
	uint32_t   flags;		/* IFF_* */
	bool       carrier;		/* up, and a frame could go out: IFF_LOWER_UP and operstate */
	uint32_t   mtu;
	struct mac mac, permanent;	/* permanent: IFLA_PERM_ADDRESS, what the hardware says */
	bool       has_mac, has_permanent;
	int        master, lower;	/* index of what it is a port of, of what it stands on; 0: none */
	char       kind[LINK_KIND];	/* "vlan", "bond", "bridge", "veth", ...; "": hardware */
	uint16_t   vlan_id, vlan_proto;	/* proto in host order: 0x8100 */
	bool       stp, vlan_filtering;	/* of a bridge */
	char       bond_options[LINK_OPTIONS];	/* those that are not as the kernel has them by itself */
	bool       bond_cut;			/* and there was no room for one */
	uint32_t   ra_flags;		/* IF_RA_*, IFLA_INET6_FLAGS: what a router advertised */
};

/* A list; zero-initialise it. */
struct net_links {
	struct net_link *link;
	size_t n, room;
	bool   lost;	/* there were more, or no memory for them */
};

/* One RTM_NEWLINK. False if it is something else or malformed. */
bool link_parse(const struct rtnl_view *v, struct net_link *out);

/* Read all links into *l, anew. */
int links_read(struct rtnl *r, struct net_links *l, struct err *e);
void links_free(struct net_links *l);

/* NULL if there is none. */
const struct net_link *link_by_index(const struct net_links *l, int index);
const struct net_link *link_by_name(const struct net_links *l, const char *name);

/*
 * The one with this hardware address: its permanent one if it has one, else its present one. A bond's
 * port bears the bond's address, so that only the permanent one tells. Hyper-V's virtual function has
 * the address of the interface above it, which is preferred: it is no port of another.
 */
const struct net_link *link_by_mac(const struct net_links *l, const struct mac *mac);

/* "52:54:00:12:34:56", upper or lower case, ':' or '-' between. False if it is anything else. */
bool mac_parse(const char *text, struct mac *out);
char *mac_text(const struct mac *m, char out[MAC_TEXT]);
bool mac_same(const struct mac *a, const struct mac *b);

/*
 * A name that an interface may have and a message or a path can hold: 1 to 15 letters, digits and
 * ".-_@+", neither "." nor "..".
 */
bool link_name_ok(const char *name);

/* ---- changes; errors name the link and the act */
int link_up(struct rtnl *r, const struct net_link *l, bool up, struct err *e);
int link_rename(struct rtnl *r, const struct net_link *l, const char *name, struct err *e);
int link_mtu(struct rtnl *r, const struct net_link *l, uint32_t mtu, struct err *e);
/* Taken down for it if the driver wants that. */
int link_mac(struct rtnl *r, const struct net_link *l, const struct mac *mac, struct err *e);
/* Make it a port of master (0: of none). A bond takes only links that are down: it is taken down. */
int link_master(struct rtnl *r, const struct net_link *l, const struct net_link *master, struct err *e);

/* ---- made ones. One that exists and is of that kind is changed to what is asked. */
int link_vlan(struct rtnl *r, const char *name, const struct net_link *lower, uint16_t id,
	      struct err *e);
/*
 * options: "mode=802.3ad,miimon=100,xmit_hash_policy=layer3+4,arp_ip_target=192.0.2.1;192.0.2.2", words
 * or numbers as the kernel's documentation has them (networking/bonding.rst). Without miimon and
 * arp_interval, miimon is 100: a bond that watches nothing keeps a dead port. primary is not set here
 * but by link_bond_primary, when its port is there.
 */
int link_bond(struct rtnl *r, const char *name, const char *options, struct err *e);
int link_bond_primary(struct rtnl *r, const struct net_link *bond, const struct net_link *port,
		      struct err *e);
int link_bridge(struct rtnl *r, const char *name, bool stp, struct err *e);

/* Is this what link_bond takes? For the production side. -EINVAL with the word that is not. */
int bond_options_check(const char *options, struct err *e);
/* The name of "primary=" in options into out ("" if there is none). */
void bond_primary(const char *options, char out[IF_NAMESIZE]);

/* For link_parse: IFLA_INFO_DATA of a bond as text into l->bond_options, primary as "primary=#INDEX". */
void bond_options_text(struct rtnl_attrs data, struct net_link *l);
/* For link_bond: options as IFLA_INFO_DATA. */
int bond_options_put(struct rtnl_msg *m, const char *options, struct err *e);

#endif
