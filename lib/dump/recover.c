/* recover - the best readable dump out of one that was cut. */
/* SPDX-License-Identifier: MIT */
#include "dump/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/kdumpfile.h"
#include "dump/page.h"
#include "dump/unflatten.h"
#include "dump/writer.h"

enum { SECTOR = 512, CACHE_PAGE = 4096 };

/* One run. */
struct job {
	struct kernel        k;
	const struct kdumpfile *file;	/* of k.src */
	struct kdump_reader *reader;	/* owned */
	struct writer        writer;
	struct recovery     *r;
	uint8_t             *page;	/* owned */
	uint32_t             status;	/* PAGE_ of the codec, for the header */
	uint64_t             zero_at;	/* the page of zeros that all share, if the dump has one */
};

static bool all_zero(const uint8_t *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/*
 * Whether a block of the file, in part or whole below the page, holds nothing but zeros: after a power
 * cut that is one that never reached the disk. Packed bytes have no such run, nor have pages that did
 * not shrink; where nothing is packed only a whole page of the page cache counts.
 */
static bool touches_lost_block(struct job *j, const struct kdump_desc *d)
{
	const struct bytes *in = &j->file->in;
	uint64_t step = j->status ? SECTOR : CACHE_PAGE, at = d->at - d->at % step;
	uint8_t block[CACHE_PAGE];

	if (in->flat || (!j->status && !(j->file->head.level & LEVEL_ZERO)))
		return false;
	for (; at < d->at + d->size; at += step) {
		size_t len = in->end - at < step ? (size_t)(in->end - at) : (size_t)step;

		if (bytes_read(in, block, len, at) || all_zero(block, len))
			return true;
	}
	return false;
}

/* Take one page over if it can be unpacked. Pages of zeros share one, where it is known to be. */
static int take_page(struct job *j, const struct kdump_walk *w, struct err *e)
{
	const struct kdump_head *h = &j->file->head;
	struct packed packed = { .pfn = w->pfn, .size = w->desc.size, .flags = w->desc.flags };
	int rc = kdumpfile_page(j->reader, &w->desc, j->page);

	if (rc == -ENOMEM)
		return err_set(e, rc, "page %#llx", (unsigned long long)w->pfn);
	if (!rc && w->desc.flags == PAGE_RAW && all_zero(j->page, h->block))
		packed.size = 0;
	if (!rc && (packed.size || w->desc.at != j->zero_at) && touches_lost_block(j, &w->desc))
		rc = -EIO;
	if (rc) {
		j->r->damaged++;
		return 0;
	}
	rc = writer_pages(&j->writer, &packed, 1, j->reader->packed, packed.size, e);
	j->r->saved += !rc;
	return rc;
}

static int take_pages(struct job *j, struct err *e)
{
	struct kdump_walk w = { 0 };
	int rc;

	for (; (rc = kdumpfile_next(j->reader, &w)) == 1; w.pfn++) {
		const struct ram_range *range = source_range(&j->k.src, w.pfn << j->k.src.page_shift);

		if (!w.described)
			j->r->absent++;
		else if (!range || range->start > w.pfn << j->k.src.page_shift)
			j->r->damaged++;	/* readers would not look for it */
		else
			rc = take_page(j, &w, e);
		if (rc < 0)
			return rc;
	}
	if (rc)
		return err_set(e, rc, "read the descriptors");
	/* Bits of bitmap2 beyond the descriptors that are there, if it is there itself. */
	if (j->file->by_owner && j->file->kept.total > j->r->saved + j->r->damaged)
		j->r->absent = j->file->kept.total - j->r->saved - j->r->damaged;
	return 0;
}

static int write_pages(struct job *j, struct sink *sink, struct err *e)
{
	const struct kdump_head *h = &j->file->head;
	struct layout layout;
	int rc = layout_init(&layout, &j->k, j->file->nr_descs, e);

	if (!rc)
		rc = writer_init(&j->writer, sink, &layout, &j->k, j->status, h->level, DIGEST_XXH64, e);
	if (!rc)
		rc = take_pages(j, e);
	if (!rc && !j->r->saved)
		rc = err_say(e, -ENODATA, "no page came through: none of %llu can be unpacked",
			     (unsigned long long)j->file->nr_descs);
	if (!rc)
		rc = writer_end(&j->writer, false, e);
	j->r->bytes = writer_size(&j->writer);
	writer_free(&j->writer);
	return rc;
}

static int to_sink(struct job *j, const char *to, bool replace, struct err *e)
{
	struct sink *sink;
	struct ack ack;
	int rc = sink_open(&sink, to, j->k.crash_time, replace, e);

	if (rc)
		return rc;
	rc = write_pages(j, sink, e);
	if (!rc)
		rc = sink_commit(sink, &ack, e);
	sink_close(sink);
	return rc;
}

/* Where the header was lost, the codec of the first packed page stands for what it said. */
static int find_status(struct job *j, struct err *e)
{
	struct kdump_walk w = { 0 };
	int rc;

	j->status = j->file->head.status & ~(uint32_t)STATUS_INCOMPLETE;
	for (; j->file->head.derived && !j->status; w.pfn++) {
		rc = kdumpfile_next(j->reader, &w);
		if (rc < 0)
			return err_set(e, rc, "read the descriptors");
		if (rc == 0)
			break;
		if (w.described)
			j->status = w.desc.flags;
	}
	return 0;
}

/* Whether each page that should be there can be unpacked. */
static bool is_whole(struct job *j)
{
	struct kdump_walk w = { 0 };
	int rc;

	for (; (rc = kdumpfile_next(j->reader, &w)) == 1; w.pfn++)
		if (!w.described || kdumpfile_page(j->reader, &w.desc, j->page))
			return false;
	return rc == 0;
}

static int salvage(struct job *j, const char *to, bool replace, struct err *e)
{
	const struct kdumpfile *f = j->file;
	int rc;

	if (!f->nr_descs)
		return err_say(e, -ENODATA, "no page came through: cut before the first page descriptors");
	j->reader = kdump_reader_new(f);
	j->page = malloc(f->head.block);
	if (!j->reader || !j->page)
		return err_set(e, -ENOMEM, "room for a page");
	if (!f->incomplete && !j->r->blank && is_whole(j))
		return err_say(e, -EINVAL, "a whole dump, there is nothing to recover");
	j->zero_at = f->by_owner ? f->owners.data_at : f->head.descs_at + f->nr_descs * KDUMP_DESC_SIZE;
	j->r->by_owner = f->by_owner;
	rc = find_status(j, e);
	return rc ? rc : to_sink(j, to, replace, e);
}

/* Take fd over. */
static int from_cut(int fd, const char *from, const char *to, bool replace, struct recovery *r,
		    struct err *e)
{
	struct job *j = calloc(1, sizeof(*j));
	int rc;

	if (!j) {
		close(fd);
		return err_set(e, -ENOMEM, "recover %s", from);
	}
	j->r = r;
	j->k.src.fd = fd;
	rc = source_open_kdump(&j->k.src, from, true, e);
	if (rc) {
		source_close(&j->k.src);
	} else {
		rc = kernel_start(&j->k, from, e);
		if (!rc) {
			j->file = source_kdumpfile(&j->k.src);
			rc = salvage(j, to, replace, e);
			if (rc)
				err_add(e, "%s", from);
			kdump_reader_free(j->reader);
			kernel_close(&j->k);
		}
	}
	free(j->page);
	free(j);
	return rc;
}

/* unread: a piece of the source cannot be read, and what was written can be written anew. */
static int from_whole(int fd, const char *to, bool replace, struct recovery *r, bool *unread, struct err *e)
{
	struct unflatten u = { 0 };
	struct sink *sink;
	struct ack ack;
	int rc = sink_open(&sink, to, 0, replace, e);

	if (rc)
		return rc;
	rc = lseek(fd, 0, SEEK_SET) ? err_set(e, -errno, "rewind") : unflatten(fd, sink, &u, e);
	if (!rc)
		rc = sink_commit(sink, &ack, e);
	*unread = u.unread && rc == -EIO && sink->rewritable;
	sink_close(sink);
	r->bytes = u.bytes;
	return rc;
}

/* A sector that cannot be read costs the pages in it, not the others. Takes fd over; e has the error so far. */
static int despite_holes(int fd, const char *from, const char *to, bool replace, struct recovery *r, struct err *e)
{
	struct err second = { 0 };
	int rc;

	*r = (struct recovery){ 0 };
	rc = from_cut(fd, from, to, replace, r, &second);
	if (!rc)
		*e = (struct err){ 0 };
	return rc ? err_add(e, "%s", from) : 0;
}

int recover(const char *from, const char *to, bool replace, struct recovery *r, struct err *e)
{
	uint8_t first = 0;
	bool unread = false;
	struct bytes b;
	int fd = open(from, O_RDONLY | O_CLOEXEC), rc;

	*r = (struct recovery){ 0 };
	if (fd < 0)
		return err_set(e, -errno, "open %s", from);
	rc = bytes_open(&b, fd, true, e);
	if (rc) {
		close(fd);
		return err_add(e, "%s", from);
	}
	r->blank = b.flat && pread(fd, &first, 1, 0) == 1 && !first;
	r->whole = b.flat && !b.cut && !r->blank;
	bytes_close(&b);
	if (!r->whole)
		return from_cut(fd, from, to, replace, r, e);
	rc = from_whole(fd, to, replace, r, &unread, e);
	if (unread)
		return despite_holes(fd, from, to, replace, r, e);
	close(fd);
	return rc ? err_add(e, "%s", from) : 0;
}
