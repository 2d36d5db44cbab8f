/* netask - ask the network by lib/net and print what it says: leases, names, connections. */
/* SPDX-License-Identifier: MIT */
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "net/connect.h"
#include "net/dhcp4.h"
#include "net/dhcp6.h"
#include "net/dial.h"
#include "net/rdnss.h"

static int fail(int rc, const struct err *e)
{
	printf("error=%s message=%s\n", strerrorname_np(-rc), e->msg);
	return 1;
}

static int ask_resolve(int argc, char **argv)
{
	uint64_t deadline = argc > 4 ? now_ms() + (uint64_t)atoi(argv[4]) : 0;
	struct net_addr out[RESOLVE_MAX];
	char text[NET_ADDR_TEXT];
	struct err e = { 0 };
	struct resolver r;
	int n;

	if (argc < 4)
		return 2;
	n = resolver_load(&r, argv[1], &e);
	r.hosts = argv[2];
	r.port = getenv("DNS_PORT") ? (uint16_t)atoi(getenv("DNS_PORT")) : 0;
	if (!n)
		n = net_resolve(&r, argv[3], out, deadline, &e);
	if (n < 0)
		return fail(n, &e);
	for (int i = 0; i < n; i++)
		puts(net_addr_text(&out[i], text));
	return 0;
}

static int ask_dial(int argc, char **argv)
{
	struct err e = { 0 };
	struct stream *s;
	char buf[512];
	ssize_t n;
	int rc;

	if (argc < 4)
		return 2;
	rc = net_dial(&s, argv[1], (uint16_t)atoi(argv[2]), (unsigned)atoi(argv[3]), &e);
	if (rc)
		return fail(rc, &e);
	while ((n = stream_read(s, buf, sizeof(buf), &e)) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	stream_close(s);
	return n ? fail((int)n, &e) : 0;
}

static void say(void *arg, const char *line)
{
	(void)arg;
	printf("# %s\n", line);
	fflush(stdout);
}

static void print_lease(const struct net_lease *l)
{
	char a[NET_ADDR_TEXT], b[NET_ADDR_TEXT];

	printf("if=%s addr=%s/%u server=%s mtu=%u\n", l->ifname, net_addr_text(&l->addr, a), l->prefix,
	       net_addr_text(&l->server, b), l->mtu);
	for (unsigned i = 0; i < l->nr_routes; i++)
		printf("route=%s/%u via=%s%s\n", net_addr_text(&l->routes[i].to, a), l->routes[i].prefix,
		       net_addr_text(&l->routes[i].via, b), l->routes[i].onlink ? " onlink" : "");
	for (unsigned i = 0; i < l->nr_dns; i++)
		printf("dns=%s\n", net_addr_text(&l->dns[i], a));
	printf("search=%s\ndomain=%s\nhostname=%s\n", l->search, l->domain, l->hostname);
	printf("lease=%u t1=%u t2=%u\n", l->lease_s, l->t1_s, l->t2_s);
	fflush(stdout);
}

static int ask_dhcp4(int argc, char **argv)
{
	struct dhcp4_ask ask = { .say = say, .hostname = getenv("DHCP_HOSTNAME") };
	struct net_lease lease;
	struct err e = { 0 };
	int rc;

	if (argc < 3)
		return 2;
	ask.ifname = argv[1];
	ask.timeout_ms = (unsigned)atoi(argv[2]);
	ask.probe_ms = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	rc = dhcp4_acquire(&ask, &lease, &e);
	if (rc)
		return fail(rc, &e);
	print_lease(&lease);
	return 0;
}

/* Puts the address on the interface as a caller would, and ends after as many changes as wanted. */
static void install(void *arg, const struct net_lease *l)
{
	char cmd[256], a[NET_ADDR_TEXT];
	int *left = arg;

	snprintf(cmd, sizeof(cmd), "ip addr replace %s/%u dev %s", net_addr_text(&l->addr, a), l->prefix, l->ifname);
	if (system(cmd)) {
		if (!if_nametoindex(l->ifname))
			return;		/* gone meanwhile: that is what the keeper will say */
		exit(1);
	}
	print_lease(l);
	if (!(*left)--)
		exit(0);
}

static int keep_dhcp4(int argc, char **argv)
{
	struct dhcp4_ask ask = { .say = say };
	struct net_lease lease;
	struct err e = { 0 };
	int rc, left;

	if (argc < 4)
		return 2;
	ask.ifname = argv[1];
	ask.timeout_ms = (unsigned)atoi(argv[2]);
	left = atoi(argv[3]);
	rc = dhcp4_acquire(&ask, &lease, &e);
	if (!rc) {
		install(&left, &lease);
		rc = dhcp4_keep(&ask, &lease, install, &left, &e);
	}
	return rc ? fail(rc, &e) : 0;
}

static int ask_dhcp6(int argc, char **argv)
{
	struct dhcp6_ask ask = { .say = say };
	struct net_lease lease;
	struct err e = { 0 };
	int rc, left;

	if (argc < 4)
		return 2;
	ask.ifname = argv[1];
	ask.timeout_ms = (unsigned)atoi(argv[2]);
	ask.stateless = !strcmp(argv[3], "stateless");
	left = atoi(argv[3]);
	rc = dhcp6_acquire(&ask, &lease, &e);
	if (rc)
		return fail(rc, &e);
	if (ask.stateless)
		print_lease(&lease);
	else
		install(&left, &lease);
	rc = dhcp6_keep(&ask, &lease, install, &left, &e);
	return rc ? fail(rc, &e) : 0;
}

/* Prints what routers have said after each advertisement, as many as wanted. */
static int ask_rdnss(int argc, char **argv)
{
	struct net_lease lease = { 0 };
	struct err e = { 0 };
	int fd, n;

	if (argc < 4)
		return 2;
	fd = rdnss_open(&e);
	if (fd < 0)
		return fail(fd, &e);
	printf("listening\n");
	fflush(stdout);
	for (int left = atoi(argv[3]); left > 0;) {
		n = net_wait(fd, POLLIN, now_ms() + (uint64_t)atoi(argv[2]));
		if (!n)
			n = rdnss_read(fd, if_nametoindex(argv[1]), &lease, &e);
		if (n < 0)
			return fail(n, &e);
		if (!n)
			continue;
		left--;
		print_lease(&lease);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*run)(int, char **); } asks[] = {
		{ "resolve", ask_resolve },	/* RESOLV_CONF HOSTS NAME [MS] */
		{ "dial", ask_dial },		/* HOST PORT MS */
		{ "dhcp4", ask_dhcp4 },		/* INTERFACE MS [PROBE_MS] */
		{ "keep4", keep_dhcp4 },	/* INTERFACE MS RENEWALS: then it ends */
		{ "dhcp6", ask_dhcp6 },		/* INTERFACE MS RENEWALS|stateless */
		{ "rdnss", ask_rdnss },		/* INTERFACE MS ADVERTISEMENTS */
	};

	for (size_t i = 0; argc > 1 && i < sizeof(asks) / sizeof(asks[0]); i++)
		if (!strcmp(argv[1], asks[i].name))
			return asks[i].run(argc - 1, argv + 1);
	fprintf(stderr, "netask: unknown question\n");
	return 2;
}
