/* modprobe - load modules by name or alias, with what they depend on. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "applet.h"
#include "base/io.h"
#include "boot/module.h"
#include "boot/modtree.h"

enum { PARAMS_SIZE = 2048, CMDLINE_SIZE = 4096 };

static const struct opt modprobe_opts[] = {
	{ 'a', "all", NULL, "every operand is a module; there are no parameters" },
	{ 'D', "show-depends", NULL, "print what would be loaded, in order, and load nothing" },
	{ 'n', "dry-run", NULL, "look the modules up, but load nothing" },
	{ 'q', "quiet", NULL, "say nothing about a module that does not exist" },
	{ 'd', "dirname", "ROOT", "with -D or -n: look below ROOT/lib/modules" },
	{ 'S', "set-version", "RELEASE", "with -D or -n: for this kernel, not the running one" },
	APPLET_OPTS_END
};

APPLET(modprobe, "modprobe", "load kernel modules with their dependencies",
       "MODULE [PARAMETER=VALUE]... | -a MODULE...");

struct modprobe {
	bool        all, show, dry, quiet;
	const char *root, *release;
	char        params[PARAMS_SIZE];
};

/* The operands behind the module as one text; a value with blanks is quoted for the kernel. */
static int join_params(struct modprobe *m, const struct args *a, struct err *e)
{
	size_t used = 0;

	for (int i = 1; i < a->nr_operands; i++) {
		const char *word = a->operands[i];
		size_t key = strcspn(word, "=");
		bool quote = word[key] && strchr(word, ' ') && !strchr(word, '"');
		int n = quote ? snprintf(m->params + used, PARAMS_SIZE - used, "%s%.*s=\"%s\"",
					 used ? " " : "", (int)key, word, word + key + 1)
			      : snprintf(m->params + used, PARAMS_SIZE - used, "%s%s",
					 used ? " " : "", word);

		used += (size_t)n;
		if (used >= PARAMS_SIZE)
			return err_say(e, -E2BIG, "the parameters of %s are too long",
				       a->operands[0]);
	}
	return 0;
}

static void show_steps(const struct modtree *tree, const struct modlist *list,
		       const struct modprobe *m)
{
	char path[4096], own[PARAMS_SIZE], cmdline[CMDLINE_SIZE];

	read_line("/proc/cmdline", cmdline, sizeof(cmdline));
	for (size_t i = 0; i < list->n; i++) {
		const struct modstep *step = &list->steps[i];

		if (!step->path) {
			printf("builtin %s\n", step->name);
			continue;
		}
		if (module_cmdline_params(cmdline, step->name, own, sizeof(own)))
			own[0] = 0;
		modtree_path(tree, step, path, sizeof(path));
		printf("insmod %s %s%s%s\n", path, own, own[0] && m->params[0] ? " " : "",
		       step->need == MOD_ASKED ? m->params : "");
	}
}

/* Look name up without loading it. */
static int look_up(const struct modprobe *m, const char *name, struct err *e)
{
	struct modlist list = { 0 };
	struct modtree *tree;
	struct utsname uts;
	int rc;

	uname(&uts);
	rc = modtree_open(&tree, m->root ? m->root : "", m->release ? m->release : uts.release, e);
	if (rc)
		return rc;
	rc = modtree_resolve(tree, name, &list, e);
	if (!rc && m->show)
		show_steps(tree, &list, m);
	modlist_free(&list);
	modtree_close(tree);
	return rc;
}

static int each_module(const struct modprobe *m, const char *name)
{
	struct err e = { 0 };
	int rc = m->show || m->dry ? look_up(m, name, &e) : module_load(name, m->params, &e);

	if (rc && !(m->quiet && rc == -ENOENT))
		return applet_fail(&e);
	return rc ? FAILED : DONE;
}

static int parse(struct modprobe *m, struct args *a, struct err *e)
{
	int id;

	while ((id = args_next(a, e)) > 0) {
		switch (id) {
		case 'a': m->all = true; break;
		case 'D': m->show = true; break;
		case 'n': m->dry = true; break;
		case 'q': m->quiet = true; break;
		case 'd': m->root = a->value; break;
		case 'S': m->release = a->value; break;
		default: return id;
		}
	}
	if (id)
		return id;
	if (!a->nr_operands)
		return err_say(e, -EINVAL, "which module? See --help");
	if ((m->root || m->release) && !m->show && !m->dry)
		return err_say(
			e, -EINVAL,
			"--dirname and --set-version go with --show-depends or --dry-run only");
	return m->all ? 0 : join_params(m, a, e);
}

static int modprobe_main(struct args *a)
{
	struct modprobe m = { 0 };
	struct err e = { 0 };
	int rc;

	/* The kernel calls this without open files: then its log is the place to complain. */
	if (fcntl(2, F_GETFD) < 0)
		log_to_kmsg();
	rc = parse(&m, a, &e);
	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	for (int i = 0; i < (m.all ? a->nr_operands : 1); i++) {
		int one = each_module(&m, a->operands[i]);

		if (one)
			rc = one;
	}
	return fflush(stdout) && !rc ? FAILED : rc;
}
