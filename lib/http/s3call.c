/* s3call - how does a request get to a store, and what is to be done about its answer? */
/* SPDX-License-Identifier: MIT */
#include "http/s3call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "http/sigv4.h"
#include "ssh/crypto.h"

enum { EXPECT_MS = 1000, EXPECT_FROM = 1 << 20, LATE_MS = 2000, SKEW_S = 600, FIELDS_MAX = 8 << 10 };
enum { ASK_AGAIN = 1 };

/* What is signed and what is sent, the same words. */
struct fields {
	char  *text;
	size_t len;
	struct sigv4 sign;
};

static void field(struct fields *f, const char *name, const char *value)
{
	f->sign.fields[f->sign.nr_fields++] = (struct sigv4_field){ name, value };
	if (strcmp(name, "host"))
		f->len += (size_t)snprintf(f->text + f->len, FIELDS_MAX - f->len, "%s: %s\r\n", name, value);
}

/* All fields of a request that are not request_text's, with the signature. */
static int put_fields(const struct s3 *s, const struct s3_request *rq, const struct url *url, char *text,
		      struct err *e)
{
	char date[SIGV4_DATE], sum[SIGV4_HEX], authority[URL_HOST + 10], path[URL_PATH], size[24], crc[12];
	char authorization[1024];
	struct fields f = { .text = text };
	int rc;

	sigv4_date(date, time(NULL) + s->skew_s);
	if (rq->crc32c)
		strcpy(sum, "UNSIGNED-PAYLOAD");
	else
		sigv4_sha256(sum, rq->body, rq->len);
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(url->path, "?"), url->path);
	f.sign = (struct sigv4){ s->keys.id, s->keys.secret, s->region, "s3", rq->method, path, rq->query, date, sum,
				 .nr_fields = 0 };
	field(&f, "host", url_authority(url, authority));
	field(&f, "x-amz-content-sha256", sum);
	field(&f, "x-amz-date", date);
	if (rq->crc32c) {
		s3_sum_text(crc, rq->sum);
		field(&f, "x-amz-checksum-crc32c", crc);
	}
	if (rq->wants_crc32c)
		field(&f, "x-amz-checksum-algorithm", "CRC32C");
	if (rq->total) {
		snprintf(size, sizeof(size), "%llu", (unsigned long long)rq->total);
		field(&f, "x-amz-mp-object-size", size);
	}
	if (s->keys.token[0])
		field(&f, "x-amz-security-token", s->keys.token);
	rc = sigv4_sign(authorization, sizeof(authorization), &f.sign, e);
	if (!rc)
		snprintf(text + f.len, FIELDS_MAX - f.len, "Authorization: %s\r\n", authorization);
	return rc;
}

/* All of the body, unless the store answers before: 1 and *head then. */
static int send_body(struct exchange *x, const struct s3_request *rq, struct http_head *head, struct err *e)
{
	const char *at = rq->body;
	size_t left = rq->len;
	uint64_t since = now_ms();

	while (left) {
		int can = stream_wait(x->s, STREAM_IN | STREAM_OUT, 1000), rc = 0;
		struct err why = { 0 };
		ssize_t n = 0;

		if (can & STREAM_IN)
			rc = exchange_answer(x, 0, head, e);
		if (rc > 0 && head->status == 100 && ++x->interim <= INTERIM_MAX)
			rc = 0;
		if (rc)
			return rc;
		if (can & STREAM_OUT)
			n = stream_write_some(x->s, at, left, &why);
		if (n < 0)	/* it listens no more: does it say why? */
			return !exchange_final(x, LATE_MS, head, NULL) ? 1 : err_say(e, why.code, "%s", why.msg);
		if (n > 0)
			since = now_ms();
		else if (now_ms() - since > IDLE_MS)
			return err_say(e, -ETIMEDOUT, "write to %s: no byte in %d s", rq->object->url.host,
				       IDLE_MS / 1000);
		at += n;
		left -= (size_t)n;
	}
	return 0;
}

/* Body and answer of a request whose head is sent. */
static int converse(struct exchange *x, const struct s3_request *rq, bool expect, struct s3_answer *a,
		    struct err *e)
{
	struct err why = { 0 };
	int rc = 0;

	if (expect) {
		rc = exchange_answer(x, EXPECT_MS, &a->head, e);
		if (rc > 0 && a->head.status == 100)
			rc = 0;
	}
	if (!rc)
		rc = send_body(x, rq, &a->head, e);
	a->early = rc > 0;
	if (rc > 0 && a->head.status / 100 == 2)
		return err_say(e, -EBADMSG, "%s says %d before it has the object", rq->object->url.host,
			       a->head.status);
	if (!rc) {
		x->s->idle_ms = ANSWER_MS;
		a->lost = true;		/* until it is read */
		rc = exchange_final(x, ANSWER_MS, &a->head, e);
	}
	if (rc < 0)
		return rc;
	x->s->deadline_ms = now_ms() + S3_COMPLETE_MS;
	if (!strcmp(rq->method, "HEAD"))
		return 0;
	rc = s3_body(x, &a->head, a->body, &a->len, &why);
	if (rc && a->head.status / 100 != 2) {
		a->early = true;	/* the status says enough; the connection is good for nothing */
		return 0;
	}
	return rc ? err_say(e, why.code, "%s", why.msg) : 0;
}

void s3_hang_up(struct s3 *s)
{
	exchange_close(&s->x);
}

/* On the connection of the request before, if that leads there and its peer is silent: true, or on a new one. */
static int reach(struct s3 *s, const struct request *r, bool *again, struct err *e)
{
	*again = s->x.s && url_same_origin(&s->x_url, &r->url) && !stream_ready(s->x.s, 0);
	if (*again && !exchange_next(&s->x, r, NULL))
		return 0;
	*again = false;
	s3_hang_up(s);
	s->x_url = r->url;
	return exchange_open(&s->x, s->http, r, e);
}

/* One request. A connection that was kept may have ended just now: then on a new one. */
static int once(struct s3 *s, const struct s3_request *rq, const struct url *url, struct s3_answer *a, struct err *e)
{
	struct request r = { rq->method, .url = *url, .has_body = rq->has_body, .len = rq->len,
			     .expect = rq->len >= EXPECT_FROM, .if_none = rq->if_none, .keep = true };
	char fields[FIELDS_MAX];
	struct err why = { 0 };
	bool again = false;
	int rc = put_fields(s, rq, url, fields, e);

	a->len = 0;
	a->body[0] = '\0';
	a->head.status = 0;
	a->early = a->resent = false;
	r.fields = fields;
	if (!rc)
		rc = reach(s, &r, &again, e);
	if (!rc)
		rc = converse(&s->x, rq, r.expect, a, &why);
	if (why.code && again && !a->head.status && !s->x.have) {
		why = (struct err){ 0 };
		a->resent |= a->lost;
		s3_hang_up(s);
		rc = reach(s, &r, &again, e);
		if (!rc)
			rc = converse(&s->x, rq, r.expect, a, &why);
	}
	if (why.code)
		err_say(e, why.code, "%s", why.msg);
	ssh_wipe(fields, sizeof(fields));
	if (rc || a->early || a->head.closes || s->x.have || (!a->head.chunked && !a->head.has_length))
		s3_hang_up(s);
	return rc ? broke(s->http, rc) : 0;
}

/* The name of the host with another region in it, where it is AWS's: "s3.REGION.amazonaws.com". */
static void move_host(struct url *u, const char *region)
{
	char *aws = strstr(u->host, ".amazonaws.com"), *s3 = strstr(u->host, "s3.");
	char host[URL_HOST];

	if (!aws)
		return;
	while (s3 && s3 != u->host && s3[-1] != '.')
		s3 = strstr(s3 + 1, "s3.");
	if (s3 && s3 < aws && snprintf(host, sizeof(host), "%.*s%s%s", (int)(s3 - u->host + 3), u->host, region, aws) <
	    (int)sizeof(host))
		strcpy(u->host, host);
}

/* Is the region that the store names worth a try? */
static bool take_region(struct s3 *s, const struct s3_answer *a, struct url *url)
{
	char region[S3_REGION] = "";

	if (a->head.status != 301 && a->head.status != 400)
		return false;
	snprintf(region, sizeof(region), "%s", a->head.region);
	if (!region[0] && a->code[0])
		s3_error_region(a, region, sizeof(region));
	if (s->region_told || !s3_is_region(region) || !strcmp(region, s->region))
		return false;
	s->region_told = true;
	strcpy(s->region, region);
	move_host(url, region);
	move_host(&s->endpoint, region);
	s3_say(s, "the store says that the bucket is in the region %s", region);
	return true;
}

/* A clock that is wrong by more than the store bears; HEAD has no body that says so. */
static bool take_clock(struct s3 *s, const struct s3_answer *a)
{
	int64_t off = a->head.date ? a->head.date - (time(NULL) + s->skew_s) : 0;
	bool said = !strcmp(a->code, "RequestTimeTooSkewed");

	if (a->head.status != 403 || s->skew_told || (!said && a->code[0]) || (off > -SKEW_S && off < SKEW_S))
		return false;
	s->skew_told = true;
	s->skew_s += off;
	s3_say(s, "the clock here is wrong by %lld s, says the store: its time is taken for signatures",
	       (long long)off);
	return true;
}

/* Where a 307 leads; the signature is made anew for it. */
static int follow(struct s3 *s, const struct s3_answer *a, struct url *url, struct err *e)
{
	struct url to;
	int rc;

	if (!a->head.location[0])
		return err_say(e, -EBADMSG, "%s: %d without a Location", url->host, a->head.status);
	rc = url_resolve(&to, url, a->head.location, e);
	if (rc)
		return err_add(e, "%s leads to a place that is none", url->host);
	if (url->tls && !to.tls)
		return err_say(e, -EACCES, "%s leads from https to http, where everybody could read the dump",
			       url->host);
	s3_say(s, "%d: on to %s", a->head.status, to.host);
	*url = to;
	return ASK_AGAIN;
}

/* 0: done, ASK_AGAIN, or an error. */
static int judge(struct s3 *s, struct s3_request *rq, struct s3_answer *a, struct url *url, struct err *e)
{
	char what[300];

	s->http->passing = false;
	a->code[0] = a->message[0] = '\0';
	if (strcmp(rq->method, "HEAD"))
		s3_read_error(a);
	if (a->head.status / 100 == 2 && !a->code[0])
		return 0;
	if (a->head.status == 307 || a->head.status == 308)
		return follow(s, a, url, e);
	if (take_region(s, a, url) || take_clock(s, a))
		return ASK_AGAIN;
	/* What a store need not know, some refuse (R2 does). */
	if (a->head.status == 501 && (rq->if_none || rq->wants_crc32c || rq->total)) {
		rq->if_none = rq->wants_crc32c = false;
		rq->total = 0;
		return ASK_AGAIN;
	}
	snprintf(what, sizeof(what), "%s %.200s", rq->method, rq->object->url.path);
	return s3_refuse(s->http, what, a, e);
}

int s3_call(struct s3 *s, struct s3_request *rq, struct s3_answer *a, struct err *e)
{
	struct url url = rq->object->url;
	unsigned hops = 0;
	bool lost = false;
	int rc;

	*a = (struct s3_answer){ .body = malloc(S3_BODY_MAX + 1) };
	if (!a->body)
		return err_set(e, -ENOMEM, "S3");
	s->http->passing = false;
	if (s->region_told)	/* the object may be older than that word */
		move_host(&url, s->region);
	if (rq->query[0] && snprintf(url.path, sizeof(url.path), "%s?%s", rq->object->url.path, rq->query) >=
	    (int)sizeof(url.path))
		rc = err_say(e, -ENAMETOOLONG, "the path of the URL is too long");
	else
		do {
			a->lost = false;
			rc = once(s, rq, &url, a, e);
			lost |= a->resent || (a->lost && (rc || a->head.status >= 500));
			if (!rc)
				rc = judge(s, rq, a, &url, e);
			lost |= rc < 0 && a->head.status / 100 == 2;	/* an error behind a 200 */
			if (rc == ASK_AGAIN && ++hops > HOPS_MAX)
				rc = err_say(e, -ELOOP, "%s: the store leads from place to place", url.host);
		} while (rc == ASK_AGAIN || (rc && !rq->quick && http_again(s->http, e)));
	a->lost = lost;
	if (!rc || (a->head.status && a->head.status < 408))
		s->http->tries = 0;	/* the store is well: the next error has its own time */
	if (!rc)
		return 0;
	free(a->body);
	a->body = NULL;
	return rc;
}
