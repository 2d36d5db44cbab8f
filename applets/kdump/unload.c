/* unload - kdump unload: a crash shall start no other kernel. */
/* SPDX-License-Identifier: MIT */
#include "boot/kexec_file.h"
#include "kdump/kdump.h"

static const struct opt unload_opts[] = { APPLET_OPTS_END };

KDUMP_COMMAND(unload, "unload", "drop what is loaded for a crash; its files stay for the next load", "");

static int unload_main(struct args *a)
{
	struct kdump_call k = { 0 };
	struct err e = { 0 };
	int rc = kdump_next(&k, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	return kexec_unload_image(KEXEC_SLOT_CRASH, &e) ? applet_fail(&e) : DONE;
}
