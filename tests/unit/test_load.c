/* test_load - is the right pair loaded, only when it must be, and the old one when that fails? */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "lib_system.h"
#include "lib_tree.h"
#include "prod/load.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RELEASE SYSTEM_RELEASE
#define MODULES SYSTEM_MODULES

static char root[64];

/* What the kernel's side of the loader does and saw. */
static struct {
	int  refuse;		/* so many calls from now on, with refusal */
	int  calls;
	char kernel[4200], initrd[4200], cmdline[2048];
} kernel_side;

static int load_double(const char *kernel, const char *initrd, const char *cmdline, struct err *e)
{
	char text[64];

	kernel_side.calls++;
	tree_text(root, "sys/kernel/kexec_crash_loaded", "0\n");	/* the old one is freed first */
	assert_int_equal(read_line(kernel, text, sizeof(text)), 0);
	assert_int_equal(read_line(initrd, text, sizeof(text)), 0);
	if (kernel_side.refuse > 0) {
		kernel_side.refuse--;
		return err_say(e, -ENOEXEC, "refused");
	}
	strcpy(kernel_side.kernel, kernel);
	strcpy(kernel_side.initrd, initrd);
	strcpy(kernel_side.cmdline, cmdline);
	tree_text(root, "sys/kernel/kexec_crash_loaded", "1\n");
	return 0;
}

static int make_root(void **state)
{
	(void)state;
	memset(&kernel_side, 0, sizeof(kernel_side));
	system_make(root);
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

static void fill(struct place *p, char program[128])
{
	snprintf(program, 128, "%s/program", root);
	system_place(root, p);
	p->program = program;
}

/* kdump load; *report is freed by the caller. */
static int load(struct load_report *report, bool force, struct err *e)
{
	struct place *p = malloc(sizeof(*p));
	struct load_request q = { .place = p, .force = force, .load = load_double };
	char program[128];
	int rc;

	fill(p, program);
	*report = (struct load_report){ 0 };
	rc = load_run(&q, report, e);
	free(p);
	return rc;
}

/* What kdump status says, and its changes. */
static enum readiness status(char changes[1024])
{
	struct place *p = malloc(sizeof(*p));
	struct status s = { 0 };
	struct err e = { 0 };
	char program[128];
	enum readiness is;

	fill(p, program);
	p->modules = NULL;	/* it knows what was asked for */
	assert_int_equal(status_read(&s, p, &e), 0);
	changes[0] = 0;
	for (size_t i = 0; i < s.nr_changes; i++)
		snprintf(changes + strlen(changes), 1024 - strlen(changes), "%s%s", i ? ", " : "", s.changes[i]);
	is = s.is;
	status_free(&s);
	free(p);
	return is;
}

static unsigned files_in_state(void)
{
	char path[128];
	struct dirent *d;
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/var/lib/kdumpbox", root);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void load_once(void)
{
	struct load_report report;
	struct err e = { 0 };

	assert_int_equal(load(&report, false, &e), 0);
	load_free(&report);
}

static void test_load(void **state)
{
	struct load_report report;
	char changes[1024];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(status(changes), NOT_LOADED);
	assert_int_equal(load(&report, false, &e), 0);
	assert_false(report.current);
	load_free(&report);
	assert_int_equal(kernel_side.calls, 1);
	assert_non_null(strstr(kernel_side.cmdline, "console=ttyS0"));
	assert_null(strstr(kernel_side.cmdline, "crashkernel"));
	assert_non_null(strstr(kernel_side.cmdline, "panic=10"));
	assert_int_equal(status(changes), READY);
	/* kernel, initramfs, record, lock */
	assert_int_equal(files_in_state(), 4);
	/* again: nothing to do; with force: loaded, but not made again */
	assert_int_equal(load(&report, false, &e), 0);
	assert_true(report.current);
	load_free(&report);
	assert_int_equal(kernel_side.calls, 1);
	assert_int_equal(load(&report, true, &e), 0);
	assert_true(report.reused);
	load_free(&report);
	assert_int_equal(kernel_side.calls, 2);
	/* the next boot */
	tree_text(root, "proc/sys/kernel/random/boot_id", "11234567-89ab-cdef-0123-456789abcdef\n");
	assert_int_equal(status(changes), READY_FOREIGN);
	tree_text(root, "sys/kernel/kexec_crash_loaded", "0\n");
	assert_int_equal(status(changes), NOT_LOADED);
	assert_int_equal(load(&report, false, &e), 0);
	assert_true(report.reused);
	load_free(&report);
	assert_int_equal(status(changes), READY);
}

static const struct {
	const char *why, *path, *text, *said;
} changed[] = {
	{ "the kernel", "boot/vmlinuz-" RELEASE, "another kernel\n", "kernel changed" },
	{ "the configuration", "etc/kdump.conf", "raw /dev/vda\ndump_level 1\n", "configuration changed" },
	{ "the target", "etc/kdump.conf", "raw /dev/vdb\n", "target changed" },
	{ "the command line", "proc/cmdline", "console=ttyS1\n", "command line changed" },
	{ "the program", "program", "another static program", "kdumpbox changed" },
	{ "memory", "proc/iomem", "00100000-7fffffff : System RAM\n", "memory or processors changed" },
	{ "a processor", "sys/devices/system/cpu/present", "0-4\n", "memory or processors changed" },
	{ "what is below memory", "proc/iomem",
	  "00001000-0009fbff : System RAM\n00100000-3fffffff : System RAM\n  01000000-02ffffff : Kernel code\n", "" },
	{ "a module that is not in the image", MODULES "kernel/virtio_pci.ko", "x", "" },
	{ "another file", "etc/fstab", "x", "" },
};

static void test_changes(void **state)
{
	for (size_t i = 0; i < COUNT(changed); i++) {
		struct load_report report;
		char changes[1024];
		struct err e = { 0 };

		print_message("%s\n", changed[i].why);
		load_once();
		tree_text(root, changed[i].path, changed[i].text);
		tree_mode(root, "program", 0755);
		assert_int_equal(status(changes), *changed[i].said ? READY_STALE : READY);
		assert_string_equal(changes, changed[i].said);
		assert_int_equal(load(&report, false, &e), 0);
		assert_int_equal(report.current, !*changed[i].said);
		load_free(&report);
		assert_int_equal(status(changes), READY);
		assert_int_equal(files_in_state(), 4);
		remove_root(state);
		make_root(state);
	}
}

/* The kernel follows hotplug itself: no reload. */
static void test_crash_hotplug(void **state)
{
	char changes[1024];

	(void)state;
	load_once();
	tree_text(root, "sys/devices/system/cpu/crash_hotplug", "1\n");
	tree_text(root, "sys/devices/system/memory/crash_hotplug", "1\n");
	tree_text(root, "proc/iomem", "00100000-7fffffff : System RAM\n");
	assert_int_equal(status(changes), READY);
	load_once();
	assert_int_equal(kernel_side.calls, 1);
}

static const struct {
	const char *why;
	bool        before;	/* something of ours was loaded */
	int         refuse;
	const char *limit;	/* kexec_load_limit_panic */
	bool        force;
	int         calls;	/* of the loader */
	const char *said;
	enum readiness is;
} failures[] = {
	{ "nothing before", false, 1, "-1", false, 1, "refused", NOT_LOADED },
	{ "put back", true, 1, "-1", false, 2, "refused; what was loaded before is loaded again", READY_STALE },
	{ "cannot be put back", true, 2, "-1", false, 2,
	  "refused; what was loaded before is gone, and cannot be put back: refused", NOT_LOADED },
	{ "no load is left", true, 0, "0", false, 0, "kexec_load_limit_panic is used up", READY_STALE },
	{ "one load is left", true, 0, "1", false, 0, "leaves one load", READY_STALE },
	{ "one load is left, forced", true, 0, "1", true, 1, "", READY },
	{ "one load is left, and nothing to lose", false, 0, "1", false, 1, "", READY },
	{ "two loads are left", true, 1, "2", false, 2, "loaded again", READY_STALE },
};

static void test_failures(void **state)
{
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct load_report report;
		char changes[1024], kernel[4200] = "";
		struct err e = { 0 };
		int rc;

		print_message("%s\n", failures[i].why);
		if (failures[i].before)
			load_once();
		strcpy(kernel, kernel_side.kernel);
		tree_text(root, "boot/vmlinuz-" RELEASE, "a bad kernel\n");
		tree_text(root, "proc/sys/kernel/kexec_load_limit_panic", failures[i].limit);
		kernel_side.calls = 0;
		kernel_side.refuse = failures[i].refuse;
		rc = load(&report, failures[i].force, &e);
		assert_int_equal(rc != 0, *failures[i].said != 0);
		assert_non_null(strstr(e.msg, failures[i].said));
		assert_int_equal(kernel_side.calls, failures[i].calls);
		assert_int_equal(status(changes), failures[i].is);
		if (report.restored) {
			assert_string_equal(kernel_side.kernel, kernel);
			assert_string_equal(changes, "kernel changed");
			assert_int_equal(files_in_state(), 4);
		}
		load_free(&report);
		remove_root(state);
		make_root(state);
	}
}

static void test_disabled(void **state)
{
	struct load_report report;
	struct err e = { 0 };

	(void)state;
	tree_text(root, "proc/sys/kernel/kexec_load_disabled", "1\n");
	assert_int_equal(load(&report, true, &e), -EPERM);
	assert_non_null(strstr(e.msg, "kexec_load_disabled"));
	assert_int_equal(kernel_side.calls, 0);
	load_free(&report);
}

/* Somebody else's image cannot be put back. */
static void test_foreign(void **state)
{
	struct load_report report;
	char changes[1024];
	struct err e = { 0 };

	(void)state;
	tree_text(root, "sys/kernel/kexec_crash_loaded", "1\n");
	assert_int_equal(status(changes), READY_FOREIGN);
	kernel_side.refuse = 1;
	assert_int_equal(load(&report, false, &e), -ENOEXEC);
	assert_non_null(strstr(e.msg, "was not ours, and is gone"));
	load_free(&report);
}

/* Files of the state directory that were damaged are made again; a damaged record is an error unless forced. */
static void test_damage(void **state)
{
	struct load_report report;
	struct err e = { 0 };
	char text[64];

	(void)state;
	load_once();
	tree_text(root, kernel_side.initrd + strlen(root) + 1, "damaged");
	tree_text(root, kernel_side.kernel + strlen(root) + 1, "damaged");
	assert_int_equal(load(&report, true, &e), 0);
	assert_false(report.reused);
	load_free(&report);
	assert_int_equal(read_line(kernel_side.kernel, text, sizeof(text)), 0);
	assert_string_equal(text, "a kernel");
	tree_text(root, "var/lib/kdumpbox/loaded.json", "{ \"inputs\": [ \"x\" ]");
	assert_int_equal(load(&report, false, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "loaded.json"));
	load_free(&report);
	assert_int_equal(load(&report, true, &e), 0);
	load_free(&report);
}

/* The list of parts is in the image, and names them all but itself. */
static void test_list_in_image(void **state)
{
	struct wanted *w = calloc(1, sizeof(*w));
	struct place *p = malloc(sizeof(*p));
	const struct cpio_entry *entry;
	char program[128], line[256];
	struct err e = { 0 };

	(void)state;
	fill(p, program);
	assert_int_equal(wanted_make(w, p, &e), 0);
	entry = cpio_find(&w->image, WANTED_LIST);
	assert_non_null(entry);
	for (size_t i = 0; i < w->inputs.n; i++) {
		inputs_line(&w->inputs.list[i], line, sizeof(line));
		assert_non_null(strstr(entry->data, line));
	}
	assert_non_null(strstr(entry->data, " kernel\n"));
	assert_non_null(strstr(entry->data, " command line\n"));
	assert_non_null(strstr(entry->data, " module virtio_blk\n"));
	assert_null(strstr(entry->data, WANTED_LIST));
	wanted_free(w);
	free(w);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_changes, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_crash_hotplug, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_failures, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_disabled, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_foreign, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_list_in_image, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_damage, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
