/* wire - the data types of SSH (RFC 4251 section 5), read and written with bounds. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_WIRE_H
#define SSH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reader over borrowed bytes. What does not fit sets bad, and from then on every value is 0 and
 * every string empty: read all fields, then look at bad once.
 */
struct wire {
	const uint8_t *at;
	size_t left;
	bool   bad;
};

/* A string of a message: borrowed, not terminated. p is never NULL after a read. */
struct wire_str {
	const uint8_t *p;
	size_t len;
};

struct wire wire_over(const void *buf, size_t len);
uint8_t wire_u8(struct wire *w);
uint32_t wire_u32(struct wire *w);
uint64_t wire_u64(struct wire *w);
struct wire_str wire_string(struct wire *w);
/* n bytes without a length in front. */
struct wire_str wire_bytes(struct wire *w, size_t n);
/* A positive mpint without its leading zeros; a negative or an overlong one (RFC 4251) is bad. */
struct wire_str wire_mpint(struct wire *w);

/* The name is what the string holds, no more and no less. */
bool wire_is(struct wire_str s, const char *name);

/* A writer into size bytes; what does not fit sets full and is left out. len: bytes written. */
struct wire_out {
	uint8_t *buf;
	size_t size, len;
	bool   full;
};

void wire_put_u8(struct wire_out *o, uint8_t v);
void wire_put_u32(struct wire_out *o, uint32_t v);
void wire_put_u64(struct wire_out *o, uint64_t v);
void wire_put_bytes(struct wire_out *o, const void *p, size_t len);
void wire_put_string(struct wire_out *o, const void *p, size_t len);
void wire_put_text(struct wire_out *o, const char *text);
/* A positive number, big endian, leading zeros allowed. */
void wire_put_mpint(struct wire_out *o, const uint8_t *p, size_t len);

#endif
