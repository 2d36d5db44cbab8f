/* reload - kdump reload: load again what was loaded, if something changed since. */
/* SPDX-License-Identifier: MIT */
#include "kdump/kdump.h"

static const struct opt reload_opts[] = {
	KDUMP_OPT_CONFIG, KDUMP_OPT_KERNEL, KDUMP_OPT_MODULES, KDUMP_OPT_APPEND, KDUMP_OPT_STATE,
	KDUMP_OPT_DRY_RUN, KDUMP_OPT_FORCE, APPLET_OPTS_END
};

KDUMP_COMMAND(reload, "reload", "the same, with the options of the last time where none are given", "");

static int reload_main(struct args *a)
{
	return kdump_load(a, true);
}
