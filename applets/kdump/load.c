/* load - kdump load: make the image if something changed, and load it. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "kdump/kdump.h"
#include "prod/load.h"

#define load_command_opts kdump_load_opts
const struct opt kdump_load_opts[] = {
	KDUMP_OPT_CONFIG, KDUMP_OPT_KERNEL, KDUMP_OPT_MODULES, KDUMP_OPT_APPEND, KDUMP_OPT_STATE,
	KDUMP_OPT_DRY_RUN, KDUMP_OPT_FORCE, APPLET_OPTS_END
};

KDUMP_COMMAND(load_command, "load", "load the crash kernel, with an initramfs made now, unless that is loaded already",
	      "");

static void say(const struct kdump_call *k, const struct load_report *t)
{
	const struct record *r = &t->loaded;
	const struct status *s = &t->status;

	if (t->current) {
		log_info("kernel %s is loaded and current: nothing to do", s->record.release);
		return;
	}
	for (size_t i = 0; i < s->nr_changes; i++)
		log_info("%s", s->changes[i]);
	log_info("%s kernel %s (%s) with an initramfs of %llu KiB (%llu unpacked)%s",
		 k->dry_run ? "would load" : "loaded", r->release, r->source, (unsigned long long)r->initrd_size >> 10,
		 (unsigned long long)r->unpacked >> 10, t->reused ? ", which was made before" : "");
	if (k->dry_run)
		printf("kernel: %s\ncommand line: %s\n", r->source, r->cmdline);
}

int kdump_load(struct args *a, bool keep)
{
	struct load_report report = { 0 };
	struct kdump_call k = { 0 };
	struct load_request q = { .place = &k.place };
	struct record last = { 0 };
	struct err e = { 0 };
	int rc = kdump_next(&k, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	q.force = k.force;
	q.dry_run = k.dry_run;
	rc = kdump_ready(&k, &e);
	if (!rc && keep && !record_read(&last, k.place.state, NULL)) {
		record_use_options(&last, &k.place);
		rc = place_fill(&k.place, &e);
	}
	if (!rc)
		rc = load_run(&q, &report, &e);
	for (int i = 0; i < report.image.nr_notes; i++)
		log_warn("%s", report.image.notes[i].text);
	if (!rc)
		say(&k, &report);
	load_free(&report);
	record_free(&last);
	return rc ? applet_fail(&e) : fflush(stdout) ? FAILED : DONE;
}

static int load_command_main(struct args *a)
{
	return kdump_load(a, false);
}
