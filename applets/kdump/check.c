/* check - kdump check: everything that must hold, with the remedy where it does not. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/json.h"
#include "kdump/kdump.h"
#include "prod/check.h"

static const struct opt check_opts[] = {
	KDUMP_OPT_JSON, KDUMP_OPT_CONFIG, KDUMP_OPT_KERNEL, KDUMP_OPT_STATE, KDUMP_OPT_SYSROOT,
	APPLET_OPTS_END
};

KDUMP_COMMAND(check, "check",
	      "look at everything that a dump needs: exit status 0 all is well, 3 warnings, 1 failures", "");

static void print_line(void *ctx, const struct finding *f)
{
	(void)ctx;
	printf("%-8s %-15s %s\n", check_words[f->verdict], f->name, f->text);
	if (f->remedy)
		printf("%25s%s\n", "-> ", f->remedy);
}

static void print_json(void *ctx, const struct finding *f)
{
	const char **comma = ctx;

	printf("%s\n  { \"name\": \"%s\", \"verdict\": \"%s\", \"text\": ", *comma, f->name, check_words[f->verdict]);
	json_put(stdout, f->text);
	if (f->remedy) {
		printf(", \"remedy\": ");
		json_put(stdout, f->remedy);
	}
	printf(" }");
	*comma = ",";
}

static int check_main(struct args *a)
{
	static const int codes[] = { DONE, DEGRADED, FAILED };
	struct kdump_call k = { 0 };
	const char *comma = "";
	struct err e = { 0 };
	struct check c = { .place = &k.place, .ctx = &comma };
	int rc = kdump_next(&k, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	if (kdump_ready(&k, &e))
		return applet_fail(&e);
	c.tell = k.json ? print_json : print_line;
	if (k.json)
		printf("[");
	rc = codes[check_run(&c)];
	if (k.json)
		printf("\n]\n");
	return fflush(stdout) ? FAILED : rc;
}
