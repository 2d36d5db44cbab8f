/* resolve - which addresses does a name have? */
/* SPDX-License-Identifier: MIT */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"

enum { RESOLVER_SERVERS = 6, RESOLVER_SEARCH = 256, RESOLVE_MAX = 16 };

/* Where to ask. Zero, with servers, is a good value. */
struct resolver {
	struct net_addr servers[RESOLVER_SERVERS];
	unsigned        nr_servers;
	char            search[RESOLVER_SEARCH];	/* names with a blank between */
	unsigned        ndots;		/* with so many dots a name is first tried as it is; 0: 1 */
	unsigned        try_ms;		/* wait so long for one server; 0: 2000 */
	unsigned        tries;		/* go round the servers so many times; 0: 3 */
	const char     *hosts;		/* borrowed; NULL: /etc/hosts */
	uint16_t        port;		/* of the servers; 0: 53 */
};

/*
 * Fill *r from a file like /etc/resolv.conf: nameserver, search, domain, options ndots, timeout,
 * attempts; what else is in it is passed over. NULL: /etc/resolv.conf. No such file, or no server
 * in it, is no error: literals and /etc/hosts need none.
 */
int resolver_load(struct resolver *r, const char *path, struct err *e);

/*
 * The addresses of name: a literal (also "[2001:db8::1]", "fe80::1%eth0"), else those of the hosts
 * file, else those of DNS, AAAA and A asked at once. Names of the search list are tried in turn.
 * IPv6 first, since a host that has it and a route to it wants it used; net_dial tries both. At
 * most RESOLVE_MAX addresses into out. deadline_ms as now_ms; 0: as long as tries and try_ms say.
 *
 * Returns how many, at least 1. -ENOENT: there is no such name; -ENODATA: it has no address;
 * -ETIMEDOUT: no server answered; -EHOSTUNREACH: servers answered with failures only (they are in
 * the message); -EDESTADDRREQ: there is no server to ask; -EINVAL: it is no name.
 */
int net_resolve(const struct resolver *r, const char *name, struct net_addr out[RESOLVE_MAX],
		uint64_t deadline_ms, struct err *e);

#endif
