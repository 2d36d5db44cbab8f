/* writer - put a kdump-compressed file together from pages as they come. */
/* SPDX-License-Identifier: MIT */
#include "dump/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/writer_bits.h"
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
		rc = bitmap1_put(w, e);
	if (rc)
		return rc;
	memset(w->regions[REGION_BITMAP2].buf, 0, CAP_BITMAP);
	w->zero_at = l->data_at;
	for (uint32_t n = 0; !rc && n < l->block; n += sizeof(zeros))
		rc = append(w, REGION_DATA, zeros, sizeof(zeros), e);
	return rc;
}

int writer_describe(struct writer *w, pfn_t pfn, uint64_t at, uint32_t size, uint32_t flags, struct err *e)
{
	uint8_t desc[KDUMP_DESC_SIZE];
	int rc = bitmap2_mark(w, pfn, e);

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
		rc = bitmap2_mark_others(w, w->layout.end_pfn, w->layout.max_pfn, e);
	}
	if (!rc)
		rc = bitmap2_end(w, e);
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
