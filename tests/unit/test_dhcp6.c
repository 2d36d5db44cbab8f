/* test_dhcp6 - are DHCPv6 answers and router advertisements read as they should, and the hostile ones refused? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib_hex.h"
#include "net/dhcp6_message.h"
#include "net/rdnss.h"

enum { RUNS = 20000 };

#define HEAD "02 112233"
#define CLIENT "0001 000a 00030001020000000001"
#define SERVER "0002 0004 aabbccdd"
#define ADDR "20010db8000000000000000000000005"
#define IAADDR(times) "0005 0018" ADDR times
#define TIMES "00000e10 00001c20"	/* preferred 3600, valid 7200 */
#define IA(len, times, inner) "0003" len "00000007" times inner
#define GOOD_IA IA("0028", "00000064 000000c8", IAADDR(TIMES))

static const struct {
	const char *why;
	enum dhcp6_type asked;
	const char *msg;
	int rc;
	const char *want;
} cases[] = {
	{ "an offer", DHCP6_SOLICIT, HEAD CLIENT SERVER GOOD_IA, 0, "2001:db8::5/128 7200 100 200" },
	{ "options in another order", DHCP6_SOLICIT, HEAD GOOD_IA SERVER CLIENT, 0, "2001:db8::5/128 7200 100 200" },
	{ "servers and names", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER GOOD_IA "0017 0010 20010db8000000000000000000000035 0018 000a 01'a'03'org'00 01'b'00", 0,
	  "2001:db8::5/128 7200 100 200 dns 2001:db8::35 search a.org b" },
	{ "server choice of times left to us", DHCP6_SOLICIT, HEAD CLIENT SERVER IA("0028", "00000000 00000000", IAADDR(TIMES)),
	  0, "2001:db8::5/128 7200 1800 2880" },
	{ "for ever", DHCP6_SOLICIT, HEAD CLIENT SERVER IA("0028", "00000000 00000000", IAADDR("ffffffff ffffffff")), 0,
	  "2001:db8::5/128 4294967295 4294967295 4294967295" },
	{ "T2 behind the end", DHCP6_SOLICIT, HEAD CLIENT SERVER IA("0028", "00000064 0000ffff", IAADDR(TIMES)), 0,
	  "2001:db8::5/128 7200 100 7200" },
	{ "information", DHCP6_INFORMATION, "07 112233" CLIENT SERVER "0017 0010 20010db8000000000000000000000035", 0,
	  "none/0 4294967295 4294967295 4294967295 dns 2001:db8::35" },
	{ "a reply", DHCP6_REQUEST, "07 112233" CLIENT SERVER GOOD_IA "000d 0002 0000", 0, "2001:db8::5/128 7200 100 200" },
	{ "two addresses: the first", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER IA("0044", "00000064 000000c8", IAADDR(TIMES) "0005 0018 20010db8000000000000000000000006" TIMES),
	  0, "2001:db8::5/128 7200 100 200" },
	{ "an IA of somebody else and then ours", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER "0003 000c 00000008 00000000 00000000" GOOD_IA, 0, "2001:db8::5/128 7200 100 200" },

	{ "another xid", DHCP6_SOLICIT, "02 112234" CLIENT SERVER GOOD_IA, -EAGAIN, "not for us" },
	{ "a reply to a solicit", DHCP6_SOLICIT, "07 112233" CLIENT SERVER GOOD_IA, -EAGAIN, "not for us" },
	{ "an offer to a request", DHCP6_REQUEST, HEAD CLIENT SERVER GOOD_IA, -EAGAIN, "not for us" },
	{ "another client", DHCP6_SOLICIT, HEAD "0001 000a 00030001020000000002" SERVER GOOD_IA, -EAGAIN, "not for us" },
	{ "no client", DHCP6_SOLICIT, HEAD SERVER GOOD_IA, -EAGAIN, "not for us" },
	{ "no server", DHCP6_SOLICIT, HEAD CLIENT GOOD_IA, -EBADMSG, "no server" },
	{ "a server identifier of 0 bytes", DHCP6_SOLICIT, HEAD CLIENT "0002 0000" GOOD_IA, -EBADMSG, "server identifier of 0" },
	{ "a server identifier of 129 bytes", DHCP6_SOLICIT, HEAD CLIENT "0002 0081 *129:00" GOOD_IA, -EBADMSG,
	  "server identifier of 129" },
	{ "no address", DHCP6_SOLICIT, HEAD CLIENT SERVER, -EBADMSG, "no address" },
	{ "no addresses, says the server", DHCP6_SOLICIT, HEAD CLIENT SERVER "000d 0002 0002", -EADDRNOTAVAIL, "has no address" },
	{ "no addresses, says the IA", DHCP6_SOLICIT, HEAD CLIENT SERVER IA("0012", "00000000 00000000", "000d 0002 0002"),
	  -EADDRNOTAVAIL, "has no address" },
	{ "not on this link", DHCP6_REQUEST, "07 112233" CLIENT SERVER IA("0012", "00000000 00000000", "000d 0002 0004"),
	  -ESTALE, "link" },
	{ "no binding", DHCP6_RENEW, "07 112233" CLIENT SERVER IA("0012", "00000000 00000000", "000d 0002 0003"), -ESTALE,
	  "does not know" },
	{ "a failure", DHCP6_REQUEST, "07 112233" CLIENT SERVER "000d 0002 0001" GOOD_IA, -EBADMSG, "status 1" },
	{ "a status within the address", DHCP6_REQUEST,
	  "07 112233" CLIENT SERVER IA("002e", "00000064 000000c8", "0005 001e" ADDR TIMES "000d 0002 0004"), -ESTALE, "link" },
	{ "T1 behind T2", DHCP6_SOLICIT, HEAD CLIENT SERVER IA("0028", "000000c8 00000064", IAADDR(TIMES)), -EBADMSG,
	  "no address" },
	{ "preferred longer than valid", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER IA("0028", "00000064 000000c8", IAADDR("00001c20 00000e10")), -EBADMSG, "no address" },
	{ "valid for 0 s", DHCP6_SOLICIT, HEAD CLIENT SERVER IA("0028", "00000064 000000c8", IAADDR("00000000 00000000")),
	  -EBADMSG, "no address" },
	{ "a multicast address", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER IA("0028", "00000064 000000c8", "0005 0018 ff020000000000000000000000000001" TIMES), -EBADMSG,
	  "no address" },
	{ "a link-local address", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER IA("0028", "00000064 000000c8", "0005 0018 fe800000000000000000000000000001" TIMES), -EBADMSG,
	  "no address" },
	{ "an IA of another number", DHCP6_SOLICIT, HEAD CLIENT SERVER "0003 0028 00000008 00000064 000000c8" IAADDR(TIMES),
	  -EBADMSG, "no address" },
	{ "an option within the IA beyond its end", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER "0003 0028 00000007 00000064 000000c8 0005 0019" ADDR TIMES, -EBADMSG, "end of its IA" },
	{ "an option within the address beyond its end", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER IA("002c", "00000064 000000c8", "0005 001c" ADDR TIMES "000d 0002"), -EBADMSG,
	  "end of its address" },
	{ "an IA of 11 bytes", DHCP6_SOLICIT, HEAD CLIENT SERVER "0003 000b 00000007 00000064 000000", -EBADMSG, "IA cut off" },
	{ "an address of 23 bytes", DHCP6_SOLICIT,
	  HEAD CLIENT SERVER IA("0027", "00000064 000000c8", "0005 0017" ADDR "00000e10 00001c"), -EBADMSG, "address cut off" },
	{ "an option beyond the end", DHCP6_SOLICIT, HEAD CLIENT SERVER GOOD_IA "0017 0010 20", -EBADMSG, "beyond the end" },
	{ "a search name with a pointer", DHCP6_SOLICIT, HEAD CLIENT SERVER GOOD_IA "0018 0005 01'a'00 c000", 0,
	  "2001:db8::5/128 7200 100 200 search a" },
	{ "a search name for a shell", DHCP6_SOLICIT, HEAD CLIENT SERVER GOOD_IA "0018 0007 05'$(rm)'00", 0,
	  "2001:db8::5/128 7200 100 200" },
	{ "a header only", DHCP6_SOLICIT, "02 1122", -EAGAIN, "not for us" },
};

static struct dhcp6_send sent(enum dhcp6_type type)
{
	return (struct dhcp6_send){ .type = type, .xid = 0x112233, .mac = { 2, 0, 0, 0, 0, 1 }, .iaid = 7 };
}

static void describe(const struct net_lease *l, char *out)
{
	char a[NET_ADDR_TEXT];

	out += sprintf(out, "%s/%u %u %u %u", net_addr_text(&l->addr, a), l->prefix, l->lease_s, l->t1_s, l->t2_s);
	for (unsigned i = 0; i < l->nr_dns; i++)
		out += sprintf(out, " dns %s", net_addr_text(&l->dns[i], a));
	if (*l->search)
		sprintf(out, " search %s", l->search);
}

static void every_answer_gets_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dhcp6_send m = sent(cases[i].asked);
		struct net_lease lease;
		struct err e = { 0 };
		uint8_t msg[2048];
		char got[2048] = "";
		int rc = dhcp6_read(&m, msg, hex_bytes(cases[i].msg, msg), &lease, &e);

		if (!rc)
			describe(&lease, got);
		if (rc != cases[i].rc || (rc ? !strstr(e.msg, cases[i].want) : strcmp(got, cases[i].want)))
			fail_msg("%s: %d (%s), %s", cases[i].why, rc, e.msg, got);
	}
}

static void ours_has_what_servers_want(void **state)
{
	struct dhcp6_send m = sent(DHCP6_RENEW);
	uint8_t out[DHCP6_SEND], want[DHCP6_SEND];
	size_t n;

	(void)state;
	m.elapsed = 300;
	memcpy(m.server_duid, "\xaa\xbb\xcc\xdd", 4);
	m.server_duid_len = 4;
	net_addr_parse("2001:db8::5", &m.addr);
	n = hex_bytes("05 112233" CLIENT SERVER "0008 0002 012c"
		      IA("0028", "00000000 00000000", IAADDR("00000000 00000000")) "0006 0004 0017 0018", want);
	assert_int_equal(dhcp6_write(&m, out), n);
	assert_memory_equal(out, want, n);
	m = sent(DHCP6_INFORMATION);
	n = hex_bytes("0b 112233" CLIENT "0008 0002 0000 0006 0004 0017 0018", want);
	assert_int_equal(dhcp6_write(&m, out), n);
	assert_memory_equal(out, want, n);
	/* The longest there is fits. */
	m = sent(DHCP6_RENEW);
	m.server_duid_len = sizeof(m.server_duid);
	net_addr_parse("2001:db8::5", &m.addr);
	assert_int_equal(dhcp6_write(&m, out), 4 + 14 + 132 + 6 + 44 + 8);
}

/* A netlink message of a router advertisement; the length of its options goes into it. */
static size_t advertisement(const char *options, uint8_t *out)
{
	uint8_t opts[1024];
	uint16_t len = (uint16_t)hex_bytes(options, opts), type = 68;	/* RTM_NEWNDUSEROPT */
	uint32_t size = 32u + len, index = 5;

	memset(out, 0, 32);
	memcpy(out, &size, 4);
	memcpy(out + 4, &type, 2);
	out[16] = 10;		/* AF_INET6 */
	memcpy(out + 18, &len, 2);
	memcpy(out + 20, &index, 4);
	out[24] = 134;
	memcpy(out + 32, opts, len);
	return size;
}

static const struct { const char *why, *options; int taken; const char *want; } adverts[] = {
	{ "one server", "19030000 00000e10 20010db8000000000000000000000035", 1, "none/0 0 0 0 dns 2001:db8::35" },
	{ "the same again", "19030000 00000e10 20010db8000000000000000000000035", 1, "none/0 0 0 0 dns 2001:db8::35" },
	{ "two more, one of the link", "19050000 00000e10 20010db8000000000000000000000036"
	  "fe800000000000000000000000000001", 1, "none/0 0 0 0 dns 2001:db8::35 dns 2001:db8::36 dns fe80::1%5" },
	{ "one is taken back", "19030000 00000000 20010db8000000000000000000000035", 1,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5" },
	{ "names", "1f030000 00000e10 01'a'03'org'00 01'b'00 *6:00", 1,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search a.org b" },
	{ "the first name is taken back", "1f020000 00000000 01'a'03'org'00 00", 1,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "length 0", "1900 0000 00000e10", 0, "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "an even length", "19020000 00000e10 20010db800000000", 0, "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "no server in it", "19010000 00000e10", 0, "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "beyond the end", "19050000 00000e10 20010db8000000000000000000000037", 0,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "multicast and nothing are no servers", "19050000 00000e10 ff020000000000000000000000000001 *16:00", 1,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "a name for a shell", "1f020000 00000e10 05'$(rm)'00 00", 1,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "names with a pointer", "1f020000 00000e10 01'c'c008 *4:00", 1,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 search b" },
	{ "seven servers, six is all", "190f0000 00000e10 2001000000000000000000000000000120010000000000000000000000000002"
	  "2001000000000000000000000000000320010000000000000000000000000004"
	  "2001000000000000000000000000000520010000000000000000000000000006"
	  "20010000000000000000000000000007", 1,
	  "none/0 0 0 0 dns 2001:db8::36 dns fe80::1%5 dns 2001::1 dns 2001::2 dns 2001::3 dns 2001::4 search b" },
};

static void advertisements_add_and_take_back(void **state)
{
	struct net_lease lease = { 0 };
	uint8_t msg[2048];
	char got[2048];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(adverts) / sizeof(adverts[0]); i++) {
		int taken;

		len = advertisement(adverts[i].options, msg);
		assert_int_equal(rdnss_message(msg, len, 6, &lease), 0);	/* another interface */
		assert_int_equal(rdnss_message(msg, len - 1, 5, &lease), 0);	/* cut off */
		taken = rdnss_message(msg, len, 5, &lease);
		describe(&lease, got);
		if (taken != adverts[i].taken || strcmp(got, adverts[i].want))
			fail_msg("%s: %d, %s", adverts[i].why, taken, got);
	}
}

static void hostile_bytes_do_no_harm(void **state)
{
	size_t many = sizeof(cases) / sizeof(cases[0]), adverts_n = sizeof(adverts) / sizeof(adverts[0]);
	uint8_t msg[2048];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < many + adverts_n; i++) {
		bool advert = i >= many;
		struct dhcp6_send m = sent(advert ? DHCP6_SOLICIT : cases[i].asked);
		size_t len = advert ? advertisement(adverts[i - many].options, msg) : hex_bytes(cases[i].msg, msg);

		for (unsigned run = 0; run < RUNS / many + len; run++) {
			size_t n = run < len ? run : len;
			uint8_t *copy = exact_copy(msg, n);
			struct net_lease lease = { 0 };

			if (run >= len && len > 4)
				change_bytes(copy, 4, n, &seed);
			if (advert)
				rdnss_message(copy, n, 5, &lease);
			else
				dhcp6_read(&m, copy, n, &lease, NULL);
			assert_true(lease.nr_dns <= LEASE_SERVERS);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_gets_its_verdict),
		cmocka_unit_test(ours_has_what_servers_want),
		cmocka_unit_test(advertisements_add_and_take_back),
		cmocka_unit_test(hostile_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
