/* check_target - is the place for the dump there, and large enough? */
/* SPDX-License-Identifier: MIT */
#include "prod/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/fs.h>

#include "base/io.h"
#include "boot/device.h"
#include "boot/netfs.h"
#include "boot/server.h"
#include "boot/steps.h"
#include "boot/superblock.h"
#include "http/s3.h"
#include "ssh/login.h"
#include "ssh/sftp.h"

enum { MEMINFO_MAX = 64 << 10, LEAST_BYTES = 32 << 20, SHARE_S = 60 };

static uint64_t field(const char *meminfo, const char *name)
{
	const char *at = strstr(meminfo, name);

	return at && at[strlen(name)] == ':' ? strtoull(at + strlen(name) + 1, NULL, 10) << 10 : 0;
}

uint64_t check_dump_size(const char *root, int level)
{
	const struct place p = { .root = root };
	char path[PATH_MAX], *text;
	uint64_t total, left_out = 0;
	size_t len;

	if (read_file(place_path(&p, "/proc/meminfo", path), MEMINFO_MAX, &text, &len, NULL))
		return 0;
	total = field(text, "MemTotal");
	if (level & 16)
		left_out += field(text, "\nMemFree");
	if (level & 6)
		left_out += field(text, "\nCached") + field(text, "\nBuffers");
	if (level & 8)
		left_out += field(text, "\nAnonPages");
	free(text);
	return left_out < total ? total - left_out : 0;
}

static void tell_space(struct check *c, const char *where, int level, uint64_t space)
{
	unsigned long long need = check_dump_size(c->place->root, level), has = space;

	if (space < LEAST_BYTES)
		check_tell(c, "target", CHECK_FAILURE, "make room, or name another target", "%s: only %llu KiB are free", where,
			   has >> 10);
	else if (space < need)
		check_tell(c, "target", CHECK_WARNING, "make room, raise dump_level, or add a second target",
			   "%s: %llu MiB are free; a dump at level %d could have %llu MiB now, before compression", where,
			   has >> 20, level, need >> 20);
	else
		check_tell(c, "target", CHECK_OK, NULL, "%s: %llu MiB are free, %llu MiB are the most that a dump at level %d "
			   "could have now", where, has >> 20, need >> 20, level);
}

/* ext2 to 4 are mounted by one driver. */
static bool same_type(const char *a, const char *b)
{
	return !strcmp(a, b) || (!strncmp(a, "ext", 3) && !strncmp(b, "ext", 3));
}

static void check_fs(struct check *c, const struct target *t, const char *node)
{
	struct mounted at;
	struct superblock sb;
	struct statvfs vfs;
	char what[600];

	snprintf(what, sizeof(what), "%s %s", t->keyword, t->device);
	if (!place_mounted(node, t, &at) && !place_mounted(node, NULL, &at)) {
		if (superblock_probe(node, &sb, NULL) || !same_type(sb.type, t->fstype))
			check_tell(c, "target", CHECK_FAILURE, "make the filesystem, or mend the target line",
				   "%s: there is no such filesystem on %s", what, node);
		else
			check_tell(c, "target", CHECK_OK, NULL, "%s: %s, which is not mounted: how much is free is not known",
				   what, node);
	} else if (statvfs(at.point, &vfs)) {
		check_tell(c, "target", CHECK_FAILURE, NULL, "%s: %s: %s", what, at.point, strerror(errno));
	} else {
		snprintf(what, sizeof(what), "%s %s (%s)", t->keyword, t->device, node);
		tell_space(c, what, t->opts.dump_level, (uint64_t)vfs.f_bavail * vfs.f_frsize);
	}
}

static void check_raw(struct check *c, const struct target *t, const char *node)
{
	int busy = open(node, O_RDONLY | O_EXCL | O_CLOEXEC), fd;
	bool in_use = busy < 0 && errno == EBUSY;
	struct superblock sb = { 0 };
	uint64_t bytes = 0;
	struct mounted at;
	char what[600];

	if (busy >= 0)
		close(busy);
	fd = open(node, O_RDONLY | O_CLOEXEC);
	snprintf(what, sizeof(what), "raw %s", t->device);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		check_tell(c, "target", CHECK_FAILURE, NULL, "%s: %s: %s", what, node, strerror(errno));
	else if (place_mounted(node, NULL, &at))
		check_tell(c, "target", CHECK_FAILURE, "name a partition for dumps alone",
			   "%s is mounted on %s, and a dump would overwrite it", what, at.point);
	else if (in_use)
		check_tell(c, "target", CHECK_FAILURE, "name a partition for dumps alone",
			   "%s is in use (swap, or part of a volume), and a dump would overwrite it", what);
	else if (!superblock_probe(node, &sb, NULL) || sb.type[0])
		check_tell(c, "target", CHECK_WARNING, "wipefs -a, if it is for dumps",
			   "%s has a filesystem (%s), which a dump would overwrite", what, sb.type);
	else
		tell_space(c, what, t->opts.dump_level, bytes);
	if (fd >= 0)
		close(fd);
}

static int look_by_sftp(struct ssh *ssh, const char *path, uint64_t *space, struct err *e)
{
	char part[CONF_TEXT_MAX];
	struct stream *stream;
	struct sftp_attr attr;
	struct sftp *sftp;
	int rc = ssh_channel_subsystem(ssh, "sftp", &stream, e);

	if (rc)
		return rc;
	rc = sftp_open(&sftp, stream, e);
	if (rc) {
		stream_close(stream);
		return rc;
	}
	/* Directories that are missing are made after the crash: look at the last that is there. */
	snprintf(part, sizeof(part), "%s", path);
	while (part[1] && sftp_stat(sftp, part, &attr, NULL) == -ENOENT) {
		*strrchr(part, '/') = 0;
		if (!part[0])
			strcpy(part, "/");
	}
	rc = sftp_space(sftp, part, space, e);
	sftp_close(sftp);
	stream_close(stream);
	return rc;
}

static void check_ssh(struct check *c, const struct target *t)
{
	char what[CONF_TEXT_MAX + 8];
	struct err e = { 0 };
	struct ssh *ssh = NULL;
	uint64_t space = 0;
	struct ssh_login l;
	struct server s;
	int rc;

	snprintf(what, sizeof(what), "ssh %s", t->device);
	server_login(t, &s, &l);
	rc = ssh_login(&ssh, &l, &e);
	if (rc) {
		check_tell(c, "target", CHECK_FAILURE, NULL, "%s: %s", what, e.msg);
		return;
	}
	rc = look_by_sftp(ssh, t->opts.path, &space, &e);
	ssh_close(ssh);
	if (!rc)
		tell_space(c, what, t->opts.dump_level, space);
	else if (rc == -EOPNOTSUPP)
		check_tell(c, "target", CHECK_OK, NULL, "%s: logged in; how much is free the server does not tell", what);
	else
		check_tell(c, "target", CHECK_FAILURE, NULL, "%s: logged in, but: %s", what, e.msg);
}

static void check_http(struct check *c, const struct target *t)
{
	char base[600], text[640];
	struct http_options options;
	struct http *h = NULL;
	struct err e = { 0 };
	struct url url;
	uint64_t len;
	int rc;

	server_web(t, &options);
	options.never_again = true;
	server_url(t, base, sizeof(base));
	snprintf(text, sizeof(text), "%s/", base);
	rc = url_parse(&url, text, &e);
	if (!rc)
		rc = http_new(&h, &options, &url, &e);
	if (!rc)
		rc = http_size(h, &url, &len, &e);
	http_free(h);
	/* Whether HEAD of a directory is allowed does not matter: the server is there, and trusted. */
	if (rc >= 0 || rc == -EREMOTEIO)
		check_tell(c, "target", CHECK_OK, NULL, "http %s: the server answers", t->device);
	else
		check_tell(c, "target", CHECK_FAILURE, NULL, "http %s: %s", t->device, e.msg);
}

static void check_store(struct check *c, const struct target *t)
{
	char base[600], text[640];
	struct http_options options;
	struct s3_options keys;
	struct s3_object object;
	struct s3 *s = NULL;
	struct err e = { 0 };
	int rc;

	server_web(t, &options);
	server_store(t, &keys);
	options.never_again = true;
	server_url(t, base, sizeof(base));
	snprintf(text, sizeof(text), "%s/vmcore", base);
	rc = s3_new(&s, &options, &keys, text, &e);
	if (!rc)
		rc = s3_object(s, &object, text, &e);
	if (!rc)
		rc = s3_probe(s, &object, &e);
	s3_free(s);
	if (!rc)
		check_tell(c, "target", CHECK_OK, NULL, "s3 %s: the store knows bucket and keys", t->device);
	else if (rc == -EOPNOTSUPP)
		check_tell(c, "target", CHECK_WARNING, "upload something there", "s3 %s: the store answers, but the keys could "
			   "not be tried", t->device);
	else
		check_tell(c, "target", CHECK_FAILURE, NULL, "s3 %s: %s", t->device, e.msg);
}

/* In a child whose mounts nobody else sees. number: bytes that are free where the dumps will be. */
static int look_at_share(void *arg, struct step_out *out)
{
	const struct target *t = arg;
	char path[CONF_TEXT_MAX + 8];
	struct statvfs vfs;
	int rc;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return err_set(&out->err, -errno, "have mounts of one's own (root is needed)");
	rc = netfs_check(t, "", &out->err);
	if (!rc)
		rc = netfs_mount(t, "/tmp", &out->err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/tmp%s", t->opts.path);
	while (access(path, F_OK) && errno == ENOENT)
		*strrchr(path, '/') = 0;
	if (access(path, W_OK) || statvfs(path, &vfs))
		return err_set(&out->err, -errno, "write to %s there", path + 4);
	out->number = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	return 0;
}

static void check_share(struct check *c, const struct target *t)
{
	struct target copy = *t;
	struct steps s = { .arg = &copy, .out = steps_share(sizeof(*s.out)) };
	const struct step step = { .name = "look", .run = look_at_share, .deadline_s = SHARE_S };
	char what[CONF_TEXT_MAX + 24];
	struct step_end end;

	snprintf(what, sizeof(what), "%s %s", t->keyword, t->device);
	if (s.out && step_run(&s, &step, &end) == STEP_GO_ON && end.ok)
		tell_space(c, what, t->opts.dump_level, end.out.number);
	else
		check_tell(c, "target", CHECK_FAILURE, NULL, "%s: %s", what, s.out ? end.why : "no memory");
}

static bool is_read_only(const char *node)
{
	int fd = open(node, O_RDONLY | O_CLOEXEC), flag = 0;

	if (fd >= 0) {
		ioctl(fd, BLKROGET, &flag);
		close(fd);
	}
	return flag;
}

static void check_local(struct check *c, const struct target *t)
{
	struct err e = { 0 };
	char node[512];

	if (!strcmp(t->fstype, "virtiofs"))
		check_tell(c, "target", CHECK_OK, NULL, "virtiofs %s: not looked at", t->device);
	else if (device_find(t->device, node, sizeof(node), &e))
		check_tell(c, "target", CHECK_FAILURE, NULL, "%s %s: %s", t->keyword, t->device, e.msg);
	else if (is_read_only(node))
		check_tell(c, "target", CHECK_FAILURE, NULL, "%s %s: %s is read-only", t->keyword, t->device, node);
	else if (t->kind == TARGET_RAW)
		check_raw(c, t, node);
	else
		check_fs(c, t, node);
}

void check_targets(struct check *c, const struct kdump_conf *conf)
{
	if (*c->place->root) {
		check_tell(c, "target", CHECK_WARNING, NULL, "targets are looked at on the machine itself only");
		return;
	}
	for (int i = 0; i < conf->nr_targets; i++) {
		const struct target *t = &conf->targets[i];

		if (t->kind == TARGET_SSH)
			check_ssh(c, t);
		else if (t->kind == TARGET_HTTP)
			check_http(c, t);
		else if (t->kind == TARGET_S3)
			check_store(c, t);
		else if (t->kind == TARGET_NETFS)
			check_share(c, t);
		else
			check_local(c, t);
	}
}
