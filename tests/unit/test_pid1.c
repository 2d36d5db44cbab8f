/* test_pid1 - when is a kernel setting worth a warning? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "boot/pid1.h"

/* Nobody may write /proc/sys/kernel/ostype, which is "Linux". */
static const char locked[] = "/proc/sys/kernel/ostype", file[] = "test_pid1.setting";

static const struct {
	const char *why, *path, *value;
	bool warned;
} cases[] = {
	{ "a file that takes it", file, "1", false },
	{ "a file that this kernel does not have", "/proc/sys/kernel/no_such", "1", false },
	{ "locked, and it is what we want", locked, "Linux", false },
	{ "the newline is no part of the value", locked, "Linux\n", false },
	{ "locked, with another value", locked, "Hurd", true },
	{ "the start of the value is not the value", locked, "Lin", true },
	{ "more than the value is not the value", locked, "Linux2", true },
};

static void make_setting(void)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void test_apply(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pid1_sysctl list[] = { { cases[i].path, cases[i].value }, { file, "2" },
						    { NULL, NULL } };
		struct err e = { 0 };
		char now[8];
		int rc;

		make_setting();
		rc = pid1_sysctl_apply(list, &e);
		if (cases[i].warned != (rc != 0) || cases[i].warned != (e.msg[0] != 0))
			fail_msg("%s: %d, %s", cases[i].why, rc, e.msg);
		if (rc && !strstr(e.msg, cases[i].path))
			fail_msg("%s: does not name the file: %s", cases[i].why, e.msg);
		assert_int_equal(read_line(file, now, sizeof(now)), 0);
		assert_int_equal(now[0], '2');	/* the next one came */
		unlink(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_apply) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
