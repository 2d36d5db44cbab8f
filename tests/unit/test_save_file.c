/* test_save_file - is a dump on a real disk that gets full readable, and flagged, under its partial name? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "dump/dmesg.h"
#include "lib_run.h"

/* 10 MiB of pages that do not shrink: ten writes of data. */
#define CORE "sections 24\nvmemmap 4k\nram 32M 42M\nfill 0x2000+2560 random\nlog 1 one\nlog 2 two\n"

static struct vmcore *core;

static int enter(void **state)
{
	char dir[] = "/tmp/test_save_file.XXXXXX";

	signal(SIGXFSZ, SIG_IGN);		/* as save does */
	core = vmcore_make(CORE);
	*state = mkdtemp(dir) ? strdup(dir) : NULL;
	return !core || !*state || chdir(*state);
}

static int leave(void **state)
{
	char command[64];

	vmcore_free(core);
	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") || system(command);
}

/* Save to "dump" and hold what is there against what was said. Returns the pages that are readable. */
static uint64_t save_and_judge(uint64_t room, enum verdict *verdict)
{
	struct run_how how = { .level = 31, .to = "dump" };
	struct judgement j = { 0 };
	char *bytes = NULL;
	size_t len = 0;
	struct run r;

	unlink("dump");
	unlink("dump-incomplete");
	run_save(&r, core->path, &how);
	*verdict = r.save.verdict;
	assert_int_equal(access("dump", F_OK) == 0, r.rc == 0);
	assert_int_equal(access("dump-incomplete", F_OK) == 0, r.rc != 0);
	assert_int_equal(read_file(r.rc ? "dump-incomplete" : "dump", 1 << 28, &bytes, &len, NULL), 0);
	if (len)
		j = judge((uint8_t *)bytes, len, core);
	if (r.rc && (!sink_is_full(r.rc) || !strstr(r.e.msg, "dump-incomplete")))
		fail_msg("room for %llu: says '%s'", (unsigned long long)room, r.e.msg);
	if ((r.save.verdict == VERDICT_INCOMPLETE) != (j.ram && j.incomplete) ||
	    (r.save.verdict != VERDICT_FAILED && j.why[0]))
		fail_msg("room for %llu: %s, but %s (%s)", (unsigned long long)room, verdict_names[r.save.verdict],
			 j.why[0] ? j.why : "not flagged so", r.e.msg);
	free(bytes);
	run_free(&r);
	return j.ok;
}

/* More room is never fewer pages, and with enough of it all is well. */
static void check_rooms(const uint64_t *rooms, size_t n, void (*make_room)(uint64_t))
{
	enum verdict verdict = VERDICT_FAILED;
	uint64_t last = 0, some = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t pages;

		make_room(rooms[i]);
		pages = save_and_judge(rooms[i], &verdict);
		assert_true(pages >= last);
		some += pages > last;
		last = pages;
	}
	assert_true(some > 5);
	assert_int_equal(verdict, VERDICT_COMPLETE);
}

static const uint64_t rooms[] = {
	1000, 5000, 20000, 70000, 100000, 200000, 1100000, 1200000, 1300000, 2000000, 2500000, 3500000, 4500000,
	5000000, 6000000, 7777777, 8888888, 9999999, 10400000, 10700000, 12000000, 20000000,
};

enum { ROOMS = sizeof(rooms) / sizeof(rooms[0]) };

enum { OFFSETS = 200 };

static void limit_files(uint64_t bytes)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &r);
}

static void test_file_size_limit(void **state)
{
	uint64_t offsets[OFFSETS + 1];
	struct rlimit old;

	(void)state;
	/* Odd steps, so that each kind of byte is the last one; the dump has 10.6 MB. */
	for (int i = 0; i < OFFSETS; i++)
		offsets[i] = 200 + (uint64_t)i * 53077;
	offsets[OFFSETS] = 20000000;
	getrlimit(RLIMIT_FSIZE, &old);
	check_rooms(offsets, OFFSETS + 1, limit_files);
	setrlimit(RLIMIT_FSIZE, &old);
}

static void resize_disk(uint64_t bytes)
{
	char size[32];

	unlink("dump");
	unlink("dump-incomplete");
	snprintf(size, sizeof(size), "size=%llu", (unsigned long long)bytes);
	assert_int_equal(mount(NULL, ".", NULL, MS_REMOUNT, size), 0);
}

/* A filesystem that really gets full. Its own mount namespace, so that nothing is left behind. */
static void test_full_filesystem(void **state)
{
	char dir[64];

	if (geteuid())
		skip();
	snprintf(dir, sizeof(dir), "%s/disk", (char *)*state);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("tmpfs", dir, "tmpfs", 0, "size=1M"), 0);
	assert_int_equal(chdir(dir), 0);
	check_rooms(rooms, ROOMS, resize_disk);
	assert_int_equal(chdir(*state), 0);
	assert_int_equal(umount(dir), 0);
}

/* ---- the log as a file of its own ---- */

static void test_dmesg(void **state)
{
	struct printk_report said;
	struct err e = { 0 };
	struct kernel k;
	size_t len;
	char *text;

	(void)state;
	assert_int_equal(kernel_open(&k, core->path, &e), 0);
	assert_int_equal(dmesg_save(&k, "log", false, NULL, &said, &e), 0);
	assert_int_equal(said.records, 2);
	assert_int_equal(read_file("log", 4096, &text, &len, &e), 0);
	assert_string_equal(text, "[    1.000000] one\n[    2.000000] two\n");
	free(text);
	assert_int_equal(dmesg_save(&k, "log", false, NULL, &said, &e), -EEXIST);
	assert_int_equal(dmesg_save(&k, "nowhere/log", false, NULL, &said, &e), -ENOENT);
	limit_files(10);
	assert_true(sink_is_full(dmesg_save(&k, "full", false, NULL, &said, &e)));
	limit_files(RLIM_INFINITY);
	assert_true(access("full", F_OK) && !access("full-incomplete", F_OK));
	kernel_close(&k);
}

/* Without a log there is no file that claims to be one. */
static void test_no_dmesg(void **state)
{
	struct vmcore *v = vmcore_make("noinfo\nram 256M 257M\n");
	struct printk_report said;
	struct err e = { 0 };
	struct kernel k;

	(void)state;
	assert_int_equal(kernel_open(&k, v->path, &e), 0);
	assert_int_equal(dmesg_save(&k, "none", false, NULL, &said, &e), -ENOENT);
	assert_true(e.msg[0] && access("none", F_OK));
	kernel_close(&k);
	vmcore_free(v);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_file_size_limit), IN_DIRECTORY(test_dmesg), IN_DIRECTORY(test_no_dmesg),
		IN_DIRECTORY(test_full_filesystem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
