/* test_kexec_state - is what the kernel says about kexec understood, old and new? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/kexec_state.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OLD "sys/kernel/kexec_crash_loaded=1|sys/kernel/kexec_crash_size=100663296"
#define NEW "sys/kernel/kexec/crash_loaded=1|sys/kernel/kexec/crash_size=134217728"
#define CPU "sys/devices/system/cpu/crash_hotplug="
#define MEMORY "sys/devices/system/memory/crash_hotplug="

static const struct {
	const char *why, *files;	/* PATH=LINE, split by '|' */
	int         rc;
	struct kexec_state is;
} cases[] = {
	{ "before 6.19", OLD, 0, { true, 96 << 20, false, -1, false, false } },
	{ "since 6.19", NEW, 0, { true, 128 << 20, false, -1, false, false } },
	{ "the new place is believed", OLD "|" NEW, 0, { true, 128 << 20, false, -1, false, false } },
	{ "not loaded, nothing reserved", "sys/kernel/kexec_crash_loaded=0|sys/kernel/kexec_crash_size=0", 0,
	  { false, 0, false, -1, false, false } },
	{ "a kernel without kexec", "sys/kernel/uevent_seqnum=1", -ENOENT, { 0 } },
	{ "loading is disabled", OLD "|proc/sys/kernel/kexec_load_disabled=1", 0,
	  { true, 96 << 20, true, -1, false, false } },
	{ "loading is not disabled", OLD "|proc/sys/kernel/kexec_load_disabled=0", 0,
	  { true, 96 << 20, false, -1, false, false } },
	{ "a limit", OLD "|proc/sys/kernel/kexec_load_limit_panic=2", 0, { true, 96 << 20, false, 2, false, false } },
	{ "no limit", OLD "|proc/sys/kernel/kexec_load_limit_panic=-1", 0,
	  { true, 96 << 20, false, -1, false, false } },
	{ "locked down", OLD "|sys/kernel/security/lockdown=none [integrity] confidentiality", 0,
	  { true, 96 << 20, false, -1, true, false } },
	{ "not locked down", OLD "|sys/kernel/security/lockdown=[none] integrity confidentiality", 0,
	  { true, 96 << 20, false, -1, false, false } },
	{ "the kernel follows hotplug", OLD "|" CPU "1|" MEMORY "1", 0, { true, 96 << 20, false, -1, false, true } },
	{ "of one kind only", OLD "|" CPU "1|" MEMORY "0", 0, { true, 96 << 20, false, -1, false, false } },
	{ "the other kind cannot be plugged", OLD "|" CPU "1", 0, { true, 96 << 20, false, -1, false, true } },
};

static void test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kexec_state is;
		struct err e = { 0 };
		char root[64];

		print_message("%s\n", cases[i].why);
		tree_make(root);
		for (const char *p = cases[i].files; *p; p += strcspn(p, "|"), p += *p == '|') {
			char path[128], line[128];

			assert_int_equal(sscanf(p, "%127[^=]=%127[^|]", path, line), 2);
			strcat(line, "\n");
			tree_text(root, path, line);
		}
		assert_int_equal(kexec_state_read(&is, root, &e), cases[i].rc);
		if (!cases[i].rc) {
			assert_int_equal(is.loaded, cases[i].is.loaded);
			assert_int_equal(is.reserved, cases[i].is.reserved);
			assert_int_equal(is.disabled, cases[i].is.disabled);
			assert_int_equal(is.limit, cases[i].is.limit);
			assert_int_equal(is.locked_down, cases[i].is.locked_down);
			assert_int_equal(is.hotplug, cases[i].is.hotplug);
		} else {
			assert_non_null(strstr(e.msg, "cannot kexec"));
		}
		tree_remove(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_states) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
