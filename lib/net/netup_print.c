/* netup_print - what has this machine got of the network now? */
/* SPDX-License-Identifier: MIT */
#include "net/netup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "base/io.h"

enum { RESOLV_MAX = 1024 };

/* Where the lines go, and whose. */
struct printer {
	const struct net_result *r;
	net_say *print;
	void    *arg;
	struct net_links links;
};

static void put(const struct printer *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void put(const struct printer *p, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	p->print(p->arg, line);
}

/* The link of that index if it is one of ours. */
static const struct net_link *ours(const struct printer *p, int index)
{
	const struct net_link *l = link_by_index(&p->links, index);

	for (int i = 0; l && i < p->r->nr_names; i++)
		if (!strcmp(p->r->names[i], l->name))
			return l;
	return NULL;
}

static void print_links(const struct printer *p)
{
	char mac[MAC_TEXT];

	for (size_t i = 0; i < p->links.n; i++) {
		const struct net_link *l = &p->links.link[i];

		if (ours(p, l->index))
			put(p, "interface %s %s mtu %u", l->name,
			    l->has_mac ? mac_text(&l->mac, mac) : "-", l->mtu);
	}
}

static int print_addrs(const struct printer *p, struct rtnl *rtnl, struct err *e)
{
	char text[NET_ADDR_TEXT];
	struct ip_addr *list;
	size_t n;
	int rc = ip_addrs(rtnl, &list, &n, e);

	for (size_t i = 0; !rc && i < n; i++) {
		const struct net_link *l = ours(p, list[i].index);

		if (l && !(list[i].flags & IFA_F_TENTATIVE))
			put(p, "address %s %s/%u", l->name, net_addr_text(&list[i].addr, text),
			    list[i].prefix);
	}
	if (!rc)
		free(list);
	return rc;
}

static int print_routes(const struct printer *p, struct rtnl *rtnl, struct err *e)
{
	char text[ROUTE_TEXT];
	struct ip_route *list;
	size_t n;
	int rc = ip_routes(rtnl, &list, &n, e);

	for (size_t i = 0; !rc && i < n; i++) {
		const struct net_link *l = ours(p, list[i].index);

		if (l && list[i].type == RTN_UNICAST)
			put(p, "route %s dev %s", ip_route_text(&list[i], text), l->name);
	}
	if (!rc)
		free(list);
	return rc;
}

static void print_rest(const struct printer *p)
{
	char a[NET_ADDR_TEXT], b[NET_ADDR_TEXT], c[NET_ADDR_TEXT];
	const struct net_result *r = p->r;

	for (int i = 0; i < r->nr_dns; i++)
		put(p, "dns %s", net_addr_text(&r->dns[i], a));
	if (r->search[0])
		put(p, "search %s", r->search);
	if (r->reach.family)
		put(p, "reach %s%s%s dev %s%s%s", net_addr_text(&r->reach, a),
		    r->via.family ? " via " : "", r->via.family ? net_addr_text(&r->via, b) : "",
		    r->reach_name, r->src.family ? " src " : "",
		    r->src.family ? net_addr_text(&r->src, c) : "");
}

int net_print(const struct net_result *r, net_say *print, void *arg, struct err *e)
{
	struct printer p = { .r = r, .print = print, .arg = arg };
	struct rtnl rtnl;
	int rc = rtnl_open(&rtnl, e);

	if (!rc)
		rc = links_read(&rtnl, &p.links, e);
	if (!rc) {
		print_links(&p);
		rc = print_addrs(&p, &rtnl, e);
	}
	if (!rc)
		rc = print_routes(&p, &rtnl, e);
	if (!rc)
		print_rest(&p);
	links_free(&p.links);
	rtnl_close(&rtnl);
	return rc;
}

int net_write_resolv(const struct net_result *r, const char *path, struct err *e)
{
	char text[RESOLV_MAX], new[4096], addr[NET_ADDR_TEXT];
	size_t n = 0;
	int fd, rc;

	text[0] = 0;
	if (r->search[0])
		n += (size_t)snprintf(text, sizeof(text), "search %s\n", r->search);
	for (int i = 0; i < r->nr_dns; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "nameserver %s\n",
				      net_addr_text(&r->dns[i], addr));
	if ((size_t)snprintf(new, sizeof(new), "%s.new", path) >= sizeof(new))
		return err_set(e, -ENAMETOOLONG, "write %s", path);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, -errno, "create %s", new);
	rc = write_full(fd, text, n);
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(new, path))
		rc = -errno;
	if (!rc)
		return 0;
	unlink(new);
	return err_set(e, rc, "write %s", path);
}
