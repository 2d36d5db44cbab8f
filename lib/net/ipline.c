/* ipline - what does a word ip=... say? */
/* SPDX-License-Identifier: MIT */
#include "net/netconf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/buf.h"

enum { PARTS = 16, MAC_PARTS = 6, MTU_MIN = 68, MTU_MAX = 65535 };	/* RFC 791: 68 */

static const struct { const char *name; enum net_method method; } methods[] = {
	{ "dhcp", NET_DHCP4 }, { "on", NET_DHCP4 }, { "any", NET_DHCP4 }, { "single-dhcp", NET_DHCP4 },
	{ "dhcp4", NET_DHCP4 }, { "dhcp6", NET_DHCP6 }, { "auto6", NET_AUTO6 },
	{ "either6", NET_EITHER6 }, { "link6", NET_LINK6 },
	{ "none", NET_LINK }, { "off", NET_LINK }, { "static", NET_LINK },
};

int net_split(const char *text, char *copy, char *parts[], int max, struct err *e)
{
	int n = 0;

	if (strlen(text) >= NET_WORD_MAX)
		return err_say(e, -EINVAL, "longer than %d bytes", NET_WORD_MAX - 1);
	strcpy(copy, text);
	for (char *p = copy;;) {
		size_t len;

		if (n == max)
			return err_say(e, -EINVAL, "more than %d parts", max);
		if (*p == '[') {
			len = strcspn(++p, "]");
			if (!p[len] || (p[len + 1] && p[len + 1] != ':'))
				return err_say(e, -EINVAL, "'[' without ']' and ':'");
			p[len++] = 0;
		} else {
			len = strcspn(p, ":");
		}
		parts[n++] = p;
		p += len;
		if (!*p)
			return n;
		*p++ = 0;
	}
}

static bool method_of(const char *name, enum net_method *out)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!strcmp(methods[i].name, name)) {
			*out = methods[i].method;
			return true;
		}
	return false;
}

static int bad_method(const char *name, struct err *e)
{
	const char *names[sizeof(methods) / sizeof(methods[0])], *near;
	size_t n = sizeof(names) / sizeof(names[0]);

	if (!strcmp(name, "ibft"))
		return err_say(e, -EINVAL, "ibft is not supported; write down what the firmware has");
	for (size_t i = 0; i < n; i++)
		names[i] = methods[i].name;
	near = nearest_name(name, names, n);
	return err_say(e, -EINVAL, "'%.40s' is no method%s%s%s", name, near ? "; did you mean " : "",
		       near ? near : "", near ? "?" : "");
}

int net_prefix(const char *text, uint8_t family, uint8_t *out, struct err *e)
{
	unsigned long long n;
	uint8_t b[4];
	uint32_t mask;

	if (family == AF_INET && inet_pton(AF_INET, text, b) == 1) {
		mask = get_be32(b);
		if (!mask || (~mask & (~mask + 1)))
			return err_say(e, -EINVAL, "'%.40s' is no netmask", text);
		*out = (uint8_t)__builtin_popcount(mask);
		return 0;
	}
	if (parse_number(text, "netmask", 1, family == AF_INET ? 32 : 128, &n, e))
		return -EINVAL;
	*out = (uint8_t)n;
	return 0;
}

/* As the kernel's ip= does it without a mask. */
static uint8_t usual_prefix(const struct net_addr *a)
{
	if (a->family == AF_INET6)
		return 64;
	return a->bytes[0] < 128 ? 8 : a->bytes[0] < 192 ? 16 : 24;
}

/* An address that a host may have. */
static int host_addr(const char *text, struct net_addr *out, struct err *e)
{
	static const uint8_t zero[16];

	if (!net_addr_parse(text, out))
		return err_say(e, -EINVAL, "'%.60s' is no address", text);
	if (!memcmp(out->bytes, zero, sizeof(zero)) ||
	    (out->family == AF_INET ? out->bytes[0] >= 224 : out->bytes[0] == 0xff))
		return err_say(e, -EINVAL, "%.60s is no address of a host", text);
	return 0;
}

static int optional_addr(const char *text, struct net_addr *out, struct err *e)
{
	return text[0] ? host_addr(text, out, e) : 0;
}

static int set_mtu(const char *text, uint32_t *out, struct err *e)
{
	unsigned long long n;
	int rc = text[0] ? parse_number(text, "MTU", MTU_MIN, MTU_MAX, &n, e) : 0;

	if (text[0] && !rc)
		*out = (uint32_t)n;
	return rc;
}

/* "52:54:00:..." came in six parts; '-' between leaves it in one. */
static int set_mac(char *parts[], int n, struct net_if *f, struct err *e)
{
	char text[MAC_TEXT + 1] = "";

	if (!n || (n == 1 && !parts[0][0]))
		return 0;
	for (int i = 0; i < n && strlen(text) < MAC_TEXT; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? ":" : "",
			 parts[i]);
	if ((n != 1 && n != MAC_PARTS) || !mac_parse(text, &f->mac))
		return err_say(e, -EINVAL, "'%.40s' is no MAC address", text);
	f->has_mac = true;
	return 0;
}

static int set_dev(const char *name, struct net_if *f, struct err *e)
{
	if (name[0] && !link_name_ok(name))
		return err_say(e, -EINVAL, "'%.40s' is no name of an interface", name);
	strcpy(f->name, name);
	return 0;
}

static int add_dns(struct net_conf *c, const char *text, struct err *e)
{
	if (!text[0])
		return 0;
	if (c->nr_dns == NET_DNS_MAX)
		return err_say(e, -EINVAL, "more than %d name servers", NET_DNS_MAX);
	return host_addr(text, &c->dns[c->nr_dns], e) ? -EINVAL : (c->nr_dns++, 0);
}

/* METHOD[:MTU[:MAC]] behind NAME. */
static int named(struct net_if *f, char *parts[], int n, struct err *e)
{
	int rc = set_dev(parts[0], f, e);

	if (!rc && n > 2)
		rc = set_mtu(parts[2], &f->mtu, e);
	if (!rc && n > 3)
		rc = set_mac(parts + 3, n - 3, f, e);
	if (!rc && f->method == NET_LINK && !f->name[0])
		rc = err_say(e, -EINVAL, "no interface");
	return rc;
}

/* The peer, which may bring its own number of bits. */
static int set_peer(char *text, struct net_if *f, struct err *e)
{
	char *slash = strchr(text, '/');
	int rc = 0;

	if (!text[0])
		return 0;
	if (slash)
		*slash = 0;
	rc = host_addr(text, &f->peer, e);
	if (!rc && f->peer.family != f->addr.family)
		rc = err_say(e, -EINVAL, "the peer is of another family");
	if (!rc && slash)
		rc = net_prefix(slash + 1, f->addr.family, &f->prefix, e);
	return rc;
}

static int static_address(struct net_if *f, char *parts[], struct err *e)
{
	int rc = host_addr(parts[0], &f->addr, e);

	if (rc)
		return rc;
	f->method = NET_STATIC;
	f->prefix = usual_prefix(&f->addr);
	if (parts[3][0])
		rc = net_prefix(parts[3], f->addr.family, &f->prefix, e);
	if (!rc)
		rc = set_peer(parts[1], f, e);
	if (!rc)
		rc = optional_addr(parts[2], &f->gateway, e);
	if (!rc && f->gateway.family && f->gateway.family != f->addr.family)
		rc = err_say(e, -EINVAL, "the gateway is of another family");
	return rc;
}

/* What stands behind the method: MTU and MAC, or name servers. */
static int behind(struct net_conf *c, struct net_if *f, char *parts[], int n, struct err *e)
{
	bool dns = n && (n == 2 || strpbrk(parts[0], ".:")) && n < MAC_PARTS;
	int rc;

	if (!dns) {
		rc = n ? set_mtu(parts[0], &f->mtu, e) : 0;
		return rc || n < 2 ? rc : set_mac(parts + 1, n - 1, f, e);
	}
	/* MTU:MAC with '-' in the MAC, or with nothing there, are two parts too. */
	if (n == 2 && !strpbrk(parts[0], ".:") && (!parts[1][0] || strchr(parts[1], '-'))) {
		rc = set_mtu(parts[0], &f->mtu, e);
		return rc ? rc : set_mac(parts + 1, 1, f, e);
	}
	if (n > 3)
		return err_say(e, -EINVAL, "more than two name servers");
	/* The kernel has a time server in the third place. */
	rc = add_dns(c, parts[0], e);
	return rc || n < 2 ? rc : add_dns(c, parts[1], e);
}

/* CLIENT:PEER:GATEWAY:NETMASK:HOSTNAME:DEV:METHOD and more; parts that are not there are "". */
static int explicit(struct net_conf *c, struct net_if *f, char *parts[], int n, struct err *e)
{
	int rc;

	f->method = NET_LINK;
	if (parts[6][0] && !method_of(parts[6], &f->method))
		return bad_method(parts[6], e);
	rc = set_dev(parts[5], f, e);
	if (!rc && f->method == NET_LINK)
		rc = parts[0][0] ? static_address(f, parts, e) :
		     err_say(e, -EINVAL, "neither an address nor a method");
	if (!rc && strlen(parts[4]) >= sizeof(f->hostname))
		rc = err_say(e, -EINVAL, "the host name is too long");
	if (!rc)
		strcpy(f->hostname, parts[4]);
	return rc || n <= 7 ? rc : behind(c, f, parts + 7, n - 7, e);
}

int net_conf_ip(struct net_conf *c, const char *value, struct err *e)
{
	char copy[NET_WORD_MAX], empty[1] = "", *parts[PARTS];
	struct net_if *f = &c->ifs[c->nr_ifs];
	struct net_addr address;
	int n = net_split(value, copy, parts, PARTS, e), rc;

	if (n < 0)
		return n;
	if (c->nr_ifs == NET_IFS_MAX)
		return err_say(e, -EINVAL, "more than %d of them", NET_IFS_MAX);
	*f = (struct net_if){ 0 };
	if (n == 1) {
		if (!method_of(parts[0], &f->method))
			return bad_method(parts[0], e);
		rc = f->method == NET_LINK ? 1 : 0;	/* ip=off: the kernel shall do nothing */
	} else if (!net_addr_parse(parts[0], &address) && method_of(parts[1], &f->method)) {
		rc = named(f, parts, n, e);
	} else if (n <= 4 && !net_addr_parse(parts[0], &address) && link_name_ok(parts[0])) {
		rc = bad_method(parts[1], e);	/* too short for the long form: NAME:METHOD was meant */
	} else {
		for (int i = n; i < PARTS; i++)
			parts[i] = empty;
		rc = explicit(c, f, parts, n, e);
	}
	c->nr_ifs += !rc;
	return rc < 0 ? rc : 0;
}
