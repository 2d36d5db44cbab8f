/* recover - make the best readable dump out of one that was cut. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "applet.h"
#include "dump/recover.h"

static const struct opt recover_opts[] = {
	{ 'f', "force", NULL, "overwrite OUT" },
	APPLET_OPTS_END
};
APPLET(recover, "recover", "make the best readable dump out of a cut stream, file or raw device", "CUT OUT");

static int report(const char *to, const struct recovery *r)
{
	unsigned long long mib = (unsigned long long)r->bytes >> 20;

	if (r->whole) {
		log_info("%s: a whole flattened dump, unpacked to %llu MiB", to, mib);
		return DONE;
	}
	if (r->blank)
		log_warn("its first block is blank: cut before its end, or left over from before the crash");
	log_info("%s: %llu pages came through, %llu MiB; flagged incomplete", to,
		 (unsigned long long)r->saved, mib);
	if (r->damaged || r->absent)
		log_warn("left out: %llu damaged pages and %llu that were never described",
			 (unsigned long long)r->damaged, (unsigned long long)r->absent);
	return DEGRADED;
}

static int recover_main(struct args *a)
{
	struct recovery r;
	struct err e = { 0 };
	bool force = false;
	int id;

	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		force = true;
	}
	if (!id && a->nr_operands != 2)
		id = err_say(&e, -EINVAL, "CUT and OUT are wanted; see --help");
	if (id < 0)
		return applet_usage(&e);
	if (recover(a->operands[0], a->operands[1], force, &r, &e))
		return applet_fail(&e);
	return report(a->operands[1], &r);
}
