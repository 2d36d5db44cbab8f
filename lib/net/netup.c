/* netup - how does the network come up, all of it at the same time and none of it for ever? */
/* SPDX-License-Identifier: MIT */
#include "net/netup_run.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "base/io.h"

enum {
	CARRIER_S = 60, TIMEOUT_S = 300,	/* where conf does not say */
	TICK_MS = 250,		/* how often to look when the kernel tells nothing: deadlines, neighbours */
	SILENCE_MS = 60000,	/* a switch port forwards after 30 to 50 s of spanning tree */
};

void run_say(struct net_run *r, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	if (!r->say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->say(r->arg, line);
}

static int start(struct net_run *r, struct err *e)
{
	const uint32_t groups = 1 << (RTNLGRP_LINK - 1) | 1 << (RTNLGRP_IPV4_IFADDR - 1) |
				1 << (RTNLGRP_IPV6_IFADDR - 1) | 1 << (RTNLGRP_IPV6_IFINFO - 1) |
				1 << (RTNLGRP_NEIGH - 1);
	const struct net_link *lo;
	int rc = rtnl_open(&r->rtnl, e);

	r->events = rc ? -1 : rtnl_listen(groups, e);
	if (r->events < 0)
		return r->events;
	rc = links_read(&r->rtnl, &r->links, e);
	lo = rc ? NULL : link_by_name(&r->links, "lo");
	if (lo && !(lo->flags & IFF_UP))
		rc = link_up(&r->rtnl, lo, true, e);
	r->start_ms = now_ms();
	r->carrier_ms = (r->conf->carrier_s ? r->conf->carrier_s : CARRIER_S) * 1000ULL;
	r->end_ms = r->start_ms + (r->conf->timeout_s ? r->conf->timeout_s : TIMEOUT_S) * 1000ULL;
	return rc;
}

/* How many jobs are there of those with a name or without, in these states? */
static int count(const struct net_run *r, bool any, enum job_state from, enum job_state to)
{
	int n = 0;

	for (int i = 0; i < r->nr_jobs; i++)
		n += r->jobs[i].any == any && r->jobs[i].state >= from && r->jobs[i].state <= to;
	return n;
}

static bool wants_any(const struct net_run *r)
{
	for (int i = 0; i < r->conf->nr_ifs; i++)
		if (!r->conf->ifs[i].name[0])
			return true;
	return false;
}

static bool stacks_made(const struct net_run *r)
{
	for (int i = 0; i < r->conf->nr_stacks; i++)
		if (!r->made[i] && !r->stack_given_up[i])
			return false;
	return true;
}

/* 1: up. 0: wait. -1: nothing will change any more. */
static int without_target(struct net_run *r)
{
	int waiting = count(r, false, JOB_LINK, JOB_ADDRESS);
	bool any = wants_any(r), found = count(r, true, JOB_DONE, JOB_DONE);
	bool in_time = now_ms() < r->start_ms + r->carrier_ms;

	if (waiting || (!stacks_made(r) && in_time))
		return 0;
	if (any && !found)
		return count(r, true, JOB_LINK, JOB_ADDRESS) || in_time ? 0 : -1;
	return count(r, false, JOB_FAILED, JOB_FAILED) || !stacks_made(r) ? -1 : 1;
}

static int with_target(struct net_run *r)
{
	int waiting = count(r, false, JOB_LINK, JOB_ADDRESS) + count(r, true, JOB_LINK, JOB_ADDRESS);
	uint64_t since = r->changed_ms ? r->changed_ms : r->start_ms;

	if (run_reach(r))
		return 1;
	if (waiting || (wants_any(r) && now_ms() < r->start_ms + r->carrier_ms))
		return 0;
	/* Nothing more is to come, but what is there may still begin to answer. */
	if (r->nr_jobs && !count(r, false, JOB_DONE, JOB_DONE) && !count(r, true, JOB_DONE, JOB_DONE))
		return -1;
	return now_ms() >= since + SILENCE_MS ? -1 : 0;
}

static void wait_for_change(struct net_run *r)
{
	struct pollfd p[1 + 2 * NET_JOBS_MAX] = { { .fd = r->events, .events = POLLIN } };
	nfds_t n = 1;

	for (int i = 0; i < r->nr_jobs; i++) {
		if (r->jobs[i].pid)
			p[n++] = (struct pollfd){ .fd = r->jobs[i].pipe, .events = POLLIN };
		if (r->jobs[i].rdnss >= 0 && r->jobs[i].state < JOB_DONE)
			p[n++] = (struct pollfd){ .fd = r->jobs[i].rdnss, .events = POLLIN };
	}
	if (poll(p, n, TICK_MS) > 0)
		rtnl_drain(r->events);
}

/* 1, -1 as above; 0: the time is over; or the error of something that must work. */
static int go(struct net_run *r, int *verdict, struct err *e)
{
	for (;;) {
		int rc = run_links(r, e);

		if (!rc) {
			run_expand(r);
			rc = run_jobs(r, e);
		}
		if (rc)
			return rc;
		run_routes(r);
		*verdict = r->reach_host ? with_target(r) : without_target(r);
		if (*verdict || now_ms() >= r->end_ms)
			return 0;
		wait_for_change(r);
	}
}

/* What is to be said of one job that is not done. */
static const char *why(const struct job *j, char *out, size_t size)
{
	static const char *const waits[] = {
		[JOB_LINK] = "no such interface", [JOB_CARRIER] = "no carrier",
		[JOB_LEASE] = "no answer by DHCP", [JOB_READY] = "not tried",
		[JOB_ADDRESS] = "no usable address",
	};

	if (j->state == JOB_FAILED)
		return j->why;
	snprintf(out, size, "%s: %s", j->name, waits[j->state]);
	return out;
}

static int failure(struct net_run *r, int verdict, struct err *e)
{
	unsigned waited = (unsigned)((now_ms() - r->start_ms) / 1000);
	char all[260] = "", one[60];

	for (int i = 0; i < r->nr_jobs; i++)
		if (r->jobs[i].state < JOB_DONE || r->jobs[i].state == JOB_FAILED) {
			size_t n = strlen(all);

			snprintf(all + n, sizeof(all) - n, "%s%s", n ? "; " : "",
				 why(&r->jobs[i], one, sizeof(one)));
		}
	if (!r->nr_jobs && wants_any(r))
		snprintf(all, sizeof(all), "no Ethernet interface for %u s", waited);
	for (int i = 0; i < r->conf->nr_stacks && !all[0]; i++)
		if (!r->made[i])
			snprintf(all, sizeof(all), "%s: not made", r->conf->stacks[i].name);
	if (r->reach_host)
		return err_say(e, r->unreached.code ? r->unreached.code : -ETIMEDOUT,
			       "%s is not reached after %u s%s%.120s%s%.160s", r->reach_host, waited,
			       r->unreached.code ? ": " : "", r->unreached.msg, all[0] ? "; " : "", all);
	return err_say(e, -ETIMEDOUT, "%s%s", verdict ? "" : "the time is over: ", all);
}

/* What came of it into *out; children end. */
static void collect(struct net_run *r)
{
	struct net_result *out = r->out;

	for (int i = 0; i < r->nr_jobs; i++) {
		struct job *j = &r->jobs[i];
		bool there = j->state == JOB_DONE;

		lease_stop(j);
		if (j->any && !there)
			j->state = JOB_PASSED;
		out->missing += !j->any && !there;
		if (there && out->nr_names < NET_IFS_MAX)
			strcpy(out->names[out->nr_names++], j->name);
		if (there && j->lease && j->asked && j->kind != LEASE_STATELESS &&
		    out->nr_leases < NET_IFS_MAX)
			out->leases[out->nr_leases++] = *j->lease;
	}
	for (int i = 0; i < r->conf->nr_stacks; i++)
		out->missing += !r->made[i];
	for (int i = 0; i < r->conf->nr_routes; i++) {
		char text[ROUTE_TEXT];

		if (r->route_there[i])
			continue;
		out->missing++;
		run_say(r, "route %s: no interface has the network of its gateway",
			ip_route_text(&r->conf->routes[i].route, text));
	}
}

static void finish(struct net_run *r)
{
	for (int i = 0; i < r->nr_jobs; i++) {
		if (r->jobs[i].rdnss >= 0)
			close(r->jobs[i].rdnss);
		free(r->jobs[i].lease);
	}
	if (r->events >= 0)
		close(r->events);
	links_free(&r->links);
	rtnl_close(&r->rtnl);
	free(r);
}

int net_up(const struct net_conf *conf, const char *reach_host, struct net_result *out, net_say *say,
	   void *arg, struct err *e)
{
	struct net_run *r = calloc(1, sizeof(*r));
	int rc, verdict = 0;

	*out = (struct net_result){ 0 };
	if (!r)
		return err_set(e, -ENOMEM, "the network");
	r->conf = conf;
	r->reach_host = reach_host && reach_host[0] ? reach_host : NULL;
	r->out = out;
	r->say = say;
	r->arg = arg;
	rc = start(r, e);
	if (!rc)
		rc = go(r, &verdict, e);
	if (!rc && verdict <= 0)
		rc = failure(r, verdict, e);
	run_dns(r);
	collect(r);
	finish(r);
	return rc;
}
