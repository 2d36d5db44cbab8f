/* unload - kdump unload: a crash shall start no other kernel. */
/* SPDX-License-Identifier: MIT */
#include "kdump/kdump.h"
#include "prod/load.h"

static const struct opt unload_opts[] = { KDUMP_OPT_STATE, APPLET_OPTS_END };

KDUMP_COMMAND(unload, "unload", "drop what is loaded for a crash; its files stay for the next load", "");

static int unload_main(struct args *a)
{
	struct kdump_call k = { 0 };
	struct err e = { 0 };
	int rc = kdump_next(&k, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = kdump_ready(&k, &e);
	if (!rc)
		rc = load_drop(&k.place, &e);
	return rc ? applet_fail(&e) : DONE;
}
