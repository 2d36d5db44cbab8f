/* imagenet - by which cards of this machine will the capture kernel reach the server? */
/* SPDX-License-Identifier: MIT */
#include "boot/imagenet.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/server.h"
#include "net/link.h"
#include "net/snapshot.h"

/* What net_snapshot tells, line by line. */
struct words {
	struct net_conf *conf;
	FILE            *out;
};

static void take_line(void *arg, const char *line)
{
	static const char key[] = "network ";
	struct words *w = arg;

	fprintf(w->out, "%s\n", line);
	if (!strncmp(line, key, sizeof(key) - 1))
		net_conf_word(w->conf, line + sizeof(key) - 1, NULL);
}

static int snapshot(const struct target *t, struct net_conf *c, FILE *out, struct err *e)
{
	struct words w = { c, out };
	struct server s;
	int rc;

	server_split(t, &s);
	fprintf(out, "# how the machine on which this image was made reaches %s\n", s.host);
	rc = net_snapshot(s.host, NULL, take_line, &w, e);
	return rc ? err_add(e, "no network lines in kdump.conf, and the present network cannot be copied") : 0;
}

static void need_nic(struct imageconf *ic, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/device", name);
	if (ic->nr_nics < IMAGECONF_NICS && !access(path, F_OK))
		snprintf(ic->nics[ic->nr_nics++], sizeof(ic->nics[0]), "%.15s", name);
}

/* Cards by the hardware addresses that the words name; all cards, if they name none. */
static int find_nics(struct imageconf *ic, const struct net_conf *c, struct err *e)
{
	struct net_links links = { 0 };
	struct rtnl r = { 0 };
	int rc = rtnl_open(&r, e);

	if (!rc)
		rc = links_read(&r, &links, e);
	for (int i = 0; i < c->nr_names && !rc; i++) {
		const struct net_link *l = link_by_mac(&links, &c->names[i].mac);

		if (l)
			need_nic(ic, l->name);
	}
	for (size_t i = 0; !c->nr_names && i < links.n && !rc; i++)
		need_nic(ic, links.link[i].name);
	links_free(&links);
	rtnl_close(&r);
	return rc;
}

static int judge(const struct imageconf *ic, struct net_conf *c, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < ic->conf.nr_network && !rc; i++)
		rc = net_conf_word(c, ic->conf.network[i], e);
	return rc ? err_add(e, "kdump.conf: network") : 0;
}

int imagenet_complete(struct imageconf *ic, const char *root, FILE *out, struct err *e)
{
	const struct target *t = ic->conf.targets, *end = t + ic->conf.nr_targets;
	struct net_conf *c;
	int rc;

	while (t < end && !target_is_remote(t))
		t++;
	if (t == end)
		return 0;
	c = calloc(1, sizeof(*c));
	rc = c ? judge(ic, c, e) : err_set(e, -ENOMEM, "network");
	if (!rc && !ic->conf.nr_network && !*root)
		rc = snapshot(t, c, out, e);
	if (!rc)
		rc = net_conf_check(c, e);
	if (!rc && !*root)
		rc = find_nics(ic, c, e);
	if (!rc)
		ic->nr_net_modules = net_conf_modules(c, ic->net_modules);
	free(c);
	return rc;
}
