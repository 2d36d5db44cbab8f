/* child - run something that may crash, hang or never die, and always get an answer. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What to run and for how long. Zero is a good value for every field but run or argv. */
struct child_spec {
	/*
	 * Called in the child; the value returned is its exit status. It may exec. If NULL, argv is
	 * executed (argv[0] is a path; exit status 127 if that is impossible).
	 */
	int               (*run)(void *arg);
	void               *arg;
	const char *const  *argv;

	unsigned deadline_ms;	/* then SIGTERM to the child's process group; 0: none */
	unsigned stall_ms;	/* the same, without CPU time and page faults; 0: none */
	unsigned grace_ms;	/* from SIGTERM to SIGKILL; 0: 2000 */
	unsigned abandon_ms;	/* from SIGKILL until it is left behind (state D); 0: 2000 */
	int      output;	/* fd for its standard output and error; 0: inherited */
	bool     reap_all;	/* PID 1: also reap whoever else ends in the meantime */
};

enum child_end {
	CHILD_EXITED,		/* value: exit status */
	CHILD_SIGNALED,		/* value: signal */
	CHILD_ABANDONED,	/* SIGKILL did not end it; value: its pid, still there */
	CHILD_NOT_STARTED,	/* value: errno of fork */
};

/* Why it was told to stop. It may have obeyed with a proper exit status: look at end as well. */
enum child_stop { CHILD_NOT_STOPPED, CHILD_DEADLINE, CHILD_STALLED };

struct child_result {
	enum child_end  end;
	enum child_stop stopped;
	int             value;
	uint64_t        duration_ms;
};

/*
 * Run it and wait. Blocks at most deadline + grace + abandon, never in anything but sigtimedwait.
 * SIGCHLD is blocked meanwhile; the child starts with default signals in a process group of its
 * own. fork is tried again for two seconds when memory or pids are short.
 */
struct child_result child_run(const struct child_spec *spec);

/* True if it ended by itself or obeyed, with exit status 0. */
bool child_ok(const struct child_result *r);

/* In words: "exit status 1", "died by signal 11 (Segmentation fault)", "deadline reached, ..." */
void child_describe(const struct child_result *r, char *out, size_t size);

#endif
