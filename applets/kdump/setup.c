/* setup - kdump setup: from a fresh machine to "ready to dump". */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kdump/kdump.h"
#include "prod/bootloader.h"
#include "prod/setup.h"

enum { SETUP_FROM = 256, SETUP_BOOTLOADER };

static const struct opt setup_opts[] = {
	{ SETUP_FROM, "from", "FILE", "translate kdump.conf, /etc/default/kdump-tools or /etc/sysconfig/kdump; may be given "
	  "for each of several files" },
	{ SETUP_BOOTLOADER, "write-bootloader", NULL, "write crashkernel= where the boot loader takes it from, and call "
	  "its update: grubby, update-grub or kernel-install" },
	KDUMP_OPT_SYSROOT, KDUMP_OPT_CONFIG, KDUMP_OPT_KERNEL, KDUMP_OPT_MODULES, KDUMP_OPT_APPEND, KDUMP_OPT_STATE,
	KDUMP_OPT_DRY_RUN, APPLET_OPTS_END
};

KDUMP_COMMAND(setup, "setup", "write the configuration, make the image, load it, and tell what to reserve", "");

static void say_conf(const struct kdump_call *k, const struct setup_report *t)
{
	const char *path = k->place.conf_path;
	/* On RHEL kdump.conf belongs to it; kdump-tools has all in one file. */
	bool has_conf = t->conf != SETUP_CONF_WRITTEN && !strstr(t->other, "kdump-tools");

	for (int i = 0; i < t->translated.nr_lost; i++)
		log_warn("not translated: %s", t->translated.lost[i].text);
	for (int i = 0; i < t->translated.nr_hints; i++)
		log_info("%s", t->translated.hints[i].text);
	if (t->backup[0])
		log_info("%s is now %s", path, t->backup);
	if (t->conf != SETUP_CONF_WRITTEN)
		log_info("%s is kept", path);
	else if (t->written || k->dry_run)
		log_info("%s %s", path, t->written ? "written" : "would be:");
	if (t->conf == SETUP_CONF_WRITTEN && k->dry_run)
		printf("%s", t->text);
	if (t->other[0])
		log_info("%s is there: kdump setup %s%s%s--from %s takes it along", t->other, has_conf ? "--from " : "",
			 has_conf ? path : "", has_conf ? " " : "", t->other);
	if (t->rival)
		log_warn("%s loads another crash kernel at each boot: systemctl disable --now %s, then kdump load", t->rival,
			 t->rival);
}

static void say_load(const struct kdump_call *k, const struct setup_report *t)
{
	const struct record *r = &t->load.loaded;

	for (int i = 0; i < t->load.image.nr_notes; i++)
		log_warn("%s", t->load.image.notes[i].text);
	if (t->load.current)
		log_info("kernel %s is loaded and current: nothing to do", t->load.status.record.release);
	else if (t->loaded)
		log_info("%s kernel %s with an initramfs of %llu KiB", k->dry_run ? "would load" : "loaded", r->release,
			 (unsigned long long)r->initrd_size >> 10);
}

static void say_line(const char *line)
{
	log_info("%s", line);
}

/* True if it is enough. */
static bool say_memory(const struct kdump_call *k, const struct setup_report *t, bool write, int *rc, struct err *e)
{
	unsigned long long has = t->reserved >> 20, need = t->estimate.reserve >> 20;
	char how[256], value[32];

	if (t->reserved >= t->estimate.reserve) {
		log_info("%llu MiB are reserved, %llu MiB are needed", has, need);
		return true;
	}
	if (t->estimate.room == ROOM_NONE) {
		log_warn("%llu MiB are reserved, %llu MiB are needed, and this machine has too little memory for that "
			 "(kdump estimate tells why)", has, need);
		return false;
	}
	estimate_value(&t->estimate, value, sizeof(value));
	*rc = write ? bootloader_write(&k->place, value, k->dry_run, say_line, e) : BOOTLOADER_NONE;
	if (!*rc)
		snprintf(how, sizeof(how), "it %s with the next boot", k->dry_run ? "would come" : "comes");
	else
		bootloader_words(k->place.root, value, how, sizeof(how));
	if (*rc == BOOTLOADER_NONE)
		*rc = 0;
	log_warn("%llu MiB are reserved, crashkernel=%s is advised (kdump estimate tells why): %s; then reboot%s", has, value, how,
		 t->reserved ? "" : ", and kdump load");
	return false;
}

static int setup_main(struct args *a)
{
	struct kdump_call k = { 0 };
	struct setup_request q = { .place = &k.place };
	struct setup_report report = { 0 };
	struct err e = { 0 };
	int nr_from = 0, rc;
	bool whole, write = false;

	while ((rc = kdump_next(&k, a, &e)) == SETUP_FROM || rc == SETUP_BOOTLOADER) {
		if (rc == SETUP_BOOTLOADER) {
			write = true;
			continue;
		}
		if (nr_from == SETUP_FROM_MAX) {
			rc = err_say(&e, -EINVAL, "--from: %d files are enough", SETUP_FROM_MAX);
			break;
		}
		q.from[nr_from++] = a->value;
	}
	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	q.dry_run = k.dry_run;
	rc = kdump_ready(&k, &e);
	if (!rc)
		rc = setup_run(&q, &report, &e);
	if (report.text)
		say_conf(&k, &report);
	say_load(&k, &report);
	whole = !rc && say_memory(&k, &report, write, &rc, &e) && !report.translated.nr_lost;
	setup_free(&report);
	if (rc)
		return applet_fail(&e);
	return fflush(stdout) ? FAILED : whole ? DONE : DEGRADED;
}
