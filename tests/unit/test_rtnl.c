/* test_rtnl - are messages written as the kernel wants them, and read without believing a length? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/rtnetlink.h>

#include "net/link.h"
#include "net/rtnl_ip.h"

/* A finished message in memory of exactly its size, so that one byte too far is seen. */
static uint8_t *exact(const struct rtnl_msg *m, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, m->bytes, len);
	return copy;
}

static void finish(struct rtnl_msg *m)
{
	uint32_t len = (uint32_t)m->len;

	memcpy(m->bytes, &len, sizeof(len));
}

/* A bond as the kernel tells of it. */
static void bond_message(struct rtnl_msg *m)
{
	struct ifinfomsg head = { .ifi_index = 7, .ifi_type = 1, .ifi_flags = IFF_UP | 1 << 16 };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 }, ip[4] = { 192, 0, 2, 1 };
	size_t info, data, list;

	rtnl_begin(m, RTM_NEWLINK, 0, &head, sizeof(head));
	rtnl_put_text(m, IFLA_IFNAME, "bond0");
	rtnl_put_u32(m, IFLA_MTU, 9000);
	rtnl_put_u8(m, IFLA_OPERSTATE, 6);
	rtnl_put(m, IFLA_ADDRESS, mac, sizeof(mac));
	rtnl_put(m, IFLA_PERM_ADDRESS, mac, 4);	/* cut: not believed */
	rtnl_put_u32(m, IFLA_MASTER, 3);
	info = rtnl_nest(m, IFLA_LINKINFO);
	data = rtnl_nest(m, IFLA_INFO_DATA);	/* before its kind */
	rtnl_put_u8(m, IFLA_BOND_MODE, 4);
	rtnl_put_u32(m, IFLA_BOND_MIIMON, 100);
	rtnl_put_u8(m, IFLA_BOND_AD_LACP_RATE, 1);
	rtnl_put_u8(m, IFLA_BOND_XMIT_HASH_POLICY, 77);
	rtnl_put_u32(m, IFLA_BOND_PRIMARY, 5);
	list = rtnl_nest(m, IFLA_BOND_ARP_IP_TARGET);
	rtnl_put(m, 0, ip, sizeof(ip));
	rtnl_put(m, 1, ip, sizeof(ip));
	rtnl_nest_end(m, list);
	rtnl_nest_end(m, data);
	rtnl_put_text(m, IFLA_INFO_KIND, "bond");
	rtnl_nest_end(m, info);
	finish(m);
}

static bool parse_link(const uint8_t *bytes, size_t len, struct net_link *l)
{
	struct rtnl_view v;
	size_t at = 0;

	return rtnl_next(bytes, len, &at, &v) && link_parse(&v, l);
}

static void test_bond(void **state)
{
	struct rtnl_msg m;
	struct net_link l;

	(void)state;
	bond_message(&m);
	assert_true(parse_link(m.bytes, m.len, &l));
	assert_string_equal(l.name, "bond0");
	assert_string_equal(l.kind, "bond");
	assert_true(l.index == 7 && l.mtu == 9000 && l.master == 3 && l.carrier);
	assert_true(l.has_mac && !l.has_permanent);
	assert_string_equal(l.bond_options, "mode=802.3ad,miimon=100,lacp_rate=fast,xmit_hash_policy=77,"
			    "primary=#5,arp_ip_target=192.0.2.1;192.0.2.1");
}

/* Cut at every byte, with the length that the header says and with one that fits. */
static void test_truncated(void **state)
{
	struct rtnl_msg m;
	struct net_link l;

	(void)state;
	bond_message(&m);
	for (size_t len = 0; len < m.len; len++) {
		uint8_t *copy = exact(&m, len);
		uint32_t said = (uint32_t)len;

		assert_false(parse_link(copy, len, &l));
		if (len >= sizeof(said))
			memcpy(copy, &said, sizeof(said));
		parse_link(copy, len, &l);
		free(copy);
	}
}

/* Each 16-bit length made absurd in turn, wherever one stands. */
static void test_absurd_lengths(void **state)
{
	static const uint16_t absurd[] = { 0, 1, 3, 4, 5, 0x7fff, 0xfffc, 0xffff };
	struct rtnl_msg m;
	struct net_link l;

	(void)state;
	bond_message(&m);
	for (size_t at = 0; at + 2 <= m.len; at += 2)
		for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
			uint8_t *copy = exact(&m, m.len);

			memcpy(copy + at, &absurd[i], sizeof(absurd[i]));
			parse_link(copy, m.len, &l);
			assert_true(memchr(l.name, 0, sizeof(l.name)) != NULL);
			assert_true(memchr(l.kind, 0, sizeof(l.kind)) != NULL);
			assert_true(memchr(l.bond_options, 0, sizeof(l.bond_options)) != NULL);
			free(copy);
		}
}

/* Every option at its longest: what has no room is left out whole, and that is known. */
static void test_bond_full(void **state)
{
	struct ifinfomsg head = { .ifi_index = 7 };
	size_t info, data, list;
	struct rtnl_msg m;
	struct net_link l;

	(void)state;
	rtnl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	rtnl_put_text(&m, IFLA_IFNAME, "bond0");
	info = rtnl_nest(&m, IFLA_LINKINFO);
	rtnl_put_text(&m, IFLA_INFO_KIND, "bond");
	data = rtnl_nest(&m, IFLA_INFO_DATA);
	list = rtnl_nest(&m, IFLA_BOND_ARP_IP_TARGET);
	for (uint16_t i = 0; i < 60; i++)
		rtnl_put_u32(&m, i, 0xffffffff);
	rtnl_nest_end(&m, list);
	rtnl_put_u32(&m, IFLA_BOND_MIIMON, 100);
	rtnl_nest_end(&m, data);
	rtnl_nest_end(&m, info);
	finish(&m);
	assert_false(m.full);
	assert_true(parse_link(m.bytes, m.len, &l));
	assert_true(l.bond_cut);
	assert_string_equal(l.bond_options, "miimon=100");
}

/* A name longer than any is cut; a link without one is none. */
static void test_names(void **state)
{
	struct ifinfomsg head = { .ifi_index = 7 };
	struct rtnl_msg m;
	struct net_link l;

	(void)state;
	rtnl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	finish(&m);
	assert_false(parse_link(m.bytes, m.len, &l));
	rtnl_put_text(&m, IFLA_IFNAME, "abcdefghijklmnopqrstuvwxyz");
	finish(&m);
	assert_true(parse_link(m.bytes, m.len, &l));
	assert_string_equal(l.name, "abcdefghijklmno");
	head.ifi_index = -1;
	rtnl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	rtnl_put_text(&m, IFLA_IFNAME, "eth0");
	finish(&m);
	assert_false(parse_link(m.bytes, m.len, &l));

	assert_true(link_name_ok("eth0.5") && link_name_ok("a@b+c_d-e") && link_name_ok("abcdefghijklmno"));
	assert_false(link_name_ok("") || link_name_ok(".") || link_name_ok("..") || link_name_ok("a/b") ||
		     link_name_ok("a b") || link_name_ok("a:b") || link_name_ok("a\nb") ||
		     link_name_ok("abcdefghijklmnop") || link_name_ok("\xc3\xa4"));
}

/* More than a message holds: full, and nothing was written behind it. */
static void test_full(void **state)
{
	struct rtnl_msg *m = malloc(sizeof(*m));
	struct ifinfomsg head = { 0 };
	struct rtnl r = { .fd = -1 };
	uint8_t much[RTNL_MSG_MAX] = { 0 };
	struct err e = { 0 };
	size_t nest;

	(void)state;
	rtnl_begin(m, RTM_NEWLINK, 0, &head, sizeof(head));
	nest = rtnl_nest(m, 1);
	rtnl_put(m, 2, much, sizeof(much) - 60);
	assert_false(m->full);
	rtnl_put(m, 2, much, 60);
	assert_true(m->full && m->len <= sizeof(m->bytes));
	rtnl_put(m, 2, much, SIZE_MAX);
	rtnl_put_u8(m, 2, 1);
	rtnl_nest_end(m, nest);
	assert_true(m->full && m->len <= sizeof(m->bytes));
	assert_int_equal(rtnl_ask(&r, m, &e), -E2BIG);
	free(m);
}

static void test_ip(void **state)
{
	static const uint8_t us[4] = { 192, 0, 2, 7 }, peer[4] = { 192, 0, 2, 8 }, six[16] = { 0xfe, 0x80 };
	struct ifaddrmsg head = { .ifa_family = AF_INET, .ifa_prefixlen = 200, .ifa_index = 4 };
	struct rtmsg way = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN };
	struct rtnexthop hop = { .rtnh_len = 60000, .rtnh_ifindex = 3 };
	uint8_t via[18] = { AF_INET6 };
	struct rtnl_view v;
	struct ip_route r;
	struct rtnl_msg m;
	struct ip_addr a;
	size_t at = 0;

	(void)state;
	rtnl_begin(&m, RTM_NEWADDR, 0, &head, sizeof(head));
	rtnl_put(&m, IFA_ADDRESS, peer, 4);
	rtnl_put(&m, IFA_LOCAL, us, 4);
	rtnl_put(&m, IFA_CACHEINFO, us, 4);	/* too short for it */
	finish(&m);
	assert_true(rtnl_next(m.bytes, m.len, &at, &v) && ip_addr_parse(&v, &a));
	assert_true(a.prefix == 32 && a.addr.bytes[3] == 7 && a.peer.bytes[3] == 8);
	assert_true(a.valid_s == UINT32_MAX);
	assert_false(ip_route_parse(&v, &r));

	/* An address of the wrong length is none. */
	rtnl_begin(&m, RTM_NEWADDR, 0, &head, sizeof(head));
	rtnl_put(&m, IFA_LOCAL, six, 16);
	finish(&m);
	at = 0;
	assert_true(rtnl_next(m.bytes, m.len, &at, &v));
	assert_false(ip_addr_parse(&v, &a));

	/* A way of several that says it is longer than all of them; a router of the other family. */
	rtnl_begin(&m, RTM_NEWROUTE, 0, &way, sizeof(way));
	rtnl_put(&m, RTA_MULTIPATH, &hop, sizeof(hop));
	memcpy(via + 2, six, 16);
	rtnl_put(&m, RTA_VIA, via, sizeof(via));
	finish(&m);
	at = 0;
	assert_true(rtnl_next(m.bytes, m.len, &at, &v) && ip_route_parse(&v, &r));
	assert_true(r.index == 0 && r.via.family == AF_INET6 && !r.multipath);
}

/* The kernel itself: loopback is there, and what it refuses is told in its words. */
static void test_kernel(void **state)
{
	struct net_links l = { 0 };
	const struct net_link *lo;
	struct rtnl r;
	struct err e = { 0 };
	struct ip_addr *addrs;
	struct net_link none = { .index = 0x7ffffffe, .name = "none" };
	size_t n;

	(void)state;
	assert_int_equal(rtnl_open(&r, &e), 0);
	assert_int_equal(links_read(&r, &l, &e), 0);
	lo = link_by_name(&l, "lo");
	assert_true(lo && lo->flags & IFF_LOOPBACK && link_by_index(&l, lo->index) == lo);
	assert_int_equal(ip_addrs(&r, &addrs, &n, &e), 0);
	free(addrs);
	assert_true(link_up(&r, &none, true, &e) < 0);
	assert_memory_equal(e.msg, "set none up: ", 13);
	links_free(&l);
	rtnl_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bond), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_absurd_lengths), cmocka_unit_test(test_bond_full),
		cmocka_unit_test(test_names), cmocka_unit_test(test_full), cmocka_unit_test(test_ip),
		cmocka_unit_test(test_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
