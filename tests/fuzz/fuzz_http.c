/* fuzz_http - any bytes as the answer of a server, and as a place that it leads to. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "http/head.h"

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
	if (url_parse(&v, whole, NULL) || strcmp(url_text(&v, again), whole) || !url_same_origin(&u, &v))
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
	free(text);
	return 0;
}
