/* halt - stop the machine without switching it off. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "applet.h"
#include "boot/finish.h"

static const struct opt halt_opts[] = {
	{ 'f', "force", NULL, "also where another init runs: it is passed over" },
	{ 'n', "no-sync", NULL, "do not write what is in memory only" },
	APPLET_OPTS_END
};

APPLET(halt, "halt", "stop the machine without switching it off", "");

static int halt_main(struct args *a)
{
	struct err e = { 0 };
	int id = finish_command(a, FINISH_HALT, &e);

	if (id == OPT_HELP)
		return applet_help();
	return id == -EINVAL ? applet_usage(&e) : applet_fail(&e);
}
