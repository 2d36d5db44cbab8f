/* remote - how do several objects share one connection to another machine? */
/* SPDX-License-Identifier: MIT */
#include "sink/remote.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * OpenSSH's window lets 2 MiB a round trip through a channel: with 10 ms that is 200 MB/s. To open
 * more of them costs 15 round trips, in which one channel alone sends 30 MiB.
 */
enum { MORE = 3, LONG_MS = 10, LARGE = 32 << 20 };

struct remote {
	struct remote_link link;
	struct stream *channel;		/* of SFTP */
	struct sftp *sftp;
	struct stream *more_channels[MORE];
	struct sftp *more[MORE];
	unsigned generation, wide;	/* wide: the generation in which a file has more channels */
	const struct sftp_file *wide_file;	/* that one */
	struct err gone;		/* it cannot be reached, as often as was tried */
};

int remote_new(struct remote **out, const struct remote_link *link, struct err *e)
{
	struct remote *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, -ENOMEM, "connect");
	r->link = *link;
	*out = r;
	return 0;
}

const struct remote_link *remote_link(const struct remote *r)
{
	return &r->link;
}

void remote_say(const struct remote *r, const char *fmt, ...)
{
	char line[480];
	va_list ap;

	if (!r->link.say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->link.say(r->link.arg, line);
}

int remote_sftp(struct remote *r, struct sftp **out, unsigned *generation, struct err *e)
{
	int rc = 0;

	if (r->sftp && sftp_broken(r->sftp))
		remote_drop(r);
	if (!r->sftp) {
		/* Tries that failed before one that did not leave their words behind. */
		if (!r->gone.code && !r->link.channel(r->link.arg, NULL, &r->channel, &r->gone))
			r->gone = (struct err){ 0 };
		if (r->gone.code)
			return err_say(e, r->gone.code, "%s", r->gone.msg);
		r->generation++;
		rc = sftp_open(&r->sftp, r->channel, e);
		if (rc) {
			stream_close(r->channel);
			r->channel = NULL;
			return rc;
		}
	}
	*out = r->sftp;
	*generation = r->generation;
	return 0;
}

static int help(struct remote *r, unsigned i, struct err *e)
{
	int rc = r->more[i] ? 0 : r->link.more(r->link.arg, &r->more_channels[i], e);

	if (rc || r->more[i])
		return rc;
	rc = sftp_open(&r->more[i], r->more_channels[i], e);
	if (rc) {
		stream_close(r->more_channels[i]);
		r->more_channels[i] = NULL;
	}
	return rc;
}

void remote_widen(struct remote *r, struct sftp_file *f, uint64_t written)
{
	unsigned want = r->link.channels ? r->link.channels : MORE + 1, i;
	struct err e = { 0 };
	int rc = 0;

	if (!r->link.more || r->wide == r->generation || want < 2 ||
	    (!r->link.channels && (written < LARGE || sftp_round_trip_ms(r->sftp) < LONG_MS)))
		return;
	r->wide = r->generation;	/* once; of several files at once the first large one */
	r->wide_file = f;
	for (i = 0; !rc && i < MORE && i + 1 < want; i++) {
		rc = help(r, i, &e);
		if (!rc)
			rc = sftp_widen(f, r->more[i], &e);
	}
	remote_say(r, "round trip %llu ms: %u channels%s%s", (unsigned long long)sftp_round_trip_ms(r->sftp),
		   i + !rc, rc ? "; " : "", e.msg);
}

void remote_done(struct remote *r, const struct sftp_file *f)
{
	if (r->wide_file == f)
		r->wide = 0;	/* generations begin at 1 */
}

void remote_drop(struct remote *r)
{
	sftp_close(r->sftp);
	for (int i = 0; i < MORE; i++) {
		sftp_close(r->more[i]);
		stream_close(r->more_channels[i]);
		r->more[i] = NULL;
		r->more_channels[i] = NULL;
	}
	stream_close(r->channel);
	r->sftp = NULL;
	r->channel = NULL;
	r->link.hang_up(r->link.arg);
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	remote_drop(r);
	r->link.release(r->link.arg);
	free(r);
}

int remote_sink_open(struct sink **out, struct remote *r, const struct remote_url *url, bool replace,
		     struct err *e)
{
	return (url->by_command ? exec_sink_open : sftp_sink_open)(out, r, url->path, replace, e);
}

/* ---- a sink that has a connection of its own */
struct url_sink {
	struct sink base;
	struct sink *inner;
	struct remote *remote;
};

static int url_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	return sink_write(((struct url_sink *)s)->inner, at, buf, len, e);
}

static int url_reserve(struct sink *s, uint64_t len, struct err *e)
{
	struct sink *inner = ((struct url_sink *)s)->inner;

	return inner->ops->reserve ? inner->ops->reserve(inner, len, e) : 0;
}

static int url_settle(struct sink *s, uint64_t *lost_from, struct err *e)
{
	return sink_settle(((struct url_sink *)s)->inner, lost_from, e);
}

static uint64_t url_space(struct sink *s)
{
	return sink_space(((struct url_sink *)s)->inner);
}

static int url_commit(struct sink *s, struct ack *ack, struct err *e)
{
	return sink_commit(((struct url_sink *)s)->inner, ack, e);
}

static int url_keep(struct sink *s, struct err *e)
{
	return sink_keep(((struct url_sink *)s)->inner, e);
}

static void url_release(struct sink *s)
{
	struct url_sink *u = (struct url_sink *)s;

	sink_close(u->inner);
	remote_free(u->remote);
	free(u);
}

int url_sink_open(struct sink **out, const char *url, bool replace, struct err *e)
{
	static const struct sink_ops ops = {
		"url", url_write, url_reserve, url_space, url_commit, url_keep, url_release, url_settle,
	};
	struct url_sink *u = calloc(1, sizeof(*u));
	struct remote_url where;
	struct sink *flat;
	int rc = u ? remote_parse(url, &where, e) : err_set(e, -ENOMEM, "open %s", url);

	if (!rc)
		rc = remote_ssh(&u->remote, &(struct ssh_login){ 0 }, &where, e);
	if (!rc)
		rc = remote_sink_open(&u->inner, u->remote, &where, replace, e);
	if (!rc && where.by_command) {
		rc = flat_sink_open(&flat, u->inner, e);
		u->inner = rc ? u->inner : flat;
	}
	if (rc) {
		if (u)
			url_release(&u->base);
		return rc;
	}
	u->base = (struct sink){ .ops = &ops, .rewritable = u->inner->rewritable };
	*out = &u->base;
	return 0;
}
