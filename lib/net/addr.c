/* addr - how is an IP address written, read and compared? */
/* SPDX-License-Identifier: MIT */
#include "net/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool scope_of(const char *text, uint32_t *out)
{
	unsigned long n;
	char *end;

	if (!*text || strlen(text) >= IF_NAMESIZE)
		return false;
	*out = if_nametoindex(text);
	if (*out)
		return true;
	n = strtoul(text, &end, 10);
	if (*end || text[0] < '0' || text[0] > '9' || !n || n > INT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

bool net_addr_parse(const char *text, struct net_addr *out)
{
	struct net_addr a = { 0 };
	char copy[NET_ADDR_TEXT], *t = copy, *scope;
	size_t n = strlen(text);

	if (n >= sizeof(copy))
		return false;
	memcpy(copy, text, n + 1);
	if (inet_pton(AF_INET, copy, a.bytes) == 1) {
		a.family = AF_INET;
		*out = a;
		return true;
	}
	if (copy[0] == '[') {
		if (n < 2 || copy[n - 1] != ']')
			return false;
		copy[n - 1] = 0;
		t++;
	}
	scope = strchr(t, '%');
	if (scope) {
		*scope++ = 0;
		if (!scope_of(scope, &a.scope))
			return false;
	}
	if (inet_pton(AF_INET6, t, a.bytes) != 1)
		return false;
	a.family = AF_INET6;
	*out = a;
	return true;
}

char *net_addr_text(const struct net_addr *a, char *out)
{
	char name[IF_NAMESIZE];
	size_t n;

	if ((a->family != AF_INET && a->family != AF_INET6) ||
	    !inet_ntop(a->family, a->bytes, out, NET_ADDR_TEXT)) {
		strcpy(out, "none");
		return out;
	}
	if (!a->scope)
		return out;
	n = strlen(out);
	if (if_indextoname(a->scope, name))
		snprintf(out + n, NET_ADDR_TEXT - n, "%%%s", name);
	else
		snprintf(out + n, NET_ADDR_TEXT - n, "%%%u", a->scope);
	return out;
}

struct net_addr net_addr_of(uint8_t family, const uint8_t *bytes)
{
	struct net_addr a = { .family = family };

	memcpy(a.bytes, bytes, family == AF_INET ? 4 : 16);
	return a;
}

bool net_addr_same(const struct net_addr *a, const struct net_addr *b)
{
	return a->family == b->family && a->scope == b->scope && !memcmp(a->bytes, b->bytes, 16);
}

bool net_addr_in(const struct net_addr *a, const struct net_addr *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (a->family != net->family || bits > (a->family == AF_INET ? 32 : 128) ||
	    memcmp(a->bytes, net->bytes, whole))
		return false;
	return !rest || !((a->bytes[whole] ^ net->bytes[whole]) >> (8 - rest));
}

socklen_t net_addr_sockaddr(const struct net_addr *a, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *in = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = a->family;
	if (a->family == AF_INET) {
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->bytes, 4);
		return sizeof(*in);
	}
	if (a->family == AF_INET6) {
		in6->sin6_port = htons(port);
		in6->sin6_scope_id = a->scope;
		memcpy(&in6->sin6_addr, a->bytes, 16);
		return sizeof(*in6);
	}
	return 0;
}

struct net_addr net_addr_from(const struct sockaddr_storage *ss, uint16_t *port)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
	struct net_addr a = { 0 };
	uint16_t p = 0;

	if (ss->ss_family == AF_INET) {
		a = net_addr_of(AF_INET, (const uint8_t *)&in->sin_addr);
		p = ntohs(in->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		a = net_addr_of(AF_INET6, in6->sin6_addr.s6_addr);
		a.scope = in6->sin6_scope_id;
		p = ntohs(in6->sin6_port);
	}
	if (port)
		*port = p;
	return a;
}
