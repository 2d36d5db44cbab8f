/* pack - write a network format into a buffer of bounded size. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_PACK_H
#define NET_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes [p, p + len) of size are written. What does not fit is dropped and full becomes true. */
struct pack {
	uint8_t *p;
	size_t   len, size;
	bool     full;
};

static inline void pack_bytes(struct pack *w, const void *bytes, size_t n)
{
	if (n > w->size - w->len) {
		w->full = true;
		return;
	}
	if (n)
		memcpy(w->p + w->len, bytes, n);
	w->len += n;
}

/* Big-endian. */
static inline void pack_u8(struct pack *w, uint8_t v)
{
	pack_bytes(w, &v, 1);
}

static inline void pack_u16(struct pack *w, uint16_t v)
{
	pack_bytes(w, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static inline void pack_u32(struct pack *w, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	pack_bytes(w, b, sizeof(b));
}

/* The 16 bits at offset at, which are written already: a length that was not known before. */
static inline void pack_u16_at(struct pack *w, size_t at, size_t v)
{
	if (at + 2 > w->len || v > UINT16_MAX) {
		w->full = true;
		return;
	}
	w->p[at] = (uint8_t)(v >> 8);
	w->p[at + 1] = (uint8_t)v;
}

#endif
