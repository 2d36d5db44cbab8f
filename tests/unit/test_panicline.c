/* test_panicline - of a whole kernel log, is the line that tells why it crashed found? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/panicline.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *why, *log, *line;
} cases[] = {
	{ "sysrq, 5.x and newer",
	  "[   18.88] sysrq: Trigger a crash\n[   18.89] Kernel panic - not syncing: sysrq triggered crash\n"
	  "[   18.90] CPU: 1 PID: 1\n", "Kernel panic - not syncing: sysrq triggered crash" },
	{ "sysrq, before: it wrote to address 0",
	  "[    9.1] sysrq: SysRq : Trigger a crash\n[    9.2] BUG: unable to handle kernel NULL pointer "
	  "dereference at 0\n[    9.3] Oops: 0002 [#1] SMP PTI\n",
	  "BUG: unable to handle kernel NULL pointer dereference at 0" },
	{ "only the sysrq line came out", "[ 1.0] sysrq: Trigger a crash\n", "sysrq: Trigger a crash" },
	{ "an oops that starts the crash kernel before the panic is printed",
	  "[ 5.0] BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
	  "[ 5.0] #PF: supervisor write access in kernel mode\n[ 5.0] Oops: 0002 [#1] PREEMPT SMP\n",
	  "BUG: kernel NULL pointer dereference, address: 0000000000000000" },
	{ "the panic names no cause: that of the oops",
	  "[ 5.0] BUG: kernel NULL pointer dereference, address: 8\n[ 5.0] Oops: 0000 [#1]\n"
	  "[ 5.1] Kernel panic - not syncing: Fatal exception in interrupt\n",
	  "BUG: kernel NULL pointer dereference, address: 8" },
	{ "nothing but that panic", "[ 5.1] Kernel panic - not syncing: Fatal exception\n",
	  "Kernel panic - not syncing: Fatal exception" },
	{ "an old warning is not the cause",
	  "[ 1.0] BUG: workqueue lockup - pool cpus=0\n[ 900.0] Oops: general protection fault, probably for "
	  "non-canonical address 0xdead: 0000 [#1]\n",
	  "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]" },
	{ "soft lockup with panic",
	  "[ 60.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!\n"
	  "[ 60.1] Kernel panic - not syncing: softlockup: hung tasks\n",
	  "Kernel panic - not syncing: softlockup: hung tasks" },
	{ "BUG()", "[ 3.0] ------------[ cut here ]------------\n[ 3.0] kernel BUG at mm/slub.c:4000!\n"
	  "[ 3.0] invalid opcode: 0000 [#1] SMP\n", "kernel BUG at mm/slub.c:4000!" },
	{ "arm64", "[ 3.0] Unable to handle kernel NULL pointer dereference at virtual address 0\n"
	  "[ 3.0] Internal error: Oops: 0000000096000044 [#1] SMP\n",
	  "Unable to handle kernel NULL pointer dereference at virtual address 0" },
	{ "of two oopses the later", "[ 1.0] BUG: unable to handle page fault for address: 1\n"
	  "[ 2.0] BUG: unable to handle page fault for address: 2\n",
	  "BUG: unable to handle page fault for address: 2" },
	{ "out of memory", "[ 2.0] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n",
	  "Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled" },
	{ "no time stamp", "Kernel panic - not syncing: x\n", "Kernel panic - not syncing: x" },
	{ "a caller between stamp and text", "[    2.0][    T1] Kernel panic - not syncing: x\n",
	  "Kernel panic - not syncing: x" },
	{ "the same as makedumpfile writes it", "[    2.0] [     C3] Kernel panic - not syncing: x\n",
	  "Kernel panic - not syncing: x" },
	{ "no caller", "[    2.0] [Hardware Error]: Kernel panic - not syncing: x\n",
	  "[Hardware Error]: Kernel panic - not syncing: x" },
	{ "a caller that does not end", "[    2.0][    T1\n[    2.0] Oops: 1\n", "Oops: 1" },
	{ "nothing to see", "[ 1.0] Linux version 6.1\n[ 2.0] reboot: Restarting system\n", "" },
	{ "an empty log", "", "" },
	{ "a line without its end is not judged", "[ 1.0] Kernel panic - not syncing: half", "" },
	{ "what a terminal obeys", "[ 1.0] Kernel panic - not syncing: \x1b[2J\n",
	  "Kernel panic - not syncing: ?[2J" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 1; piece < 100; piece += 9) {
			struct panic_search s = { .rank = 0 };
			size_t len = strlen(cases[i].log);

			for (size_t at = 0; at < len; at += piece)
				assert_int_equal(panic_feed(&s, cases[i].log + at,
							    len - at < piece ? len - at : piece), 0);
			if (strcmp(s.best, cases[i].line))
				fail_msg("%s: '%s'", cases[i].why, s.best);
		}
}

static void test_long_line(void **state)
{
	struct panic_search s = { .rank = 0 };

	(void)state;
	panic_feed(&s, "Oops: ", 6);
	for (int i = 0; i < 5000; i++)
		panic_feed(&s, "x", 1);
	panic_feed(&s, "\n", 1);
	assert_int_equal(strlen(s.best), sizeof(s.best) - 1);
	assert_memory_equal(s.best, "Oops: xxx", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
