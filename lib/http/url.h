/* url - the URLs of HTTP (RFC 3986), as far as an upload needs them. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { URL_HOST = 254, URL_PATH = 2048, URL_TEXT = URL_HOST + URL_PATH + 20 };

struct url {
	bool     tls;			/* https */
	uint16_t port;			/* 80 and 443 where none was named */
	char     host[URL_HOST];	/* without brackets */
	char     path[URL_PATH];	/* with the query, as it was written; begins with '/' */
};

/* True if text begins as such a URL does. */
bool url_is_http(const char *text);

/*
 * http://HOST[:PORT]/PATH or https://. What stands behind '#' is dropped. Returns 0 or -EINVAL with a
 * message: a user in it (passwords do not belong there), blanks and what is not ASCII are refused.
 */
int url_parse(struct url *u, const char *text, struct err *e);

/* The URL that a Location says, seen from base (RFC 3986 section 5.2). */
int url_resolve(struct url *u, const struct url *base, const char *location, struct err *e);

/* Same scheme, host and port (RFC 6454). */
bool url_same_origin(const struct url *a, const struct url *b);

/*
 * Where a form or tus takes uploads, and the name that it is told: endpoint ("/upload") is the beginning of
 * the path of u, what follows is the name, without a '/' in front. NULL: the path up to its last '/'. The
 * query goes to the endpoint. Returns 0, or -EINVAL if endpoint is no such beginning or nothing follows.
 */
int url_split(const struct url *u, const char *endpoint, struct url *out, char name[URL_PATH], struct err *e);

/* "HOST" or "HOST:PORT" as the Host field has it, an IPv6 address in brackets. Returns out. */
const char *url_authority(const struct url *u, char out[URL_HOST + 10]);

/* The whole URL as text. Returns out. */
const char *url_text(const struct url *u, char out[URL_TEXT]);

/* The same for people: what a query says may be a secret (a presigned URL is a key), "?..." stands for it. */
const char *url_show(const struct url *u, char out[URL_TEXT]);

/* True if S3's signature is in the query: such a URL is for one PUT, and nothing else may be asked there. */
bool url_is_presigned(const struct url *u);

#endif
