/* child - how is something run that may crash, hang or never die? */
/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"

enum {
	DEFAULT_GRACE_MS = 2000, DEFAULT_ABANDON_MS = 2000,
	TICK_MS = 1000,			/* how often to look without a signal */
	FORK_TRIES = 20, FORK_PAUSE_MS = 100,
	EXIT_NO_EXEC = 127,		/* as a shell says it */
};

/* The state of one wait. */
struct watch {
	const struct child_spec *spec;
	struct child_result     *result;
	pid_t    pid;
	uint64_t start_ms, kill_ms, leave_ms;	/* 0: not yet decided */
	uint64_t activity, active_ms;		/* last sample of work done, and when it changed */
};

static void pause_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static void default_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) in_child(const struct child_spec *spec)
{
	setpgid(0, 0);
	default_signals();
	if (spec->output) {
		dup2(spec->output, 1);
		dup2(spec->output, 2);
	}
	if (spec->run)
		_exit(spec->run(spec->arg) & 0xff);
	execv(spec->argv[0], (char *const *)spec->argv);
	_exit(EXIT_NO_EXEC);
}

static pid_t start(const struct child_spec *spec)
{
	for (int i = 1;; i++) {
		pid_t pid = fork();

		if (pid == 0)
			in_child(spec);
		if (pid > 0)
			setpgid(pid, pid);	/* both sides: neither may act before it is done */
		if (pid > 0 || i == FORK_TRIES || (errno != EAGAIN && errno != ENOMEM))
			return pid;
		pause_ms(FORK_PAUSE_MS);
	}
}

/*
 * Something that grows while the process works: page faults and CPU time of all its threads. Unlike
 * other files of /proc/PID, stat takes no lock that a stuck process may hold. 0 if unreadable.
 */
static uint64_t activity(pid_t pid)
{
	unsigned long long minflt, majflt, utime, stime;
	char path[40], line[512];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_line(path, line, sizeof(line)))
		return 0;
	p = strrchr(line, ')'); /* the name may hold anything; proc(5): fields 3 to 15 follow */
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %llu %*u %llu %*u %llu %llu", &minflt,
			 &majflt, &utime, &stime) != 4)
		return 0;
	return minflt + majflt + utime + stime;
}

static bool stalled(struct watch *w, uint64_t now)
{
	uint64_t a;

	if (!w->spec->stall_ms)
		return false;
	a = activity(w->pid);
	if (a != w->activity) {
		w->activity = a;
		w->active_ms = now;
	}
	return now - w->active_ms >= w->spec->stall_ms;
}

static void tell(const struct watch *w, int signal)
{
	if (kill(-w->pid, signal))
		kill(w->pid, signal);
	kill(-w->pid, SIGCONT);
}

/* Escalate where time is up. Returns false when the child is given up. */
static bool escalate(struct watch *w, uint64_t now)
{
	const struct child_spec *s = w->spec;

	if (!w->kill_ms) {
		if (s->deadline_ms && now - w->start_ms >= s->deadline_ms)
			w->result->stopped = CHILD_DEADLINE;
		else if (stalled(w, now))
			w->result->stopped = CHILD_STALLED;
		else
			return true;
		tell(w, SIGTERM);
		w->kill_ms = now + (s->grace_ms ? s->grace_ms : DEFAULT_GRACE_MS);
	} else if (!w->leave_ms && now >= w->kill_ms) {
		tell(w, SIGKILL);
		w->leave_ms = now + (s->abandon_ms ? s->abandon_ms : DEFAULT_ABANDON_MS);
	}
	return !w->leave_ms || now < w->leave_ms;
}

/* Milliseconds until there is something to decide, at most a tick. */
static unsigned next_look(const struct watch *w, uint64_t now)
{
	uint64_t next = now + TICK_MS, due = 0;

	if (w->leave_ms)
		due = w->leave_ms;
	else if (w->kill_ms)
		due = w->kill_ms;
	else if (w->spec->deadline_ms)
		due = w->start_ms + w->spec->deadline_ms;
	if (due && due < next)
		next = due;
	return next > now ? (unsigned)(next - now) : 0;
}

/* Collect the dead. Returns true if ours is among them (or nobody can tell any more). */
static bool reap(struct watch *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(w->spec->reap_all ? -1 : w->pid, &status, WNOHANG)) > 0) {
		if (pid != w->pid)
			continue;
		w->result->end = WIFEXITED(status) ? CHILD_EXITED : CHILD_SIGNALED;
		w->result->value = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
		return true;
	}
	if (pid == 0)
		return false;
	/* ECHILD: somebody else took its status. It is gone, nobody knows how: no success. */
	w->result->end = CHILD_SIGNALED;
	w->result->value = 0;
	return true;
}

static void watch(struct watch *w, const sigset_t *chld)
{
	while (!reap(w)) {
		uint64_t now = now_ms();
		unsigned ms;
		struct timespec t;

		if (!escalate(w, now)) {
			w->result->end = CHILD_ABANDONED;
			w->result->value = w->pid;
			return;
		}
		ms = next_look(w, now);
		t.tv_sec = ms / 1000;
		t.tv_nsec = (long)(ms % 1000) * 1000000;
		sigtimedwait(chld, NULL, &t);
	}
}

struct child_result child_run(const struct child_spec *spec)
{
	struct child_result result = { .end = CHILD_NOT_STARTED };
	struct watch w = { .spec = spec, .result = &result, .start_ms = now_ms() };
	sigset_t chld, old;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	w.active_ms = w.start_ms;
	w.pid = start(spec);
	if (w.pid < 0)
		result.value = errno;
	else
		watch(&w, &chld);
	if (result.stopped)
		kill(-w.pid, SIGKILL);	/* what it started and did not take along */
	sigprocmask(SIG_SETMASK, &old, NULL);
	result.duration_ms = now_ms() - w.start_ms;
	return result;
}

bool child_ok(const struct child_result *r)
{
	return r->end == CHILD_EXITED && r->value == 0;
}

void child_describe(const struct child_result *r, char *out, size_t size)
{
	static const char *const why[] = { "", "deadline reached, ", "no sign of life, " };
	unsigned s = (unsigned)(r->duration_ms / 1000);

	switch (r->end) {
	case CHILD_EXITED:
		snprintf(out, size, "%sexit status %d", why[r->stopped], r->value);
		break;
	case CHILD_SIGNALED:
		if (r->stopped)
			snprintf(out, size, "%sended by a signal after %u s", why[r->stopped], s);
		else
			snprintf(out, size, "died by signal %d (%s)", r->value,
				 strsignal(r->value));
		break;
	case CHILD_ABANDONED:
		snprintf(out, size, "%scannot be killed, left behind as process %d after %u s",
			 why[r->stopped], r->value, s);
		break;
	case CHILD_NOT_STARTED:
		snprintf(out, size, "cannot start a process: %s", strerror(r->value));
		break;
	}
}
