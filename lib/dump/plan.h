/* plan - divide the memory that is there, once, before anything is allocated. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PLAN_H
#define DUMP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAN_CHUNKS = 2 };	/* of a thread: it goes on while one waits for its turn */

struct plan {
	unsigned threads;
	unsigned chunks;		/* of each thread: PLAN_CHUNKS, or 1 if there is one thread */
	unsigned chunk_pages;		/* pages that a thread packs before it hands them on */
	size_t   chunk_bytes;		/* room for them packed */
	size_t   window;		/* bytes mapped at once by a thread, a power of two */
	size_t   keep_budget;		/* bytes for the bits of the keep map */
	size_t   total;			/* bytes that all of this comes to */
};

/*
 * avail: bytes that may be used. cpus: online. wanted: threads asked for, 0: as many as CPUs.
 * Never fails: with hardly any memory it plans one thread and small chunks.
 */
struct plan plan_make(uint64_t avail, unsigned cpus, unsigned wanted, size_t page_size, size_t codec_state,
		      size_t fixed);

/* MemAvailable of /proc/meminfo, bytes; UINT64_MAX / 2 if it cannot be read. */
uint64_t memory_available(void);

/* MemTotal, 0 if it cannot be read. */
uint64_t memory_total(void);

#endif
