/* knownhosts - which lines of a known_hosts file are about a host (sshd(8))? */
/* SPDX-License-Identifier: MIT */
#include "ssh/knownhosts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bearssl.h>

#include "ssh/base64.h"
#include "ssh/wire.h"

enum { SHA1 = 20, MAX_PATTERN = 1023, SSH_PORT = 22 };

int known_name(char *out, size_t size, const char *host, uint16_t port)
{
	int n = port && port != SSH_PORT ? snprintf(out, size, "[%s]:%u", host, port) :
		snprintf(out, size, "%s", host);

	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	for (; *out; out++)
		*out = (char)tolower((unsigned char)*out);
	return 0;
}

/*
 * A pattern with * and ? over all of name, going back to the last * only: no deeper one can help.
 */
static bool glob(const char *p, size_t len, const char *name)
{
	size_t at = 0, star = SIZE_MAX;
	const char *mark = name;

	while (*name) {
		if (at < len && p[at] == '*') {
			star = at++;
			mark = name;
		} else if (at < len && (p[at] == '?' || tolower((unsigned char)p[at]) == *name)) {
			at++;
			name++;
		} else if (star != SIZE_MAX) {
			at = star + 1;
			name = ++mark;
		} else {
			return false;
		}
	}
	while (at < len && p[at] == '*')
		at++;
	return at == len;
}

bool known_match(const char *list, size_t len, const char *name)
{
	bool found = false;

	while (len) {
		const char *comma = memchr(list, ',', len);
		size_t n = comma ? (size_t)(comma - list) : len;
		bool not = n && *list == '!';

		if (n > MAX_PATTERN)
			return false;
		if (n && glob(list + not, n - not, name)) {
			if (not)
				return false;
			found = true;
		}
		list += n;
		len -= n;
		if (len) {
			list++;
			len--;
		}
	}
	return found;
}

/* "|1|salt|digest": HMAC-SHA1 of the name, keyed with the salt. */
static bool hash_matches(const char *field, size_t len, const char *name)
{
	const char *bar = len > 3 ? memchr(field + 3, '|', len - 3) : NULL;
	uint8_t salt[SHA1 + 4], digest[SHA1 + 4], ours[SHA1];
	br_hmac_key_context key;
	br_hmac_context c;

	if (!bar || memcmp(field, "|1|", 3) ||
	    base64_decode(salt, sizeof(salt), field + 3, (size_t)(bar - field - 3), 0) != SHA1 ||
	    base64_decode(digest, sizeof(digest), bar + 1, (size_t)(field + len - bar - 1), 0) != SHA1)
		return false;
	br_hmac_key_init(&key, &br_sha1_vtable, salt, SHA1);
	br_hmac_init(&c, &key, 0);
	br_hmac_update(&c, name, strlen(name));
	br_hmac_out(&c, ours);
	return !memcmp(ours, digest, SHA1);
}

/* The next word of [*at, end), its length in *len; 0 at the end. */
static const char *word(const char **at, const char *end, size_t *len)
{
	const char *start;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	start = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		(*at)++;
	*len = (size_t)(*at - start);
	return start;
}

static bool word_is(const char *w, size_t len, const char *text)
{
	return len == strlen(text) && !memcmp(w, text, len);
}

/* The key of a line: its type in words, its blob in Base64, and both agree. */
static bool read_key(const char *at, const char *end, uint8_t blob[SSH_BLOB_MAX], struct known_line *line)
{
	size_t type_len, len;
	const char *type = word(&at, end, &type_len), *text = word(&at, end, &len);
	ssize_t n = len ? base64_decode(blob, SSH_BLOB_MAX, text, len, 0) : -1;
	struct wire w = wire_over(blob, n > 0 ? (size_t)n : 0);
	struct wire_str in = wire_string(&w);

	line->blob = blob;
	line->len = n > 0 ? (size_t)n : 0;
	return n > 0 && in.len == type_len && !memcmp(in.p, type, type_len);
}

static bool read_line(const char *at, const char *end, const char *name, uint8_t blob[SSH_BLOB_MAX],
		      struct known_line *line)
{
	size_t len;
	const char *w;

	if (end > at && end[-1] == '\r')
		end--;
	w = word(&at, end, &len);
	line->mark = KNOWN_PLAIN;
	if (len && *w == '@') {
		if (word_is(w, len, "@cert-authority"))
			line->mark = KNOWN_CA;
		else if (word_is(w, len, "@revoked"))
			line->mark = KNOWN_REVOKED;
		else
			return false;
		w = word(&at, end, &len);
	}
	if (!len || *w == '#' || memchr(w, 0, (size_t)(end - w)))
		return false;
	if (!(*w == '|' ? hash_matches(w, len, name) : known_match(w, len, name)))
		return false;
	return read_key(at, end, blob, line);
}

int known_walk(const char *text, size_t len, const char *name,
	       int (*each)(void *arg, const struct known_line *line), void *arg)
{
	const char *end = text + len;
	uint8_t blob[SSH_BLOB_MAX];
	struct known_line line = { .nr = 0 };

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		int rc = 0;

		if (!stop)
			stop = end;
		line.nr++;
		if (read_line(text, stop, name, blob, &line))
			rc = each(arg, &line);
		if (rc)
			return rc;
		text = stop < end ? stop + 1 : end;
	}
	return 0;
}
