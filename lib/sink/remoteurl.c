/* remoteurl - which machine and which file does a URL name? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/args.h"
#include "sink/remote.h"

bool remote_is_url(const char *text)
{
	return !strncmp(text, "sftp://", 7) || !strncmp(text, "ssh://", 6);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX of [from, end). Control characters, a NUL above all, are in no name that we write. */
static int decode(char *out, size_t size, const char *from, const char *end, const char *what, struct err *e)
{
	size_t n = 0;

	while (from < end) {
		int c = (unsigned char)*from++;

		if (c == '%') {
			c = end - from < 2 || hex(from[0]) < 0 || hex(from[1]) < 0 ? 0 : hex(from[0]) << 4 | hex(from[1]);
			from += 2;
		}
		if (c < ' ' || c == 127)
			return err_say(e, -EINVAL, "the %s of the URL has a control character or a bad %%XX", what);
		if (n + 1 >= size)
			return err_say(e, -ENAMETOOLONG, "the %s of the URL is longer than %zu bytes", what, size - 1);
		out[n++] = (char)c;
	}
	out[n] = 0;
	return 0;
}

/* [USER@]HOST[:PORT] in [at, end). */
static int parse_authority(const char *at, const char *end, struct remote_url *u, struct err *e)
{
	const char *user_end = memrchr(at, '@', (size_t)(end - at)), *host_end;
	unsigned long long port = 0;
	char digits[8];
	int rc = 0;

	if (user_end) {
		if (memchr(at, ':', (size_t)(user_end - at)))
			return err_say(e, -EINVAL, "a URL is no place for a password: use a key (-i)");
		rc = decode(u->user, sizeof(u->user), at, user_end, "user", e);
		at = user_end + 1;
	}
	if (at < end && *at == '[') {
		at++;
		host_end = memchr(at, ']', (size_t)(end - at));
		if (!host_end)
			return err_say(e, -EINVAL, "the URL has a [ without a ]");
	} else {
		host_end = memchr(at, ':', (size_t)(end - at));
		host_end = host_end ? host_end : end;
	}
	if (!rc)
		rc = decode(u->host, sizeof(u->host), at, host_end, "host", e);
	if (rc)
		return rc;
	at = host_end < end && *host_end == ']' ? host_end + 1 : host_end;
	if (!u->host[0] || u->host[0] == '-' || (at < end && *at != ':'))
		return err_say(e, -EINVAL, "the URL names no host");
	if (at == end)
		return 0;
	rc = decode(digits, sizeof(digits), at + 1, end, "port", e);
	if (!rc)
		rc = parse_number(digits, "port", 1, 65535, &port, e);
	u->port = (uint16_t)port;
	return rc;
}

int remote_parse(const char *url, struct remote_url *out, struct err *e)
{
	const char *at = strstr(url, "://"), *slash;
	int rc;

	*out = (struct remote_url){ .by_command = !strncmp(url, "ssh:", 4) };
	if (!remote_is_url(url))
		return err_say(e, -EINVAL, "'%.60s' is not sftp://USER@HOST/PATH or ssh://...", url);
	at += 3;
	slash = strchr(at, '/');
	if (!slash || !slash[1])
		return err_say(e, -EINVAL, "'%.200s' has no path", url);
	rc = parse_authority(at, slash, out, e);
	if (!rc && !strncmp(slash, "/~/", 3))
		slash += 3;
	if (!rc)
		rc = decode(out->path, sizeof(out->path), slash, slash + strlen(slash), "path", e);
	if (!rc && !out->path[0])
		return err_say(e, -EINVAL, "'%.200s' has no path", url);
	return rc;
}
