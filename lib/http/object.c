/* object - is it there, and may it have another name? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "http/session.h"

static int ask(struct http *h, const struct request *rq, struct http_head *head, struct err *e)
{
	struct exchange x;
	int rc = exchange_open(&x, h, rq, e);

	if (rc)
		return rc;
	x.s->idle_ms = ANSWER_MS;	/* a MOVE may be a copy */
	rc = exchange_final(&x, ANSWER_MS, head, e);
	exchange_close(&x);
	if (rc)
		return broke(h, rc);
	if (head->status < 408)
		h->tries = 0;	/* the server is well: the next error has its own time */
	return 0;
}

int http_size(struct http *h, const struct url *url, uint64_t *len, struct err *e)
{
	struct request rq = { "HEAD", .url = *url };
	struct http_head head;
	int rc;

	do {
		rc = ask(h, &rq, &head, e);
		if (rc)
			continue;
		if (head.status == 404 || head.status == 410)
			return 0;
		if (head.status == 200) {
			*len = head.has_length ? head.length : HTTP_UNKNOWN;
			return 1;
		}
		rc = refuse(h, &rq, &head, e);
	} while (rc && http_again(h, e));
	return rc;
}

int http_dav(struct http *h, const struct url *url, struct err *e)
{
	struct request rq = { "OPTIONS", .url = *url };
	struct http_head head;
	int rc;

	do
		rc = ask(h, &rq, &head, e);
	while (rc && http_again(h, e));
	return rc ? rc : head.status / 100 == 2 && head.dav;
}

int http_mkcol(struct http *h, const struct url *url, struct err *e)
{
	struct request rq = { "MKCOL", .url = *url };
	struct http_head head;
	int rc;

	do
		rc = ask(h, &rq, &head, e);
	while (rc && http_again(h, e));
	return rc || head.status == 201 || head.status == 405 ? rc : refuse(h, &rq, &head, e);
}

int http_delete(struct http *h, const struct url *url, struct err *e)
{
	struct request rq = { "DELETE", .url = *url };
	struct http_head head;
	int rc;

	do
		rc = ask(h, &rq, &head, e);
	while (rc && http_again(h, e));
	return rc || head.status / 100 == 2 || head.status == 404 ? rc : refuse(h, &rq, &head, e);
}

int http_move(struct http *h, const struct url *from, const struct url *to, bool replace, struct err *e)
{
	struct request rq = { "MOVE", .url = *from, .destination = to, .overwrite = replace };
	struct http_head head;
	int rc;

	do {
		rc = ask(h, &rq, &head, e);
		if (rc)
			continue;
		if (head.status == 201 || head.status == 204)
			return 0;
		if (head.status == 404)
			return 1;
		rc = refuse(h, &rq, &head, e);
	} while (rc && http_again(h, e));
	return rc;
}
