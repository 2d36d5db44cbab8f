/* session - the parts of lib/http, for each other. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

#include "http/head.h"
#include "http/http.h"

enum { HOPS_MAX = 5, INTERIM_MAX = 16, REQUEST_MAX = 16 << 10 };
enum { GRACE_MS = 100, IDLE_MS = 60000, ANSWER_MS = 300000 };

struct http {
	struct http_options o;
	struct url  origin;		/* whom secrets are for */
	struct url  proxy;
	bool        by_proxy;
	struct tls *tls;		/* made for the first https */
	char        authorization[1024];	/* the field's value; "" if there is none */
	char        proxy_authorization[512];
	uint64_t    deadline_ms;	/* of trying again; counts from the first error */
	unsigned    tries;
	unsigned    retry_after_s;
	bool        passing;		/* the last error may pass by itself */
	struct url  moved_from, moved_to;	/* a redirection that came too late for the body that ran */
	unsigned    hops;		/* redirections of this object */
};

/* What is asked. */
struct request {
	const char *method;
	struct url  url;
	bool        has_body;
	uint64_t    len;		/* of the body; HTTP_UNKNOWN: chunks */
	bool        expect, if_none;	/* "Expect: 100-continue", "If-None-Match: *" */
	const struct url *destination;	/* of MOVE */
	bool        overwrite;
	const char *fields;		/* further lines, each with its CR LF; may be NULL */
	const char *type;		/* Content-Type; NULL: any bytes */
	bool        keep;		/* the connection, for another request */
};

/* One connection, one request, one answer. */
struct exchange {
	struct http   *h;
	struct stream *s;
	char          *in;		/* HEAD_MAX bytes, owned: the answer as far as it has come */
	size_t         have;
	unsigned       interim;		/* 1xx that came */
};

/* session.c: connect and send the head of a request. After an error nothing is left. */
int exchange_open(struct exchange *x, struct http *h, const struct request *rq, struct err *e);
void exchange_close(struct exchange *x);

/*
 * The head of a further request, after one with `keep` and an answer that was read to its end. After an error the
 * connection is closed.
 */
int exchange_next(struct exchange *x, const struct request *rq, struct err *e);

/*
 * Wait at most wait_ms for the next head: 1 and *head, which is final or 100; 0 if none came in
 * time; or an error. Other 1xx are passed over; 101 is an error.
 */
int exchange_answer(struct exchange *x, unsigned wait_ms, struct http_head *head, struct err *e);

/* The final answer, within ms without a byte. */
int exchange_final(struct exchange *x, unsigned ms, struct http_head *head, struct err *e);

/* request.c: the text of a head. Returns its length or -E2BIG. */
int request_text(const struct http *h, const struct request *rq, char *out, size_t size, struct err *e);
bool request_goes_by_proxy(const struct http *h, const struct url *url);
/* "Basic ..." of "USER:PASSWORD". */
int request_basic(char *out, size_t size, const char *user, struct err *e);

/* retry.c: an answer that is no success as an error; says whether it may pass by itself. */
int refuse(struct http *h, const struct request *rq, const struct http_head *head, struct err *e);
/* An error of a connection: the same question. Returns rc. */
int broke(struct http *h, int rc);

#endif
