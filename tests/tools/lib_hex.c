/* lib_hex - which bytes does the text of a test stand for? */
/* SPDX-License-Identifier: MIT */
#include "lib_hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t hex_bytes(const char *text, uint8_t *out)
{
	size_t n = 0, times = 1;
	unsigned v;
	int used;

	while (*text) {
		if (*text == ' ') {
			text++;
		} else if (*text == '\'') {
			for (text++; *text != '\''; text++)
				out[n++] = (uint8_t)*text;
			text++;
		} else if (sscanf(text, "*%zu:%n", &times, &used) == 1) {
			text += used;
		} else {
			if (sscanf(text, "%2x", &v) != 1)
				abort();
			for (; times > 1; times--)
				out[n++] = (uint8_t)v;
			out[n++] = (uint8_t)v;
			text += 2;
		}
	}
	return n;
}

uint8_t *exact_copy(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, p, len);
	return copy;
}

void change_bytes(uint8_t *p, size_t from, size_t len, uint32_t *seed)
{
	unsigned times = *seed >> 30;

	for (unsigned i = 0; i <= times; i++) {
		*seed = *seed * 1664525 + 1013904223;
		p[from + (*seed >> 8) % (len - from)] = (uint8_t)(*seed >> 24);
	}
}
