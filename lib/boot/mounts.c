/* mounts - mount what the capture kernel needs, and say in words what went wrong. */
/* SPDX-License-Identifier: MIT */
#include "boot/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/module.h"
#include "boot/superblock.h"

static const struct early {
	const char   *type, *dir, *data;
	unsigned long flags;
	bool          optional;	/* the directory is made by the kernel, if it can do it at all */
} early[] = {
	{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID, false },
	{ "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV, false },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "pstore", "/sys/fs/pstore", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "securityfs", "/sys/kernel/security", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
};

/* True if something is mounted on dir: it then has another device than its parent. */
static bool is_mounted(const char *dir)
{
	struct stat here, above;
	char parent[256];

	snprintf(parent, sizeof(parent), "%s/..", dir);
	return !stat(dir, &here) && !stat(parent, &above) && here.st_dev != above.st_dev;
}

int mount_early(struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
		const struct early *m = &early[i];
		int rc = 0;

		if (!m->optional && mkdir(m->dir, 0755) && errno != EEXIST)
			rc = -errno;
		if (!rc && !is_mounted(m->dir) &&
		    mount(m->type, m->dir, m->type, m->flags, m->data) && errno != EBUSY &&
		    !m->optional)
			rc = -errno;
		if (rc && !first)
			first = err_set(e, rc, "mount %s", m->dir);
	}
	return first;
}

static const struct option {
	const char   *name;
	unsigned long set, clear;
} options_known[] = {
	{ "ro", MS_RDONLY, 0 },		{ "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 },	{ "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 },	{ "dev", 0, MS_NODEV },
	{ "noexec", MS_NOEXEC, 0 },	{ "exec", 0, MS_NOEXEC },
	{ "sync", MS_SYNCHRONOUS, 0 },	{ "async", 0, MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC, 0 },
	{ "noatime", MS_NOATIME, 0 },	{ "atime", 0, MS_NOATIME },
	{ "nodiratime", MS_NODIRATIME, 0 }, { "diratime", 0, MS_NODIRATIME },
	{ "relatime", MS_RELATIME, 0 },	{ "norelatime", 0, MS_RELATIME },
	{ "strictatime", MS_STRICTATIME, 0 }, { "nostrictatime", 0, MS_STRICTATIME },
	{ "lazytime", MS_LAZYTIME, 0 },	{ "nolazytime", 0, MS_LAZYTIME },
	{ "remount", MS_REMOUNT, 0 },	{ "bind", MS_BIND, 0 },	{ "rbind", MS_BIND | MS_REC, 0 },
	/* These mean something to mount(8) and fstab(5) only. */
	{ "defaults", 0, 0 },	{ "auto", 0, 0 },	{ "noauto", 0, 0 },	{ "user", 0, 0 },
	{ "nouser", 0, 0 },	{ "users", 0, 0 },	{ "owner", 0, 0 },	{ "group", 0, 0 },
	{ "nofail", 0, 0 },	{ "_netdev", 0, 0 },	{ "nobootwait", 0, 0 },
};

static const struct option *find_option(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(options_known) / sizeof(options_known[0]); i++)
		if (strlen(options_known[i].name) == len &&
		    !memcmp(options_known[i].name, word, len))
			return &options_known[i];
	return NULL;
}

/* Length of an option: a comma inside quotes does not end it (SELinux contexts have them). */
static size_t option_len(const char *p)
{
	bool quoted = false;
	size_t n = 0;

	for (; p[n] && (quoted || p[n] != ','); n++)
		if (p[n] == '"')
			quoted = !quoted;
	return n;
}

int mount_options(const char *options, unsigned long *flags, char *data, size_t size)
{
	size_t used = 0;

	*flags = 0;
	data[0] = 0;
	for (const char *p = options ? options : ""; *p;) {
		size_t n = option_len(p);
		const struct option *known = find_option(p, n);

		if (known) {
			*flags = (*flags | known->set) & ~known->clear;
		} else if (n && strncasecmp(p, "x-", 2) && strncmp(p, "comment=", 8)) {
			if (used + n + 2 > size)
				return -E2BIG;
			used += (size_t)snprintf(data + used, size - used, "%s%.*s",
						 used ? "," : "", (int)n, p);
		}
		p += n + (p[n] == ',');
	}
	return 0;
}

/* True if the running kernel has the filesystem now; *module says why its module did not load. */
static bool have_filesystem(const char *fstype, struct err *module)
{
	char *text, alias[64];
	bool have = false;
	size_t len, n = strlen(fstype);

	if (read_file("/proc/filesystems", 1 << 16, &text, &len, NULL))
		return true;	/* no /proc: let mount(2) tell */
	for (const char *line = text; *line && !have;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		const char *name = line + strcspn(line, "\t\n");

		name += *name == '\t';
		have = !strncmp(name, fstype, n) && (name[n] == '\n' || !name[n]);
	}
	free(text);
	snprintf(alias, sizeof(alias), "fs-%s", fstype);
	return have || !module_load(alias, NULL, module);
}

/* What errors of mount(2) mean, and what to do. */
static const struct reason {
	int         code;
	const char *text;
} reasons[] = {
	{ -ENODEV, "this kernel does not have it" },
	{ -EBUSY, "it is in use: mounted already, or part of another device (multipath, RAID, LVM), "
		  "which then is to be mounted instead" },
	{ -EROFS, "it cannot be written: a write-protected disk, or features that this kernel only "
		  "reads (see dmesg)" },
	{ -EACCES, "it cannot be written: a write-protected disk" },
	{ -EUCLEAN, "the filesystem is damaged and wants its fsck" },
	{ -EBADMSG, "the filesystem is damaged and wants its fsck" },
	{ -EINVAL, "no valid one there, or an option that it does not know (see dmesg)" },
	{ -ENOTBLK, "it is not a block device" },
};

static int mount_error(int code, const char *fstype, const char *dev, const char *dir,
		       const struct err *module, struct err *e)
{
	bool missing = code == -ENODEV && module->msg[0];

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return err_say(e, code, "mount %s on %s as %s: %s%s%s", dev, dir, fstype,
				       reasons[i].text, missing ? "; " : "",
				       missing ? module->msg : "");
	return err_set(e, code, "mount %s on %s as %s", dev, dir, fstype);
}

/* ext4 serves ext2 and ext3 where those have no driver of their own. */
static int mount_as(const char *fstype, const char *dev, const char *dir, unsigned long flags,
		    const char *data)
{
	int rc = mount(dev, dir, fstype, flags, data) ? -errno : 0;

	if (rc == -ENODEV && (!strcmp(fstype, "ext2") || !strcmp(fstype, "ext3")))
		rc = mount(dev, dir, "ext4", flags, data) ? -errno : 0;
	return rc;
}

/* A journal that cannot be written makes some filesystems read-only without an error. */
static int check_writable(const char *fstype, const char *dev, const char *dir, unsigned long flags,
			  struct err *e)
{
	struct statvfs st;

	if ((flags & MS_RDONLY) || statvfs(dir, &st) || !(st.f_flag & ST_RDONLY))
		return 0;
	umount2(dir, MNT_DETACH);
	return err_say(e, -EROFS,
		       "mount %s on %s: the kernel allows the %s to be read only (see dmesg)", dev,
		       dir, fstype);
}

int mount_target(const char *fstype, const char *dev, const char *dir, const char *options,
		 struct err *e)
{
	bool plain, guess = !fstype || !*fstype || !strcmp(fstype, "auto");
	struct superblock sb = { 0 };
	struct err module = { 0 };
	unsigned long flags;
	char data[1024];
	int rc;

	rc = mount_options(options, &flags, data, sizeof(data));
	if (rc)
		return err_set(e, rc, "mount options '%.80s'", options);
	rc = make_dirs(dir);
	if (rc)
		return err_set(e, rc, "make directory %s", dir);
	plain = flags & (MS_BIND | MS_REMOUNT);
	if (!plain && guess) {
		rc = superblock_probe(dev, &sb, e);
		if (rc)
			return err_add(e, "mount on %s", dir);
	}
	if (plain || guess)
		fstype = plain ? "none" : sb.type;
	if (!plain)
		have_filesystem(fstype, &module);
	rc = mount_as(fstype, dev, dir, flags, data);
	/* The configuration may be older than the filesystem: what is there counts. */
	if (rc == -EINVAL && !plain && !guess && !superblock_probe(dev, &sb, NULL) &&
	    strcmp(sb.type, fstype)) {
		fstype = sb.type;
		have_filesystem(fstype, &module);
		rc = mount_as(fstype, dev, dir, flags, data);
	}
	if (rc)
		return mount_error(rc, fstype, dev, dir, &module, e);
	return plain ? 0 : check_writable(fstype, dev, dir, flags, e);
}

int mount_release(const char *dir, int force, struct err *e)
{
	int fd, rc = umount2(dir, UMOUNT_NOFOLLOW) ? -errno : 0;

	if (rc == -EBUSY && force) {
		/* Detached, it is written at some later time only: so write it now. */
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			rc = syncfs(fd) ? -errno : 0;
			close(fd);
		} else {
			rc = -errno;
		}
		if (umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW) && (!rc || rc == -EBUSY))
			rc = -errno;
	}
	if (rc == -EINVAL)
		return err_say(e, rc, "unmount %s: nothing is mounted there", dir);
	if (rc == -EBUSY)
		return err_say(e, rc,
			       "unmount %s: it is in use (open files, or something mounted inside)",
			       dir);
	return rc ? err_set(e, rc, "unmount %s", dir) : 0;
}
