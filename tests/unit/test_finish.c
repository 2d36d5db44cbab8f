/* test_finish - are the final actions known by name, and is writing before them bounded? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/finish.h"

static void test_names(void **state)
{
	static const char *const names[] = { "reboot", "poweroff", "halt" };
	enum final_action action;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(finish_parse(names[i], &action, &e), 0);
		assert_string_equal(finish_name(action), names[i]);
	}
	assert_int_equal(finish_parse("rebot", &action, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "did you mean reboot?"));
	assert_int_equal(finish_parse("", &action, &e), -EINVAL);
}

static void test_sync(void **state)
{
	(void)state;
	assert_int_equal(finish_sync(60000), 0);
}

/* The test is not process 1: nobody may stop the machine in passing. */
static void test_allowed(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(finish_allowed(FINISH_POWEROFF, &e), -EPERM);
	assert_non_null(strstr(e.msg, "systemctl poweroff"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
