/* pipeline - pack the kept pages on several threads and hand them on in order. */
/* SPDX-License-Identifier: MIT */
#include "dump/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dump/cursor.h"

enum { STACK = 256 << 10 };	/* a sink may have to log in to its server anew; what is not touched takes no memory */

/* Kept pages on their way: taken, packed, handed on. */
struct chunk {
	struct packed *pages;		/* owned */
	size_t         nr;
	uint8_t       *data;		/* packed; owned */
	size_t         len;
	bool          *hole;		/* by page; owned */
	size_t         zeros, raw;	/* of its pages */
	bool           busy;		/* taken and not yet handed on */
};

struct shared {
	struct pipeline *p;
	struct err      *e;
	pthread_mutex_t  take;		/* cursor, next_seq */
	struct cursor    cursor;
	uint64_t         next_seq;
	pthread_mutex_t  turn;		/* what follows, and busy of all chunks */
	pthread_cond_t   turned, over;
	uint64_t         turn_seq;	/* of the chunk to be handed on next */
	bool             handing_on;	/* by some thread, as long as the next one is ready */
	struct chunk   **ready;		/* packed ones, by sequence modulo slots; owned */
	size_t           slots;		/* as many as there are chunks */
	unsigned         running;
	int              rc;
	atomic_bool      failed;
};

/* One thread's own. */
struct worker {
	struct shared *s;
	pthread_t      thread;
	struct source_window window;
	struct chunk   chunks[PLAN_CHUNKS];	/* one is packed while another waits for its turn */
	uint8_t       *page;		/* one page as read; owned */
	void          *state;		/* of the codec; owned */
	uint64_t       zeros, raw;
	uint64_t       file_size;	/* of the source, as far as this thread knows */
};

/* Read one page into w->page. Returns 0 or -EIO. */
static int fetch(struct worker *w, pfn_t pfn, bool *nonzero)
{
	struct source *src = &w->s->p->filter->k->src;
	size_t size = (size_t)1 << src->page_shift;
	paddr_t at = pfn << src->page_shift;

	if (w->file_size < src->size && !source_page_within(src, at, w->file_size))
		return -EIO;
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

static void pack_pages(struct worker *w, struct chunk *c)
{
	struct pipeline *p = w->s->p;
	size_t size = (size_t)1 << p->filter->k->src.page_shift;

	c->len = c->zeros = c->raw = 0;
	for (size_t i = 0; i < c->nr; i++) {
		struct packed *page = &c->pages[i];
		bool nonzero;
		size_t n;

		c->hole[i] = fetch(w, page->pfn, &nonzero) != 0;
		if (c->hole[i] || (!nonzero && p->skip_zeros)) {
			page->size = 0;
			c->zeros += !c->hole[i];
			continue;
		}
		n = p->codec->pack(w->state, w->page, size, c->data + c->len);
		page->flags = p->codec->flag;
		if (!n || n >= size) {
			memcpy(c->data + c->len, w->page, size);
			page->flags = PAGE_RAW;
			n = size;
			c->raw++;
		}
		page->size = (uint32_t)n;
		c->len += n;
	}
}

/*
 * The page in which a file was cut while it was mapped gives no SIGBUS but zeros: what was packed since
 * the file was longer is packed again.
 */
static void pack_chunk(struct worker *w, struct chunk *c)
{
	for (;;) {
		uint64_t now;

		pack_pages(w, c);
		now = source_size_now(&w->s->p->filter->k->src);
		if (now >= w->file_size)
			break;
		w->file_size = now;
	}
	w->zeros += c->zeros;
	w->raw += c->raw;
}

/* Early pages came first: put all in rising order. */
static void sort_holes(struct holes *h)
{
	size_t n = 0;

	for (size_t i = 1; i < h->nr; i++) {
		pfn_t start = h->start[i], end = h->end[i];
		size_t at = i;

		for (; at && h->start[at - 1] > start; at--) {
			h->start[at] = h->start[at - 1];
			h->end[at] = h->end[at - 1];
		}
		h->start[at] = start;
		h->end[at] = end;
	}
	for (size_t i = 1; i < h->nr; i++) {
		if (h->start[i] == h->end[n]) {
			h->end[n] = h->end[i];
			continue;
		}
		h->start[++n] = h->start[i];
		h->end[n] = h->end[i];
	}
	h->nr = h->nr ? n + 1 : 0;
}

static void note_holes(struct holes *h, const struct chunk *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		pfn_t pfn = c->pages[i].pfn;

		if (!c->hole[i])
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

/* The chunk whose turn it is; s->turn is held, but not while it is written. */
static void hand_on_next(struct shared *s, struct chunk *c)
{
	int rc = s->rc;

	pthread_mutex_unlock(&s->turn);
	if (!rc) {
		rc = s->p->put(s->p->out, c->pages, c->nr, c->data, c->len, s->e);
		if (rc)
			atomic_store(&s->failed, true);
		note_holes(&s->p->holes, c);
		atomic_fetch_add(&s->p->done, c->nr);
	}
	pthread_mutex_lock(&s->turn);
	s->rc = rc;
	c->busy = false;
	s->turn_seq++;
	pthread_cond_broadcast(&s->turned);
}

/* A packed chunk: hand on all whose turn has come with it, unless another thread is just doing that. */
static void hand_on(struct shared *s, struct chunk *c, uint64_t seq)
{
	pthread_mutex_lock(&s->turn);
	s->ready[seq % s->slots] = c;
	if (!s->handing_on) {
		s->handing_on = true;
		while ((c = s->ready[s->turn_seq % s->slots])) {
			s->ready[s->turn_seq % s->slots] = NULL;
			hand_on_next(s, c);
		}
		s->handing_on = false;
	}
	pthread_mutex_unlock(&s->turn);
}

/* A chunk of this thread's that is not busy, once there is one. */
static struct chunk *free_chunk(struct worker *w)
{
	struct shared *s = w->s;
	struct chunk *c = NULL;

	pthread_mutex_lock(&s->turn);
	for (;;) {
		for (unsigned i = 0; i < s->p->plan.chunks && !c; i++)
			if (!w->chunks[i].busy)
				c = &w->chunks[i];
		if (c)
			break;
		pthread_cond_wait(&s->turned, &s->turn);
	}
	c->busy = true;
	pthread_mutex_unlock(&s->turn);
	return c;
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
		struct chunk *c = free_chunk(w);
		uint64_t seq = 0;

		pthread_mutex_lock(&s->take);
		c->nr = should_stop(s) ? 0 : cursor_take(&s->cursor, c->pages, s->p->plan.chunk_pages);
		if (c->nr)
			seq = s->next_seq++;
		pthread_mutex_unlock(&s->take);
		if (!c->nr)
			break;
		pack_chunk(w, c);
		hand_on(s, c, seq);
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
	free(w->state);
	free(w->page);
	for (unsigned i = 0; i < PLAN_CHUNKS; i++) {
		free(w->chunks[i].pages);
		free(w->chunks[i].data);
		free(w->chunks[i].hole);
	}
}

static bool chunk_init(struct chunk *c, const struct plan *plan)
{
	c->pages = calloc(plan->chunk_pages, sizeof(*c->pages));
	c->hole = calloc(plan->chunk_pages, sizeof(*c->hole));
	c->data = malloc(plan->chunk_bytes);
	return c->pages && c->hole && c->data;
}

static int worker_init(struct worker *w, struct shared *s)
{
	const struct pipeline *p = s->p;
	size_t page_size = (size_t)1 << p->filter->k->src.page_shift;
	bool all = true;

	*w = (struct worker){ .s = s, .file_size = p->filter->k->src.size };
	for (unsigned i = 0; i < p->plan.chunks; i++)
		all &= chunk_init(&w->chunks[i], &p->plan);
	w->page = aligned_alloc(64, page_size);
	w->state = calloc(1, p->codec->state_size(page_size));
	if (all && w->page && w->state && !p->codec->init(w->state, page_size))
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
		if (pthread_cond_timedwait(&s->over, &s->turn, &until) == ETIMEDOUT && s->running && tick) {
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
	struct shared s = { .p = p, .e = e, .slots = (size_t)p->plan.threads * p->plan.chunks };
	pthread_condattr_t monotonic;
	unsigned n = 0;
	int rc;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&s.take, NULL);
	pthread_mutex_init(&s.turn, NULL);
	pthread_cond_init(&s.turned, NULL);
	pthread_cond_init(&s.over, &monotonic);
	rc = cursor_init(&s.cursor, p->filter, p->early);
	s.ready = calloc(s.slots, sizeof(struct chunk *));
	if (workers && !rc && s.ready)
		n = start(&s, workers);
	if (n)
		wait_all(&s, tick, ctx);
	else
		s.rc = err_set(e, -ENOMEM, "start a thread that packs pages");
	for (unsigned i = 0; i < n; i++) {
		pthread_join(workers[i].thread, NULL);
		worker_free(&workers[i]);
	}
	sort_holes(&p->holes);
	cursor_free(&s.cursor);
	free(s.ready);
	free(workers);
	pthread_cond_destroy(&s.over);
	pthread_cond_destroy(&s.turned);
	pthread_mutex_destroy(&s.turn);
	pthread_mutex_destroy(&s.take);
	pthread_condattr_destroy(&monotonic);
	return s.rc;
}
