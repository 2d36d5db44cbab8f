/* test_selftest - is the result of a test crash told rightly, and what cannot be tried said? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib_system.h"
#include "lib_tree.h"
#include "prod/selftest.h"

static char root[64];
static struct place place;

static int make_root(void **state)
{
	(void)state;
	system_make(root);
	system_place(root, &place);
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

static void next_boot(void)
{
	tree_text(root, "proc/sys/kernel/random/boot_id", "ffffffff-89ab-cdef-0123-456789abcdef\n");
}

static void test_results(void **state)
{
	int64_t now = (int64_t)time(NULL);
	struct err e = { 0 };
	char text[512], is[512];

	(void)state;
	tree_text(root, "etc/kdump.conf", "path /crash\n");
	assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_NONE);
	assert_string_equal(text, "");

	/* A dump of before is not the test's. */
	tree_text(root, "crash/127.0.0.1-2026-11-20-01:00:00/vmcore-dmesg.txt", "old\n");
	assert_int_equal(selftest_mark(&place, now + 3600, &e), 0);
	assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_WAITING);
	next_boot();
	assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_LOST);
	assert_string_equal(text, "the test crash left no dump");

	assert_int_equal(selftest_mark(&place, now - 10, &e), 0);
	tree_text(root, "proc/sys/kernel/random/boot_id", "eeeeeeee-89ab-cdef-0123-456789abcdef\n");
	assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_PARTLY);
	snprintf(is, sizeof(is), "the test crash was saved, log only: %s/crash/127.0.0.1-2026-11-20-01:00:00", root);
	assert_string_equal(text, is);
}

static void test_elsewhere(void **state)
{
	struct err e = { 0 };
	char text[512];

	(void)state;
	tree_text(root, "etc/kdump.conf", "ssh a@collector.example\nraw /dev/vda\n");
	assert_int_equal(selftest_mark(&place, 1, &e), 0);
	next_boot();
	assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_ELSEWHERE);
	assert_non_null(strstr(text, "look at: ssh a@collector.example /var/crash, raw /dev/vda (kdump fetch"));
}

/* A file that is none of ours, or cut, is no mark. */
static void test_damaged(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{ \"boot_id\": 1, \"when\": 2 }", "{ \"boot_id\": \"a\" }" };
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tree_text(root, "var/lib/kdumpbox/test.json", texts[i]);
		assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_NONE);
	}
}

static void test_targets(void **state)
{
	struct target t = { .kind = TARGET_HTTP, .keyword = "http", .device = "http://collector.example/x",
			    .opts.tus = "yes" };
	char note[256], scratch[128];
	struct err e = { 0 };

	(void)state;
	snprintf(scratch, sizeof(scratch), "%s/mnt", root);
	assert_int_equal(selftest_target(&t, scratch, note, sizeof(note), &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "http http://collector.example/x: what is uploaded there could not be removed: not tried");

	t = (struct target){ .kind = TARGET_RAW, .keyword = "raw", .device = "/dev/no-such-device" };
	assert_true(selftest_target(&t, scratch, note, sizeof(note), &e) < 0);
	assert_memory_equal(e.msg, "raw /dev/no-such-device: ", 25);
	assert_string_equal(note, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_results), TEST(test_elsewhere), TEST(test_damaged), TEST(test_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
