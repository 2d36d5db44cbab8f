/* test_module - do modules get the parameters that the kernel command line has for them? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/module.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *why, *cmdline, *name, *params;
} cases[] = {
	{ "nothing", "", "a", "" },
	{ "not for this one", "b.x=1 ax.y=2 x=a.b", "a", "" },
	{ "one", "root=/dev/x a.x=1 quiet", "a", "x=1" },
	{ "several, in order", "a.y=2 b.y=3 a.x=1", "a", "y=2 x=1" },
	{ "without a value", "a.debug", "a", "debug" },
	{ "'-' is '_'", "nvme-core.admin_timeout=20", "nvme_core", "admin_timeout=20" },
	{ "'_' is '-'", "nvme_core.admin_timeout=20", "nvme-core", "admin_timeout=20" },
	{ "a quoted value with a blank", "a.dyndbg=\"file x +p\" b.x=1", "a",
	  "dyndbg=\"file x +p\"" },
	{ "inside quotes there is no word", "x=\"1 a.y=2\"", "a", "" },
	{ "a dot alone is no parameter", "a. a.=1", "a", "" },
	{ "dots in the parameter", "a.b.c=1", "a", "b.c=1" },
	{ "what follows -- is for init", "a.x=1 -- a.y=2", "a", "x=1" },
	{ "newline at the end, as in /proc/cmdline", "a.x=1\n", "a", "x=1" },
	{ "an open quote ends with the line", "a.x=\"1 2", "a", "x=\"1 2" },
};

static void test_params(void **state)
{
	char out[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].why);
		assert_int_equal(module_cmdline_params(cases[i].cmdline, cases[i].name, out,
						       sizeof(out)), 0);
		assert_string_equal(out, cases[i].params);
	}
}

static void test_no_room(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(module_cmdline_params("a.x=1234", "a", out, sizeof(out)), 0);
	assert_int_equal(module_cmdline_params("a.x=123456", "a", out, sizeof(out)), -ENOSPC);
	assert_int_equal(module_cmdline_params("a.x=1 a.y=23", "a", out, sizeof(out)), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
