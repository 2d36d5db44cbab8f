/* startup - what must be done before a target can be looked for? */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "boot/clock.h"
#include "boot/modlist.h"
#include "boot/module.h"
#include "boot/mounts.h"
#include "boot/pid1.h"
#include "boot/run.h"

enum { MODLIST_MAX = 1 << 20, CMDLINE_MAX = 64 << 10 };

enum step_next run_step(const struct run *r, const struct step *step, void *arg,
			struct step_end *end)
{
	struct steps s = r->steps;

	s.arg = arg;
	return step_run(&s, step, end);
}

void run_warn(const struct run *r, const char *fmt, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->warn(text);
}

bool run_is_over(const struct run *r)
{
	return r->steps.deadline_at_ms && now_ms() >= r->steps.deadline_at_ms;
}

static int child_mounts(void *arg, struct step_out *out)
{
	(void)arg;
	return mount_early(&out->err);
}

static int child_settings(void *arg, struct step_out *out)
{
	(void)arg;
	clock_set_right("/proc/vmcore", out->note, sizeof(out->note));
	return pid1_sysctl_apply(pid1_sysctls, &out->err);
}

/* In a child like everything that reads what others wrote. */
static int child_config(void *arg, struct step_out *out)
{
	struct kdump_conf *c = arg;
	char *cmdline;
	size_t len;

	conf_defaults(c);
	conf_read(c, "/etc/kdump.conf", CONF_LENIENT, NULL);
	if (!read_file("/proc/cmdline", CMDLINE_MAX, &cmdline, &len, NULL)) {
		conf_cmdline(c, cmdline);
		pid1_unquiet(cmdline);
		free(cmdline);
	}
	snprintf(out->note, sizeof(out->note), "failure_action %s, final_action %s",
		 action_name(c->failure_action), action_name(c->final_action));
	return 0;
}

void run_start(struct run *r)
{
	static const struct step steps[] = {
		{ "mounts", child_mounts, .deadline_s = 30, .always = true },
		{ "settings", child_settings, .deadline_s = 10, .always = true },
		{ "configuration", child_config, .deadline_s = 10, .always = true },
	};
	struct step_end end;

	conf_defaults(&r->conf);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		run_step(r, &steps[i], r->shared_conf, &end);
	if (end.ok)
		r->conf = *r->shared_conf;
	for (int i = 0; i < r->conf.nr_notes; i++)
		run_warn(r, "%s", r->conf.notes[i].text);
	if (r->conf.lost_notes)
		run_warn(r, "configuration: %d more warnings", r->conf.lost_notes);
	r->steps.deadline_at_ms = (uint64_t)r->conf.deadline_s * 1000;
}

static int child_module(void *arg, struct step_out *out)
{
	const struct modline *m = arg;

	return module_load(m->name, m->params, &out->err);
}

void run_modules(struct run *r)
{
	unsigned bad = 0;
	struct modline m;
	const char *at;
	char *text;
	size_t len;

	if (read_file("/etc/kdumpbox/modules", MODLIST_MAX, &text, &len, NULL))
		return;			/* all that is needed is built in */
	for (at = text; modlist_next(&at, &m, &bad);) {
		struct step step = { .run = child_module,
				     .deadline_s = (unsigned)r->conf.module_timeout_s };
		char name[sizeof(m.name) + 8];
		struct step_end end;

		snprintf(name, sizeof(name), "module %s", m.name);
		step.name = name;
		run_step(r, &step, &m, &end);
	}
	if (bad)
		run_warn(r, "/etc/kdumpbox/modules: %u lines make no sense", bad);
	free(text);
}
