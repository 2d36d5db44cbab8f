/* status - kdump status: one line, or JSON. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kdump/kdump.h"
#include "prod/notice.h"
#include "prod/selftest.h"
#include "prod/status.h"

static const struct opt status_opts[] = {
	KDUMP_OPT_JSON, KDUMP_OPT_STATE, KDUMP_OPT_SYSROOT, APPLET_OPTS_END
};

KDUMP_COMMAND(status, "status",
	      "tell whether the right crash kernel is loaded: exit status 0 yes, 3 another one, 1 none", "");

enum { SHOWN_CHANGES = 4 };

static void print_changes(const struct status *s)
{
	for (size_t i = 0; i < s->nr_changes && i < SHOWN_CHANGES; i++)
		printf("%s%s", i ? ", " : "", s->changes[i]);
	if (s->nr_changes > SHOWN_CHANGES)
		printf(" and %zu more", s->nr_changes - SHOWN_CHANGES);
}

static void print_line(const struct status *s)
{
	const struct record *r = &s->record;

	switch (s->is) {
	case READY:
		printf("ready: kernel %s with an initramfs of %llu KiB is loaded and current", r->release,
		       (unsigned long long)r->initrd_size >> 10);
		break;
	case READY_STALE:
		printf("loaded, but not current: ");
		print_changes(s);
		printf("; kdump reload mends that");
		break;
	case READY_FOREIGN:
		printf("loaded, but not by kdumpbox; kdump load takes its place");
		break;
	case READY_UNSURE:
		printf("a crash kernel is loaded; whether it is current cannot be told: %s", s->why.msg);
		break;
	case NOT_RESERVED:
		printf("not loaded: no memory is reserved, add crashkernel= to the kernel's command line and reboot");
		break;
	default:
		printf("not loaded: kdump load does it%s",
		       s->kexec.disabled || !s->kexec.limit ? ", but only after a reboot (kexec is disabled)" : "");
	}
	if (s->kexec.reserved)
		printf(" (%llu MiB reserved)", (unsigned long long)s->kexec.reserved >> 20);
	putchar('\n');
}

static void member(const char *name, const char *value)
{
	printf(",\n  \"%s\": ", name);
	json_put(stdout, value);
}

/* What there is besides: how the last boot ended, and what came of a test. "" if nothing. */
struct told {
	char notice[2048], test[512];
};

static void print_json(const struct status *s, const struct told *told)
{
	const struct record *r = &s->record;

	printf("{\n  \"status\": \"%s\",\n  \"loaded\": %s,\n  \"reserved\": %llu,\n  \"load_disabled\": %s,\n"
	       "  \"loads_left\": %d,\n  \"crash_hotplug\": %s", readiness_names[s->is],
	       s->kexec.loaded ? "true" : "false", (unsigned long long)s->kexec.reserved,
	       s->kexec.disabled ? "true" : "false", s->kexec.limit, s->kexec.hotplug ? "true" : "false");
	if (s->ours) {
		member("release", r->release);
		member("kernel", r->source);
		member("initrd", r->initrd);
		member("cmdline", r->cmdline);
		printf(",\n  \"initrd_size\": %llu,\n  \"loaded_at\": %llu", (unsigned long long)r->initrd_size,
		       (unsigned long long)r->loaded_at);
	}
	if (s->why.code)
		member("why", s->why.msg);
	if (told->notice[0])
		member("last_boot", told->notice);
	if (told->test[0])
		member("test", told->test);
	printf(",\n  \"changes\": [");
	for (size_t i = 0; i < s->nr_changes; i++) {
		fputs(i ? ", " : "", stdout);
		json_put(stdout, s->changes[i]);
	}
	printf("]\n}\n");
}

static int status_main(struct args *a)
{
	static const int codes[NR_READINESS] = { DONE, DEGRADED, DEGRADED, DEGRADED, FAILED, FAILED };
	struct kdump_call k = { 0 };
	struct status s = { 0 };
	struct err e = { 0 };
	struct told told;
	int rc = kdump_next(&k, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = kdump_ready(&k, &e);
	if (!rc)
		rc = status_read(&s, &k.place, &e);
	if (rc) {
		status_free(&s);
		return applet_fail(&e);
	}
	notice_kept(&k.place, told.notice, sizeof(told.notice));
	selftest_result(&k.place, told.test, sizeof(told.test));
	if (k.json) {
		print_json(&s, &told);
	} else {
		print_line(&s);
		printf("%s%s%s%s", told.notice, told.notice[0] ? "\n" : "", told.test, told.test[0] ? "\n" : "");
	}
	rc = codes[s.is];
	status_free(&s);
	return fflush(stdout) ? FAILED : rc;
}
