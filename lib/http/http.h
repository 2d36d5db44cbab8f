/* http - objects on a server of HTTP/1.1, put there whole or not at all. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/stream.h"
#include "http/url.h"
#include "tls/tls.h"

enum { HTTP_HEADERS_MAX = 16, HTTP_RETRY_S = 300 };
#define HTTP_UNKNOWN UINT64_MAX	/* a length that is not known: the body goes in chunks */

/* How to talk to servers; all borrowed, everything may be zero. */
struct http_options {
	struct tls_config tls;
	const char *user;		/* "USER:PASSWORD", Basic */
	const char *bearer_file;	/* file whose first line is a token, Bearer */
	const char *headers[HTTP_HEADERS_MAX];	/* lines "NAME: VALUE" */
	size_t      nr_headers;
	bool        tus;		/* uploads by tus 1.0: see tus.h */
	const char *form;		/* instead of PUT, POST of a form with the file in this field */
	const char *endpoint;		/* of those two: see url_split */
	const char *proxy;		/* "http://HOST:PORT" or HOST:PORT */
	const char *proxy_user;		/* "USER:PASSWORD", Basic */
	const char *no_proxy;		/* hosts and domains without proxy, with ',' between them; "*": all */
	unsigned    connect_timeout_ms;	/* 0: 60000 */
	unsigned    retry_s;		/* for how long to try again; 0: HTTP_RETRY_S */
	bool        never_again;	/* do not try again at all */
	void      (*say)(void *arg, const char *line);	/* may be NULL: one line for the log */
	void       *arg;
};

struct http;

/*
 * Look at the options. user, bearer_file and headers are for the origin (scheme, host, port) of url
 * only, wherever a server may lead. Returns 0 and *out for http_free, or -EINVAL and so on with a
 * message. Nothing is connected.
 */
int http_new(struct http **out, const struct http_options *o, const struct url *url, struct err *e);
void http_free(struct http *h);
const struct http_options *http_options_of(const struct http *h);

/*
 * A PUT that runs. http_put_open connects and sends the head, from 1 MiB on with
 * "Expect: 100-continue" and a wait of 1 s; a 307 or 308 is followed before there is a body (5
 * times, never from https to http), a 417 does without Expect; what can pass by itself (408, 429, 500, 502, 503, 504, a connection
 * that breaks or is refused) is tried again by full jitter, from 1 s to 60 s, as Retry-After says
 * but at most 300 s.
 *
 * With the option form it is a POST to the endpoint of url (see url_split) with a body of multipart/form-data,
 * any 2xx is a success, and replace means nothing.
 *
 * http_put_write sends len bytes. The server may answer before the end: then the answer is the
 * error, a good status too. http_put_close sends the end and waits up to 300 s: 0 only if the
 * answer is 200, 201 or 204, came after the last byte, and its head was whole. http_put_free in any
 * case; before close it breaks the connection off, and the server must not take what it has for
 * all.
 *
 * Errors: -ENOSPC for 413 and 507, -EACCES for 401, 403 and 407, -EEXIST for 412, -ENOENT for 404,
 * 409 and 410, -EREMOTEIO for other statuses, -EBADMSG for what is no HTTP, or those of the
 * connection.
 */
struct http_put;
int http_put_open(struct http_put **out, struct http *h, const struct url *url, uint64_t len, bool replace,
		  struct err *e);
int http_put_write(struct http_put *p, const void *buf, size_t len, struct err *e);
int http_put_close(struct http_put *p, struct err *e);
void http_put_free(struct http_put *p);

/* All of buf as one object, again from its start where that may help. */
int http_put_all(struct http *h, const struct url *url, const void *buf, size_t len, bool replace,
		 struct err *e);

/*
 * True after a wait if the last error of h may pass by itself and there is time left: the caller
 * begins the object again. http_put_open and those below need no such caller. h may be NULL.
 */
bool http_again(struct http *h, struct err *e);

/* HEAD: 1 and *len (HTTP_UNKNOWN if not told) if the object is there, 0 for 404 and 410, or an error. */
int http_size(struct http *h, const struct url *url, uint64_t *len, struct err *e);

/*
 * Does the server speak WebDAV at url: does OPTIONS say so (RFC 4918 section 18)? 1, 0, or an error
 * of the connection.
 */
int http_dav(struct http *h, const struct url *url, struct err *e);

/*
 * WebDAV's MOVE (RFC 4918 section 9.9) on one server. 0; 1 if there is nothing at from; -EEXIST if
 * `to` is there and replace is false; or an error, -EOPNOTSUPP among others if the server does not
 * know the method.
 */
int http_move(struct http *h, const struct url *from, const struct url *to, bool replace, struct err *e);

/* DELETE (RFC 9110 section 9.3.5). 0 also if it is not there; or an error of a status, as above, or of the connection. */
int http_delete(struct http *h, const struct url *url, struct err *e);

/*
 * WebDAV's MKCOL (RFC 4918 section 9.3). 0 also if it is there; one of the errors for a status above if the server
 * does not make it; or an error of the connection.
 */
int http_mkcol(struct http *h, const struct url *url, struct err *e);

#endif
