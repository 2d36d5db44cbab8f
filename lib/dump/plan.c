/* plan - divide the memory that is there, once, before anything is allocated. */
/* SPDX-License-Identifier: MIT */
#include "dump/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "dump/codec.h"

enum {
	BIG_CHUNK = 256, SMALL_CHUNK = 32, MAX_THREADS = 256,
	STACK     = 64 << 10,
	WINDOW    = 16 << 20,		/* page tables of a window: 32 KiB */
	MIN_KEEP  = 256 << 10, MAX_KEEP = 16 << 20,
};

static size_t thread_cost(const struct plan *p, size_t codec_state)
{
	/* packed pages, descriptors and pfns; one page, the codec, stack, page tables of the window */
	return p->chunks * (p->chunk_bytes + p->chunk_pages * 32u) + (64u << 10) + codec_state + STACK +
	       p->window / 512;
}

struct plan plan_make(uint64_t avail, unsigned cpus, unsigned wanted, size_t page_size, size_t codec_state,
		      size_t fixed)
{
	struct plan p = { .threads = wanted ? wanted : cpus, .chunk_pages = BIG_CHUNK, .window = WINDOW };
	/* Half of what is there: the rest is for the page cache, dirty pages and the kernel itself. */
	uint64_t room = avail / 2 > fixed ? avail / 2 - fixed : 0;

	if (p.threads < 1)
		p.threads = 1;
	if (p.threads > MAX_THREADS)
		p.threads = MAX_THREADS;
	p.keep_budget = room / 4 > MAX_KEEP ? MAX_KEEP : room / 4 < MIN_KEEP ? MIN_KEEP : (size_t)(room / 4);
	room = room > p.keep_budget ? room - p.keep_budget : 0;
	for (;;) {
		p.chunks = p.threads > 1 ? PLAN_CHUNKS : 1;
		p.chunk_bytes = (size_t)p.chunk_pages * page_size + codec_bound(page_size);
		if (p.threads * (uint64_t)thread_cost(&p, codec_state) <= room)
			break;
		if (p.chunk_pages > SMALL_CHUNK)
			p.chunk_pages /= 2;
		else if (p.threads > 1)
			p.threads--;
		else
			break;
	}
	p.total = fixed + p.keep_budget + p.threads * thread_cost(&p, codec_state);
	return p;
}

/* A line of /proc/meminfo, bytes; none if it cannot be read. */
static uint64_t meminfo(const char *name, uint64_t none)
{
	uint64_t kb = 0;
	char *text, *at;
	size_t len;

	if (read_file("/proc/meminfo", 1 << 16, &text, &len, NULL))
		return none;
	at = strstr(text, name);
	if (at)
		kb = strtoull(at + strlen(name), NULL, 10);
	free(text);
	return at ? kb << 10 : none;
}

uint64_t memory_available(void)
{
	return meminfo("MemAvailable:", UINT64_MAX / 2);
}

uint64_t memory_total(void)
{
	return meminfo("MemTotal:", 0);
}
