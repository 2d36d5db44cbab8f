/* base64 - bytes as text and back (RFC 4648 section 4). */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_BASE64_H
#define SSH_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Encode with padding into out, terminated; size must be at least (len + 2) / 3 * 4 + 1. */
void base64_encode(char *out, size_t size, const uint8_t *in, size_t len);

/*
 * Decode len characters; with `lines` white space between them is skipped. Returns the bytes
 * written to out, -EBADMSG if it is not Base64 with padding (bits behind the end must be 0),
 * -ENOSPC if it does not fit.
 */
ssize_t base64_decode(uint8_t *out, size_t size, const char *in, size_t len, int lines);

#endif
