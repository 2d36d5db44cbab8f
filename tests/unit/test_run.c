/* test_run - whatever a target does, is the right thing saved, run and said? */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "boot/device.h"
#include "boot/lastword.h"
#include "boot/module.h"
#include "boot/mounts.h"
#include "boot/pid1.h"
#include "boot/programs.h"
#include "boot/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What the world below does in a case. The functions of the same names in lib/boot are replaced. */
enum mood { FINE, FAILS, HANGS, CRASHES, DEGRADED_3, LIES, CLOSES_ON_TERM };
static enum mood device, mounting, dmesg, saving;

/* Everything that happened, one word each, over all processes: a file opened for appending. */
static int diary = -1;
static char dir[64];

static void note(const char *word)
{
	char line[64];

	snprintf(line, sizeof(line), "%s ", word);
	if (write(diary, line, strlen(line)) < 0)
		abort();
}

static void make_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || write(fd, "data", 4) != 4)
		abort();
	close(fd);
}

static const char *closing_file;

static void close_on_term(int sig)
{
	(void)sig;
	make_file(closing_file);
	_exit(3);
}

static int act(enum mood mood, struct err *e)
{
	if (mood == CRASHES) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	if (mood == CLOSES_ON_TERM)
		signal(SIGTERM, close_on_term);
	while (mood == HANGS || mood == CLOSES_ON_TERM)
		pause();
	return mood == FAILS ? err_set(e, -EIO, "as planned") : 0;
}

int device_wait(const struct device_wish *w, char path[], size_t size, char why[160], struct err *e)
{
	why[0] = 0;
	note("device");
	snprintf(path, size, "%s", strncmp(w->spec, "UUID=", 5) ? w->spec : "/dev/vda");
	return act(device, e);
}

int mount_target(const char *fstype, const char *dev, const char *where, const char *options, struct err *e)
{
	(void)fstype, (void)dev, (void)where, (void)options;
	note("mount");
	return act(mounting, e);
}

int mount_release(const char *where, int force, struct err *e)
{
	(void)where, (void)force, (void)e;
	note("unmount");
	return 0;
}

int mount_early(struct err *e)
{
	(void)e;
	return 0;
}

/* Not called: but what is missing here the linker takes from the library, and all of mounts with it. */
int mount_options(const char *options, unsigned long *flags, char *data, size_t size)
{
	(void)options, (void)flags, (void)data, (void)size;
	return 0;
}

bool module_is_live(const char *name)
{
	(void)name;
	return false;
}

int module_load(const char *name, const char *params, struct err *e)
{
	(void)name, (void)params, (void)e;
	return 0;
}

/* Stands for the applets: the last word of save is the file, dmesg has it in --output=. */
int pid1_exec_applet(const char *const *argv, struct err *e)
{
	char name[700];
	int n = 0;

	(void)e;			/* what fails after exec can tell only its exit status */
	note(argv[0]);
	while (argv[n])
		n++;
	if (!strcmp(argv[0], "vmcore-dmesg")) {
		if (act(dmesg, NULL))
			_exit(1);
		if (strncmp(argv[1], "--output=raw:", 13))
			make_file(argv[1] + 9);
		_exit(0);
	}
	snprintf(name, sizeof(name), "%s%s", argv[n - 1], saving == FINE || saving == DEGRADED_3 ? "" : "-incomplete");
	closing_file = name;
	if (saving != LIES && saving != CLOSES_ON_TERM && strncmp(argv[n - 1], "raw:", 4))
		make_file(name);
	if (act(saving, NULL))
		_exit(1);
	_exit(saving == DEGRADED_3 ? 3 : 0);
}

bool lastword_find(const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s says why", name);
	return saving == FAILS;
}

const struct pid1_sysctl pid1_sysctls[] = { { NULL, NULL } };

int pid1_sysctl_apply(const struct pid1_sysctl *list, struct err *e)
{
	(void)list, (void)e;
	return 0;
}

void pid1_unquiet(const char *cmdline)
{
	(void)cmdline;
}

static void warn(const char *text)
{
	(void)text;
}

static const char ext4[] = "ext4 UUID=1\n", raw[] = "raw /dev/vdb\n";

static const struct {
	const char *why, *conf;
	enum mood device, mount, dmesg, save;
	const char *pre;		/* script of kdump_pre, NULL: none */
	const char *diary;		/* what was done, in order */
	enum outcome outcome;
	const char *line;		/* the closing line begins so; DIR is the directory */
} cases[] = {
	{ "all is well", ext4, FINE, FINE, FINE, FINE, NULL,
	  "device mount vmcore-dmesg save post:0 unmount ", OUTCOME_COMPLETE, "complete: DIR/vmcore on /dev/vda, " },
	{ "raw: neither mount nor directory", raw, FINE, FINE, FINE, FINE, NULL,
	  "device vmcore-dmesg save post:0 ", OUTCOME_COMPLETE, "complete: /dev/vdb, " },
	{ "degraded", ext4, FINE, FINE, FINE, DEGRADED_3, NULL,
	  "device mount vmcore-dmesg save post:3 unmount ", OUTCOME_DEGRADED, "degraded: DIR/vmcore on /dev/vda, " },
	{ "the device does not come", ext4, FAILS, FINE, FINE, FINE, NULL,
	  "device ", OUTCOME_FAILED, "failed: device: as planned: Input/output error; nothing was saved" },
	{ "the mount fails, twice", ext4, FINE, FAILS, FINE, FINE, NULL,
	  "device mount mount ", OUTCOME_FAILED, "failed: mount: as planned: Input/output error; nothing" },
	{ "the mount crashes", ext4, FINE, CRASHES, FINE, FINE, NULL,
	  "device mount mount ", OUTCOME_FAILED, "failed: mount: died by signal 11 (Segmentation fault); nothing" },
	{ "no log does not mean no memory", ext4, FINE, FINE, CRASHES, FINE, NULL,
	  "device mount vmcore-dmesg save post:0 unmount ", OUTCOME_COMPLETE, "complete: DIR/vmcore on /dev/vda, " },
	{ "save fails: the log stays, and what there is of memory", ext4, FINE, FINE, FINE, FAILS, NULL,
	  "device mount vmcore-dmesg save post:1 unmount ", OUTCOME_FAILED,
	  "failed: save says why; kept: DIR/vmcore-dmesg.txt on /dev/vda and DIR/vmcore-incomplete on /dev/vda, " },
	{ "save crashes", ext4, FINE, FINE, FINE, CRASHES, NULL,
	  "device mount vmcore-dmesg save post:1 unmount ", OUTCOME_FAILED,
	  "failed: vmcore: died by signal 11 (Segmentation fault); kept: DIR/vmcore-dmesg.txt on /dev/vda and DIR" },
	{ "save says yes and has nothing", ext4, FINE, FINE, FINE, LIES, NULL,
	  "device mount vmcore-dmesg save post:0 unmount ", OUTCOME_FAILED, "failed: vmcore: no vmcore in " },
	{ "save hangs until its time is over", "ext4 UUID=1\ndeadline SOON\n", FINE, FINE, FINE, HANGS, NULL,
	  "device mount vmcore-dmesg save post:1 unmount ", OUTCOME_FAILED, "failed: vmcore: deadline reached, ended by a signal" },
	{ "save obeys its deadline", "ext4 UUID=1\ndeadline SOON\n", FINE, FINE, FINE, CLOSES_ON_TERM, NULL,
	  "device mount vmcore-dmesg save post:3 unmount ", OUTCOME_DEGRADED,
	  "degraded: DIR/vmcore-incomplete on /dev/vda, 0.0 MiB, ended by the deadline" },
	{ "the time is over before it begins: at least the log", "ext4 UUID=1\ndeadline PAST\n", FINE, FINE, FINE, FINE,
	  NULL, "device mount vmcore-dmesg post:1 unmount ", OUTCOME_FAILED,
	  "failed: vmcore: the deadline of the whole run is over; kept: DIR/vmcore-dmesg.txt on /dev/vda, " },
	{ "kdump_pre agrees", ext4, FINE, FINE, FINE, FINE, "exit 0",
	  "device mount pre vmcore-dmesg save post:0 unmount ", OUTCOME_COMPLETE, "complete: " },
	{ "kdump_pre does not want a dump", ext4, FINE, FINE, FINE, FINE, "exit 1",
	  "device mount pre unmount ", OUTCOME_FAILED, "failed: kdump_pre does not want a dump; nothing was saved" },
	{ "kdump_pre crashes: that decides nothing", ext4, FINE, FINE, FINE, FINE, "kill -s SEGV $$",
	  "device mount pre vmcore-dmesg save post:0 unmount ", OUTCOME_COMPLETE, "complete: " },
	{ "kdump_pre is missing: that decides nothing", "ext4 UUID=1\nkdump_pre /nonexistent\n", FINE, FINE, FINE, FINE,
	  NULL, "device mount vmcore-dmesg save post:0 unmount ", OUTCOME_COMPLETE, "complete: " },
};

/* A script that writes its name in the diary, then does what is asked. */
static void script(const char *path, const char *word, const char *more)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nprintf '%s ' >>%s/diary\n%s\n", word, dir, more);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static void configure(struct run *r, const char *text, const char *pre)
{
	char post[96];
	uint64_t now = now_ms();

	memset(r, 0, sizeof(*r));
	conf_defaults(&r->conf);
	conf_parse(&r->conf, "conf", text, strlen(text), CONF_LENIENT, NULL);
	r->steps.out = steps_share(sizeof(*r->steps.out));
	r->steps.output = open("/dev/null", O_WRONLY);
	r->warn = r->say = warn;
	if (strstr(text, "SOON"))
		r->steps.deadline_at_ms = now + 4000;
	if (strstr(text, "PAST"))
		r->steps.deadline_at_ms = 1;
	snprintf(post, sizeof(post), "%s/post", dir);
	script(post, "post:'$1'", "");
	strcpy(r->conf.kdump_post, post);
	if (pre) {
		snprintf(r->conf.kdump_pre, sizeof(r->conf.kdump_pre), "%s/pre", dir);
		script(r->conf.kdump_pre, "pre", pre);
	}
}

/* Replace the one directory of the dump by DIR in a line. */
static void hide_dir(char *line)
{
	char *p;

	while ((p = strstr(line, "/var/crash/127.0.0.1-"))) {
		size_t len = strcspn(p + 11, "/") + 11;

		memmove(p + 3, p + len, strlen(p + len) + 1);
		memcpy(p, "DIR", 3);
	}
}

static void test_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target t[CONF_TARGETS_MAX];
		char mount_point[96], line[2000], *text, path[96];
		struct err e = { 0 };
		struct run r;
		size_t len;

		print_message("%s\n", cases[i].why);
		device = cases[i].device;
		mounting = cases[i].mount;
		dmesg = cases[i].dmesg;
		saving = cases[i].save;
		snprintf(mount_point, sizeof(mount_point), "%s/%zu", dir, i);
		snprintf(path, sizeof(path), "%s/diary", dir);
		diary = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
		configure(&r, cases[i].conf, cases[i].pre);
		assert_int_equal(conf_targets(&r.conf, t), 1);
		run_target(&r, &t[0], mount_point);
		close(diary);
		close(r.steps.output);

		assert_int_equal(closing_outcome(&r.closing), cases[i].outcome);
		outcome_line(&r.closing, line, sizeof(line));
		hide_dir(line);
		print_message("  %s\n", line);
		assert_memory_equal(line, cases[i].line, strlen(cases[i].line));
		assert_int_equal(read_file(path, 4096, &text, &len, &e), 0);
		assert_string_equal(text, cases[i].diary);
		free(text);
	}
}

/*
 * A second target, as after dump_to_rootfs: the log and the dump both go there, and what the first
 * one has of them is told of when the second has nothing.
 */
static const struct {
	const char *why;
	enum mood save1, device2, dmesg2, save2;
	const char *diary;		/* of the second */
	enum outcome outcome;
	const char *line;
} seconds[] = {
	{ "the dump failed, the second target has both", FAILS, FINE, FINE, FINE,
	  "device mount vmcore-dmesg save post:0 unmount ", OUTCOME_COMPLETE, "complete: DIR/vmcore on /dev/vdb, " },
	{ "the second has less, but it can be used", CRASHES, FINE, FINE, DEGRADED_3,
	  "device mount vmcore-dmesg save post:3 unmount ", OUTCOME_DEGRADED, "degraded: DIR/vmcore on /dev/vdb, " },
	{ "the second has no log", FAILS, FINE, FAILS, FINE,
	  "device mount vmcore-dmesg save post:0 unmount ", OUTCOME_COMPLETE, "complete: DIR/vmcore on /dev/vdb, " },
	{ "the second never comes: what is on the first", FAILS, FAILS, FINE, FINE, "device ", OUTCOME_FAILED,
	  "failed: device: as planned: Input/output error; "
	  "kept: DIR/vmcore-dmesg.txt on /dev/vda and DIR/vmcore-incomplete on /dev/vda, " },
	{ "both failed: the last one counts", FAILS, FINE, FINE, FAILS,
	  "device mount vmcore-dmesg save post:1 unmount ", OUTCOME_FAILED,
	  "failed: save says why; kept: DIR/vmcore-dmesg.txt on /dev/vdb and DIR/vmcore-incomplete on /dev/vdb, " },
	{ "the second has nothing at all where it must be", FAILS, FINE, FINE, LIES,
	  "device mount vmcore-dmesg save post:0 unmount ", OUTCOME_FAILED, "failed: vmcore: no vmcore in " },
};

static void test_second(void **state)
{
	static const char second[] = "ext4 /dev/vdb\n";

	(void)state;
	for (size_t i = 0; i < COUNT(seconds); i++) {
		struct target t[CONF_TARGETS_MAX];
		char mount_point[96], line[2000], *text, path[96];
		struct kdump_conf other;
		struct err e = { 0 };
		struct run r;
		size_t len;

		print_message("%s\n", seconds[i].why);
		device = mounting = dmesg = FINE;
		saving = seconds[i].save1;
		snprintf(path, sizeof(path), "%s/diary", dir);
		diary = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
		configure(&r, ext4, NULL);
		conf_targets(&r.conf, t);
		snprintf(mount_point, sizeof(mount_point), "%s/first%zu", dir, i);
		run_target(&r, &t[0], mount_point);
		assert_int_equal(closing_outcome(&r.closing), OUTCOME_FAILED);

		device = seconds[i].device2;
		dmesg = seconds[i].dmesg2;
		saving = seconds[i].save2;
		assert_int_equal(ftruncate(diary, 0), 0);
		conf_defaults(&other);
		conf_parse(&other, "conf", second, strlen(second), CONF_LENIENT, NULL);
		conf_targets(&other, t);
		snprintf(mount_point, sizeof(mount_point), "%s/second%zu", dir, i);
		run_target(&r, &t[0], mount_point);
		close(diary);
		close(r.steps.output);

		assert_int_equal(closing_outcome(&r.closing), seconds[i].outcome);
		outcome_line(&r.closing, line, sizeof(line));
		hide_dir(line);
		print_message("  %s\n", line);
		assert_memory_equal(line, seconds[i].line, strlen(seconds[i].line));
		assert_int_equal(read_file(path, 4096, &text, &len, &e), 0);
		assert_string_equal(text, seconds[i].diary);
		free(text);
	}
}

static void words_are(const struct program *p, const char *expected)
{
	char all[2000] = "";

	for (int i = 0; i < p->n; i++) {
		strcat(all, i ? " " : "");
		strcat(all, p->words[i]);
	}
	assert_null(p->words[p->n]);
	assert_string_equal(all, expected);
}

static void test_programs(void **state)
{
	struct kdump_conf c;
	struct attempt a = { .conf = &c, .target = { .kind = TARGET_FS }, .dir = "/m/d", .vmcore = "/m/d/vmcore" };
	struct program p;

	(void)state;
	conf_defaults(&c);
	a.target.opts = c.defaults;
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=/m/d/vmcore-dmesg.txt /proc/vmcore");
	program_vmcore(&p, &a);
	words_are(&p, "save -d 31 --compress=zstd --kernel-log=/m/d/kexec-dmesg.log --manifest=/m/d/manifest.json "
		  "/proc/vmcore /m/d/vmcore");
	a.target.kind = TARGET_RAW;
	strcpy(a.vmcore, "raw:/dev/vdb");
	a.target.opts.dump_level = 0;
	a.target.opts.threads = 2;
	strcpy(a.target.opts.compress, "lzo");
	strcpy(a.target.opts.digest, "sha256");
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=raw:/dev/vdb /proc/vmcore");
	program_vmcore(&p, &a);
	words_are(&p, "save -d 0 --compress=lzo --threads=2 --digest=sha256 /proc/vmcore raw:/dev/vdb");
}

static void test_directory(void **state)
{
	struct tm t = { .tm_year = 126, .tm_mon = 0, .tm_mday = 2, .tm_hour = 3, .tm_min = 4, .tm_sec = 5 };
	struct attempt a = { .target = { .opts.path = "/deep/path" }, .mount_point = dir };
	struct step_out one = { .number = 0 }, two = { .number = 0 };
	char name[80];

	(void)state;
	target_directory_name(&t, "127.0.0.1", false, 0, name, sizeof(name));
	assert_string_equal(name, "127.0.0.1-2026-01-02-03:04:05");
	target_directory_name(&t, "127.0.0.1", true, 7, name, sizeof(name));
	assert_string_equal(name, "127.0.0.1-2026-01-02-03-04-05-7");
	target_directory_name(&t, "2001:db8::1", true, 0, name, sizeof(name));
	assert_string_equal(name, "2001-db8--1-2026-01-02-03-04-05");
	assert_int_equal(target_directory(&a, &one), 0);
	assert_int_equal(target_directory(&a, &two), 0);
	assert_string_not_equal(one.text, two.text);	/* in the same second, too */
	assert_int_equal(access(one.text, F_OK) | access(two.text, F_OK), 0);
	strcpy(a.target.opts.path, "/");
	assert_int_equal(target_directory(&a, &one), 0);
	assert_null(strstr(one.text, "//"));
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_run.XXXXXX");
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
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_second),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
