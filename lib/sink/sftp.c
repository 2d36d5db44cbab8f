/* sftp - a file on an SFTP server that has its name only when it is whole. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sink/remote.h"

/* Connections that may break one after the other without a byte acknowledged in between. */
enum { IN_VAIN = 3, MAX_PATH = 1100, ZEROS = 64 << 10 };

struct sftp_sink {
	struct sink base;
	struct remote *r;
	struct sftp *s;			/* the session of that generation */
	struct sftp_file *f;
	unsigned generation, in_vain;
	uint64_t acked_then;		/* when the connection broke last */
	bool     unsynced;		/* the server cannot fsync */
	bool     closed;		/* and synced: only the name is missing */
	bool     replace;
	int      lost;			/* the error of a write: it cannot be whole any more */
	uint64_t lost_from;		/* as settle told it; UINT64_MAX: nothing */
	uint64_t end;			/* bytes of the file */
	char     part[MAX_PATH], path[MAX_PATH];
};

/* Another connection might do: this one broke, and not because the server talks nonsense. */
static bool worth_another(const struct sftp_sink *k, int rc)
{
	return k->s && sftp_broken(k->s) && rc != -EPROTO && rc != -EKEYREJECTED && rc != -EACCES;
}

/* Connect anew and go on with the file. why: what broke. */
static int go_on(struct sftp_sink *k, struct err *e)
{
	struct err why = *e;
	int rc;

	do {
		uint64_t acked = sftp_acked(k->f);

		k->in_vain = acked > k->acked_then ? 1 : k->in_vain + 1;
		k->acked_then = acked;
		if (k->in_vain > IN_VAIN) {
			*e = why;
			return why.code;
		}
		remote_say(k->r, "%s; %llu bytes of %s are acknowledged: connecting anew", why.msg,
			   (unsigned long long)acked, k->part);
		remote_drop(k->r);
		k->s = NULL;
		*e = (struct err){ 0 };
		rc = remote_sftp(k->r, &k->s, &k->generation, e);
		if (!rc && !k->closed)
			rc = sftp_attach(k->f, k->s, e);
		why = *e;
	} while (rc && (k->s ? worth_another(k, rc) : rc == -ECONNRESET || rc == -EPIPE));
	return rc;
}

/* Another object may have reconnected since. */
static int up_to_date(struct sftp_sink *k, struct err *e)
{
	unsigned now;
	int rc = remote_sftp(k->r, &k->s, &now, e);

	if (rc)
		k->s = NULL;	/* it was given up in there */
	if (rc || now == k->generation)
		return rc;
	k->generation = now;
	return k->closed ? 0 : sftp_attach(k->f, k->s, e);
}

/* What a step wants to know. */
struct piece {
	uint64_t at;
	const void *buf;
	size_t len;
};

typedef int step(struct sftp_sink *k, const struct piece *p, struct err *e);

/* Do a step, over new connections where the old one breaks. */
static int persist(struct sftp_sink *k, step *act, const struct piece *p, struct err *e)
{
	struct err own = { 0 };
	int rc;

	e = e ? e : &own;
	for (;;) {
		rc = up_to_date(k, e);
		if (!rc)
			rc = act(k, p, e);
		if (!rc || !worth_another(k, rc))
			return rc;
		rc = go_on(k, e);
		if (rc)
			return rc;
	}
}

static int step_write(struct sftp_sink *k, const struct piece *p, struct err *e)
{
	if (!k->lost)
		remote_widen(k->r, k->f, p->at + p->len);
	return sftp_write(k->f, p->at, p->buf, p->len, e);
}

static int step_drain(struct sftp_sink *k, const struct piece *p, struct err *e)
{
	(void)p;
	return sftp_drain(k->f, e);
}

static int step_sync(struct sftp_sink *k, const struct piece *p, struct err *e)
{
	int rc = sftp_fsync(k->f, e);

	(void)p;
	/*
	 * After an fsync that failed a second one would lie: it counts. One that cannot be is told
	 * at the end.
	 */
	if (rc == -EOPNOTSUPP && !sftp_broken(k->s)) {
		k->unsynced = true;
		rc = 0;
	}
	return rc || k->lost ? rc : sftp_check_size(k->f, e);
}

static int step_close(struct sftp_sink *k, const struct piece *p, struct err *e)
{
	int rc = sftp_file_close(k->f, e);

	(void)p;
	k->closed = !rc;
	return rc;
}

/* The final name, and that it is the whole file which has it. */
static int step_name(struct sftp_sink *k, const struct piece *p, struct err *e)
{
	struct sftp_attr attr;
	int rc = sftp_rename(k->s, k->part, k->path, e);

	/* Not there: the rename before the break was done, if what has the name is as long. */
	if (rc && rc != -ENOENT)
		return rc;
	if (sftp_stat(k->s, k->path, &attr, rc ? NULL : e))
		return rc ? rc : -EIO;
	if (attr.has_size && attr.size != p->at)
		return rc ? rc : err_say(e, -EIO, "%s has %llu bytes on the server, %llu were written", k->path,
					 (unsigned long long)attr.size, (unsigned long long)p->at);
	return 0;
}

/* Without posix-rename@openssh.com a name that is taken is not given again. */
static int step_make_way(struct sftp_sink *k, const struct piece *p, struct err *e)
{
	int rc = sftp_extensions(k->s) & SFTP_POSIX_RENAME ? 0 : sftp_remove(k->s, k->path, e);

	(void)p;
	return rc == -ENOENT ? 0 : rc;
}

static const char *directory_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return out;
}

static uint64_t sftp_sink_space(struct sink *s)
{
	struct sftp_sink *k = (struct sftp_sink *)s;
	char dir[MAX_PATH];
	uint64_t space;

	if (!k->s || sftp_broken(k->s) || sftp_space(k->s, directory_of(k->path, dir, sizeof(dir)), &space, NULL))
		return UINT64_MAX;
	return space;
}

static int sftp_sink_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct sftp_sink *k = (struct sftp_sink *)s;
	int rc = persist(k, step_write, &(struct piece){ at, buf, len }, e);

	/* Whoever ends an object that cannot be whole any more wants to know what is there. */
	if (!rc && k->lost)
		rc = persist(k, step_drain, NULL, e);
	if (rc && !k->lost)
		k->lost = rc;
	if (!rc && at + len > k->end)
		k->end = at + len;
	s->acked = sftp_acked(k->f);
	return rc;
}

/* SFTP cannot reserve: zeros that were written have their place. */
static int sftp_sink_reserve(struct sink *s, uint64_t len, struct err *e)
{
	uint8_t *zeros = calloc(1, ZEROS);
	int rc = zeros ? 0 : err_set(e, -ENOMEM, "reserve %llu bytes", (unsigned long long)len);

	for (uint64_t at = 0; !rc && at < len; at += ZEROS)
		rc = sftp_sink_write(s, at, zeros, len - at < ZEROS ? (size_t)(len - at) : ZEROS, e);
	free(zeros);
	return rc ? rc : persist((struct sftp_sink *)s, step_drain, NULL, e);
}

static int sftp_sink_settle(struct sink *s, uint64_t *lost_from, struct err *e)
{
	struct sftp_sink *k = (struct sftp_sink *)s;
	int rc = persist(k, step_drain, NULL, e);

	if (rc && !k->lost)
		k->lost = rc;
	s->acked = sftp_acked(k->f);
	if (sftp_lost_from(k->f) >= k->lost_from)
		return rc;
	*lost_from = k->lost_from = sftp_lost_from(k->f);
	return rc ? rc : err_set(e, k->lost, "%s is not whole", k->part);
}

static int sftp_sink_keep(struct sink *s, struct err *e)
{
	struct sftp_sink *k = (struct sftp_sink *)s;
	int rc = persist(k, step_sync, NULL, e);

	return rc ? rc : persist(k, step_close, NULL, e);
}

static int sftp_sink_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct sftp_sink *k = (struct sftp_sink *)s;
	int rc = k->lost ? err_set(e, k->lost, "%s is not whole", k->part) : persist(k, step_sync, NULL, e);

	if (!rc)
		rc = persist(k, step_close, NULL, e);
	/* Refused, and the connection broke while that was told: persist went on. */
	if (!rc && sftp_lost_from(k->f) != UINT64_MAX)
		rc = err_say(e, -EIO, "%s is not whole: the server refused a write at byte %llu", k->part,
			     (unsigned long long)sftp_lost_from(k->f));
	if (rc)
		return rc;
	ack->level = k->unsynced ? ACK_RECEIVED : ACK_DURABLE;
	if (k->replace)
		rc = persist(k, step_make_way, NULL, e);
	if (!rc)
		rc = persist(k, step_name, &(struct piece){ .at = k->end }, e);
	if (rc)
		return rc;
	if (k->unsynced)
		remote_say(k->r, "%s: the server has no fsync@openssh.com: received, but perhaps not on its disk",
			   k->path);
	else
		ack->level = ACK_NAMED;
	return 0;
}

static void sftp_sink_release(struct sink *s)
{
	struct sftp_sink *k = (struct sftp_sink *)s;

	remote_done(k->r, k->f);
	sftp_file_free(k->f);
	free(k);
}

/* Create the file, and its directories where they are missing. */
static int create(struct sftp_sink *k, struct err *e)
{
	char dir[MAX_PATH];
	int rc = sftp_create(&k->f, k->s, k->part, e);

	if (rc != -ENOENT)
		return rc;
	rc = sftp_mkdirs(k->s, directory_of(k->path, dir, sizeof(dir)), e);
	return rc ? rc : sftp_create(&k->f, k->s, k->part, e);
}

static int begin(struct sftp_sink *k, struct err *e)
{
	struct sftp_attr attr;
	int rc = remote_sftp(k->r, &k->s, &k->generation, e);

	if (rc)
		return rc;
	rc = sftp_stat(k->s, k->path, &attr, e);
	if (!rc && attr.has_mode && S_ISDIR(attr.mode))
		return err_set(e, -EISDIR, "%s on the server", k->path);
	if (!rc && !k->replace)
		return err_set(e, -EEXIST, "%s on the server", k->path);
	return rc && rc != -ENOENT ? rc : create(k, e);
}

/*
 * A connection that was there may have ended in the meantime, as a filter can take minutes: once
 * again.
 */
static int begin_often(struct sftp_sink *k, struct err *e)
{
	int rc = begin(k, e);

	if (!rc || !worth_another(k, rc))
		return rc;
	remote_say(k->r, "%s: connecting anew", e ? e->msg : "the connection broke");
	remote_drop(k->r);
	k->s = NULL;
	return begin(k, e);
}

int sftp_sink_open(struct sink **out, struct remote *r, const char *path, bool replace, struct err *e)
{
	static const struct sink_ops ops = {
		"sftp", sftp_sink_write, sftp_sink_reserve, sftp_sink_space, sftp_sink_commit, sftp_sink_keep,
		sftp_sink_release, sftp_sink_settle,
	};
	struct sftp_sink *k = calloc(1, sizeof(*k));
	int rc;

	if (!k)
		return err_set(e, -ENOMEM, "open %s on the server", path);
	k->base = (struct sink){ .ops = &ops, .rewritable = true };
	k->r = r;
	k->replace = replace;
	k->lost_from = UINT64_MAX;
	if (snprintf(k->path, sizeof(k->path), "%s", path) >= (int)sizeof(k->path) ||
	    snprintf(k->part, sizeof(k->part), "%s-incomplete", path) >= (int)sizeof(k->part))
		rc = err_set(e, -ENAMETOOLONG, "open %.80s... on the server", path);
	else
		rc = begin_often(k, e);
	if (rc) {
		sftp_sink_release(&k->base);
		return rc;
	}
	*out = &k->base;
	return 0;
}
