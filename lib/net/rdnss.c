/* rdnss - which name servers does a router advertisement bring or take back? */
/* SPDX-License-Identifier: MIT */
#include "net/rdnss.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/names.h"

enum {	/* struct nlmsghdr and struct nduseroptmsg of <linux/rtnetlink.h>; RFC 8106 5.1, 5.2 */
	NL_HEAD = 16, ND_HEAD = 16, OPT_RDNSS = 25, OPT_DNSSL = 31, OPT_HEAD = 8,
	ROUTER_ADVERTISEMENT = 134, MESSAGE = 8192,
};

static void remove_word(char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (char *p = list; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n != len || memcmp(p, word, n))
			continue;
		memmove(p, p + n + (p[n] == ' '), strlen(p + n + (p[n] == ' ')) + 1);
		n = strlen(list);
		if (n && list[n - 1] == ' ')
			list[n - 1] = 0;
		return;
	}
}

static void one_server(struct net_lease *lease, const struct net_addr *a, bool take_back)
{
	for (unsigned i = 0; i < lease->nr_dns; i++) {
		if (!net_addr_same(&lease->dns[i], a))
			continue;
		if (take_back) {
			memmove(&lease->dns[i], &lease->dns[i + 1],
				(lease->nr_dns - i - 1) * sizeof(*a));
			lease->nr_dns--;
		}
		return;
	}
	if (!take_back && lease->nr_dns < LEASE_SERVERS)
		lease->dns[lease->nr_dns++] = *a;
}

static void read_servers(const uint8_t *p, size_t len, unsigned ifindex, struct net_lease *lease)
{
	bool take_back = !get_be32(p + 4);

	for (size_t at = OPT_HEAD; len - at >= 16; at += 16) {
		struct net_addr a = net_addr_of(AF_INET6, p + at);

		if (!p[at] || p[at] == 0xff)
			continue;
		if (p[at] == 0xfe && (p[at + 1] & 0xc0) == 0x80)
			a.scope = ifindex;
		one_server(lease, &a, take_back);
	}
}

static void read_search(const uint8_t *p, size_t len, struct net_lease *lease)
{
	char list[LEASE_TEXT] = "", *word, *rest = list;

	/* Padded with zero bytes, which are root names and passed over. */
	name_list_read(p, len, OPT_HEAD, NAME_UNCOMPRESSED, list, sizeof(list));
	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (get_be32(p + 4))
			name_list_add(lease->search, sizeof(lease->search), word);
		else
			remove_word(lease->search, word);
	}
}

/* The options of one advertisement. Returns whether one was of use. */
static int read_options(const uint8_t *p, size_t len, unsigned ifindex, struct net_lease *lease)
{
	int taken = 0;

	while (len >= 2) {
		size_t n = 8u * p[1];

		if (!n || n > len)
			break;
		if (p[0] == OPT_RDNSS && n >= OPT_HEAD + 16 && n % 16 == OPT_HEAD) {
			read_servers(p, n, ifindex, lease);
			taken = 1;
		} else if (p[0] == OPT_DNSSL && n > OPT_HEAD) {
			read_search(p, n, lease);
			taken = 1;
		}
		p += n;
		len -= n;
	}
	return taken;
}

int rdnss_message(const uint8_t *msg, size_t len, unsigned ifindex, struct net_lease *lease)
{
	uint32_t index, size;
	uint16_t type, opts;

	if (len < NL_HEAD + ND_HEAD)
		return 0;
	/* A netlink message is in the byte order of the machine. */
	memcpy(&size, msg, 4);
	memcpy(&type, msg + 4, 2);
	memcpy(&opts, msg + NL_HEAD + 2, 2);
	memcpy(&index, msg + NL_HEAD + 4, 4);
	if (size > len || size < NL_HEAD + ND_HEAD || type != RTM_NEWNDUSEROPT ||
	    msg[NL_HEAD] != AF_INET6 || msg[NL_HEAD + 8] != ROUTER_ADVERTISEMENT ||
	    index != ifindex || opts > size - NL_HEAD - ND_HEAD)
		return 0;
	return read_options(msg + NL_HEAD + ND_HEAD, opts, ifindex, lease);
}

int rdnss_open(struct err *e)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK,
				   .nl_groups = 1u << (RTNLGRP_ND_USEROPT - 1) };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), rc;

	if (fd < 0)
		return err_set(e, -errno, "socket for router advertisements");
	if (!bind(fd, (struct sockaddr *)&own, sizeof(own)))
		return fd;
	rc = err_set(e, -errno, "listen to router advertisements");
	close(fd);
	return rc;
}

int rdnss_read(int fd, unsigned ifindex, struct net_lease *lease, struct err *e)
{
	uint8_t msg[MESSAGE];
	int taken = 0;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, msg, sizeof(msg), 0, (struct sockaddr *)&from, &size);

		if (n < 0 && errno == EAGAIN)
			return taken;
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return err_set(e, -errno, "read router advertisements");
		if (n > 0 && !from.nl_pid)	/* 0 is the kernel */
			taken += rdnss_message(msg, (size_t)n, ifindex, lease);
	}
}
