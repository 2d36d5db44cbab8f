/* poweroff - switch the machine off. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "applet.h"
#include "boot/finish.h"

static const struct opt poweroff_opts[] = {
	{ 'f', "force", NULL, "also where another init runs: it is passed over" },
	{ 'n', "no-sync", NULL, "do not write what is in memory only" },
	APPLET_OPTS_END
};

APPLET(poweroff, "poweroff", "switch the machine off", "");

static int poweroff_main(struct args *a)
{
	struct err e = { 0 };
	int id = finish_command(a, FINISH_POWEROFF, &e);

	if (id == OPT_HELP)
		return applet_help();
	return id == -EINVAL ? applet_usage(&e) : applet_fail(&e);
}
