/* dhcp6 - what is asked when, until there is a lease, and how long is it kept? */
/* SPDX-License-Identifier: MIT */
#include "net/dhcp6.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "net/chance.h"
#include "net/connect.h"
#include "net/dhcp6_message.h"
#include "net/tell.h"

/* Times of RFC 9915 7.6; a renewal is never asked for later than at half of what is left. */
enum {
	SOLICIT_MS = 1000, SOLICIT_MAX_MS = 3600000,
	REQUEST_MS = 1000, REQUEST_MAX_MS = 30000, REQUESTS = 10,
	RENEW_MS = 10000, RENEW_MAX_MS = 600000, RENEW_MIN_MS = 1000,
	AGAIN_MS = 1000, AGAIN_MAX_MS = 10000, TENTATIVE_MS = 100, KEEP_MS = 60000, PACKET = 4096,
};
#define SAY(ask, ...) tell((ask)->say, (ask)->arg, (ask)->ifname, "DHCPv6", __VA_ARGS__)

struct client {
	const struct dhcp6_ask *ask;
	int      fd;
	unsigned ifindex;
	struct dhcp6_send m;
	uint64_t begin_ms, end_ms;
	unsigned sent;
	bool     none;		/* a server said that it has no address */
	char     seen[200];	/* the last answer that was of no use */
};

static int open_socket(struct client *c, struct err *e)
{
	struct sockaddr_in6 own = { .sin6_family = AF_INET6, .sin6_port = htons(DHCP6_CLIENT) };
	int on = 1, off = 0, rc = hwaddr_read(c->ask->ifname, c->m.mac, &c->ifindex, e);

	if (rc)
		return rc;
	c->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return err_set(e, -errno, "%s: socket for DHCPv6", c->ask->ifname);
	if (!setsockopt(c->fd, SOL_SOCKET, SO_BINDTODEVICE, c->ask->ifname,
			(socklen_t)strlen(c->ask->ifname) + 1) &&
	    !setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !setsockopt(c->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) &&
	    !setsockopt(c->fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off)) &&
	    !bind(c->fd, (struct sockaddr *)&own, sizeof(own)))
		return 0;
	rc = err_set(e, -errno, "%s: port %d for DHCPv6", c->ask->ifname, DHCP6_CLIENT);
	close(c->fd);
	return rc;
}

static int open_client(struct client *c, const struct dhcp6_ask *ask, uint64_t end_ms,
		       struct err *e)
{
	*c = (struct client){ .ask = ask, .begin_ms = now_ms(), .end_ms = end_ms };
	return open_socket(c, e);
}

static void new_exchange(struct client *c, enum dhcp6_type type)
{
	c->m.type = type;
	c->m.xid = chance32() & 0xffffff;
	c->m.iaid = get_be32(c->m.mac + 2);
	c->begin_ms = now_ms();
}

/* To all servers of the link (RFC 9915 7.1), once our address there is no more tentative. */
static int send_message(struct client *c)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(DHCP6_SERVER),
				   .sin6_scope_id = c->ifindex };
	static const uint8_t all[16] = { 0xff, 0x02, [13] = 1, [15] = 2 };
	uint64_t elapsed = (now_ms() - c->begin_ms) / 10;
	uint8_t msg[DHCP6_SEND];
	size_t len;
	ssize_t n;
	int rc;

	memcpy(&to.sin6_addr, all, sizeof(all));
	c->m.elapsed = elapsed < UINT16_MAX ? (uint16_t)elapsed : UINT16_MAX;
	len = dhcp6_write(&c->m, msg);
	do {
		n = sendto(c->fd, msg, len, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to));
		rc = n < 0 ? -errno : 0;
		if (rc == -EADDRNOTAVAIL)
			sleep_until(now_ms() + TENTATIVE_MS);
	} while (rc == -EADDRNOTAVAIL && now_ms() < c->end_ms);
	c->sent++;
	if (rc && error_passes(rc))
		snprintf(c->seen, sizeof(c->seen), "; sending: %s",
			 rc == -EADDRNOTAVAIL ? "the interface has no link-local address"
					      : strerror(-rc));
	return rc && !error_passes(rc) ? rc : 0;
}

/* One packet: 0 if it answers, -EAGAIN if not, -EADDRNOTAVAIL and -ESTALE as dhcp6_read. */
static int take(struct client *c, struct net_lease *got)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	uint8_t buf[PACKET];
	struct err why = { 0 };
	ssize_t n = recvfrom(c->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &size);
	int rc;

	if (n < 0)
		return errno == EINTR || error_passes(-errno) ? -EAGAIN : -errno;
	rc = dhcp6_read(&c->m, buf, (size_t)n, got, &why);
	if (rc == -EAGAIN)
		return rc;
	if (rc)
		snprintf(c->seen, sizeof(c->seen), "; an answer was of no use: %.120s", why.msg);
	c->none |= rc == -EADDRNOTAVAIL;
	got->server = net_addr_from(&from, NULL);
	for (unsigned i = 0; i < got->nr_dns; i++)
		if (got->dns[i].bytes[0] == 0xfe && (got->dns[i].bytes[1] & 0xc0) == 0x80)
			got->dns[i].scope = c->ifindex;
	/* Another server may have what this one has not; whoever refuses a request ends it. */
	if (rc == -EBADMSG || (rc && c->m.type == DHCP6_SOLICIT))
		return -EAGAIN;
	return rc;
}

static int wait_answer(struct client *c, struct net_lease *got, uint64_t until_ms)
{
	for (;;) {
		int rc = net_wait(c->fd, POLLIN, until_ms);

		if (!rc)
			rc = take(c, got);
		if (rc != -EAGAIN)
			return rc;
	}
}

/* Send c->m until it is answered, at most times times; waits grow from first_ms to max_ms. */
static int ask_until(struct client *c, uint32_t first_ms, uint32_t max_ms, unsigned times,
		     bool halving, struct net_lease *got)
{
	uint64_t wait = first_ms;

	for (unsigned i = 0; i < times; i++) {
		uint64_t now = now_ms(), left = c->end_ms > now ? c->end_ms - now : 0, until;
		int rc;

		if (i && !left)
			break;
		rc = send_message(c);
		if (rc)
			return rc;
		if (halving && wait > left / 2)
			wait = left / 2 > RENEW_MIN_MS ? left / 2 : RENEW_MIN_MS;
		until = now_ms() + chance_around((uint32_t)wait, (uint32_t)wait / 10);
		rc = wait_answer(c, got, until < c->end_ms ? until : c->end_ms);
		got->got_ms = now;
		snprintf(got->ifname, sizeof(got->ifname), "%s", c->ask->ifname);
		if (rc != -ETIMEDOUT)
			return rc;
		wait = 2 * wait < max_ms ? 2 * wait : max_ms;
	}
	return -ETIMEDOUT;
}

static void name_server(struct client *c, const struct net_lease *l)
{
	memcpy(c->m.server_duid, l->server_duid, sizeof(c->m.server_duid));
	c->m.server_duid_len = l->server_duid_len;
	c->m.addr = l->addr;
}

static int request(struct client *c, const struct net_lease *offer, struct net_lease *lease)
{
	char addr[NET_ADDR_TEXT], server[NET_ADDR_TEXT];

	SAY(c->ask, "%s offers %s", net_addr_text(&offer->server, server),
	    net_addr_text(&offer->addr, addr));
	new_exchange(c, DHCP6_REQUEST);
	name_server(c, offer);
	return ask_until(c, REQUEST_MS, REQUEST_MAX_MS, REQUESTS, false, lease);
}

static int acquire(struct client *c, struct net_lease *lease)
{
	uint64_t again_ms = AGAIN_MS, until;
	struct net_lease offer, nothing = { 0 };
	int rc;

	for (;;) {
		name_server(c, &nothing);
		new_exchange(c, c->ask->stateless ? DHCP6_INFORMATION : DHCP6_SOLICIT);
		rc = ask_until(c, SOLICIT_MS, SOLICIT_MAX_MS, UINT32_MAX, false, &offer);
		if (!rc && c->ask->stateless)
			*lease = offer;
		if (rc || c->ask->stateless)
			return rc;
		rc = request(c, &offer, lease);
		if (!rc || (rc != -ETIMEDOUT && rc != -ESTALE && rc != -EADDRNOTAVAIL))
			return rc;
		SAY(c->ask, "begins again%s",
		    rc == -ETIMEDOUT ? "; the server that offered is silent" : c->seen);
		until = now_ms() + again_ms;
		sleep_until(until < c->end_ms ? until : c->end_ms);
		if (again_ms < AGAIN_MAX_MS)
			again_ms *= 2;
	}
}

int dhcp6_acquire(const struct dhcp6_ask *ask, struct net_lease *lease, struct err *e)
{
	struct net_lease got;
	struct client c;
	int rc = open_client(&c, ask, now_ms() + ask->timeout_ms, e);

	if (rc)
		return rc;
	rc = acquire(&c, &got);
	close(c.fd);
	if (rc == -ETIMEDOUT)
		return err_say(e, c.none ? -EADDRNOTAVAIL : rc,
			       "%s: no DHCPv6 server gave %s in %u s (%u packets sent%s)",
			       ask->ifname, ask->stateless ? "information" : "an address",
			       ask->timeout_ms / 1000, c.sent, c.seen);
	if (rc)
		return err_set(e, rc, "%s: DHCPv6", ask->ifname);
	*lease = got;
	if (ask->stateless)
		SAY(ask, "%u name servers", lease->nr_dns);
	else
		tell_lease(ask->say, ask->arg, "DHCPv6", lease);
	return 0;
}

int dhcp6_renew(const struct dhcp6_ask *ask, struct net_lease *lease, bool broadcast,
		uint64_t until_ms, struct err *e)
{
	char text[NET_ADDR_TEXT];
	struct net_lease got;
	struct client c;
	int rc = open_client(&c, ask, until_ms, e);

	if (rc)
		return rc;
	name_server(&c, lease);
	if (broadcast)
		c.m.server_duid_len = 0;
	new_exchange(&c, broadcast ? DHCP6_REBIND : DHCP6_RENEW);
	c.m.iaid = lease->iaid;
	rc = ask_until(&c, RENEW_MS, RENEW_MAX_MS, UINT32_MAX, true, &got);
	close(c.fd);
	net_addr_text(&lease->addr, text);
	if (rc == -ETIMEDOUT)
		return err_say(e, rc, "%s: no DHCPv6 server renews %s (%u packets sent%s)",
			       ask->ifname, text, c.sent, c.seen);
	if (rc == -ESTALE || rc == -EADDRNOTAVAIL)
		return err_say(e, -ECONNREFUSED, "%s: the DHCPv6 server refuses to renew %s%s",
			       ask->ifname, text, c.seen);
	if (rc)
		return err_set(e, rc, "%s: renew %s", ask->ifname, text);
	*lease = got;
	tell_lease(ask->say, ask->arg, "DHCPv6", lease);
	return 0;
}

static int keep_once(const struct dhcp6_ask *ask, struct net_lease *lease, struct err *e)
{
	int rc;

	sleep_until(lease->got_ms + 1000ULL * lease->t1_s);
	rc = dhcp6_renew(ask, lease, false, lease->got_ms + 1000ULL * lease->t2_s, e);
	if (rc == -ETIMEDOUT) {
		SAY(ask, "%s", e->msg);
		rc = dhcp6_renew(ask, lease, true, lease->got_ms + 1000ULL * lease->lease_s, e);
	}
	return rc;
}

int dhcp6_keep(const struct dhcp6_ask *ask, struct net_lease *lease,
	       void (*changed)(void *arg, const struct net_lease *now), void *arg, struct err *e)
{
	struct dhcp6_ask again = *ask;

	again.timeout_ms = KEEP_MS;
	while (lease->lease_s != LEASE_FOR_EVER && lease->t1_s != LEASE_FOR_EVER) {
		struct err why = { 0 };
		int rc = keep_once(&again, lease, &why);

		while (rc && !error_stays(rc)) {
			SAY(ask, "%s; asks anew", why.msg);
			rc = dhcp6_acquire(&again, lease, &why);
			if (rc && rc != -ETIMEDOUT)
				sleep_until(now_ms() + AGAIN_MAX_MS);
		}
		if (rc) {
			if (e)
				*e = why;
			return rc;
		}
		if (changed)
			changed(arg, lease);
	}
	return 0;
}
