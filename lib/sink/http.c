/* http - is an object on a server whole, and under its name only then? */
/* SPDX-License-Identifier: MIT */
#include "sink/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/chance.h"

enum { HELD = 256 << 10 };

struct http_sink {
	struct sink      base;
	struct http     *h, *own;	/* own: h, if nobody else frees it */
	struct http_put *put;		/* NULL: all bytes are held */
	struct url       name, part;
	bool             moves, replace, form;
	uint64_t         len, at;
	char             held[HELD];
};

/* PATH with something behind its last segment, the query kept. */
static int with_suffix(struct url *out, const struct url *u, const char *suffix, struct err *e)
{
	size_t path = strcspn(u->path, "?");

	*out = *u;
	if ((size_t)snprintf(out->path, sizeof(out->path), "%.*s%s%s", (int)path, u->path, suffix, u->path + path) >=
	    sizeof(out->path))
		return err_say(e, -ENAMETOOLONG, "the path of the URL is too long");
	return 0;
}

/* Under which name does it begin? */
static const struct url *place(const struct http_sink *k)
{
	return k->moves ? &k->part : &k->name;
}

/* nginx tells nobody that it knows MOVE: ask for one of what is not there. Who says so knows what it is. */
static int find_moves(struct http_sink *k, struct err *e)
{
	struct url from, to;
	struct err why = { 0 };
	char name[40];
	uint64_t chance;
	int rc;

	rc = http_dav(k->h, &k->name, e);
	k->moves = rc == 1;
	if (rc)
		return rc < 0 ? rc : 0;
	chance = (uint64_t)chance32() << 32 | chance32();
	snprintf(name, sizeof(name), "-probe-%016llx", (unsigned long long)chance);
	rc = with_suffix(&from, &k->name, name, e);
	if (!rc)
		rc = with_suffix(&to, &from, "-moved", e);
	if (rc)
		return rc;
	rc = http_move(k->h, &from, &to, true, &why);
	k->moves = rc == 1;
	/* Refusals are of all kinds. What speaks against the server as such is for the PUT to find out. */
	if (rc >= 0 || rc == -EOPNOTSUPP || rc == -EREMOTEIO || rc == -ENOENT || rc == -EACCES || rc == -EEXIST)
		return 0;
	return err_say(e, why.code, "%s", why.msg);
}

static int check_name(struct http_sink *k, struct err *e)
{
	struct err why = { 0 };
	char text[URL_TEXT];
	uint64_t len;
	int rc = http_size(k->h, &k->name, &len, &why);

	if (rc == 1)
		return err_say(e, -EEXIST, "%.200s is there already", url_show(&k->name, text));
	/* Some may put and not look. */
	if (!rc || rc == -EACCES || rc == -EOPNOTSUPP || rc == -EREMOTEIO)
		return 0;
	return err_say(e, why.code, "%s", why.msg);
}

static int begin(struct http_sink *k, struct err *e)
{
	return http_put_open(&k->put, k->h, place(k), k->len, k->moves || k->replace, e);
}

static int http_sink_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct http_sink *k = (struct http_sink *)s;
	int rc = 0;

	if (at != k->at)
		return err_say(e, -ESPIPE, "write to an upload at %llu, where %llu is next", (unsigned long long)at,
			       (unsigned long long)k->at);
	if (!k->put && len <= HELD - k->at) {
		memcpy(k->held + k->at, buf, len);
		k->at += len;
		return 0;
	}
	if (!k->put) {
		rc = begin(k, e);
		if (!rc)
			rc = http_put_write(k->put, k->held, k->at, e);
	}
	if (!rc)
		rc = http_put_write(k->put, buf, len, e);
	if (!rc)
		k->at += len;
	return rc;
}

static int finish_put(struct http_sink *k, const struct url *to, struct err *e)
{
	int rc;

	if (!k->put)
		return http_put_all(k->h, to, k->held, k->at, k->moves || k->replace, e);
	rc = http_put_close(k->put, e);
	http_put_free(k->put);
	k->put = NULL;
	return rc;
}

/* Has the server all bytes? *level: as far as it tells. */
static int confirm(struct http_sink *k, const struct url *u, enum ack_level *level, struct err *e)
{
	char text[URL_TEXT];
	uint64_t len;
	struct err why = { 0 };
	int rc;

	/* There a success is for all of it, and nobody may look; of a form it says less. */
	*level = k->form ? ACK_SENT : ACK_RECEIVED;
	if (k->form || url_is_presigned(u))
		return 0;
	rc = http_size(k->h, u, &len, &why);
	*level = ACK_SENT;
	url_show(u, text);
	if (rc == 1 && len != HTTP_UNKNOWN && len != k->at)
		return err_say(e, -EIO, "%.200s: the server has %llu of %llu bytes", text, (unsigned long long)len,
			       (unsigned long long)k->at);
	if (rc == 1 && len != HTTP_UNKNOWN)
		*level = ACK_RECEIVED;
	if (rc == 0)
		return err_say(e, -EIO, "%.200s: the server took it and does not have it", text);
	if (rc < 0 && rc != -EACCES && rc != -EOPNOTSUPP && rc != -EREMOTEIO)
		return err_say(e, why.code, "%s", why.msg);
	return 0;
}

static int http_sink_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct http_sink *k = (struct http_sink *)s;
	int rc = finish_put(k, place(k), e);

	if (!rc)
		rc = confirm(k, place(k), &ack->level, e);
	if (rc || !k->moves) {
		if (rc)
			ack->level = ACK_NONE;
		return rc;
	}
	rc = http_move(k->h, &k->part, &k->name, k->replace, e);
	if (rc >= 0) {
		/* 1: a first try may have done it, its answer lost. The size tells. */
		enum ack_level level;

		rc = confirm(k, &k->name, &level, e);
		if (level < ack->level)
			ack->level = level;
	}
	if (rc)
		ack->level = ACK_NONE;
	return rc;
}

static int http_sink_keep(struct sink *s, struct err *e)
{
	struct http_sink *k = (struct http_sink *)s;

	if (k->put && (!k->moves || k->len != HTTP_UNKNOWN)) {
		http_put_free(k->put);
		k->put = NULL;
		return err_say(e, -EOPNOTSUPP, "%s: what is incomplete cannot be kept there", k->name.host);
	}
	return finish_put(k, &k->part, e);
}

static void http_sink_release(struct sink *s)
{
	struct http_sink *k = (struct http_sink *)s;

	http_put_free(k->put);
	http_free(k->own);
	free(k);
}

static const struct sink_ops http_ops = {
	"http", http_sink_write, NULL, NULL, http_sink_commit, http_sink_keep, http_sink_release, NULL,
};

int http_sink_open(struct sink **out, struct http *h, const struct url *url, uint64_t len, bool replace,
		   struct err *e)
{
	struct http_sink *k = malloc(sizeof(*k));
	int rc;

	if (!k)
		return err_set(e, -ENOMEM, "upload");
	memset(k, 0, offsetof(struct http_sink, held));
	k->base = (struct sink){ .ops = &http_ops };
	k->h = h;
	k->name = *url;
	k->replace = replace;
	k->len = len;
	k->form = http_options_of(h)->form;
	rc = with_suffix(&k->part, url, "-incomplete", e);
	if (!rc && !replace && !k->form && !url_is_presigned(url))
		rc = check_name(k, e);
	if (!rc && !k->form && !url_is_presigned(url))
		rc = find_moves(k, e);
	if (rc) {
		free(k);
		return rc;
	}
	*out = &k->base;
	return 0;
}

int http_place_open(struct http_place *p, struct sink **out, const char *to, uint64_t stamp, uint64_t len,
		    bool replace, struct err *e)
{
	struct url url;
	int rc = url_parse(&url, to, e);

	if (rc)
		return rc;
	if (p->h && !url_same_origin(&url, &p->url))
		http_place_close(p);
	p->url = url;
	if (stamp)
		p->options.tls.crash_time = stamp;
	if (!p->h)
		rc = http_new(&p->h, &p->options, &url, e);
	if (rc)
		return rc;
	return p->options.tus ? tus_sink_open(out, p->h, &url, len, e) : http_sink_open(out, p->h, &url, len, replace, e);
}

void http_place_close(struct http_place *p)
{
	http_free(p->h);
	p->h = NULL;
}

int http_url_sink_open(struct sink **out, const char *url, uint64_t stamp, bool replace, struct err *e)
{
	struct http_place p = { .h = NULL };
	struct sink *inner;
	int rc = http_place_open(&p, &inner, url, stamp, HTTP_UNKNOWN, replace, e);

	if (rc) {
		http_place_close(&p);
		return rc;
	}
	((struct http_sink *)inner)->own = p.h;
	rc = flat_sink_open(out, inner, e);
	if (rc)
		sink_close(inner);
	return rc;
}
