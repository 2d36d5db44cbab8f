/* netup_jobs - what does each interface wait for, and what is done when that has come? */
/* SPDX-License-Identifier: MIT */
#include "net/netup_run.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "net/rdnss.h"

/* From the kernel's include/net/if_inet6.h: what routers advertised. */
enum { RA_OTHERCONF = 0x80, RA_MANAGED = 0x40, RA_RECEIVED = 0x20 };

enum {
	NO_ROUTER_MS = 12000,		/* three solicitations, 4 s apart (RFC 4861 10): then DHCPv6 */
	STATELESS_MS = 5000,		/* for name servers alone */
	TELL_MS = 500,			/* a child ends so much before all of it does: it knows why */
};

void job_enter(struct job *j, enum job_state state)
{
	j->state = state;
	j->since_ms = now_ms();
}

void job_fail(struct net_run *r, struct job *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(j->why, sizeof(j->why), fmt, ap);
	va_end(ap);
	lease_stop(j);
	job_enter(j, JOB_FAILED);
	run_say(r, "%s", j->why);
}

static bool is_named(const struct net_run *r, const char *name)
{
	for (int i = 0; i < r->conf->nr_ifs; i++)
		if (!strcmp(r->conf->ifs[i].name, name))
			return true;
	return run_is_lower(r, name);
}

/* Would this link do where no name is given? */
static bool would_do(const struct net_run *r, const struct net_link *l)
{
	if (l->type != ARPHRD_ETHER || l->flags & IFF_LOOPBACK || l->master ||
	    (l->kind[0] && strcmp(l->kind, "veth")))
		return false;
	if (r->conf->has_bootif)
		return link_by_mac(&r->links, &r->conf->bootif) == l;
	return !is_named(r, l->name);
}

static void add_job(struct net_run *r, const struct net_if *want, const char *name)
{
	struct job *j = &r->jobs[r->nr_jobs];

	for (int i = 0; i < r->nr_jobs; i++)
		if (r->jobs[i].want == want && !strcmp(r->jobs[i].name, name))
			return;
	if (r->nr_jobs == NET_JOBS_MAX)
		return;
	*j = (struct job){ .want = want, .any = !want->name[0], .rdnss = -1 };
	strcpy(j->name, name);
	job_enter(j, JOB_LINK);
	r->nr_jobs++;
}

void run_expand(struct net_run *r)
{
	for (int i = 0; i < r->conf->nr_ifs; i++) {
		const struct net_if *want = &r->conf->ifs[i];

		if (want->name[0])
			add_job(r, want, want->name);
		for (size_t k = 0; !want->name[0] && k < r->links.n; k++)
			if (would_do(r, &r->links.link[k]))
				add_job(r, want, r->links.link[k].name);
	}
}

static bool by_router(const struct net_if *want)
{
	return want->method >= NET_DHCP6;
}

/* Before the link is up, so that the first advertisement is not lost. */
static int prepare_ipv6(struct job *j, struct err *e)
{
	char path[80];
	int rc;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", j->name);
	rc = write_file(path, "0");
	if (rc == -ENOENT)
		return err_say(e, -EAFNOSUPPORT, "%s: this kernel has no IPv6; its module is ipv6",
			       j->name);
	if (rc)
		return err_set(e, rc, "write %s", path);
	if (!by_router(j->want) || j->want->method == NET_LINK6)
		return 0;
	/* 2: also where this machine forwards packets. */
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", j->name);
	rc = write_file(path, "2");
	if (rc)
		return err_set(e, rc, "write %s", path);
	j->rdnss = rdnss_open(e);
	return j->rdnss < 0 ? j->rdnss : 0;
}

/* The link is there: give it its shape and set it up. */
static int shape(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	const struct net_if *w = j->want;
	int rc = 0;

	if (w->mtu && w->mtu != l->mtu)
		rc = link_mtu(&r->rtnl, l, w->mtu, e);
	if (!rc && w->has_mac && !(l->has_mac && mac_same(&l->mac, &w->mac)))
		rc = link_mac(&r->rtnl, l, &w->mac, e);
	if (!rc && (by_router(w) || w->addr.family == AF_INET6))
		rc = prepare_ipv6(j, e);
	if (!rc && w->method != NET_LINK)
		rc = link_up(&r->rtnl, l, true, e);
	j->shaped = !rc;
	return rc;
}

static void absent(struct net_run *r, struct job *j)
{
	char there[100] = "";

	for (size_t i = 0; i < r->links.n && strlen(there) < sizeof(there) - IF_NAMESIZE - 1; i++)
		if (!(r->links.link[i].flags & IFF_LOOPBACK)) {
			strcat(there, " ");
			strcat(there, r->links.link[i].name);
		}
	job_fail(r, j, "%s: no such interface for %u s; there are:%s", j->name,
		 (unsigned)(r->carrier_ms / 1000), there[0] ? there : " none");
}

static int at_link(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	if (!l) {
		if (now_ms() >= j->since_ms + r->carrier_ms)
			absent(r, j);
		return 0;
	}
	if (shape(r, j, l, e))
		return e->code;
	job_enter(j, j->want->method == NET_LINK ? JOB_DONE : JOB_CARRIER);
	return 1;
}

static unsigned left_ms(const struct net_run *r)
{
	uint64_t now = now_ms();

	return now + TELL_MS < r->end_ms ? (unsigned)(r->end_ms - now) - TELL_MS : 1;
}

static int ask(struct net_run *r, struct job *j, enum lease_kind kind, struct err *e)
{
	int rc = lease_start(r, j, kind, kind == LEASE_STATELESS ? STATELESS_MS : left_ms(r), e);

	if (rc)
		return rc;
	job_enter(j, JOB_LEASE);
	return 1;
}

static int at_carrier(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	uint64_t waited = now_ms() - j->since_ms;

	if (!l->carrier) {
		if (waited >= r->carrier_ms)
			job_fail(r, j, "%s: no carrier for %u s", j->name,
				 (unsigned)(r->carrier_ms / 1000));
		return 0;
	}
	run_say(r, "%s: carrier after %u.%u s", j->name, (unsigned)(waited / 1000),
		(unsigned)(waited / 100 % 10));
	switch (j->want->method) {
	case NET_DHCP4: return ask(r, j, LEASE_V4, e);
	case NET_DHCP6: return ask(r, j, LEASE_V6, e);
	case NET_STATIC: job_enter(j, JOB_READY); return 1;
	default: job_enter(j, JOB_ADDRESS); return 1;
	}
}

static int at_lease(struct net_run *r, struct job *j, struct err *e)
{
	int rc = lease_take(j, e);
	bool extra = j->kind == LEASE_STATELESS;

	if (rc < 0 && extra) {	/* the address is there, only name servers are not */
		run_say(r, "%s", e->msg);
		*e = (struct err){ 0 };
		rc = 1;
	}
	if (rc > 0)
		job_enter(j, extra ? JOB_ADDRESS : JOB_READY);
	return rc;
}

/* Is it this one's turn among those of which any would do? One at a time has its address. */
static bool my_turn(const struct net_run *r, const struct job *j)
{
	for (int i = 0; j->any && i < r->nr_jobs; i++)
		if (&r->jobs[i] != j && r->jobs[i].want == j->want &&
		    (r->jobs[i].state == JOB_ADDRESS || r->jobs[i].state == JOB_DONE))
			return false;
	return true;
}

static int at_ready(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	int rc = my_turn(r, j) ? job_give(r, j, l, e) : 0;

	if (rc || !my_turn(r, j))
		return rc;
	job_enter(j, JOB_ADDRESS);
	return 1;
}

/* No address yet: does the router want us to ask by DHCPv6, or is there none? */
static int ask_instead(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	bool silent = !(l->ra_flags & RA_RECEIVED) && now_ms() >= j->since_ms + NO_ROUTER_MS;

	if (j->want->method != NET_EITHER6 || j->asked || (!(l->ra_flags & RA_MANAGED) && !silent))
		return 0;
	run_say(r, "%s: %s, asking by DHCPv6", j->name,
		silent ? "no router advertises" : "the router says DHCPv6");
	return ask(r, j, LEASE_V6, e);
}

static int at_address(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	int rc = job_has_address(r, j, l, e);

	if (rc < 0)
		return rc;
	if (!rc)
		return ask_instead(r, j, l, e);
	if (by_router(j->want) && l->ra_flags & RA_OTHERCONF && !j->asked &&
	    !(j->lease && j->lease->nr_dns) && !r->conf->nr_dns)
		return ask(r, j, LEASE_STATELESS, e);
	job_enter(j, JOB_DONE);
	r->changed_ms = now_ms();
	return 1;
}

static void read_advertised(struct job *j, const struct net_link *l)
{
	struct err ignored = { 0 };

	if (j->rdnss < 0 || !l)
		return;
	if (!j->lease)
		j->lease = calloc(1, sizeof(*j->lease));
	if (j->lease)
		rdnss_read(j->rdnss, (unsigned)l->index, j->lease, &ignored);
}

/* As far as it goes now: 0 when it waits, 1 to go on, or its error. */
static int step(struct net_run *r, struct job *j, const struct net_link *l, struct err *e)
{
	if (!l && j->state != JOB_LINK)
		return err_say(e, -ENODEV, "%s: the interface is gone", j->name);
	switch (j->state) {
	case JOB_LINK: return at_link(r, j, l, e);
	case JOB_CARRIER: return at_carrier(r, j, l, e);
	case JOB_LEASE: return at_lease(r, j, e);
	case JOB_READY: return at_ready(r, j, l, e);
	case JOB_ADDRESS: return at_address(r, j, l, e);
	default: return 0;
	}
}

int run_jobs(struct net_run *r, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < r->nr_jobs; i++) {
		struct job *j = &r->jobs[i];
		int one = 1;

		while (one > 0 && j->state < JOB_DONE) {
			struct err bad = { 0 };
			enum job_state before = j->state;

			read_advertised(j, run_link(r, j->name));
			one = step(r, j, run_link(r, j->name), &bad);
			if (one < 0)
				job_fail(r, j, "%s", bad.msg);
			/* Its flags and carrier are others now. */
			if (before == JOB_LINK && j->state != before)
				rc = links_read(&r->rtnl, &r->links, e);
			if (rc)
				return rc;
		}
	}
	return 0;
}
