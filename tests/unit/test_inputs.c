/* test_inputs - does a list of parts tell exactly what changed in an image? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "prod/inputs.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT "/lib/modules/6.1.0/"

/* An image is "PATH=CONTENT" words, split by '|'. */
static void make(struct inputs *in, const char *image)
{
	struct err e = { 0 };
	struct cpio c = { 0 };

	while (*image) {
		size_t n = strcspn(image, "|"), path = strcspn(image, "=");
		char name[256];

		snprintf(name, sizeof(name), "%.*s", (int)path, image);
		if (image[path + 1] == '>')
			assert_int_equal(cpio_link(&c, name, image + path + 2, &e), 0);
		else
			assert_int_equal(cpio_file(&c, name, 0600, image + path + 1, n - path - 1, &e), 0);
		image += n + (image[n] == '|');
	}
	assert_int_equal(inputs_add_image(in, &c, &e), 0);
	cpio_free(&c);
}

static void tell(void *ctx, const char *line)
{
	char *said = ctx;

	snprintf(said + strlen(said), 512 - strlen(said), "%s%s", *said ? ", " : "", line);
}

static const struct {
	const char *why, *old, *now, *said;
} cases[] = {
	{ "the same", "/bin/kdumpbox=x|/etc/kdump.conf=raw /dev/vda\n", "/bin/kdumpbox=x|/etc/kdump.conf=raw /dev/vda\n",
	  "" },
	{ "the program", "/bin/kdumpbox=x", "/bin/kdumpbox=y", "kdumpbox changed" },
	{ "a key", "/etc/kdump.conf=raw /dev/vda\ndump_level 31\n", "/etc/kdump.conf=raw /dev/vda\ndump_level 1\n",
	  "configuration changed" },
	{ "the target's identity", "/etc/kdump.conf=ext4 UUID=1\npath /x\n", "/etc/kdump.conf=ext4 UUID=2\npath /x\n",
	  "target changed" },
	{ "the path on it", "/etc/kdump.conf=ext4 UUID=1\n  path /x", "/etc/kdump.conf=ext4 UUID=1\n  path /y",
	  "target changed" },
	{ "a copied network", "/etc/kdump.conf=network ip=dhcp\nssh a@b\n", "/etc/kdump.conf=network ip=auto6\nssh a@b\n",
	  "network changed" },
	{ "a network that came", "/etc/kdump.conf=ssh a@b\n", "/etc/kdump.conf=network ip=dhcp\nssh a@b\n",
	  "network is new" },
	{ "comments and blank lines are nothing", "/etc/kdump.conf=# a\n\nraw /dev/vda\n",
	  "/etc/kdump.conf=raw /dev/vda\n # b\n", "" },
	{ "two targets in another order", "/etc/kdump.conf=raw /dev/vda\nraw /dev/vdb\n",
	  "/etc/kdump.conf=raw /dev/vdb\nraw /dev/vda\n", "target changed" },
	{ "modules by name", AT "kernel/fs/xfs.ko=1|" AT "kernel/crc32c-intel.ko=1",
	  AT "kernel/fs/xfs.ko=2|" AT "updates/crc32c-intel.ko=1", "module xfs changed" },
	{ "a module more and one less", AT "a.ko=1|" AT "b.ko=1", AT "b.ko=1|" AT "c.ko=1",
	  "module a is gone, module c is new" },
	{ "their index", AT "modules.dep=a", AT "modules.dep=b", "module index changed" },
	{ "firmware", "/lib/firmware/a/b.bin=1", "/lib/firmware/a/b.bin=2", "firmware a/b.bin changed" },
	{ "another file", "/root/.ssh/key=1", "/root/.ssh/key=2", "file /root/.ssh/key changed" },
	{ "an applet more", "/bin/kdumpbox=x", "/bin/kdumpbox=x|/sbin/save=>../bin/kdumpbox", "kdumpbox changed" },
	{ "everything gone", "/bin/kdumpbox=x|/x=1", "", "file /x is gone, kdumpbox is gone" },
};

static void test_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct inputs old = { 0 }, now = { 0 };
		char said[512] = "";

		print_message("%s\n", cases[i].why);
		make(&old, cases[i].old);
		make(&now, cases[i].now);
		inputs_differ(&old, &now, tell, said);
		assert_string_equal(said, cases[i].said);
		assert_int_equal(inputs_sum(&old) == inputs_sum(&now), !*cases[i].said);
		inputs_free(&old);
		inputs_free(&now);
	}
}

static const struct {
	const char *why, *line;
	int         rc;
} lines[] = {
	{ "a part", "0123456789abcdef module xfs", 0 },
	{ "a short sum", "0123456789abcde module xfs", -EINVAL },
	{ "a long sum", "0123456789abcdef0 module xfs", -EINVAL },
	{ "no sum", "module xfs is here, with no sum", -EINVAL },
	{ "no name", "0123456789abcdef ", -EINVAL },
	{ "nothing", "", -EINVAL },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct inputs in = { 0 };
		struct err e = { 0 };
		char back[128];

		print_message("%s\n", lines[i].why);
		assert_int_equal(inputs_add_line(&in, lines[i].line, &e), lines[i].rc);
		assert_int_equal(in.n, !lines[i].rc);
		if (in.n) {
			inputs_line(&in.list[0], back, sizeof(back));
			assert_string_equal(back, lines[i].line);
		}
		inputs_free(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_differ), cmocka_unit_test(test_lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
