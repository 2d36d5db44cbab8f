/* test_mounts - are mount options split right, and does an error say what to do? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/mounts.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char   *why, *options;
	unsigned long flags;
	const char   *data;
} cases[] = {
	{ "none", NULL, 0, "" },
	{ "empty", "", 0, "" },
	{ "defaults", "defaults", 0, "" },
	{ "flags", "ro,noatime,nosuid", MS_RDONLY | MS_NOATIME | MS_NOSUID, "" },
	{ "the last one counts", "ro,rw", 0, "" },
	{ "of the filesystem", "subvol=/@/x,commit=5", 0, "subvol=/@/x,commit=5" },
	{ "both", "rw,subvol=x,noexec", MS_NOEXEC, "subvol=x" },
	{ "of fstab and mount(8)",
	  "nofail,x-systemd.automount,X-mount.mkdir,_netdev,comment=a,user", 0, "" },
	{ "empty ones", ",,ro,,", MS_RDONLY, "" },
	{ "a beginning is no name", "r,read,rwx", 0, "r,read,rwx" },
	{ "a comma in quotes", "context=\"a:b:c0,c1\",ro", MS_RDONLY, "context=\"a:b:c0,c1\"" },
	{ "quotes without an end", "x=\"a,b", 0, "x=\"a,b" },
	{ "remount", "remount,rw", MS_REMOUNT, "" },
};

static void test_options(void **state)
{
	unsigned long flags;
	char data[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].why);
		assert_int_equal(mount_options(cases[i].options, &flags, data, sizeof(data)), 0);
		assert_int_equal(flags, cases[i].flags);
		assert_string_equal(data, cases[i].data);
	}
	assert_int_equal(mount_options("abc=def", &flags, data, 8), -E2BIG);
	assert_int_equal(mount_options("abc=de", &flags, data, 8), 0);
}

static void test_errors(void **state)
{
	char dir[64], file[128], where[128], below[128];
	struct err e = { 0 };

	(void)state;
	tree_make(dir);
	tree_text(dir, "file", "no filesystem");
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(where, sizeof(where), "%s/a/b", dir);
	assert_int_equal(mount_target(NULL, file, where, NULL, &e), -ENODATA);
	assert_non_null(strstr(e.msg, "no filesystem that is known"));
	assert_int_equal(access(where, F_OK), 0);
	assert_int_equal(mount_target("auto", "/nonexistent", where, NULL, &e), -ENOENT);
	snprintf(below, sizeof(below), "%s/file/below", dir);
	assert_int_equal(mount_target(NULL, file, below, NULL, &e), -ENOTDIR);
	assert_true(mount_target("ext4", file, where, NULL, &e) < 0);
	assert_non_null(strstr(e.msg, where));
	assert_true(mount_release(where, 0, &e) < 0);
	assert_non_null(strstr(e.msg, where));
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
