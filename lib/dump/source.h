/* source - where the crashed kernel's memory comes from: an ELF64 core, /proc/vmcore or a file. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_SOURCE_H
#define DUMP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "dump/types.h"

/* A PT_LOAD as the file says it, page alignment not assumed. */
struct load {
	vaddr_t  vaddr;
	paddr_t  start, end;
	uint64_t offset;		/* of start in the file */
};

/* RAM after overlaps are gone: whole pages, sorted, disjoint. */
struct ram_range {
	paddr_t  start, end;
	uint64_t offset;		/* of start in the file */
};

enum { SOURCE_WINDOWS = 4 };		/* cached windows of source_read */

/* A mapped piece of the file. Zero-initialised it maps nothing. */
struct source_window {
	void    *base;			/* NULL: nothing mapped */
	size_t   len;			/* bytes mapped */
	paddr_t  start, end;		/* what it holds */
	const uint8_t *bytes;		/* of start */
};

struct source {
	int      fd;
	bool     may_map;		/* false: read(2) only */
	uint64_t size;			/* of the file, bytes */
	uint16_t machine;		/* e_machine */
	struct load *loads;		/* as in the file; owned */
	size_t   nr_loads;
	uint64_t notes_at, notes_len;	/* PT_NOTE in the file; 0, 0 if there is none */
	unsigned page_shift;
	struct ram_range *ram;		/* owned; set by source_set_pages */
	size_t   nr_ram;
	struct source_window cache[SOURCE_WINDOWS];	/* of source_read */
	unsigned next_cache;
};

/*
 * Open and check an ELF64 little-endian core. PN_XNUM (elf(5)) is honoured; at most 2^20 program
 * headers are taken. Errors say what is wrong with the file. source_close is wanted only on success.
 */
int source_open(struct source *s, const char *path, struct err *e);
void source_close(struct source *s);

/*
 * Make ram from loads for pages of 1 << page_shift bytes: partial pages at either end are left
 * out, overlapping PT_LOADs (kexec_file_load lists the kernel image twice) count once.
 */
int source_set_pages(struct source *s, unsigned page_shift, struct err *e);

/* One past the highest page; 0 if there is no RAM. */
pfn_t source_max_pfn(const struct source *s);

/* RAM pages in all. */
uint64_t source_nr_pages(const struct source *s);

/* The range that holds at, or else the next one above it; NULL if there is none. */
const struct ram_range *source_range(const struct source *s, paddr_t at);

/*
 * Read exactly len bytes of physical memory, across ranges. Returns 0; -ENXIO if a byte is not
 * RAM; -EIO if a page cannot be read or lies beyond the end of a cut file. For the few and small
 * reads of kernel data; not thread-safe (it keeps windows).
 */
int source_read(struct source *s, paddr_t at, void *buf, size_t len);

/*
 * Make w hold the page at `at` and, as far as the range and max_len bytes reach, what follows or
 * surrounds it (windows are aligned so that neighbours share them). Returns 0, -ENXIO if `at` is
 * not RAM, or another negative errno if it cannot be mapped (then use source_read_page). Reading a
 * mapped page can raise SIGBUS: use guard_copy.
 */
int source_map(struct source *s, struct source_window *w, paddr_t at, size_t max_len);
void source_unmap(struct source_window *w);

/* Read one page with pread(2); thread-safe. Returns 0, -ENXIO or -EIO. */
int source_read_page(const struct source *s, paddr_t at, void *buf);

/*
 * Copy len bytes (a multiple of 64) out of a mapping and tell in *nonzero whether any bit is set.
 * Returns 0, or -EIO if reading raised SIGBUS. Needs guard_install once per process.
 */
int guard_copy(void *to, const void *from, size_t len, bool *nonzero);
void guard_install(void);

#endif
