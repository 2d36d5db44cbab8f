/* printk_search - find the printk ring in the kernel image by what any such ring is like. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/printk_ring.h"

enum {
	PIECE     = 256 << 10,
	MAX_IMAGE = 256 << 20,		/* of each PT_LOAD that may be the image */
	MAX_LOADS = 4,
	MAX_PAGE  = 64 << 10,
	LAYOUTS   = 3,
};

struct search {
	struct kernel *k;
	struct ring_layout layouts[LAYOUTS];
	unsigned nr_layouts;
	uint8_t *piece;			/* PIECE bytes and RING_STRUCT more; owned */
	struct ring best;		/* the one with the newest record */
	uint64_t newest;
	bool found;
};

static void consider(struct search *s, const uint8_t *raw)
{
	for (unsigned i = 0; i < s->nr_layouts; i++) {
		struct ring r;
		uint64_t newest;

		if (!ring_parse(&r, &s->layouts[i], raw) || !ring_sound(&r, s->k))
			continue;
		newest = ring_newest(&r, s->k);
		/* Where log_buf_len= made a larger ring the first one is still there. */
		if (s->found && newest <= s->newest)
			continue;
		s->best = r;
		s->newest = newest;
		s->found = true;
	}
}

/* Bytes of memory at `at`; zeros, in which nothing is found, where it cannot be read. */
static void read_piece(struct search *s, paddr_t at, size_t len)
{
	size_t page = (size_t)1 << s->k->src.page_shift;

	for (size_t i = 0; i < len; i += page) {
		size_t n = len - i < page ? len - i : page;

		if (source_read(&s->k->src, at + i, s->piece + i, n))
			memset(s->piece + i, 0, n);
	}
}

static bool word_is_zero(const uint8_t *p)
{
	static const uint8_t zero[8];

	return !memcmp(p, zero, sizeof(zero));
}

/* The first place from i on whose RING_STRUCT bytes are not all zero: much of a range is, and no ring is. */
static size_t past_zeros(const struct search *s, size_t i, size_t len)
{
	size_t word = i;

	while (word < len + RING_STRUCT && word_is_zero(s->piece + word))
		word += 8;
	return word < i + RING_STRUCT ? i : word - RING_STRUCT + 8;
}

static void search_range(struct search *s, paddr_t start, paddr_t end)
{
	if (end - start > MAX_IMAGE)
		end = start + MAX_IMAGE;
	for (paddr_t at = start & ~(paddr_t)(MAX_PAGE - 1); at < end; at += PIECE) {
		size_t len = end - at < PIECE ? (size_t)(end - at) : PIECE;

		read_piece(s, at, len + RING_STRUCT);
		for (size_t i = past_zeros(s, 0, len); i < len; i = past_zeros(s, i + 8, len))
			consider(s, s->piece + i);
	}
}

/* Could the kernel image be here? By its addresses, or because kexec lists it besides all memory. */
static bool may_be_image(const struct kernel *k, const struct load *l)
{
	return l == kernel_image_load(k) ||
	       (l->vaddr >= k->vtop.image_start && l->vaddr < k->vtop.image_end);
}

int ring_search(struct ring *r, struct kernel *k)
{
	struct search s = { .k = k, .piece = malloc(PIECE + RING_STRUCT) };
	const struct vtop *t = &k->vtop;
	unsigned loads = 0;

	if (!s.piece)
		return -ENOMEM;
	if (!ring_layout_init(&s.layouts[0], &k->info, NULL))
		s.nr_layouts = 1;
	for (unsigned i = 0; s.nr_layouts < LAYOUTS; i++, s.nr_layouts++)
		if (!ring_layout_known(&s.layouts[s.nr_layouts], i))
			break;
	for (size_t i = 0; i < k->src.nr_loads && loads < MAX_LOADS; i++) {
		const struct load *l = &k->src.loads[i];

		if (!may_be_image(k, l))
			continue;
		loads++;
		search_range(&s, l->start, l->end);
	}
	if (!loads && t->image_end > t->image_start)
		search_range(&s, t->image_pa, t->image_pa + (t->image_end - t->image_start));
	free(s.piece);
	*r = s.best;
	return s.found ? 0 : -ENOENT;
}
