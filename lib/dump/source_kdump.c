/* source_kdump - a dump as the source of another: what was filtered or cut is absent from it. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/kdumpfile.h"
#include "dump/source.h"

enum { CACHED_PAGES = 32, MAX_RANGES = 1 << 20 };

/* A reader that no thread uses at the moment. */
struct idle {
	struct idle         *next;
	struct kdump_reader *reader;
};

struct kdump_source {
	struct kdumpfile     file;
	struct kdump_reader *own;		/* of everything but read_page */
	pthread_mutex_t      lock;		/* of idle */
	struct idle         *idle;
	uint8_t             *pages;		/* unpacked, for source_read; owned */
	uint64_t             held[CACHED_PAGES];	/* pfn + 1 of each; 0: none */
};

static struct idle *take_reader(struct kdump_source *d)
{
	struct idle *i;

	pthread_mutex_lock(&d->lock);
	i = d->idle;
	if (i)
		d->idle = i->next;
	pthread_mutex_unlock(&d->lock);
	if (i)
		return i;
	i = calloc(1, sizeof(*i));
	if (i)
		i->reader = kdump_reader_new(&d->file);
	if (i && i->reader)
		return i;
	free(i);
	return NULL;
}

static void give_reader(struct kdump_source *d, struct idle *i)
{
	pthread_mutex_lock(&d->lock);
	i->next = d->idle;
	d->idle = i;
	pthread_mutex_unlock(&d->lock);
}

static int read_page(struct kdump_reader *r, pfn_t pfn, void *buf)
{
	struct kdump_desc desc;
	int rc = kdumpfile_desc(r, pfn, &desc);

	return rc ? rc : kdumpfile_page(r, &desc, buf);
}

static int dump_read_page(const struct source *s, paddr_t at, void *buf)
{
	struct kdump_source *d = s->dump;
	struct idle *i = take_reader(d);
	int rc;

	if (!i)
		return -ENOMEM;
	rc = read_page(i->reader, at >> s->page_shift, buf);
	give_reader(d, i);
	return rc;
}

/* Kernel data lies close together, and page tables are walked again and again. */
static int dump_read(struct source *s, paddr_t at, void *buf, size_t len)
{
	struct kdump_source *d = s->dump;
	size_t block = d->file.head.block;
	pfn_t pfn = at >> s->page_shift;
	size_t slot = (pfn ^ pfn / CACHED_PAGES) % CACHED_PAGES;
	uint8_t *page = d->pages + slot * block;
	int rc;

	if (d->held[slot] != pfn + 1) {
		d->held[slot] = 0;
		rc = read_page(d->own, pfn, page);
		if (rc)
			return rc;
		d->held[slot] = pfn + 1;
	}
	memcpy(buf, page + (at & (block - 1)), len);
	return 0;
}

static ssize_t dump_read_file(const struct source *s, void *buf, size_t len, uint64_t at)
{
	const struct kdump_source *d = s->dump;
	int rc = bytes_read(&d->file.in, buf, len, at);

	return rc && rc != -ENODATA ? rc : (ssize_t)len;
}

static bool clear(uint64_t *bits, uint64_t n)
{
	uint64_t mask = (uint64_t)1 << n % 64;
	bool was = bits[n / 64] & mask;

	bits[n / 64] &= ~mask;
	return was;
}

static uint64_t dump_drop_absent(const struct source *s, pfn_t first, pfn_t end, uint64_t *bits)
{
	struct kdump_source *d = s->dump;
	struct kdump_walk w = { .pfn = first };
	uint64_t missing = 0;
	pfn_t next = first;

	/* An error ends the walk: what was not seen is not there. */
	while (next < end) {
		pfn_t stop = kdumpfile_next(d->own, &w) == 1 && w.pfn < end ? w.pfn : end;

		for (; next < stop; next++)
			clear(bits, next - first);
		if (stop < end && !w.described)
			missing += clear(bits, stop - first);
		next = ++w.pfn;
		if (stop == end)
			break;
	}
	return missing;
}

static void dump_close(struct source *s)
{
	struct kdump_source *d = s->dump;

	while (d->idle) {
		struct idle *i = d->idle;

		d->idle = i->next;
		kdump_reader_free(i->reader);
		free(i);
	}
	kdump_reader_free(d->own);
	kdumpfile_close(&d->file);
	pthread_mutex_destroy(&d->lock);
	free(d->pages);
	free(d);
}

static const struct source_ops dump_ops = {
	"kdump-compressed dump", dump_read, dump_read_page, dump_read_file, dump_drop_absent, dump_close,
};

/* Runs of bitmap1 as loads. */
static int take_ram(struct source *s, struct kdump_source *d, const char *path, struct err *e)
{
	const struct kdump_head *h = &d->file.head;
	struct rank_window *w = calloc(1, sizeof(*w));
	struct bitrank bitmap1;
	uint64_t start = 0, end;
	size_t room = 0;
	int rc = w ? bitrank_open(&bitmap1, &d->file.in, h->bitmap1_at, h->max_pfn, e) : -ENOMEM;

	if (rc) {
		free(w);
		return err_set(e, rc, "%s: bitmap1", path);
	}
	for (; (rc = bitrank_run(&bitmap1, w, &start, &end)) == 1; start = end) {
		if (s->nr_loads == MAX_RANGES) {
			rc = err_say(e, -EINVAL, "%s: bitmap1 is damaged: more than %d ranges of memory", path,
				     MAX_RANGES);
			break;
		}
		if (s->nr_loads == room) {
			struct load *p = realloc(s->loads, (room ? 2 * room : 64) * sizeof(*p));

			if (!p) {
				rc = -ENOMEM;
				break;
			}
			s->loads = p;
			room = room ? 2 * room : 64;
		}
		s->loads[s->nr_loads++] = (struct load){ .start = start << h->page_shift,
							 .end = end << h->page_shift };
	}
	bitrank_close(&bitmap1);
	free(w);
	if (!rc && !s->nr_loads)
		rc = err_say(e, -EINVAL, "%s: no memory in it (bitmap1 is empty)", path);
	return rc && e && !e->code ? err_set(e, rc, "%s: bitmap1", path) : rc;
}

static uint16_t machine_of(const char *name)
{
	return !strcmp(name, "x86_64") ? EM_X86_64 : !strcmp(name, "aarch64") ? EM_AARCH64 : EM_NONE;
}

int source_open_kdump(struct source *s, const char *path, bool blank_ok, struct err *e)
{
	struct kdump_source *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return err_set(e, -ENOMEM, "open %s", path);
	rc = kdumpfile_open(&d->file, s->fd, blank_ok, e);
	if (rc) {
		free(d);
		return err_add(e, "%s", path);
	}
	pthread_mutex_init(&d->lock, NULL);
	s->ops = &dump_ops;
	s->dump = d;
	s->head = &d->file.head;
	s->incomplete = d->file.incomplete || s->head->end_pfn - s->head->start_pfn < s->head->max_pfn;
	s->may_map = false;
	s->size = INT64_MAX;
	s->machine = machine_of(s->head->uts[4]);
	s->notes_at = s->head->notes_at;
	s->notes_len = s->head->notes_len;
	d->own = kdump_reader_new(&d->file);
	d->pages = malloc((size_t)CACHED_PAGES * s->head->block);
	rc = d->own && d->pages ? 0 : err_set(e, -ENOMEM, "open %s", path);
	return rc ? rc : take_ram(s, d, path, e);
}

const struct kdumpfile *source_kdumpfile(const struct source *s)
{
	return s->dump ? &s->dump->file : NULL;
}
