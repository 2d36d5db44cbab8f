/* names - which name do these bytes hold, and is it fit to be written down? */
/* SPDX-License-Identifier: MIT */
#include "net/names.h"

#include <errno.h>
#include <string.h>

enum { LABEL = 63, POINTER = 0xc0 };

int name_read(const uint8_t *msg, size_t len, size_t at, int first, struct name *out)
{
	size_t from = at, next = 0, pointers = 0;

	out->len = 0;
	for (;;) {
		size_t n, to;

		if (at >= len)
			return -EBADMSG;
		n = msg[at];
		if (n <= LABEL) {
			if (n >= len - at || out->len + 1 + n > NAME_WIRE)
				return -EBADMSG;
			memcpy(out->bytes + out->len, msg + at, 1 + n);
			out->len = (uint8_t)(out->len + 1 + n);
			at += 1 + n;
			if (!n)
				return (int)(next ? next : at);
			continue;
		}
		if ((n & POINTER) != POINTER || len - at < 2 || first < 0 ||
		    ++pointers > NAME_POINTERS)
			return -EBADMSG;
		to = (n & 0x3f) << 8 | msg[at + 1];
		if (to < (size_t)first || to >= from)
			return -EBADMSG;
		if (!next)
			next = at + 2;
		from = at = to;
	}
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool name_same(const struct name *a, const struct name *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)	/* a length is below 'A': it stays as it is */
		if (lower(a->bytes[i]) != lower(b->bytes[i]))
			return false;
	return true;
}

static bool good_label(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = lower(p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return n && n <= LABEL && p[0] != '-' && p[n - 1] != '-';
}

bool name_text(const struct name *n, char *out)
{
	size_t put = 0;

	for (size_t at = 0; at < n->len && n->bytes[at]; at += 1 + n->bytes[at]) {
		size_t label = n->bytes[at];

		if (!good_label(n->bytes + at + 1, label))
			return false;
		if (put)
			out[put++] = '.';
		memcpy(out + put, n->bytes + at + 1, label);
		put += label;
	}
	out[put] = 0;
	return put > 0;
}

bool name_parse(const char *text, struct name *out)
{
	out->len = 0;
	if (!*text)
		return false;
	while (*text) {
		size_t n = strcspn(text, ".");

		if (!good_label((const uint8_t *)text, n) || out->len + 1 + n > NAME_WIRE - 1)
			return false;
		out->bytes[out->len] = (uint8_t)n;
		memcpy(out->bytes + out->len + 1, text, n);
		out->len = (uint8_t)(out->len + 1 + n);
		text += n + (text[n] == '.');
	}
	out->bytes[out->len++] = 0;
	return true;
}

bool name_list_add(char *list, size_t size, const char *text)
{
	size_t n = strlen(list), len = strlen(text), word;

	for (const char *p = list; *p; p += word + (p[word] == ' ')) {
		word = strcspn(p, " ");
		if (word == len && !memcmp(p, text, len))
			return true;
	}
	if (n + !!n + len + 1 > size)
		return false;
	if (n)
		list[n++] = ' ';
	memcpy(list + n, text, len + 1);
	return true;
}

int name_list_read(const uint8_t *msg, size_t len, size_t at, int first, char *list, size_t size)
{
	char text[NAME_TEXT];
	struct name name;

	while (at < len) {
		int next = name_read(msg, len, at, first, &name);

		if (next < 0)
			return next;
		if (name_text(&name, text))
			name_list_add(list, size, text);
		at = (size_t)next;
	}
	return 0;
}
