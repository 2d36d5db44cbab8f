/* test_hooks - which hooks run and how, what is kept of pstore, which modules are listed? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/child.h"
#include "base/io.h"
#include "boot/hooks.h"
#include "boot/lastword.h"
#include "boot/modlist.h"
#include "boot/pstore.h"

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[4][160];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write_full(fd, text, strlen(text)), 0);
	close(fd);
	assert_int_equal(chmod(in_dir(name), mode), 0);
}

static void test_order_and_choice(void **state)
{
	struct hooks h = { .n = 0 };

	(void)state;
	assert_int_equal(mkdir(in_dir("pre.d"), 0755), 0);
	put("pre.d/20-b", "", 0755);
	put("pre.d/10-a", "", 0700);
	put("pre.d/30-not-executable", "", 0644);
	put("pre.d/.hidden", "", 0755);
	assert_int_equal(mkdir(in_dir("pre.d/15-directory"), 0755), 0);
	hooks_add(&h, "/first");
	hooks_add(&h, "");
	hooks_add_dir(&h, in_dir("pre.d"));
	hooks_add_dir(&h, in_dir("missing.d"));
	assert_int_equal(h.n, 3);
	assert_string_equal(h.path[0], "/first");
	assert_string_equal(h.path[1], in_dir("pre.d/10-a"));
	assert_string_equal(h.path[2], in_dir("pre.d/20-b"));
	for (int i = 0; i < 2 * HOOKS_MAX; i++)
		hooks_add(&h, "/more");
	assert_int_equal(h.n, HOOKS_MAX);
	assert_int_equal(h.dropped, HOOKS_MAX + 3);
}

static int call(void *arg)
{
	struct err e = { 0 };

	hook_exec(arg, "3", &e);
	fprintf(stderr, "%s\n", e.msg);
	return 127;
}

static const struct {
	const char *why, *name, *text;
	int status;
	const char *output;
} execs[] = {
	{ "the argument, its name, an empty input", "good", "#!/bin/sh\necho $#:$1\nread x || echo eof\n", 0, "1:3\neof\n" },
	{ "its status", "bad", "#!/bin/sh\nexit 9\n", 9, "" },
	{ "an interpreter that is not there", "script", "#!/no/such/sh\n", 127, "run DIR/script: its interpreter is not in the image\n" },
	{ "a program that is not there", "missing", NULL, 127, "run DIR/missing: not in the image\n" },
	{ "a file that is no program", "text", "hello\n", 127, "run DIR/text: Exec format error\n" },
};

static void test_exec(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(execs) / sizeof(execs[0]); i++) {
		struct child_spec spec = { .run = call, .arg = (void *)in_dir(execs[i].name) };
		char text[300] = "", *p;
		struct child_result r;
		int fds[2];

		print_message("%s\n", execs[i].why);
		if (execs[i].text)
			put(execs[i].name, execs[i].text, 0755);
		assert_int_equal(pipe(fds), 0);
		spec.output = fds[1];
		r = child_run(&spec);
		close(fds[1]);
		assert_true(read_full(fds[0], text, sizeof(text) - 1) >= 0);
		close(fds[0]);
		p = strstr(text, dir);
		if (p) {
			memmove(p + 3, p + strlen(dir), strlen(p + strlen(dir)) + 1);
			memcpy(p, "DIR", 3);
		}
		assert_int_equal(r.end, CHILD_EXITED);
		assert_int_equal(r.value, execs[i].status);
		assert_string_equal(text, execs[i].output);
	}
}

static void test_pstore(void **state)
{
	struct err e = { 0 };
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(pstore_copy(in_dir("no-pstore"), in_dir("out"), &e), 0);
	assert_int_equal(mkdir(in_dir("pstore"), 0755), 0);
	assert_int_equal(pstore_copy(in_dir("pstore"), in_dir("out"), &e), 0);
	assert_int_equal(access(in_dir("out"), F_OK), -1);	/* nothing to keep, no directory */

	put("pstore/dmesg-efi-1", "Panic#1", 0400);
	put("pstore/console-ramoops-0", "", 0400);
	assert_int_equal(symlink("/etc/passwd", in_dir("pstore/link")), 0);
	assert_int_equal(pstore_copy(in_dir("pstore"), in_dir("out"), &e), 2);
	assert_int_equal(read_file(in_dir("out/dmesg-efi-1"), 100, &text, &len, &e), 0);
	assert_string_equal(text, "Panic#1");
	free(text);
	assert_int_equal(access(in_dir("out/console-ramoops-0"), F_OK), 0);
	assert_int_equal(access(in_dir("out/link"), F_OK), -1);
	assert_int_equal(access(in_dir("pstore/dmesg-efi-1"), F_OK), 0);	/* the original stays */

	/* One file that cannot be written does not stop the others, and is not kept quiet. */
	assert_int_equal(mkdir(in_dir("out2"), 0755), 0);
	assert_int_equal(mkdir(in_dir("out2/console-ramoops-0"), 0755), 0);
	assert_int_equal(pstore_copy(in_dir("pstore"), in_dir("out2"), &e), -EISDIR);
	assert_string_equal(e.msg, "create console-ramoops-0: Is a directory");
	assert_int_equal(access(in_dir("out2/dmesg-efi-1"), F_OK), 0);
}

static void test_modlist(void **state)
{
	char text[2000] = "virtio_pci\n# comment\n\n  virtio_blk  num=1  debug=\"a b\" \r\nlast";
	const char *at = text;
	struct modline m;
	unsigned bad = 0;

	(void)state;
	assert_true(modlist_next(&at, &m, &bad));
	assert_string_equal(m.name, "virtio_pci");
	assert_string_equal(m.params, "");
	assert_true(modlist_next(&at, &m, &bad));
	assert_string_equal(m.name, "virtio_blk");
	assert_string_equal(m.params, "num=1  debug=\"a b\" ");
	assert_true(modlist_next(&at, &m, &bad));
	assert_string_equal(m.name, "last");
	assert_false(modlist_next(&at, &m, &bad));
	assert_false(modlist_next(&at, &m, &bad));
	assert_int_equal(bad, 0);

	memset(text, 'x', 1000);
	strcpy(text + 1000, "\nok p");
	at = text;
	assert_true(modlist_next(&at, &m, &bad));
	assert_string_equal(m.name, "ok");
	assert_string_equal(m.params, "p");
	assert_int_equal(bad, 1);
}

static void test_last_word(void **state)
{
	static const struct {
		const char *why, *record, *said;
	} cases[] = {
		{ "an error of save", "11,500,3000000,-;save: error: disk full; so\n", "disk full; so" },
		{ "with further fields and lines", "3,500,3,-,caller=T1;save: error: a\n SUBSYSTEM=x\n", "a" },
		{ "a warning is none", "12,500,3000000,-;save: warning: error: x\n", NULL },
		{ "of somebody else", "12,500,3000000,-;xsave: error: x\n", NULL },
		{ "no record", "save: error: x", NULL },
		{ "nothing", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[40] = "before";

		print_message("%s\n", cases[i].why);
		assert_int_equal(lastword_in_record(cases[i].record, "save", out, sizeof(out)), cases[i].said != NULL);
		assert_string_equal(out, cases[i].said ? cases[i].said : "before");
	}
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_hooks.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_choice),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_pstore),
		cmocka_unit_test(test_modlist),
		cmocka_unit_test(test_last_word),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
