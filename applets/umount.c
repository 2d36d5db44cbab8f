/* umount - unmount filesystems. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>

#include "applet.h"
#include "boot/mounts.h"

static const struct opt umount_opts[] = {
	{ 'l', "lazy", NULL, "if it is busy: write everything, then detach it" },
	APPLET_OPTS_END
};

APPLET(umount, "umount", "unmount filesystems", "DIRECTORY...");

static int umount_main(struct args *a)
{
	struct err e = { 0 };
	bool lazy = false;
	int id, status = DONE;

	while ((id = args_next(a, &e)) == 'l')
		lazy = true;
	if (id)
		return id == OPT_HELP ? applet_help() : applet_usage(&e);
	if (!a->nr_operands) {
		err_say(&e, -EINVAL, "which directory? See --help");
		return applet_usage(&e);
	}
	for (int i = 0; i < a->nr_operands; i++)
		if (mount_release(a->operands[i], lazy, &e))
			status = applet_fail(&e);
	return status;
}
