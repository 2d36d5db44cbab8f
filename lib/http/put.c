/* put - how does an object get to a server, and when is it there? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "http/form.h"

enum { EXPECT_MS = 1000, LATE_MS = 2000, EXPECT_FROM = 1 << 20 };	/* as curl: from 1 MiB on */
enum { LISTEN = 128 << 10 };	/* bytes; a poll for each record of TLS would cost 5 % */

struct http_put {
	struct http    *h;
	struct request  rq;
	struct exchange x;
	struct url      asked;
	struct form    *form;	/* NULL: it is none */
	uint64_t        sent;
	size_t          unheard;	/* bytes since we last listened */
	bool            broken;
};

static bool same_url(const struct url *a, const struct url *b)
{
	return url_same_origin(a, b) && !strcmp(a->path, b->path);
}

/* Where a 307 or 308 leads. */
static int follow(struct http *h, struct request *rq, const struct http_head *head, struct err *e)
{
	struct url to;
	char line[200 + URL_TEXT], text[URL_TEXT];
	int rc;

	h->passing = false;
	if (++h->hops > HOPS_MAX)
		return err_say(e, -ELOOP, "%s: the server leads from place to place, %d times now", rq->url.host,
			       HOPS_MAX);
	if (!head->location[0])
		return err_say(e, -EBADMSG, "%s: %d without a Location", rq->url.host, head->status);
	rc = url_resolve(&to, &rq->url, head->location, e);
	if (rc)
		return err_add(e, "%s leads to a place that is none", rq->url.host);
	if (rq->url.tls && !to.tls)
		return err_say(e, -EACCES, "%s leads from https to http, where everybody could read the dump",
			       rq->url.host);
	snprintf(line, sizeof(line), "%d: on to %s", head->status, url_show(&to, text));
	if (h->o.say)
		h->o.say(h->o.arg, line);
	rq->url = to;
	return 0;
}

/* A final answer before the body: 0 ask again (rq was changed), or an error. */
static int judge_early(struct http *h, struct request *rq, const struct http_head *head, struct err *e)
{
	if (head->status == 417 && rq->expect) {
		rq->expect = false;
		return 0;
	}
	if (head->status == 307 || head->status == 308)
		return follow(h, rq, head, e);
	if (head->status / 100 == 2) {
		h->passing = false;
		return err_say(e, -EBADMSG, "%s says %d before it has the object", rq->url.host, head->status);
	}
	return refuse(h, rq, head, e);
}

static int open_once(struct http_put *p, struct err *e)
{
	for (;;) {
		struct http_head head;
		int rc = exchange_open(&p->x, p->h, &p->rq, e);

		if (rc)
			return rc;
		if (!p->rq.len)
			return 0;	/* all of it is there already */
		/* Without an expectation an answer may still be quicker than the body. */
		rc = exchange_answer(&p->x, p->rq.expect ? EXPECT_MS : 0, &head, e);
		/* nginx says 100 even where a redirection follows at once. */
		if (rc > 0 && head.status == 100)
			rc = exchange_answer(&p->x, GRACE_MS, &head, e);
		if (!rc || (rc > 0 && head.status == 100))
			return 0;
		rc = rc < 0 ? broke(p->h, rc) : judge_early(p->h, &p->rq, &head, e);
		exchange_close(&p->x);
		if (rc < 0)
			return rc;
	}
}

/* The POST of a form to its endpoint, instead of the PUT. */
static int make_form(struct http_put *p, const struct url *url, struct err *e)
{
	struct request *rq = &p->rq;
	char name[URL_PATH];
	int rc = url_split(url, p->h->o.endpoint, &rq->url, name, e);

	if (!rc)
		rc = form_make(p->form, p->h->o.form, name, e);
	if (rc)
		return rc;
	rq->method = "POST";
	rq->type = p->form->type;
	rq->if_none = false;
	if (rq->len != HTTP_UNKNOWN)
		rq->len += strlen(p->form->head) + strlen(p->form->tail);
	return 0;
}

static int make_request(struct http_put *p, const struct url *url, uint64_t len, bool replace, struct err *e)
{
	struct http *h = p->h;
	int rc;

	h->passing = false;
	p->sent = p->unheard = 0;
	p->broken = false;
	p->rq = (struct request){ "PUT", .url = *url, .has_body = true, .len = len, .if_none = !replace };
	rc = p->form ? make_form(p, url, e) : 0;
	p->asked = p->rq.url;
	if (same_url(&p->asked, &h->moved_from))
		p->rq.url = h->moved_to;
	else
		h->hops = 0;
	p->rq.expect = p->rq.len >= EXPECT_FROM;
	return rc;
}

int http_put_open(struct http_put **out, struct http *h, const struct url *url, uint64_t len, bool replace,
		  struct err *e)
{
	struct http_put *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_set(e, -ENOMEM, "PUT");
	p->h = h;
	p->form = h->o.form ? malloc(sizeof(*p->form)) : NULL;
	do {
		exchange_close(&p->x);
		rc = h->o.form && !p->form ? err_set(e, -ENOMEM, "form") : make_request(p, url, len, replace, e);
		if (!rc)
			rc = open_once(p, e);
		if (!rc && p->form)
			rc = http_put_write(p, p->form->head, strlen(p->form->head), e);
	} while (rc && http_again(h, e));
	if (rc)
		http_put_free(p);
	else
		*out = p;
	return rc;
}

/* Too late for this body; the next one, if there is one, goes there at once. */
static int moved_late(struct http_put *p, const struct http_head *head, struct err *e)
{
	struct request rq = p->rq;
	int rc = follow(p->h, &rq, head, e);

	if (rc)
		return rc;
	p->h->moved_from = p->asked;
	p->h->moved_to = rq.url;
	p->h->passing = true;
	p->h->retry_after_s = 0;
	return err_say(e, -EREMOTEIO, "%s leads elsewhere, but only after the body was on its way",
		       p->rq.url.host);
}

/* The server spoke before the end, or listens no more: what does it say? why: if it says nothing. */
static int early_answer(struct http_put *p, unsigned wait_ms, const struct err *why, struct err *e)
{
	struct http_head head;
	struct err other = { 0 };
	int rc;

	do
		rc = exchange_answer(&p->x, wait_ms, &head, &other);
	while (rc > 0 && head.status == 100 && ++p->x.interim <= INTERIM_MAX);
	if (!rc && !why)
		return 0;
	p->broken = true;
	if (rc > 0 && head.status / 100 == 2) {
		p->h->passing = false;
		return err_say(e, -EBADMSG, "%s says %d before it has all of the object",
			       p->rq.url.host, head.status);
	}
	if (rc > 0 && (head.status == 307 || head.status == 308))
		return moved_late(p, &head, e);
	if (rc > 0)
		return refuse(p->h, &p->rq, &head, e);
	if (!why || other.code == -EBADMSG)
		why = &other;
	return broke(p->h, err_say(e, why->code, "%s", why->msg));
}

/* All of buf, with an ear for the server. */
static int send_bytes(struct http_put *p, const char *at, size_t len, struct err *e)
{
	struct err why = { 0 };
	uint64_t since = now_ms();

	if (p->broken)
		return err_say(e, -EPIPE, "PUT to %s: it broke off before", p->rq.url.host);
	while (len) {
		int can = STREAM_OUT;
		ssize_t n = 0;

		if (p->unheard >= LISTEN) {
			can = stream_wait(p->x.s, STREAM_IN | STREAM_OUT, 1000);
			p->unheard = 0;
		}
		if (can & STREAM_IN) {
			int rc = early_answer(p, 0, NULL, e);

			if (rc)
				return rc;
		}
		if (can & STREAM_OUT)
			n = stream_write_some(p->x.s, at, len, &why);
		if (n < 0)
			return early_answer(p, LATE_MS, &why, e);
		if (n > 0)
			since = now_ms();
		else if (now_ms() - since > IDLE_MS)
			err_say(&why, -ETIMEDOUT, "write to %s: no byte in %d s", p->rq.url.host,
				IDLE_MS / 1000);
		if (why.code)
			return early_answer(p, 0, &why, e);
		at += n;
		len -= (size_t)n;
		p->unheard = n ? p->unheard + (size_t)n : LISTEN;
	}
	return 0;
}

int http_put_write(struct http_put *p, const void *buf, size_t len, struct err *e)
{
	char size[24];
	int rc = 0;

	if (!len)
		return 0;	/* a chunk of 0 bytes is the end */
	if (p->rq.len == HTTP_UNKNOWN)
		rc = send_bytes(p, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", len), e);
	else if (len > p->rq.len - p->sent)
		return err_say(e, -EINVAL, "PUT: more bytes than were announced");
	if (p->rq.len != HTTP_UNKNOWN && p->sent + len == p->rq.len)
		p->unheard = LISTEN;	/* nobody may have answered before the last bytes */
	if (!rc)
		rc = send_bytes(p, buf, len, e);
	if (!rc && p->rq.len == HTTP_UNKNOWN)
		rc = send_bytes(p, "\r\n", 2, e);
	if (!rc)
		p->sent += len;
	return rc;
}

int http_put_close(struct http_put *p, struct err *e)
{
	struct http_head head;
	int rc = 0;

	if (p->form)
		rc = http_put_write(p, p->form->tail, strlen(p->form->tail), e);
	if (rc)
		return rc;
	if (p->rq.len != HTTP_UNKNOWN && p->sent != p->rq.len)
		return err_say(e, -EINVAL, "PUT: fewer bytes than were announced");
	if (p->rq.len == HTTP_UNKNOWN) {
		p->unheard = LISTEN;
		rc = send_bytes(p, "0\r\n\r\n", 5, e);
	}
	if (rc)
		return rc;
	p->x.s->idle_ms = ANSWER_MS;
	rc = exchange_final(&p->x, ANSWER_MS, &head, e);
	if (rc)
		return broke(p->h, rc);
	if (head.status == 200 || head.status == 201 || head.status == 204 || (p->form && head.status / 100 == 2)) {
		p->h->tries = 0;
		return 0;
	}
	if (head.status == 307 || head.status == 308)
		return moved_late(p, &head, e);
	return refuse(p->h, &p->rq, &head, e);
}

void http_put_free(struct http_put *p)
{
	if (!p)
		return;
	exchange_close(&p->x);
	free(p->form);
	free(p);
}

int http_put_all(struct http *h, const struct url *url, const void *buf, size_t len, bool replace,
		 struct err *e)
{
	struct http_put *p;
	int rc;

	do {
		rc = http_put_open(&p, h, url, len, replace, e);
		if (rc)
			return rc;	/* it tried again by itself */
		rc = http_put_write(p, buf, len, e);
		if (!rc)
			rc = http_put_close(p, e);
		http_put_free(p);
	} while (rc && http_again(h, e));
	return rc;
}
