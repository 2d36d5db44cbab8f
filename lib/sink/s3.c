/* s3 - is an object in a store whole, and has it its name only then? */
/* SPDX-License-Identifier: MIT */
#include "sink/s3.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_MAX_PARTS = SHAPE_MAX };

/* A part that is not sent. */
struct open_part {
	uint8_t *buf;			/* owned; NULL: the slot is free */
	uint64_t part, end;		/* end: of the bytes in it, an offset in the object */
};

struct s3_sink {
	struct sink      base;
	struct s3       *s, *own;	/* own: s, if nobody else frees it */
	struct s3_object object;
	struct s3_upload upload;
	struct s3_plan   plan;
	uint64_t starts[SHAPE_MAX + 1], at[SHAPE_MAX];	/* of each piece: where it begins, how far it came */
	size_t   nr;			/* pieces */
	struct open_part open[OPEN_MAX_PARTS];
	uint64_t end;			/* of the object so far */
	uint64_t gone;			/* bytes acknowledged */
	bool     replace, ended;
	int      broken;		/* the error after which nothing more goes there */
};

static struct open_part *part_of(struct s3_sink *k, uint64_t part, struct err *e)
{
	struct open_part *slot = NULL;

	for (size_t i = 0; i < OPEN_MAX_PARTS; i++) {
		if (k->open[i].buf && k->open[i].part == part)
			return &k->open[i];
		if (!k->open[i].buf)
			slot = &k->open[i];
	}
	if (part >= S3_PARTS_MAX) {
		err_say(e, -EFBIG, "%.200s: an object of S3 has at most %d parts, which are %llu MiB here",
			k->object.url.path, S3_PARTS_MAX, (unsigned long long)s3_plan_limit(&k->plan) >> 20);
		return NULL;
	}
	if (slot)
		slot->buf = calloc(1, (size_t)(s3_plan_start(&k->plan, part + 1) - s3_plan_start(&k->plan, part)));
	if (!slot || !slot->buf) {
		err_set(e, -ENOMEM, "part %llu of the upload", (unsigned long long)part + 1);
		return NULL;
	}
	slot->part = part;
	slot->end = s3_plan_start(&k->plan, part);
	return slot;
}

static int send_part(struct s3_sink *k, struct open_part *p, struct err *e)
{
	uint64_t start = s3_plan_start(&k->plan, p->part);
	int rc = 0;

	if (!k->upload.id[0])
		rc = s3_begin(k->s, &k->object, &k->upload, e);
	if (!rc)
		rc = s3_part(k->s, &k->object, &k->upload, (unsigned)p->part + 1, p->buf, (size_t)(p->end - start), e);
	if (rc) {
		k->broken = rc;
		return rc;
	}
	k->gone += p->end - start;
	k->base.acked = k->gone;
	free(p->buf);
	p->buf = NULL;
	return 0;
}

/* Is every piece beyond what it has of the part? */
static bool is_full(const struct s3_sink *k, uint64_t part)
{
	uint64_t from = s3_plan_start(&k->plan, part), to = s3_plan_start(&k->plan, part + 1);

	for (size_t i = 0; i < k->nr; i++) {
		uint64_t end = k->starts[i + 1] < to ? k->starts[i + 1] : to;

		if (k->starts[i] < to && k->starts[i + 1] > from && k->at[i] < end)
			return false;
	}
	return true;
}

/* Move a piece on to `to`, over bytes of buf or zeros. */
static int advance(struct s3_sink *k, size_t piece, uint64_t to, const uint8_t *buf, struct err *e)
{
	while (k->at[piece] < to) {
		uint64_t at = k->at[piece], part = s3_plan_part(&k->plan, at);
		uint64_t start = s3_plan_start(&k->plan, part), next = s3_plan_start(&k->plan, part + 1);
		size_t n = (size_t)((to < next ? to : next) - at);
		struct open_part *p = part_of(k, part, e);
		int rc = 0;

		if (!p)
			return e && e->code ? e->code : -ENOMEM;
		if (buf) {
			memcpy(p->buf + (at - start), buf, n);
			buf += n;
		}
		if (at + n > p->end)
			p->end = at + n;
		k->at[piece] += n;
		if (p->end == next && is_full(k, part))
			rc = send_part(k, p, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int s3_sink_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct s3_sink *k = (struct s3_sink *)s;
	size_t piece = k->nr - 1;
	int rc;

	while (piece && k->starts[piece] > at)
		piece--;
	if (k->broken)
		return err_say(e, k->broken, "%.200s: the upload broke off before", k->object.url.path);
	if (at < k->at[piece] || len > k->starts[piece + 1] - at)
		return err_say(e, -ESPIPE, "write to an upload at %llu, where %llu is next", (unsigned long long)at,
			       (unsigned long long)k->at[piece]);
	rc = advance(k, piece, at, NULL, e);
	if (!rc)
		rc = advance(k, piece, at + len, buf, e);
	if (len && k->at[piece] > k->end)	/* after an error: as far as it came */
		k->end = k->at[piece];
	return rc;
}

static int s3_sink_expect(struct sink *s, const struct sink_shape *shape, struct err *e)
{
	struct s3_sink *k = (struct s3_sink *)s;

	if (!shape->nr_starts || shape->nr_starts > SHAPE_MAX || k->end)
		return err_say(e, -EINVAL, "an upload of %zu pieces", shape->nr_starts);
	k->nr = shape->nr_starts;
	for (size_t i = 0; i < k->nr; i++)
		k->starts[i] = k->at[i] = shape->starts[i];
	k->starts[k->nr] = UINT64_MAX;
	k->plan = s3_plan_make(shape->starts[k->nr - 1], shape->most, shape->memory);
	if (s3_plan_limit(&k->plan) < shape->most)
		s3_say(k->s, "parts of %llu MiB are what memory allows: %llu MiB is the most that the dump can have",
		       (unsigned long long)k->plan.data_part >> 20, (unsigned long long)s3_plan_limit(&k->plan) >> 20);
	return 0;
}

static uint64_t s3_sink_space(struct sink *s)
{
	const struct s3_sink *k = (struct s3_sink *)s;

	return k->nr > 1 ? s3_plan_limit(&k->plan) : UINT64_MAX;	/* what is not expected is small */
}

/* All pieces to their ends, zeros where nothing came. What never filled a part needs no upload in parts. */
static int send_rest(struct s3_sink *k, bool *in_parts, struct err *e)
{
	int rc = k->broken ? err_say(e, k->broken, "%.200s is not whole", k->object.url.path) : 0;

	for (size_t i = 0; i < k->nr && !rc; i++)
		rc = advance(k, i, k->starts[i + 1] < k->end ? k->starts[i + 1] : k->end, NULL, e);
	*in_parts = k->upload.id[0] || (k->end && s3_plan_part(&k->plan, k->end - 1));
	for (size_t i = 0; i < OPEN_MAX_PARTS && !rc && *in_parts; i++)
		if (k->open[i].buf)
			rc = send_part(k, &k->open[i], e);
	return rc;
}

static int put_whole(struct s3_sink *k, struct err *e)
{
	struct open_part *p = part_of(k, 0, e);

	if (!p)
		return -ENOMEM;
	return s3_put(k->s, &k->object, p->buf, (size_t)k->end, k->replace, e);
}

static int confirm(struct s3_sink *k, struct ack *ack, struct err *e)
{
	struct err why = { 0 };
	uint64_t len;
	int rc = s3_size(k->s, &k->object, &len, &why);

	if (rc == 1 && len == k->end) {
		ack->level = ACK_NAMED;
		return 0;
	}
	if (rc == 1 && len != HTTP_UNKNOWN)
		return err_say(e, -EIO, "%.200s: the store has %llu of %llu bytes", k->object.url.path,
			       (unsigned long long)len, (unsigned long long)k->end);
	if (!rc)
		return err_say(e, -EIO, "%.200s: the store took it and does not have it", k->object.url.path);
	if (rc < 0 && rc != -EACCES && rc != -EOPNOTSUPP)
		return err_say(e, why.code, "%s", why.msg);
	s3_say(k->s, "%.200s: stored, says the store; its length was not to be had%s", k->object.url.path,
	       rc < 0 ? ": the keys may not look at it (s3:GetObject)" : "");
	ack->level = ACK_DURABLE;
	return 0;
}

static int s3_sink_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct s3_sink *k = (struct s3_sink *)s;
	bool in_parts;
	int rc = send_rest(k, &in_parts, e);

	if (!rc)
		rc = in_parts ? s3_complete(k->s, &k->object, &k->upload, k->end, k->replace, e) : put_whole(k, e);
	if (rc)
		return rc;
	k->ended = true;
	k->base.acked = k->end;
	return confirm(k, ack, e);
}

static int s3_sink_keep(struct sink *s, struct err *e)
{
	struct s3_sink *k = (struct s3_sink *)s;
	bool in_parts;
	int rc = send_rest(k, &in_parts, e);

	if (!rc && !in_parts)
		rc = err_say(e, -EOPNOTSUPP, "%.200s: what is incomplete cannot have a name there", k->object.url.path);
	if (rc)
		return rc;
	k->ended = true;
	s3_say(k->s, "the upload %s has all of an incomplete dump; `aws s3api complete-multipart-upload` makes "
	       "it an object, abort-multipart-upload removes it", k->upload.told);
	return 0;
}

static void s3_sink_release(struct sink *s)
{
	struct s3_sink *k = (struct s3_sink *)s;
	struct err e = { 0 };

	if (k->upload.id[0] && !k->ended && s3_abort(k->s, &k->object, &k->upload, &e))
		s3_say(k->s, "the upload %s is left in the store: %s", k->upload.told, e.msg);
	for (size_t i = 0; i < OPEN_MAX_PARTS; i++)
		free(k->open[i].buf);
	s3_upload_free(&k->upload);
	s3_free(k->own);
	free(k);
}

static const struct sink_ops s3_ops = {
	"s3", s3_sink_write, NULL, s3_sink_space, s3_sink_commit, s3_sink_keep, s3_sink_release, NULL,
};

static int check_name(struct s3_sink *k, struct err *e)
{
	struct err why = { 0 };
	uint64_t len;
	int rc = s3_size(k->s, &k->object, &len, &why);

	if (rc == 1)
		return err_say(e, -EEXIST, "%.200s is there already", k->object.url.path);
	/* Some keys may put and not look. */
	return !rc || rc == -EACCES || rc == -EOPNOTSUPP ? 0 : err_say(e, why.code, "%s", why.msg);
}

int s3_sink_open(struct sink **out, struct s3 *s, const char *to, uint64_t len, bool replace, struct err *e)
{
	struct s3_sink *k = calloc(1, sizeof(*k));
	int rc = k ? s3_object(s, &k->object, to, e) : err_set(e, -ENOMEM, "S3");

	if (!rc) {
		k->base = (struct sink){ .ops = &s3_ops, .expect = s3_sink_expect };
		k->s = s;
		k->replace = replace;
		k->nr = 1;
		k->starts[1] = UINT64_MAX;
		k->plan = s3_plan_stream(len);
		rc = replace ? 0 : check_name(k, e);
	}
	if (rc) {
		free(k);
		return rc;
	}
	*out = &k->base;
	return 0;
}

int s3_place_open(struct s3_place *p, const struct http_options *web, struct sink **out, const char *to,
		  uint64_t stamp, uint64_t len, bool replace, struct err *e)
{
	struct http_options options = *web;
	size_t host = strcspn(to, "/") + 2;
	char here[sizeof(p->origin)];
	int rc = 0;

	if (!s3_is_url(to))
		return err_say(e, -EINVAL, "'%.60s' is not s3+https://ENDPOINT/BUCKET/KEY", to);
	snprintf(here, sizeof(here), "%.*s", (int)(host + strcspn(to + host, "/")), to);
	if (p->s && strcmp(here, p->origin))
		s3_place_close(p);
	strcpy(p->origin, here);
	if (stamp)
		options.tls.crash_time = stamp;
	if (!p->s)
		rc = s3_new(&p->s, &options, &p->options, to, e);
	return rc ? rc : s3_sink_open(out, p->s, to, len, replace, e);
}

void s3_place_close(struct s3_place *p)
{
	s3_free(p->s);
	p->s = NULL;
}

int s3_url_sink_open(struct sink **out, const char *url, uint64_t stamp, bool replace, struct err *e)
{
	const struct http_options web = { .user = NULL };
	struct s3_place p = { .s = NULL };
	int rc = s3_place_open(&p, &web, out, url, stamp, HTTP_UNKNOWN, replace, e);

	if (rc)
		s3_place_close(&p);
	else
		((struct s3_sink *)*out)->own = p.s;
	return rc;
}
