/* imageconf - the configuration that goes into an image, complete. */
/* SPDX-License-Identifier: MIT */
#include "boot/imageconf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/device.h"
#include "boot/imagenet.h"
#include "boot/mountinfo.h"
#include "boot/superblock.h"

enum { MOUNTINFO_MAX = 64 << 20 };

/* Filesystems of block devices to which init can dump. */
static const char *const filesystems[] = {
	"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "minix"
};

/* Where a directory of this machine is, for the capture kernel. */
struct place {
	struct mountinfo mount;
	char             spec[CONF_TEXT_MAX];	/* "UUID=..." or "/dev/vda1"; "SERVER:/DIR" of nfs */
};

static void need_device(struct imageconf *ic, const char *spec)
{
	if (spec[0] && ic->nr_devices < IMAGECONF_MAX)
		snprintf(ic->devices[ic->nr_devices++], CONF_TEXT_MAX, "%s", spec);
}

static void need_fstype(struct imageconf *ic, const char *fstype)
{
	if (fstype[0] && strcmp(fstype, "auto") && ic->nr_fstypes < IMAGECONF_MAX)
		snprintf(ic->fstypes[ic->nr_fstypes++], sizeof(ic->fstypes[0]), "%s", fstype);
}

/* path without links, also if its last parts do not exist yet. */
static int real_path(const char *path, char out[PATH_MAX], struct err *e)
{
	char part[PATH_MAX], *real = NULL;
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return err_set(e, -ENAMETOOLONG, "path");
	strcpy(part, path);
	while (!(real = realpath(part[0] ? part : "/", NULL)) && errno == ENOENT && n) {
		while (n && part[n - 1] == '/')
			n--;
		while (n && part[n - 1] != '/')
			n--;
		while (n && part[n - 1] == '/')
			n--;
		part[n] = 0;
	}
	if (!real)
		return err_set(e, -errno, "look up %s", path);
	snprintf(out, PATH_MAX, "%s%s", strcmp(real, "/") ? real : "", path + n);
	free(real);
	return 0;
}

/* The node of the device that is mounted: of btrfs the kernel only tells the source. */
static int device_node(const struct mountinfo *m, char node[CONF_TEXT_MAX], struct err *e)
{
	unsigned major = m->major, minor = m->minor;
	char path[64], *real;
	struct stat st;

	if (!major && !stat(m->source, &st) && S_ISBLK(st.st_mode)) {
		major = major(st.st_rdev);
		minor = minor(st.st_rdev);
	}
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major, minor);
	real = realpath(path, NULL);
	if (!real)
		return err_set(e, -errno, "find the block device of %s in sysfs", m->source);
	snprintf(node, CONF_TEXT_MAX, "/dev/%.200s", strrchr(real, '/') + 1);
	for (char *p = node + 5; *p; p++)	/* "cciss!c0d0" */
		if (*p == '!')
			*p = '/';
	free(real);
	return 0;
}

/* Mounting a btrfs of several devices takes a search for all of them. */
static int check_btrfs(const struct mountinfo *m, const char *uuid, const char *path, struct err *e)
{
	char dir[128];
	struct dirent *d;
	unsigned n = 0;
	DIR *handle;

	snprintf(dir, sizeof(dir), "/sys/fs/btrfs/%s/devices", uuid);
	handle = strcmp(m->fstype, "btrfs") ? NULL : opendir(dir);
	while (handle && (d = readdir(handle)))
		n += d->d_name[0] != '.';
	if (handle)
		closedir(handle);
	return n < 2 ? 0
		     : err_say(e, -EOPNOTSUPP,
			       "%s lies on a btrfs of %u devices, which the capture kernel "
			       "cannot assemble: name another target in kdump.conf",
			       path, n);
}

static int locate(const char *path, struct place *out, struct err *e)
{
	char real[PATH_MAX], node[CONF_TEXT_MAX], *table;
	struct superblock sb;
	bool known = false;
	size_t len;
	int rc = real_path(path, real, e);

	if (rc)
		return rc;
	rc = read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &table, &len, e);
	if (rc)
		return rc;
	rc = mountinfo_find(table, real, &out->mount, e);
	free(table);
	if (rc)
		return rc;
	if (!strcmp(out->mount.fstype, "nfs") || !strcmp(out->mount.fstype, "nfs4")) {
		strcpy(out->mount.fstype, "nfs");
		snprintf(out->spec, sizeof(out->spec), "%s", out->mount.source);
		return 0;
	}
	for (size_t i = 0; i < sizeof(filesystems) / sizeof(filesystems[0]); i++)
		known |= !strcmp(out->mount.fstype, filesystems[i]);
	if (!known)
		return err_say(e, -EOPNOTSUPP,
			       "%s lies on %s (%s), to which the capture kernel cannot dump: name "
			       "a target in kdump.conf (ext4, xfs, btrfs, vfat, raw, a server%s)",
			       path, out->mount.fstype, out->mount.source, strcmp(out->mount.fstype, "cifs") ? "" :
			       "; cifs needs mount_options credentials=FILE");
	rc = device_node(&out->mount, node, e);
	if (rc)
		return err_add(e, "%s", path);
	if (!superblock_probe(node, &sb, NULL) && sb.uuid[0])
		snprintf(out->spec, sizeof(out->spec), "UUID=%s", sb.uuid);
	else
		snprintf(out->spec, sizeof(out->spec), "%s", node);
	return check_btrfs(&out->mount, sb.uuid, path, e);
}

/* Copy the lines of text but those whose key is one of the keys. */
static void put_without(FILE *out, const char *text, const char *const *keys)
{
	for (const char *line = text, *next; *line; line = next) {
		size_t n = strcspn(line, "\n"), blank = strspn(line, " \t"), key;
		bool skip = false;

		next = line + n + (line[n] == '\n');
		key = strcspn(line + blank, " \t\r\n");
		for (const char *const *k = keys; *k; k++)
			skip |= key == strlen(*k) && !memcmp(line + blank, *k, key);
		if (!skip)
			fprintf(out, "%.*s\n", (int)n, line);
	}
}

/* What of the options of a mounted NFS another machine would need too: the rest the kernel has found out (tcp or tcp6 by
 * the address that it had). */
static void keep_options(const char *super, char *out, size_t size)
{
	static const char *const kept[] = { "vers=", "port=", "proto=udp", "sec=" };
	size_t used = strlen(out), n;

	for (const char *p = super; *p; p += n, p += *p == ',') {
		n = strcspn(p, ",");
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]) && used + n + 2 < size; i++)
			if (!strncmp(p, kept[i], strlen(kept[i])))
				used += (size_t)sprintf(out + used, "%s%.*s", used ? "," : "", (int)n, p);
	}
}

/* path lies on a mounted NFS: then that is the target, and what follows treats it as one that was written. */
static void take_share(struct imageconf *ic, const struct place *at, FILE *out)
{
	struct target *t = &ic->conf.targets[ic->conf.nr_targets++];

	*t = (struct target){ .kind = TARGET_NETFS, .keyword = "nfs", .fstype = "nfs", .opts = ic->conf.defaults };
	strcpy(t->device, at->spec);
	snprintf(t->opts.path, sizeof(t->opts.path), "%s", at->mount.inside);
	keep_options(at->mount.super, t->opts.mount_options, sizeof(t->opts.mount_options));
	if (t->opts.mount_options[0])
		fprintf(out, "mount_options %s\n", t->opts.mount_options);
}

/* No target line: the place of "path" on this machine, as a target with the path inside it. */
static int resolve_path(struct imageconf *ic, const char *text, FILE *out, struct err *e)
{
	static const char *const replaced[] = { "path", "mount_options", NULL };
	const char *options = ic->conf.defaults.mount_options;
	struct place at;
	int rc = locate(ic->conf.defaults.path, &at, e);

	if (rc)
		return err_add(e, "no target in kdump.conf");
	put_without(out, text, replaced);
	fprintf(out, "# %s of the machine on which this image was made\n%s %s\npath %s\n",
		ic->conf.defaults.path, at.mount.fstype, at.spec, at.mount.inside);
	if (!strcmp(at.mount.fstype, "nfs")) {
		take_share(ic, &at, out);
		return 0;
	}
	if (at.mount.subvol[0] || options[0])
		fprintf(out, "mount_options %s%s%s%s\n", options,
			options[0] && at.mount.subvol[0] ? "," : "",
			at.mount.subvol[0] ? "subvol=" : "", at.mount.subvol);
	need_device(ic, at.spec);
	need_fstype(ic, at.mount.fstype);
	return 0;
}

/* failure_action dump_to_rootfs, and nobody says where the root filesystem is. */
static int resolve_root(struct imageconf *ic, FILE *out, struct err *e)
{
	struct place at;
	int rc = locate("/", &at, e);

	if (!rc && !strcmp(at.mount.fstype, "nfs"))
		rc = err_say(e, -EOPNOTSUPP, "the root filesystem is on a server, which only a target line can name");
	if (!rc && at.mount.subvol[0])
		rc = err_say(e, -EOPNOTSUPP,
			     "the root filesystem is the btrfs subvolume %s, which only a target "
			     "line with mount_options can name",
			     at.mount.subvol);
	if (rc)
		return err_add(e, "failure_action dump_to_rootfs");
	fprintf(out, "root_device %s\n", at.spec);
	need_device(ic, at.spec);
	need_fstype(ic, at.mount.fstype);
	return 0;
}

/* Value of a key that only the production side knows; the last one counts. */
static void take_value(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " \t");

		if (strncmp(at, key, len) || (at[len] != ' ' && at[len] != '\t'))
			continue;
		at += len + strspn(at + len, " \t\"");
		snprintf(out, size, "%.*s", (int)strcspn(at, "#\r\n\""), at);
	}
}

/* root_device was given: which filesystem it has only the device can tell. */
static void need_root(struct imageconf *ic)
{
	char node[CONF_TEXT_MAX];
	struct superblock sb;

	need_device(ic, ic->conf.root.device);
	if (!device_find(ic->conf.root.device, node, sizeof(node), NULL) &&
	    !superblock_probe(node, &sb, NULL))
		need_fstype(ic, sb.type);
}

/* Arrays and device-mapper devices are numbered as they come up. */
static int check_number(const struct target *t, struct err *e)
{
	static const char *const numbered[] = { "/dev/md", "/dev/dm-" };

	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
		size_t n = strlen(numbered[i]);

		if (!target_is_remote(t) && !strncmp(t->device, numbered[i], n) && t->device[n] >= '0' && t->device[n] <= '9')
			return err_say(e, -EINVAL, "%s %s has another number in the capture kernel: name it by UUID=, LABEL=, "
				       "/dev/mapper/VG-LV or /dev/disk/by-id/", t->keyword, t->device);
	}
	return 0;
}

static int complete(struct imageconf *ic, const char *text, const char *root, FILE *out,
		    struct err *e)
{
	static const char *const nothing[] = { NULL };
	const struct kdump_conf *conf = &ic->conf;
	int rc = 0;

	if (!conf->nr_targets && !conf->root.device[0] && *root)
		return err_say(e, -EINVAL,
			       "kdump.conf names no target, and \"path\" can be looked up on this "
			       "machine only, not below %s",
			       root);
	if (!conf->nr_targets && !conf->root.device[0])
		rc = resolve_path(ic, text, out, e);
	else
		put_without(out, text, nothing);
	for (int i = 0; i < conf->nr_targets && !rc; i++) {
		rc = check_number(&conf->targets[i], e);
		need_fstype(ic, conf->targets[i].fstype);
		if (strcmp(conf->targets[i].fstype, "virtiofs") && !target_is_remote(&conf->targets[i]))
			need_device(ic, conf->targets[i].device);
	}
	if (!rc)
		rc = imagenet_complete(ic, root, out, e);
	if (conf->root.device[0])
		need_root(ic);
	else if (!rc && conf->failure_action == ACTION_DUMP_TO_ROOTFS && !*root)
		rc = resolve_root(ic, out, e);
	return rc;
}

/* As the capture kernel will read it: there is what it passes over a note, here it can still be mended. */
static int read_back(const struct imageconf *ic, struct err *e)
{
	static const char name[] = "kdump.conf of the image";
	struct kdump_conf *c = malloc(sizeof(*c));
	int rc = c ? 0 : err_set(e, -ENOMEM, "%s", name);

	if (!rc && ic->len > CONF_FILE_MAX)
		rc = err_say(e, -EFBIG, "%s is longer than %d bytes", name, CONF_FILE_MAX);
	if (!rc) {
		conf_defaults(c);
		rc = conf_parse(c, name, ic->text, ic->len, CONF_STRICT, e);
	}
	free(c);
	return rc;
}

static int read_conf(struct imageconf *ic, const char *path, const char *root, bool generic, struct err *e)
{
	char standard[PATH_MAX], *text;
	size_t len;
	FILE *out;
	int rc;

	*ic = (struct imageconf){ 0 };
	conf_defaults(&ic->conf);
	snprintf(standard, sizeof(standard), "%s/etc/kdump.conf", root);
	if (!path && access(standard, F_OK)) {
		text = strdup("");
		if (!text)
			return err_set(e, -ENOMEM, "kdump.conf");
		len = 0;
	} else {
		path = path ? path : standard;
		rc = read_file(path, CONF_FILE_MAX, &text, &len, e);
		if (rc)
			return rc;
	}
	rc = conf_parse(&ic->conf, path ? path : standard, text, len, CONF_STRICT, e);
	out = rc ? NULL : open_memstream(&ic->text, &ic->len);
	if (!rc && !out)
		rc = err_set(e, -ENOMEM, "kdump.conf");
	if (!rc) {
		take_value(text, "extra_modules", ic->extra_modules, sizeof(ic->extra_modules));
		take_value(text, "extra_bins", ic->extra_bins, sizeof(ic->extra_bins));
		if (generic)
			fputs(text, out);
		else
			rc = complete(ic, text, root, out, e);
	}
	if (out && fclose(out) && !rc)
		rc = err_set(e, -ENOMEM, "kdump.conf");
	free(text);
	return rc ? rc : read_back(ic, e);
}

int imageconf_read(struct imageconf *ic, const char *path, const char *root, struct err *e)
{
	return read_conf(ic, path, root, false, e);
}

int imageconf_read_generic(struct imageconf *ic, const char *path, const char *root, struct err *e)
{
	return read_conf(ic, path, root, true, e);
}

void imageconf_free(struct imageconf *ic)
{
	free(ic->text);
	ic->text = NULL;
}
