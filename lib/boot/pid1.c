/* pid1 - what must the first process do so that nothing stops the machine for good? */
/* SPDX-License-Identifier: MIT */
#include "boot/pid1.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/io.h"

static const char panic_path[] = "/proc/sys/kernel/panic";

/*
 * PID 1 itself is never chosen by the OOM killer (kernel: oom_unkillable_task), so a step's child
 * is, and that is wanted: the step fails and the next thing is tried. Where nothing is left to kill
 * the kernel panics and, with the first setting, reboots.
 */
const struct pid1_sysctl pid1_sysctls[] = {
	{ "/proc/sys/vm/panic_on_oom", "0" },
	/* An oops in a driver costs its child, not the dump; what hangs after it has a deadline. */
	{ "/proc/sys/kernel/panic_on_oops", "0" },
	{ "/proc/sys/kernel/panic_on_warn", "0" },
	{ "/proc/sys/kernel/hung_task_panic", "0" },	/* a slow disk */
	{ "/proc/sys/kernel/softlockup_panic", "0" },
	/* Our lines are never rate limited. printk.devkmsg= of the command line locks it. */
	{ "/proc/sys/kernel/printk_devkmsg", "on\n" },
	{ "/proc/sys/kernel/sysrq", "1" },		/* the last resort of finish.h */
	{ NULL, NULL },
};

/* A file opened later must not become somebody's standard error. */
static void open_stdio(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK) < 0 &&
		    open("/dev/null", O_RDWR) < 0)
			(void)open("/", O_PATH);
	}
}

void pid1_protect(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	char now[16];

	mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL);
	open_stdio();
	for (int i = 1; i < NSIG; i++)
		if (i != SIGCHLD)	/* ignoring that one would throw exit statuses away */
			sigaction(i, &ignore, NULL);
	reboot(RB_DISABLE_CAD);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	/* 0 is to stand still for ever, the default of the kernel. */
	if (read_line(panic_path, now, sizeof(now)) || !strcmp(now, "0"))
		write_file(panic_path, "10");
}

/* The first line is the value: it may have a newline that is not part of it. */
static bool has_value(const struct pid1_sysctl *s)
{
	char now[64];
	size_t n = strcspn(s->value, "\n");

	return !read_line(s->path, now, sizeof(now)) && strlen(now) == n &&
	       !memcmp(now, s->value, n);
}

int pid1_sysctl_apply(const struct pid1_sysctl *list, struct err *e)
{
	int rc = 0;

	for (; list->path; list++) {
		int one = write_file(list->path, list->value);

		if (one && one != -ENOENT && !has_value(list))
			rc = err_set(e, one, "write %.*s to %s", (int)strcspn(list->value, "\n"),
				     list->value, list->path);
	}
	return rc;
}

void pid1_unquiet(const char *cmdline)
{
	bool quiet = false, chosen = false;
	struct cmdline_word w;

	while (cmdline_next(&cmdline, &w)) {
		quiet |= !strcmp(w.key, "quiet");
		chosen |= !strcmp(w.key, "loglevel");
	}
	if (quiet && !chosen)
		write_file("/proc/sys/kernel/printk", "7");	/* as without "quiet" */
}

/*
 * The terminal behind /dev/console, which itself cannot control a session (drivers/tty/tty_io.c:
 * noctty): the last one in the list is it. -1 if there is none.
 */
static int open_terminal(void)
{
	char active[128], path[140], *last;
	int fd = -1;

	if (!read_line("/sys/class/tty/console/active", active, sizeof(active)) && active[0]) {
		last = strrchr(active, ' ');
		snprintf(path, sizeof(path), "/dev/%s", last ? last + 1 : active);
		fd = open(path, O_RDWR);
	}
	return fd < 0 ? open("/dev/console", O_RDWR) : fd;
}

static void __attribute__((noreturn)) become_shell(void)
{
	static const char *const argv[] = { "-sh", "-i", NULL };	/* "-": a login shell */
	int fd;

	setsid();
	fd = open_terminal();
	if (fd >= 0) {
		ioctl(fd, TIOCSCTTY, 1);	/* without it there is no job control, that is all */
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
	}
	execv("/bin/sh", (char *const *)argv);
	_exit(127);
}

int pid1_shell(struct err *e)
{
	int status;
	pid_t pid;

	if (access("/bin/sh", X_OK))
		return err_say(e, -ENOENT, "/bin/sh is not in the image");
	/* Job control needs a session, and who leads a process group cannot make one. */
	pid = fork();
	if (pid == 0)
		become_shell();
	if (pid < 0)
		return err_set(e, -errno, "start /bin/sh");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int pid1_exec_applet(const char *const *argv, struct err *e)
{
	static const char *const self[] = { "/proc/self/exe", "/init" };

	for (size_t i = 0; i < sizeof(self) / sizeof(self[0]); i++)
		execv(self[i], (char *const *)argv);
	return err_set(e, -errno, "run %s", argv[0]);
}
