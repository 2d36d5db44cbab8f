/* selftest - what came of the crash that was asked for, and does the image boot? */
/* SPDX-License-Identifier: MIT */
#include "prod/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"
#include "base/json.h"
#include "prod/dumps.h"
#include "prod/record.h"
#include "prod/where.h"

enum { STAMP_MAX = 4096, LOG_MAX = 16 << 20, VM_MS = 600 * 1000, CLOCK_SLACK_S = 60 };

static const char stamp_name[] = "test.json";

int selftest_mark(const struct place *p, int64_t now, struct err *e)
{
	char path[PATH_MAX + 16], text[128], boot_id[40];
	int n, rc = make_dirs(p->state);

	if (rc)
		return err_set(e, rc, "make directory %.200s", p->state);
	record_boot_id(p->root, boot_id);
	n = snprintf(text, sizeof(text), "{ \"boot_id\": \"%s\", \"when\": %lld }\n", boot_id, (long long)now);
	snprintf(path, sizeof(path), "%s/%s", p->state, stamp_name);
	return image_write(path, text, (size_t)n, e);
}

static bool read_mark(const struct place *p, char boot_id[40], int64_t *when)
{
	char path[PATH_MAX + 16], *text;
	struct json top, value;
	uint64_t n = 0;
	size_t len;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", p->state, stamp_name);
	if (read_file(path, STAMP_MAX, &text, &len, NULL))
		return false;
	ok = json_text(&top, text, len) && json_member(top, "boot_id", &value) && json_string(value, boot_id, 40) &&
	     json_member(top, "when", &value) && json_u64(value, &n);
	*when = (int64_t)n;
	free(text);
	return ok;
}

/* The first dump in dir that was made after the crash. */
static enum selftest_end look(const char *dir, int64_t when, char *text, size_t size)
{
	enum selftest_end end = SELFTEST_LOST;
	struct saved_dumps all = { 0 };

	if (dumps_read(&all, dir, NULL))
		all.n = 0;
	for (size_t i = all.n; i-- > 0 && end == SELFTEST_LOST;) {
		const struct saved_dump *d = &all.list[i];

		if (d->when + CLOCK_SLACK_S < when)
			continue;
		end = d->state == DUMP_COMPLETE ? SELFTEST_SAVED : SELFTEST_PARTLY;
		snprintf(text, size, "the test crash was saved, %s: %.300s/%s", dump_states[d->state], dir, d->name);
	}
	dumps_free(&all);
	return end;
}

enum selftest_end selftest_result(const struct place *p, char *text, size_t size)
{
	char boot_id[40], now[40];
	enum selftest_end end = SELFTEST_LOST;
	struct where *w;
	int64_t when;

	text[0] = 0;
	if (!read_mark(p, boot_id, &when))
		return SELFTEST_NONE;
	record_boot_id(p->root, now);
	if (!strcmp(boot_id, now)) {
		snprintf(text, size, "a test crash was asked for in this boot, and did not happen");
		return SELFTEST_WAITING;
	}
	w = malloc(sizeof(*w));
	if (!w)
		return SELFTEST_NONE;
	where_read(w, p);
	for (int i = 0; i < w->n && end == SELFTEST_LOST; i++)
		end = look(w->dirs[i], when, text, size);
	if (end == SELFTEST_LOST && w->elsewhere[0]) {
		end = SELFTEST_ELSEWHERE;
		snprintf(text, size, "the test crash left no dump on this machine; look at: %s", w->elsewhere);
	} else if (end == SELFTEST_LOST) {
		snprintf(text, size, "the test crash left no dump");
	}
	free(w);
	return end;
}

/* One that runs kernels of this machine. */
static const char *find_qemu(void)
{
#ifdef __x86_64__
	static const char *const places[] = {
		"/usr/bin/qemu-system-x86_64", "/usr/local/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!access(places[i], X_OK))
			return places[i];
#endif
	return NULL;
}

/* Did our init run in it? */
static bool came_up(const char *log)
{
	size_t len;
	char *text;
	bool yes;

	if (read_file(log, LOG_MAX, &text, &len, NULL))
		return false;
	yes = memmem(text, len, "this kernel was not started by a crash", 38);
	free(text);
	return yes;
}

int selftest_vm(const char *kernel, const char *initrd, const char *cmdline, uint64_t memory, const char *log,
		struct err *e)
{
	char line[4096], megabytes[32], how[128];
	const char *const argv[] = {
		find_qemu(), "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", megabytes, "-kernel", kernel, "-initrd",
		initrd, "-append", line, "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", NULL,
	};
	struct child_spec spec = { .argv = argv, .deadline_ms = VM_MS };
	struct child_result end;

	if (!argv[0])
		return err_say(e, -ENOENT, "there is no QEMU for this machine (qemu-system-x86 on Debian)");
	snprintf(megabytes, sizeof(megabytes), "%llu", (unsigned long long)memory >> 20);
	/* Under QEMU on a busy machine no tick comes in time for the check of the timer, which then panics. */
	snprintf(line, sizeof(line), "%.3900s console=ttyS0 no_timer_check kdumpbox.final_action=poweroff "
		 "kdumpbox.failure_action=poweroff",
		 cmdline);
	spec.output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (spec.output < 0)
		return err_set(e, -errno, "write %s", log);
	end = child_run(&spec);
	close(spec.output);
	if (came_up(log))
		return 0;
	child_describe(&end, how, sizeof(how));
	return err_say(e, -EIO, "our init did not come up in the virtual machine (%s); its console is %s", how, log);
}
