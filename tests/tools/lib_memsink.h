/* lib_memsink - a sink in memory that fails when told to. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LIB_MEMSINK_H
#define TESTS_LIB_MEMSINK_H

#include <stdatomic.h>

#include "sink/sink.h"

struct mem_sink {
	struct sink base;
	uint8_t *bytes;			/* what was written; stays after release; owned */
	uint64_t size;			/* one past the last byte written */
	uint64_t limit;			/* writes beyond it are -ENOSPC; 0: there is room */
	bool     late;			/* what does not fit is told of by a later call, as a server would */
	struct err refused;		/* that, until it is told */
	uint64_t lost_from;		/* the lowest offset of that; UINT64_MAX: all was taken */
	uint64_t space;			/* what it says about room; 0: unknown */
	unsigned fail_at;		/* the call that fails, counted from 1 over write, commit and keep; 0: none */
	bool     for_ever;		/* and all calls behind it */
	int      error;			/* with this */
	unsigned stop_at;		/* the call that sets *stop; 0: none */
	atomic_int *stop;
	unsigned cut_at;		/* the call that cuts the file cut_fd to cut_to bytes; 0: none */
	int      cut_fd;
	uint64_t cut_to;
	unsigned calls;
	bool     committed, kept, released;
	bool     misused;		/* a call came after the end, or a byte twice though it may not */
	uint8_t *once;			/* of a sink that is not rewritable: bytes written; owned */
};

/* rewritable: as in struct sink. The sink is the caller's; sink_close does not free it. */
void mem_sink_init(struct mem_sink *m, bool rewritable);
void mem_sink_free(struct mem_sink *m);

#endif
