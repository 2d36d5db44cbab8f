/* memusage - what the pages of a machine are used for, in numbers. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_MEMUSAGE_H
#define DUMP_MEMUSAGE_H

#include "dump/save.h"

/* Pages. Each counts once, also those of the kernel image, which cores list twice. */
struct mem_usage {
	uint64_t page_size;		/* bytes */
	uint64_t all;
	uint64_t excluded[NR_PAGE_CLASSES];	/* by a dump at LEVEL_MAX */
	uint64_t zero;			/* of the others those that are filled with zeros */
	uint64_t needed;		/* what such a dump holds */
};

/*
 * Count in a vmcore, or in /proc/kcore for the running kernel. say, ctx: as in save_request. Reads all
 * pages that are not excluded. Returns 0; -ENOTSUP if the pages cannot be told apart; or an error of the file.
 */
int mem_usage_count(struct mem_usage *m, const char *path, unsigned threads,
		    void (*say)(void *ctx, bool warning, const char *text), void *ctx, struct err *e);

/* The table as makedumpfile --mem-usage prints it, in out; also returned. 1024 bytes are enough. */
const char *mem_usage_table(const struct mem_usage *m, char *out, size_t size);

#endif
