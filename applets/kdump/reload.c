/* reload - kdump reload: load again what was loaded, if something changed since. */
/* SPDX-License-Identifier: MIT */
#include "kdump/kdump.h"

#define reload_opts kdump_load_opts
KDUMP_COMMAND(reload, "reload", "as load, with the options of the last time where none are given", "");

static int reload_main(struct args *a)
{
	return kdump_load(a, true);
}
