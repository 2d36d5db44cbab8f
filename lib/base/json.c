/* json - values out of a JSON text (RFC 8259), without building a tree. */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <string.h>

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the string that begins at p with its quote; NULL if it does not end. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

/* Behind the value at p; NULL if there is none or it does not end. Nesting is counted, not followed. */
static const char *skip_value(const char *p, const char *end)
{
	static const char ends[] = " \t\r\n,:]}[{\"";	/* of a number or word */
	size_t depth = 0;

	do {
		p = skip_blanks(p, end);
		if (p == end)
			return NULL;
		if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			if (!depth)
				return NULL;
			depth--;
			p++;
		} else if (*p == '"') {
			p = skip_string(p, end);
			if (!p)
				return NULL;
		} else if (*p == ',' || *p == ':') {
			if (!depth)
				return NULL;
			p++;
		} else {
			while (p < end && !memchr(ends, *p, sizeof(ends) - 1))
				p++;
		}
	} while (depth);
	return p;
}

static bool take(const char *p, const char *end, struct json *value)
{
	const char *stop;

	p = skip_blanks(p, end);
	stop = skip_value(p, end);
	if (!stop)
		return false;
	*value = (struct json){ p, (size_t)(stop - p) };
	return true;
}

bool json_text(struct json *value, const char *text, size_t len)
{
	return take(text, text + len, value);
}

static bool same_name(struct json key, const char *name)
{
	size_t n = strlen(name);

	return key.len == n + 2 && *key.at == '"' && !memcmp(key.at + 1, name, n);
}

bool json_member(struct json object, const char *name, struct json *value)
{
	const char *p = object.at + 1, *end = object.at + object.len;
	struct json key;

	if (!object.len || *object.at != '{')
		return false;
	while (take(p, end, &key)) {
		p = skip_blanks(key.at + key.len, end);
		if (p == end || *p != ':' || !take(p + 1, end, value))
			return false;
		if (same_name(key, name))
			return true;
		p = skip_blanks(value->at + value->len, end);
		if (p == end || *p != ',')
			return false;
		p++;
	}
	return false;
}

bool json_path(struct json object, const char *path, struct json *value)
{
	*value = object;
	while (*path) {
		size_t len = strcspn(path, ".");
		char name[64];

		if (len >= sizeof(name))
			return false;
		memcpy(name, path, len);
		name[len] = 0;
		if (!json_member(*value, name, value))
			return false;
		path += len + (path[len] == '.');
	}
	return true;
}

bool json_next(struct json *rest, struct json *item)
{
	const char *p = rest->at, *end = rest->at + rest->len;

	/* "[" before the first item, "," before the others. */
	if (!rest->len || (*p != '[' && *p != ',') || !take(p + 1, end, item))
		return false;
	p = skip_blanks(item->at + item->len, end);
	*rest = (struct json){ p, (size_t)(end - p) };
	return true;
}

static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

/* The character that four hex digits name; '?' if it is not ASCII. */
static char hex4(const char *p)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	unsigned n = 0;

	for (int i = 0; i < 4; i++) {
		const char *d = p[i] ? strchr(digits, p[i]) : NULL;
		unsigned value = d ? (unsigned)(d - digits) : 256;

		n = n * 16 + (value < 16 ? value : value - 6);
	}
	return n && n < 0x80 ? (char)n : '?';
}

bool json_string(struct json value, char *out, size_t size)
{
	const char *p = value.at + 1, *end = value.at + value.len - 1;
	size_t n = 0;

	if (value.len < 2 || *value.at != '"' || !size)
		return false;
	while (p < end && n + 1 < size) {
		if (*p != '\\') {
			out[n++] = *p++;
		} else if (p[1] == 'u' && end - p >= 6) {
			out[n++] = hex4(p + 2);
			p += 6;
		} else {
			const char *e = strchr(escapes, p[1]);

			out[n++] = e && p[1] ? e[1] : '?';
			p += 2;
		}
	}
	out[n] = 0;
	return true;
}

bool json_u64(struct json value, uint64_t *out)
{
	uint64_t n = 0;

	if (!value.len || value.len > 20)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned)(value.at[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
			return false;
	}
	*out = n;
	return true;
}

void json_put(FILE *out, const char *text)
{
	putc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\' || *p < ' ' || *p > '~')
			fprintf(out, "\\u%04x", *p);
		else
			putc(*p, out);
	}
	putc('"', out);
}
