/* s3keys - which keys does a credentials file hold? */
/* SPDX-License-Identifier: MIT */
#include "http/s3keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "ssh/crypto.h"

enum { FILE_MAX = 64 << 10 };

bool s3_is_region(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && !text[len] && len < S3_REGION && text[0] != '-';
}

/* Blanks around [*at, *at + *len) go. */
static void trim(const char **at, size_t *len)
{
	while (*len && strchr(" \t\r", **at))
		(*at)++, (*len)--;
	while (*len && strchr(" \t\r", (*at)[*len - 1]))
		(*len)--;
}

/* What goes into a request must not split it. */
static bool put(char *out, size_t size, const char *at, size_t len)
{
	if (!len || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] > '~')
			return false;
	memcpy(out, at, len);
	out[len] = '\0';
	return true;
}

static int take(struct s3_keys *k, const char *line, size_t len, const char *path, struct err *e)
{
	const struct {
		const char *name;
		char *out;
		size_t size;
	} names[] = {
		{ "aws_access_key_id", k->id, sizeof(k->id) },
		{ "aws_secret_access_key", k->secret, sizeof(k->secret) },
		{ "aws_session_token", k->token, sizeof(k->token) },
		{ "region", k->region, sizeof(k->region) },
	};
	const char *equal = memchr(line, '=', len), *value;
	size_t name_len, value_len;

	if (!equal)
		return err_say(e, -EINVAL, "%s: a line that is no NAME = VALUE", path);
	value = equal + 1;
	name_len = (size_t)(equal - line);
	value_len = len - name_len - 1;
	trim(&line, &name_len);
	trim(&value, &value_len);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == name_len && !memcmp(names[i].name, line, name_len) &&
		    !put(names[i].out, names[i].size, value, value_len))
			return err_say(e, -EINVAL, "%s: the value of %s is empty, too long or has a character "
				       "that none may have", path, names[i].name);
	return 0;
}

int s3_keys_parse(struct s3_keys *k, const char *text, size_t len, const char *path, struct err *e)
{
	const char *end = text + len;
	bool ours = true;
	int rc = 0;

	memset(k, 0, sizeof(*k));
	while (!rc && text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text)), *line = text;
		size_t n = (size_t)((lf ? lf : end) - text);

		text = lf ? lf + 1 : end;
		trim(&line, &n);
		if (!n || *line == '#' || *line == ';')
			continue;
		if (*line == '[')
			ours = n == 9 && !memcmp(line, "[default]", 9);
		else if (ours)
			rc = take(k, line, n, path, e);
	}
	if (!rc && (!k->id[0] || !k->secret[0]))
		rc = err_say(e, -EINVAL, "%s: the profile [default] has no %s", path,
			     k->id[0] ? "aws_secret_access_key" : "aws_access_key_id");
	if (!rc && k->region[0] && !s3_is_region(k->region))
		rc = err_say(e, -EINVAL, "%s: the region is none", path);
	return rc;
}

int s3_keys_read(struct s3_keys *k, const char *path, struct err *e)
{
	char *text;
	size_t len;
	int rc = read_file(path, FILE_MAX, &text, &len, e);

	if (rc)
		return rc;
	rc = s3_keys_parse(k, text, len, path, e);
	ssh_wipe(text, len);
	free(text);
	return rc;
}
