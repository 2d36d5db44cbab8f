/* main - find the applet that is meant and run it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applet.h"
#include "base/io.h"
#include "base/version.h"

/* build/applets.inc holds one X(symbol) per applet; the Makefile writes it from the file names. */
#define X(symbol) extern const struct applet applet_##symbol;
#include "applets.inc"
#undef X

static const struct applet *const applets[] = {
#define X(symbol) &applet_##symbol,
#include "applets.inc"
#undef X
};
enum { NR_APPLETS = sizeof(applets) / sizeof(applets[0]) };

static const struct applet *running;

static const struct applet *find(const char *name)
{
	for (size_t i = 0; i < NR_APPLETS; i++)
		if (!strcmp(applets[i]->name, name))
			return applets[i];
	return NULL;
}

int applet_help(void)
{
	printf("Usage: %s [OPTION]...%s%s\n%c%s.\n\n", running->name, running->operands[0] ? " " : "",
	       running->operands, running->summary[0] - 'a' + 'A', running->summary + 1);
	for (const struct opt *o = running->opts; o->id; o++) {
		char left[64] = "";
		int n = 0;

		if (!o->help)
			continue;
		n = o->id < 256 ? snprintf(left, sizeof(left), "-%c%s", o->id, o->name ? ", " : "")
				: snprintf(left, sizeof(left), "    ");
		if (o->name)
			n += snprintf(left + n, sizeof(left) - (size_t)n, "--%s", o->name);
		if (o->arg)
			snprintf(left + n, sizeof(left) - (size_t)n, "%s%s", o->name ? "=" : " ", o->arg);
		printf("  %-28s %s\n", left, o->help);
	}
	return fflush(stdout) ? FAILED : DONE;
}

int applet_usage(const struct err *e)
{
	log_error("%s", e->msg);
	return USAGE;
}

int applet_fail(const struct err *e)
{
	log_error("%s", e->msg);
	return FAILED;
}

static int run(const struct applet *applet, int argc, char **argv)
{
	const char **operands = calloc((size_t)argc + 1, sizeof(*operands));
	struct args args;
	int rc;

	running = applet;
	log_set_name(applet->name);
	if (!operands) {
		log_error("no memory for %d arguments", argc);
		return FAILED;
	}
	args_init(&args, argc, argv, applet->opts, operands);
	rc = applet->main(&args);
	free(operands);
	return rc;
}

int applet_sub(const struct applet *sub, struct args *a)
{
	struct args args;

	running = sub;
	log_set_name(sub->name);
	args_init(&args, a->argc - 1, a->argv + 1, sub->opts, a->operands);
	return sub->main(&args);
}

void applet_links(const char **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < NR_APPLETS && n + 1 < max; i++)
		if (strcmp(applets[i]->name, "init"))
			out[n++] = applets[i]->name;
	out[n] = NULL;
}

int applet_run(int argc, char **argv)
{
	const struct applet *applet = find(argv[0]);

	return applet ? run(applet, argc, argv) : -1;
}

static int unknown_applet(const char *word)
{
	const char *names[NR_APPLETS + 1], *near;

	for (size_t i = 0; i < NR_APPLETS; i++)
		names[i] = applets[i]->name;
	near = nearest_name(word, names, NR_APPLETS);
	if (near)
		log_error("no applet or option '%s'; did you mean %s?", word, near);
	else
		log_error("no applet or option '%s'; kdumpbox --list shows them", word);
	return USAGE;
}

static int overview(void)
{
	printf("kdumpbox " KDUMPBOX_VERSION " - save a crashed kernel's memory\n\n"
	       "Usage: kdumpbox APPLET [ARGUMENT]...\n"
	       "       kdumpbox --list | --help | --version | --install DIR\n\n"
	       "Each applet may also be called by a link of its name; APPLET --help tells its options.\n\n");
	for (size_t i = 0; i < NR_APPLETS; i++)
		printf("  %-14s %s\n", applets[i]->name, applets[i]->summary);
	return fflush(stdout) ? FAILED : DONE;
}

static int list(void)
{
	for (size_t i = 0; i < NR_APPLETS; i++)
		puts(applets[i]->name);
	return fflush(stdout) ? FAILED : DONE;
}

/* Link each applet's name in dir to this binary. */
static int install(const char *dir)
{
	char self[4096], path[4200];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int rc;

	if (n < 0) {
		log_error("read /proc/self/exe: %s", strerror(errno));
		return FAILED;
	}
	self[n] = 0;
	rc = make_dirs(dir);
	if (rc) {
		log_error("make directory %s: %s", dir, strerror(-rc));
		return FAILED;
	}
	for (size_t i = 0; i < NR_APPLETS; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, applets[i]->name);
		if (symlink(self, path) && errno != EEXIST) {
			log_error("link %s: %s", path, strerror(errno));
			return FAILED;
		}
	}
	return DONE;
}

static int own_option(int argc, char **argv)
{
	if (!strcmp(argv[1], "--list"))
		return list();
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return overview();
	if (!strcmp(argv[1], "--version")) {
		puts("kdumpbox " KDUMPBOX_VERSION);
		return fflush(stdout) ? FAILED : DONE;
	}
	if (!strcmp(argv[1], "--install") && argc == 3)
		return install(argv[2]);
	if (!strcmp(argv[1], "--install")) {
		log_error("--install needs one directory");
		return USAGE;
	}
	return unknown_applet(argv[1]);
}

int main(int argc, char **argv)
{
	const char *name = argc > 0 && argv[0] ? argv[0] : "";
	const char *slash = strrchr(name, '/');
	const struct applet *applet = find(slash ? slash + 1 : name);

	if (applet)
		return run(applet, argc, argv);
	if (argc < 2) {
		overview();
		return USAGE;
	}
	applet = find(argv[1]);
	return applet ? run(applet, argc - 1, argv + 1) : own_option(argc, argv);
}
