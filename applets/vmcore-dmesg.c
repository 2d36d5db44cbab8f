/* vmcore-dmesg - print or save the crashed kernel's log. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applet.h"
#include "dump/dmesg.h"

static const struct opt vmcore_dmesg_opts[] = {
	{ 'o', "output", "FILE", "save to FILE (or raw:DEV) instead of printing, durable when done" },
	{ 'f', "force", NULL, "overwrite FILE" },
	APPLET_OPTS_END
};
APPLET(vmcore_dmesg, "vmcore-dmesg", "print or save the log of a crashed kernel", "VMCORE");

static int print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	return fwrite(text, 1, len, stdout) == len ? 0 : -(errno ? errno : EIO);
}

static int save(struct kernel *k, const char *to, bool force, struct err *e)
{
	uint64_t records = 0;
	char entry[512];
	int rc;

	if (!strncmp(to, "raw:", 4) && !strchr(to, '#')) {
		snprintf(entry, sizeof(entry), "%s#vmcore-dmesg.txt", to);
		to = entry;
	}
	rc = dmesg_save(k, to, force, &records, e);
	if (!rc)
		log_info("saved %llu records of the kernel log to %s", (unsigned long long)records, to);
	return rc;
}

static int vmcore_dmesg_main(struct args *a)
{
	const char *to = NULL;
	bool force = false;
	struct err e = { 0 };
	struct kernel k;
	int id, rc;

	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		if (id == 'o')
			to = a->value;
		else
			force = true;
	}
	if (!id && a->nr_operands != 1)
		id = err_say(&e, -EINVAL, "one VMCORE is wanted; see --help");
	if (id < 0)
		return applet_usage(&e);
	rc = kernel_open(&k, a->operands[0], &e);
	if (rc)
		return applet_fail(&e);
	if (to) {
		rc = save(&k, to, force, &e);
	} else {
		rc = printk_write(&k, print, NULL, NULL, &e);
		if (!rc && fflush(stdout))
			rc = err_set(&e, -errno, "write to standard output");
	}
	if (rc)
		err_add(&e, "%s", a->operands[0]);
	kernel_close(&k);
	return rc ? applet_fail(&e) : DONE;
}
