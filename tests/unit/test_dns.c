/* test_dns - are answers of name servers read as they should, and the hostile ones refused? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib_hex.h"
#include "net/dns.h"

enum { ID = 0x1234, RUNS = 20000 };

/* The question is always a.example, at offset 12; behind it offset 27 begins. */
#define Q(type) "01'a'07'example'00 00" type "0001"
#define HEAD(flags, counts) "1234" flags counts
#define ONE "0001 0001 0000 0000"
#define A(owner, ip) owner "0001 0001 00000e10 0004" ip
#define CNAME(owner, len, to) owner "0005 0001 00000e10" len to

static const struct {
	const char *why;
	uint16_t type;
	const char *msg;
	int rc;
	unsigned rcode, addrs;
} cases[] = {
	{ "one address", DNS_A, HEAD("8180", ONE) Q("01") A("c00c", "c0000201"), 0, 0, 1 },
	{ "an IPv6 address", DNS_AAAA,
	  HEAD("8180", ONE) Q("1c") "c00c 001c 0001 00000e10 0010 20010db8000000000000000000000001", 0, 0, 1 },
	{ "none: the name has other types", DNS_A, HEAD("8180", "0001 0000 0000 0000") Q("01"), 0, 0, 0 },
	{ "an alias and its address", DNS_A,
	  HEAD("8180", "0001 0002 0000 0000") Q("01") CNAME("c00c", "0004", "01'b'c00e") A("01'b'c00e", "c0000201"),
	  0, 0, 1 },
	{ "the same in the other order", DNS_A,
	  HEAD("8180", "0001 0002 0000 0000") Q("01") A("01'b'c00e", "c0000201") CNAME("c00c", "0004", "01'b'c00e"),
	  0, 0, 1 },
	{ "an alias of itself", DNS_A, HEAD("8180", ONE) Q("01") CNAME("c00c", "0002", "c00c"), -ELOOP, 0, 0 },
	{ "two aliases of each other", DNS_A,
	  HEAD("8180", "0001 0002 0000 0000") Q("01") CNAME("c00c", "0004", "01'b'c00e") CNAME("01'b'c00e", "0002", "c00c"),
	  -ELOOP, 0, 0 },
	{ "an address of another name is not asked for", DNS_A,
	  HEAD("8180", ONE) Q("01") A("01'b'c00e", "c0000201"), 0, 0, 0 },
	{ "no such name", DNS_A, HEAD("8183", "0001 0000 0000 0000") Q("01"), 0, DNS_NXDOMAIN, 0 },
	{ "server failure", DNS_A, HEAD("8182", "0001 0000 0000 0000") Q("01"), 0, DNS_SERVFAIL, 0 },
	{ "format error without the question", DNS_A, HEAD("8181", "0000 0000 0000 0000"), 0, DNS_FORMERR, 0 },
	{ "EDNS: bad version", DNS_A,
	  HEAD("8180", "0001 0000 0000 0001") Q("01") "00 0029 04d0 01000000 0000", 0, DNS_BADVERS, 0 },
	{ "the question in other case", DNS_A,
	  HEAD("8180", ONE) "01'A'07'eXamPle'00 0001 0001" A("c00c", "c0000201"), 0, 0, 1 },
	{ "nine addresses, eight are enough", DNS_A,
	  HEAD("8180", "0001 0009 0000 0000") Q("01") A("c00c", "c0000201") A("c00c", "c0000202") A("c00c", "c0000203")
	  A("c00c", "c0000204") A("c00c", "c0000205") A("c00c", "c0000206") A("c00c", "c0000207") A("c00c", "c0000208")
	  A("c00c", "c0000209"), 0, 0, 8 },
	{ "another id", DNS_A, "1235 8180" ONE Q("01") A("c00c", "c0000201"), -EAGAIN, 0, 0 },
	{ "another name", DNS_A, HEAD("8180", ONE) "01'b'07'example'00 0001 0001" A("c00c", "c0000201"), -EAGAIN, 0, 0 },
	{ "another type", DNS_A, HEAD("8180", ONE) Q("1c") A("c00c", "c0000201"), -EAGAIN, 0, 0 },
	{ "another class", DNS_A, HEAD("8180", ONE) "01'a'07'example'00 0001 0003" A("c00c", "c0000201"), -EAGAIN, 0, 0 },
	{ "a question, not an answer", DNS_A, HEAD("0100", "0001 0000 0000 0000") Q("01"), -EAGAIN, 0, 0 },
	{ "an update", DNS_A, HEAD("a980", "0001 0000 0000 0000") Q("01"), -EAGAIN, 0, 0 },
	{ "no question", DNS_A, HEAD("8180", "0000 0001 0000 0000") A("c00c", "c0000201"), -EAGAIN, 0, 0 },
	{ "two questions", DNS_A, HEAD("8180", "0002 0001 0000 0000") Q("01") Q("01") A("c00c", "c0000201"), -EAGAIN, 0, 0 },
	{ "a question by a pointer to itself", DNS_A, HEAD("8180", ONE) "c00c 0001 0001" A("c00c", "c0000201"), -EAGAIN, 0, 0 },
	{ "65535 answers announced", DNS_A,
	  HEAD("8180", "0001 ffff 0000 0000") Q("01") A("c00c", "c0000201"), -EBADMSG, 0, 0 },
	{ "an IPv4 address of three bytes", DNS_A,
	  HEAD("8180", ONE) Q("01") "c00c 0001 0001 00000e10 0003 c00002", -EBADMSG, 0, 0 },
	{ "an IPv6 address of four bytes", DNS_AAAA,
	  HEAD("8180", ONE) Q("1c") "c00c 001c 0001 00000e10 0004 c0000201", -EBADMSG, 0, 0 },
	{ "data beyond the end", DNS_A,
	  HEAD("8180", ONE) Q("01") "c00c 0001 0001 00000e10 0005 c0000201", -EBADMSG, 0, 0 },
	{ "an owner that points to itself", DNS_A, HEAD("8180", ONE) Q("01") A("c01b", "c0000201"), -EBADMSG, 0, 0 },
	{ "an owner that points forward", DNS_A, HEAD("8180", ONE) Q("01") A("c020", "c0000201"), -EBADMSG, 0, 0 },
	{ "an owner that points into the header", DNS_A, HEAD("8180", ONE) Q("01") A("c000", "c0000201"), -EBADMSG, 0, 0 },
	{ "a label of 64 bytes", DNS_A, HEAD("8180", ONE) Q("01") A("40", "c0000201"), -EBADMSG, 0, 0 },
	{ "an alias with bytes behind it", DNS_A,
	  HEAD("8180", ONE) Q("01") CNAME("c00c", "0005", "01'b'c00e 00"), -EBADMSG, 0, 0 },
	{ "cut off, and it says so", DNS_A, HEAD("8380", ONE) Q("01") "c00c 0001", 0, 0, 0 },
	{ "a header only", DNS_A, "1234 8180 0001", -EAGAIN, 0, 0 },
};

static struct dns_query ask(uint16_t type)
{
	struct dns_query q;
	struct name name;

	assert_true(name_parse("a.example", &name));
	dns_query(&q, &name, type, ID, true);
	return q;
}

static void every_answer_gets_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_query q = ask(cases[i].type);
		struct dns_answer a;
		struct err e = { 0 };
		uint8_t msg[1024];
		int rc = dns_answer(&q, msg, hex_bytes(cases[i].msg, msg), &a, &e);

		if (rc != cases[i].rc || a.rcode != cases[i].rcode || a.nr_addrs != cases[i].addrs)
			fail_msg("%s: %d (%s), rcode %u, %u addresses", cases[i].why, rc, e.msg, a.rcode, a.nr_addrs);
	}
}

/* Aliases n0 to nN one behind the other, then an address. */
static void a_chain_of_aliases_has_a_limit(void **state)
{
	struct dns_query q = ask(DNS_A);

	(void)state;
	for (unsigned links = 1; links <= 10; links++) {
		char text[4096];
		uint8_t msg[2048];
		struct dns_answer a;
		size_t n = (size_t)sprintf(text, HEAD("8180", "0001 %04x 0000 0000") Q("01"), links + 1);

		n += (size_t)sprintf(text + n, CNAME("c00c", "0004", "01'0'c00e"));
		for (unsigned i = 1; i < links; i++)
			n += (size_t)sprintf(text + n, CNAME("01'%u'c00e", "0004", "01'%u'c00e"), i - 1, i);
		sprintf(text + n, A("01'%u'c00e", "c0000201"), links - 1);
		assert_int_equal(dns_answer(&q, msg, hex_bytes(text, msg), &a, NULL), links <= DNS_CNAMES ? 0 : -ELOOP);
	}
}

static void a_chain_of_pointers_has_a_limit(void **state)
{
	uint8_t msg[1024] = { 1, 'x', 0 };
	struct name n;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		msg[3 + 2 * i] = 0xc0 | (uint8_t)((i ? 1 + 2 * i : 0) >> 8);
		msg[4 + 2 * i] = (uint8_t)(i ? 1 + 2 * i : 0);
	}
	assert_int_equal(name_read(msg, sizeof(msg), 3 + 2 * 126, 0, &n), 3 + 2 * 126 + 2);
	assert_memory_equal(n.bytes, "\1x", 3);
	assert_int_equal(name_read(msg, sizeof(msg), 3 + 2 * 127, 0, &n), -EBADMSG);
	assert_int_equal(name_read(msg, sizeof(msg), 3, NAME_UNCOMPRESSED, &n), -EBADMSG);
}

static void a_name_has_255_bytes(void **state)
{
	uint8_t msg[300];
	char text[300], back[NAME_TEXT];
	struct name n;

	(void)state;
	memset(msg, 'a', sizeof(msg));
	msg[0] = msg[64] = msg[128] = 63;
	msg[192] = 61;
	msg[254] = 0;
	assert_int_equal(name_read(msg, sizeof(msg), 0, 0, &n), 255);
	assert_true(name_text(&n, back));
	assert_int_equal(strlen(back), 253);
	assert_true(name_parse(back, &n));
	assert_int_equal(n.len, 255);
	msg[192] = 62;
	msg[255] = 0;
	assert_int_equal(name_read(msg, sizeof(msg), 0, 0, &n), -EBADMSG);
	snprintf(text, sizeof(text), "%sa", back);
	assert_false(name_parse(text, &n));
}

static void names_are_letters_digits_and_hyphens(void **state)
{
	static const char *const good[] = { "a", "A-1.example.", "_ldap._tcp.example", "1.2" };
	static const char *const bad[] = {
		"", ".", "a..b", ".a", "-a", "a-", "a b", "a;reboot", "$(x)", "a\nb", "\303\244", "a/b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct name n = { { 3, 'a', '.', 'b', 0 }, 5 };
	char text[NAME_TEXT];

	(void)state;
	assert_false(name_text(&n, text));	/* a dot in a label would make two of it */
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(name_parse(good[i], &n) && name_text(&n, text));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (name_parse(bad[i], &n))
			fail_msg("taken: %s", bad[i]);
}

static void a_list_of_names_is_bounded_and_has_no_twins(void **state)
{
	char list[12] = "";

	(void)state;
	assert_true(name_list_add(list, sizeof(list), "a.b"));
	assert_true(name_list_add(list, sizeof(list), "a.b"));
	assert_true(name_list_add(list, sizeof(list), "a"));
	assert_string_equal(list, "a.b a");
	assert_false(name_list_add(list, sizeof(list), "123456"));
	assert_true(name_list_add(list, sizeof(list), "12345"));
	assert_string_equal(list, "a.b a 12345");
}

/* Cut and changed at will under the sanitizers; nothing to say but that it ends. */
static void hostile_bytes_do_no_harm(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_query q = ask(cases[i].type);
		uint8_t msg[1024];
		size_t len = hex_bytes(cases[i].msg, msg);

		for (size_t cut = 0; cut <= len; cut++) {
			uint8_t *copy = exact_copy(msg, cut);
			struct dns_answer a;

			dns_answer(&q, copy, cut, &a, NULL);
			free(copy);
		}
		for (unsigned run = 0; run < RUNS / (sizeof(cases) / sizeof(cases[0])) + 1; run++) {
			uint8_t *copy = exact_copy(msg, len);
			struct dns_answer a;

			change_bytes(copy, 2, len, &seed);	/* behind the id */
			dns_answer(&q, copy, len, &a, NULL);
			assert_true(a.nr_addrs <= DNS_ADDRS);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_gets_its_verdict),
		cmocka_unit_test(a_chain_of_aliases_has_a_limit),
		cmocka_unit_test(a_chain_of_pointers_has_a_limit),
		cmocka_unit_test(a_name_has_255_bytes),
		cmocka_unit_test(names_are_letters_digits_and_hyphens),
		cmocka_unit_test(a_list_of_names_is_bounded_and_has_no_twins),
		cmocka_unit_test(hostile_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
