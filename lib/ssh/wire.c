/* wire - how are the fields of an SSH message read and written? */
/* SPDX-License-Identifier: MIT */
#include "ssh/wire.h"

#include <string.h>

#include "base/buf.h"

struct wire wire_over(const void *buf, size_t len)
{
	return (struct wire){ .at = buf ? buf : "", .left = len };
}

struct wire_str wire_bytes(struct wire *w, size_t n)
{
	struct wire_str s = { (const uint8_t *)"", 0 };

	if (w->bad || n > w->left) {
		w->bad = true;
		return s;
	}
	s = (struct wire_str){ w->at, n };
	w->at += n;
	w->left -= n;
	return s;
}

uint8_t wire_u8(struct wire *w)
{
	struct wire_str s = wire_bytes(w, 1);

	return s.len ? s.p[0] : 0;
}

uint32_t wire_u32(struct wire *w)
{
	struct wire_str s = wire_bytes(w, 4);

	return s.len ? get_be32(s.p) : 0;
}

uint64_t wire_u64(struct wire *w)
{
	struct wire_str s = wire_bytes(w, 8);

	return s.len ? get_be64(s.p) : 0;
}

struct wire_str wire_string(struct wire *w)
{
	return wire_bytes(w, wire_u32(w));
}

struct wire_str wire_mpint(struct wire *w)
{
	struct wire_str s = wire_string(w);

	if (s.len && (s.p[0] & 0x80 || (s.p[0] == 0 && (s.len == 1 || !(s.p[1] & 0x80)))))
		w->bad = true;
	if (s.len && !s.p[0])
		s = (struct wire_str){ s.p + 1, s.len - 1 };
	return s;
}

bool wire_is(struct wire_str s, const char *name)
{
	return s.len == strlen(name) && !memcmp(s.p, name, s.len);
}

void wire_put_bytes(struct wire_out *o, const void *p, size_t len)
{
	if (o->full || !in_bounds(o->len, len, o->size)) {
		o->full = true;
		return;
	}
	if (len)
		memcpy(o->buf + o->len, p, len);
	o->len += len;
}

void wire_put_u8(struct wire_out *o, uint8_t v)
{
	wire_put_bytes(o, &v, 1);
}

void wire_put_u32(struct wire_out *o, uint32_t v)
{
	v = htobe32(v);
	wire_put_bytes(o, &v, 4);
}

void wire_put_u64(struct wire_out *o, uint64_t v)
{
	v = htobe64(v);
	wire_put_bytes(o, &v, 8);
}

void wire_put_string(struct wire_out *o, const void *p, size_t len)
{
	wire_put_u32(o, (uint32_t)len);
	wire_put_bytes(o, p, len);
}

void wire_put_text(struct wire_out *o, const char *text)
{
	wire_put_string(o, text, strlen(text));
}

void wire_put_mpint(struct wire_out *o, const uint8_t *p, size_t len)
{
	while (len && !*p) {
		p++;
		len--;
	}
	wire_put_u32(o, (uint32_t)(len + (len && *p & 0x80)));
	if (len && *p & 0x80)
		wire_put_u8(o, 0);
	wire_put_bytes(o, p, len);
}
