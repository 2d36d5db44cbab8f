/* tus - how does an upload go on after a break? */
/* SPDX-License-Identifier: MIT */
#include "http/tus.h"

#include <bearssl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/session.h"
#include "ssh/base64.h"

#define TUS_VERSION "Tus-Resumable: 1.0.0\r\n"
enum { LATE_MS = 2000, MISMATCH = 460 };

struct http_tus {
	struct http    *h;
	struct url      at;	/* of this upload */
	struct exchange x;	/* open between chunks; x.s NULL: it is not */
	uint64_t        offset;	/* up to here the server has it */
	uint64_t        len;	/* as the server was told */
	unsigned        can;	/* TUS_ */
};

/* May another request follow on the same connection? */
static bool stays(const struct exchange *x, const struct http_head *head)
{
	return !x->have && !head->closes && (head->status == 204 || (head->has_length && !head->length));
}

/* Has the server ended a connection that waited for us? */
static bool gone(struct exchange *x)
{
	return !x->s || stream_ready(x->s, 0);
}

/* One request and its answer. Who stops to listen may have said why. */
static int ask(struct http_tus *t, const struct request *rq, const void *body, struct http_head *head,
	       struct err *e)
{
	int rc;

	if (gone(&t->x)) {
		exchange_close(&t->x);
		rc = exchange_open(&t->x, t->h, rq, e);
	} else {
		rc = exchange_next(&t->x, rq, e);
	}
	if (rc)
		return rc;
	t->x.s->idle_ms = ANSWER_MS;
	rc = rq->len && rq->has_body ? stream_write(t->x.s, body, rq->len, e) : 0;
	if (!rc)
		rc = exchange_final(&t->x, ANSWER_MS, head, e);
	else if (!exchange_final(&t->x, LATE_MS, head, NULL))
		rc = 0;
	if (rc || !rq->keep || !stays(&t->x, head))
		exchange_close(&t->x);
	return rc ? broke(t->h, rc) : 0;
}

static int find_out(struct http_tus *t, const struct url *endpoint, struct err *e)
{
	struct request rq = { "OPTIONS", .url = *endpoint };
	unsigned wanted = TUS_SPOKEN | TUS_CREATION | (t->len == HTTP_UNKNOWN ? TUS_DEFER_LENGTH : 0);
	struct http_head head;
	char text[URL_TEXT];
	int rc = ask(t, &rq, NULL, &head, e);

	if (rc)
		return rc;
	t->can = head.tus;
	if (head.status / 100 == 2 && (t->can & wanted) == wanted)
		return 0;
	if (head.status / 100 != 2)
		return refuse(t->h, &rq, &head, e);
	t->h->passing = false;
	return err_say(e, -EOPNOTSUPP, "%.200s does not speak tus 1.0 with creation%s", url_show(endpoint, text),
		       t->can & TUS_CREATION ? "-defer-length, which a stream of unknown length needs" : "");
}

static int create(struct http_tus *t, const struct url *endpoint, const char *name, struct err *e)
{
	char fields[URL_PATH * 4 / 3 + 200], length[40] = "Upload-Defer-Length: 1";
	struct request rq = { "POST", .url = *endpoint, .has_body = true, .fields = fields };
	struct http_head head;
	size_t at;
	int rc;

	if (t->len != HTTP_UNKNOWN)
		snprintf(length, sizeof(length), "Upload-Length: %llu", (unsigned long long)t->len);
	at = (size_t)snprintf(fields, sizeof(fields), TUS_VERSION "%s\r\nUpload-Metadata: filename ", length);
	base64_encode(fields + at, sizeof(fields) - at - 3, (const uint8_t *)name, strlen(name));
	strcat(fields, "\r\n");
	rc = ask(t, &rq, NULL, &head, e);
	if (rc)
		return rc;
	if (head.status != 201)
		return refuse(t->h, &rq, &head, e);
	t->h->passing = false;
	if (!head.location[0])
		return err_say(e, -EBADMSG, "%s made an upload and does not say where", endpoint->host);
	rc = url_resolve(&t->at, endpoint, head.location, e);
	if (rc)
		return err_add(e, "%s leads to a place that is none", endpoint->host);
	if (endpoint->tls && !t->at.tls)
		return err_say(e, -EACCES, "%s leads from https to http, where everybody could read the dump",
			       endpoint->host);
	t->h->tries = 0;
	return 0;
}

int http_tus_open(struct http_tus **out, struct http *h, const struct url *url, uint64_t len, struct err *e)
{
	struct http_tus *t = calloc(1, sizeof(*t));
	char name[URL_PATH];
	struct url endpoint;
	int rc = t ? url_split(url, h->o.endpoint, &endpoint, name, e) : err_set(e, -ENOMEM, "tus");

	if (!rc) {
		t->h = h;
		t->len = len;
		do {
			rc = find_out(t, &endpoint, e);
			if (!rc)
				rc = create(t, &endpoint, name, e);
		} while (rc && http_again(h, e));
	}
	if (rc) {
		http_tus_free(t);
		return rc;
	}
	*out = t;
	return 0;
}

/* HEAD: how far is it? */
static int look(struct http_tus *t, struct err *e)
{
	struct request rq = { "HEAD", .url = t->at, .fields = TUS_VERSION };
	struct http_head head;
	int rc = ask(t, &rq, NULL, &head, e);

	if (rc)
		return rc;
	if (head.status != 200 && head.status != 204) {
		rc = refuse(t->h, &rq, &head, e);
		t->h->passing |= head.status == 423;
		return rc;
	}
	t->h->passing = false;
	if (head.upload_offset == HEAD_UNSAID)
		return err_say(e, -EBADMSG, "%s does not say how much it has", t->at.host);
	t->offset = head.upload_offset;
	if (head.upload_length != HEAD_UNSAID)
		t->len = head.upload_length;
	return 0;
}

static void add_checksum(const struct http_tus *t, char *fields, size_t size, const void *buf, size_t len)
{
	uint8_t sum[br_sha256_SIZE];
	size_t at = strlen(fields), sum_len;
	bool longer = t->can & TUS_SHA256;
	br_sha256_context sha256;
	br_sha1_context sha1;

	if (!(t->can & TUS_CHECKSUM) || !(t->can & (TUS_SHA1 | TUS_SHA256)))
		return;
	if (longer) {
		br_sha256_init(&sha256);
		br_sha256_update(&sha256, buf, len);
		br_sha256_out(&sha256, sum);
		sum_len = br_sha256_SIZE;
	} else {
		br_sha1_init(&sha1);
		br_sha1_update(&sha1, buf, len);
		br_sha1_out(&sha1, sum);
		sum_len = br_sha1_SIZE;
	}
	at += (size_t)snprintf(fields + at, size - at, "Upload-Checksum: %s ", longer ? "sha256" : "sha1");
	base64_encode(fields + at, size - at - 3, sum, sum_len);
	strcat(fields, "\r\n");
}

/* From t->offset on; end: how long all of it is, if these bytes are its last. */
static int patch(struct http_tus *t, const void *buf, size_t len, uint64_t end, struct err *e)
{
	char fields[300];
	struct request rq = { "PATCH", .url = t->at, .has_body = true, .len = len, .fields = fields, .keep = true,
			      .type = "application/offset+octet-stream" };
	bool tells = t->len == HTTP_UNKNOWN && end != HTTP_UNKNOWN;
	struct http_head head;
	int rc, at = snprintf(fields, sizeof(fields), TUS_VERSION "Upload-Offset: %llu\r\n", (unsigned long long)t->offset);

	if (tells)
		snprintf(fields + at, sizeof(fields) - (size_t)at, "Upload-Length: %llu\r\n", (unsigned long long)end);
	add_checksum(t, fields, sizeof(fields), buf, len);
	rc = ask(t, &rq, buf, &head, e);
	if (rc)
		return rc;
	if (head.status != 204 && head.status != 200) {
		rc = refuse(t->h, &rq, &head, e);
		/* Another offset than ours, still busy with the connection that broke, damaged on the way: HEAD tells. */
		t->h->passing |= head.status == 409 || head.status == 423 || head.status == MISMATCH;
		return rc;
	}
	t->h->passing = false;
	if (head.upload_offset == HEAD_UNSAID || head.upload_offset - t->offset > len ||
	    (len && head.upload_offset == t->offset))
		return err_say(e, -EBADMSG, "%s does not say rightly how much it has", t->at.host);
	t->offset = head.upload_offset;
	if (tells)
		t->len = end;
	t->h->tries = 0;
	return 0;
}

int http_tus_put(struct http_tus *t, const void *buf, size_t len, bool last, struct err *e)
{
	uint64_t start = t->offset, end = start + len;
	int rc = 0;

	if (t->len != HTTP_UNKNOWN && (end > t->len || (last && end != t->len)))
		return err_say(e, -EINVAL, "tus: other bytes than were announced");
	do {
		if (rc)
			rc = look(t, e);
		if (!rc && (t->offset < start || t->offset > end || (last && t->len != HTTP_UNKNOWN && t->len != end)))
			return err_say(e, -EREMOTEIO, "%s has %llu bytes of the upload and was sent %llu to %llu", t->at.host,
				       (unsigned long long)t->offset, (unsigned long long)start, (unsigned long long)end);
		while (!rc && (t->offset < end || (last && t->len == HTTP_UNKNOWN)))
			rc = patch(t, (const char *)buf + (t->offset - start), (size_t)(end - t->offset),
				   last ? end : HTTP_UNKNOWN, e);
	} while (rc && http_again(t->h, e));
	return rc;
}

int http_tus_check(struct http_tus *t, uint64_t len, struct err *e)
{
	char text[URL_TEXT];
	int rc;

	do
		rc = look(t, e);
	while (rc && http_again(t->h, e));
	if (!rc && (t->offset != len || t->len != len))
		rc = err_say(e, -EIO, "%.200s: the server has %llu of %llu bytes", url_show(&t->at, text),
			     (unsigned long long)t->offset, (unsigned long long)len);
	return rc;
}

void http_tus_free(struct http_tus *t)
{
	if (!t)
		return;
	exchange_close(&t->x);
	free(t);
}
