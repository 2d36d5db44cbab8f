/* netup_lease - how does a lease come from a child process, and how is it kept? */
/* SPDX-License-Identifier: MIT */
#include "net/netup_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "net/dhcp4.h"
#include "net/dhcp6.h"

enum { CONFLICT_PROBE_MS = 300 };

/* What a child sends: all of it, or it died. */
struct answer {
	int              rc;
	struct err       e;
	struct net_lease lease;
};

/* In a child: not longer than its parent lives. */
static void tie_to(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static int acquire(const struct net_run *r, const struct job *j, unsigned timeout_ms,
		   struct net_lease *lease, struct err *e)
{
	struct dhcp4_ask four = {
		.ifname = j->name, .hostname = j->want->hostname[0] ? j->want->hostname : NULL,
		.timeout_ms = timeout_ms, .probe_ms = CONFLICT_PROBE_MS,
		.say = r->say, .arg = r->arg,
	};
	struct dhcp6_ask six = {
		.ifname = j->name, .stateless = j->kind == LEASE_STATELESS,
		.timeout_ms = timeout_ms, .say = r->say, .arg = r->arg,
	};

	return j->kind == LEASE_V4 ? dhcp4_acquire(&four, lease, e) : dhcp6_acquire(&six, lease, e);
}

static void __attribute__((noreturn)) child(const struct net_run *r, const struct job *j,
					    unsigned timeout_ms, int out)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (!a)
		_exit(1);
	a->rc = acquire(r, j, timeout_ms, &a->lease, &a->e);
	_exit(write_full(out, a, sizeof(*a)) ? 1 : 0);
}

int lease_start(struct net_run *r, struct job *j, enum lease_kind kind, unsigned timeout_ms,
		struct err *e)
{
	pid_t self = getpid();
	int ends[2];

	j->kind = kind;
	j->asked = true;
	if (pipe2(ends, O_CLOEXEC))
		return err_set(e, -errno, "%s: pipe", j->name);
	j->pid = fork();
	if (!j->pid) {
		tie_to(self);
		close(ends[0]);
		child(r, j, timeout_ms, ends[1]);
	}
	close(ends[1]);
	if (j->pid < 0) {
		j->pid = 0;
		close(ends[0]);
		return err_set(e, -errno, "%s: fork", j->name);
	}
	j->pipe = ends[0];
	fcntl(j->pipe, F_SETFL, O_NONBLOCK);
	return 0;
}

void lease_stop(struct job *j)
{
	if (!j->pid)
		return;
	kill(j->pid, SIGKILL);
	while (waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(j->pipe);
	j->pid = 0;
}

/* Name servers of a router advertisement stay. */
static void keep_lease(struct job *j, const struct net_lease *lease)
{
	struct net_lease old = *j->lease;

	*j->lease = *lease;
	for (unsigned i = 0; i < old.nr_dns && j->lease->nr_dns < LEASE_SERVERS; i++)
		j->lease->dns[j->lease->nr_dns++] = old.dns[i];
	if (!lease->search[0])
		memcpy(j->lease->search, old.search, sizeof(old.search));
}

int lease_take(struct job *j, struct err *e)
{
	struct answer *a;
	char byte;
	ssize_t n;
	int rc;

	/* A lease is smaller than what a pipe takes at once (PIPE_BUF may be less: then it is waited for). */
	n = read(j->pipe, &byte, 1);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	a = calloc(1, sizeof(*a));
	if (!j->lease)
		j->lease = calloc(1, sizeof(*j->lease));
	fcntl(j->pipe, F_SETFL, 0);
	if (!a || !j->lease) {
		rc = err_set(e, -ENOMEM, "%s", j->name);
	} else if (n != 1 || read_full(j->pipe, (char *)a + 1, sizeof(*a) - 1) !=
			     (ssize_t)sizeof(*a) - 1) {
		rc = err_say(e, -EIO, "%s: the DHCP client died", j->name);
	} else {
		*(char *)a = byte;
		rc = a->rc < 0 ? a->rc : 1;
		if (rc < 0)
			*e = a->e;
		else
			keep_lease(j, &a->lease);
	}
	free(a);
	lease_stop(j);
	return rc;
}

/* ---- afterwards */
struct keeper {
	struct rtnl rtnl;
	int         index;
	struct net_addr addr;	/* that is installed, without an end */
	net_say    *say;
	void       *arg;
};

/* A lease that goes on changes nothing: its routes may be others by now. */
static void install(void *arg, const struct net_lease *now)
{
	struct keeper *k = arg;
	struct err e = { 0 };
	struct defaults none = { { 0 } };

	if (net_addr_same(&now->addr, &k->addr))
		return;
	k->addr = now->addr;
	if (lease_install(&k->rtnl, now, k->index, &none, &e) && k->say)
		k->say(k->arg, e.msg);
}

static int keep_one(const struct net_lease *from, net_say *say, void *arg)
{
	struct keeper k = { .index = (int)if_nametoindex(from->ifname), .addr = from->addr,
			    .say = say, .arg = arg };
	struct dhcp4_ask four = { .ifname = from->ifname, .say = say, .arg = arg };
	struct dhcp6_ask six = { .ifname = from->ifname, .say = say, .arg = arg };
	struct net_lease *lease = malloc(sizeof(*lease));
	struct err e = { 0 };
	int rc;

	if (!lease || rtnl_open(&k.rtnl, &e))
		return 1;
	*lease = *from;
	rc = lease->addr.family == AF_INET ? dhcp4_keep(&four, lease, install, &k, &e) :
					     dhcp6_keep(&six, lease, install, &k, &e);
	if (rc && say)
		say(arg, e.msg);
	return rc ? 1 : 0;
}

int net_keep(const struct net_result *r, net_say *say, void *arg, struct err *e)
{
	pid_t self = getpid();
	int rc = 0;

	for (int i = 0; i < r->nr_leases; i++) {
		pid_t pid;

		if (!r->leases[i].addr.family || r->leases[i].lease_s == LEASE_FOR_EVER)
			continue;
		pid = fork();
		if (!pid) {
			tie_to(self);
			_exit(keep_one(&r->leases[i], say, arg));
		}
		if (pid < 0)
			rc = err_set(e, -errno, "keep the lease of %s: fork", r->leases[i].ifname);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return rc;
}
