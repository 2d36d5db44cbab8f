/* fuzz_http - any bytes as the answer of a server or a store, and as a place that it leads to. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/s3call.h"
#include "http/sigv4.h"
#include "http/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A place that was taken must be the same when it is read as text, and have nothing that splits a request. */
static void place(const char *text)
{
	static const struct url base = { .port = 80, .host = "h", .path = "/a/b?c" };
	char whole[URL_TEXT], again[URL_TEXT];
	struct url u, v;

	if (url_resolve(&u, &base, text, NULL))
		return;
	url_text(&u, whole);
	for (const char *p = whole; *p; p++)
		if (*p <= ' ' || *p > '~')
			abort();
	if (!url_split(&u, NULL, &v, again, NULL) && (!again[0] || strchr(again, '/') || strlen(v.path) + strlen(again) != strlen(u.path)))
		abort();
	if (url_parse(&v, whole, NULL) || strcmp(url_text(&v, again), whole) || !url_same_origin(&u, &v))
		abort();
}

/* A peer that has said all in pieces of 7 bytes. */
struct said {
	struct stream base;
	const char *at, *end;
};

static ssize_t said_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	struct said *p = (struct said *)s;
	size_t n = (size_t)(p->end - p->at);

	(void)e;
	n = n < len ? n : len;
	n = n < 7 ? n : 7;
	memcpy(buf, p->at, n);
	p->at += n;
	return (ssize_t)n;
}

/* A body is never longer than its limit, nor taken for whole where it is cut. */
static void body(const char *data, size_t len)
{
	static const struct stream_ops ops = { .name = "said", .read = said_read };
	static char in[HEAD_MAX], out[S3_BODY_MAX + 1];
	struct http_head heads[3] = { { .status = 200, .chunked = true }, { .status = 200 },
				      { .status = 200, .has_length = true, .length = len + 1 } };

	for (size_t i = 0; i < 3; i++) {
		struct said peer = { .base.ops = &ops, .at = data, .end = data + len };
		struct exchange x = { .s = &peer.base, .in = in };
		size_t n = 0;
		int rc = s3_body(&x, &heads[i], out, &n, NULL);

		if (n > S3_BODY_MAX || out[n] || (!rc && i == 2) || (!rc && !i && len < 5))
			abort();
	}
}

/* A document that is taken is all there is: nothing may follow it. What comes out is printable. */
static void document(const char *data, size_t len)
{
	static const char *const paths[] = { "Error/Code", "Error", "CompleteMultipartUploadResult/ETag" };
	char text[40], longer[3001];
	struct s3_answer a = { .body = longer, .len = len };
	int rc;

	if (len >= sizeof(longer))
		return;
	memcpy(longer, data, len);
	longer[len] = 'x';
	for (size_t i = 0; i < 3; i++) {
		rc = xml_text(data, len, paths[i], text, sizeof(text), NULL);
		for (const char *p = text; *p; p++)
			if (*p < ' ' || *p > '~')
				abort();
		if (rc >= 0 && xml_text(longer, len + 1, paths[i], text, sizeof(text), NULL) != -EBADMSG)
			abort();
	}
	longer[len] = '\0';
	s3_read_error(&a);
	if (s3_refuse(&(struct http){ .tries = 0 }, "PUT", &a, NULL) >= 0)
		abort();
}

/* What was encoded stays as it is. */
static void path(const char *text)
{
	char once[10000], twice[10000];

	if (sigv4_encode(once, sizeof(once), text, true, true))
		return;
	if (sigv4_encode(twice, sizeof(twice), once, true, true) || strcmp(once, twice))
		abort();
}

static void keys(const char *data, size_t len)
{
	struct s3_keys k;

	if (!s3_keys_parse(&k, data, len, "f", NULL) &&
	    (!k.id[0] || !k.secret[0] || strpbrk(k.id, " \r\n") || strpbrk(k.token, " \r\n")))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_head h, part;
	char *text;
	int rc;

	if (len > 70000)
		return 0;
	rc = http_head_parse(&h, (const char *)data, len, 1000, NULL);
	if (rc > 0) {
		if (h.bytes > len || h.status < 100 || h.status > 599 || (h.chunked && h.has_length) ||
		    h.retry_after_s > HEAD_RETRY_MAX_S)
			abort();
		/* What is behind a head does not count, and without its last byte it is none. */
		if (http_head_parse(&part, (const char *)data, h.bytes, 1000, NULL) != 1 || part.bytes != h.bytes ||
		    http_head_parse(&part, (const char *)data, h.bytes - 1, 1000, NULL) != 0)
			abort();
		place(h.location);
	}
	text = strndup((const char *)data, len < 3000 ? len : 3000);
	place(text);
	path(text);
	free(text);
	body((const char *)data, len);
	document((const char *)data, len);
	keys((const char *)data, len);
	return 0;
}
