/* test_image - does an image hold what it needs to run, and is what is missing named? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "boot/image.h"
#include "boot/imageconf.h"
#include "boot/imagemod.h"
#include "boot/imageprog.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RELEASE "6.1.0-test"
#define AT "lib/modules/" RELEASE "/"

static char root[64], program[128], config[128];

static void put_module(const char *path, const char *info, size_t len)
{
	char image[4096], full[256];
	size_t n = tree_module(image, info, len);

	snprintf(full, sizeof(full), AT "%s", path);
	tree_bytes(root, full, image, n);
}

/* A small but complete system: its modules, programs and firmware. */
static int make_root(void **state)
{
	static const char *const modules[] = {
		"kernel/virtio.ko", "kernel/virtio_pci.ko", "kernel/virtio_blk.ko",
			"kernel/virtio_mem.ko",
		"kernel/xfs.ko", "kernel/libcrc32c.ko", "kernel/crc32c-intel.ko", "kernel/vfat.ko",
		"kernel/nls_cp437.ko", "kernel/nls_ascii.ko",
	};

	(void)state;
	tree_make(root);
	for (size_t i = 0; i < COUNT(modules); i++)
		put_module(modules[i], "license=GPL", 12);
	put_module("kernel/hba.ko",
		"firmware=hba.bin\0firmware=missing.bin\0firmware=../../etc/passwd", 62);
	tree_text(root, AT "kernel/notelf.ko", "this is no module");
	tree_text(root, AT "modules.dep",
		  "kernel/virtio.ko:\nkernel/virtio_pci.ko: kernel/virtio.ko\n"
		  "kernel/virtio_blk.ko: kernel/virtio.ko\nkernel/virtio_mem.ko: kernel/virtio.ko\n"
		  "kernel/xfs.ko: kernel/libcrc32c.ko\nkernel/libcrc32c.ko:\n"
		  "kernel/crc32c-intel.ko:\n"
		  "kernel/vfat.ko:\nkernel/nls_cp437.ko:\nkernel/nls_ascii.ko:\nkernel/hba.ko:\n"
		  "kernel/notelf.ko:\nkernel/gone.ko:\n");
	tree_text(root, AT "modules.alias", "alias fs-xfs xfs\nalias fs-vfat vfat\n"
					    "alias crypto-crc32c crc32c-intel\n");
	tree_text(root, AT "modules.softdep", "softdep libcrc32c pre: crypto-crc32c\n");
	tree_text(root, AT "modules.builtin", "kernel/ext4.ko\nkernel/raid1.ko\nkernel/dm-mod.ko\n");
	tree_bytes(root, AT "modules.builtin.modinfo", "ext4.alias=fs-ext4", 19);
	tree_text(root, "lib/firmware/hba.bin.xz", "firmware");
	tree_text(root, "usr/bin/hook", "#!/bin/sh\n");
	tree_mode(root, "usr/bin/hook", 0755);
	tree_text(root, "bin/sh", "a static shell");
	tree_mode(root, "bin/sh", 0755);
	tree_text(root, "etc/data", "data");
	tree_text(root, "program", "static program");
	tree_mode(root, "program", 0755);
	snprintf(program, sizeof(program), "%s/program", root);
	snprintf(config, sizeof(config), "%s/kdump.conf", root);
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

static const char *const applets[] = { "save", "modprobe", NULL };

static int collect(struct cpio *c, const char *text, const char *modules, const char *const *adds,
		   size_t nr_adds, struct err *e)
{
	struct image_spec spec = { root, RELEASE, config, modules, adds, nr_adds, program,
		applets, false };
	struct image_report report;

	tree_text(root, "kdump.conf", text);
	return image_collect(c, &spec, &report, e);
}

static const char *content(const struct cpio *c, const char *path)
{
	const struct cpio_entry *entry = cpio_find(c, path);

	return entry && entry->kind == 'f' ? entry->data : "(no file)";
}

#define XFS "xfs UUID=1234\n"

static const struct {
	const char *why, *conf, *modules;
	const char *loads;		/* /etc/kdumpbox/modules */
	const char *there, *gone;	/* paths below the modules' directory, split by blanks */
} loads[] = {
	{ "drivers and the filesystem of the target", XFS, "virtio_blk,virtio_pci",
	  "virtio_pci virtio_blk xfs",
	  "virtio xfs libcrc32c crc32c-intel", "virtio_mem vfat" },
	{ "a built-in filesystem needs nothing", "ext4 UUID=1\n", "virtio_blk", "virtio_blk",
	  "virtio", "xfs" },
	{ "ext3 is served by ext4", "ext3 UUID=1\n", "virtio_blk", "virtio_blk", "", "" },
	{ "virtio_mem before the disk, its bus before it", XFS, "virtio_blk virtio_mem virtio_pci",
	  "virtio_pci virtio_mem virtio_blk xfs", "", "" },
	{ "what the kernel asks for lies there, but is not loaded", "vfat UUID=1\n", "virtio_blk",
	  "virtio_blk vfat", "vfat nls_cp437 nls_ascii", "nls_utf8" },
	{ "the same for a filesystem in the list", "raw /dev/vda\n", "virtio_blk vfat",
	  "virtio_blk vfat",
	  "nls_ascii", "" },
	{ "the same twice", XFS, "xfs,virtio_blk xfs", "xfs virtio_blk", "", "" },
	{ "extra_modules of kdump.conf", "extra_modules hba virtio_mem # two\nraw /dev/vda\n",
	  "virtio_blk",
	  "virtio_mem virtio_blk hba", "hba", "" },
	{ "no driver at all", "raw /dev/vda\n", "", "", "", "virtio xfs" },
};

static void check_modules(const struct cpio *c, const char *names, bool there)
{
	for (const char *p = names; *p; p += strspn(p, " ")) {
		int n = (int)strcspn(p, " ");
		char path[256];

		snprintf(path, sizeof(path), "/" AT "kernel/%.*s.ko", n, p);
		if (!cpio_find(c, path) == there)
			print_message("%s\n", path);
		assert_int_equal(cpio_find(c, path) != NULL, there);
		p += n;
	}
}

static void test_modules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(loads); i++) {
		struct cpio c = { 0 };
		struct err e = { 0 };
		char list[256];

		print_message("%s\n", loads[i].why);
		if (collect(&c, loads[i].conf, loads[i].modules, NULL, 0, &e))
			fail_msg("%s", e.msg);
		snprintf(list, sizeof(list), "%s", content(&c, "/etc/kdumpbox/modules"));
		for (char *p = list; *p; p++)
			if (*p == '\n')
				*p = p[1] ? ' ' : 0;
		assert_string_equal(list, loads[i].loads);
		check_modules(&c, loads[i].there, true);
		check_modules(&c, loads[i].gone, false);
		cpio_free(&c);
	}
}

/* Only what the target lies on is put together, built in or not. */
static void test_assemble(void **state)
{
	static const struct {
		const char *modules, *file;
	} rows[] = {
		{ "virtio_blk", "(none)" },
		{ "virtio_blk raid1", "mirrors\n" },
		{ "virtio_blk dm-mod", "volumes\n" },
		{ "virtio_blk dm_mod raid1", "mirrors\nvolumes\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cpio c = { 0 };

		assert_int_equal(collect(&c, XFS, rows[i].modules, NULL, 0, NULL), 0);
		assert_string_equal(cpio_find(&c, "/etc/kdumpbox/assemble") ? content(&c, "/etc/kdumpbox/assemble") : "(none)",
				    rows[i].file);
		cpio_free(&c);
	}
}

static void test_content(void **state)
{
	struct cpio c = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(collect(&c, XFS "path /dumps", "virtio_blk hba", NULL, 0, &e), 0);
	assert_string_equal(content(&c, "/init"), "static program");
	assert_string_equal(content(&c, "/sbin/modprobe"), "static program");
	assert_string_equal(content(&c, "/sbin/save"), "static program");
	assert_string_equal(content(&c, "/etc/kdump.conf"), XFS "path /dumps\n");
	assert_string_equal(content(&c, "/lib/firmware/hba.bin.xz"), "firmware");
	assert_null(cpio_find(&c, "/etc/passwd"));
	assert_int_equal(cpio_find(&c, "/dev/console")->kind, 'c');
	assert_string_equal(content(&c, "/" AT "modules.dep"),
			    "kernel/virtio.ko:\nkernel/virtio_blk.ko: kernel/virtio.ko\n"
			    "kernel/xfs.ko: kernel/libcrc32c.ko\nkernel/libcrc32c.ko:\n"
			    "kernel/crc32c-intel.ko:\nkernel/hba.ko:\n");
	cpio_free(&c);
}

static const struct {
	const char *why, *conf, *modules, *add, *error;
} refused[] = {
	{ "a module that the kernel does not have", XFS, "virtio_blok", NULL,
	  "did you mean virtio_blk?" },
	{ "a file that modules.dep promises", XFS, "gone", NULL, "gone.ko" },
	{ "a module that is none", XFS, "notelf", NULL, "notelf.ko is not a kernel module" },
	{ "a filesystem that the kernel does not have", "btrfs UUID=1\n", "virtio_blk", NULL,
	  "fs-btrfs" },
	{ "an unknown key", "paht /x\n" XFS, "", NULL, "did you mean path?" },
	{ "no target, and another machine's root", "path /x\n", "", NULL, "names no target" },
	{ "a file to add that is missing", XFS, "", "/nonexistent:/x", "/nonexistent" },
	{ "a directory to add", XFS, "", "/:/x", "not a regular file" },
	{ "nothing but a name to add", XFS, "", "abc", "is not SRC:DST" },
	{ "a destination that leads out", XFS, "", "/etc/passwd:/../x", "no absolute path" },
	{ "a hook that is nowhere", XFS "kdump_pre /usr/bin/missing\n", "", NULL,
	  "kdump_pre /usr/bin/missing" },
	{ "a hook that cannot be executed", XFS "kdump_post /etc/data\n", "", NULL,
	  "not executable" },
	{ "a hook whose shell is not there", XFS "kdump_post /usr/bin/hook\n", "", NULL,
	  "its interpreter /bin/sh is not in the image" },
	{ "an extra program that is missing", XFS "extra_bins /usr/bin/missing\n", "", NULL,
	  "extra_bins /usr/bin/missing" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const char *add = refused[i].add;
		struct cpio c = { 0 };
		struct err e = { 0 };

		print_message("%s\n", refused[i].why);
		assert_true(collect(&c, refused[i].conf, refused[i].modules, &add, add != NULL,
			&e) < 0);
		if (!strstr(e.msg, refused[i].error))
			fail_msg("'%s' is not in: %s", refused[i].error, e.msg);
		cpio_free(&c);
	}
}

/* With its shell added, or with a shell that is asked for, the same hook is fine. */
static void test_programs(void **state)
{
	struct cpio c = { 0 };
	struct err e = { 0 };
	char add[256];
	const char *adds[] = { add };

	(void)state;
	snprintf(add, sizeof(add), "%s/bin/sh:/bin/", root);
	assert_int_equal(collect(&c, XFS "kdump_post /usr/bin/hook\n", "", adds, 1, &e), 0);
	assert_string_equal(content(&c, "/usr/bin/hook"), "#!/bin/sh\n");
	assert_int_equal(cpio_find(&c, "/usr/bin/hook")->mode, 0755);
	cpio_free(&c);
	assert_int_equal(collect(&c, XFS "failure_action shell\nkdump_pre /usr/bin/hook\n", "",
				 NULL, 0, &e), 0);
	assert_string_equal(content(&c, "/bin/sh"), "a static shell");
	cpio_free(&c);
	assert_int_equal(collect(&c, XFS "extra_bins /program /bin/sh\nkdump_pre /usr/bin/hook\n",
		"",
				 NULL, 0, &e), 0);
	assert_string_equal(content(&c, "/program"), "static program");
	cpio_free(&c);
}

/* First bytes of programs, and whether they can run. */
static const struct {
	const char *why, *start;
	size_t      len;
	int         rc;
} starts[] = {
	{ "anything", "abc", 3, 0 },
	{ "empty", "", 0, 0 },
	{ "a script", "#!/bin/ok\n", 10, 0 },
	{ "with blanks and an argument", "#! \t/bin/ok -e\n", 15, 0 },
	{ "without a newline", "#!/bin/ok", 9, 0 },
	{ "DOS line ends", "#!/bin/ok\r\n", 11, 0 },
	{ "a missing interpreter", "#!/bin/no\n", 10, -ENOENT },
	{ "a script of itself", "#!/bin/x\n", 9, -ELOOP },
	{ "no name behind #!", "#!\n", 3, 0 },
};

static void test_interpreters(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(starts); i++) {
		struct cpio c = { 0 };

		print_message("%s\n", starts[i].why);
		assert_int_equal(cpio_file(&c, "/bin/ok", 0755, "x", 1, NULL), 0);
		assert_int_equal(cpio_file(&c, "/bin/x", 0755, starts[i].start, starts[i].len,
			NULL), 0);
		assert_int_equal(imageprog_need(&c, "/nonexistent", "/bin/x", "test", NULL),
			starts[i].rc);
		cpio_free(&c);
	}
}

/* A program of this machine with a dynamic loader, and the same with its headers broken. */
static void test_dynamic(void **state)
{
	struct cpio c = { 0 };
	struct err e = { 0 };
	const char *data;
	size_t len;

	(void)state;
	assert_int_equal(imageprog_need(&c, "", "/proc/self/exe", "test", &e), -ENOENT);
	assert_non_null(strstr(e.msg, "its interpreter /"));
	data = cpio_find(&c, "/proc/self/exe")->data;
	len = cpio_find(&c, "/proc/self/exe")->len;
	for (size_t n = 0; n < 1024 && n < len; n += 7) {
		struct cpio cut = { 0 };
		char path[] = "/x";

		assert_int_equal(cpio_file(&cut, path, 0755, data, n, NULL), 0);
		imageprog_need(&cut, "", path, "test", NULL);
		cpio_free(&cut);
	}
	cpio_free(&c);
}

static void test_squeeze(void **state)
{
	(void)state;
	assert_int_equal(image_best_squeeze(root, RELEASE), SQUEEZE_GZIP);
	tree_text(root, AT "config", "CONFIG_X=y\n# CONFIG_RD_ZSTD is not set\nCONFIG_RD_GZIP=y\n");
	assert_int_equal(image_best_squeeze(root, RELEASE), SQUEEZE_GZIP);
	tree_text(root, "boot/config-" RELEASE, "CONFIG_X=y\nCONFIG_RD_ZSTD=y\n");
	assert_int_equal(image_best_squeeze(root, RELEASE), SQUEEZE_ZSTD);
}

static void test_write(void **state)
{
	char path[128];
	struct stat st;
	struct err e = { 0 };

	(void)state;
	snprintf(path, sizeof(path), "%s/image", root);
	assert_int_equal(image_write(path, "abc", 3, &e), 0);
	assert_int_equal(image_write(path, "abcd", 4, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/nowhere/image", root);
	assert_int_equal(image_write(path, "abc", 3, &e), -ENOENT);
	assert_int_equal(image_write("/dev/full/x", "abc", 3, &e), -ENOTDIR);
}

/* Of no machine in particular: directories of modules, packed, and a configuration without a target. */
static void test_generic(void **state)
{
	struct image_spec spec = { root, RELEASE, config, "=kernel/virtio_blk =fs hba", NULL, 0, program, applets, true };
	struct cpio c = { 0 };
	struct image_report report;
	struct err e = { 0 };

	(void)state;
	tree_text(root, "kdump.conf", "dump_level 31\n");
	assert_int_equal(image_collect(&c, &spec, &report, &e), 0);
	assert_string_equal(content(&c, "/etc/kdump.conf"), "dump_level 31\n");
	assert_string_equal(content(&c, "/etc/kdumpbox/coldplug"), "");
	assert_string_equal(content(&c, "/etc/kdumpbox/modules"), "virtio_pci\nvirtio_mem\nhba\n");
	assert_non_null(cpio_find(&c, "/" AT "kernel/virtio_blk.ko.zst"));
	assert_non_null(cpio_find(&c, "/" AT "kernel/virtio.ko.zst"));
	assert_non_null(cpio_find(&c, "/" AT "kernel/hba.ko.zst"));
	assert_null(cpio_find(&c, "/" AT "kernel/xfs.ko.zst"));
	assert_non_null(strstr(content(&c, "/" AT "modules.dep"), "kernel/virtio_blk.ko.zst: kernel/virtio.ko.zst\n"));
	cpio_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modules), cmocka_unit_test(test_assemble),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_interpreters),
		cmocka_unit_test(test_dynamic),
		cmocka_unit_test(test_squeeze),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_generic),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
