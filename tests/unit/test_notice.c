/* test_notice - is it told rightly, and once, how the last boot ended? */
/* SPDX-License-Identifier: MIT */
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
#include "prod/notice.h"
#include "prod/record.h"
#include "prod/selftest.h"

#define DUMP "crash/127.0.0.1-2026-11-22-01:00:00/"
#define BOOT(n) n n n n n n n n "-89ab-cdef-0123-456789abcdef"

static char root[64];
static struct place place;

static void boot(const char *id)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", id);
	tree_text(root, "proc/sys/kernel/random/boot_id", line);
}

/* The crash kernel was loaded in boot id ("": and unloaded) so many seconds ago. */
static void loaded(const char *id, long ago)
{
	char text[256];

	snprintf(text, sizeof(text), "{ \"boot_id\": \"%s\", \"loaded_at\": %ld, \"inputs\": [ ] }", id, (long)time(NULL) - ago);
	tree_text(root, "var/lib/kdumpbox/loaded.json", text);
}

static int make_root(void **state)
{
	(void)state;
	system_make(root);
	system_place(root, &place);
	tree_text(root, "etc/kdump.conf", "path /crash\n");
	boot(BOOT("2"));
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

/* It says so, and that a second time in this boot, also to kdump status; and no more in the next one. */
static void is(enum notice_kind kind, const char *const *words)
{
	char text[2048], again[2048];

	assert_int_equal(notice_make(&place, text, sizeof(text)), kind);
	for (; *words; words++)
		if (!strstr(text, *words))
			fail_msg("'%s' lacks '%s'", text, *words);
	if (kind == NOTICE_NONE)
		assert_string_equal(text, "");
	assert_int_equal(notice_make(&place, again, sizeof(again)), kind);
	assert_string_equal(again, text);
	assert_int_equal(notice_kept(&place, again, sizeof(again)), kind);
	assert_string_equal(again, text);
	loaded("", -100);	/* a shutdown after this boot, as it should be */
	boot(BOOT("3"));
	assert_int_equal(notice_kept(&place, again, sizeof(again)), NOTICE_NONE);
	assert_int_equal(notice_make(&place, again, sizeof(again)), NOTICE_NONE);
}
#define SAYS(...) ((const char *const[]){ __VA_ARGS__ NULL })

static void test_nothing(void **state)
{
	(void)state;
	tree_text(root, DUMP "vmcore-dmesg.txt", "old\n");
	is(NOTICE_NONE, SAYS());		/* nothing was ever loaded */
}

static void test_shutdown(void **state)
{
	(void)state;
	loaded("", 100);
	is(NOTICE_NONE, SAYS());
}

/* A dump that came here after a shutdown (by rsync, or fetched by hand) is not of the last boot. */
static void test_copied(void **state)
{
	(void)state;
	loaded("", 100);
	tree_text(root, DUMP "vmcore-dmesg.txt", "[    1.0] Kernel panic - not syncing: of another machine\n");
	is(NOTICE_NONE, SAYS());
}

/* Nothing was loaded since: the boots after it end as they should, for all that is known. */
static void test_once(void **state)
{
	char text[2048];

	(void)state;
	loaded(BOOT("1"), 100);
	assert_int_equal(notice_make(&place, text, sizeof(text)), NOTICE_UNCLEAN);
	boot(BOOT("3"));
	assert_int_equal(notice_make(&place, text, sizeof(text)), NOTICE_NONE);
	boot(BOOT("4"));
	assert_int_equal(notice_make(&place, text, sizeof(text)), NOTICE_NONE);
	loaded(BOOT("4"), 100);
	boot(BOOT("5"));
	assert_int_equal(notice_make(&place, text, sizeof(text)), NOTICE_UNCLEAN);
}

static void test_saved(void **state)
{
	(void)state;
	loaded(BOOT("1"), 100);
	tree_text(root, DUMP "vmcore-dmesg.txt", "[    1.0] Kernel panic - not syncing: no reason\n");
	tree_text(root, DUMP "vmcore", "12345");
	tree_text(root, DUMP "manifest.json", "{ \"verdict\": \"complete\", \"file\": \"vmcore\", \"size\": 5 }");
	is(NOTICE_SAVED, SAYS("ended in a crash (Kernel panic - not syncing: no reason); its dump is complete: ",
			      "/crash/127.0.0.1-2026-11-22-01:00:00, ",));
}

static void test_partly(void **state)
{
	(void)state;
	loaded(BOOT("1"), 100);
	tree_text(root, DUMP "vmcore-incomplete", "12345");
	is(NOTICE_PARTLY, SAYS("its panic line is not known", "its dump is incomplete",));
}

/* A dump of a boot before that one is not its. */
static void test_unclean(void **state)
{
	(void)state;
	tree_text(root, DUMP "vmcore-dmesg.txt", "old\n");
	tree_text(root, "sys/fs/pstore/dmesg-efi-1", "x");
	loaded(BOOT("1"), -3600);
	is(NOTICE_UNCLEAN, SAYS("ended without a shutdown (a crash, a reset or a power cut)", "the firmware kept a kernel log",));
}

static void test_elsewhere(void **state)
{
	(void)state;
	tree_text(root, "etc/kdump.conf", "ssh a@collector.example\npath /dumps\nraw /dev/no-such\npath /crash\n"
		  "s3 https://store.example/b\n");
	loaded(BOOT("1"), 100);
	is(NOTICE_UNCLEAN, SAYS("look at: ssh a@collector.example /dumps, raw /dev/no-such (kdump fetch looks there), "
				"s3 https://store.example/b",));
}

/* What was fetched from a raw target lies in its path. */
static void test_fetched(void **state)
{
	struct err e = { 0 };
	char text[512];

	(void)state;
	tree_text(root, "etc/kdump.conf", "raw /dev/no-such\npath /crash\n");
	boot(BOOT("1"));
	assert_int_equal(selftest_mark(&place, (int64_t)time(NULL), &e), 0);
	loaded(BOOT("1"), 100);
	boot(BOOT("2"));
	assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_ELSEWHERE);
	assert_non_null(strstr(text, "look at: raw /dev/no-such (kdump fetch looks there)"));
	tree_text(root, DUMP "vmcore-dmesg.txt", "[    1.0] Kernel panic - not syncing: no reason\n");
	assert_int_equal(selftest_result(&place, text, sizeof(text)), SELFTEST_PARTLY);
	is(NOTICE_PARTLY, SAYS("its dump is log only: ",));
}

/* What is damaged in the state directory is as if it were not there, or is told as far as it goes. */
static void test_damaged(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{ \"boot_id\": 1 }", "{ \"boot_id\": \"" BOOT("2") "\" }",
		"{ \"boot_id\": \"" BOOT("2") "\", \"kind\": \"other\", \"text\": \"\", \"newest\": 1 }" };
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tree_text(root, "var/lib/kdumpbox/notice.json", texts[i]);
		assert_int_equal(notice_make(&place, text, sizeof(text)), NOTICE_NONE);
	}
	tree_text(root, "var/lib/kdumpbox/notice.json", "");
	tree_text(root, "var/lib/kdumpbox/loaded.json", "{");
	assert_int_equal(notice_make(&place, text, sizeof(text)), NOTICE_NONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing), TEST(test_shutdown), TEST(test_copied), TEST(test_once), TEST(test_saved), TEST(test_partly), TEST(test_unclean),
		TEST(test_elsewhere), TEST(test_fetched), TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
