/* test_remote - which URLs name a file on another machine, and which are refused in words? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/remote.h"
#include "ssh/loginopts.h"

static void urls_are_taken_apart(void **state)
{
	static const struct { const char *url, *user, *host, *path; uint16_t port; bool by_command; } cases[] = {
		{ "sftp://h/x", "", "h", "/x", 0, false },
		{ "ssh://h/x", "", "h", "/x", 0, true },
		{ "sftp://u@h:2222/a/b/", "u", "h", "/a/b/", 2222, false },
		{ "sftp://u@[2001:db8::1]/x", "u", "2001:db8::1", "/x", 0, false },
		{ "sftp://u@[fe80::1%25eth0]:22/x", "u", "fe80::1%eth0", "/x", 22, false },
		{ "sftp://192.0.2.1:1/x", "", "192.0.2.1", "/x", 1, false },
		{ "sftp://h/~/x", "", "h", "x", 0, false },
		{ "sftp://h/~x", "", "h", "/~x", 0, false },
		{ "sftp://u%40d@h/a%20b%2Fc", "u@d", "h", "/a b/c", 0, false },
		{ "sftp://a@b@h/x", "a@b", "h", "/x", 0, false },
		{ "sftp://h//x?y#z", "", "h", "//x?y#z", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct remote_url u;
		struct err e = { 0 };

		if (remote_parse(cases[i].url, &u, &e) || strcmp(u.user, cases[i].user) ||
		    strcmp(u.host, cases[i].host) || strcmp(u.path, cases[i].path) ||
		    u.port != cases[i].port || u.by_command != cases[i].by_command)
			fail_msg("%s: user '%s' host '%s' port %d path '%s' %s", cases[i].url, u.user, u.host, u.port,
				 u.path, e.msg);
	}
}

static void what_is_no_url_says_why(void **state)
{
	static const struct { const char *url, *says; } cases[] = {
		{ "http://h/x", "is not sftp://" }, { "sftp:/h/x", "is not sftp://" }, { "", "is not sftp://" },
		{ "sftp://h", "has no path" }, { "sftp://h/", "has no path" }, { "sftp://h/~/", "has no path" },
		{ "sftp:///x", "names no host" }, { "sftp://u@/x", "names no host" }, { "sftp://u@:22/x", "names no host" },
		{ "sftp://-oProxyCommand=x/x", "names no host" }, { "sftp://[::1/x", "a [ without a ]" },
		{ "sftp://[::1]22/x", "names no host" }, { "sftp://u:secret@h/x", "no place for a password" },
		{ "sftp://h:0/x", "port" }, { "sftp://h:65536/x", "port" }, { "sftp://h:/x", "port" },
		{ "sftp://h:22x/x", "port" }, { "sftp://h:123456789/x", "longer than 7 bytes" },
		{ "sftp://h/a%00b", "control character" }, { "sftp://h/a%0Ab", "control character" },
		{ "sftp://h/a\nb", "control character" }, { "sftp://h/a%4", "bad %XX" }, { "sftp://h/a%zz", "bad %XX" },
		{ "sftp://u%00@h/x", "control character" }, { "sftp://h%1B/x", "control character" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct remote_url u;
		struct err e = { 0 };

		if (!remote_parse(cases[i].url, &u, &e) || !strstr(e.msg, cases[i].says))
			fail_msg("%s: '%s' instead of '%s'", cases[i].url, e.msg, cases[i].says);
	}
}

static void options_fill_a_login(void **state)
{
	struct ssh_login l = { 0 };
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < LOGIN_MAX_FILES; i++)
		assert_int_equal(login_option(&l, 'i', "key", &e), 1);
	assert_int_equal(login_option(&l, 'i', "key", &e), -EINVAL);
	assert_int_equal(login_option(&l, OPT_KNOWN_HOSTS, "file", &e), 1);
	assert_string_equal(l.known_hosts[0], "file");
	assert_int_equal(login_option(&l, OPT_TRIES, "0", &e), -EINVAL);
	assert_int_equal(login_option(&l, OPT_TRIES, "7", &e), 1);
	assert_int_equal(l.tries, 7);
	assert_int_equal(login_option(&l, OPT_CONNECT_TIMEOUT, "2", &e), 1);
	assert_int_equal(l.connect_ms, 2000);
	assert_int_equal(login_option(&l, OPT_PIN, "MD5:aa", &e), -EINVAL);
	assert_int_equal(login_option(&l, 'x', "", &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart), cmocka_unit_test(what_is_no_url_says_why),
		cmocka_unit_test(options_fill_a_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
