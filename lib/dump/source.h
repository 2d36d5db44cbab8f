/* source - where the crashed kernel's memory comes from: an ELF64 core, or a dump made of one. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_SOURCE_H
#define DUMP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

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

struct source;
struct kdump_head;
struct kdump_source;

/* What differs between the kinds. Everything else goes by loads, ram and these. */
struct source_ops {
	const char *name;
	/* Up to len bytes inside one page of RAM. Returns 0, -ENODATA if the page is not in it, -EIO. */
	int     (*read)(struct source *s, paddr_t at, void *buf, size_t len);
	/* One page of RAM; thread-safe. The same. */
	int     (*read_page)(const struct source *s, paddr_t at, void *buf);
	/* Bytes of the file as notes_at counts them. Returns how many or a negative errno. */
	ssize_t (*read_file)(const struct source *s, void *buf, size_t len, uint64_t at);
	/*
	 * Clear the bits (bit 0 is page first) of pages in [first, end) that are not in it. Returns how
	 * many of them should be: not those that were excluded. NULL: all RAM is there.
	 */
	uint64_t (*drop_absent)(const struct source *s, pfn_t first, pfn_t end, uint64_t *bits);
	void    (*close)(struct source *s);	/* NULL: nothing but what all have */
};

struct source {
	const struct source_ops *ops;
	const struct kdump_head *head;	/* of a dump: what its header says; NULL: a core; borrowed */
	struct kdump_source *dump;	/* of a dump: the rest; owned */
	bool     incomplete;		/* a dump that ended early, is flagged so or is one of several files */
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
 * Open and check an ELF64 little-endian core or a kdump-compressed dump, flattened or not, whole or not.
 * Of ELF, PN_XNUM (elf(5)) is honoured; at most 2^20 program headers are taken. Of a dump, bitmap1
 * becomes loads without a virtual address; its pages are never mapped; what was excluded is absent.
 * Errors say what is wrong with the file. source_close is wanted only on success.
 */
int source_open(struct source *s, const char *path, struct err *e);
void source_close(struct source *s);

/*
 * source_kdump.c: make s, of which only fd is set, a dump. blank_ok: see bytes.h. Returns 0 or as
 * source_open, and after an error source_close is wanted, too.
 */
int source_open_kdump(struct source *s, const char *path, bool blank_ok, struct err *e);
struct kdumpfile;
/* The dump behind s, borrowed; NULL if s is a core. */
const struct kdumpfile *source_kdumpfile(const struct source *s);

/*
 * source_kcore.c: if st is that of /proc/kcore, s is the memory of the running kernel: it cannot be mapped,
 * and what is kept for the capture kernel is left out, as a vmcore does. Returns 0, -ENOMEM, or an error
 * of /proc/iomem.
 */
struct stat;
int source_kcore(struct source *s, const struct stat *st, struct err *e);
/* Its part that can be tried: leave out what the text of /proc/iomem calls "Crash kernel". */
int source_leave_out_crash_kernel(struct source *s, const char *iomem);

/*
 * source_ram.c: make ram from loads for pages of 1 << page_shift bytes: partial pages at either end are left
 * out, overlapping PT_LOADs (kexec_file_load lists the kernel image twice) count once; of a cut file the
 * one that has the page's data serves. A dump knows its page size: there page_shift has no effect.
 */
int source_set_pages(struct source *s, unsigned page_shift, struct err *e);

/*
 * How long a core is now; s->size was its length at the start. Of what has no length that can change, s->size.
 */
uint64_t source_size_now(const struct source *s);

/* Whether all of the page at `at` lies in the first size bytes of the file. */
bool source_page_within(const struct source *s, paddr_t at, uint64_t size);

/* One past the highest page; 0 if there is no RAM. */
pfn_t source_max_pfn(const struct source *s);

/* RAM pages in all. */
uint64_t source_nr_pages(const struct source *s);

/* The range that holds at, or else the next one above it; NULL if there is none. */
const struct ram_range *source_range(const struct source *s, paddr_t at);

/*
 * Read exactly len bytes of physical memory, across ranges. Returns 0; -ENXIO if a byte is not
 * RAM; -ENODATA if its page is not in the dump; -EIO if a page cannot be read or lies beyond the end
 * of a cut file. For the few and small reads of kernel data; not thread-safe (it keeps windows).
 */
int source_read(struct source *s, paddr_t at, void *buf, size_t len);

/*
 * Make w hold the page at `at` and, as far as the range and max_len bytes reach, what follows or
 * surrounds it (windows are aligned so that neighbours share them). Returns 0, -ENXIO if `at` is
 * not RAM, or another negative errno if it cannot be mapped, as no page of a dump can (then use
 * source_read_page). Reading a mapped page can raise SIGBUS: use guard_copy.
 */
int source_map(struct source *s, struct source_window *w, paddr_t at, size_t max_len);
void source_unmap(struct source_window *w);

/*
 * The mapped memory at `at`, *len bytes of it, valid until the next call for s; NULL if it cannot be
 * mapped. Reading can raise SIGBUS: do it within guard_call. Not thread-safe.
 */
const uint8_t *source_view(struct source *s, paddr_t at, size_t *len);

/* Read one page without mapping; thread-safe. Returns 0, -ENXIO, -ENODATA or -EIO. */
int source_read_page(const struct source *s, paddr_t at, void *buf);

/* Read bytes of the file, such as notes. Returns how many, less only at its end, or a negative errno. */
ssize_t source_read_file(const struct source *s, void *buf, size_t len, uint64_t at);

/*
 * Copy len bytes (a multiple of 64) out of a mapping and tell in *nonzero whether any bit is set.
 * Returns 0, or -EIO if reading raised SIGBUS. Needs guard_install once per process.
 */
int guard_copy(void *to, const void *from, size_t len, bool *nonzero);
void guard_install(void);

/* Run fn(ctx). Returns 0, or -EIO if it was left in the middle because it raised SIGBUS. */
int guard_call(void (*fn)(void *ctx), void *ctx);

#endif
