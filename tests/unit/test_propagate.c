/* test_propagate - is a new key sound and private, an old one untouched, and a server's key kept so that it is found? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "lib_tree.h"
#include "prod/propagate.h"
#include "ssh/base64.h"
#include "ssh/hosts.h"
#include "ssh/userkey.h"

static char dir[64], key[128], known[128];

static int make_dir(void **state)
{
	(void)state;
	tree_make(dir);
	snprintf(key, sizeof(key), "%s/ssh/deep/id", dir);
	snprintf(known, sizeof(known), "%s/other/known_hosts", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	tree_remove(dir);
	return 0;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_key(void **state)
{
	char line[PROPAGATE_LINE], again[PROPAGATE_LINE], parent[128], pub[160], is[PROPAGATE_LINE], comment[400];
	struct ssh_userkey *k;
	struct err e = { 0 };
	bool made;

	(void)state;
	umask(0);	/* whatever it is */
	memset(comment, 'c', sizeof(comment));
	comment[sizeof(comment) - 1] = 0;
	assert_int_equal(propagate_key(key, comment, line, &made, &e), 0);
	assert_true(made);
	assert_memory_equal(line, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", 37);
	assert_int_equal(strlen(strrchr(line, ' ') + 1), 199);	/* cut */
	assert_int_equal(mode_of(key), 0600);
	snprintf(parent, sizeof(parent), "%s/ssh/deep", dir);
	assert_int_equal(mode_of(parent), 0700);
	snprintf(pub, sizeof(pub), "%s.pub", key);
	assert_int_equal(read_line(pub, is, sizeof(is)), 0);
	assert_string_equal(is, line);
	assert_int_equal(ssh_userkey_read(&k, key, NULL, &e), 0);
	ssh_userkey_free(k);

	assert_int_equal(propagate_key(key, comment, again, &made, &e), 0);
	assert_false(made);
	assert_string_equal(again, line);

	/* Each is another one. */
	unlink(key);
	assert_int_equal(propagate_key(key, comment, again, &made, &e), 0);
	assert_true(made);
	assert_string_not_equal(again, line);
}

static void test_not_a_key(void **state)
{
	char line[PROPAGATE_LINE], path[128], is[32];
	struct err e = { 0 };
	bool made;

	(void)state;
	tree_text(dir, "id", "precious\n");
	snprintf(path, sizeof(path), "%s/id", dir);
	assert_int_equal(propagate_key(path, "c", line, &made, &e), -ENOKEY);
	assert_int_equal(read_line(path, is, sizeof(is)), 0);
	assert_string_equal(is, "precious");
	tree_link(dir, "link", "no-such-file");		/* nothing is written through a link */
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_true(propagate_key(path, "c", line, &made, &e) < 0);
	snprintf(path, sizeof(path), "%s/no-such-file", dir);
	assert_int_equal(access(path, F_OK), -1);
}

static bool is_known(const char *host, uint16_t port)
{
	const char *files[] = { known };
	const struct ssh_hosts h = { .host = host, .port = port, .files = files, .nr_files = 1 };

	return ssh_hosts_known(&h);
}

static void test_learn(void **state)
{
	static const char text[] = "AAAAC3NzaC1lZDI1NTE5AAAAII4cFfK+7gLQpT02B51qJnzIoD7mmnnhAj4sWJoVGuAj";
	uint8_t blob[SSH_BLOB_MAX];
	ssize_t n = base64_decode(blob, sizeof(blob), text, strlen(text), 0);
	struct err e = { 0 };

	(void)state;
	assert_true(n > 0);
	assert_false(is_known("collector.example", 22));
	assert_int_equal(propagate_learn(known, "Collector.Example", 22, blob, (size_t)n, &e), 0);
	assert_int_equal(propagate_learn(known, "2001:db8::1", 2222, blob, (size_t)n, &e), 0);
	assert_true(is_known("collector.example", 22));
	assert_true(is_known("2001:db8::1", 2222));
	assert_false(is_known("2001:db8::1", 22));
	assert_false(is_known("example", 22));
	assert_int_equal(mode_of(known), 0600);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_key), TEST(test_not_a_key), TEST(test_learn) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
