/* attempt - how is everything saved to one target? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot/programs.h"
#include "boot/run.h"
#include "boot/server.h"
#include "boot/target.h"

enum { CLOSE_DUMP_S = 60 };	/* for save to close the dump readably when its time is over */

/* Why this target has no dump. */
static void because(struct run *r, const char *step, const struct step_end *end)
{
	if (end->child.end == CHILD_ABANDONED)
		r->stuck = true;
	snprintf(r->closing.reason, sizeof(r->closing.reason), "%s: %.300s", step, end->why);
}

#define STEP(name, run, keep, seconds) { name, run, keep, .deadline_s = (seconds), .always = true, \
					 .on_failure = STEP_NEXT_TARGET, .on_stuck = STEP_NEXT_TARGET }

/* What makes a target ready. A raw device needs only to be there. */
static bool prepare(struct run *r, struct attempt *a)
{
	const struct step local[] = {
		STEP("device", target_device, target_keep_device, (unsigned)r->conf.device_timeout_s + 10),
		STEP("mount", target_mount, NULL, 300),
		STEP("directory", target_directory, target_keep_directory, 60),
	};
	const struct step remote[] = {
		STEP("network", server_network, server_keep_network, (unsigned)r->conf.network_timeout_s + 10),
		STEP("directory", server_directory, server_keep_directory, 120),
	};
	const struct step mounted[] = { remote[0], local[1], local[2] };
	const struct step *steps = !target_is_remote(&a->target) ? local : target_is_mounted(&a->target) ? mounted : remote;
	static const size_t count[] = { [TARGET_FS] = 3, [TARGET_RAW] = 1, [TARGET_SSH] = 2, [TARGET_HTTP] = 2,
					[TARGET_S3] = 2, [TARGET_NETFS] = 3 };
	struct step_end end;

	for (size_t i = 0; i < count[a->target.kind]; i++) {
		struct step step = steps[i];

		step.tries = step.run == target_mount ? 2 : 1;
		if (run_step(r, &step, a, &end) != STEP_GO_ON) {
			because(r, step.name, &end);
			return false;
		}
	}
	return true;
}

/* The logs. False if the target does not answer any more. */
static bool save_logs(struct run *r, struct attempt *a)
{
	static const struct step steps[] = {
		{ "dmesg", run_dmesg, .deadline_s = 120, .grace_s = 10,
		  .on_stuck = STEP_NEXT_TARGET, .always = true },
		{ "pstore", run_pstore, .deadline_s = 60, .on_stuck = STEP_NEXT_TARGET },
	};
	/* Without a log there may be a dump, but not on a server that does not let us in. */
	static const struct step server = STEP("server", server_answers, NULL, 120);
	size_t n = a->target.kind == TARGET_RAW ? 1 : 2;
	struct step_end end;

	for (size_t i = 0; i < n; i++) {
		if (run_step(r, &steps[i], a, &end) != STEP_GO_ON) {
			because(r, steps[i].name, &end);
			return false;
		}
		if (i == 0 && end.ok)
			target_place(a, "vmcore-dmesg.txt", r->closing.kept,
				     sizeof(r->closing.kept));
		else if (i == 0 && !target_is_mounted(&a->target) && run_step(r, &server, a, &end) != STEP_GO_ON) {
			because(r, server.name, &end);
			return false;
		}
	}
	return true;
}

/* What save left behind: its size, and whether its word can be true. */
static void look(struct run *r, struct attempt *a)
{
	static const struct step step = { "result", target_result, target_keep_result,
					  .deadline_s = 20, .always = true };
	struct step_end end;

	run_step(r, &step, a, &end);
	r->closing.bytes = a->bytes;
	r->closing.incomplete = !strcmp(a->name, "vmcore-incomplete");
	r->closing.missing = !end.ok && end.out.err.code == -ENOENT;
	if (r->closing.missing && outcome_of(&r->closing.save) != OUTCOME_FAILED)
		because(r, "vmcore", &end);
}

/* An exit status is no reason: save said it in the kernel log. */
static void find_reason(struct run *r)
{
	static const struct step step = { "reason", run_reason, .deadline_s = 10, .always = true };
	static const char *const stops[] = {
		[CHILD_NOT_STOPPED] = "",
		[CHILD_DEADLINE] = "deadline reached, ",
		[CHILD_STALLED] = "no sign of life, ",
	};
	struct steps quiet = r->steps;
	struct step_end end;

	quiet.report = NULL;
	step_run(&quiet, &step, &end);
	if (end.ok)
		snprintf(r->closing.reason, sizeof(r->closing.reason), "%s%.320s",
			 stops[r->closing.save.stopped], end.out.text);
}

static void save_memory(struct run *r, struct attempt *a)
{
	const struct step step = { "vmcore", run_vmcore, .grace_s = CLOSE_DUMP_S,
				   .stall_s = (unsigned)r->conf.stall_timeout_s };
	struct step_end end;

	run_step(r, &step, a, &end);
	r->closing.save = end.child;
	r->closing.incomplete = false;	/* what another target has of it is not the best any more */
	r->closing.bytes = 0;
	if (!end.ok)
		because(r, step.name, &end);
	if (end.child.end == CHILD_EXITED && outcome_of(&end.child) == OUTCOME_FAILED)
		find_reason(r);
	if (end.child.end != CHILD_ABANDONED && target_is_mounted(&a->target))
		look(r, a);
	r->closing.sent = a->target.kind == TARGET_HTTP;
	target_place(a, a->target.kind == TARGET_HTTP ? "vmcore.flat" : a->name, r->closing.where, sizeof(r->closing.where));
}

static void try_target(struct run *r, const struct target *t, const char *mount_point)
{
	static const struct step release = { "unmount", target_release, .deadline_s = 60,
					     .always = true };
	struct attempt a = { .conf = &r->conf, .target = *t, .say = r->say, .mount_point = mount_point };
	struct step_end end;

	if (!prepare(r, &a))
		return;
	if (!run_pre_hooks(r))
		snprintf(r->closing.reason, sizeof(r->closing.reason),
			 "kdump_pre does not want a dump");
	else if (save_logs(r, &a))
		save_memory(r, &a);
	if (!r->vetoed)
		run_post_hooks(r);
	if (target_is_mounted(t) && !r->stuck)
		run_step(r, &release, &a, &end);
}

void run_target(struct run *r, const struct target *t, const char *mount_point)
{
	bool stuck = r->stuck;		/* by another target */

	r->stuck = false;
	r->closing.save = (struct child_result){ .end = CHILD_NOT_STARTED };
	r->closing.missing = false;
	try_target(r, t, mount_point);
	r->stuck |= stuck;
}
