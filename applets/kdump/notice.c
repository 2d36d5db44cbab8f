/* notice - kdump notice: at boot, what the last one ended with. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "kdump/kdump.h"
#include "prod/notice.h"
#include "prod/selftest.h"

static const struct opt notice_opts[] = { KDUMP_OPT_CONFIG, KDUMP_OPT_STATE, KDUMP_OPT_SYSROOT, APPLET_OPTS_END };

KDUMP_COMMAND(notice, "notice", "at boot, before load: fetch from raw targets, and tell whether the last boot crashed and "
	      "where its dump is", "");

static int notice_main(struct args *a)
{
	struct kdump_call k = { 0 };
	char text[2048], test[512];
	struct err e = { 0 };
	int rc = kdump_next(&k, a, &e), fetched = DONE;

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	if (kdump_ready(&k, &e))
		return applet_fail(&e);
	if (!*k.place.root)
		fetched = kdump_fetch_targets(&k.place, &e);
	if (e.code)
		log_error("%s", e.msg);
	if (notice_make(&k.place, text, sizeof(text)) != NOTICE_NONE)
		log_warn("%s", text);
	if (selftest_result(&k.place, test, sizeof(test)) > SELFTEST_WAITING)
		log_info("%s", test);
	return fetched == FAILED ? FAILED : DONE;
}
