/* netask - ask the network by lib/net and print what it says: leases, names, connections. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "net/dial.h"

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

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*run)(int, char **); } asks[] = {
		{ "resolve", ask_resolve },	/* RESOLV_CONF HOSTS NAME [MS] */
		{ "dial", ask_dial },		/* HOST PORT MS */
	};

	for (size_t i = 0; argc > 1 && i < sizeof(asks) / sizeof(asks[0]); i++)
		if (!strcmp(argv[1], asks[i].name))
			return asks[i].run(argc - 1, argv + 1);
	fprintf(stderr, "netask: unknown question\n");
	return 2;
}
