/* poweroff - switch the machine off. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

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
	bool force = false, no_sync = false;
	struct err e = { 0 };
	int id;

	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		force |= id == 'f';
		no_sync |= id == 'n';
	}
	if (id)
		return applet_usage(&e);
	if (!force && finish_allowed(FINISH_POWEROFF, &e))
		return applet_fail(&e);
	if (no_sync)
		finish_at_once(FINISH_POWEROFF);
	finish(FINISH_POWEROFF);
}
