/* test - kdump test: try what a crash will need, up to a crash. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/imageconf.h"
#include "kdump/kdump.h"
#include "prod/estimate.h"
#include "prod/selftest.h"
#include "prod/status.h"

enum { TEST_VM = 256, TEST_CRASH, TEST_YES };

static const struct opt test_opts[] = {
	{ TEST_VM, "vm", NULL, "boot what is loaded under QEMU, in as much memory as is reserved" },
	{ TEST_CRASH, "crash", NULL, "crash this machine now, after a question; kdump status tells afterwards" },
	{ TEST_YES, "yes", NULL, "with --crash: without the question" },
	KDUMP_OPT_CONFIG, KDUMP_OPT_STATE, APPLET_OPTS_END
};

KDUMP_COMMAND(test, "test", "try to write to each target; boot the image in a virtual machine; or crash", "");

struct test {
	struct kdump_call k;
	bool              vm, crash, yes;
	bool              failed, partly;
};

static void tell(struct test *t, int rc, const char *what)
{
	printf("%s: %s\n", !rc ? "ok" : rc == -EOPNOTSUPP ? "warning" : "failure", what);
	t->partly |= rc == -EOPNOTSUPP;
	t->failed |= rc && rc != -EOPNOTSUPP;
}

/* Is the right one loaded, and is the reservation what it needs? */
static int test_loaded(struct test *t, struct status *s, struct err *e)
{
	struct place *p = &t->k.place;
	struct estimate_facts facts;
	struct estimate est;
	char text[400];
	int rc = status_read(s, p, e);

	if (rc)
		return rc;
	snprintf(text, sizeof(text), "the crash kernel is %s%s", readiness_names[s->is],
		 s->is == READY ? "" : "; kdump status tells more, kdump load mends that");
	tell(t, s->is == READY ? 0 : -ENOENT, text);
	if (!estimate_read(&facts, p, e)) {
		estimate_make(&est, &facts);
		snprintf(text, sizeof(text), "%llu MiB are reserved, kdump estimate advises %llu MiB",
			 (unsigned long long)s->kexec.reserved >> 20, (unsigned long long)est.reserve >> 20);
		tell(t, s->kexec.reserved >= est.reserve ? 0 : s->kexec.reserved ? -EOPNOTSUPP : -ENOENT, text);
	} else {
		tell(t, e->code, e->msg);
	}
	return 0;
}

/* As they are in the image: with the device of a directory of this machine. */
static int read_targets(const struct place *p, struct target out[CONF_TARGETS_MAX], int *n, struct err *e)
{
	struct imageconf *ic = calloc(1, sizeof(*ic));
	struct kdump_conf *c = malloc(sizeof(*c));
	int rc = ic && c ? imageconf_read(ic, p->config, p->root, e) : err_set(e, -ENOMEM, "test");

	if (!rc) {
		conf_defaults(c);
		conf_parse(c, p->conf_path, ic->text, ic->len, CONF_LENIENT, NULL);
		*n = conf_targets(c, out);
	}
	if (ic)
		imageconf_free(ic);
	free(ic);
	free(c);
	return rc;
}

static int test_targets(struct test *t, struct err *e)
{
	struct target *targets = calloc(CONF_TARGETS_MAX, sizeof(*targets));
	char scratch[PATH_MAX + 16], note[256];
	int n = 0, rc = targets ? read_targets(&t->k.place, targets, &n, e) : err_set(e, -ENOMEM, "test");

	snprintf(scratch, sizeof(scratch), "%s/mnt", t->k.place.state);
	if (!rc && make_dirs(scratch))
		rc = err_set(e, -EIO, "make directory %.200s", scratch);
	for (int i = 0; !rc && i < n; i++) {
		struct err why = { 0 };
		int one = selftest_target(&targets[i], scratch, note, sizeof(note), &why);

		tell(t, one, one ? why.msg : note);
	}
	rmdir(scratch);
	free(targets);
	return rc;
}

static void test_vm(struct test *t, const struct status *s)
{
	const char *state = t->k.place.state;
	char kernel[PATH_MAX + 80], initrd[PATH_MAX + 80], log[PATH_MAX + 80], text[400];
	struct err e = { 0 };
	int rc;

	if (!s->ours) {
		tell(t, -ENOENT, "nothing of ours is loaded that a virtual machine could boot: kdump load");
		return;
	}
	snprintf(kernel, sizeof(kernel), "%s/%s", state, s->record.kernel);
	snprintf(initrd, sizeof(initrd), "%s/%s", state, s->record.initrd);
	snprintf(log, sizeof(log), "%s/vm.log", state);
	rc = selftest_vm(kernel, initrd, s->record.cmdline, s->kexec.reserved, log, &e);
	snprintf(text, sizeof(text), "kernel and image boot in a virtual machine of %llu MiB",
		 (unsigned long long)s->kexec.reserved >> 20);
	tell(t, rc == -ENOENT ? -EOPNOTSUPP : rc, rc ? e.msg : text);
}

static int crash(struct test *t, const struct status *s, struct err *e)
{
	char answer[16] = "";

	if (!s->kexec.loaded)
		return err_say(e, -ENOENT, "no crash kernel is loaded: a crash now would save nothing");
	if (!t->yes) {
		printf("This machine crashes now, without a shutdown. Type yes: ");
		fflush(stdout);
		if (!fgets(answer, sizeof(answer), stdin) || strcmp(answer, "yes\n"))
			return err_say(e, -ECANCELED, "nothing was done");
	}
	if (selftest_mark(&t->k.place, (int64_t)time(NULL), e))
		return e->code;
	sync();
	return err_set(e, write_file("/proc/sysrq-trigger", "c"), "crash by /proc/sysrq-trigger");
}

static int run(struct test *t, struct err *e)
{
	struct status s = { 0 };
	char last[512];
	int rc = test_loaded(t, &s, e);

	if (rc)
		tell(t, rc, e->msg);
	rc = test_targets(t, e);
	if (!rc && t->vm)
		test_vm(t, &s);
	if (!rc && selftest_result(&t->k.place, last, sizeof(last)) != SELFTEST_NONE)
		printf("%s\n", last);
	if (!rc && t->crash)
		rc = t->failed ? err_say(e, -EIO, "no crash: something failed before it") : crash(t, &s, e);
	status_free(&s);
	return rc;
}

static int test_main(struct args *a)
{
	struct test t = { 0 };
	struct err e = { 0 };
	int rc;

	while ((rc = kdump_next(&t.k, a, &e)) > 0 && rc != OPT_HELP) {
		t.vm |= rc == TEST_VM;
		t.crash |= rc == TEST_CRASH;
		t.yes |= rc == TEST_YES;
	}
	if (!rc && t.yes && !t.crash)
		rc = err_say(&e, -EINVAL, "--yes is for --crash");
	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = kdump_ready(&t.k, &e);
	if (!rc)
		rc = run(&t, &e);
	if (rc)
		return applet_fail(&e);
	return fflush(stdout) || t.failed ? FAILED : t.partly ? DEGRADED : DONE;
}
