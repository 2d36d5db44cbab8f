/* url - which server and which path does a text name? */
/* SPDX-License-Identifier: MIT */
#include "http/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/args.h"

bool url_is_http(const char *text)
{
	return !strncasecmp(text, "http://", 7) || !strncasecmp(text, "https://", 8);
}

static int set_host(struct url *u, const char *at, size_t len, struct err *e)
{
	if (!len || len >= sizeof(u->host) || *at == '-')
		return err_say(e, -EINVAL, "the URL names no host");
	for (size_t i = 0; i < len; i++) {
		char c = at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !strchr("-._:", c))
			return err_say(e, -EINVAL, "the host of the URL has a character that no host has");
		u->host[i] = c;
	}
	u->host[len] = '\0';
	return 0;
}

/* HOST[:PORT] in len bytes. */
static int set_authority(struct url *u, const char *at, size_t len, struct err *e)
{
	const char *end = at + len, *host_end;
	char digits[8] = "";
	unsigned long long port;
	int rc;

	if (memchr(at, '@', len))
		return err_say(e, -EINVAL, "a URL is no place for a user or password: use -u or a file");
	if (len && *at == '[') {
		host_end = memchr(at, ']', len);
		if (!host_end || !memchr(at, ':', (size_t)(host_end - at)))
			return err_say(e, -EINVAL, "the URL has no IPv6 address in its brackets");
		rc = set_host(u, at + 1, (size_t)(host_end - at - 1), e);
		at = host_end + 1;
	} else {
		host_end = memchr(at, ':', len);
		host_end = host_end ? host_end : end;
		rc = set_host(u, at, (size_t)(host_end - at), e);
		at = host_end;
	}
	u->port = u->tls ? 443 : 80;
	if (rc || at == end)
		return rc;
	if (*at != ':' || (size_t)(end - at - 1) >= sizeof(digits))
		return err_say(e, -EINVAL, "the port of the URL is no number from 1 to 65535");
	memcpy(digits, at + 1, (size_t)(end - at - 1));
	rc = parse_number(digits, "the port of the URL", 1, 65535, &port, e);
	u->port = (uint16_t)port;
	return rc;
}

static int set_path(struct url *u, const char *path, struct err *e)
{
	size_t len = strcspn(path, "#"), at = path[0] != '/';

	u->path[0] = '/';
	if (len + at >= sizeof(u->path))
		return err_say(e, -EINVAL, "the path of the URL is longer than %zu bytes", sizeof(u->path) - 2);
	for (size_t i = 0; i < len; i++)
		if (path[i] <= ' ' || path[i] > '~' || strchr("\"<>\\^`{|}", path[i]))
			return err_say(e, -EINVAL, "the path of the URL has a character that must be "
				       "written as %%%02X", (unsigned char)path[i]);
	memcpy(u->path + at, path, len);
	u->path[len + at] = '\0';
	return 0;
}

int url_parse(struct url *u, const char *text, struct err *e)
{
	size_t len;
	int rc;

	memset(u, 0, sizeof(*u));
	if (!url_is_http(text))
		return err_say(e, -EINVAL, "'%.60s' is not http://HOST/PATH or https://", text);
	u->tls = text[4] == 's' || text[4] == 'S';
	text += u->tls ? 8 : 7;
	len = strcspn(text, "/?#");
	rc = set_authority(u, text, len, e);
	return rc ? rc : set_path(u, text + len, e);
}

/* path without the segments "." and ".." (RFC 3986 section 5.2.4), the query left alone. */
static void remove_dots(char *path)
{
	char *query = strchr(path, '?'), *out = path, *in = path;
	char *end = query ? query : path + strlen(path);

	while (in < end) {
		char *next = memchr(in + 1, '/', (size_t)(end - in - 1));
		size_t len = (size_t)((next ? next : end) - in);
		bool up = len == 3 && !memcmp(in, "/..", 3), here = len == 2 && !memcmp(in, "/.", 2);

		if (up)
			while (out > path && *--out != '/')
				;
		if (!up && !here) {
			memmove(out, in, len);
			out += len;
		} else if (!next) {
			*out++ = '/';
		}
		in += len;
	}
	memmove(out, end, strlen(end) + 1);
}

int url_resolve(struct url *u, const struct url *base, const char *location, struct err *e)
{
	char path[2 * URL_PATH];
	const char *query = strchr(base->path, '?'), *slash;
	const char *scheme_end = strstr(location, "://");
	size_t keep = query ? (size_t)(query - base->path) : strlen(base->path), len;
	int rc;

	if (scheme_end && strcspn(location, ":/?#") == (size_t)(scheme_end - location)) {
		rc = url_parse(u, location, e);
	} else if (!strncmp(location, "//", 2)) {
		*u = *base;
		len = strcspn(location + 2, "/?#");
		rc = set_authority(u, location + 2, len, e);
		if (!rc)
			rc = set_path(u, location + 2 + len, e);
	} else {
		*u = *base;
		slash = memrchr(base->path, '/', keep);
		len = strlen(location);
		if (location[0] == '/')
			keep = 0;
		else if (location[0] != '?')
			keep = (size_t)(slash + 1 - base->path);
		if (keep + len >= sizeof(path))
			return err_say(e, -EINVAL, "the server leads to a URL that is too long");
		memcpy(path, base->path, keep);
		memcpy(path + keep, location, len + 1);
		rc = set_path(u, path, e);
	}
	if (!rc)
		remove_dots(u->path);
	return rc;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->tls == b->tls && a->port == b->port && !strcasecmp(a->host, b->host);
}

int url_split(const struct url *u, const char *endpoint, struct url *out, char name[URL_PATH], struct err *e)
{
	size_t path = strcspn(u->path, "?"), at;
	const char *slash = memrchr(u->path, '/', path);

	at = endpoint ? strlen(endpoint) : (size_t)(slash + 1 - u->path);
	if (at > path || (endpoint && strncmp(u->path, endpoint, at)) || (at && u->path[at - 1] != '/' && u->path[at] != '/'))
		return err_say(e, -EINVAL, "the endpoint %.100s is not the beginning of the path %.100s", endpoint, u->path);
	*out = *u;
	snprintf(out->path, sizeof(out->path), "%.*s%s", (int)at, u->path, u->path + path);
	at += u->path[at] == '/';
	if (at >= path)
		return err_say(e, -EINVAL, "the path %.100s has no name behind its endpoint", u->path);
	snprintf(name, URL_PATH, "%.*s", (int)(path - at), u->path + at);
	return 0;
}

const char *url_authority(const struct url *u, char out[URL_HOST + 10])
{
	const char *open = strchr(u->host, ':') ? "[" : "", *close = *open ? "]" : "";

	if (u->port == (u->tls ? 443 : 80))
		snprintf(out, URL_HOST + 10, "%s%s%s", open, u->host, close);
	else
		snprintf(out, URL_HOST + 10, "%s%s%s:%u", open, u->host, close, u->port);
	return out;
}

const char *url_text(const struct url *u, char out[URL_TEXT])
{
	char authority[URL_HOST + 10];

	snprintf(out, URL_TEXT, "http%s://%s%s", u->tls ? "s" : "", url_authority(u, authority), u->path);
	return out;
}

const char *url_show(const struct url *u, char out[URL_TEXT])
{
	char *query = strchr(url_text(u, out), '?');

	if (query)
		snprintf(query, (size_t)(URL_TEXT - (query - out)), "?...");
	return out;
}

bool url_is_presigned(const struct url *u)
{
	const char *query = strchr(u->path, '?');

	return query && strstr(query, "X-Amz-Signature=");
}
