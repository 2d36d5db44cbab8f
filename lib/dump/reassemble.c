/* reassemble - one dump out of the files of a split one. */
/* SPDX-License-Identifier: MIT */
#include "dump/reassemble.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/kdumpfile.h"
#include "dump/kernel.h"
#include "dump/writer.h"
#include "sink/sink.h"

struct part {
	const char      *path;
	int              fd;
	struct kdumpfile file;
};

struct job {
	struct part  *parts;		/* by range; owned */
	size_t        nr;		/* open ones */
	struct kernel k;		/* of the first part */
	struct writer writer;
	uint64_t      saved, lost;	/* pages */
};

static int open_part(struct part *p, const char *path, struct err *e)
{
	int rc;

	*p = (struct part){ .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (p->fd < 0)
		return err_set(e, -errno, "open %s", path);
	rc = kdumpfile_open(&p->file, p->fd, false, e);
	if (rc) {
		close(p->fd);
		return err_add(e, "%s", path);
	}
	return 0;
}

static void close_parts(struct job *j)
{
	for (size_t i = 0; i < j->nr; i++) {
		kdumpfile_close(&j->parts[i].file);
		close(j->parts[i].fd);
	}
	free(j->parts);
}

static bool same_dump(const struct kdump_head *a, const struct kdump_head *b)
{
	uint32_t whole = ~(uint32_t)STATUS_INCOMPLETE;

	return (a->status & whole) == (b->status & whole) && a->block == b->block &&
	       !memcmp(a->uts, b->uts, sizeof(a->uts)) && a->crash_time == b->crash_time &&
	       a->nr_cpus == b->nr_cpus && a->max_pfn == b->max_pfn && a->phys_base == b->phys_base &&
	       a->level == b->level;
}

static int by_range(const void *a, const void *b)
{
	const struct kdump_head *x = &((const struct part *)a)->file.head, *y = &((const struct part *)b)->file.head;

	if (x->start_pfn != y->start_pfn)
		return x->start_pfn < y->start_pfn ? -1 : 1;
	return x->end_pfn < y->end_pfn ? -1 : x->end_pfn > y->end_pfn;
}

/* Together the parts must hold each page once. */
static int check_ranges(const struct job *j, struct err *e)
{
	pfn_t next = 0, end = j->parts[0].file.head.max_pfn, start;

	for (size_t i = 0; i <= j->nr; i++) {
		start = i < j->nr ? j->parts[i].file.head.start_pfn : end;
		if (start > next)
			return err_say(e, -EINVAL, "the part with page frames %#llx to %#llx is missing",
				       (unsigned long long)next, (unsigned long long)start);
		if (start < next)
			return err_say(e, -EINVAL, "%s and %s hold the same pages", j->parts[i - 1].path,
				       j->parts[i].path);
		if (i < j->nr)
			next = j->parts[i].file.head.end_pfn;
	}
	return 0;
}

static int check_parts(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->nr; i++) {
		if (!j->parts[i].file.head.split)
			return err_say(e, -EINVAL, "%s: a dump of its own, not a part of one", j->parts[i].path);
		if (!same_dump(&j->parts[i].file.head, &j->parts[0].file.head))
			return err_say(e, -EINVAL, "%s and %s are parts of different dumps", j->parts[0].path,
				       j->parts[i].path);
	}
	qsort(j->parts, j->nr, sizeof(*j->parts), by_range);
	return check_ranges(j, e);
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* Pages of zeros share one, if the level says so. Readers do not look for pages that bitmap1 does not have. */
static int take_page(struct job *j, struct kdump_reader *r, const struct kdump_walk *w, struct err *e)
{
	struct packed packed = { .pfn = w->pfn, .size = w->desc.size, .flags = w->desc.flags };
	paddr_t at = w->pfn << j->k.src.page_shift;
	const struct ram_range *range = source_range(&j->k.src, at);
	int rc = w->described && range && range->start <= at ? kdumpfile_packed(r, &w->desc) : -EIO;

	if (rc) {
		j->lost++;
		return 0;
	}
	if ((j->parts[0].file.head.level & LEVEL_ZERO) && packed.flags == PAGE_RAW &&
	    packed.size == j->writer.layout.block && all_zero(r->packed, packed.size))
		packed.size = 0;
	rc = writer_pages(&j->writer, &packed, 1, r->packed, packed.size, e);
	j->saved += !rc;
	return rc;
}

static int take_part(struct job *j, const struct part *p, struct err *e)
{
	struct kdump_reader *r = kdump_reader_new(&p->file);
	struct kdump_walk w = { 0 };
	int rc = r ? 1 : err_set(e, -ENOMEM, "read %s", p->path);

	for (; rc == 1; w.pfn++) {
		rc = kdumpfile_next(r, &w);
		if (rc < 0)
			rc = err_set(e, rc, "read the descriptors of %s", p->path);
		else if (rc)
			rc = take_page(j, r, &w, e);
		else
			break;
		rc = rc ? rc : 1;
	}
	kdump_reader_free(r);
	return rc;
}

/* Notes and the description of memory are the same in all parts. */
static int open_kernel(struct job *j, struct err *e)
{
	const struct part *first = &j->parts[0];
	int rc;

	j->k.src.fd = fcntl(first->fd, F_DUPFD_CLOEXEC, 0);
	if (j->k.src.fd < 0)
		return err_set(e, -errno, "open %s", first->path);
	rc = source_open_kdump(&j->k.src, first->path, false, e);
	if (rc) {
		source_close(&j->k.src);
		return rc;
	}
	return kernel_start(&j->k, first->path, e);
}

static int take_parts(struct job *j, struct err *e)
{
	bool complete = true;
	int rc = 0;

	for (size_t i = 0; i < j->nr && !rc; i++) {
		rc = take_part(j, &j->parts[i], e);
		complete &= !j->parts[i].file.incomplete;
	}
	complete &= !j->lost && !j->writer.notes_lost;
	if (!rc)
		rc = writer_end(&j->writer, complete, e);
	if (rc)
		writer_end(&j->writer, false, NULL);
	return rc || complete ? rc : err_say(e, -ENODATA, "not all parts are whole: %llu pages are there",
					     (unsigned long long)j->saved);
}

static int write_all(struct job *j, struct sink *to, struct err *e)
{
	const struct kdump_head *h = &j->parts[0].file.head;
	struct layout layout;
	uint64_t descs = 0;
	int rc;

	for (size_t i = 0; i < j->nr; i++)
		descs += j->parts[i].file.nr_descs;
	rc = layout_init(&layout, &j->k, descs, e);
	if (!rc)
		rc = writer_init(&j->writer, to, &layout, &j->k, h->status & ~(uint32_t)STATUS_INCOMPLETE, h->level,
				 DIGEST_XXH64, e);
	if (!rc)
		rc = take_parts(j, e);
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
	rc = write_all(j, sink, e);
	if (!rc)
		rc = sink_commit(sink, &ack, e);
	else
		sink_keep(sink, NULL);
	sink_close(sink);
	return rc == -ENODATA ? err_add(e, "%s is incomplete", to) : rc;
}

static int open_parts(struct job *j, char *const *paths, size_t nr, struct err *e)
{
	int rc = 0;

	j->parts = calloc(nr, sizeof(*j->parts));
	if (!j->parts)
		return err_set(e, -ENOMEM, "reassemble %zu files", nr);
	for (; !rc && j->nr < nr; j->nr += !rc)
		rc = open_part(&j->parts[j->nr], paths[j->nr], e);
	return rc ? rc : check_parts(j, e);
}

int reassemble(char *const *paths, size_t nr, const char *to, bool replace, struct err *e)
{
	struct job *j = calloc(1, sizeof(*j));
	int rc = j ? open_parts(j, paths, nr, e) : err_set(e, -ENOMEM, "reassemble %zu files", nr);

	if (!j)
		return rc;
	if (!rc)
		rc = open_kernel(j, e);
	if (!rc) {
		rc = to_sink(j, to, replace, e);
		kernel_close(&j->k);
	}
	close_parts(j);
	free(j);
	return rc;
}
