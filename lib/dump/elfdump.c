/* elfdump - a filtered ELF core: what gdb reads, with excluded pages really absent. */
/* SPDX-License-Identifier: MIT */
#include "dump/elfdump.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/plan.h"
#include "base/io.h"

enum {
	EHDR = 64, PHDR = 56, SHDR = 64,	/* sizeof(Elf64_Ehdr), (Elf64_Phdr), (Elf64_Shdr) */
	CAP_HEAD = 64 << 10, CAP_BYTES = 1 << 20,
	HOLE_PAGES = 16,			/* pages of zeros in a row that are worth a hole */
	ELF_INCOMPLETE = 1,			/* e_flags: DUMP_ELF_INCOMPLETE */
};

/* A run of kept pages inside a PT_LOAD of the source. */
struct run {
	const struct load *load;
	pfn_t    first, end;
	uint64_t rank;			/* of first among all kept pages */
};

typedef int (*run_visit)(struct elfdump *d, const struct run *r, struct err *e);

static int flush(struct elfdump *d, struct region *r, struct err *e)
{
	int rc;

	if (r == &d->regions[ELF_DATA] && r->at + r->len > d->data_limit)
		return err_set(e, -ENOSPC, "write page data");
	rc = r->len ? sink_write(d->sink, r->at, r->buf, r->len, e) : 0;
	if (rc)
		return rc;
	digest_add(&r->sums, r->buf, r->len);
	r->at += r->len;
	r->len = 0;
	return 0;
}

static int append(struct elfdump *d, int region, const void *buf, size_t len, struct err *e)
{
	struct region *r = &d->regions[region];
	const uint8_t *p = buf;
	int rc = 0;

	while (len && !rc) {
		size_t n = r->cap - r->len < len ? r->cap - r->len : len;

		memcpy(r->buf + r->len, p, n);
		r->len += n;
		p += n;
		len -= n;
		if (r->len == r->cap)
			rc = flush(d, r, e);
	}
	return rc;
}

static bool is_kept(const uint64_t *bits, uint64_t bit)
{
	return bits && bits[bit / 64] >> (bit % 64) & 1;
}

/* Runs of one load, in order; sections are looked up once each. */
static int each_run_of(struct elfdump *d, const struct load *load, run_visit visit, struct err *e)
{
	unsigned page = d->k->src.page_shift, shift = d->filter->section_shift;
	uint64_t mask = ((uint64_t)1 << shift) - 1;
	pfn_t pfn = (load->start + ((1ULL << page) - 1)) >> page, end = load->end >> page;
	struct run run = { .load = load };
	uint64_t section = UINT64_MAX, rank = 0;
	const uint64_t *bits = NULL;
	bool open = false;
	int rc = 0;

	for (; pfn < end && !rc; pfn++) {
		if (pfn >> shift != section) {
			section = pfn >> shift;
			bits = filter_bits(d->filter, section, d->scratch);
			rank = d->rank[section];
			for (uint64_t bit = 0; bits && bit < (pfn & mask); bit++)
				rank += is_kept(bits, bit);
		}
		if (is_kept(bits, pfn & mask)) {
			if (!open)
				run.first = pfn, run.rank = rank;
			open = true;
			rank++;
			continue;
		}
		if (open) {
			run.end = pfn;
			rc = visit(d, &run, e);
		}
		open = false;
	}
	run.end = end;
	return rc || !open ? rc : visit(d, &run, e);
}

static int each_run(struct elfdump *d, run_visit visit, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < d->k->src.nr_loads && !rc; i++)
		rc = each_run_of(d, &d->k->src.loads[i], visit, e);
	return rc;
}

static int count_run(struct elfdump *d, const struct run *r, struct err *e)
{
	(void)r;
	(void)e;
	d->nr_phdrs++;
	return 0;
}

static void phdr(uint8_t *p, uint32_t type, uint32_t flags, const uint64_t v[6])
{
	put_le32(p, type);
	put_le32(p + 4, flags);
	for (int i = 0; i < 6; i++)
		put_le64(p + 8 + 8 * i, v[i]);
}

static int put_run(struct elfdump *d, const struct run *r, struct err *e)
{
	unsigned page = d->k->src.page_shift;
	uint64_t len = (r->end - r->first) << page, pa = r->first << page;
	uint64_t v[6] = { d->data_at + (r->rank << page), r->load->vaddr + (pa - r->load->start), pa, len, len, 0 };
	uint8_t p[PHDR];

	phdr(p, PT_LOAD, PF_R | PF_W | PF_X, v);
	return append(d, ELF_HEAD, p, sizeof(p), e);
}

static int put_header(struct elfdump *d, uint32_t flags, struct err *e)
{
	bool many = d->nr_phdrs >= PN_XNUM;
	uint8_t h[EHDR] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT };

	h[16] = ET_CORE;
	h[18] = (uint8_t)d->k->src.machine;
	h[19] = (uint8_t)(d->k->src.machine >> 8);
	put_le32(h + 20, EV_CURRENT);
	put_le64(h + 32, EHDR);
	put_le64(h + 40, many ? EHDR + d->nr_phdrs * PHDR : 0);
	put_le32(h + 48, flags);
	h[52] = EHDR;
	h[54] = PHDR;
	h[56] = many ? 0xff : (uint8_t)d->nr_phdrs;
	h[57] = many ? 0xff : (uint8_t)(d->nr_phdrs >> 8);
	h[58] = many ? SHDR : 0;
	h[60] = many;
	digest_free(&d->header_sum);
	if (digest_init(&d->header_sum, d->regions[0].sums.kind, EHDR, e))
		return -ENOMEM;
	digest_add(&d->header_sum, h, sizeof(h));
	digest_end(&d->header_sum);
	return sink_write(d->sink, 0, h, sizeof(h), e);
}

static int put_notes(struct elfdump *d, struct err *e)
{
	const struct source *s = &d->k->src;
	uint64_t v[6] = { d->notes_at, 0, 0, s->notes_len, s->notes_len, 4 };
	uint8_t piece[4096], p[SHDR] = { 0 };
	int rc;

	phdr(p, PT_NOTE, 0, v);
	rc = append(d, ELF_HEAD, p, PHDR, e);
	if (!rc)
		rc = each_run(d, put_run, e);
	if (!rc && d->nr_phdrs >= PN_XNUM) {
		memset(p, 0, sizeof(p));
		put_le32(p + 44, (uint32_t)d->nr_phdrs);
		rc = append(d, ELF_HEAD, p, SHDR, e);
	}
	for (uint64_t at = 0; !rc && at < s->notes_len; at += sizeof(piece))
		rc = append(d, ELF_HEAD, piece, notes_piece(s, at, piece, sizeof(piece), &d->notes_lost), e);
	return rc ? rc : flush(d, &d->regions[ELF_HEAD], e);
}

static int allocate(struct elfdump *d, struct err *e)
{
	const struct filter *f = d->filter;
	uint64_t sum = 0;

	d->lost_from = UINT64_MAX;
	d->rank = calloc(f->nr_sections + 1, sizeof(*d->rank));
	d->scratch = calloc(filter_section_words(f), sizeof(*d->scratch));
	d->arena = malloc(CAP_HEAD + CAP_BYTES);
	if (!d->rank || !d->scratch || !d->arena)
		return err_set(e, -ENOMEM, "buffers of the dump");
	for (uint64_t i = 0; i < f->nr_sections; i++) {
		d->rank[i] = sum;
		sum += f->sections[i].kept;
	}
	return 0;
}

int elfdump_init(struct elfdump *d, struct sink *sink, struct filter *f, enum digest_kind kind, struct err *e)
{
	uint64_t page = (uint64_t)1 << f->k->src.page_shift, head;
	int rc;

	*d = (struct elfdump){ .sink = sink, .k = f->k, .filter = f, .nr_phdrs = 1,
				.data_limit = UINT64_MAX };
	rc = allocate(d, e);
	if (!rc)
		rc = each_run(d, count_run, e);
	if (!rc && d->nr_phdrs > UINT32_MAX)
		rc = err_say(e, -EFBIG, "%llu program headers", (unsigned long long)d->nr_phdrs);
	d->notes_at = EHDR + d->nr_phdrs * PHDR + (d->nr_phdrs >= PN_XNUM ? SHDR : 0);
	head = d->notes_at + f->k->src.notes_len;
	d->data_at = (head + page - 1) & ~(page - 1);
	d->regions[ELF_HEAD] = (struct region){ EHDR, EHDR, d->arena, 0, CAP_HEAD, { 0 } };
	d->regions[ELF_DATA] = (struct region){ d->data_at, d->data_at, d->arena + CAP_HEAD, 0, CAP_BYTES, { 0 } };
	if (!rc)
		rc = digest_init(&d->regions[ELF_HEAD].sums, kind, head, e);
	if (!rc)
		rc = digest_init(&d->regions[ELF_DATA].sums, kind, f->kept * page, e);
	if (!rc)
		rc = sink_expect(sink, (uint64_t[]){ 0, EHDR, d->data_at }, 3, d->data_at + f->kept * page,
				 memory_available() / 2, e);
	if (!rc && sink->rewritable)
		rc = put_header(d, ELF_INCOMPLETE, e);
	return rc ? rc : put_notes(d, e);
}

/* n pages of zeros: a hole if there are enough of them and the file does not end there. */
static int put_zeros(struct elfdump *d, size_t n, bool last, struct err *e)
{
	struct region *r = &d->regions[ELF_DATA];
	size_t page = (size_t)1 << d->k->src.page_shift;
	static const uint8_t zeros[4096];
	int rc = 0;

	if (n < HOLE_PAGES || last) {
		for (size_t i = 0; i < n * page && !rc; i += sizeof(zeros))
			rc = append(d, ELF_DATA, zeros, sizeof(zeros), e);
		return rc;
	}
	rc = flush(d, r, e);
	if (rc)
		return rc;
	digest_add_zeros(&r->sums, n * page);
	r->at += n * page;
	return 0;
}

int elfdump_pages(void *elfdump, const struct packed *pages, size_t n, const void *data, size_t len,
		  struct err *e)
{
	struct elfdump *d = elfdump;
	const uint8_t *p = data;
	int rc = 0;

	(void)len;
	for (size_t i = 0; i < n && !rc;) {
		size_t zeros = 0;

		while (i + zeros < n && !pages[i + zeros].size)
			zeros++;
		if (zeros) {
			rc = put_zeros(d, zeros, d->saved + zeros == d->filter->kept, e);
			d->saved += zeros;
			i += zeros;
			continue;
		}
		rc = append(d, ELF_DATA, p, pages[i].size, e);
		p += pages[i].size;
		d->saved++;
		i++;
	}
	return rc;
}

int elfdump_end(struct elfdump *d, bool complete, struct err *e)
{
	int rc = flush(d, &d->regions[ELF_DATA], e), settled;
	uint64_t lost = UINT64_MAX, at = d->regions[ELF_DATA].at;

	/* The header, which tells of the data, must not overtake them. */
	settled = sink_settle(d->sink, &lost, rc ? NULL : e);
	if (settled && lost < d->lost_from)
		d->lost_from = lost;
	rc = rc ? rc : settled;
	if (rc && complete)
		return rc;
	if (at > d->lost_from)
		at = d->lost_from;
	if (rc || d->lost_from != UINT64_MAX)	/* what is not with the sink is not there */
		d->saved = at > d->data_at ? (at - d->data_at) >> d->k->src.page_shift : 0;
	rc = put_header(d, complete ? 0 : ELF_INCOMPLETE, e);
	for (int i = 0; i < NR_ELF_REGIONS; i++)
		digest_end(&d->regions[i].sums);
	return rc;
}

void elfdump_free(struct elfdump *d)
{
	for (int i = 0; i < NR_ELF_REGIONS; i++)
		digest_free(&d->regions[i].sums);
	digest_free(&d->header_sum);
	free(d->rank);
	free(d->scratch);
	free(d->arena);
	*d = (struct elfdump){ 0 };
}

uint64_t elfdump_size(const struct elfdump *d)
{
	return d->regions[ELF_DATA].at + d->regions[ELF_DATA].len;
}
