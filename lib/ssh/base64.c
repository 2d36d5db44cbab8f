/* base64 - how are bytes made text, and text bytes again? */
/* SPDX-License-Identifier: MIT */
#include "ssh/base64.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *out, size_t size, const uint8_t *in, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at + 5 <= size; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)in[i] << 16 | (n > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
			     (n > 2 ? in[i + 2] : 0);

		for (size_t j = 0; j < 4; j++)
			out[at++] = j <= n ? alphabet[v >> (18 - 6 * j) & 63] : '=';
	}
	out[at] = 0;
}

ssize_t base64_decode(uint8_t *out, size_t size, const char *in, size_t len, int lines)
{
	size_t at = 0, digits = 0, pads = 0;
	uint32_t v = 0;

	for (size_t i = 0; i < len; i++) {
		const char *found;

		if (lines && isspace((unsigned char)in[i]))
			continue;
		if (in[i] == '=') {
			pads++;
			continue;
		}
		found = in[i] ? strchr(alphabet, in[i]) : NULL;
		if (!found || pads)
			return -EBADMSG;
		v = v << 6 | (uint32_t)(found - alphabet);
		if (++digits % 4)
			continue;
		if (size - at < 3)
			return -ENOSPC;
		out[at++] = (uint8_t)(v >> 16);
		out[at++] = (uint8_t)(v >> 8);
		out[at++] = (uint8_t)v;
		v = 0;
	}
	if ((digits + pads) % 4 || pads > 2)
		return -EBADMSG;
	if (!pads)
		return (ssize_t)at;
	if (v & (pads == 1 ? 3 : 15))
		return -EBADMSG;
	if (size - at < 3 - pads)
		return -ENOSPC;
	v <<= 6 * pads;
	out[at++] = (uint8_t)(v >> 16);
	if (pads == 1)
		out[at++] = (uint8_t)(v >> 8);
	return (ssize_t)at;
}
