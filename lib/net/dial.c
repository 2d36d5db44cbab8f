/* dial - which address of a host takes the connection? */
/* SPDX-License-Identifier: MIT */
#include "net/dial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "net/connect.h"

enum { DIAL_MS = 60000, EACH_MS = 10000 };

/* "HOST:PORT" as a person would write it, and the address if host is a name. */
static void peer_text(char *out, size_t size, const char *host, const struct net_addr *a,
		      uint16_t port)
{
	char text[NET_ADDR_TEXT];
	struct net_addr literal;

	net_addr_text(a, text);
	if (!net_addr_parse(host, &literal))
		snprintf(out, size, "%.80s:%u (%s)", host, port, text);
	else if (a->family == AF_INET6)
		snprintf(out, size, "[%s]:%u", text, port);
	else
		snprintf(out, size, "%s:%u", text, port);
}

static void add(char *why, size_t size, const struct net_addr *a, int rc)
{
	char text[NET_ADDR_TEXT];
	size_t n = strlen(why);

	snprintf(why + n, size - n, "%s%s: %s", n ? ", " : "", net_addr_text(a, text),
		 rc == -ETIMEDOUT ? "no answer" : strerror(-rc));
}

int net_dial_with(const struct resolver *r, struct stream **out, const char *host, uint16_t port,
		  unsigned timeout_ms, struct err *e)
{
	uint64_t end = now_ms() + (timeout_ms ? timeout_ms : DIAL_MS);
	struct net_addr addrs[RESOLVE_MAX];
	char peer[128], why[220] = "";
	int n = net_resolve(r, host, addrs, end, e), fd = -ETIMEDOUT;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		uint64_t now = now_ms(), left = end > now ? end - now : 0;

		/* The last one gets all the time that is left. */
		if (i < n - 1)
			left = left / 2 < EACH_MS ? left / 2 : EACH_MS;
		fd = net_connect(&addrs[i], port, now + left);
		if (fd >= 0) {
			peer_text(peer, sizeof(peer), host, &addrs[i], port);
			return stream_socket(out, fd, peer, e);
		}
		add(why, sizeof(why), &addrs[i], fd);
	}
	return err_say(e, fd, "connect to %.64s port %u: %s", host, port, why);
}

int net_dial(struct stream **out, const char *host, uint16_t port, unsigned timeout_ms,
	     struct err *e)
{
	struct resolver r;
	int rc = resolver_load(&r, NULL, e);

	return rc ? rc : net_dial_with(&r, out, host, port, timeout_ms, e);
}
