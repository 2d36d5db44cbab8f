/* tus - uploads that go on where they broke off, by tus 1.0 (tus.io/protocols/resumable-upload). */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_TUS_H
#define HTTP_TUS_H

#include "http/http.h"

struct http_tus;

/*
 * A new upload of len bytes (HTTP_UNKNOWN: as many as come) at the endpoint of url_split, with the rest of
 * url as the "filename" of its metadata. The server is asked what it knows: -EOPNOTSUPP if that is no tus
 * 1.0 with "creation", or no "creation-defer-length" for an unknown length. What http.h says of errors and
 * of another try holds here too.
 */
int http_tus_open(struct http_tus **out, struct http *h, const struct url *url, uint64_t len, struct err *e);

/*
 * The next len bytes, in one PATCH on a connection that is kept, with a checksum (SHA-256 or SHA-1) where
 * the server knows "checksum". last: none come behind. buf must hold all of them: if the server lost some
 * (a connection that broke, a restart, a checksum that differs), HEAD asks how far it is, and the rest is
 * sent again, for as long as http_again allows. Less than what an earlier call sent, or more than this one
 * has, is -EREMOTEIO.
 */
int http_tus_put(struct http_tus *t, const void *buf, size_t len, bool last, struct err *e);

/* After the last one: 0 if HEAD tells an upload of len bytes that is complete, else -EIO or another error. */
int http_tus_check(struct http_tus *t, uint64_t len, struct err *e);

/* An upload that is not complete stays as such on the server until it expires. NULL is fine. */
void http_tus_free(struct http_tus *t);

#endif
