/* image - the whole initramfs of a capture kernel. */
/* SPDX-License-Identifier: MIT */
#include "boot/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/device.h"
#include "boot/identity.h"
#include "boot/imageconf.h"
#include "boot/imagemod.h"
#include "boot/imageprog.h"
#include "boot/imageserver.h"
#include "boot/kconfig.h"
#include "boot/modtree.h"

/* A line of initramfs/manifest. */
static const struct line {
	char        kind;	/* as in cpio.h, or 'p': this program */
	const char *path, *target;
	unsigned    mode, major, minor;
} manifest[] = {
#define DIR(path, mode) { 'd', path, NULL, mode, 0, 0 },
#define LINK(path, target) { 'l', path, target, 0, 0, 0 },
#define NODE(path, kind, mode, major, minor) { kind, path, NULL, mode, major, minor },
#define PROGRAM(path) { 'p', path, NULL, 0755, 0, 0 },
#include <../initramfs/manifest>	/* from lib, where -I points */
#undef DIR
#undef LINK
#undef NODE
#undef PROGRAM
};

static int put_program(struct cpio *c, const char *path, const struct image_spec *spec,
		       struct err *e)
{
	int rc = imageprog_add(c, spec->program, path, e);

	for (const char *const *name = spec->applets; !rc && *name; name++) {
		char link[128];

		snprintf(link, sizeof(link), "/sbin/%s", *name);
		rc = cpio_link(c, link, "../bin/kdumpbox", e);
	}
	return rc ? rc : imageprog_need(c, spec->root, path, "this program", e);
}

static int put_manifest(struct cpio *c, const struct image_spec *spec, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(manifest) / sizeof(manifest[0]) && !rc; i++) {
		const struct line *l = &manifest[i];

		if (l->kind == 'd')
			rc = cpio_dir(c, l->path, l->mode, e);
		else if (l->kind == 'l')
			rc = cpio_link(c, l->path, l->target, e);
		else if (l->kind == 'p')
			rc = put_program(c, l->path, spec, e);
		else
			rc = cpio_node(c, l->path, l->kind, l->mode, l->major, l->minor, e);
	}
	return rc;
}

static int put_modules(struct cpio *c, const struct image_spec *spec, const struct imageconf *ic,
		       struct image_report *report, struct err *e)
{
	struct modwants *wants = calloc(1, sizeof(*wants));
	struct modtree *tree = NULL;
	int rc = wants ? modtree_open(&tree, spec->root, spec->release, e)
		       : err_set(e, -ENOMEM, "modules");

	if (!rc)
		rc = imagemod_choose(wants, ic, spec->modules, spec->root, spec->generic, e);
	if (!rc)
		rc = imagemod_add(c, tree, spec->root, spec->release, wants, &report->modules, e);
	modtree_close(tree);
	free(wants);
	return rc;
}

/* extra_bins: programs for hooks, so also their interpreters. */
static int put_extra_bins(struct cpio *c, const struct image_spec *spec, const char *list,
			  struct err *e)
{
	int rc = 0;

	for (const char *at = list + strspn(list, " \t"); *at && !rc; at += strspn(at, " \t")) {
		char path[PATH_MAX];
		size_t n = strcspn(at, " \t");

		snprintf(path, sizeof(path), "%.*s", (int)n, at);
		rc = imageprog_need(c, spec->root, path, "extra_bins", e);
		at += n;
	}
	return rc;
}

/* What the configuration wants to run must be able to: here is where that can still be mended. */
static int put_programs(struct cpio *c, const struct image_spec *spec, const struct imageconf *ic,
			struct err *e)
{
	static const char *const dirs[] = { "/etc/kdump/pre.d", "/etc/kdump/post.d",
					    "/etc/kdump/emergency.d" };
	const struct kdump_conf *conf = &ic->conf;
	const struct { const char *what, *path; } wanted[] = {
		{ "failure_action shell", conf->failure_action == ACTION_SHELL ? "/bin/sh" : "" },
		{ "kdump_pre", conf->kdump_pre },
		{ "kdump_post", conf->kdump_post },
		{ "kdump_emergency", conf->kdump_emergency },
	};
	int rc = put_extra_bins(c, spec, ic->extra_bins, e);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && !rc; i++)
		if (wanted[i].path[0])
			rc = imageprog_need(c, spec->root, wanted[i].path, wanted[i].what, e);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !rc; i++)
		rc = imageprog_need_dir(c, spec->root, dirs[i], e);
	return rc;
}

/* The other marks of the devices: they are known by them if their names move (identity.h). */
static int put_devices(struct cpio *c, const struct imageconf *ic, struct err *e)
{
	static const struct places system = { "/sys", "/dev" };
	enum { LOOK_MS = 10000 };
	struct identity id;
	char node[512], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc;

	for (unsigned i = 0; out && i < ic->nr_devices; i++)
		if (!device_find(ic->devices[i], node, sizeof(node), NULL) && identity_at(&id, &system, node, LOOK_MS))
			identity_write(out, ic->devices[i], &id);
	rc = !out || fclose(out) ? err_set(e, -ENOMEM, "image") : 0;
	if (!rc && len)
		rc = cpio_file(c, "/etc/kdumpbox/devices", 0644, text, len, e);
	free(text);
	return rc;
}

static int collect(struct cpio *c, const struct image_spec *spec, struct imageconf *ic,
		   struct image_report *report, struct err *e)
{
	int rc = spec->generic ? imageconf_read_generic(ic, spec->config, spec->root, e)
			       : imageconf_read(ic, spec->config, spec->root, e);

	memcpy(report->notes, ic->conf.notes, sizeof(report->notes));
	report->nr_notes = ic->conf.nr_notes;
	if (!rc)
		rc = cpio_file(c, "/etc/kdump.conf", 0600, ic->text, ic->len, e);
	if (!rc)
		rc = put_manifest(c, spec, e);
	for (size_t i = 0; i < spec->nr_adds && !rc; i++)
		rc = imageprog_add_pair(c, spec->adds[i], e);
	if (!rc)
		rc = put_programs(c, spec, ic, e);
	if (!rc && !*spec->root)
		rc = put_devices(c, ic, e);
	for (int i = 0; i < ic->conf.nr_targets && !rc; i++)
		if (target_is_remote(&ic->conf.targets[i]))
			rc = imageserver_add(c, spec->root, &ic->conf.targets[i], e);
	return rc ? rc : put_modules(c, spec, ic, report, e);
}

int image_collect(struct cpio *c, const struct image_spec *spec, struct image_report *report,
		  struct err *e)
{
	struct imageconf *ic = calloc(1, sizeof(*ic));
	int rc;

	*report = (struct image_report){ 0 };
	if (!ic)
		return err_set(e, -ENOMEM, "image");
	rc = collect(c, spec, ic, report, e);
	imageconf_free(ic);
	free(ic);
	return rc;
}

enum squeeze image_best_squeeze(const char *root, const char *release)
{
	char from[PATH_MAX], *text;
	bool zstd = false;

	if (!kconfig_read(root, release, false, &text, from, sizeof(from), NULL)) {
		zstd = kconfig_has(text, "CONFIG_RD_ZSTD");
		free(text);
	}
	return zstd ? SQUEEZE_ZSTD : SQUEEZE_GZIP;
}

int image_write(const char *path, const void *data, size_t len, struct err *e)
{
	char part[PATH_MAX];
	int fd, rc;

	if (snprintf(part, sizeof(part), "%s-incomplete", path) >= (int)sizeof(part))
		return err_set(e, -ENAMETOOLONG, "write %s", path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, "create %s", part);
	rc = write_full(fd, data, len);
	if (!rc && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(part, path))
		rc = -errno;
	if (rc) {
		unlink(part);
		return err_set(e, rc, "write %s", path);
	}
	rc = sync_parent(path);
	return rc ? err_set(e, rc, "write %s", path) : 0;
}
