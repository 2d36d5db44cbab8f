/* target - how does a dump get its place: device, mount, directory? */
/* SPDX-License-Identifier: MIT */
#include "boot/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/device.h"
#include "boot/identity.h"
#include "boot/mounts.h"
#include "boot/netfs.h"
#include "boot/server.h"

enum { SAME_SECOND_MAX = 1000 };
#define MSDOS_MAGIC 0x4d44	/* linux/magic.h MSDOS_SUPER_MAGIC: vfat */

int target_device(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	const struct target *t = &a->target;
	struct coldplug drivers = { .want = COLDPLUG_DISK, .load_s = (unsigned)a->conf->module_timeout_s, .say = a->say };
	struct device_wish wish = { .spec = t->device, .overwrite = t->kind == TARGET_RAW, .drivers = &drivers,
				    .timeout_ms = (unsigned)a->conf->device_timeout_s * 1000 };
	char why[160], *marks = NULL;
	struct identity known;
	size_t len;
	int rc;

	if (!strcmp(t->fstype, "virtiofs")) {
		snprintf(out->text, sizeof(out->text), "%s", t->device);
		return 0;
	}
	if (!read_file("/etc/kdumpbox/devices", CONF_FILE_MAX, &marks, &len, NULL) && identity_find(&known, marks, t->device))
		wish.known = &known;
	free(marks);
	rc = device_wait(&wish, out->text, sizeof(out->text), why, &out->err);
	coldplug_end(&drivers);
	if (rc)
		return rc;
	if (why[0])
		snprintf(out->note, sizeof(out->note), "%.60s is %.40s: %.90s", t->device, out->text, why);
	else if (strcmp(out->text, t->device))
		snprintf(out->note, sizeof(out->note), "%.100s is %.80s", t->device, out->text);
	else
		snprintf(out->note, sizeof(out->note), "%.180s", out->text);
	return 0;
}

void target_keep_device(void *arg, const struct step_out *out)
{
	struct attempt *a = arg;

	snprintf(a->device, sizeof(a->device), "%s", out->text);
	if (a->target.kind == TARGET_RAW)
		snprintf(a->vmcore, sizeof(a->vmcore), "raw:%s", a->device);
}

int target_mount(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	const struct target *t = &a->target;
	int rc = t->kind == TARGET_NETFS ? netfs_mount(t, a->mount_point, &out->err) :
		 mount_target(t->fstype, a->device, a->mount_point,
			      t->opts.mount_options[0] ? t->opts.mount_options : NULL, &out->err);

	if (!rc)
		snprintf(out->note, sizeof(out->note), "%.80s (%s) on %s", a->device, t->fstype,
			 a->mount_point);
	return rc;
}

void target_directory_name(const struct tm *t, const char *address, bool no_colon, unsigned nth,
			   char *out, size_t size)
{
	char when[64], suffix[16] = "";

	strftime(when, sizeof(when), no_colon ? "%Y-%m-%d-%H-%M-%S" : "%Y-%m-%d-%H:%M:%S", t);
	if (nth)
		snprintf(suffix, sizeof(suffix), "-%u", nth);
	snprintf(out, size, "%s-%s%s", address, when, suffix);
	for (char *p = out; no_colon && *p; p++)	/* an IPv6 address, too */
		if (*p == ':')
			*p = '-';
}

bool target_no_colon(const char *dir)
{
	struct statfs fs;

	return !statfs(dir, &fs) && fs.f_type == MSDOS_MAGIC;
}

int target_directory(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	time_t now = time(NULL);
	char parent[sizeof(a->dir) - 80], name[80];
	bool no_colon;
	struct tm t;
	int rc;

	snprintf(parent, sizeof(parent), "%s%s", a->mount_point,
		 strcmp(a->target.opts.path, "/") ? a->target.opts.path : "");
	rc = make_dirs(parent);
	if (rc)
		return err_set(&out->err, rc, "make directory %s", parent);
	no_colon = target_no_colon(parent) || !strcmp(a->target.fstype, "cifs");	/* Windows forbids it too */
	localtime_r(&now, &t);		/* /etc/localtime, if it is in the image; else UTC */
	for (unsigned nth = 0; nth < SAME_SECOND_MAX; nth++) {
		target_directory_name(&t, a->address[0] ? a->address : "127.0.0.1", no_colon, nth, name, sizeof(name));
		snprintf(out->text, sizeof(out->text), "%s/%s", parent, name);
		if (mkdir(out->text, 0755) == 0) {
			rc = sync_parent(out->text);
			if (rc)
				return err_set(&out->err, rc, "sync %s", parent);
			snprintf(out->note, sizeof(out->note), "%.190s", out->text);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return err_set(&out->err, -errno, "make directory %s", out->text);
}

void target_keep_directory(void *arg, const struct step_out *out)
{
	struct attempt *a = arg;

	snprintf(a->dir, sizeof(a->dir), "%s", out->text);
	target_file(a, "vmcore", a->vmcore, sizeof(a->vmcore));
}

int target_result(void *arg, struct step_out *out)
{
	static const char *const names[] = { "vmcore", "vmcore-incomplete" };
	const struct attempt *a = arg;
	char path[sizeof(a->dir) + 24];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", a->dir, names[i]);
		if (stat(path, &st) == 0) {
			out->number = (uint64_t)st.st_size;
			strcpy(out->text, names[i]);
			snprintf(out->note, sizeof(out->note), "%s, %.1f MiB", names[i],
				 (double)st.st_size / (1 << 20));
			return 0;
		}
		if (errno != ENOENT)
			return err_set(&out->err, -errno, "look for %s", path);
	}
	return err_say(&out->err, -ENOENT, "no vmcore in %s", a->dir);
}

void target_keep_result(void *arg, const struct step_out *out)
{
	struct attempt *a = arg;

	a->bytes = out->number;
	snprintf(a->name, sizeof(a->name), "%s", out->text);
}

int target_release(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;

	return mount_release(a->mount_point, 1, &out->err);
}

void target_file(const struct attempt *a, const char *file, char *out, size_t size)
{
	char url[600], path[3 * sizeof(a->dir)];

	if (target_is_mounted(&a->target)) {
		snprintf(out, size, "%s/%s", a->dir, file);
		return;
	}
	server_url(&a->target, url, sizeof(url));
	server_path(a->dir, path, sizeof(path));
	snprintf(out, size, "%s%s/%s", url, path, file);
}

void target_place(const struct attempt *a, const char *file, char *out, size_t size)
{
	size_t skip = target_is_mounted(&a->target) ? strlen(a->mount_point) : 0;

	if (a->target.kind == TARGET_RAW)
		snprintf(out, size, "%s", a->device);
	else
		snprintf(out, size, "%s/%s on %s", a->dir + skip, file[0] ? file : "vmcore", a->device);
}
