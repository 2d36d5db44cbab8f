/* request - what is sent in front of a body? */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/version.h"
#include "http/session.h"
#include "ssh/base64.h"

int request_basic(char *out, size_t size, const char *user, struct err *e)
{
	size_t len = strlen(user);

	if (!strchr(user, ':'))
		return err_say(e, -EINVAL, "a user is given as USER:PASSWORD; nobody is there to be asked for it");
	if ((len + 2) / 3 * 4 + 7 > size)
		return err_say(e, -EINVAL, "the user and password are too long");
	memcpy(out, "Basic ", 6);
	base64_encode(out + 6, size - 6, (const uint8_t *)user, len);
	return 0;
}

/* Is host in the list, itself or by a domain that it ends in? */
static bool listed(const char *list, const char *host)
{
	size_t host_len = strlen(host);

	while (*list) {
		size_t len;
		const char *tail;

		list += strspn(list, ", ");
		len = strcspn(list, ", ");
		if (len == 1 && *list == '*')
			return true;
		if (len && *list == '.')
			list++, len--;
		tail = host_len >= len ? host + host_len - len : host;
		if (len && host_len >= len && !strncasecmp(tail, list, len) &&
		    (tail == host || tail[-1] == '.'))
			return true;
		list += len;
	}
	return false;
}

bool request_goes_by_proxy(const struct http *h, const struct url *url)
{
	return h->by_proxy && !(h->o.no_proxy && listed(h->o.no_proxy, url->host));
}

struct out {
	char *p;
	size_t size, len;
	bool full;
};

static void put(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (o->full)
		return;
	va_start(ap, fmt);
	n = vsnprintf(o->p + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= o->size - o->len)
		o->full = true;
	else
		o->len += (size_t)n;
}

static void put_body_fields(struct out *o, const struct request *rq)
{
	if (!rq->has_body)
		return;
	if (rq->len == HTTP_UNKNOWN)
		put(o, "Transfer-Encoding: chunked\r\n");
	else
		put(o, "Content-Length: %llu\r\n", (unsigned long long)rq->len);
	put(o, "Content-Type: %s\r\n", rq->type ? rq->type : "application/octet-stream");
	if (rq->expect)
		put(o, "Expect: 100-continue\r\n");
}

int request_text(const struct http *h, const struct request *rq, char *out, size_t size, struct err *e)
{
	struct out o = { out, size, 0, false };
	char authority[URL_HOST + 10], text[URL_TEXT];
	bool absolute = request_goes_by_proxy(h, &rq->url) && !rq->url.tls;

	put(&o, "%s %s HTTP/1.1\r\nHost: %s\r\n", rq->method,
	    absolute ? url_text(&rq->url, text) : rq->url.path, url_authority(&rq->url, authority));
	put(&o, "User-Agent: kdumpbox/%s\r\nAccept: */*\r\n%s", KDUMPBOX_VERSION,
	    rq->keep ? "" : "Connection: close\r\n");
	if (absolute && h->proxy_authorization[0])
		put(&o, "Proxy-Authorization: %s\r\n", h->proxy_authorization);
	if (url_same_origin(&rq->url, &h->origin)) {
		if (h->authorization[0])
			put(&o, "Authorization: %s\r\n", h->authorization);
		for (size_t i = 0; i < h->o.nr_headers; i++)
			put(&o, "%s\r\n", h->o.headers[i]);
	}
	put_body_fields(&o, rq);
	if (rq->fields)
		put(&o, "%s", rq->fields);
	if (rq->if_none)
		put(&o, "If-None-Match: *\r\n");
	if (rq->destination) {	/* a query is for the request, not for the name */
		url_text(rq->destination, text);
		put(&o, "Destination: %.*s\r\nOverwrite: %s\r\n", (int)strcspn(text, "?"), text,
		    rq->overwrite ? "T" : "F");
	}
	put(&o, "\r\n");
	return o.full ? err_say(e, -E2BIG, "the request is longer than %zu bytes", size) : (int)o.len;
}
