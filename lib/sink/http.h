/* http - objects on a server of HTTP: WebDAV or tus where it is spoken, or the POST of a form. */
/* SPDX-License-Identifier: MIT */
#ifndef SINK_HTTP_H
#define SINK_HTTP_H

#include "http/http.h"
#include "sink/sink.h"

/*
 * An object of len bytes (HTTP_UNKNOWN: as many as come), written in rising order only; a dump
 * wants flat_sink_open around it, if it is not of a known length. h is borrowed.
 *
 * Where the server knows MOVE the object is NAME-incomplete until commit moves it. Elsewhere it has
 * its name as soon as it is all there, and what tells a dump that is whole is its manifest, which
 * is uploaded last. Up to 256 KiB are held back until the end, so that they can be sent again; of a
 * larger object of known length the caller begins anew, after http_again.
 *
 * commit: the last byte was sent, a success came after it, HEAD tells the same length (and again
 * under the final name). ACK_RECEIVED then; ACK_SENT if the server tells no length. HTTP has no word
 * for more: whether it is on a disk nobody says. keep: NAME-incomplete, or, where there is no MOVE and
 * more than 256 KiB, nothing and -EOPNOTSUPP.
 *
 * A presigned URL of S3 takes one PUT and nothing else: there its answer is all that is asked for.
 * With the option `form` it is one POST, with its name as that of the form's file: no name to look at before or
 * after, so ACK_SENT is all that a success says, and after a break the server may have it twice.
 *
 * Returns 0 and *out; -EEXIST if the object is there already and replace is false; or an error of
 * http_put_open.
 */
int http_sink_open(struct sink **out, struct http *h, const struct url *url, uint64_t len, bool replace,
		   struct err *e);

/*
 * The same by tus: see http/tus.h. 1 MiB is held, sent by one PATCH, and sent again after a break, so that a
 * stream survives one too. commit: HEAD tells the whole length; ACK_RECEIVED. keep: an upload that is not
 * complete. The name is the server's to choose, so nothing is there already and nothing is replaced.
 */
int tus_sink_open(struct sink **out, struct http *h, const struct url *url, uint64_t len, struct err *e);

/* Where the files of a dump go: the options for one origin. Zero-initialise it; options are the caller's. */
struct http_place {
	struct http_options options;
	struct http *h;
	struct url   url;	/* the last one; h is for its origin */
};

/*
 * As above, by tus if the options say so, `to` as text. stamp: CRASHTIME, for the clock of certificates, or 0. What another
 * origin was told is forgotten: sinks of it must be closed before.
 */
int http_place_open(struct http_place *p, struct sink **out, const char *to, uint64_t stamp, uint64_t len,
		    bool replace, struct err *e);
void http_place_close(struct http_place *p);

/*
 * A flattened dump with no options at all: over http, since https needs to be told whom to trust. For
 * sink_open.
 */
int http_url_sink_open(struct sink **out, const char *url, uint64_t stamp, bool replace, struct err *e);

#endif
