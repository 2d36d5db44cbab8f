/* selftest_target - can a dump be written to this target, by the code that will do it? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/device.h"
#include "boot/server.h"
#include "boot/steps.h"
#include "net/chance.h"
#include "prod/selftest.h"
#include "sink/http.h"
#include "sink/remote.h"
#include "sink/s3.h"

enum { OBJECT = 1 << 20, TRY_S = 300 };

struct trial {
	struct kdump_conf conf;
	struct attempt    attempt;
};

static void say_nothing(const char *text)
{
	(void)text;
}

/* OBJECT bytes that no filesystem packs away; the caller frees them. */
static uint8_t *object(void)
{
	uint8_t *data = malloc(OBJECT);
	uint32_t x = 2463534242u;

	for (size_t i = 0; data && i < OBJECT; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = (uint8_t)x;
	}
	return data;
}

static int fill(struct sink *sink, const uint8_t *data, struct err *e)
{
	struct ack ack;
	int rc = sink_write(sink, 0, data, OBJECT, e);

	return rc ? rc : sink_commit(sink, &ack, e);
}

static int read_back(const char *path, const uint8_t *data, struct err *e)
{
	char *is;
	size_t len;
	int rc = read_file(path, OBJECT, &is, &len, e);

	if (rc)
		return rc;
	if (len != OBJECT || memcmp(is, data, OBJECT))
		rc = err_say(e, -EIO, "%s: what was read is not what was written", path);
	free(is);
	return rc;
}

/* As target_device, but on a running system nothing is put together. */
static int find_device(const struct target *t, struct step_out *out)
{
	if (!strcmp(t->fstype, "virtiofs") || t->kind == TARGET_NETFS) {
		snprintf(out->text, sizeof(out->text), "%s", t->device);
		return 0;
	}
	return device_find(t->device, out->text, sizeof(out->text), &out->err);
}

/* A dump's file in its directory, and both away again. */
static int write_local(struct attempt *a, struct step_out *out)
{
	char part[sizeof(a->vmcore) + 16];
	uint8_t *data = object();
	struct sink *sink = NULL;
	struct err *e = &out->err;
	int rc = data ? sink_open(&sink, a->vmcore, 0, false, e) : err_set(e, -ENOMEM, "test");

	if (!rc)
		rc = fill(sink, data, e);
	sink_close(sink);
	if (!rc)
		rc = read_back(a->vmcore, data, e);
	unlink(a->vmcore);
	snprintf(part, sizeof(part), "%s-incomplete", a->vmcore);
	unlink(part);
	if (rmdir(a->dir) && !rc)
		rc = err_set(e, -errno, "remove %s", a->dir);
	free(data);
	return rc;
}

/* In a child whose mounts nobody else sees. */
static int try_local(void *arg, struct step_out *out)
{
	struct trial *t = arg;
	struct attempt *a = &t->attempt;
	int rc;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return err_set(&out->err, -errno, "have mounts of one's own (root is needed)");
	rc = find_device(&a->target, out);
	if (rc)
		return rc;
	target_keep_device(a, out);
	rc = target_mount(a, out);
	if (rc)
		return rc;
	rc = target_directory(a, out);
	if (!rc) {
		target_keep_directory(a, out);
		rc = write_local(a, out);
	}
	if (target_release(a, out) && !rc)
		rc = out->err.code;
	if (!rc)
		snprintf(out->note, sizeof(out->note), "1 MiB written to %.80s below %.80s, read back and removed", a->device,
			 a->target.opts.path);
	return rc;
}

static int try_ssh(void *arg, struct step_out *out)
{
	const struct target *t = &((struct trial *)arg)->attempt.target;
	struct remote *r = NULL;
	struct sink *sink = NULL;
	uint8_t *data = object();
	struct remote_url url = { 0 };
	struct ssh_login l;
	struct server s;
	char part[sizeof(url.path) + 16];
	struct sftp *sftp;
	unsigned generation;
	int rc;

	server_login(t, &s, &l);
	snprintf(url.host, sizeof(url.host), "%s", s.host);
	snprintf(url.user, sizeof(url.user), "%s", s.user);
	snprintf(url.path, sizeof(url.path), "%s/kdumpbox-test-%d", strcmp(t->opts.path, "/") ? t->opts.path : "", getpid());
	rc = data ? remote_ssh(&r, &l, &url, &out->err) : err_set(&out->err, -ENOMEM, "test");
	if (!rc)
		rc = sftp_sink_open(&sink, r, url.path, false, &out->err);
	if (!rc)
		rc = fill(sink, data, &out->err);
	sink_close(sink);
	if (!rc)
		rc = remote_sftp(r, &sftp, &generation, &out->err);
	if (!rc)
		rc = sftp_remove(sftp, url.path, &out->err);
	else if (sink && !remote_sftp(r, &sftp, &generation, NULL)) {
		snprintf(part, sizeof(part), "%s-incomplete", url.path);
		sftp_remove(sftp, part, NULL);
		sftp_remove(sftp, url.path, NULL);
	}
	if (!rc)
		snprintf(out->note, sizeof(out->note), "1 MiB sent to %.80s below %.80s, and removed", t->device, t->opts.path);
	remote_free(r);
	free(data);
	return rc;
}

/* Where on a web server or in a store. */
static void probe_url(const struct target *t, char out[700])
{
	char base[600];

	server_url(t, base, sizeof(base));
	/* By chance: what an earlier test could not remove may have any number. */
	snprintf(out, 700, "%s/kdumpbox-test-%08x", base, chance32());
}

/* It is there; removed is what came of removing it. What a server does not let one remove is said. */
static int tell_sent(const struct target *t, const char *url, int removed, struct step_out *out)
{
	char why[sizeof(out->err.msg)];

	if (!removed) {
		snprintf(out->note, sizeof(out->note), "1 MiB sent to %.120s, and removed", t->device);
		return 0;
	}
	snprintf(why, sizeof(why), "%s", out->err.msg);
	return err_say(&out->err, -EOPNOTSUPP, "1 MiB was sent, but %.120s stays there: %.120s", url, why);
}

/* The end failed: it may be there under its name, or the one that it has until it is whole. */
static void forget_sent(const struct http_place *p)
{
	struct url part = p->url;
	size_t n = strlen(part.path);

	http_delete(p->h, &p->url, NULL);
	if ((size_t)snprintf(part.path + n, sizeof(part.path) - n, "-incomplete") < sizeof(part.path) - n)
		http_delete(p->h, &part, NULL);
}

static int try_web(void *arg, struct step_out *out)
{
	const struct target *t = &((struct trial *)arg)->attempt.target;
	struct http_place place = { .h = NULL };
	struct sink *sink = NULL;
	uint8_t *data = object();
	char url[700];
	int rc;

	if (server_has_endpoint(t))
		return err_say(&out->err, -EOPNOTSUPP, "what is uploaded there could not be removed: not tried");
	server_web(t, &place.options);
	place.options.never_again = true;
	probe_url(t, url);
	rc = data ? http_place_open(&place, &sink, url, 0, HTTP_UNKNOWN, false, &out->err) : err_set(&out->err, -ENOMEM, "test");
	if (!rc)
		rc = fill(sink, data, &out->err);
	sink_close(sink);
	if (!rc)
		rc = tell_sent(t, url, http_delete(place.h, &place.url, &out->err), out);
	else if (sink)
		forget_sent(&place);
	http_place_close(&place);
	free(data);
	return rc;
}

static int try_store(void *arg, struct step_out *out)
{
	const struct target *t = &((struct trial *)arg)->attempt.target;
	struct s3_place place = { .s = NULL };
	struct http_options web;
	struct s3_object o;
	struct sink *sink = NULL;
	uint8_t *data = object();
	char url[700];
	int rc;

	server_web(t, &web);
	web.never_again = true;
	server_store(t, &place.options);
	probe_url(t, url);
	rc = data ? s3_place_open(&place, &web, &sink, url, 0, OBJECT, false, &out->err) : err_set(&out->err, -ENOMEM, "test");
	if (!rc)
		rc = fill(sink, data, &out->err);
	sink_close(sink);
	if (!rc)
		rc = s3_object(place.s, &o, url, &out->err);
	if (!rc)
		rc = tell_sent(t, url, s3_delete(place.s, &o, &out->err), out);
	s3_place_close(&place);
	free(data);
	return rc;
}

static int try_raw(void *arg, struct step_out *out)
{
	struct attempt *a = &((struct trial *)arg)->attempt;
	uint64_t size;
	int fd, rc = find_device(&a->target, out);

	if (rc)
		return rc;
	fd = raw_open_device(out->text, O_WRONLY | O_EXCL, &size, &out->err);
	if (fd < 0)
		return fd;
	close(fd);
	snprintf(out->note, sizeof(out->note), "%.80s can be written to, %llu MiB; nothing was, since all of it is overwritten",
		 out->text, (unsigned long long)size >> 20);
	return 0;
}

int selftest_target(const struct target *t, const char *scratch, char *note, size_t size, struct err *e)
{
	static int (*const tries[])(void *, struct step_out *) = {
		[TARGET_FS] = try_local, [TARGET_RAW] = try_raw, [TARGET_SSH] = try_ssh, [TARGET_HTTP] = try_web,
		[TARGET_S3] = try_store, [TARGET_NETFS] = try_local,
	};
	struct trial *trial = calloc(1, sizeof(*trial));
	struct steps s = { .arg = trial, .out = steps_share(sizeof(*s.out)) };
	struct step step = { .name = "test", .run = tries[t->kind], .deadline_s = TRY_S };
	struct step_end end;
	int rc = 0;

	note[0] = 0;
	if (!trial || !s.out)
		rc = err_set(e, -ENOMEM, "test");
	if (!rc) {
		conf_defaults(&trial->conf);
		trial->attempt = (struct attempt){ .conf = &trial->conf, .target = *t, .say = say_nothing, .mount_point = scratch };
		if (step_run(&s, &step, &end) == STEP_GO_ON && end.ok)
			snprintf(note, size, "%s", end.out.note);
		else
			rc = err_say(e, end.out.err.code ? end.out.err.code : -EIO, "%s %s: %.250s", t->keyword, t->device, end.why);
	}
	free(trial);
	return rc;
}
