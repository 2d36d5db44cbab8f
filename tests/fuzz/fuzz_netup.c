/* fuzz_netup - are the parsers of netlink and of dracut's words safe from any bytes? The first one chooses. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/netconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void netlink(const uint8_t *data, size_t size)
{
	struct rtnl_view v;
	size_t at = 0;

	while (rtnl_next(data, size, &at, &v)) {
		struct net_link link;
		struct ip_addr addr;
		struct ip_route route;
		struct ip_neigh neigh;
		struct ip_rule rule;
		char text[ROUTE_TEXT];

		if (link_parse(&v, &link) && strlen(link.name) >= sizeof(link.name))
			abort();
		ip_addr_parse(&v, &addr);
		ip_neigh_parse(&v, &neigh);
		ip_rule_parse(&v, &rule);
		if (ip_route_parse(&v, &route))
			ip_route_text(&route, text);
	}
}

static void words(const char *text)
{
	struct net_conf *c = calloc(1, sizeof(*c));
	const char *modules[NET_MODULES_MAX];

	if (net_conf_word(c, text, NULL) < 0)
		net_conf_cmdline(c, text, NULL, NULL);
	for (int i = 0; i < c->nr_ifs; i++)
		if (c->ifs[i].name[0] && !link_name_ok(c->ifs[i].name))
			abort();
	net_conf_check(c, NULL);
	net_conf_modules(c, modules);
	free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	if (data[0] & 1) {
		netlink(data + 1, size - 1);
		return 0;
	}
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	words(text);
	free(text);
	return 0;
}
