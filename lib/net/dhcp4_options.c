/* dhcp4_options - what do the options of a DHCPv4 server mean for us? */
/* SPDX-License-Identifier: MIT */
#include "net/dhcp4_options.h"

#include <string.h>

#include "base/buf.h"
#include "net/names.h"

enum {
	SNAME = 44, SNAME_LEN = 64, FILE_AT = 108, FILE_LEN = 128,	/* RFC 2131 2 */
	OPTION_MAX = 1500, MTU_MIN = 68,				/* RFC 2132 5.1 */
};

/* The bytes up to the end mark; false if an option is cut off. */
static bool whole(const uint8_t *p, size_t size, size_t *len)
{
	size_t at = 0;

	while (at < size && p[at] != OPT_END) {
		if (p[at] == OPT_PAD) {
			at++;
			continue;
		}
		if (size - at < 2 || p[at + 1] > size - at - 2)
			return false;
		at += 2u + p[at + 1];
	}
	*len = at;
	return true;
}

static bool add_part(struct dhcp4_options *o, const uint8_t *p, size_t size)
{
	if (!whole(p, size, &o->len[o->parts]))
		return false;
	o->part[o->parts++] = p;
	return true;
}

bool dhcp4_options_find(const uint8_t *msg, size_t len, struct dhcp4_options *o)
{
	uint8_t overload = 0;

	*o = (struct dhcp4_options){ 0 };
	if (len < BOOTP_HEAD || !add_part(o, msg + BOOTP_HEAD, len - BOOTP_HEAD))
		return false;
	/* Asked for before there are other parts: one inside them means nothing. */
	dhcp4_option(o, OPT_OVERLOAD, &overload, 1);
	if (overload & 1 && overload <= 3 && !add_part(o, msg + FILE_AT, FILE_LEN))
		return false;
	return !(overload & 2 && overload <= 3) || add_part(o, msg + SNAME, SNAME_LEN);
}

size_t dhcp4_option(const struct dhcp4_options *o, uint8_t code, uint8_t *out, size_t size)
{
	size_t n = 0;

	for (unsigned i = 0; i < o->parts; i++) {
		const uint8_t *p = o->part[i];

		for (size_t at = 0; at < o->len[i]; at += p[at] == OPT_PAD ? 1 : 2u + p[at + 1]) {
			if (p[at] != code)
				continue;
			if (p[at + 1] > size - n)
				return 0;
			memcpy(out + n, p + at + 2, p[at + 1]);
			n += p[at + 1];
		}
	}
	return n;
}

bool dhcp4_host(const uint8_t *addr)
{
	return addr[0] && addr[0] != 127 && addr[0] < 224;
}

/* Bits of a netmask, 0 if it is none; without an option those of the class (RFC 950). */
static uint8_t prefix_of(const uint8_t *mask, size_t n, const struct net_addr *addr)
{
	uint32_t v;

	if (!n)
		return addr->bytes[0] < 128 ? 8 : addr->bytes[0] < 192 ? 16 : 24;
	if (n < 4)
		return 0;
	v = ~get_be32(mask);
	return v & (v + 1) ? 0 : (uint8_t)(32 - __builtin_popcount(v));
}

static void add_route(struct net_lease *lease, const struct net_addr *to, uint8_t prefix,
		      const uint8_t *via)
{
	struct lease_route *r = &lease->routes[lease->nr_routes];

	*r = (struct lease_route){ .to = *to, .prefix = prefix };
	if (get_be32(via)) {
		if (!dhcp4_host(via))
			return;
		r->via = net_addr_of(AF_INET, via);
		r->onlink = !net_addr_in(&r->via, &lease->addr, lease->prefix);
		for (unsigned i = 0; r->onlink && i < lease->nr_routes; i++)
			if (!lease->routes[i].via.family &&
			    net_addr_in(&r->via, &lease->routes[i].to, lease->routes[i].prefix))
				r->onlink = false;	/* an earlier route leads there */
	}
	lease->nr_routes++;
}

/* RFC 3442: width, then as many bytes of the destination as it needs, then the router. */
static void read_routes(struct net_lease *lease, const uint8_t *p, size_t n)
{
	while (n && lease->nr_routes < LEASE_ROUTES) {
		struct net_addr to = { .family = AF_INET };
		size_t bytes = (p[0] + 7u) / 8;

		if (p[0] > 32 || n < 1 + bytes + 4)
			break;
		memcpy(to.bytes, p + 1, bytes);
		/* Bits behind the width must be 0 for the kernel. */
		if (p[0] % 8)
			to.bytes[bytes - 1] &= (uint8_t)(0xff << (8 - p[0] % 8));
		add_route(lease, &to, p[0], p + 1 + bytes);
		p += 1 + bytes + 4;
		n -= 1 + bytes + 4;
	}
}

static void read_routers(struct net_lease *lease, const uint8_t *p, size_t n)
{
	static const struct net_addr any = { .family = AF_INET };

	for (; n >= 4 && !lease->nr_routes; p += 4, n -= 4)
		if (dhcp4_host(p))
			add_route(lease, &any, 0, p);
}

/* Text of an option: names with blanks between, which is not what RFC 2132 says but what is met. */
static void read_text(uint8_t *p, size_t n, char *list, size_t size)
{
	struct name name;
	char *rest;

	p[n] = 0;
	for (char *word = rest = (char *)p; word; word = rest) {
		strsep(&rest, " ");
		if (name_parse(word, &name) && !name_list_add(list, size, word))
			return;
	}
}

static void read_names(const struct dhcp4_options *o, uint8_t *buf, struct net_lease *lease)
{
	size_t n = dhcp4_option(o, OPT_HOSTNAME, buf, OPTION_MAX);
	struct name name;

	buf[n] = 0;
	if (n && n < LEASE_TEXT && strlen((char *)buf) + 1 >= n && name_parse((char *)buf, &name))
		memcpy(lease->hostname, buf, n + 1);
	read_text(buf, dhcp4_option(o, OPT_DOMAIN, buf, OPTION_MAX), lease->search, LEASE_TEXT);
	memcpy(lease->domain, lease->search, strcspn(lease->search, " "));
	n = dhcp4_option(o, OPT_SEARCH, buf, OPTION_MAX);
	if (n) {
		char list[LEASE_TEXT] = "";

		if (!name_list_read(buf, n, 0, 0, list, sizeof(list)) && *list)
			memcpy(lease->search, list, sizeof(list));
	}
}

void dhcp4_options_lease(const struct dhcp4_options *o, struct net_lease *lease)
{
	uint8_t buf[OPTION_MAX + 1];
	size_t n;

	n = dhcp4_option(o, OPT_MASK, buf, OPTION_MAX);
	lease->prefix = prefix_of(buf, n, &lease->addr);
	n = dhcp4_option(o, OPT_ROUTES, buf, OPTION_MAX);
	read_routes(lease, buf, n);
	if (!lease->nr_routes)
		read_routers(lease, buf, dhcp4_option(o, OPT_ROUTER, buf, OPTION_MAX));
	n = dhcp4_option(o, OPT_DNS, buf, OPTION_MAX);
	for (size_t at = 0; n - at >= 4 && lease->nr_dns < LEASE_SERVERS; at += 4)
		if (dhcp4_host(buf + at))
			lease->dns[lease->nr_dns++] = net_addr_of(AF_INET, buf + at);
	n = dhcp4_option(o, OPT_MTU, buf, OPTION_MAX);
	if (n >= 2 && get_be16(buf) >= MTU_MIN)
		lease->mtu = get_be16(buf);
	read_names(o, buf, lease);
}
