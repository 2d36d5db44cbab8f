/* head - what does a server answer, and can it be meant in one way only? */
/* SPDX-License-Identifier: MIT */
#include "http/head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A piece of the head, not terminated. */
struct text {
	const char *p;
	size_t len;
};

static int bad(struct err *e, const char *why)
{
	return err_say(e, -EBADMSG, "the answer is no proper HTTP: %s", why);
}

static bool is(struct text t, const char *word)
{
	return t.len == strlen(word) && !strncasecmp(t.p, word, t.len);
}

static struct text trim(struct text t)
{
	while (t.len && (*t.p == ' ' || *t.p == '\t'))
		t.p++, t.len--;
	while (t.len && (t.p[t.len - 1] == ' ' || t.p[t.len - 1] == '\t'))
		t.len--;
	return t;
}

/* RFC 9110 section 5.6.2 */
static bool is_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.p[i] <= ' ' || t.p[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", t.p[i]))
			return false;
	return t.len;
}

static void copy_printable(char *out, size_t size, struct text t)
{
	size_t n = t.len < size - 1 ? t.len : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = t.p[i] < ' ' || t.p[i] > '~' ? '?' : t.p[i];
	out[n] = '\0';
}

/* Digits only; false if they are more than 63 bits. */
static bool number(struct text t, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < t.len; i++) {
		uint64_t digit = (uint64_t)(t.p[i] - '0');	/* large if it is none */

		if (digit > 9 || v > (INT64_MAX - digit) / 10)
			return false;
		v = 10 * v + digit;
	}
	*out = v;
	return t.len;
}

static int status_line(struct http_head *h, struct text line, struct err *e)
{
	if (line.len > HEAD_STATUS_LINE)
		return bad(e, "a status line of more than 8 KiB");
	if (line.len < 12 || memcmp(line.p, "HTTP/1.", 7) || line.p[7] < '0' || line.p[7] > '9' ||
	    line.p[8] != ' ')
		return bad(e, "it does not begin with HTTP/1.1");
	h->closes = line.p[7] == '0';
	for (int i = 9; i < 12; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return bad(e, "its status is no number");
		h->status = 10 * h->status + line.p[i] - '0';
	}
	if (h->status < 100 || h->status > 599 || (line.len > 12 && line.p[12] != ' '))
		return bad(e, "its status is not from 100 to 599");
	if (line.len > 13)
		copy_printable(h->reason, sizeof(h->reason), (struct text){ line.p + 13, line.len - 13 });
	return 0;
}

static int take_length(struct http_head *h, struct text value, struct err *e)
{
	uint64_t v;

	if (!number(value, &v))
		return bad(e, "its Content-Length is no number");
	if (h->has_length && h->length != v)
		return bad(e, "it has two lengths");
	h->has_length = true;
	h->length = v;
	return 0;
}

/* The one form of a date that is still sent (RFC 9110 section 5.6.7); 0 if it is none. */
static int64_t date(struct text value)
{
	char text[40];
	struct tm t = { 0 };

	copy_printable(text, sizeof(text), value);
	return strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &t) ? timegm(&t) : 0;
}

/* Seconds, or a date. */
static void take_retry_after(struct http_head *h, struct text value, int64_t now)
{
	int64_t when, left;
	uint64_t v;

	if (number(value, &v)) {
		h->retry_after_s = v < HEAD_RETRY_MAX_S ? (unsigned)v : HEAD_RETRY_MAX_S;
		return;
	}
	when = date(value);
	left = when - now;
	if (when && left > 0)
		h->retry_after_s = left < HEAD_RETRY_MAX_S ? (unsigned)left : HEAD_RETRY_MAX_S;
}

static void take_challenge(struct http_head *h, struct text value)
{
	if (value.len >= 5 && !strncasecmp(value.p, "basic", 5))
		h->wants_basic = true;
	else if (value.len >= 6 && !strncasecmp(value.p, "bearer", 6))
		h->wants_bearer = true;
	else
		h->wants_other = true;
}

/* What stores tell in fields of their own, or as nobody else needs it. */
static void take_store_field(struct http_head *h, struct text name, struct text value)
{
	if (is(name, "etag") && value.len < sizeof(h->etag))
		copy_printable(h->etag, sizeof(h->etag), value);
	else if (is(name, "date"))
		h->date = date(value);
	else if (is(name, "x-amz-bucket-region") && value.len < sizeof(h->region))
		copy_printable(h->region, sizeof(h->region), value);
	else if (is(name, "x-amz-checksum-algorithm"))
		h->takes_crc32c = is(value, "CRC32C");
}

/* Bits for the words of a list that are known. */
static unsigned words(struct text list)
{
	static const struct {
		const char *word;
		unsigned bit;
	} known[] = {
		{ "1.0.0", TUS_SPOKEN }, { "creation", TUS_CREATION }, { "creation-defer-length", TUS_DEFER_LENGTH },
		{ "checksum", TUS_CHECKSUM }, { "sha1", TUS_SHA1 }, { "sha256", TUS_SHA256 },
	};
	const char *end = list.p + list.len;
	unsigned bits = 0;

	for (const char *at = list.p, *comma; at < end; at = comma + 1) {
		comma = memchr(at, ',', (size_t)(end - at));
		comma = comma ? comma : end;
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (is(trim((struct text){ at, (size_t)(comma - at) }), known[i].word))
				bits |= known[i].bit;
	}
	return bits;
}

/* False: it is none of tus. */
static bool take_tus(struct http_head *h, struct text name, struct text value, bool *bad_number)
{
	uint64_t *to = is(name, "upload-offset") ? &h->upload_offset : is(name, "upload-length") ? &h->upload_length : NULL;

	if (to)
		*bad_number = !number(value, to);
	else if (is(name, "tus-resumable") || is(name, "tus-version") || is(name, "tus-extension") ||
		 is(name, "tus-checksum-algorithm"))
		h->tus |= words(value);
	else
		return false;
	return true;
}

static int field(struct http_head *h, struct text line, int64_t now, struct err *e)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct text name, value;
	bool bad_number = false;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return bad(e, "a folded line");
	if (!colon)
		return bad(e, "a line without a colon");
	name = (struct text){ line.p, (size_t)(colon - line.p) };
	value = trim((struct text){ colon + 1, line.len - name.len - 1 });
	if (!is_token(name))
		return bad(e, "a name with a character that none may have");
	if (is(name, "content-length"))
		return take_length(h, value, e);
	if (is(name, "transfer-encoding")) {
		if (h->chunked || !is(value, "chunked"))
			return bad(e, "a transfer coding other than chunked");
		h->chunked = true;
	} else if (is(name, "dav")) {
		h->dav = true;
	} else if (is(name, "location") && value.len < sizeof(h->location)) {
		copy_printable(h->location, sizeof(h->location), value);
	} else if (is(name, "retry-after")) {
		take_retry_after(h, value, now);
	} else if (is(name, "www-authenticate") || is(name, "proxy-authenticate")) {
		take_challenge(h, value);
	} else if (is(name, "connection")) {
		h->closes |= is(value, "close");
	} else if (take_tus(h, name, value, &bad_number)) {
		return bad_number ? bad(e, "its Upload-Offset or Upload-Length is no number") : 0;
	} else {
		take_store_field(h, name, value);
	}
	return 0;
}

/* The next line without its CR LF: 1, 0 if its end has not come, -EBADMSG. */
static int next_line(const char **at, const char *end, struct text *line, struct err *e)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at)), *cr;

	*line = (struct text){ *at, (size_t)((lf ? lf : end) - *at) };
	cr = memchr(line->p, '\r', line->len);
	if (memchr(line->p, 0, line->len))
		return bad(e, "a NUL in it");
	if (cr && cr + 1 < line->p + line->len)
		return bad(e, "a CR within a line");
	if (!lf)
		return 0;
	if (!cr)
		return bad(e, "a line that ends without CR");
	line->len--;
	*at = lf + 1;
	return 1;
}

int http_head_parse(struct http_head *h, const char *data, size_t len, int64_t now, struct err *e)
{
	const char *at = data, *end = data + (len < HEAD_MAX ? len : HEAD_MAX);
	struct text line;
	bool first = true;
	int rc;

	*h = (struct http_head){ .upload_offset = HEAD_UNSAID, .upload_length = HEAD_UNSAID };
	/* HTTP/0.9, and whatever else is not HTTP, is told at once. */
	if (memcmp(data, "HTTP/1.", len < 7 ? len : 7))
		return bad(e, "it does not begin with HTTP/1.1");
	while ((rc = next_line(&at, end, &line, e)) > 0) {
		if (!first && !line.len)
			break;
		rc = first ? status_line(h, line, e) : field(h, line, now, e);
		if (rc)
			return rc;
		first = false;
	}
	if (rc < 0)
		return rc;
	if (!rc) {
		if (first && line.len > HEAD_STATUS_LINE)
			return bad(e, "a status line of more than 8 KiB");
		return len < HEAD_MAX ? 0 : bad(e, "a head of more than 64 KiB");
	}
	if (h->chunked && h->has_length)
		return bad(e, "a length beside chunks");
	h->bytes = (size_t)(at - data);
	return 1;
}
