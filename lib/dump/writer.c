/* writer - put a kdump-compressed file together from pages as they come. */
/* SPDX-License-Identifier: MIT */
#include "dump/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/writer_early.h"

/* Buffers: large writes for data, a bitmap's buffer covers 1 GiB of 4 KiB pages. */
enum {
	CAP_SUB = 64 << 10, CAP_BITMAP = 32 << 10, CAP_DESCS = 24 * 8192, CAP_DATA = 1 << 20,
	FLAT_SLACK = 1 << 20,		/* heads of records in a flattened stream */
};

static const size_t caps[NR_REGIONS] = { CAP_SUB, CAP_BITMAP, CAP_BITMAP, CAP_DESCS, CAP_DATA };

size_t writer_memory(void)
{
	size_t sum = 0;

	for (int i = 0; i < NR_REGIONS; i++)
		sum += caps[i];
	return sum;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return !len || (!p[0] && !memcmp(p, p + 1, len - 1));
}

/* Data that a descriptor or a bit speaks of must be there before it. */
static int settle(struct writer *w, struct err *e)
{
	uint64_t from = UINT64_MAX;
	int rc = sink_settle(w->sink, &from, e);

	if (rc && from < w->lost_from)
		w->lost_from = from;
	return rc;
}

/* Hand a region's buffer to the sink. Zeros are left as a hole: nothing was there before. */
int writer_flush(struct writer *w, struct region *r, struct err *e)
{
	int rc = 0;

	if (!r->len)
		return 0;
	if (r == &w->regions[REGION_DATA] && r->at + r->len > w->data_limit)
		return err_set(e, -ENOSPC, "write page data");
	if (r == &w->regions[REGION_DESCS] || r == &w->regions[REGION_BITMAP2])
		rc = settle(w, e);
	if (rc)
		return rc;
	if (r == &w->regions[REGION_DATA] || !all_zero(r->buf, r->len))
		rc = sink_write(w->sink, r->at, r->buf, r->len, e);
	if (rc)
		return rc;
	if (r == &w->regions[REGION_DESCS])
		w->described = (get_le64(r->buf + r->len - KDUMP_DESC_SIZE + 16) & ~DESC_OWNER_MASK) + 1;
	digest_add(&r->sums, r->buf, r->len);
	r->at += r->len;
	r->len = 0;
	return 0;
}

/* Append to a region. Descriptors and bits never get to the sink before the data they speak of. */
static int append(struct writer *w, int region, const void *buf, size_t len, struct err *e)
{
	struct region *r = &w->regions[region];
	const uint8_t *p = buf;

	while (len) {
		size_t n = r->cap - r->len < len ? r->cap - r->len : len;
		int rc = 0;

		memcpy(r->buf + r->len, p, n);
		r->len += n;
		p += n;
		len -= n;
		if (r->len < r->cap)
			continue;
		if (region != REGION_DATA)
			rc = writer_flush(w, &w->regions[REGION_DATA], e);
		if (!rc)
			rc = writer_flush(w, r, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int put_header(struct writer *w, uint32_t status, struct err *e)
{
	uint8_t head[KDUMP_HEADER_SIZE];

	layout_header(&w->layout, w->k, status, head);
	digest_free(&w->header_sum);
	if (digest_init(&w->header_sum, w->regions[0].sums.kind, w->layout.block, e))
		return -ENOMEM;
	digest_add(&w->header_sum, head, sizeof(head));
	digest_add_zeros(&w->header_sum, w->layout.block - sizeof(head));
	digest_end(&w->header_sum);
	if (w->sink->rewritable)
		return sink_write(w->sink, 0, head, sizeof(head), e);
	return sink_write(w->sink, KDUMP_STATUS_AT, head + KDUMP_STATUS_AT, sizeof(head) - KDUMP_STATUS_AT, e);
}

/* A stream begins with what file(1) tells a dump by; the status has to wait. */
static int put_signature(struct writer *w, struct err *e)
{
	uint8_t head[KDUMP_HEADER_SIZE];

	layout_header(&w->layout, w->k, 0, head);
	return sink_write(w->sink, 0, head, KDUMP_STATUS_AT, e);
}

static int put_notes(struct writer *w, unsigned level, struct err *e)
{
	const struct source *s = &w->k->src;
	uint8_t piece[4096] = { 0 };
	int rc;

	layout_sub_header(&w->layout, w->k, level, piece);
	rc = append(w, REGION_SUB, piece, KDUMP_SUB_SIZE, e);
	for (uint64_t at = 0; !rc && at < s->notes_len; at += sizeof(piece))
		rc = append(w, REGION_SUB, piece, notes_piece(s, at, piece, sizeof(piece), &w->notes_lost), e);
	return rc ? rc : writer_flush(w, &w->regions[REGION_SUB], e);
}

/* bitmap1 from the ranges of RAM, a buffer at a time. */
static int put_bitmap1(struct writer *w, struct err *e)
{
	struct region *r = &w->regions[REGION_BITMAP1];
	const struct source *s = &w->k->src;
	uint64_t bits = w->layout.bitmap_blocks * w->layout.block * 8, batch = (uint64_t)r->cap * 8;
	int rc = 0;

	for (uint64_t first = 0; !rc && first < bits; first += batch) {
		uint64_t end = first + batch < bits ? first + batch : bits;
		const struct ram_range *m = source_range(s, first << s->page_shift);

		memset(r->buf, 0, r->cap);
		for (; m && m < s->ram + s->nr_ram && m->start >> s->page_shift < end; m++) {
			uint64_t a = m->start >> s->page_shift, b = m->end >> s->page_shift;

			a = a < first ? first : a;
			b = b > end ? end : b;
			for (; a < b && (a & 7); a++)
				r->buf[(a - first) / 8] |= (uint8_t)(1 << (a & 7));
			if (b > a)
				memset(r->buf + (a - first) / 8, 0xff, (b - a) / 8);
			for (a += (b - a) & ~(uint64_t)7; a < b; a++)
				r->buf[(a - first) / 8] |= (uint8_t)(1 << (a & 7));
		}
		r->len = (size_t)((end - first) / 8);
		rc = writer_flush(w, r, e);
	}
	return rc;
}

/* Buffers and checksums of the regions. */
static int make_regions(struct writer *w, enum digest_kind kind, struct err *e)
{
	const struct layout *l = &w->layout;
	uint64_t map = l->bitmap_blocks * l->block, descs = l->nr_descs * KDUMP_DESC_SIZE;
	uint64_t starts[] = { l->block, l->bitmap1_at, l->bitmap2_at, l->descs_at, l->data_at };
	uint64_t sizes[] = { KDUMP_SUB_SIZE + l->notes_len, map, map, descs,
			     (l->nr_descs + 1) * codec_bound(l->block) };
	size_t at = 0;

	w->arena = malloc(writer_memory());
	if (!w->arena)
		return err_set(e, -ENOMEM, "buffers of the dump");
	for (int i = 0; i < NR_REGIONS; i++) {
		struct region *r = &w->regions[i];
		int rc = digest_init(&r->sums, kind, sizes[i], e);

		if (rc)
			return rc;
		r->start = r->at = starts[i];
		r->buf = w->arena + at;
		r->cap = caps[i];
		at += caps[i];
	}
	return 0;
}

int writer_init(struct writer *w, struct sink *sink, const struct layout *l, const struct kernel *k,
		uint32_t flag, unsigned level, enum digest_kind kind, struct err *e)
{
	static const uint8_t zeros[4096];
	int rc;

	*w = (struct writer){ .sink = sink, .layout = *l, .k = k, .status = flag, .data_limit = UINT64_MAX,
			      .lost_from = UINT64_MAX };
	rc = make_regions(w, kind, e);
	if (!rc && sink->rewritable)
		rc = put_header(w, w->status | STATUS_INCOMPLETE, e);
	else if (!rc)
		rc = put_signature(w, e);
	if (!rc && !sink->rewritable && sink_space(sink) > l->data_at + FLAT_SLACK)
		w->data_limit = sink_space(sink) - FLAT_SLACK;	/* descriptors come after data there */
	if (!rc)
		rc = put_notes(w, level, e);
	if (!rc)
		rc = put_bitmap1(w, e);
	if (rc)
		return rc;
	memset(w->regions[REGION_BITMAP2].buf, 0, CAP_BITMAP);
	w->zero_at = l->data_at;
	for (uint32_t n = 0; !rc && n < l->block; n += sizeof(zeros))
		rc = append(w, REGION_DATA, zeros, sizeof(zeros), e);
	return rc;
}

/* Set a page's bit; buffers of bitmap2 that end below it are handed on. */
static int mark(struct writer *w, uint64_t pfn, struct err *e)
{
	struct region *r = &w->regions[REGION_BITMAP2];
	uint64_t byte = r->start + pfn / 8;

	while (byte >= r->at + r->cap) {
		int rc = writer_flush(w, &w->regions[REGION_DATA], e);

		r->len = r->cap;
		if (!rc)
			rc = writer_flush(w, r, e);
		if (rc)
			return rc;
		memset(r->buf, 0, r->cap);
	}
	r->buf[byte - r->at] |= (uint8_t)(1 << (pfn & 7));
	w->bits_set++;
	return 0;
}

static int mark_word(struct writer *w, pfn_t first, uint64_t bits, pfn_t from, pfn_t to, struct err *e)
{
	int rc = 0;

	for (; bits && !rc; bits &= bits - 1) {
		pfn_t pfn = first + (pfn_t)__builtin_ctzll(bits);

		if (pfn >= from && pfn < to)
			rc = mark(w, pfn, e);
	}
	return rc;
}

/* The bits of kept pages of [from, to), whose descriptors are in other files. */
static int mark_others(struct writer *w, pfn_t from, pfn_t to, struct err *e)
{
	struct filter *f = w->others;
	size_t words = filter_section_words(f);
	uint64_t *scratch = calloc(words, sizeof(*scratch)), own = w->bits_set;
	int rc = scratch ? 0 : err_set(e, -ENOMEM, "the bitmap of one of several files");

	for (uint64_t i = from >> f->section_shift; !rc && i < f->nr_sections; i++) {
		const uint64_t *bits = filter_bits(f, i, scratch);

		for (size_t word = 0; bits && word < words && !rc; word++)
			rc = mark_word(w, (i << f->section_shift) + word * 64, bits[word], from, to, e);
	}
	w->bits_set = own;
	free(scratch);
	return rc;
}

int writer_others(struct writer *w, struct filter *others, struct err *e)
{
	w->others = others;
	return mark_others(w, 0, w->layout.start_pfn, e);
}

int writer_describe(struct writer *w, pfn_t pfn, uint64_t at, uint32_t size, uint32_t flags, struct err *e)
{
	uint8_t desc[KDUMP_DESC_SIZE];
	int rc = mark(w, pfn, e);

	layout_desc(desc, at, size, flags, pfn);
	return rc ? rc : append(w, REGION_DESCS, desc, sizeof(desc), e);
}

int writer_pages(void *writer, const struct packed *pages, size_t n, const void *data, size_t len,
		 struct err *e)
{
	struct writer *w = writer;
	struct region *d = &w->regions[REGION_DATA];
	uint64_t at = d->at + d->len;
	int rc = append(w, REGION_DATA, data, len, e);

	if (early_is_coming(w))
		return rc ? rc : early_take(w, pages, n, at, e);
	for (size_t i = 0; i < n && !rc; i++) {
		const struct packed *p = &pages[i];

		rc = early_merge(w, p->pfn, e);
		if (!rc && p->size)
			rc = writer_describe(w, p->pfn, at, p->size, p->flags, e);
		else if (!rc)
			rc = writer_describe(w, p->pfn, w->zero_at, w->layout.block, PAGE_RAW, e);
		at += p->size;
		w->saved += !rc;
	}
	return rc;
}

/*
 * After data could not be written: take back the descriptors and bits of pages whose data is not
 * with the sink. All of them are still in the buffers, since data always goes first.
 */
static void take_back(struct writer *w)
{
	struct region *d = &w->regions[REGION_DESCS], *b = &w->regions[REGION_BITMAP2];
	uint64_t at = w->regions[REGION_DATA].at, good = at < w->lost_from ? at : w->lost_from;
	uint64_t total = (d->at - d->start + d->len) / KDUMP_DESC_SIZE;
	pfn_t end = w->described;
	size_t keep = 0, bits;

	while (keep < d->len) {
		const uint8_t *p = d->buf + keep;

		if (get_le64(p) + get_le32(p + 8) > good)
			break;
		end = (get_le64(p + 16) & ~DESC_OWNER_MASK) + 1;
		keep += KDUMP_DESC_SIZE;
	}
	bits = (size_t)((d->len - keep) / KDUMP_DESC_SIZE);
	/* A bit may have been set without its descriptor, at most one: the last. */
	w->regions[REGION_DATA].len = 0;
	d->len = keep;
	bits += (size_t)(w->bits_set - total);
	for (size_t i = b->cap; i-- > 0 && bits;)
		for (int bit = 7; bit >= 0 && bits; bit--)
			if (b->buf[i] & (1 << bit)) {
				b->buf[i] &= (uint8_t)~(1 << bit);
				bits--;
				w->bits_set--;
			}
	w->saved = (d->at - d->start + d->len) / KDUMP_DESC_SIZE + early_cut(w, good, end);
}

/* The rest of bitmap2. */
static int end_bitmap2(struct writer *w, struct err *e)
{
	struct region *r = &w->regions[REGION_BITMAP2];
	uint64_t end = w->layout.descs_at;
	int rc = 0;

	while (!rc && r->at < end) {
		r->len = end - r->at < r->cap ? (size_t)(end - r->at) : r->cap;
		rc = writer_flush(w, r, e);
		memset(r->buf, 0, r->cap);
	}
	return rc;
}

int writer_end(struct writer *w, bool complete, struct err *e)
{
	const struct region *data = &w->regions[REGION_DATA];
	int rc = writer_flush(w, &w->regions[REGION_DATA], e);
	int settled = settle(w, rc ? NULL : e);

	rc = rc ? rc : settled;
	if (rc && complete)
		return rc;
	if (rc || w->lost_from != UINT64_MAX)
		take_back(w);
	rc = early_merge(w, UINT64_MAX, e);
	if (!rc)
		rc = writer_flush(w, &w->regions[REGION_DESCS], e);
	if (!rc && !complete)
		early_erase(w);
	if (!rc && w->others && !w->others_marked) {
		w->others_marked = true;
		rc = mark_others(w, w->layout.end_pfn, w->layout.max_pfn, e);
	}
	if (!rc)
		rc = end_bitmap2(w, e);
	/* Without any data the file would end inside the bitmaps' hole; readers want them whole. */
	if (!rc && data->at == data->start)
		rc = sink_write(w->sink, w->layout.descs_at - 1, "", 1, e);
	if (!rc && complete)
		rc = settle(w, e);	/* what the header vouches for is there before it */
	if (!rc)
		rc = put_header(w, complete ? w->status : w->status | STATUS_INCOMPLETE, e);
	if (rc && complete)
		return rc;	/* it comes again as an incomplete one */
	for (int i = 0; i < NR_REGIONS; i++)
		digest_end(&w->regions[i].sums);
	return rc;
}

void writer_free(struct writer *w)
{
	for (int i = 0; i < NR_REGIONS; i++)
		digest_free(&w->regions[i].sums);
	digest_free(&w->header_sum);
	free(w->arena);
	*w = (struct writer){ 0 };
}

uint64_t writer_size(const struct writer *w)
{
	return w->regions[REGION_DATA].at + w->regions[REGION_DATA].len;
}
