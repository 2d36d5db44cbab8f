/* test_resolve - are resolv.conf and the hosts file read as their manuals say? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/resolve.h"

static const struct {
	const char *why, *conf, *want;
} confs[] = {
	{ "nothing", "", "servers: search: ndots 0 try 0 tries 0" },
	{ "all of it", "nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch a.org b.org\n"
	  "options ndots:2 timeout:5 attempts:1 rotate\n",
	  "servers: 192.0.2.1 2001:db8::1 search:a.org b.org ndots 2 try 5000 tries 1" },
	{ "no newline at the end, blanks, tabs, a line of DOS", "\tnameserver\t192.0.2.1\r\nsearch  a.org\t b.org",
	  "servers: 192.0.2.1 search:a.org b.org ndots 0 try 0 tries 0" },
	{ "comments", "# nameserver 192.0.2.1\n;nameserver 192.0.2.2\nnameserver 192.0.2.3 # third\nnameserver #192.0.2.4\n",
	  "servers: 192.0.2.3 search: ndots 0 try 0 tries 0" },
	{ "the last of search and domain counts", "search a.org\ndomain b.org\n",
	  "servers: search:b.org ndots 0 try 0 tries 0" },
	{ "no addresses", "nameserver localhost\nnameserver 1.2.3\nnameserver\nnameserver ::1%nosuch\n",
	  "servers: search: ndots 0 try 0 tries 0" },
	{ "names for a shell", "search $(halt) a.org ;reboot\n", "servers: search:a.org ndots 0 try 0 tries 0" },
	{ "seven servers, six are all",
	  "nameserver ::1\nnameserver ::2\nnameserver ::3\nnameserver ::4\nnameserver ::5\nnameserver ::6\nnameserver ::7\n",
	  "servers: ::1 ::2 ::3 ::4 ::5 ::6 search: ndots 0 try 0 tries 0" },
	{ "absurd numbers", "options ndots:4000000000 timeout:0 attempts:99 ndots: timeout:-1\n",
	  "servers: search: ndots 15 try 30000 tries 5" },
	{ "words that are none of ours", "sortlist 130.155.160.0\nlookup file bind\nnameservers 192.0.2.1\n",
	  "servers: search: ndots 0 try 0 tries 0" },
};

/* A file that holds text; removed by the caller. */
static void make_file(char *path, const char *text)
{
	int fd;

	strcpy(path, "/tmp/test_resolve.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void every_file_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(confs) / sizeof(confs[0]); i++) {
		char path[64], text[NET_ADDR_TEXT], got[1024] = "servers:";
		struct resolver r;
		size_t n;

		make_file(path, confs[i].conf);
		assert_int_equal(resolver_load(&r, path, NULL), 0);
		unlink(path);
		for (unsigned k = 0; k < r.nr_servers; k++)
			sprintf(got + strlen(got), " %s", net_addr_text(&r.servers[k], text));
		n = strlen(got);
		sprintf(got + n, " search:%s ndots %u try %u tries %u", r.search, r.ndots, r.try_ms, r.tries);
		if (strcmp(got, confs[i].want))
			fail_msg("%s: %s", confs[i].why, got);
	}
}

static void no_file_is_no_error(void **state)
{
	struct resolver r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(resolver_load(&r, "/nosuch/resolv.conf", &e), 0);
	assert_string_equal(e.msg, "");
	assert_int_equal(r.nr_servers, 0);
	assert_int_equal(resolver_load(&r, "/tmp", &e), -EISDIR);
}

static void hosts_come_before_servers(void **state)
{
	struct net_addr out[RESOLVE_MAX];
	char path[64], text[NET_ADDR_TEXT], many[4096] = "";
	struct resolver r = { .hosts = path };
	struct err e = { 0 };

	(void)state;
	for (unsigned i = 1; i <= 20; i++)
		sprintf(many + strlen(many), "192.0.2.%u many many.org\t# %u\n", i, i);
	strcat(many, "192.0.2.99\tone two\n\n#192.0.2.7 three\nbroken four\n192.0.2.8\n");
	make_file(path, many);
	assert_int_equal(net_resolve(&r, "MANY.org.", out, 0, &e), RESOLVE_MAX);
	assert_string_equal(net_addr_text(&out[15], text), "192.0.2.16");
	assert_int_equal(net_resolve(&r, "two", out, 0, &e), 1);
	assert_string_equal(net_addr_text(&out[0], text), "192.0.2.99");
	assert_int_equal(net_resolve(&r, "three", out, 0, &e), -EDESTADDRREQ);
	assert_string_equal(e.msg, "resolve three: no name server is known");
	assert_int_equal(net_resolve(&r, "four", out, 0, &e), -EDESTADDRREQ);
	unlink(path);
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const bad[] = { "", ".", "1.2.3", "256.1.1.1", "[::1", "fe80::1%nosuch", "a b", "a;b", "-a" };
	struct resolver r = { .hosts = "/nosuch" };
	struct net_addr out[RESOLVE_MAX];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (net_resolve(&r, bad[i], out, 0, &e) != -EINVAL)
			fail_msg("'%s': %s", bad[i], e.msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_read),
		cmocka_unit_test(no_file_is_no_error),
		cmocka_unit_test(hosts_come_before_servers),
		cmocka_unit_test(what_is_no_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
