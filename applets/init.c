/* init - PID 1 of the capture kernel: from the panic to the reboot. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "applet.h"
#include "base/io.h"
#include "base/version.h"
#include "boot/finish.h"
#include "boot/pid1.h"
#include "boot/run.h"

static const struct opt init_opts[] = { APPLET_OPTS_END };
APPLET(init, "init", "save the dump as first process of a capture kernel, then reboot", "");

static const char vmcore[] = "/proc/vmcore";

/* A line for each step when it ends. */
static void report(void *arg, const struct step *step, const struct step_end *end)
{
	unsigned long long ms = end ? end->child.duration_ms : 0;

	(void)arg;
	if (end && end->ok)
		log_info("%s: %s%s%llu.%02llu s", step->name, end->out.note,
			 end->out.note[0] ? ", " : "", ms / 1000, ms % 1000 / 10);
	else if (end)
		log_warn("%s: %s", step->name, end->why);
}

static void warn(const char *text)
{
	log_warn("%s", text);
}

static void say(const char *text)
{
	log_info("%s", text);
}

static void save_to(struct run *r, const struct target *t, const char *mount_point)
{
	log_info("target: %s %s, dump level %d, %s, waiting for it at most %d s", t->keyword, t->device,
		 t->opts.dump_level, t->opts.compress,
		 target_is_remote(t) ? r->conf.network_timeout_s : r->conf.device_timeout_s);
	run_target(r, t, mount_point);
}

/* Try each target until one has a usable dump. */
static void save_somewhere(struct run *r)
{
	struct target targets[CONF_TARGETS_MAX];
	int n = conf_targets(&r->conf, targets);

	strcpy(r->closing.reason, "no target: neither kdump.conf nor root= names one");
	for (int i = 0; i < n; i++) {
		save_to(r, &targets[i], "/kdumproot");
		if (r->vetoed || closing_outcome(&r->closing) != OUTCOME_FAILED || run_is_over(r))
			return;
	}
}

static void save_to_rootfs(struct run *r)
{
	struct target root;

	if (!r->conf.nr_targets)
		log_warn("dump_to_rootfs: that is where the dump went already");
	else if (!conf_root_target(&r->conf, &root))
		log_warn("dump_to_rootfs: neither root_device nor root= says where it is");
	else
		save_to(r, &root, "/sysroot");
}

static int child_shell(void *arg, struct step_out *out)
{
	(void)arg;
	return pid1_shell(&out->err);
}

static void shell(struct run *r)
{
	static const struct step step = { "shell", child_shell, .always = true };
	struct step_end end;

	log_info("shell: failure_action asks for it; when it ends, the machine goes on to %s",
		 action_name(r->conf.final_action));
	run_step(r, &step, NULL, &end);
}

/* Print the one closing line. */
static void closing(struct run *r)
{
	char line[900];

	r->closing.now_ms = now_ms();
	outcome_line(&r->closing, line, sizeof(line));
	if (closing_outcome(&r->closing) == OUTCOME_FAILED)
		log_line(LOG_ERROR, "%s", line);
	else
		log_info("%s", line);
}

/* Returns what is to be done with the machine. */
static enum conf_action live(struct run *r)
{
	enum conf_action on_failure;

	run_start(r);
	on_failure = r->conf.failure_action;
	if (access(vmcore, F_OK)) {
		log_warn("no %s: this kernel was not started by a crash, there is nothing to save",
			 vmcore);
		if (on_failure == ACTION_DUMP_TO_ROOTFS)
			on_failure = r->conf.final_action;
	} else {
		run_modules(r);
		save_somewhere(r);
		if (!r->vetoed && closing_outcome(&r->closing) == OUTCOME_FAILED) {
			run_emergency_hooks(r);
			if (on_failure == ACTION_DUMP_TO_ROOTFS)
				save_to_rootfs(r);
		} else {
			on_failure = r->conf.final_action;
		}
		closing(r);
	}
	if (on_failure == ACTION_SHELL)
		shell(r);
	return on_failure >= ACTION_SHELL ? r->conf.final_action : on_failure;
}

static int by_hand(struct args *a)
{
	struct err e = { 0 };
	int id = args_next(a, &e);

	if (id == OPT_HELP)
		return applet_help();
	if (id < 0)
		return applet_usage(&e);
	log_error("not process 1: this applet is the init of a capture kernel");
	return FAILED;
}

/* As process 1 it takes no words: the kernel passes those that it does not know. */
static int init_main(struct args *a)
{
	static const enum final_action finals[] = {
		[ACTION_REBOOT] = FINISH_REBOOT,
		[ACTION_HALT] = FINISH_HALT,
		[ACTION_POWEROFF] = FINISH_POWEROFF,
	};
	struct run r = { .steps = { .report = report, .reap_all = true }, .warn = warn, .say = say };
	enum conf_action action = ACTION_REBOOT;

	if (getpid() != 1)
		return by_hand(a);
	pid1_protect();
	log_set_name("kdumpbox");
	log_to_kmsg();
	r.shared_conf = steps_share(sizeof(*r.shared_conf));
	r.steps.out = steps_share(sizeof(*r.steps.out));
	r.steps.output = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (r.steps.output < 0)
		r.steps.output = 0;
	log_info("version " KDUMPBOX_VERSION);
	if (r.shared_conf && r.steps.out)
		action = live(&r);
	else
		log_error("no memory to start with");
	if (r.stuck)
		finish_at_once(finals[action]);
	finish(finals[action]);
}
