/* json - values out of a JSON text (RFC 8259), without building a tree. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A value inside a text that somebody else owns; not NUL terminated. */
struct json {
	const char *at;
	size_t      len;
};

/* The one value of a text; false if what it begins with is no value. */
bool json_text(struct json *value, const char *text, size_t len);

/* The first member of that name; false if value is no object or has none. */
bool json_member(struct json object, const char *name, struct json *value);

/* json_member along a path with dots: "level.asked". */
bool json_path(struct json object, const char *path, struct json *value);

/*
 * The items of an array, one a call: begin with rest = the array. False at the end, where it is damaged
 * and if it is none.
 */
bool json_next(struct json *rest, struct json *item);

/*
 * A string into out, always terminated, cut to size; \uNNNN above 0x7f becomes '?'. False if it is none.
 */
bool json_string(struct json value, char *out, size_t size);

/* Write text as a string with its quotes: bytes that are not printable ASCII as \u00XX. */
void json_put(FILE *out, const char *text);

/* A whole number from 0 to 2^64 - 1; false if it is none. */
bool json_u64(struct json value, uint64_t *out);

#endif
