/* session - how does a request get to its server, and what comes back? */
/* SPDX-License-Identifier: MIT */
#include "http/form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/io.h"
#include "net/dial.h"
#include "ssh/crypto.h"

/* A line that goes into a request must not become two, nor say what only we know. */
static int check_header(const char *line, struct err *e)
{
	static const char *const ours[] = { "host", "content-length", "transfer-encoding", "connection", "expect",
					    "destination", "overwrite" };
	size_t name = strcspn(line, ":");

	if (!name || !line[name] || line[0] == ' ')
		return err_say(e, -EINVAL, "'%.60s' is no header line NAME: VALUE", line);
	for (const char *p = line; *p; p++)
		if ((*p < ' ' && *p != '\t') || *p > '~' || (p < line + name && *p == ' '))
			return err_say(e, -EINVAL, "the header '%.*s' has a character that none may have", (int)name,
				       line);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (strlen(ours[i]) == name && !strncasecmp(line, ours[i], name))
			return err_say(e, -EINVAL, "the header '%s' is not for a caller to set", ours[i]);
	return 0;
}

static int read_token(struct http *h, const char *path, struct err *e)
{
	char token[900];
	int rc = read_line(path, token, sizeof(token));

	if (rc)
		return err_set(e, rc, "read the token of %s", path);
	if (!token[0] || strlen(token) == sizeof(token) - 1)
		return err_say(e, -EINVAL, "%s: a token of 1 to %zu bytes is wanted", path, sizeof(token) - 2);
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return err_say(e, -EINVAL, "%s: the token has a character that none may have", path);
	snprintf(h->authorization, sizeof(h->authorization), "Bearer %s", token);
	ssh_wipe(token, sizeof(token));
	return 0;
}

static int take_proxy(struct http *h, const char *proxy, struct err *e)
{
	char text[URL_TEXT];
	int rc;

	snprintf(text, sizeof(text), "%s%s", strstr(proxy, "://") ? "" : "http://", proxy);
	rc = url_parse(&h->proxy, text, e);
	if (!rc && h->proxy.tls)
		rc = err_say(e, -EINVAL, "a proxy is reached by http:// only; https to the server goes through it");
	h->by_proxy = true;
	return rc ? err_add(e, "proxy") : 0;
}

int http_new(struct http **out, const struct http_options *o, const struct url *url, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));
	struct form form;
	int rc = 0;

	if (!h)
		return err_set(e, -ENOMEM, "HTTP");
	h->o = *o;
	h->origin = *url;
	for (size_t i = 0; !rc && i < o->nr_headers; i++)
		rc = check_header(o->headers[i], e);
	if (!rc && o->tus && o->form)
		rc = err_say(e, -EINVAL, "an upload by tus is none by a form: which is it?");
	if (!rc && o->form)
		rc = form_make(&form, o->form, "", e);
	if (!rc && o->user)
		rc = request_basic(h->authorization, sizeof(h->authorization), o->user, e);
	if (!rc && o->bearer_file)
		rc = read_token(h, o->bearer_file, e);
	if (!rc && o->proxy && o->proxy[0])
		rc = take_proxy(h, o->proxy, e);
	if (!rc && o->proxy_user)
		rc = request_basic(h->proxy_authorization, sizeof(h->proxy_authorization), o->proxy_user, e);
	/* Files that are missing are told before a dump is made for them. */
	if (!rc && url->tls)
		rc = tls_new(&h->tls, &o->tls, e);
	if (rc) {
		http_free(h);
		return rc;
	}
	*out = h;
	return 0;
}

const struct http_options *http_options_of(const struct http *h)
{
	return &h->o;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	tls_free(h->tls);
	ssh_wipe(h, sizeof(*h));
	free(h);
}

/* Read what there is; 0 at the end. */
static ssize_t fill(struct exchange *x, struct err *e)
{
	ssize_t n = stream_read(x->s, x->in + x->have, HEAD_MAX - x->have, e);

	if (n > 0)
		x->have += (size_t)n;
	return n;
}

int exchange_answer(struct exchange *x, unsigned wait_ms, struct http_head *head, struct err *e)
{
	uint64_t end = now_ms() + wait_ms;

	for (;;) {
		int rc = http_head_parse(head, x->in, x->have, time(NULL), e);
		uint64_t now = now_ms();
		ssize_t n;

		if (rc < 0)
			return rc;
		if (rc) {
			memmove(x->in, x->in + head->bytes, x->have - head->bytes);
			x->have -= head->bytes;
			if (head->status == 100 || head->status >= 200)
				return 1;
			if (head->status == 101)
				return err_say(e, -EBADMSG, "the server changed to another protocol, unasked");
			if (++x->interim > INTERIM_MAX)
				return err_say(e, -EBADMSG, "more than %d answers that are none", INTERIM_MAX);
			continue;
		}
		if (!stream_ready(x->s, now < end ? (unsigned)(end - now) : 0))
			return 0;
		n = fill(x, e);
		if (n < 0)
			return (int)n;
		if (!n)
			return err_say(e, -ECONNRESET, "the server ended the connection %s", x->have ?
				       "in the middle of its answer" : "without an answer");
	}
}

int exchange_final(struct exchange *x, unsigned ms, struct http_head *head, struct err *e)
{
	int rc;

	do {
		rc = exchange_answer(x, ms, head, e);
		if (rc > 0 && head->status == 100 && ++x->interim > INTERIM_MAX)
			return err_say(e, -EBADMSG, "more than %d answers that are none", INTERIM_MAX);
	} while (rc > 0 && head->status == 100);
	if (!rc)
		return err_say(e, -ETIMEDOUT, "no answer within %u s", ms / 1000);
	return rc > 0 ? 0 : rc;
}

void exchange_close(struct exchange *x)
{
	stream_close(x->s);
	free(x->in);
	x->s = NULL;
	x->in = NULL;
}

/* Ask the proxy for a connection to the server itself. */
static int tunnel(struct exchange *x, const struct url *url, struct err *e)
{
	char text[REQUEST_MAX];
	const char *open = strchr(url->host, ':') ? "[" : "", *close = *open ? "]" : "";
	struct http_head head;
	int rc, n = snprintf(text, sizeof(text), "CONNECT %s%s%s:%u HTTP/1.1\r\nHost: %s%s%s:%u\r\n%s%s%s\r\n", open,
			     url->host, close, url->port, open, url->host, close, url->port,
			     x->h->proxy_authorization[0] ? "Proxy-Authorization: " : "", x->h->proxy_authorization,
			     x->h->proxy_authorization[0] ? "\r\n" : "");

	rc = stream_write(x->s, text, (size_t)n, e);
	if (!rc)
		rc = exchange_final(x, IDLE_MS, &head, e);
	if (rc)
		return err_add(e, "proxy %s", x->h->proxy.host);
	if (head.status / 100 != 2) {
		struct request rq = { .method = "CONNECT", .url = *url };

		return refuse(x->h, &rq, &head, e);
	}
	if (x->have)
		return err_say(e, -EBADMSG, "proxy %s: bytes before the server had anything to say", x->h->proxy.host);
	return 0;
}

static int connect_to(struct exchange *x, const struct url *url, struct err *e)
{
	struct http *h = x->h;
	bool by_proxy = request_goes_by_proxy(h, url);
	const struct url *peer = by_proxy ? &h->proxy : url;
	struct stream *tcp;
	int rc = 0;

	if (url->tls && !h->tls)
		rc = tls_new(&h->tls, &h->o.tls, e);
	if (!rc)
		rc = net_dial(&x->s, peer->host, peer->port, h->o.connect_timeout_ms, e);
	if (rc)
		return rc;
	x->s->idle_ms = IDLE_MS;
	if (by_proxy && url->tls)
		rc = tunnel(x, url, e);
	if (rc || !url->tls)
		return rc;
	tcp = x->s;
	x->s = NULL;		/* tls_connect owns it, whatever happens */
	return tls_connect(&x->s, tcp, h->tls, url->host, e);
}

int exchange_next(struct exchange *x, const struct request *rq, struct err *e)
{
	char text[REQUEST_MAX];
	int rc, len = request_text(x->h, rq, text, sizeof(text), e);

	x->have = x->interim = 0;
	x->s->idle_ms = IDLE_MS;
	x->s->deadline_ms = 0;
	rc = len < 0 ? len : stream_write(x->s, text, (size_t)len, e);
	ssh_wipe(text, sizeof(text));
	if (rc)
		exchange_close(x);
	return rc ? broke(x->h, rc) : 0;
}

int exchange_open(struct exchange *x, struct http *h, const struct request *rq, struct err *e)
{
	int rc;

	*x = (struct exchange){ .h = h, .in = malloc(HEAD_MAX) };
	rc = x->in ? connect_to(x, &rq->url, e) : err_set(e, -ENOMEM, "HTTP");
	if (!rc)
		return exchange_next(x, rq, e);
	exchange_close(x);
	return broke(h, rc);
}
