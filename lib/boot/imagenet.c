/* imagenet - by which cards of this machine will the capture kernel reach the servers? */
/* SPDX-License-Identifier: MIT */
#include "boot/imagenet.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/server.h"
#include "net/link.h"
#include "net/resolve.h"
#include "net/snapshot.h"

enum { SEEN_MAX = 16 << 10 };

/* What goes into the image, line by line. */
struct words {
	struct net_conf *conf;
	FILE            *out;
	char            *seen;		/* the lines so far: two servers behind one card give the same ones */
	int              rc;
	struct err      *e;
};

static void take_line(void *arg, const char *line)
{
	static const char key[] = "network ";
	struct words *w = arg;
	size_t n = strlen(w->seen);
	char whole[NET_WORD_MAX];

	if (snprintf(whole, sizeof(whole), "\n%s\n", line) >= (int)sizeof(whole) || n + strlen(whole) >= SEEN_MAX) {
		w->rc = w->rc ? w->rc : err_say(w->e, -E2BIG, "'%.60s...': too much", line);
		return;
	}
	if (strstr(w->seen, whole))
		return;
	strcpy(w->seen + n, whole);
	fprintf(w->out, "%s\n", line);
	if (!strncmp(line, key, sizeof(key) - 1) && !w->rc)
		w->rc = net_conf_word(w->conf, line + sizeof(key) - 1, w->e);
}

static int snapshot(const struct target *t, struct words *w)
{
	struct server s;
	int rc;

	server_split(t, &s);
	fprintf(w->out, "# how the machine on which this image was made reaches %s\n", s.host);
	rc = net_snapshot(s.host, NULL, take_line, w, w->e);
	rc = rc ? rc : w->rc;
	return rc ? err_add(w->e, "no network lines in kdump.conf, and the present network cannot be copied") : 0;
}

static void need_nic(struct imageconf *ic, const char *name)
{
	char path[64];

	for (unsigned i = 0; i < ic->nr_nics; i++)
		if (!strcmp(ic->nics[i], name))
			return;
	snprintf(path, sizeof(path), "/sys/class/net/%.15s/device", name);
	if (ic->nr_nics < IMAGECONF_NICS && !access(path, F_OK))
		snprintf(ic->nics[ic->nr_nics++], sizeof(ic->nics[0]), "%.15s", name);
}

/*
 * The capture kernel names cards as it finds them. A name of this machine that a word uses gets its
 * hardware address as a word of its own, unless there is one.
 */
static void pin_name(struct words *w, const struct net_links *links, const char *name)
{
	const struct net_link *l = name[0] ? link_by_name(links, name) : NULL;
	char line[64], mac[MAC_TEXT];

	for (int i = 0; i < w->conf->nr_names; i++)
		if (!strcmp(w->conf->names[i].name, name))
			return;
	for (int i = 0; i < w->conf->nr_stacks; i++)
		if (!strcmp(w->conf->stacks[i].name, name))
			return;
	if (!l || (!l->has_permanent && !l->has_mac))
		return;
	if (l->kind[0] && strcmp(l->kind, "veth")) {
		w->rc = w->rc ? w->rc : err_say(w->e, -EINVAL, "network: %s is a %s here, and no line makes it", name,
						l->kind);
		return;
	}
	snprintf(line, sizeof(line), "network ifname=%s:%s", name,
		 mac_text(l->has_permanent ? &l->permanent : &l->mac, mac));
	take_line(w, line);
}

static void pin_names(struct words *w, const struct net_links *links)
{
	for (int i = 0; i < w->conf->nr_ifs; i++)
		pin_name(w, links, w->conf->ifs[i].name);
	for (int i = 0; i < w->conf->nr_stacks; i++)
		for (int p = 0; p < w->conf->stacks[i].nr_ports; p++)
			pin_name(w, links, w->conf->stacks[i].ports[p]);
}

/* Cards by the hardware addresses that the words name; all cards, if they name none. */
static int find_nics(struct imageconf *ic, struct words *w)
{
	const struct net_conf *c = w->conf;
	struct net_links links = { 0 };
	struct rtnl r = { 0 };
	int rc = rtnl_open(&r, w->e);

	if (!rc)
		rc = links_read(&r, &links, w->e);
	if (!rc)
		pin_names(w, &links);
	for (int i = 0; i < c->nr_names && !rc; i++) {
		const struct net_link *l = link_by_mac(&links, &c->names[i].mac);

		if (l)
			need_nic(ic, l->name);
		else if (!ic->lost_nic[0])
			mac_text(&c->names[i].mac, ic->lost_nic);
	}
	for (size_t i = 0; !c->nr_names && i < links.n && !rc; i++)
		need_nic(ic, links.link[i].name);
	links_free(&links);
	rtnl_close(&r);
	return rc ? rc : w->rc;
}

static int judge(const struct imageconf *ic, struct net_conf *c, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < ic->conf.nr_network && !rc; i++)
		rc = net_conf_word(c, ic->conf.network[i], e);
	return rc ? err_add(e, "kdump.conf: network") : 0;
}

/* A name needs somebody to ask: a name server of the words or of a lease, or /etc/hosts. */
static int can_resolve(const struct net_conf *c, const char *root, const struct target *t, struct err *e)
{
	struct net_addr list[RESOLVE_MAX];
	char hosts[PATH_MAX];
	struct resolver none = { .hosts = hosts };
	bool told = c->nr_dns || !c->nr_ifs;
	struct server s;

	for (int i = 0; i < c->nr_ifs; i++)
		told |= c->ifs[i].method > NET_STATIC && c->ifs[i].method != NET_LINK6;
	snprintf(hosts, sizeof(hosts), "%s/etc/hosts", root);
	server_split(t, &s);
	if (told || net_resolve(&none, s.host, list, 0, NULL) > 0)
		return 0;
	return err_say(e, -EDESTADDRREQ, "%s %s: nobody can be asked for the address of %s: add network nameserver=, or "
		       "write the address", t->keyword, t->device, s.host);
}

static int complete(struct imageconf *ic, const char *root, struct words *w)
{
	const struct kdump_conf *conf = &ic->conf;
	struct net_conf *c = w->conf;
	int rc = judge(ic, c, w->e);

	for (int i = 0; i < conf->nr_targets && !rc && !conf->nr_network && !*root; i++)
		if (target_is_remote(&conf->targets[i]))
			rc = snapshot(&conf->targets[i], w);
	if (!rc)
		rc = net_conf_check(c, w->e);
	for (int i = 0; i < conf->nr_targets && !rc; i++)
		if (target_is_remote(&conf->targets[i]))
			rc = can_resolve(c, root, &conf->targets[i], w->e);
	if (!rc && !*root)
		rc = find_nics(ic, w);
	if (!rc && !c->nr_ifs)		/* what the capture kernel does then */
		rc = net_conf_word(c, "ip=dhcp", w->e);
	if (!rc)
		ic->nr_net_modules = net_conf_modules(c, ic->net_modules);
	return rc;
}

int imagenet_complete(struct imageconf *ic, const char *root, FILE *out, struct err *e)
{
	struct words w = { .out = out, .e = e };
	int rc;

	for (int i = 0; i < ic->conf.nr_targets; i++)
		ic->wants_nic |= target_is_remote(&ic->conf.targets[i]);
	if (!ic->wants_nic)
		return 0;
	w.conf = calloc(1, sizeof(*w.conf));
	w.seen = calloc(1, SEEN_MAX);
	rc = w.conf && w.seen ? complete(ic, root, &w) : err_set(e, -ENOMEM, "network");
	free(w.conf);
	free(w.seen);
	return rc;
}
