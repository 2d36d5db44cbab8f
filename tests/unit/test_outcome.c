/* test_outcome - is a dump called complete only when it is? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/outcome.h"

/* All the ways to end, with every exit status and signal: exactly one of them is complete. */
static void test_one_way_to_be_complete(void **state)
{
	static const enum child_end ends[] = { CHILD_EXITED, CHILD_SIGNALED, CHILD_ABANDONED, CHILD_NOT_STARTED };
	int complete = 0, degraded = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (int value = 0; value < 256; value++) {
			struct child_result r = { .end = ends[i], .value = value };

			complete += outcome_of(&r) == OUTCOME_COMPLETE;
			degraded += outcome_of(&r) == OUTCOME_DEGRADED;
		}
	assert_int_equal(complete, 1);
	assert_int_equal(degraded, 1);
}

static const struct {
	const char *why;
	struct closing closing;
	const char *line;
} cases[] = {
	{ "all is well", { .save = { .end = CHILD_EXITED }, .where = "/d/vmcore on /dev/vda", .bytes = 12 << 20,
	  .now_ms = 3456 }, "complete: /d/vmcore on /dev/vda, 12.0 MiB, 3.4 s after boot" },
	{ "a raw device has no size", { .save = { .end = CHILD_EXITED }, .where = "/dev/vdb", .now_ms = 2000 },
	  "complete: /dev/vdb, 2.0 s after boot" },
	{ "SIGTERM came when it was done", { .save = { .end = CHILD_EXITED, .stopped = CHILD_DEADLINE },
	  .where = "/d/vmcore on a", .now_ms = 1000 }, "complete: /d/vmcore on a, 1.0 s after boot" },
	{ "usable, something is missing", { .save = { .end = CHILD_EXITED, .value = 3 }, .where = "/d/vmcore on a",
	  .bytes = 1 << 20, .now_ms = 1000 }, "degraded: /d/vmcore on a, 1.0 MiB, 1.0 s after boot" },
	{ "cut by the deadline", { .save = { .end = CHILD_EXITED, .value = 3, .stopped = CHILD_DEADLINE },
	  .incomplete = true, .where = "/d/vmcore-incomplete on a", .now_ms = 1000 },
	  "degraded: /d/vmcore-incomplete on a, ended by the deadline, 1.0 s after boot" },
	{ "cut because it stood still", { .save = { .end = CHILD_EXITED, .value = 3, .stopped = CHILD_STALLED },
	  .where = "x", .now_ms = 0 }, "degraded: x, ended because nothing moved, 0.0 s after boot" },
	{ "save says complete, the name says no", { .save = { .end = CHILD_EXITED }, .incomplete = true,
	  .where = "/d/vmcore-incomplete on a", .now_ms = 0 }, "degraded: /d/vmcore-incomplete on a, 0.0 s after boot" },
	{ "save says complete, there is nothing", { .save = { .end = CHILD_EXITED }, .missing = true,
	  .reason = "no vmcore", .where = "x", .now_ms = 0 }, "failed: no vmcore; nothing was saved, 0.0 s after boot" },
	{ "failed, the log is there", { .save = { .end = CHILD_EXITED, .value = 1 }, .reason = "vmcore: exit status 1",
	  .kept = "/d/vmcore-dmesg.txt on a", .now_ms = 500 },
	  "failed: vmcore: exit status 1; kept: /d/vmcore-dmesg.txt on a, 0.5 s after boot" },
	{ "failed, the log and a part are there", { .save = { .end = CHILD_SIGNALED, .value = 9 }, .reason = "r",
	  .kept = "/d/vmcore-dmesg.txt on a", .incomplete = true, .where = "/d/vmcore-incomplete on a" },
	  "failed: r; kept: /d/vmcore-dmesg.txt on a and /d/vmcore-incomplete on a, 0.0 s after boot" },
	{ "failed, a part is there", { .save = { .end = CHILD_ABANDONED }, .reason = "r", .incomplete = true,
	  .where = "W" }, "failed: r; kept: W, 0.0 s after boot" },
	{ "no target was even tried: zeros are no success", { .reason = "no target", .now_ms = 1000 },
	  "failed: no target; nothing was saved, 1.0 s after boot" },
	{ "never started", { .save = { .end = CHILD_NOT_STARTED }, .reason = "device: none", .where = "x" },
	  "failed: device: none; nothing was saved, 0.0 s after boot" },
};

static void test_lines(void **state)
{
	char line[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].why);
		outcome_line(&cases[i].closing, line, sizeof(line));
		assert_string_equal(line, cases[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_way_to_be_complete),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
