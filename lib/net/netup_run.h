/* netup_run - the state of one net_up (inside netup only). */
/* SPDX-License-Identifier: MIT */
#ifndef NET_NETUP_RUN_H
#define NET_NETUP_RUN_H

#include <sys/types.h>

#include "net/netup.h"
#include "net/resolve.h"

enum { NET_JOBS_MAX = 32 };

/* One interface that shall get one thing. In the order of its life: */
enum job_state {
	JOB_LINK,	/* there is no such interface yet */
	JOB_CARRIER,	/* it is up and waits for carrier */
	JOB_LEASE,	/* a child asks by DHCP */
	JOB_READY,	/* any would do: it could have its address now, and waits for its turn */
	JOB_ADDRESS,	/* its address is tentative, or is to come by router advertisement */
	JOB_DONE,
	JOB_FAILED,	/* why says it */
	JOB_PASSED,	/* any would do, and another one did */
};

enum lease_kind { LEASE_V4, LEASE_V6, LEASE_STATELESS };

struct job {
	const struct net_if *want;
	char           name[IF_NAMESIZE];
	bool           any;		/* want names no interface */
	enum job_state state;
	uint64_t       since_ms;	/* when the state was entered */
	bool           shaped;		/* MTU and MAC are set */
	pid_t          pid;		/* child of JOB_LEASE; 0: none */
	int            pipe;		/* from it */
	enum lease_kind kind;
	bool           asked;		/* a child has been there */
	int            rdnss;		/* socket of rdnss_open; -1: none */
	struct net_lease *lease;	/* from the child and from router advertisements; NULL: not yet */
	char           why[200];
};

/* Default routes that we made, of IPv4 and IPv6: the first has the kernel's metric, others count less. */
struct defaults { int of[2]; };

struct net_run {
	const struct net_conf *conf;
	const char       *reach_host;
	struct net_result *out;
	net_say          *say;
	void             *arg;

	struct rtnl       rtnl;
	struct net_links  links;
	int               events;
	uint64_t          start_ms, carrier_ms, end_ms;	/* carrier_ms: how long, the others when */

	struct job        jobs[NET_JOBS_MAX];
	int               nr_jobs;
	bool              name_given_up[NET_NAMES_MAX];
	bool              made[NET_STACKS_MAX], stack_given_up[NET_STACKS_MAX];
	uint8_t           joined[NET_STACKS_MAX];	/* a bit per port */
	bool              route_there[NET_ROUTES_MAX];
	struct defaults   defaults;

	/* The target. */
	struct net_addr   targets[RESOLVE_MAX];
	int               nr_targets;
	uint64_t          resolve_ms, probe_ms;	/* when tried last */
	uint64_t          changed_ms;		/* when a job was done last */
	bool              told_silent;
	struct err        unreached;		/* why not yet */
};

void run_say(struct net_run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Links: rename, make stacks, as far as is possible now. Leaves r->links fresh. */
int run_links(struct net_run *r, struct err *e);

/* The link of that name if it is the one meant: renamed if it is to be, made if it is to be. Or NULL. */
const struct net_link *run_link(const struct net_run *r, const char *name);

/* Is it a port or a lower link in conf? */
bool run_is_lower(const struct net_run *r, const char *name);

/* Jobs: make those that any interface would do for, and take each as far as possible now. */
void run_expand(struct net_run *r);
int run_jobs(struct net_run *r, struct err *e);
void job_enter(struct job *j, enum job_state state);
void job_fail(struct net_run *r, struct job *j, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Addresses: what a job is to get goes to the kernel. */
int job_give(struct net_run *r, struct job *j, const struct net_link *l, struct err *e);
void job_take_back(struct net_run *r, struct job *j, const struct net_link *l);
/* 1 when its addresses are usable, 0 not yet, or -EADDRINUSE. */
int job_has_address(struct net_run *r, const struct job *j, const struct net_link *l, struct err *e);
void run_routes(struct net_run *r);

/* Leases: start a child, take what it found. 1 when it ended with a lease, 0 not yet, or its error. */
int lease_start(struct net_run *r, struct job *j, enum lease_kind kind, unsigned timeout_ms,
		struct err *e);
int lease_take(struct job *j, struct err *e);
void lease_stop(struct job *j);
int lease_install(struct rtnl *rtnl, const struct net_lease *lease, int index, struct defaults *d,
		  struct err *e);

/* Name servers known so far into r->out. */
void run_dns(struct net_run *r);

/* 1 when the target is reached, else 0 and r->unreached. */
int run_reach(struct net_run *r);

#endif
