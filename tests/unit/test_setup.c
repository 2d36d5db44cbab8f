/* test_setup - does setup come to a loaded crash kernel, once, and write nothing that cannot work? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "lib_system.h"
#include "lib_tree.h"
#include "prod/bootloader.h"
#include "prod/setup.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char root[64];
static int loads;
static const char *from_too;	/* a second --from */

static int load_double(const char *kernel, const char *initrd, const char *cmdline, struct err *e)
{
	(void)kernel;
	(void)initrd;
	(void)cmdline;
	(void)e;
	loads++;
	tree_text(root, "sys/kernel/kexec_crash_loaded", "1\n");
	return 0;
}

static int make_root(void **state)
{
	(void)state;
	loads = 0;
	from_too = NULL;
	system_make(root);
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

/* kdump setup --from root/from; the caller frees *t. */
static int setup(struct setup_report *t, const char *from, bool dry_run, struct err *e)
{
	struct place *p = malloc(sizeof(*p));
	char program[128], path[128], too[128];
	struct setup_request q = { .place = p, .dry_run = dry_run, .load = load_double };
	int rc;

	snprintf(program, sizeof(program), "%s/program", root);
	snprintf(path, sizeof(path), "%s/%s", root, from ? from : "");
	snprintf(too, sizeof(too), "%s/%s", root, from_too ? from_too : "");
	system_place(root, p);
	p->program = program;
	q.from[0] = from ? path : NULL;
	q.from[1] = from && from_too ? too : NULL;
	*t = (struct setup_report){ 0 };
	rc = setup_run(&q, t, e);
	free(p);
	return rc;
}

static void is_file(const char *name, const char *text)
{
	char path[128], *is;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (!text) {
		assert_int_equal(access(path, F_OK), -1);
		return;
	}
	assert_int_equal(read_file(path, 1 << 16, &is, &len, NULL), 0);
	assert_string_equal(is, text);
	free(is);
}

static void test_kept(void **state)
{
	struct setup_report t;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(setup(&t, NULL, false, &e), 0);
	assert_int_equal(t.conf, SETUP_CONF_KEPT);
	assert_true(t.loaded && !t.load.current);
	assert_true(t.reserved == 128 << 20 && t.estimate.reserve);
	is_file("etc/kdump.conf", "raw /dev/vda\n");
	assert_null(t.rival);
	setup_free(&t);
	tree_text(root, "etc/systemd/system/basic.target.wants/kdump-tools.service", "");
	assert_int_equal(setup(&t, NULL, false, &e), 0);
	assert_string_equal(t.rival, "kdump-tools.service");
	assert_true(t.load.current);		/* the second run changes nothing */
	assert_int_equal(loads, 1);
	setup_free(&t);
}

static void test_from(void **state)
{
	struct setup_report t;
	struct err e = { 0 };
	char is[256];

	(void)state;
	tree_text(root, "kdump-tools", "USE_KDUMP=1\nMAKEDUMP_ARGS='-c -d 17'\nFTP=\nHOSTTAG=hostname\n");
	snprintf(is, sizeof(is), "# kdump.conf - made of %s/kdump-tools by kdump setup.\ncore_collector makedumpfile -c -d 17\n",
		 root);
	/* Without a target "path" is looked up on this machine, and a fake tree is none. */
	assert_int_not_equal(setup(&t, "kdump-tools", false, &e), 0);
	is_file("etc/kdump.conf", "raw /dev/vda\n");
	is_file("etc/kdump.conf.before-setup", NULL);
	assert_int_equal(t.translated.nr_lost, 1);
	assert_string_equal(t.text, is);
	assert_int_equal(loads, 0);
	setup_free(&t);
}

static void test_conf_from(void **state)
{
	struct setup_report t;
	struct err e = { 0 };

	(void)state;
	tree_text(root, "old.conf", "raw /dev/vdb\ncore_collector makedumpfile -l -d 31\nfailure_action halt\n");
	assert_int_equal(setup(&t, "old.conf", true, &e), 0);		/* dry: nothing is written */
	assert_int_equal(t.conf, SETUP_CONF_WRITTEN);
	assert_false(t.loaded || t.written);
	is_file("etc/kdump.conf", "raw /dev/vda\n");
	is_file("var/lib/kdumpbox", NULL);
	setup_free(&t);

	assert_int_equal(setup(&t, "old.conf", false, &e), 0);
	assert_true(t.loaded && t.written);
	is_file("etc/kdump.conf", "raw /dev/vdb\ncore_collector makedumpfile -l -d 31\nfailure_action halt\n");
	is_file("etc/kdump.conf.before-setup", "raw /dev/vda\n");
	setup_free(&t);

	assert_int_equal(setup(&t, "old.conf", false, &e), 0);
	assert_int_equal(t.conf, SETUP_CONF_SAME);
	assert_string_equal(t.backup, "");
	assert_true(t.load.current);
	assert_int_equal(loads, 1);
	setup_free(&t);
}

/* RHEL's two files are one of ours; a second time nothing changes, and a contradiction is an error. */
static void test_two(void **state)
{
	struct setup_report t;
	struct err e = { 0 };
	char is[512];

	(void)state;
	tree_text(root, "etc/sysconfig/kdump", "KDUMP_COMMANDLINE_APPEND=\"irqpoll\"\nKEXEC_ARGS=\"-s\"\n");
	assert_int_equal(setup(&t, NULL, true, &e), 0);
	assert_non_null(strstr(t.other, "/etc/sysconfig/kdump"));	/* at least it is named */
	setup_free(&t);

	from_too = "etc/sysconfig/kdump";
	snprintf(is, sizeof(is), "# kdump.conf - made of %s/etc/kdump.conf, %s/etc/sysconfig/kdump by kdump setup.\n"
		 "commandline_append irqpoll\nraw /dev/vda\n", root, root);
	assert_int_equal(setup(&t, "etc/kdump.conf", false, &e), 0);
	assert_int_equal(t.conf, SETUP_CONF_WRITTEN);
	is_file("etc/kdump.conf", is);
	setup_free(&t);
	assert_int_equal(setup(&t, "etc/kdump.conf", false, &e), 0);
	assert_int_equal(t.conf, SETUP_CONF_SAME);
	assert_string_equal(t.other, "");
	setup_free(&t);
	assert_int_equal(setup(&t, NULL, true, &e), 0);		/* kept, and known to be made of it */
	setup_free(&t);

	tree_text(root, "etc/sysconfig/kdump", "KDUMP_COMMANDLINE_APPEND=\"nr_cpus=1\"\n");
	assert_int_equal(setup(&t, "etc/kdump.conf", false, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "commandline_append"));
	is_file("etc/kdump.conf", is);
	setup_free(&t);

	from_too = "old.conf";
	tree_text(root, "old.conf", "raw /dev/vdb\n");
	assert_int_equal(setup(&t, "etc/kdump.conf", false, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "which one?"));
	setup_free(&t);
}

/* A configuration whose image cannot be made is not written. */
static void test_impossible(void **state)
{
	struct setup_report t;
	struct err e = { 0 };

	(void)state;
	tree_text(root, "old.conf", "raw /dev/vdb\nkdump_pre /no/such/program\n");
	assert_int_not_equal(setup(&t, "old.conf", false, &e), 0);
	assert_non_null(strstr(e.msg, "/no/such/program"));
	assert_false(t.written);
	is_file("etc/kdump.conf", "raw /dev/vda\n");
	setup_free(&t);
}

static void test_not_reserved(void **state)
{
	struct setup_report t;
	struct err e = { 0 };

	(void)state;
	tree_text(root, "sys/kernel/kexec_crash_size", "0\n");
	assert_int_equal(setup(&t, NULL, false, &e), 0);
	assert_false(t.loaded);
	assert_int_equal(t.reserved, 0);
	assert_int_equal(loads, 0);
	setup_free(&t);
}

static void test_bootloader(void **state)
{
	char how[256];

	(void)state;
	bootloader_words(root, "96M", how, sizeof(how));
	assert_string_equal(how, "add crashkernel=96M to the kernel's command line in the boot loader");
	tree_text(root, "etc/default/grub", "");
	bootloader_words(root, "96M", how, sizeof(how));
	assert_non_null(strstr(how, "grub2-mkconfig"));
	tree_text(root, "usr/sbin/update-grub", "");
	bootloader_words(root, "96M", how, sizeof(how));
	assert_string_equal(how, "add crashkernel=96M to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, then: update-grub");
	tree_text(root, "sbin/grubby", "");
	bootloader_words(root, "96M", how, sizeof(how));
	assert_string_equal(how, "grubby --update-kernel=ALL --args=\"crashkernel=96M\"");
}

static void say_nothing(const char *line)
{
	(void)line;
}

/* Two words, one of them there already; and kernel-install, which is not there, is missed. */
static void test_words(void **state)
{
	struct place *p = malloc(sizeof(*p));
	struct err e = { 0 };

	(void)state;
	system_place(root, p);
	tree_text(root, "etc/kernel/cmdline", "nokaslr ro crashkernel=1M nokaslr=x\n");
	assert_int_equal(bootloader_write(p, "96M nokaslr", true, say_nothing, &e), 0);
	is_file("etc/kernel/cmdline", "nokaslr ro crashkernel=1M nokaslr=x\n");
	assert_int_equal(bootloader_write(p, "96M nokaslr", false, say_nothing, &e), -EIO);
	assert_non_null(strstr(e.msg, "kernel-install: exit status 12"));
	is_file("etc/kernel/cmdline", "ro nokaslr=x crashkernel=96M nokaslr\n");
	free(p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kept), TEST(test_from), TEST(test_conf_from), TEST(test_two), TEST(test_impossible), TEST(test_not_reserved),
		TEST(test_bootloader), TEST(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
