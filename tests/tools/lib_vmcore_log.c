/* lib_vmcore_log - write printk records into a ring as the kernel does. */
/* SPDX-License-Identifier: MIT */
#include "lib_vmcore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* kernel/printk/printk_ringbuffer.c; sizes and offsets as in lib_vmcore_info.c's table. */
enum { DESC = 24, INFO = 88, HEAD_ID = 24, TAIL_ID = 32, DATA_RING = 48 };
#define ID_MASK   0x3fffffffffffffffULL
#define FINALIZED (2ULL << 62)
#define REUSABLE  (3ULL << 62)

static uint8_t *desc_at(struct vmcore *v, uint64_t id)
{
	return v->mem + v->ring.descs + (id & ((1ULL << v->ring.count_bits) - 1)) * DESC;
}

static uint8_t *info_at(struct vmcore *v, uint64_t id)
{
	return v->mem + v->ring.infos + (id & ((1ULL << v->ring.count_bits) - 1)) * INFO;
}

static uint8_t *prb_at(struct vmcore *v)
{
	return v->mem + v->ring.prb + 64;
}

static uint64_t pages_for(uint64_t bytes)
{
	return (bytes + VC_PAGE - 1) / VC_PAGE;
}

void vc_ring_build(struct vmcore *v)
{
	struct vc_ring *r = &v->ring;
	uint64_t count = 1ULL << r->count_bits;
	uint8_t *p;

	/* The pointer prb stands in the page of symbols, the ring 64 bytes behind it. */
	r->prb = vc_symbol_page(v) + 1024;
	r->descs = vc_image_take(v, pages_for(count * DESC));
	r->infos = vc_image_take(v, pages_for(count * INFO));
	r->text = vc_image_take(v, pages_for(1ULL << r->size_bits));
	r->head_id = r->tail_id = -(count + 1) & ID_MASK;		/* DESC0_ID */
	r->head_lpos = -(1ULL << r->size_bits);				/* BLK0_LPOS */
	put_le64(desc_at(v, r->head_id), r->head_id | REUSABLE);
	put_le64(desc_at(v, r->head_id) + 8, 1);
	put_le64(desc_at(v, r->head_id) + 16, 1);
	p = prb_at(v);
	put_le64(v->mem + r->prb, vc_image_va(v, r->prb) + 64);
	put_le32(p, r->count_bits);
	put_le64(p + 8, vc_image_va(v, r->descs));
	put_le64(p + 16, vc_image_va(v, r->infos));
	put_le64(p + HEAD_ID, r->head_id);
	put_le64(p + TAIL_ID, r->tail_id);
	put_le32(p + DATA_RING, r->size_bits);
	put_le64(p + DATA_RING + 8, vc_image_va(v, r->text));
}

/* get_next_lpos: a block that would cross the end begins again at the start. */
static uint64_t next_lpos(const struct vc_ring *r, uint64_t begin, uint64_t size)
{
	uint64_t next = begin + size, last = r->exact_end ? next - 1 : next;

	if (begin >> r->size_bits == last >> r->size_bits)
		return next;
	return (next >> r->size_bits << r->size_bits) + size;
}

/* Records whose text is about to be overwritten are given up. */
static void push_tail(struct vmcore *v, uint64_t next)
{
	struct vc_ring *r = &v->ring;

	for (uint64_t id = r->tail_id; id != r->head_id; id = (id + 1) & ID_MASK) {
		uint8_t *d = desc_at(v, id);

		if (get_le64(d) == (id | FINALIZED) && !(get_le64(d + 8) & 1) &&
		    next - get_le64(d + 8) > 1ULL << r->size_bits)
			put_le64(d, id | REUSABLE);
	}
}

static size_t unescape(const char *text, uint8_t *out, size_t cap)
{
	size_t n = 0;

	while (*text && *text != '\n' && n < cap) {
		if (*text != '\\') {
			out[n++] = (uint8_t)*text++;
		} else if (text[1] == 'x') {
			char hex[3] = { text[2], text[3], 0 };

			out[n++] = (uint8_t)strtoul(hex, NULL, 16);
			text += 4;
		} else {
			out[n++] = text[1] == 'n' ? '\n' : (uint8_t)text[1];
			text += 2;
		}
	}
	return n;
}

void vc_log(struct vmcore *v, const char *seconds, const char *text)
{
	struct vc_ring *r = &v->ring;
	uint64_t count = 1ULL << r->count_bits, size, begin, next;
	uint8_t bytes[2048], *d, *i;
	size_t len = unescape(text, bytes, sizeof(bytes));
	unsigned long long s = 0, us = 0;

	sscanf(seconds, "%llu.%6llu", &s, &us);
	r->head_id = (r->head_id + 1) & ID_MASK;
	if (((r->head_id - r->tail_id) & ID_MASK) == count)
		r->tail_id = (r->tail_id + 1) & ID_MASK;
	put_le64(prb_at(v) + HEAD_ID, r->head_id);
	put_le64(prb_at(v) + TAIL_ID, r->tail_id);
	d = desc_at(v, r->head_id);
	i = info_at(v, r->head_id);
	put_le64(d, r->head_id | FINALIZED);
	put_le64(i, r->seq++);
	put_le64(i + 8, s * 1000000000 + us * 1000);
	i[16] = (uint8_t)len;
	i[17] = (uint8_t)(len >> 8);
	put_le32(i + 20, 1);
	put_le64(d + 8, 3);			/* EMPTY_LINE_LPOS */
	put_le64(d + 16, 3);
	if (!len)
		return;
	size = (8 + len + 7) & ~7ULL;
	if (size > 1ULL << r->size_bits)
		vc_die("a record of %zu bytes does not fit the ring", len);
	begin = r->head_lpos;
	next = next_lpos(r, begin, size);
	push_tail(v, next);
	r->head_lpos = next;
	put_le64(d + 8, begin);
	put_le64(d + 16, next);
	if (next - begin != size)		/* it starts over; its first place keeps the id only */
		begin = 0;
	put_le64(v->mem + r->text + (begin & ((1ULL << r->size_bits) - 1)), r->head_id);
	memcpy(v->mem + r->text + (begin & ((1ULL << r->size_bits) - 1)) + 8, bytes, len);
}

bool vc_log_set(struct vmcore *v, const char *field, uint64_t value)
{
	const struct vc_ring *r = &v->ring;
	uint8_t *d = desc_at(v, r->head_id), *i = info_at(v, r->head_id), *p = prb_at(v);
	const struct { const char *name; uint8_t *at; int width; } fields[] = {
		{ "begin", d + 8, 8 }, { "next", d + 16, 8 }, { "len", i + 16, 2 }, { "id", d, 8 },
		{ "head", p + HEAD_ID, 8 }, { "tail", p + TAIL_ID, 8 }, { "count_bits", p, 4 },
		{ "size_bits", p + DATA_RING, 4 }, { "descs", p + 8, 8 }, { "infos", p + 16, 8 },
		{ "data", p + DATA_RING + 8, 8 },
	};

	if (!strcmp(field, "state")) {
		put_le64(d, (get_le64(d) & ID_MASK) | value << 62);
		return true;
	}
	for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++) {
		if (strcmp(fields[k].name, field))
			continue;
		for (int b = 0; b < fields[k].width; b++)
			fields[k].at[b] = (uint8_t)(value >> (8 * b));
		return true;
	}
	return false;
}
