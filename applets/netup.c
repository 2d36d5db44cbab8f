/* netup - bring the network up by dracut's words, or write the words that do it again. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "base/conf.h"
#include "base/io.h"
#include "net/netup.h"
#include "net/snapshot.h"

enum { OPT_CARRIER = 256, OPT_RESOLV, OPT_SNAPSHOT, CMDLINE_MAX = 64 << 10, DAY = 24 * 3600 };

static const struct opt netup_opts[] = {
	{ 'r', "reach", "HOST", "done as soon as the way to HOST answers" },
	{ 't', "timeout", "SECONDS", "for all of it (300)" },
	{ OPT_CARRIER, "carrier-timeout", "SECONDS", "for an interface to appear and have carrier (60)" },
	{ 'c', "config", "FILE", "the words of FILE's network lines (kdump.conf)" },
	{ 'k', "keep", NULL, "renew the leases until killed" },
	{ OPT_RESOLV, "resolv-conf", "FILE", "write FILE for the resolver; with --snapshot: read it" },
	{ OPT_SNAPSHOT, "snapshot", NULL,
	  "print the network lines that lead to HOST, or along the default route, and change nothing" },
	APPLET_OPTS_END
};

APPLET(netup, "netup", "bring the network up: ip=, vlan=, bond=, bridge= and more, as dracut has them",
       "[WORD...] (without words and --config: those of the kernel command line)");

struct netup {
	struct net_conf   net;
	struct net_result got;
	const char       *reach, *config, *resolv;
	bool              snapshot, keep;
};

static void say(void *arg, const char *line)
{
	(void)arg;
	log_info("%s", line);
}

static void print(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

static int seconds(const char *text, const char *what, unsigned *out, struct err *e)
{
	unsigned long long n;
	int rc = parse_number(text, what, 1, DAY, &n, e);

	if (!rc)
		*out = (unsigned)n;
	return rc;
}

static int parse(struct netup *n, struct args *a, struct err *e)
{
	int id, rc = 0;

	while (!rc && (id = args_next(a, e)) > 0) {
		switch (id) {
		case 'r': n->reach = a->value; break;
		case 't': rc = seconds(a->value, "timeout", &n->net.timeout_s, e); break;
		case OPT_CARRIER:
			rc = seconds(a->value, "carrier timeout", &n->net.carrier_s, e);
			break;
		case 'c': n->config = a->value; break;
		case 'k': n->keep = true; break;
		case OPT_RESOLV: n->resolv = a->value; break;
		case OPT_SNAPSHOT: n->snapshot = true; break;
		default: return id;
		}
	}
	return rc ? rc : id;
}

/* The words of a kdump.conf; its deadlines, where no option says another. */
static int from_config(struct netup *n, struct err *e)
{
	struct kdump_conf *c = malloc(sizeof(*c));
	int rc;

	if (!c)
		return err_set(e, -ENOMEM, "%s", n->config);
	conf_defaults(c);
	rc = conf_read(c, n->config, CONF_STRICT, e);
	for (int i = 0; !rc && i < c->nr_network; i++)
		if (net_conf_word(&n->net, c->network[i], e))
			rc = err_add(e, "%s", n->config);
	if (!n->net.carrier_s)
		n->net.carrier_s = (unsigned)c->carrier_timeout_s;
	if (!n->net.timeout_s)
		n->net.timeout_s = (unsigned)c->network_timeout_s;
	free(c);
	return rc;
}

/* With --reach and no words at all it only looks whether HOST is reached. */
static int from_cmdline(struct netup *n, struct err *e)
{
	char *cmdline;
	size_t len;
	int rc = read_file("/proc/cmdline", CMDLINE_MAX, &cmdline, &len, e);

	if (rc)
		return rc;
	if (!net_conf_cmdline(&n->net, cmdline, say, NULL) && !n->reach)
		rc = err_say(e, -EINVAL, "the kernel command line has no word of the network; see "
			     "--help");
	free(cmdline);
	return rc;
}

static int words(struct netup *n, const struct args *a, struct err *e)
{
	int rc = 0;

	for (int i = 0; !rc && i < a->nr_operands; i++)
		rc = net_conf_word(&n->net, a->operands[i], e);
	if (!rc && n->config)
		rc = from_config(n, e);
	if (!rc && !n->config && !a->nr_operands)
		rc = from_cmdline(n, e);
	return rc ? rc : net_conf_check(&n->net, e);
}

static int bring_up(struct netup *n, struct err *e)
{
	struct err more = { 0 };
	int rc = net_up(&n->net, n->reach, &n->got, say, NULL, e);

	if (net_print(&n->got, print, NULL, &more))
		log_error("%s", more.msg);
	if (!rc && n->resolv)
		rc = net_write_resolv(&n->got, n->resolv, e);
	if (fflush(stdout) && !rc)
		rc = err_set(e, -errno, "write");
	if (!rc && n->keep)
		rc = net_keep(&n->got, say, NULL, e);
	if (rc)
		return applet_fail(e);
	return n->got.missing ? DEGRADED : DONE;
}

static int netup_main(struct args *a)
{
	struct netup *n = calloc(1, sizeof(*n));
	struct err e = { 0 };
	int rc;

	if (!n)
		return FAILED;
	rc = parse(n, a, &e);
	if (rc == OPT_HELP) {
		rc = applet_help();
	} else if (rc) {
		rc = applet_usage(&e);
	} else if (n->snapshot) {
		rc = net_snapshot(n->reach, n->resolv, print, NULL, &e) ? applet_fail(&e) : DONE;
		if (fflush(stdout))
			rc = FAILED;
	} else {
		rc = words(n, a, &e) ? applet_usage(&e) : bring_up(n, &e);
	}
	free(n);
	return rc;
}
