/* kdumpfile - the pages of a kdump-compressed file: which there are, and their bytes. */
/* SPDX-License-Identifier: MIT */
#include "dump/kdumpfile.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "dump/layout.h"

enum { WINDOW = OWNERS_GROUP };		/* descriptors that a reader holds */

/* Whether the last page that should be there is: a copy that was cut off has the header of a whole one. */
static bool ends_early(const struct kdumpfile *f)
{
	uint8_t raw[KDUMP_DESC_SIZE];

	if (f->in.end < f->head.descs_at)
		return true;
	if (!f->nr_descs)
		return false;
	return bytes_read(&f->in, raw, sizeof(raw), f->head.descs_at + (f->nr_descs - 1) * KDUMP_DESC_SIZE) ||
	       !in_bounds(get_le64(raw), get_le32(raw + 8), f->in.end);
}

/* How many descriptors there can be at most. */
static int count_ram(const struct kdumpfile *f, uint64_t *ram, struct err *e)
{
	struct bitrank bitmap1;
	int rc = bitrank_open(&bitmap1, &f->in, f->head.bitmap1_at, f->head.max_pfn, e);

	if (!rc) {
		*ram = bitmap1.total;
		bitrank_close(&bitmap1);
	}
	return rc;
}

static int open_owners(struct kdumpfile *f, struct err *e)
{
	uint64_t ram = 0;
	int rc = count_ram(f, &ram, e);

	if (rc)
		return rc;
	rc = owners_open(&f->owners, &f->in, f->head.descs_at, ram, f->head.max_pfn, f->head.block, e);
	if (rc)
		return rc;
	f->by_owner = f->owners.total != 0;
	if (f->by_owner)
		f->nr_descs = f->owners.total;
	return 0;
}

static int open_bitmap2(struct kdumpfile *f, struct err *e)
{
	struct rank_window *w = calloc(1, sizeof(*w));
	uint64_t last_rank;
	int rc = w ? bitrank_open(&f->kept, &f->in, f->head.bitmap2_at, f->head.max_pfn, e)
		   : err_set(e, -ENOMEM, "open the dump");

	if (!rc)
		rc = bitrank_of(&f->kept, w, f->head.start_pfn, &f->first_rank);
	if (rc >= 0)
		rc = bitrank_of(&f->kept, w, f->head.end_pfn, &last_rank);
	free(w);
	if (rc < 0)
		return e && e->code ? rc : err_set(e, rc, "read bitmap2");
	f->nr_descs = last_rank - f->first_rank;
	return 0;
}

int kdumpfile_open(struct kdumpfile *f, int fd, bool blank_ok, struct err *e)
{
	int rc;

	*f = (struct kdumpfile){ 0 };
	rc = bytes_open(&f->in, fd, blank_ok, e);
	if (rc)
		return rc;
	rc = kdump_head_read(&f->head, &f->in, e);
	if (!rc)
		rc = open_bitmap2(f, e);
	if (!rc) {
		f->incomplete = (f->head.status & STATUS_INCOMPLETE) || f->in.cut || ends_early(f);
		if (f->incomplete && !f->head.split)
			rc = open_owners(f, e);
	}
	if (rc)
		kdumpfile_close(f);
	return rc;
}

void kdumpfile_close(struct kdumpfile *f)
{
	owners_close(&f->owners);
	bitrank_close(&f->kept);
	bytes_close(&f->in);
}

struct kdump_reader *kdump_reader_new(const struct kdumpfile *f)
{
	struct kdump_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->file = f;
	r->descs = malloc(WINDOW * KDUMP_DESC_SIZE);
	r->packed = malloc(f->head.block);
	r->unpacker = unpacker_new();
	if (r->descs && r->packed && r->unpacker)
		return r;
	kdump_reader_free(r);
	return NULL;
}

void kdump_reader_free(struct kdump_reader *r)
{
	if (!r)
		return;
	unpacker_free(r->unpacker);
	free(r->packed);
	free(r->descs);
	free(r);
}

/* Make the descriptor part of those held. Returns 0 and *raw, or a read error. */
static int hold(struct kdump_reader *r, uint64_t index, const uint8_t **raw)
{
	uint64_t first = index - index % WINDOW;
	int rc;

	if (!r->nr || r->first != first) {
		r->nr = 0;
		rc = bytes_read(&r->file->in, r->descs, WINDOW * KDUMP_DESC_SIZE,
				r->file->head.descs_at + first * KDUMP_DESC_SIZE);
		if (rc && rc != -ENODATA)	/* what is not there is zeros: no descriptor */
			return rc;
		r->first = first;
		r->nr = WINDOW;
	}
	*raw = r->descs + (index - first) * KDUMP_DESC_SIZE;
	return 0;
}

/* False for an offset of 0: crash and makedumpfile take that as "not saved". */
static bool take_desc(const uint8_t *raw, struct kdump_desc *d)
{
	*d = (struct kdump_desc){ get_le64(raw), get_le32(raw + 8), get_le32(raw + 12) };
	return d->at != 0;
}

static int next_by_rank(struct kdump_reader *r, struct kdump_walk *w)
{
	const struct kdumpfile *f = r->file;
	const uint8_t *raw;
	uint64_t rank;
	int rc;

	if (w->pfn < f->head.start_pfn)
		w->pfn = f->head.start_pfn;
	rc = bitrank_next(&f->kept, &r->rank, &w->pfn, &rank);
	if (rc <= 0)
		return rc;
	if (w->pfn >= f->head.end_pfn)
		return 0;
	w->index = rank - f->first_rank;
	rc = hold(r, w->index, &raw);
	if (rc)
		return rc;
	w->described = take_desc(raw, &w->desc);
	return 1;
}

/* A walk goes on where it was; anything else begins at the group that may hold the page. */
static int next_by_owner(struct kdump_reader *r, struct kdump_walk *w)
{
	const struct kdumpfile *f = r->file;
	size_t group = owners_find(&f->owners, w->pfn);
	uint64_t i = (uint64_t)group * OWNERS_GROUP, end = (uint64_t)f->owners.nr * OWNERS_GROUP;
	pfn_t floor = group < f->owners.nr ? f->owners.groups[group].below : 0;

	if (r->next > i && r->after <= w->pfn) {
		i = r->next;
		floor = r->after;
	}
	for (; i < end; i++) {
		const uint8_t *raw;
		pfn_t pfn;
		int rc = hold(r, i, &raw);

		if (rc)
			return rc;
		if (!owner_of(raw, &f->in, f->head.max_pfn, f->head.block, &pfn) || pfn < floor)
			continue;
		floor = r->after = pfn + 1;
		r->next = i + 1;
		if (pfn < w->pfn)
			continue;
		*w = (struct kdump_walk){ .pfn = pfn, .index = i };
		w->described = take_desc(raw, &w->desc);
		return 1;
	}
	return 0;
}

int kdumpfile_next(struct kdump_reader *r, struct kdump_walk *w)
{
	return r->file->by_owner ? next_by_owner(r, w) : next_by_rank(r, w);
}

int kdumpfile_desc(struct kdump_reader *r, pfn_t pfn, struct kdump_desc *d)
{
	struct kdump_walk w = { .pfn = pfn };
	int rc = kdumpfile_next(r, &w);

	if (rc < 0)
		return rc;
	if (rc == 0 || w.pfn != pfn || !w.described)
		return -ENODATA;
	*d = w.desc;
	return 0;
}

int kdumpfile_packed(struct kdump_reader *r, const struct kdump_desc *d)
{
	int rc;

	if (!d->size || d->size > r->file->head.block || !in_bounds(d->at, d->size, r->file->in.end))
		return -EIO;
	rc = bytes_read(&r->file->in, r->packed, d->size, d->at);
	return rc == -ENODATA ? -EIO : rc;
}

int kdumpfile_page(struct kdump_reader *r, const struct kdump_desc *d, void *page)
{
	int rc = kdumpfile_packed(r, d);

	return rc ? rc : unpack_page(r->unpacker, d->flags, r->packed, d->size, page, r->file->head.block);
}
