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
	{ 'p', "partial", NULL, "only what came after the last `dmesg --clear`" },
	{ 'l', "level", NULL, "each record with its level and facility, <6>, as dmesg --raw" },
	{ 'c', "caller", NULL, "each record with the task or CPU that wrote it, [      T1]" },
	APPLET_OPTS_END
};
APPLET(vmcore_dmesg, "vmcore-dmesg", "print or save the log of a crashed kernel", "VMCORE");

static int print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	return fwrite(text, 1, len, stdout) == len ? 0 : -(errno ? errno : EIO);
}

static int save(struct kernel *k, const char *to, bool force, const struct printk_form *how,
		struct printk_report *said, struct err *e)
{
	char entry[512];
	int rc;

	if (!strncmp(to, "raw:", 4) && !strchr(to, '#')) {
		snprintf(entry, sizeof(entry), "%s#vmcore-dmesg.txt", to);
		to = entry;
	}
	rc = dmesg_save(k, to, force, how, said, e);
	if (!rc)
		log_info("saved %llu records of the kernel log to %s", (unsigned long long)said->records, to);
	return rc;
}

static int vmcore_dmesg_main(struct args *a)
{
	struct printk_form how = { false };
	struct printk_report said = { 0 };
	const char *to = NULL;
	bool force = false;
	struct err e = { 0 };
	struct kernel k;
	int id, rc;

	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		switch (id) {
		case 'o': to = a->value; break;
		case 'p': how.since_clear = true; break;
		case 'l': how.level = true; break;
		case 'c': how.caller = true; break;
		default: force = true;
		}
	}
	if (!id && a->nr_operands != 1)
		id = err_say(&e, -EINVAL, "one VMCORE is wanted; see --help");
	if (id < 0)
		return applet_usage(&e);
	rc = kernel_open(&k, a->operands[0], &e);
	if (rc)
		return applet_fail(&e);
	if (to) {
		rc = save(&k, to, force, &how, &said, &e);
	} else {
		rc = printk_write(&k, &how, print, NULL, &said, &e);
		if (!rc && fflush(stdout))
			rc = err_set(&e, -errno, "write to standard output");
	}
	if (said.searched)
		log_warn("%s: the log is not where vmcoreinfo says; found in the kernel image", a->operands[0]);
	if (said.lost)
		log_warn("%s: %llu records are damaged", a->operands[0], (unsigned long long)said.lost);
	if (rc)
		err_add(&e, "%s", a->operands[0]);
	kernel_close(&k);
	return rc ? applet_fail(&e) : DONE;
}
