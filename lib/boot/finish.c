/* finish - how does this machine stop, whatever happens? */
/* SPDX-License-Identifier: MIT */
#include "boot/finish.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/args.h"
#include "base/child.h"
#include "base/io.h"
#include "base/log.h"

enum { SYNC_MS = 30000, REBOOT_MS = 10000 };

static const struct way {
	const char *name, *saying;
	int         cmd;	/* of reboot(2) */
	const char *sysrq;	/* when that does not work; NULL: none */
} ways[] = {
	[FINISH_REBOOT]   = { "reboot", "rebooting", RB_AUTOBOOT, "b" },
	[FINISH_POWEROFF] = { "poweroff", "powering off", RB_POWER_OFF, "o" },
	[FINISH_HALT]     = { "halt", "halting", RB_HALT_SYSTEM, NULL },
};
enum { NR_WAYS = sizeof(ways) / sizeof(ways[0]) };

int finish_parse(const char *word, enum final_action *out, struct err *e)
{
	const char *names[NR_WAYS], *near;

	for (unsigned i = 0; i < NR_WAYS; i++) {
		names[i] = ways[i].name;
		if (!strcmp(word, ways[i].name)) {
			*out = i;
			return 0;
		}
	}
	near = nearest_name(word, names, NR_WAYS);
	return err_say(e, -EINVAL, "'%.40s' is none of reboot, poweroff, halt%s%s%s", word,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

const char *finish_name(enum final_action action)
{
	return ways[action].name;
}

int finish_allowed(enum final_action action, struct err *e)
{
	struct stat self, init;

	if (!stat("/proc/self/exe", &self) && !stat("/proc/1/exe", &init) &&
	    self.st_dev == init.st_dev && self.st_ino == init.st_ino)
		return 0;
	return err_say(e, -EPERM, "another init runs this machine: ask it (systemctl %s), or use "
		       "--force, which stops no service", ways[action].name);
}

static int sync_run(void *arg)
{
	(void)arg;
	sync();
	return 0;
}

int finish_sync(unsigned limit_ms)
{
	struct child_spec spec = {
		.run = sync_run, .deadline_ms = limit_ms, .grace_ms = 1, .abandon_ms = 1
	};
	struct child_result r = child_run(&spec);

	if (r.end == CHILD_NOT_STARTED)
		return -r.value;
	return child_ok(&r) ? 0 : -ETIMEDOUT;
}

static int reboot_run(void *arg)
{
	const struct way *way = arg;

	return reboot(way->cmd) ? errno : 0;
}

static void nap(time_t seconds)
{
	struct timespec t = { .tv_sec = seconds };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

void finish_at_once(enum final_action action)
{
	const struct way *way = &ways[action];
	struct child_spec spec = { .run = reboot_run, .arg = (void *)way, .deadline_ms = REBOOT_MS,
				   .grace_ms = 1, .abandon_ms = 1 };
	struct child_result r;

	log_info("%s", way->saying);
	r = child_run(&spec);
	if (r.end == CHILD_NOT_STARTED)
		reboot(way->cmd);
	else if (r.end == CHILD_EXITED && r.value)
		log_error("%s: %s", way->name, strerror(r.value));
	for (unsigned n = 0; way->sysrq; n++) {
		const char *key = n < 2 ? way->sysrq : "b";
		int rc;

		log_error("%s did not happen; trying sysrq %s", way->name, key);
		rc = write_file("/proc/sysrq-trigger", key);
		if (rc)
			log_error("write /proc/sysrq-trigger: %s", strerror(-rc));
		nap(REBOOT_MS / 1000);
	}
	for (;;)
		pause();
}

void finish(enum final_action action)
{
	int rc = finish_sync(SYNC_MS);

	if (rc)
		log_error("sync: %s; going on without", strerror(-rc));
	finish_at_once(action);
}

int finish_command(struct args *a, enum final_action action, struct err *e)
{
	bool force = false, no_sync = false;
	int id, rc;

	while ((id = args_next(a, e)) > 0) {
		if (id == 'h')
			return id;
		force |= id == 'f';
		no_sync |= id == 'n';
	}
	if (id)
		return id;
	rc = force ? 0 : finish_allowed(action, e);
	if (rc)
		return rc == -EINVAL ? -EPERM : rc;
	if (no_sync)
		finish_at_once(action);
	finish(action);
}
