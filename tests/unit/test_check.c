/* test_check - is what would keep a dump from being made found, and its remedy named? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "boot/kconfig.h"
#include "lib_system.h"
#include "lib_tree.h"
#include "prod/check.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define R SYSTEM_RELEASE
#define LOCKED "sys/kernel/security/lockdown", "none [integrity] confidentiality\n"

/* All findings as lines "verdict name: text -> remedy". */
static void take(void *ctx, const struct finding *f)
{
	char *all = ctx;
	size_t n = strlen(all);

	snprintf(all + n, 16384 - n, "%s %s: %s%s%s\n", check_words[f->verdict], f->name, f->text,
		 f->remedy ? " -> " : "", f->remedy ? f->remedy : "");
}

static const struct {
	const char *why, *path, *text;	/* a file that is different */
	const char *said;		/* a finding begins with that */
} cases[] = {
	{ "options are there", NULL, NULL, "ok kernel-config: kernel " R " has what it needs" },
	{ "no PROC_VMCORE", "boot/config-" R, "CONFIG_SYSFS=y\n# CONFIG_PROC_VMCORE is not set\n",
	  "failure kernel-config: kernel " R " has no CONFIG_PROC_VMCORE" },
	{ "an option as a comment or a part of another", "boot/config-" R,
	  "#CONFIG_SYSFS=y\nXCONFIG_SYSFS=y\nCONFIG_SYSFS=m\nCONFIG_SYSFS_X=y\n",
	  "failure kernel-config: kernel " R " has no CONFIG_SYSFS:" },
	{ "gzip is as good as zstd", "boot/config-" R,
	  "CONFIG_SYSFS=y\nCONFIG_KEXEC_FILE=y\nCONFIG_CRASH_DUMP=y\nCONFIG_PROC_VMCORE=y\nCONFIG_BLK_DEV_INITRD=y\n"
	  "CONFIG_RD_GZIP=y\nCONFIG_DEVTMPFS=y\nCONFIG_MAGIC_SYSRQ=y\nCONFIG_DEBUG_INFO=y",
	  "ok kernel-config: " },
	{ "no debugging information", "boot/config-" R,
	  "CONFIG_SYSFS=y\nCONFIG_KEXEC_FILE=y\nCONFIG_CRASH_DUMP=y\nCONFIG_PROC_VMCORE=y\nCONFIG_BLK_DEV_INITRD=y\n"
	  "CONFIG_RD_GZIP=y\nCONFIG_DEVTMPFS=y\nCONFIG_MAGIC_SYSRQ=y\n",
	  "warning kernel-config: kernel " R " has no CONFIG_DEBUG_INFO" },

	{ "reserved", NULL, NULL, "ok crashkernel: 128 MiB" },
	{ "asked for, not reserved", "sys/kernel/kexec_crash_size", "0\n",
	  "failure crashkernel: no memory is reserved, although" },
	{ "reserved without a word", "proc/cmdline", "root=/dev/sda1\n", "ok crashkernel: 128 MiB are reserved, " },

	{ "may be loaded", NULL, NULL, "ok kexec-allowed: a kernel can be loaded\n" },
	{ "disabled before it was loaded", "proc/sys/kernel/kexec_load_disabled", "1\n",
	  "failure kexec-allowed: kernel.kexec_load_disabled is 1" },
	{ "no load left", "proc/sys/kernel/kexec_load_limit_panic", "0\n", "failure kexec-allowed: " },
	{ "one load left, none needed back", "proc/sys/kernel/kexec_load_limit_panic", "1\n",
	  "ok kexec-allowed: kernel.kexec_load_limit_panic leaves 1" },

	{ "not locked down", NULL, NULL, "ok signature: not asked for" },
	{ "locked down, no signature", LOCKED, "failure signature: the kernel is locked down, and" },

	{ "SysRq", NULL, NULL, "ok sysrq: " },
	{ "SysRq without the bit for dumps", "proc/sys/kernel/sysrq", "438\n", "ok sysrq: a crash cannot be asked for by keyboard" },
	{ "SysRq with the bit for dumps", "proc/sys/kernel/sysrq", "8\n", "ok sysrq: " },
	{ "no SysRq", "proc/sys/kernel/sysrq", "0\n", "ok sysrq: a crash cannot be asked for by keyboard" },
	{ "an oops is no panic", "proc/sys/kernel/panic_on_oops", "0\n", "warning panic-on-oops: " },
	{ "a machine that hangs", "proc/sys/kernel/panic", "0\n", "warning panic-timeout: " },
	{ "a machine that reboots at once", "proc/sys/kernel/panic", "-1\n", "ok panic-timeout: " },

	{ "a configuration", NULL, NULL, "ok configuration: " },
	{ "a key that is none", "etc/kdump.conf", "raw /dev/vda\ndump_leve 1\n", "failure configuration: " },
	{ "an old name", "etc/kdump.conf", "raw /dev/vda\ndefault halt\n", "warning configuration: " },

	{ "an image", NULL, NULL, "ok image: can be made for kernel " R ", with 1 modules" },
	{ "a module that is missing", SYSTEM_MODULES "modules.dep", "kernel/virtio_pci.ko:\n", "failure image: " },
	{ "not loaded", NULL, NULL, "failure loaded: no crash kernel is loaded -> kdumpbox kdump load" },
	{ "loaded by another one", "sys/kernel/kexec_crash_loaded", "1\n", "warning loaded: " },
	{ "targets of another machine", NULL, NULL, "warning target: targets are looked at" },
};

static enum verdict run(const char *root, char all[16384])
{
	struct place *p = malloc(sizeof(*p));
	struct check c = { .place = p, .tell = take, .ctx = all };
	enum verdict worst;
	char program[128];

	snprintf(program, sizeof(program), "%s/program", root);
	system_place(root, p);
	p->program = program;
	all[0] = 0;
	worst = check_run(&c);
	free(p);
	return worst;
}

static bool has_line(const char *all, const char *start)
{
	for (const char *line = all; *line; line = strchr(line, '\n') + 1)
		if (!strncmp(line, start, strlen(start)))
			return true;
	return false;
}

static void test_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char root[64], all[16384];

		print_message("%s\n", cases[i].why);
		system_make(root);
		if (cases[i].path)
			tree_text(root, cases[i].path, cases[i].text);
		run(root, all);
		if (!has_line(all, cases[i].said))
			print_message("%s", all);
		assert_true(has_line(all, cases[i].said));
		tree_remove(root);
	}
}

/* A kernel that cannot kexec at all, and one whose file is not there, are no reason to stop. */
static void test_missing(void **state)
{
	char root[64], all[16384], path[128];

	(void)state;
	system_make(root);
	snprintf(path, sizeof(path), "%s/sys/kernel/kexec_crash_loaded", root);
	assert_int_equal(remove(path), 0);
	snprintf(path, sizeof(path), "%s/boot/vmlinuz-" R, root);
	assert_int_equal(remove(path), 0);
	assert_int_equal(run(root, all), CHECK_FAILURE);
	assert_true(has_line(all, "failure kexec-allowed: this kernel cannot kexec"));
	assert_true(has_line(all, "failure kernel: there is no kernel " R));
	assert_true(has_line(all, "ok panic-on-oops: "));
	tree_remove(root);
}

/* The size is judged by the estimate: this kernel takes six times its 8 MiB. */
static void test_reservation(void **state)
{
	static const struct { const char *bytes, *said; } sizes[] = {
		{ "33554432\n", "failure crashkernel: 32 MiB are reserved, " },
		{ "73400320\n", "warning crashkernel: 70 MiB are reserved, " },
		{ "209715200\n", "ok crashkernel: 200 MiB are reserved, " },
	};
	char root[64], all[16384], *kernel = calloc(8, 1 << 20);

	(void)state;
	system_make(root);
	tree_bytes(root, "boot/vmlinuz-" R, kernel, 8 << 20);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		tree_text(root, "sys/kernel/kexec_crash_size", sizes[i].bytes);
		run(root, all);
		assert_true(has_line(all, sizes[i].said));
	}
	tree_text(root, "sys/kernel/kexec_crash_size", "0\n");
	tree_text(root, "proc/iomem", "00100000-07ffffff : System RAM\n");
	run(root, all);
	assert_true(has_line(all, "failure crashkernel: no memory is reserved, and this machine has too little"));
	free(kernel);
	tree_remove(root);
}

/* A PE header with, and without, a table of certificates. */
static void test_signature(void **state)
{
	char root[64], all[16384];
	uint8_t image[4096] = "MZ";

	(void)state;
	system_make(root);
	tree_text(root, LOCKED);
	put_le32(image + 0x3c, 0x80);
	memcpy(image + 0x80, "PE\0", 4);
	image[0x80 + 24] = 0x0b;
	image[0x80 + 25] = 0x02;
	tree_bytes(root, "boot/vmlinuz-" R, image, sizeof(image));
	run(root, all);
	assert_true(has_line(all, "failure signature: "));
	put_le32(image + 0x80 + 24 + 112 + 4 * 8, 0x1000);
	put_le32(image + 0x80 + 24 + 112 + 4 * 8 + 4, 0x200);
	tree_bytes(root, "boot/vmlinuz-" R, image, sizeof(image));
	run(root, all);
	assert_true(has_line(all, "ok signature: the kernel is locked down, and "));
	put_le32(image + 0x3c, 0xfffffff0);	/* a header outside the file */
	tree_bytes(root, "boot/vmlinuz-" R, image, sizeof(image));
	run(root, all);
	assert_true(has_line(all, "failure signature: "));
	tree_remove(root);
}

static void test_dump_size(void **state)
{
	static const struct { int level; uint64_t kib; } sizes[] = {
		{ 0, 1000000 }, { 1, 1000000 }, { 16, 600000 }, { 31, 290000 }, { 8, 900000 }, { 2, 790000 },
	};
	char root[64];

	(void)state;
	system_make(root);
	for (size_t i = 0; i < COUNT(sizes); i++)
		assert_int_equal(check_dump_size(root, sizes[i].level), sizes[i].kib << 10);
	tree_text(root, "proc/meminfo", "nothing\n");
	assert_int_equal(check_dump_size(root, 31), 0);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_reservation), cmocka_unit_test(test_signature), cmocka_unit_test(test_dump_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
