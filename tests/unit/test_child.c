/* test_child - does every way in which a child can end, or not end, give its answer? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/child.h"
#include "base/io.h"

/* A process in state D is one that signals do not reach: this stands between child_run and kill(2). */
static int deaf;

int kill(pid_t pid, int sig)
{
	return deaf ? 0 : (int)syscall(SYS_kill, pid, sig);
}

static int exit_with(void *arg)
{
	return *(int *)arg;
}

static int crash(void *arg)
{
	(void)arg;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int hang(void *arg)
{
	while (!arg || *(int *)arg)
		pause();
	return 0;
}

static int hang_deaf_to_term(void *arg)
{
	signal(SIGTERM, SIG_IGN);
	return hang(arg);
}

static void obey(int sig)
{
	(void)sig;
	_exit(3);
}

static int obey_term(void *arg)
{
	signal(SIGTERM, obey);
	return hang(arg);
}

static int spin(void *arg)
{
	uint64_t end = now_ms() + (uint64_t)*(int *)arg;

	while (now_ms() < end)
		;
	return 0;
}

static int nap(void *arg)
{
	usleep((useconds_t)*(int *)arg * 1000);
	return 0;
}

/* Leaves a process behind that would live for ever, in the same group, and hangs. */
static int hang_with_family(void *arg)
{
	if (fork() == 0)
		hang(NULL);
	return hang(arg);
}

static int int_0 = 0, int_1 = 1, int_3 = 3, int_4500 = 4500;
static const char *const true_argv[] = { "/bin/true", NULL };
static const char *const none_argv[] = { "/nonexistent/program", NULL };

static const struct {
	const char *why;
	struct child_spec spec;
	enum child_end end;
	enum child_stop stopped;
	int value;
	const char *words;
} cases[] = {
	{ "exit status 0", { .run = exit_with, .arg = &int_0 }, CHILD_EXITED, CHILD_NOT_STOPPED, 0, "exit status 0" },
	{ "another exit status", { .run = exit_with, .arg = &int_3 }, CHILD_EXITED, CHILD_NOT_STOPPED, 3, "exit status 3" },
	{ "a program", { .argv = true_argv }, CHILD_EXITED, CHILD_NOT_STOPPED, 0, "exit status 0" },
	{ "a program that is missing", { .argv = none_argv }, CHILD_EXITED, CHILD_NOT_STOPPED, 127, "exit status 127" },
	{ "a crash", { .run = crash }, CHILD_SIGNALED, CHILD_NOT_STOPPED, SIGSEGV, "died by signal 11 (Segmentation fault)" },
	{ "a hang ends by SIGTERM", { .run = hang, .deadline_ms = 50 }, CHILD_SIGNALED, CHILD_DEADLINE, SIGTERM,
	  "deadline reached, ended by a signal after 0 s" },
	{ "deaf to SIGTERM ends by SIGKILL", { .run = hang_deaf_to_term, .deadline_ms = 50, .grace_ms = 50 },
	  CHILD_SIGNALED, CHILD_DEADLINE, SIGKILL, "deadline reached, ended by a signal after 0 s" },
	{ "SIGTERM obeyed with an exit status", { .run = obey_term, .deadline_ms = 200, .grace_ms = 10000 },
	  CHILD_EXITED, CHILD_DEADLINE, 3, "deadline reached, exit status 3" },
	{ "no sign of life", { .run = hang, .stall_ms = 100 }, CHILD_SIGNALED, CHILD_STALLED, SIGTERM,
	  "no sign of life, ended by a signal" },
	{ "working is a sign of life", { .run = spin, .arg = &int_4500, .stall_ms = 3000 }, CHILD_EXITED,
	  CHILD_NOT_STOPPED, 0, "exit status 0" },
};

static void test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct child_result r = child_run(&cases[i].spec);
		char words[200];

		child_describe(&r, words, sizeof(words));
		print_message("%s: %s\n", cases[i].why, words);
		assert_int_equal(r.end, cases[i].end);
		assert_int_equal(r.stopped, cases[i].stopped);
		assert_int_equal(r.value, cases[i].value);
		assert_memory_equal(words, cases[i].words, strlen(cases[i].words));
		assert_int_equal(child_ok(&r), r.end == CHILD_EXITED && r.value == 0);
	}
}

static void test_abandons_what_cannot_be_killed(void **state)
{
	struct child_spec spec = { .run = hang, .deadline_ms = 50, .grace_ms = 50, .abandon_ms = 50 };
	struct child_result r;
	char words[200];

	(void)state;
	deaf = 1;
	r = child_run(&spec);
	deaf = 0;
	child_describe(&r, words, sizeof(words));
	assert_int_equal(r.end, CHILD_ABANDONED);
	assert_int_equal(r.stopped, CHILD_DEADLINE);
	assert_non_null(strstr(words, "cannot be killed"));
	assert_int_equal(kill(r.value, SIGKILL), 0);	/* it is there, and not ours to wait for twice */
	assert_int_equal(waitpid(r.value, NULL, 0), r.value);
}

static void test_group_goes_with_it(void **state)
{
	struct child_spec spec = { .run = hang_with_family, .deadline_ms = 300 };
	int fds[2];
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	spec.output = fds[1];
	child_run(&spec);
	close(fds[1]);
	/* End of file only when no process of the group holds the pipe any more. */
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
}

static void test_reaps_orphans_only_as_told(void **state)
{
	struct child_spec spec = { .run = nap, .arg = &int_1 };
	pid_t other = fork();
	siginfo_t gone;

	(void)state;
	if (other == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)other, &gone, WEXITED | WNOWAIT), 0);
	child_run(&spec);
	assert_int_equal(waitpid(other, NULL, 0), other);
	other = fork();
	if (other == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)other, &gone, WEXITED | WNOWAIT), 0);
	spec.reap_all = true;
	child_run(&spec);
	assert_int_equal(waitpid(other, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_output_and_signals(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c", "echo out; echo err >&2; kill -s PIPE $$; echo no", NULL };
	struct child_spec spec = { .argv = argv };
	struct child_result r;
	char text[64] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	signal(SIGPIPE, SIG_IGN);
	spec.output = fds[1];
	r = child_run(&spec);
	signal(SIGPIPE, SIG_DFL);
	close(fds[1]);
	assert_true(read_full(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_string_equal(text, "out\nerr\n");
	assert_int_equal(r.end, CHILD_SIGNALED);	/* the child does not inherit what we ignore */
	assert_int_equal(r.value, SIGPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_abandons_what_cannot_be_killed),
		cmocka_unit_test(test_group_goes_with_it),
		cmocka_unit_test(test_reaps_orphans_only_as_told),
		cmocka_unit_test(test_output_and_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
