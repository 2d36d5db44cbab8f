/* hookrun - when do the user's hooks run, and what do their answers mean? */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/io.h"
#include "boot/hooks.h"
#include "boot/run.h"

enum { HOOK_S = 300, EXIT_NO_EXEC = 127 };

/* What the child needs. */
struct call {
	const char *path, *arg;
};

static int child_hook(void *arg, struct step_out *out)
{
	const struct call *call = arg;

	hook_exec(call->path, call->arg, &out->err);
	return EXIT_NO_EXEC;
}

/* At most half of the time that is left: a hook that hangs must not cost the dump. */
static unsigned limit_s(const struct run *r)
{
	uint64_t now = now_ms(), at = r->steps.deadline_at_ms, half;

	if (!at)
		return HOOK_S;
	half = at > now ? (at - now) / 2000 : 0;
	return half < 1 ? 1 : half < HOOK_S ? (unsigned)half : HOOK_S;
}

/*
 * Run one. True unless it said no by an exit status of its own: one that is missing, crashes or
 * hangs has not decided anything, and the dump goes on.
 */
static bool hook(const struct run *r, const char *path, const char *arg)
{
	struct call call = { path, arg };
	struct step step = { path, child_hook, .deadline_s = limit_s(r), .always = true };
	struct steps s = r->steps;
	struct step_end end;

	s.arg = &call;
	s.output = 0;		/* the console: /dev/kmsg refuses writes above 1024 bytes */
	step_run(&s, &step, &end);
	return end.ok || end.child.end != CHILD_EXITED || end.child.stopped || end.out.err.msg[0];
}

static void directory(const struct run *r, const char *dir, const char *arg)
{
	struct hooks h = { .n = 0 };

	hooks_add_dir(&h, dir);
	for (int i = 0; i < h.n; i++)
		hook(r, h.path[i], arg);
	if (h.dropped)
		run_warn(r, "%s: %d programs too many are not run", dir, h.dropped);
}

bool run_pre_hooks(struct run *r)
{
	if (r->pre_done)
		return true;
	r->pre_done = true;
	if (r->conf.kdump_pre[0] && !hook(r, r->conf.kdump_pre, NULL)) {
		r->vetoed = true;
		return false;
	}
	directory(r, "/etc/kdump/pre.d", NULL);
	return true;
}

void run_post_hooks(struct run *r)
{
	const struct child_result *save = &r->closing.save;
	char status[16];

	snprintf(status, sizeof(status), "%d", save->end == CHILD_EXITED ? save->value : 1);
	directory(r, "/etc/kdump/post.d", status);
	if (r->conf.kdump_post[0])
		hook(r, r->conf.kdump_post, status);
}

void run_emergency_hooks(struct run *r)
{
	directory(r, "/etc/kdump/emergency.d", NULL);
	if (r->conf.kdump_emergency[0])
		hook(r, r->conf.kdump_emergency, NULL);
}
