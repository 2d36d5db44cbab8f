/* tell - how does a client of DHCP say what it does, and wait? */
/* SPDX-License-Identifier: MIT */
#include "net/tell.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/io.h"

void tell(tell_fn *say, void *arg, const char *ifname, const char *protocol, const char *fmt, ...)
{
	char line[320];
	va_list ap;
	size_t n;

	if (!say)
		return;
	n = (size_t)snprintf(line, sizeof(line), "%.16s: %.16s: ", ifname, protocol);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	say(arg, line);
}

void tell_lease(tell_fn *say, void *arg, const char *protocol, const struct net_lease *l)
{
	char addr[NET_ADDR_TEXT], server[NET_ADDR_TEXT], time[16] = "ever";

	if (l->lease_s != LEASE_FOR_EVER)
		snprintf(time, sizeof(time), "%u s", l->lease_s);
	tell(say, arg, l->ifname, protocol, "%s/%u from %s for %s", net_addr_text(&l->addr, addr),
	     l->prefix, net_addr_text(&l->server, server), time);
}

void sleep_until(uint64_t until_ms)
{
	for (uint64_t now = now_ms(); now < until_ms; now = now_ms())
		poll(NULL, 0, until_ms - now < 1 << 30 ? (int)(until_ms - now) : 1 << 30);
}

bool error_stays(int rc)
{
	return rc == -ENODEV || rc == -EPFNOSUPPORT || rc == -EPERM || rc == -EACCES;
}

bool error_passes(int rc)
{
	static const int codes[] = {
		ENETDOWN, ENOBUFS, ENETUNREACH, EHOSTUNREACH, EAGAIN, ECONNREFUSED, EADDRNOTAVAIL,
	};

	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (rc == -codes[i])
			return true;
	return false;
}
