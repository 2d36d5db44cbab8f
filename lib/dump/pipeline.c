/* pipeline - pack the kept pages on several threads and hand them on in order. */
/* SPDX-License-Identifier: MIT */
#include "dump/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STACK = 64 << 10 };

/* Where the next chunk begins. */
struct cursor {
	uint64_t section, word;
	uint64_t rest;			/* bits of the current word not yet taken */
	const uint64_t *bits;		/* of the section; NULL: not asked for yet */
	uint64_t *scratch;		/* owned */
};

struct shared {
	struct pipeline *p;
	struct err      *e;
	pthread_mutex_t  take;		/* cursor, next_seq */
	struct cursor    cursor;
	uint64_t         next_seq;
	pthread_mutex_t  turn;		/* what follows */
	pthread_cond_t   turned, over;
	uint64_t         turn_seq;
	unsigned         running;
	int              rc;
	atomic_bool      failed;
};

/* One thread's own. */
struct worker {
	struct shared *s;
	pthread_t      thread;
	struct source_window window;
	struct packed *pages;		/* of the chunk; owned */
	size_t         nr;
	uint8_t       *data;		/* packed; owned */
	size_t         len;
	uint8_t       *page;		/* one page as read; owned */
	void          *state;		/* of the codec; owned */
	uint64_t       zeros, raw;
	bool          *hole;		/* by page of the chunk; owned */
};

/* Take up to max kept pfns, all from one section. Returns how many; 0 at the end. */
static size_t take_chunk(struct filter *f, struct cursor *c, struct packed *out, size_t max)
{
	uint64_t words = filter_section_words(f);
	size_t n = 0;

	while (c->section < f->nr_sections && n < max) {
		if (!c->bits) {
			c->bits = filter_bits(f, c->section, c->scratch);
			c->word = 0;
			c->rest = c->bits ? c->bits[0] : 0;
		}
		while (c->bits && c->word < words && n < max) {
			if (!c->rest) {
				if (++c->word < words)
					c->rest = c->bits[c->word];
				continue;
			}
			out[n++].pfn = (c->section << f->section_shift) + c->word * 64 +
				       (uint64_t)__builtin_ctzll(c->rest);
			c->rest &= c->rest - 1;
		}
		if (c->bits && c->word < words)
			break;
		c->section++;
		c->bits = NULL;
		if (n)
			break;
	}
	return n;
}

/* Read one page into w->page. Returns 0 or -EIO. */
static int fetch(struct worker *w, pfn_t pfn, bool *nonzero)
{
	struct source *src = &w->s->p->filter->k->src;
	size_t size = (size_t)1 << src->page_shift;
	paddr_t at = pfn << src->page_shift;

	if (!source_map(src, &w->window, at, w->s->p->plan.window) &&
	    !guard_copy(w->page, w->window.bytes + (at - w->window.start), size, nonzero))
		return 0;
	if (source_read_page(src, at, w->page))
		return -EIO;
	*nonzero = true;
	for (size_t i = 0; i < size; i++)
		if (w->page[i])
			return 0;
	*nonzero = false;
	return 0;
}

static void pack_chunk(struct worker *w)
{
	struct pipeline *p = w->s->p;
	size_t size = (size_t)1 << p->filter->k->src.page_shift;

	w->len = 0;
	for (size_t i = 0; i < w->nr; i++) {
		struct packed *page = &w->pages[i];
		bool nonzero;
		size_t n;

		w->hole[i] = fetch(w, page->pfn, &nonzero) != 0;
		if (w->hole[i] || (!nonzero && p->skip_zeros)) {
			page->size = 0;
			w->zeros += !w->hole[i];
			continue;
		}
		n = p->codec->pack(w->state, w->page, size, w->data + w->len);
		page->flags = p->codec->flag;
		if (!n || n >= size) {
			memcpy(w->data + w->len, w->page, size);
			page->flags = PAGE_RAW;
			n = size;
			w->raw++;
		}
		page->size = (uint32_t)n;
		w->len += n;
	}
}

static void note_holes(struct holes *h, const struct worker *w)
{
	for (size_t i = 0; i < w->nr; i++) {
		pfn_t pfn = w->pages[i].pfn;

		if (!w->hole[i])
			continue;
		h->pages++;
		if (h->nr && h->end[h->nr - 1] == pfn) {
			h->end[h->nr - 1]++;
		} else if (h->nr < MAX_HOLES) {
			h->start[h->nr] = pfn;
			h->end[h->nr++] = pfn + 1;
		}
	}
}

/* Wait for this chunk's turn and hand it on. */
static void commit_chunk(struct worker *w, uint64_t seq)
{
	struct shared *s = w->s;

	pthread_mutex_lock(&s->turn);
	while (s->turn_seq != seq)
		pthread_cond_wait(&s->turned, &s->turn);
	if (!s->rc) {
		s->rc = s->p->put(s->p->out, w->pages, w->nr, w->data, w->len, s->e);
		if (s->rc)
			atomic_store(&s->failed, true);
		note_holes(&s->p->holes, w);
		atomic_fetch_add(&s->p->done, w->nr);
	}
	s->turn_seq++;
	pthread_cond_broadcast(&s->turned);
	pthread_mutex_unlock(&s->turn);
}

static bool should_stop(struct shared *s)
{
	if (atomic_load(&s->failed))
		return true;
	if (!s->p->stop || !atomic_load(s->p->stop))
		return false;
	s->p->stopped = true;
	return true;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct shared *s = w->s;

	for (;;) {
		uint64_t seq = 0;

		pthread_mutex_lock(&s->take);
		w->nr = should_stop(s) ? 0 : take_chunk(s->p->filter, &s->cursor, w->pages,
							s->p->plan.chunk_pages);
		if (w->nr)
			seq = s->next_seq++;
		pthread_mutex_unlock(&s->take);
		if (!w->nr)
			break;
		pack_chunk(w);
		commit_chunk(w, seq);
	}
	source_unmap(&w->window);
	pthread_mutex_lock(&s->turn);
	s->p->zeros += w->zeros;
	s->p->raw += w->raw;
	s->running--;
	pthread_cond_signal(&s->over);
	pthread_mutex_unlock(&s->turn);
	return NULL;
}

static void worker_free(struct worker *w)
{
	if (w->state)
		w->s->p->codec->deinit(w->state);
	free(w->state);
	free(w->pages);
	free(w->data);
	free(w->page);
	free(w->hole);
}

static int worker_init(struct worker *w, struct shared *s)
{
	const struct pipeline *p = s->p;
	size_t page_size = (size_t)1 << p->filter->k->src.page_shift;

	*w = (struct worker){ .s = s };
	w->pages = calloc(p->plan.chunk_pages, sizeof(*w->pages));
	w->hole = calloc(p->plan.chunk_pages, sizeof(*w->hole));
	w->data = malloc(p->plan.chunk_bytes);
	w->page = aligned_alloc(64, page_size);
	w->state = calloc(1, p->codec->state_size(page_size));
	if (w->pages && w->hole && w->data && w->page && w->state && !p->codec->init(w->state, page_size))
		return 0;
	worker_free(w);
	return -ENOMEM;
}

/* Start as many as memory and the kernel allow. Returns how many run. */
static unsigned start(struct shared *s, struct worker *workers)
{
	pthread_attr_t attr;
	unsigned n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (; n < s->p->plan.threads && !worker_init(&workers[n], s); n++) {
		pthread_mutex_lock(&s->turn);
		s->running++;
		pthread_mutex_unlock(&s->turn);
		if (!pthread_create(&workers[n].thread, &attr, work, &workers[n]))
			continue;
		pthread_mutex_lock(&s->turn);
		s->running--;
		pthread_mutex_unlock(&s->turn);
		worker_free(&workers[n]);
		break;
	}
	pthread_attr_destroy(&attr);
	return n;
}

static void wait_all(struct shared *s, void (*tick)(void *ctx), void *ctx)
{
	struct timespec until;

	pthread_mutex_lock(&s->turn);
	while (s->running) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		if (pthread_cond_timedwait(&s->over, &s->turn, &until) == ETIMEDOUT && s->running) {
			pthread_mutex_unlock(&s->turn);
			tick(ctx);
			pthread_mutex_lock(&s->turn);
		}
	}
	pthread_mutex_unlock(&s->turn);
}

int pipeline_run(struct pipeline *p, void (*tick)(void *ctx), void *ctx, struct err *e)
{
	struct worker *workers = calloc(p->plan.threads, sizeof(*workers));
	struct shared s = { .p = p, .e = e };
	pthread_condattr_t monotonic;
	unsigned n = 0;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&s.take, NULL);
	pthread_mutex_init(&s.turn, NULL);
	pthread_cond_init(&s.turned, NULL);
	pthread_cond_init(&s.over, &monotonic);
	s.cursor.scratch = calloc(filter_section_words(p->filter), sizeof(uint64_t));
	if (workers && s.cursor.scratch)
		n = start(&s, workers);
	if (n)
		wait_all(&s, tick, ctx);
	else
		s.rc = err_set(e, -ENOMEM, "start a thread that packs pages");
	for (unsigned i = 0; i < n; i++) {
		pthread_join(workers[i].thread, NULL);
		worker_free(&workers[i]);
	}
	free(s.cursor.scratch);
	free(workers);
	pthread_cond_destroy(&s.over);
	pthread_cond_destroy(&s.turned);
	pthread_mutex_destroy(&s.turn);
	pthread_mutex_destroy(&s.take);
	pthread_condattr_destroy(&monotonic);
	return s.rc;
}
