/* s3body - what does a store say behind the head of its answer? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "http/s3call.h"

enum { LINE_MAX_BYTES = 1024 };	/* of a chunk's size with its extensions, of a trailer */

struct reader {
	struct exchange *x;
	size_t  at;			/* in x->in */
	bool    ended;			/* by the peer */
	char   *out;
	size_t  len;
	struct err *e;
};

static int bad(struct reader *r, const char *why)
{
	return err_say(r->e, -EBADMSG, "the answer's body is no proper HTTP: %s", why);
}

/* The next byte, -1 at the end, or another negative errno. */
static int next(struct reader *r)
{
	struct exchange *x = r->x;

	if (r->at == x->have && !r->ended) {
		ssize_t n = stream_read(x->s, x->in, HEAD_MAX, r->e);

		if (n < 0)
			return n == -1 ? -EIO : (int)n;
		r->at = 0;
		x->have = (size_t)n;
		r->ended = !n;
	}
	return r->ended ? -1 : (unsigned char)x->in[r->at++];
}

static int need(struct reader *r)
{
	int c = next(r);

	return c == -1 ? err_say(r->e, -ECONNRESET, "the server ended the connection in the middle of its answer") : c;
}

/* A store that is still at work sends blanks in front. */
static int keep(struct reader *r, int c)
{
	if (!r->len && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
		return 0;
	if (r->len == S3_BODY_MAX)
		return err_say(r->e, -EBADMSG, "the answer's body has more than %d bytes", S3_BODY_MAX);
	r->out[r->len++] = (char)c;
	return 0;
}

static int take(struct reader *r, uint64_t n)
{
	while (n--) {
		int c = need(r), rc = c < 0 ? c : keep(r, c);

		if (rc)
			return rc;
	}
	return 0;
}

/* A line of at most LINE_MAX_BYTES: 0 and its length, without CR LF. */
static int line(struct reader *r, char *out, size_t size, size_t *len)
{
	*len = 0;
	for (size_t n = 0; n < LINE_MAX_BYTES; n++) {
		int c = need(r);

		if (c < 0)
			return c;
		if (c == '\r') {
			c = need(r);
			return c == '\n' ? 0 : c < 0 ? c : bad(r, "a CR within a line");
		}
		if (c == '\n')
			return bad(r, "a line that ends without CR");
		if (*len + 1 < size)
			out[(*len)++] = (char)c;
		out[*len] = '\0';
	}
	return bad(r, "a line that is too long");
}

static int chunk_size(struct reader *r, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	char text[64] = "";
	size_t len, at = 0;
	int rc = line(r, text, sizeof(text), &len);

	*out = 0;
	for (; !rc && at < len && text[at] != ';' && text[at] != ' '; at++) {
		const char *d = strchr(digits, text[at] | (text[at] >= 'A' ? 0x20 : 0));

		if (!d || at == 8)
			return bad(r, "a chunk whose size is no number");
		*out = *out << 4 | (uint64_t)(d - digits);
	}
	return rc || at ? rc : bad(r, "a chunk without a size");
}

static int chunks(struct reader *r)
{
	char text[4];
	uint64_t size;
	size_t len;
	int rc;

	do {
		rc = chunk_size(r, &size);
		if (!rc)
			rc = take(r, size);
		if (!rc && size) {
			rc = line(r, text, sizeof(text), &len);
			if (!rc && len)
				rc = bad(r, "a chunk that is longer than its size");
		}
	} while (!rc && size);
	for (int i = 0; !rc && i < 64; i++) {	/* trailers */
		rc = line(r, text, sizeof(text), &len);
		if (!rc && !len)
			return 0;
	}
	return rc ? rc : bad(r, "trailers without end");
}

int s3_body(struct exchange *x, const struct http_head *head, char *out, size_t *len, struct err *e)
{
	struct reader r = { .x = x, .out = out, .e = e };
	int rc = 0, c;

	if (head->status == 204 || head->status == 304) {
		rc = 0;
	} else if (head->chunked) {
		rc = chunks(&r);
	} else if (head->has_length) {
		rc = take(&r, head->length);
	} else {
		while (!rc && (c = next(&r)) != -1)
			rc = c < 0 ? c : keep(&r, c);
	}
	out[r.len] = '\0';
	*len = r.len;
	x->have -= r.at;	/* what is behind it is nobody's */
	return rc;
}
