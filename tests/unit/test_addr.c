/* test_addr - are addresses read, written and compared as their texts say? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/addr.h"

static void literals_are_read_and_written_back(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "fe80::1%lo", "fe80::1%lo" },
		{ "[fe80::1%lo]", "fe80::1%lo" },
		{ "fe80::1%1", "fe80::1%lo" },
		{ "fe80::1%4242", "fe80::1%4242" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
		{ "192.0.2", NULL }, { "192.0.2.256", NULL }, { "0300.0.2.1", NULL }, { "[192.0.2.1]", NULL },
		{ "[::1", NULL }, { "::1]", NULL }, { "[]", NULL }, { "", NULL }, { "fe80::1%", NULL },
		{ "fe80::1%nosuch", NULL }, { "fe80::1%0", NULL }, { "fe80::1%-1", NULL }, { "host", NULL },
		{ " 192.0.2.1", NULL }, { "192.0.2.1 ", NULL },
		{ "1111111111111111111111111111111111111111111111111111111111111111111", NULL },
	};
	char text[NET_ADDR_TEXT];
	struct net_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (net_addr_parse(cases[i].in, &a) != !!cases[i].out)
			fail_msg("%s: taken or not", cases[i].in);
		if (cases[i].out)
			assert_string_equal(net_addr_text(&a, text), cases[i].out);
	}
	a = (struct net_addr){ 0 };
	assert_string_equal(net_addr_text(&a, text), "none");
}

static void a_net_holds_its_addresses(void **state)
{
	static const struct { const char *a, *net; unsigned bits; bool in; } cases[] = {
		{ "192.0.2.1", "192.0.2.0", 24, true }, { "192.0.3.1", "192.0.2.0", 24, false },
		{ "192.0.3.1", "192.0.2.0", 23, true }, { "192.0.2.128", "192.0.2.0", 25, false },
		{ "1.2.3.4", "9.9.9.9", 0, true }, { "192.0.2.1", "192.0.2.1", 32, true },
		{ "192.0.2.1", "192.0.2.0", 32, false }, { "192.0.2.1", "192.0.2.1", 33, false },
		{ "2001:db8::1", "2001:db8::", 64, true }, { "2001:db8::1", "2001:db8::", 128, false },
		{ "2001:db8::1", "192.0.2.1", 0, false },
	};
	struct net_addr a, net;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(net_addr_parse(cases[i].a, &a) && net_addr_parse(cases[i].net, &net));
		if (net_addr_in(&a, &net, cases[i].bits) != cases[i].in)
			fail_msg("%s in %s/%u", cases[i].a, cases[i].net, cases[i].bits);
	}
}

static void a_socket_address_comes_back(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1", "fe80::1%lo" };
	struct sockaddr_storage ss;
	struct net_addr a, back;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(net_addr_parse(texts[i], &a));
		assert_true(net_addr_sockaddr(&a, 4711, &ss));
		back = net_addr_from(&ss, &port);
		assert_true(net_addr_same(&a, &back));
		assert_int_equal(port, 4711);
	}
	assert_int_equal(net_addr_sockaddr(&(struct net_addr){ 0 }, 1, &ss), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_are_read_and_written_back),
		cmocka_unit_test(a_net_holds_its_addresses),
		cmocka_unit_test(a_socket_address_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
