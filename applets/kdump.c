/* kdump - keep a crash kernel ready, and tell whether it is. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kdump/kdump.h"

static const struct opt kdump_opts[] = { APPLET_OPTS_END };

APPLET(kdump, "kdump", "keep a crash kernel ready, and tell whether it is", "COMMAND [OPTION]...");

extern const struct applet kdump_setup, kdump_estimate, kdump_test, kdump_propagate, kdump_fetch,
	kdump_notice;
extern const struct applet kdump_load_command, kdump_reload, kdump_unload, kdump_status, kdump_show, kdump_check,
	kdump_list;

static const struct applet *const commands[] = {
	&kdump_setup,
	&kdump_estimate,
	&kdump_load_command,
	&kdump_reload,
	&kdump_unload,
	&kdump_status,
	&kdump_show,
	&kdump_check,
	&kdump_list,
	&kdump_fetch,
	&kdump_notice,
	&kdump_test,
	&kdump_propagate,
};
enum { NR_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const char *word_of(const struct applet *command)
{
	return command->name + sizeof("kdump ") - 1;
}

static int unknown(const char *word)
{
	const char *names[NR_COMMANDS], *near;
	struct err e = { 0 };

	for (size_t i = 0; i < NR_COMMANDS; i++)
		names[i] = word_of(commands[i]);
	near = nearest_name(word, names, NR_COMMANDS);
	err_say(&e, -EINVAL, "no command '%.40s'; %s%s%s", word, near ? "did you mean " : "kdump --help shows them",
		near ? near : "", near ? "?" : "");
	return applet_usage(&e);
}

static int help(void)
{
	applet_help();
	printf("\nCommands; kdump COMMAND --help tells their options:\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  %-10s %s\n", word_of(commands[i]), commands[i]->summary);
	return fflush(stdout) ? FAILED : DONE;
}

static int kdump_main(struct args *a)
{
	struct err e = { 0 };
	int id;

	if (a->argc > 1 && a->argv[1][0] != '-') {
		for (size_t i = 0; i < NR_COMMANDS; i++)
			if (!strcmp(a->argv[1], word_of(commands[i])))
				return applet_sub(commands[i], a);
		return unknown(a->argv[1]);
	}
	id = args_next(a, &e);
	if (id == OPT_HELP)
		return help();
	if (!id)
		err_say(&e, -EINVAL, "which command? kdump --help shows them");
	return applet_usage(&e);
}

int kdump_next(struct kdump_call *k, struct args *a, struct err *e)
{
	int id;

	while ((id = args_next(a, e)) > 0) {
		switch (id) {
		case KDUMP_CONFIG: k->place.config = a->value; break;
		case KDUMP_KERNEL: k->place.want_kernel = a->value; break;
		case KDUMP_APPEND: k->place.append = a->value; break;
		case KDUMP_MODULES: k->place.modules = a->value; break;
		case KDUMP_STATE: k->place.state_dir = a->value; break;
		case KDUMP_SYSROOT: k->place.root = a->value; break;
		case KDUMP_JSON: k->json = true; break;
		case KDUMP_DRY_RUN: k->dry_run = true; break;
		case KDUMP_FORCE: k->force = true; break;
		default: return id;
		}
	}
	if (!id && a->nr_operands)
		return err_say(e, -EINVAL, "'%.80s' is too much here; see --help", a->operands[0]);
	return id;
}

int kdump_ready(struct kdump_call *k, struct err *e)
{
	applet_links(k->links, sizeof(k->links) / sizeof(k->links[0]));
	k->place.applets = k->links;
	return place_fill(&k->place, e);
}
