/* steps - how is one thing done after the other, whatever becomes of each? */
/* SPDX-License-Identifier: MIT */
#include "boot/steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"

enum { ALWAYS_MS = 30000 };

/* What the child sees. */
struct job {
	const struct steps *s;
	const struct step  *step;
};

void *steps_share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int in_child(void *arg)
{
	const struct job *job = arg;
	int rc = job->step->run(job->s->arg, job->s->out);

	return rc < 0 ? 1 : rc;
}

/* Milliseconds this step may take; 0: no limit. False if the time of the whole run is over. */
static bool time_left(const struct steps *s, const struct step *step, unsigned *limit_ms)
{
	uint64_t own = (uint64_t)step->deadline_s * 1000, now = now_ms(), left;

	*limit_ms = (unsigned)own;
	if (!s->deadline_at_ms || (step->always && !own))
		return true;
	left = now < s->deadline_at_ms ? s->deadline_at_ms - now : 0;
	if (step->always && left < ALWAYS_MS)
		left = ALWAYS_MS;
	if (!own || left < own)
		*limit_ms = (unsigned)left;
	return left;
}

/* The child may have died while it wrote: nothing in there is trusted to be terminated. */
static void take_out(const struct steps *s, struct step_end *end)
{
	memcpy(&end->out, s->out, sizeof(end->out));
	end->out.err.msg[sizeof(end->out.err.msg) - 1] = 0;
	end->out.note[sizeof(end->out.note) - 1] = 0;
	end->out.text[sizeof(end->out.text) - 1] = 0;
}

static void explain(struct step_end *end)
{
	char how[200];

	child_describe(&end->child, how, sizeof(how));
	if (end->child.end == CHILD_EXITED && !end->child.stopped && end->out.err.msg[0])
		snprintf(end->why, sizeof(end->why), "%s", end->out.err.msg);
	else
		snprintf(end->why, sizeof(end->why), "%s", how);
}

static void try_once(const struct steps *s, const struct step *step, struct step_end *end)
{
	struct job job = { s, step };
	struct child_spec spec = {
		.run = in_child, .arg = &job, .stall_ms = step->stall_s * 1000,
		.grace_ms = step->grace_s * 1000, .output = s->output, .reap_all = s->reap_all,
	};

	memset(end, 0, sizeof(*end));
	memset(s->out, 0, sizeof(*s->out));
	if (s->report)
		s->report(s->arg, step, NULL);
	if (!time_left(s, step, &spec.deadline_ms)) {
		end->child = (struct child_result){ .end = CHILD_NOT_STARTED,
						    .stopped = CHILD_DEADLINE };
		snprintf(end->why, sizeof(end->why), "the deadline of the whole run is over");
	} else {
		end->child = child_run(&spec);
		end->ok = child_ok(&end->child);
		take_out(s, end);
		if (!end->ok)
			explain(end);
	}
	if (s->report)
		s->report(s->arg, step, end);
}

enum step_next step_run(const struct steps *s, const struct step *step, struct step_end *end)
{
	unsigned left = step->tries ? step->tries : 1;

	do {
		try_once(s, step, end);
	} while (--left && !end->ok && end->child.end != CHILD_ABANDONED && !end->child.stopped);
	if (end->ok && step->done)
		step->done(s->arg, &end->out);
	if (end->ok)
		return STEP_GO_ON;
	return end->child.end == CHILD_ABANDONED ? step->on_stuck : step->on_failure;
}
