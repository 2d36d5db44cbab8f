/* hoststack - can the capture kernel put together what this block device is made of? */
/* SPDX-License-Identifier: MIT */
#include "boot/hoststack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/lvm.h"

static const char way_out[] = "the capture kernel cannot start it: name another partition, or a server";

/* What dm/uuid begins with, and what it then is. */
static const struct dm_kind {
	const char *begin, *what;
} dm_kinds[] = {
	{ "CRYPT-", "encrypted" },
	{ "mpath-", "a multipath device" },
	{ "part", "a partition of a multipath device" },
};

struct walk {
	const struct places *at;
	char                 todo[HOSTSTACK_MAX][BLOCKDEV_NAME];
	unsigned             nr_todo;
	bool                 dm, md;
};

static int push(struct walk *w, const char *name, struct err *e)
{
	for (unsigned i = 0; i < w->nr_todo; i++)
		if (!strcmp(w->todo[i], name))
			return 0;
	if (w->nr_todo == HOSTSTACK_MAX)
		return err_say(e, -E2BIG, "%s lies on more than %d devices", w->todo[0], HOSTSTACK_MAX);
	snprintf(w->todo[w->nr_todo++], BLOCKDEV_NAME, "%s", name);
	return 0;
}

static int push_slaves(struct walk *w, const char *name, struct err *e)
{
	char dir[512];
	struct dirent *d;
	int rc = 0, n = 0;
	DIR *handle;

	snprintf(dir, sizeof(dir), "%s/class/block/%s/slaves", w->at->sys, name);
	handle = opendir(dir);
	while (handle && !rc && (d = readdir(handle)))
		if (d->d_name[0] != '.') {
			rc = push(w, d->d_name, e);
			n++;
		}
	if (handle)
		closedir(handle);
	return rc || n ? rc : err_say(e, -EOPNOTSUPP, "%s is made of nothing that sysfs shows", name);
}

static bool read_text(const struct walk *w, const char *name, const char *file, char *out, size_t size)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/class/block/%s/%s", w->at->sys, name, file);
	out[0] = 0;
	return !read_line(path, out, size) && *out;
}

/* The volume of that UUID as a disk below it tells. */
static int read_volume(struct walk *w, const char *name, const char *disk, const char *uuid, struct err *e)
{
	struct lvm_group *g = malloc(sizeof(*g));
	const struct lvm_volume *v;
	struct blockdev dev;
	char path[512], *text;
	size_t len;
	int fd, rc;

	if (!g || !blockdev_get(w->at, disk, &dev)) {
		free(g);
		return err_set(e, -ENOENT, "find %s", disk);
	}
	snprintf(path, sizeof(path), "%s/%s", w->at->dev, dev.node);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? err_set(e, -errno, "open %s", path) : lvm_read(fd, &text, &len, e);
	if (fd >= 0)
		close(fd);
	if (!rc) {
		rc = lvm_parse(text, len, g, e);
		free(text);
		v = rc ? NULL : lvm_find(g, uuid);
		if (!rc && (!v || v->hidden || v->kind[0]))
			rc = err_say(e, -EOPNOTSUPP, "%s is %s volume of LVM (%s), and %s", name,
				     v && v->kind[0] ? "no linear" : "an unknown", v ? v->kind : uuid, way_out);
	} else if (rc == -ENODATA) {
		rc = err_say(e, -EOPNOTSUPP, "%s is a volume of LVM made of other volumes (thin, mirrored, cached, a "
			     "snapshot), and %s", name, way_out);
	}
	free(g);
	return rc;
}

static int walk_dm(struct walk *w, const char *name, struct err *e)
{
	unsigned before = w->nr_todo;
	char uuid[160];
	int rc;

	read_text(w, name, "dm/uuid", uuid, sizeof(uuid));
	for (size_t i = 0; i < sizeof(dm_kinds) / sizeof(dm_kinds[0]); i++)
		if (!strncmp(uuid, dm_kinds[i].begin, strlen(dm_kinds[i].begin)))
			return err_say(e, -EOPNOTSUPP, "%s is %s, and %s", name, dm_kinds[i].what, way_out);
	if (strncmp(uuid, "LVM-", 4))
		return err_say(e, -EOPNOTSUPP, "%s is a device-mapper device of an unknown kind (%s), and %s", name,
			       uuid[0] ? uuid : "no UUID", way_out);
	w->dm = true;
	rc = push_slaves(w, name, e);
	for (unsigned i = before; i < w->nr_todo && !rc; i++)
		rc = read_volume(w, name, w->todo[i], uuid, e);
	return rc;
}

static int walk_md(struct walk *w, const char *name, struct err *e)
{
	char level[32], version[32];

	read_text(w, name, "md/level", level, sizeof(level));
	read_text(w, name, "md/metadata_version", version, sizeof(version));
	if (strcmp(level, "raid1") || strncmp(version, "1.", 2))
		return err_say(e, -EOPNOTSUPP, "%s is an array of md (%s, metadata %s), of which only raid1 with metadata 1.x "
			       "can be started: name another partition, or a server", name, level, version);
	w->md = true;
	return push_slaves(w, name, e);
}

/* What is below /sys/devices/virtual is put together; an NVMe disk with several paths is not. */
static int walk_one(struct walk *w, const char *name, struct hoststack *out, struct err *e)
{
	char path[512], *real, *virtual;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/class/block/%s", w->at->sys, name);
	real = realpath(path, NULL);
	if (!real)
		return err_set(e, -ENOENT, "find %s in sysfs", name);
	virtual = strstr(real, "/devices/virtual/block/");
	if (!virtual)
		strcpy(out->disks[out->nr_disks++], name);
	else if (!strncmp(name, "dm-", 3))
		rc = walk_dm(w, name, e);
	else if (!strncmp(name, "md", 2) && !strchr(name, 'p'))
		rc = walk_md(w, name, e);
	else
		rc = err_say(e, -EOPNOTSUPP, "%s has to be set up first, and %s", name, way_out);
	free(real);
	return rc;
}

int hoststack_walk(const struct places *at, const char *name, struct hoststack *out, struct err *e)
{
	struct walk w = { .at = at };
	unsigned n = 0;
	int rc = push(&w, name, e);

	*out = (struct hoststack){ 0 };
	for (unsigned i = 0; i < w.nr_todo && !rc; i++)
		rc = walk_one(&w, w.todo[i], out, e);
	if (w.md) {
		out->modules[n++] = "md_mod";
		out->modules[n++] = "raid1";
	}
	if (w.dm)
		out->modules[n++] = "dm_mod";
	return rc;
}
