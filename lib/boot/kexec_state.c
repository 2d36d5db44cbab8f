/* kexec_state - is a crash kernel loaded, and may one be? */
/* SPDX-License-Identifier: MIT */
#include "boot/kexec_state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

static int line(const char *root, const char *path, char *out, size_t size)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return read_line(full, out, size);
}

int kexec_sysfs(const char *root, const char *name, char *out, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/kexec/%s", name);
	if (!line(root, path, out, size))
		return 0;
	snprintf(path, sizeof(path), "/sys/kernel/kexec_%s", name);
	return line(root, path, out, size);
}

/* "none [integrity] confidentiality" */
bool kexec_locked_down(const char *root)
{
	char text[128];

	return !line(root, "/sys/kernel/security/lockdown", text, sizeof(text)) && !strstr(text, "[none]");
}

/* 1 if the kernel updates the image for things of that kind, 0 if not, -1 if it does not say. */
static int hotplug(const char *root, const char *kind)
{
	char path[64], text[8];

	snprintf(path, sizeof(path), "/sys/devices/system/%s/crash_hotplug", kind);
	return line(root, path, text, sizeof(text)) ? -1 : text[0] == '1';
}

int kexec_state_read(struct kexec_state *s, const char *root, struct err *e)
{
	int cpu = hotplug(root, "cpu"), memory = hotplug(root, "memory");
	char text[32];
	int rc = kexec_sysfs(root, "crash_loaded", text, sizeof(text));

	*s = (struct kexec_state){ .limit = -1 };
	if (rc == -ENOENT)
		return err_say(e, rc, "this kernel cannot kexec, or /sys is not mounted: there is no "
				      "%s/sys/kernel/kexec_crash_loaded", root);
	if (rc)
		return err_set(e, rc, "read %s/sys/kernel/kexec_crash_loaded", root);
	s->loaded = text[0] == '1';
	if (!kexec_sysfs(root, "crash_size", text, sizeof(text)))
		s->reserved = strtoull(text, NULL, 10);
	s->disabled = !line(root, "/proc/sys/kernel/kexec_load_disabled", text, sizeof(text)) && text[0] == '1';
	if (!line(root, "/proc/sys/kernel/kexec_load_limit_panic", text, sizeof(text)))
		s->limit = (int)strtol(text, NULL, 10);
	s->locked_down = kexec_locked_down(root);
	/* What the kernel cannot plug it does not list. */
	s->hotplug = cpu && memory && (cpu > 0 || memory > 0);
	return 0;
}
