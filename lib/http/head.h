/* head - the beginning of an answer of HTTP/1.1 (RFC 9112), which may be hostile. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/url.h"

enum { HEAD_MAX = 64 << 10, HEAD_STATUS_LINE = 8 << 10, HEAD_RETRY_MAX_S = 300,
       HEAD_ETAG = 80, HEAD_REGION = 40 };

struct http_head {
	int      status;		/* 100 to 599 */
	char     reason[80];		/* printable ASCII */
	bool     has_length;
	uint64_t length;		/* Content-Length */
	bool     chunked;
	bool     closes;		/* the connection ends behind this answer */
	bool     dav;			/* a DAV field: it speaks WebDAV */
	char     location[URL_PATH];	/* "" if there is none or it does not fit */
	unsigned retry_after_s;		/* at most HEAD_RETRY_MAX_S; 0: not said, or a date that is past */
	char     etag[HEAD_ETAG];	/* "" if there is none or it does not fit */
	int64_t  date;			/* the server's clock, seconds since 1970; 0: not said */
	char     region[HEAD_REGION];	/* x-amz-bucket-region; "" if there is none */
	bool     takes_crc32c;		/* x-amz-checksum-algorithm: CRC32C */
	bool     wants_basic, wants_bearer, wants_other;	/* what WWW- or Proxy-Authenticate names */
	unsigned tus;			/* TUS_: what it says of resumable uploads */
	uint64_t upload_offset, upload_length;	/* as tus has them; HEAD_UNSAID */
	size_t   bytes;			/* of the head */
};

#define HEAD_UNSAID UINT64_MAX

/* Version 1.0.0 and the extensions of it, tus.io/protocols/resumable-upload */
enum { TUS_SPOKEN = 1, TUS_CREATION = 2, TUS_DEFER_LENGTH = 4, TUS_CHECKSUM = 8, TUS_SHA1 = 16, TUS_SHA256 = 32 };

/*
 * Look for a head in the first len bytes of an answer. now: seconds since 1970, for a Retry-After
 * with a date. Returns 1 and *h, 0 if its end has not come yet, or -EBADMSG with a message: what is
 * no HTTP/1.x, a head above HEAD_MAX, a status line above HEAD_STATUS_LINE, a line that ends
 * without CR or has one inside, a folded line, a name that is no token, two lengths that differ or
 * that no 63 bits hold, a length beside chunks, a transfer coding other than "chunked".
 */
int http_head_parse(struct http_head *h, const char *data, size_t len, int64_t now, struct err *e);

#endif
