/* test_dhcp4 - are DHCPv4 answers read as they should, and the hostile ones refused? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib_hex.h"
#include "net/dhcp4_message.h"

enum { RUNS = 20000, MAX = 70000 };

/* The fixed part: reply, xid, yiaddr, chaddr, sname, file, cookie. */
#define BOOTP_OF(op, xid, yiaddr, mac, sname, file) \
	op "010600" xid "0000 0000 *4:00" yiaddr "*8:00" mac "*10:00" sname file "63825363"
#define EMPTY_SNAME "*64:00"
#define EMPTY_FILE "*128:00"
#define BOOTP(yiaddr) BOOTP_OF("02", "11223344", yiaddr, "020000000001", EMPTY_SNAME, EMPTY_FILE)
#define OFFER "350102 3604c0000201"
#define MASK "0104ffffff00"
#define LEASE "330400000e10"
#define GOOD BOOTP("c0000205") OFFER MASK LEASE

/* What is expected of a lease, as words of describe(); of an error, words of its message. */
static const struct {
	const char *why, *msg;
	int rc;
	const char *want;
} cases[] = {
	{ "nothing optional", GOOD "ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "no end mark", GOOD, 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "pads between", BOOTP("c0000205") "00" OFFER "0000" MASK "00" LEASE "00ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "behind the end mark nothing counts", GOOD "ff 0604c0000207", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },

	{ "another xid", BOOTP_OF("02", "11223345", "c0000205", "020000000001", EMPTY_SNAME, EMPTY_FILE) OFFER MASK,
	  -EAGAIN, "not for us" },
	{ "another hardware address",
	  BOOTP_OF("02", "11223344", "c0000205", "020000000002", EMPTY_SNAME, EMPTY_FILE) OFFER MASK, -EAGAIN, "not for us" },
	{ "a request", BOOTP_OF("01", "11223344", "c0000205", "020000000001", EMPTY_SNAME, EMPTY_FILE) OFFER MASK,
	  -EAGAIN, "not for us" },
	{ "an option beyond the end", GOOD "06ff c0000207", -EBADMSG, "beyond the end" },
	{ "an option without a length", GOOD "06", -EBADMSG, "beyond the end" },
	{ "no type", BOOTP("c0000205") "3604c0000201" MASK LEASE "ff", -EBADMSG, "no message type" },
	{ "a type of two bytes", BOOTP("c0000205") "35020202 3604c0000201" MASK LEASE "ff", -EBADMSG, "no message type" },
	{ "a message that only clients send", BOOTP("c0000205") "350103 3604c0000201" MASK "ff", -EAGAIN, "not for us" },
	{ "no server", BOOTP("c0000205") "350102" MASK LEASE "ff", -EBADMSG, "no server identifier" },
	{ "a server of three bytes", BOOTP("c0000205") "350102 3603c00002" MASK LEASE "ff", -EBADMSG, "no server identifier" },
	{ "the server 0.0.0.0", BOOTP("c0000205") "350102 360400000000" MASK LEASE "ff", -EBADMSG, "no server identifier" },
	{ "address 0.0.0.0", BOOTP("00000000") OFFER MASK LEASE "ff", -EBADMSG, "no host can have" },
	{ "address 127.0.0.1", BOOTP("7f000001") OFFER MASK LEASE "ff", -EBADMSG, "no host can have" },
	{ "address 224.0.0.1", BOOTP("e0000001") OFFER MASK LEASE "ff", -EBADMSG, "no host can have" },
	{ "address 255.255.255.255", BOOTP("ffffffff") OFFER MASK LEASE "ff", -EBADMSG, "no host can have" },
	{ "a refusal has no address", BOOTP("00000000") "350106 3604c0000201 ff", 0, "none/0 by 192.0.2.1 0 0 0" },

	{ "netmask 0.0.0.0", BOOTP("c0000205") OFFER "010400000000" LEASE "ff", -EBADMSG, "netmask" },
	{ "a netmask with a hole", BOOTP("c0000205") OFFER "0104ff00ff00" LEASE "ff", -EBADMSG, "netmask" },
	{ "a netmask of three bytes", BOOTP("c0000205") OFFER "0103ffffff" LEASE "ff", -EBADMSG, "netmask" },
	{ "netmask 255.255.255.255, as clouds have it", BOOTP("c0000205") OFFER "0104ffffffff" LEASE "0304c0000201 ff", 0,
	  "192.0.2.5/32 by 192.0.2.1 3600 1800 3150 route 0.0.0.0/0 192.0.2.1 onlink" },
	{ "no netmask: that of the class", BOOTP("0a000005") OFFER LEASE "ff", 0, "10.0.0.5/8 by 192.0.2.1 3600 1800 3150" },

	{ "a lease of 0 s", BOOTP("c0000205") OFFER MASK "330400000000 ff", -EBADMSG, "0 s" },
	{ "a lease of 1 s", BOOTP("c0000205") OFFER MASK "330400000001 ff", 0, "192.0.2.5/24 by 192.0.2.1 1 1 1" },
	{ "a lease for ever", BOOTP("c0000205") OFFER MASK "3304ffffffff ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 4294967295 4294967295 4294967295" },
	{ "no time of lease: an hour", BOOTP("c0000205") OFFER MASK "ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "times of the server", GOOD "3a0400000064 3b04000000c8 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 100 200" },
	{ "T1 behind T2", GOOD "3a04000000c8 3b0400000064 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 100 100" },
	{ "T2 behind the end", GOOD "3b0400010000 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },

	{ "two routers: the first", GOOD "0308c0000201c0000202 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 route 0.0.0.0/0 192.0.2.1" },
	{ "a router out of the subnet", GOOD "0304c6336401 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 route 0.0.0.0/0 198.51.100.1 onlink" },
	{ "a router that none can be", GOOD "030400000000 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "routes win over the router", GOOD "0304c0000201 7908180a0101c0000202 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 route 10.1.1.0/24 192.0.2.2" },
	{ "a route on the link, then one by it", GOOD "790e 20c633640100000000 00c6336401 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 route 198.51.100.1/32 none route 0.0.0.0/0 198.51.100.1" },
	{ "a route with bits behind its width", GOOD "7907 0cacff c0000202 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 route 172.240.0.0/12 192.0.2.2" },
	{ "a width of 33", GOOD "0304c0000201 790a 210a01010000 c0000202 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 route 0.0.0.0/0 192.0.2.1" },
	{ "routes cut off", GOOD "790c 180a0101c0000202 180a0102 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 route 10.1.1.0/24 192.0.2.2" },

	{ "name servers, three bytes too many", GOOD "060bc0000207c0000208c00002 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 dns 192.0.2.7 dns 192.0.2.8" },
	{ "seven name servers, one of them none", GOOD "061cc0000207000000007f000001c0000208c0000209c000020ac000020b ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 dns 192.0.2.7 dns 192.0.2.8 dns 192.0.2.9 dns 192.0.2.10 "
	  "dns 192.0.2.11" },
	{ "an option in two parts", GOOD "0602c000 00 06020207 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 dns 192.0.2.7" },
	{ "a list of search names by pointers", GOOD "770d 01'a'03'org'00 01'b'c002 c007 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 search a.org b.org" },
	{ "a search list in two parts that cuts a name", GOOD "7704 01'a'03'o' 7706 'rg'00 01'b'c0 7701 02 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 search a.org b.org" },
	{ "a search list with a pointer to itself", GOOD "7702 c000 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "a search list cut off", GOOD "7705 01'a'03'or' ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "a search name for a shell", GOOD "770c 07'$(boot)'00 01'b'00 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 search b" },
	{ "a domain, which is the search list too", GOOD "0f05'a.org' ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 search a.org domain a.org" },
	{ "a domain with blanks, and a search list", GOOD "0f0b'a.org b.org' 7703 01'c'00 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 search c domain a.org" },
	{ "a domain for a shell", GOOD "0f08';reboot;' ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "a host name", GOOD "0c05'node1' ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 host node1" },
	{ "a host name with a zero at its end", GOOD "0c06'node1'00 ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 host node1" },
	{ "a host name with a zero inside", GOOD "0c08'no'00'de1''x''y' ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "a host name for a shell", GOOD "0c08'$(halt) ' ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "an MTU", GOOD "1a0205dc ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 mtu 1500" },
	{ "an MTU of 67", GOOD "1a020043 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "an MTU of one byte", GOOD "1a01ff ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },

	{ "options in the file field",
	  BOOTP_OF("02", "11223344", "c0000205", "020000000001", EMPTY_SNAME, "0604c0000207ff *121:00") OFFER MASK LEASE
	  "340101 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 dns 192.0.2.7" },
	{ "options in both fields, one of them in three parts, overload within them means nothing",
	  BOOTP_OF("02", "11223344", "c0000205", "020000000001", "060100 340100 ff *57:00", "0602000a 340103 ff *120:00")
	  OFFER MASK LEASE "340103 06050a000001 0a ff", 0,
	  "192.0.2.5/24 by 192.0.2.1 3600 1800 3150 dns 10.0.0.1 dns 10.0.10.0" },
	{ "the fields are no options without option 52",
	  BOOTP_OF("02", "11223344", "c0000205", "020000000001", EMPTY_SNAME, "0604c0000207ff *121:00") OFFER MASK LEASE "ff",
	  0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "an option in the file field beyond its end",
	  BOOTP_OF("02", "11223344", "c0000205", "020000000001", EMPTY_SNAME, "06ff *126:00") OFFER MASK LEASE "340101 ff",
	  -EBADMSG, "beyond the end" },
	{ "overload 4 is none", BOOTP_OF("02", "11223344", "c0000205", "020000000001", EMPTY_SNAME, "06ff *126:00") OFFER MASK
	  LEASE "340104 ff", 0, "192.0.2.5/24 by 192.0.2.1 3600 1800 3150" },
	{ "no options at all", "020106 11", -EAGAIN, "not for us" },
};

static const struct dhcp4_send sent = {
	.type = DHCP4_DISCOVER, .xid = 0x11223344, .mac = { 2, 0, 0, 0, 0, 1 },
};

static void describe(const struct net_lease *l, char *out)
{
	char a[NET_ADDR_TEXT], b[NET_ADDR_TEXT];

	out += sprintf(out, "%s/%u by %s %u %u %u", net_addr_text(&l->addr, a), l->prefix, net_addr_text(&l->server, b),
		       l->lease_s, l->t1_s, l->t2_s);
	for (unsigned i = 0; i < l->nr_routes; i++)
		out += sprintf(out, " route %s/%u %s%s", net_addr_text(&l->routes[i].to, a), l->routes[i].prefix,
			       net_addr_text(&l->routes[i].via, b), l->routes[i].onlink ? " onlink" : "");
	for (unsigned i = 0; i < l->nr_dns; i++)
		out += sprintf(out, " dns %s", net_addr_text(&l->dns[i], a));
	if (*l->search)
		out += sprintf(out, " search %s", l->search);
	if (*l->domain)
		out += sprintf(out, " domain %s", l->domain);
	if (*l->hostname)
		out += sprintf(out, " host %s", l->hostname);
	if (l->mtu)
		sprintf(out, " mtu %u", l->mtu);
}

static void every_answer_gets_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum dhcp4_type type;
		struct net_lease lease;
		struct err e = { 0 };
		uint8_t msg[2048];
		char got[2048] = "";
		int rc = dhcp4_read(&sent, msg, hex_bytes(cases[i].msg, msg), &type, &lease, &e);

		if (!rc)
			describe(&lease, got);
		if (rc != cases[i].rc || (rc ? !strstr(e.msg, cases[i].want) : strcmp(got, cases[i].want)))
			fail_msg("%s: %d (%s), %s", cases[i].why, rc, e.msg, got);
	}
}

static void routes_end_at_64(void **state)
{
	uint8_t msg[4096];
	size_t n = hex_bytes(GOOD, msg);
	struct net_lease lease;
	enum dhcp4_type type;

	(void)state;
	for (unsigned i = 0; i < 70; i++)
		n += hex_bytes("7908 180a0101c0000202", msg + n);
	assert_int_equal(dhcp4_read(&sent, msg, n, &type, &lease, NULL), 0);
	assert_int_equal(lease.nr_routes, 64);
}

static void ours_has_what_servers_want(void **state)
{
	struct dhcp4_send m = sent;
	uint8_t out[DHCP4_SEND], want[DHCP4_SEND];
	size_t n;

	(void)state;
	m.type = DHCP4_REQUEST;
	m.broadcast = true;
	m.secs = 3;
	m.hostname = "node1";
	net_addr_parse("192.0.2.5", &m.wanted);
	net_addr_parse("192.0.2.1", &m.server);
	n = hex_bytes("01010600 11223344 0003 8000 *16:00 020000000001 *202:00 63825363 350103 3d0701020000000001"
		      "3204c0000205 3604c0000201 390205dc 0c05'node1' 370c 0179 0306 0c0f 1a33 363a 3b77 ff", want);
	assert_int_equal(dhcp4_write(&m, out), n < 300 ? 300 : n);
	assert_memory_equal(out, want, n);
	m.hostname = "$(halt)";
	m.type = DHCP4_DECLINE;
	n = hex_bytes("63825363 350104 3d0701020000000001 3204c0000205 3604c0000201 ff", want);
	assert_int_equal(dhcp4_write(&m, out), 300);
	assert_memory_equal(out + 236, want, n);
}

static void packets_are_looked_at_before_they_are_read(void **state)
{
	static const struct { const char *why, *packet; bool unsummed; int len; } packets[] = {
		{ "good", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000b 78ed 'abc'", false, 3 },
		{ "a flipped bit in the payload", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000b 78ed 'abb'", false, -1 },
		{ "the same, and the sum is not made yet", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000b 78ed 'abb'", true, 3 },
		{ "no sum", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000b 0000 'abb'", false, 3 },
		{ "a flipped bit in the header", "4500001f 00000000 4111 b8cd c0000201 ffffffff 0043 0044 000b 78ed 'abc'", false, -1 },
		{ "a pad of the link behind it", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000b 78ed 'abc' 0000", false, 3 },
		{ "a byte short", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000b 78ed 'ab'", false, -1 },
		{ "a first fragment", "4500001f 00002000 4011 98cd c0000201 ffffffff 0043 0044 000b 78ed 'abc'", false, -1 },
		{ "a later fragment", "4500001f 00000001 4011 b8cc c0000201 ffffffff 0043 0044 000b 78ed 'abc'", false, -1 },
		{ "to another port", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0045 000b 0000 'abc'", false, -1 },
		{ "TCP", "4500001f 00000000 4006 b8d8 c0000201 ffffffff 0043 0044 000b 0000 'abc'", false, -1 },
		{ "UDP longer than IP", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000c 0000 'abc'", false, -1 },
		{ "UDP shorter than its header", "4500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 0007 0000 'abc'", false, -1 },
		{ "IPv6", "6500001f 00000000 4011 b8cd c0000201 ffffffff 0043 0044 000b 0000 'abc'", false, -1 },
		{ "a header of 16 bytes", "4400001f 00000000 4011 6dc8 c0000201 ffffffff 0043 0044 000b 0000 'abc'", false, -1 },
		{ "empty", "", false, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		uint8_t p[64];
		size_t len = hex_bytes(packets[i].packet, p);
		const uint8_t *at = dhcp4_payload(p, &len, packets[i].unsummed);

		if (!at != (packets[i].len < 0) || (at && (len != (size_t)packets[i].len || at != p + 28)))
			fail_msg("%s: %zu bytes%s", packets[i].why, len, at ? "" : ", refused");
	}
}

/* What we send must pass what we take, but for the ports. */
static void heads_have_good_sums(void **state)
{
	uint8_t packet[DHCP4_HEAD + DHCP4_SEND];
	size_t n = dhcp4_write(&sent, packet + DHCP4_HEAD), len = n + DHCP4_HEAD;

	(void)state;
	dhcp4_head(packet + DHCP4_HEAD, n, packet);
	/* Swap the ports: the sums stay right. */
	packet[21] = 67 ^ 68 ^ packet[21];
	packet[23] = 67 ^ 68 ^ packet[23];
	assert_ptr_equal(dhcp4_payload(packet, &len, false), packet + DHCP4_HEAD);
	assert_int_equal(len, n);
}

static void read_any(const uint8_t *msg, size_t len)
{
	enum dhcp4_type type;
	struct net_lease lease;
	char text[8192];

	if (!dhcp4_read(&sent, msg, len, &type, &lease, NULL))
		describe(&lease, text);
}

static void hostile_bytes_do_no_harm(void **state)
{
	size_t many = sizeof(cases) / sizeof(cases[0]);
	uint8_t *big = calloc(1, MAX), msg[2048];
	uint32_t seed = 1;
	size_t n;

	(void)state;
	for (size_t i = 0; i < many; i++) {
		size_t len = hex_bytes(cases[i].msg, msg);

		for (size_t cut = len < 240 ? 0 : 236; cut <= len; cut++) {
			uint8_t *copy = exact_copy(msg, cut);

			read_any(copy, cut);
			free(copy);
		}
		for (unsigned run = 0; len > 240 && run < RUNS / many + 1; run++) {
			uint8_t *copy = exact_copy(msg, len);

			change_bytes(copy, run % 2 ? 44 : 240, len, &seed);
			memcpy(copy + 236, msg + 236, 4);
			read_any(copy, len);
			free(copy);
		}
	}
	/* 65,535 bytes of options that never end. */
	n = hex_bytes(GOOD, big);
	for (; n + 257 < 65535; n += 257)
		memcpy(big + n, (uint8_t[]){ n % 3 ? 119 : 121, 255, 24 }, 3);
	read_any(big, n);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_gets_its_verdict),
		cmocka_unit_test(routes_end_at_64),
		cmocka_unit_test(ours_has_what_servers_want),
		cmocka_unit_test(packets_are_looked_at_before_they_are_read),
		cmocka_unit_test(heads_have_good_sums),
		cmocka_unit_test(hostile_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
