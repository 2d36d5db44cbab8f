/* elfdump - a filtered ELF core: what gdb reads, with excluded pages really absent. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_ELFDUMP_H
#define DUMP_ELFDUMP_H

#include "dump/filter.h"
#include "dump/writer.h"

/*
 * The file: ELF header, program headers, section header 0 if there are 0xffff program headers or
 * more (elf(5), PN_XNUM), notes, then the kept pages in pfn order without gaps. Each run of kept
 * pages of each PT_LOAD of the source is a PT_LOAD; two that name the same memory (the kernel image
 * is listed twice) share its bytes in the file. Pages of zeros are holes where the sink has them.
 */
enum { ELF_HEAD, ELF_DATA, NR_ELF_REGIONS };	/* regions after the ELF header itself */

struct elfdump {
	struct sink         *sink;	/* borrowed */
	const struct kernel *k;		/* borrowed */
	struct filter       *filter;	/* borrowed */
	uint64_t             nr_phdrs;
	uint64_t             notes_at, data_at;
	uint64_t            *rank;	/* kept pages below each section; owned */
	uint64_t            *scratch;	/* bits of a section; owned */
	uint8_t             *arena;	/* buffers of the regions; owned */
	struct region        regions[NR_ELF_REGIONS];
	bool                 notes_lost;	/* not all notes could be read */
	struct digest        header_sum;
	uint64_t             data_limit;	/* data may not go beyond; UINT64_MAX: the sink will tell */
	uint64_t             saved;	/* pages written or in the buffer */
	uint64_t             lost_from;	/* what the sink did not take begins there; UINT64_MAX */
};

/* Begin: all headers, flagged incomplete, and the notes. */
int elfdump_init(struct elfdump *d, struct sink *sink, struct filter *f, enum digest_kind kind, struct err *e);

/* The next pages, rising pfns, into a struct elfdump; they must not be compressed. */
int elfdump_pages(void *elfdump, const struct packed *pages, size_t n, const void *data, size_t len,
		  struct err *e);

/* Write what is buffered and the ELF header; not complete: e_flags stays 1 (crash, makedumpfile). */
int elfdump_end(struct elfdump *d, bool complete, struct err *e);

void elfdump_free(struct elfdump *d);

/* Bytes of the file so far. */
uint64_t elfdump_size(const struct elfdump *d);

#endif
