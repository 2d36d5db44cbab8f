/* dhcp4 - what is asked when, until there is a lease, and how long is it kept? */
/* SPDX-License-Identifier: MIT */
#include "net/dhcp4.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "net/chance.h"
#include "net/dhcp4_link.h"
#include "net/tell.h"

enum {
	FIRST_MS = 1000, LONGEST_MS = 64000, JITTER_MS = 1000,
	REQUESTS = 4,		/* then the server that offered is gone */
	BROADCAST_FROM = 2,	/* sends without an answer */
	AGAIN_MS = 1000, AGAIN_MAX_MS = 10000,	/* after a NAK or a conflict */
	RENEW_MIN_MS = 1000, KEEP_MS = 60000, PACKET = 9216,
};

struct client {
	const struct dhcp4_ask *ask;
	struct dhcp4_link link;
	struct dhcp4_send m;
	uint64_t begin_ms, end_ms;
	unsigned sent;
	char     seen[200];	/* the last answer that was of no use */
};

#define SAY(ask, ...) tell((ask)->say, (ask)->arg, (ask)->ifname, "DHCP", __VA_ARGS__)

/* to: the server that is asked by unicast, NULL: everybody. */
static int send_message(struct client *c, const struct net_addr *to)
{
	uint64_t s = (now_ms() - c->begin_ms) / 1000;
	uint8_t msg[DHCP4_SEND];
	size_t len;
	int rc;

	c->m.secs = s < UINT16_MAX ? (uint16_t)s : UINT16_MAX;
	len = dhcp4_write(&c->m, msg);
	if (to)
		rc = dhcp4_link_unicast(c->ask->ifname, &c->m.mine, to, msg, len);
	else
		rc = dhcp4_link_send(&c->link, msg, len);
	c->sent++;
	if (rc && error_passes(rc))
		snprintf(c->seen, sizeof(c->seen), "; sending: %s", strerror(-rc));
	return rc && (!error_passes(rc) || rc == -EADDRNOTAVAIL) ? rc : 0;
}

/* May this answer be taken for what was asked? */
static bool fits(struct client *c, enum dhcp4_type type, const struct net_lease *got)
{
	const struct net_addr *wanted = c->m.mine.family ? &c->m.mine : &c->m.wanted;
	char text[NET_ADDR_TEXT];

	if (c->m.type == DHCP4_DISCOVER)
		return type == DHCP4_OFFER;
	if (type == DHCP4_OFFER)
		return false;
	/* Another server may say no to what this one offered. */
	if (c->m.server.family && got->server.family && !net_addr_same(&c->m.server, &got->server))
		return false;
	if (type == DHCP4_ACK && !net_addr_same(wanted, &got->addr)) {
		snprintf(c->seen, sizeof(c->seen), "; granted was %s, which was not asked for",
			 net_addr_text(&got->addr, text));
		return false;
	}
	return true;
}

/* The type of the first answer that fits, until until_ms; else -ETIMEDOUT or another errno. */
static int wait_answer(struct client *c, struct net_lease *got, uint64_t until_ms)
{
	uint8_t buf[PACKET];

	for (;;) {
		struct err why = { 0 };
		enum dhcp4_type type;
		const uint8_t *msg;
		size_t len;
		int rc;

		msg = dhcp4_link_receive(&c->link, buf, sizeof(buf), &len, until_ms, &rc);
		if (!msg && error_passes(rc))
			continue;	/* told once by the socket, then it waits again */
		if (!msg)
			return rc;
		rc = dhcp4_read(&c->m, msg, len, &type, got, &why);
		if (rc == -EBADMSG)
			snprintf(c->seen, sizeof(c->seen), "; an answer was of no use: %.120s",
				 why.msg);
		if (!rc && fits(c, type, got))
			return (int)type;
	}
}

/* Send c->m until it is answered, times sends at most. As wait_answer; got has all of it then. */
static int ask_until(struct client *c, unsigned times, struct net_lease *got)
{
	uint32_t wait_ms = FIRST_MS;

	for (unsigned i = 0; i < times && now_ms() < c->end_ms; i++) {
		uint64_t sent_ms = now_ms(), until;
		int rc;

		c->m.broadcast = i >= BROADCAST_FROM;
		rc = send_message(c, NULL);
		if (rc)
			return rc;
		until = sent_ms +
			chance_around(wait_ms, wait_ms / 4 < JITTER_MS ? wait_ms / 4 : JITTER_MS);
		rc = wait_answer(c, got, until < c->end_ms ? until : c->end_ms);
		got->got_ms = sent_ms;
		snprintf(got->ifname, sizeof(got->ifname), "%s", c->ask->ifname);
		if (rc != -ETIMEDOUT)
			return rc;
		if (wait_ms < LONGEST_MS)
			wait_ms *= 2;
	}
	return -ETIMEDOUT;
}

static void new_exchange(struct client *c, enum dhcp4_type type)
{
	c->m = (struct dhcp4_send){ .type = type, .xid = chance32(), .hostname = c->ask->hostname };
	memcpy(c->m.mac, c->link.mac, DHCP4_MAC);
}

/* Take the offer. 0, -ECONNREFUSED after a NAK, -EADDRINUSE, -ETIMEDOUT, or what does not pass. */
static int request(struct client *c, const struct net_lease *offer, struct net_lease *lease)
{
	char addr[NET_ADDR_TEXT], server[NET_ADDR_TEXT];
	int rc;

	c->m.type = DHCP4_REQUEST;
	c->m.wanted = offer->addr;
	c->m.server = offer->server;
	net_addr_text(&offer->addr, addr);
	net_addr_text(&offer->server, server);
	SAY(c->ask, "%s offers %s", server, addr);
	rc = ask_until(c, REQUESTS, lease);
	if (rc == DHCP4_NAK) {
		snprintf(c->seen, sizeof(c->seen), "; %s offered %s and then refused it", server,
			 addr);
		return -ECONNREFUSED;
	}
	if (rc < 0)
		return rc;
	if (!lease->server.family)
		lease->server = offer->server;
	if (!c->ask->probe_ms || !dhcp4_link_conflict(&c->link, &lease->addr, c->ask->probe_ms))
		return 0;
	snprintf(c->seen, sizeof(c->seen), "; %s granted %s, which another host has", server, addr);
	c->m.type = DHCP4_DECLINE;
	send_message(c, NULL);
	return -EADDRINUSE;
}

static int acquire(struct client *c, struct net_lease *lease)
{
	uint64_t again_ms = AGAIN_MS, until;
	struct net_lease offer;
	int rc;

	for (;;) {
		new_exchange(c, DHCP4_DISCOVER);
		rc = ask_until(c, UINT32_MAX, &offer);
		if (rc < 0)
			return rc;
		rc = request(c, &offer, lease);
		if (!rc || (rc != -ETIMEDOUT && rc != -ECONNREFUSED && rc != -EADDRINUSE))
			return rc;
		SAY(c->ask, "begins again%s",
		    rc == -ETIMEDOUT ? "; the server that offered is silent" : c->seen);
		until = now_ms() + again_ms;
		sleep_until(until < c->end_ms ? until : c->end_ms);
		if (again_ms < AGAIN_MAX_MS)
			again_ms *= 2;
	}
}

int dhcp4_acquire(const struct dhcp4_ask *ask, struct net_lease *lease, struct err *e)
{
	struct client c = { .ask = ask, .begin_ms = now_ms() };
	struct net_lease got;
	int rc;

	c.end_ms = c.begin_ms + ask->timeout_ms;
	rc = dhcp4_link_open(&c.link, ask->ifname, e);
	if (rc)
		return rc;
	rc = acquire(&c, &got);
	dhcp4_link_close(&c.link);
	if (rc == -ETIMEDOUT)
		return err_say(e, rc,
			       "%s: no DHCP server gave an address in %u s (%u packets sent%s)",
			       ask->ifname, ask->timeout_ms / 1000, c.sent, c.seen);
	if (rc)
		return err_set(e, rc, "%s: DHCP", ask->ifname);
	*lease = got;
	tell_lease(ask->say, ask->arg, "DHCP", lease);
	return 0;
}

/* Ask again and again, each time at half of what is left (RFC 2131 4.4.5), until c->end_ms. */
static int renew(struct client *c, const struct net_addr *to, struct net_lease *got)
{
	int rc;

	do {
		uint64_t now = now_ms(), wait = c->end_ms > now ? (c->end_ms - now) / 2 : 0;

		if (wait < RENEW_MIN_MS)
			wait = RENEW_MIN_MS;
		rc = send_message(c, to);
		if (rc)
			return rc;
		rc = wait_answer(c, got, now + wait < c->end_ms ? now + wait : c->end_ms);
		got->got_ms = now;
	} while (rc == -ETIMEDOUT && now_ms() < c->end_ms);
	return rc;
}

int dhcp4_renew(const struct dhcp4_ask *ask, struct net_lease *lease, bool broadcast,
		uint64_t until_ms, struct err *e)
{
	struct client c = { .ask = ask, .begin_ms = now_ms(), .end_ms = until_ms };
	char text[NET_ADDR_TEXT];
	struct net_lease got;
	int rc;

	rc = dhcp4_link_open(&c.link, ask->ifname, e);
	if (rc)
		return rc;
	new_exchange(&c, DHCP4_REQUEST);
	c.m.mine = lease->addr;
	rc = renew(&c, broadcast ? NULL : &lease->server, &got);
	dhcp4_link_close(&c.link);
	net_addr_text(&lease->addr, text);
	if (rc == DHCP4_NAK)
		return err_say(e, -ECONNREFUSED, "%s: the DHCP server refuses to renew %s",
			       ask->ifname, text);
	if (rc == -ETIMEDOUT)
		return err_say(e, rc, "%s: no DHCP server renews %s (%u packets sent%s)",
			       ask->ifname, text, c.sent, c.seen);
	if (rc < 0)
		return err_set(e, rc, "%s: renew %s", ask->ifname, text);
	if (!got.server.family)
		got.server = lease->server;
	snprintf(got.ifname, sizeof(got.ifname), "%s", ask->ifname);
	*lease = got;
	tell_lease(ask->say, ask->arg, "DHCP", lease);
	return 0;
}

/* One lease from T1 to its end: 0 if it was renewed, else the error. */
static int keep_once(const struct dhcp4_ask *ask, struct net_lease *lease, struct err *e)
{
	int rc;

	sleep_until(lease->got_ms + 1000ULL * lease->t1_s);
	rc = dhcp4_renew(ask, lease, false, lease->got_ms + 1000ULL * lease->t2_s, e);
	if (rc == -ETIMEDOUT || rc == -EADDRNOTAVAIL) {
		SAY(ask, "%s", e->msg);
		rc = dhcp4_renew(ask, lease, true, lease->got_ms + 1000ULL * lease->lease_s, e);
	}
	return rc;
}

int dhcp4_keep(const struct dhcp4_ask *ask, struct net_lease *lease,
	       void (*changed)(void *arg, const struct net_lease *now), void *arg, struct err *e)
{
	struct dhcp4_ask again = *ask;

	again.timeout_ms = KEEP_MS;
	while (lease->lease_s != LEASE_FOR_EVER) {
		struct err why = { 0 };
		int rc = keep_once(&again, lease, &why);

		while (rc && !error_stays(rc)) {
			SAY(ask, "%s; asks anew", why.msg);
			rc = dhcp4_acquire(&again, lease, &why);
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
