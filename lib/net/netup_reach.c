/* netup_reach - does the next hop to the target answer? */
/* SPDX-License-Identifier: MIT */
#include "net/netup_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "base/io.h"

enum {
	PROBE_MS = 1000,	/* between two questions to a neighbour; the kernel's own RetransTimer */
	RESOLVE_MS = 10000,	/* one look-up of a name at most */
	TURN_MS = 5000,		/* of one of several interfaces of which any would do */
	/* Of the kernel's include/net/neighbour.h: NUD_VALID. */
	ANSWERED = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY,
};

static void add_dns(struct net_result *out, const struct net_addr *a)
{
	for (int i = 0; i < out->nr_dns; i++)
		if (net_addr_same(&out->dns[i], a))
			return;
	if (out->nr_dns < NET_DNS_MAX)
		out->dns[out->nr_dns++] = *a;
}

void run_dns(struct net_run *r)
{
	struct net_result *out = r->out;

	out->nr_dns = 0;
	for (int i = 0; i < r->conf->nr_dns; i++)
		add_dns(out, &r->conf->dns[i]);
	memcpy(out->search, r->conf->search, sizeof(out->search));
	for (int i = 0; i < r->nr_jobs; i++) {
		const struct net_lease *l = r->jobs[i].lease;

		if (r->jobs[i].state != JOB_DONE || !l)
			continue;
		for (unsigned k = 0; k < l->nr_dns; k++)
			add_dns(out, &l->dns[k]);
		if (!out->search[0])
			snprintf(out->search, sizeof(out->search), "%s",
				 l->search[0] ? l->search : l->domain);
	}
}

static int resolve(struct net_run *r)
{
	struct resolver dns = { 0 };
	int n;

	if (r->nr_targets)
		return 0;
	if (net_addr_parse(r->reach_host, &r->targets[0])) {
		r->nr_targets = 1;
		return 0;
	}
	if (r->resolve_ms && now_ms() < r->resolve_ms + PROBE_MS)
		return -EAGAIN;
	run_dns(r);
	dns.nr_servers = (unsigned)r->out->nr_dns;
	memcpy(dns.servers, r->out->dns, sizeof(r->out->dns));
	memcpy(dns.search, r->out->search, sizeof(dns.search));
	r->unreached = (struct err){ 0 };
	n = net_resolve(&dns, r->reach_host, r->targets, now_ms() + RESOLVE_MS, &r->unreached);
	r->resolve_ms = now_ms();
	r->nr_targets = n > 0 ? n : 0;
	return n > 0 ? 0 : n;
}

/* Is the interface one that has nothing yet of what it is to have? */
static bool busy(const struct net_run *r, const struct net_link *l)
{
	bool waits = false, done = false;

	for (int i = 0; i < r->nr_jobs; i++) {
		const struct job *j = &r->jobs[i];

		if (strcmp(j->name, l->name))
			continue;
		waits |= j->state < JOB_DONE;
		done |= j->state == JOB_DONE;
	}
	return waits && !done;
}

static bool link_local(const struct net_addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static bool answers(struct net_run *r, int index, const struct net_addr *hop)
{
	struct err ignored = { 0 };
	struct ip_neigh *list;
	bool found = false;
	size_t n;

	if (ip_neighs(&r->rtnl, &list, &n, &ignored))
		return false;
	for (size_t i = 0; i < n; i++)
		found |= list[i].index == index && !memcmp(list[i].addr.bytes, hop->bytes, 16) &&
			 list[i].addr.family == hop->family && list[i].state & ANSWERED;
	free(list);
	return found;
}

static int reached(struct net_run *r, const struct net_addr *to, const struct ip_route *way,
		   const struct net_link *l)
{
	r->out->reach = *to;
	r->out->via = way->via;
	r->out->src = way->src;
	snprintf(r->out->reach_name, sizeof(r->out->reach_name), "%s", l->name);
	return 1;
}

/* One address of the target. */
static int try_target(struct net_run *r, const struct net_addr *to)
{
	char hop_text[NET_ADDR_TEXT];
	const struct net_addr *hop;
	const struct net_link *l;
	struct ip_route way;
	struct err e = { 0 };

	if (ip_route_get(&r->rtnl, to, &way, &e)) {
		r->unreached = e;
		return 0;
	}
	l = link_by_index(&r->links, way.index);
	if (!l || busy(r, l))
		return 0;
	/* A router may advertise a network before we have an address in it. */
	if (link_local(&way.src) && !link_local(to)) {
		err_say(&r->unreached, -EADDRNOTAVAIL, "%s has no address to go there with", l->name);
		return 0;
	}
	hop = way.via.family ? &way.via : to;
	if (way.type == RTN_LOCAL || l->flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT) ||
	    answers(r, way.index, hop))
		return reached(r, to, &way, l);
	err_say(&r->unreached, -EHOSTUNREACH, "%s on %s does not answer%s",
		net_addr_text(hop, hop_text), l->name, l->carrier ? "" : ": no carrier");
	if (now_ms() >= r->probe_ms + PROBE_MS) {
		ip_neigh_use(&r->rtnl, way.index, hop, &e);
		r->probe_ms = now_ms();
	}
	return 0;
}

/* The one that has its address and does not lead there makes room for the next one that is ready. */
static void next_turn(struct net_run *r)
{
	struct job *has = NULL, *ready = NULL;

	for (int i = 0; i < r->nr_jobs; i++) {
		struct job *j = &r->jobs[i];

		if (j->any && j->state == JOB_DONE && now_ms() >= j->since_ms + TURN_MS)
			has = j;
	}
	for (int i = 0; has && i < r->nr_jobs && !ready; i++)
		if (r->jobs[i].state == JOB_READY && r->jobs[i].want == has->want)
			ready = &r->jobs[i];
	if (!ready || !run_link(r, has->name))
		return;
	job_take_back(r, has, run_link(r, has->name));
	r->defaults = (struct defaults){ { 0 } };
	job_fail(r, has, "%s does not lead to %s: %.100s; trying %s", has->name, r->reach_host,
		 r->unreached.msg, ready->name);
}

int run_reach(struct net_run *r)
{
	if (!resolve(r))
		for (int i = 0; i < r->nr_targets; i++)
			if (try_target(r, &r->targets[i]))
				return 1;
	if (r->unreached.code && !r->told_silent && r->changed_ms &&
	    now_ms() >= r->changed_ms + 2 * PROBE_MS) {
		r->told_silent = true;
		run_say(r, "%s is not reached yet: %s", r->reach_host, r->unreached.msg);
	}
	next_turn(r);
	return 0;
}
