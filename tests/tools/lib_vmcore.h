/* lib_vmcore - small ELF cores of invented x86_64 kernels, made from a description. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LIB_VMCORE_H
#define TESTS_LIB_VMCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The description: one statement on a line, '#' begins a comment. Numbers are decimal or 0x hex,
 * with K, M or G behind them if wanted. RANGE is FIRST+COUNT or one page, in page frame numbers.
 *
 * The kernel (these take effect before everything below, wherever they stand):
 *   kernel 6.1 | 6.6 | 6.12      its keys and the bits of its struct page (default 6.12)
 *   levels 4 | 5                 of the page tables (default 4)
 *   sections BITS                SECTION_SIZE_BITS (default 27)
 *   image PA VA PAGES            where it lies; it holds all the tables, too
 *   vmemmap 2m | 4k              page size that maps the array of struct page (default 2m)
 *   directmap 1g | 2m | 4k       page size that maps the rest (default 1g)
 *   sme BIT                      an encryption bit, set in each table entry
 *   cpus N                       NT_PRSTATUS notes (default 1)
 *   rsp CPU VA                   its stack pointer
 *   ring COUNT_BITS SIZE_BITS    the printk ring (default 5 10)
 *   ring6.18                     a block of text may end just where the ring does
 *   key NAME=VALUE, nokey NAME   set or remove a line of vmcoreinfo
 *   noinfo                       no VMCOREINFO note
 *   xnum N                       N empty program headers more, and the count in section 0
 *   ram START END [SKEW]         bytes of memory, one PT_LOAD; SKEW misaligns it in the file
 *   alias START END              another PT_LOAD for memory that there is already
 * What is in memory, in this order:
 *   pages RANGE KIND [ORDER]     kernel cache private swapcache anon slab free hugetlb thp offline
 *                                unaccepted; with ORDER the range is cut in blocks of that order
 *   poison RANGE                 PG_hwpoison on top of what they are
 *   fill RANGE zero | text | random   bytes; text unless said otherwise, each page its own
 *   log SECONDS TEXT             a printk record; \n, \\ and \xNN are understood
 *   logset FIELD VALUE           of that record: state begin next len id; of the ring: head tail
 *                                count_bits size_bits descs infos data
 * The finished file:
 *   poke WHERE HEX...            bytes over it
 *   cut WHERE                    nothing from there on
 * WHERE is NAME[+N] of ehdr phdr shdr notes vmcoreinfo data end, or pa=ADDRESS, page=PFN[+N] for
 * its struct page, table for the top page table, or a number. Lines that begin with "expect" are left to the reader.
 */

enum { VC_PAGE = 4096, VC_STRUCT_PAGE = 64, VC_MAX_LOADS = 24, VC_MAX_CPUS = 64, VC_MAX_EDITS = 64 };

/* The bits and values by which one line of kernels marks its pages. */
struct vc_style {
	const char *name, *release;
	int lru, private_bit, swapcache, swapbacked, slab, hwpoison, hugetlb;	/* bits; -1: not so */
	uint64_t head_mask;
	uint32_t buddy, offline, slab_type, hugetlb_type, unaccepted;		/* _mapcount; 0: not so */
	bool order_in_flags;			/* else at bytes 16 (destructor) and 17 of page[1] */
	bool compound_info;			/* so called; in tails the mask of a struct page's address that gives its head */
};

struct vc_load {
	uint64_t start, end, vaddr, skew, offset;
};

/* The printk ring as its writer sees it. */
struct vc_ring {
	unsigned count_bits, size_bits;
	bool     exact_end;			/* since 6.18 */
	uint64_t prb, descs, infos, text;	/* physical addresses */
	uint64_t head_id, tail_id, head_lpos, seq;
};

struct vmcore {
	const struct vc_style *style;
	int      levels;
	unsigned section_bits;
	bool     small_memmap;
	int      direct_shift;
	uint64_t sme;
	uint64_t image_pa, image_va, image_pages;
	unsigned cpus;
	uint64_t rsp[VC_MAX_CPUS];
	bool     no_info;
	char    *text;			/* the description */
	const char *edits[VC_MAX_EDITS];	/* its lines that begin with key and nokey */
	size_t   nr_edits;
	struct vc_load loads[VC_MAX_LOADS];	/* the image's, that of what is built here, then the user's */
	size_t   nr_loads, nr_ram;		/* nr_ram: without aliases */
	uint32_t null_phdrs;
	bool     xnum;

	int      mem_fd;			/* physical memory, sparse */
	uint8_t *mem;
	uint64_t mem_size;
	uint64_t image_used;			/* pages handed out */
	uint64_t memmap_start, memmap_end;
	uint64_t top, roots, vmemmap, direct;	/* top: physical; the others virtual */
	struct vc_ring ring;

	int      fd;				/* the core */
	char     path[32];			/* by which it can be opened */
	uint64_t phdr_at, shdr_at, notes_at, notes_len, info_at, info_len, data_at, size;
};

/* Make a core. On a bad description it prints the line and why to stderr and returns NULL. */
struct vmcore *vmcore_make(const char *description);
/* The same, of a file of that name. */
struct vmcore *vmcore_make_file(const char *path);
/* printf first, then vmcore_make; fails the process if the description is bad. */
struct vmcore *vmcore_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vmcore_free(struct vmcore *v);

/* True if a PT_LOAD holds all of the page. */
bool vmcore_has(const struct vmcore *v, uint64_t pfn);
/* Its bytes, as described: what the file says where it was not broken. */
void vmcore_page(const struct vmcore *v, uint64_t pfn, uint8_t *out);
/* One past the last page. */
uint64_t vmcore_max_pfn(const struct vmcore *v);
/* Offset in the file of WHERE; UINT64_MAX if there is no such place. */
uint64_t vmcore_where(const struct vmcore *v, const char *where);
/* Offset in the file of a physical address. */
uint64_t vmcore_offset(const struct vmcore *v, uint64_t pa);

/* The parts, each in a file of its own. */
const struct vc_style *vc_style_find(const char *name);
void vc_memory_build(struct vmcore *v);				/* lib_vmcore_mem.c */
bool vc_pages(struct vmcore *v, uint64_t first, uint64_t n, const char *kind, int order);
void vc_poison(struct vmcore *v, uint64_t first, uint64_t n);
bool vc_fill(struct vmcore *v, uint64_t first, uint64_t n, const char *how);
uint64_t vc_struct_page(const struct vmcore *v, uint64_t pfn);	/* its physical address, 0: none */
uint64_t vc_image_take(struct vmcore *v, uint64_t pages);
uint64_t vc_image_va(const struct vmcore *v, uint64_t pa);
uint64_t vc_symbol_page(const struct vmcore *v);		/* where init_uts_ns and prb's pointer stand */
void vc_ring_build(struct vmcore *v);				/* lib_vmcore_log.c */
void vc_log(struct vmcore *v, const char *seconds, const char *text);
bool vc_log_set(struct vmcore *v, const char *field, uint64_t value);
char *vc_info_text(const struct vmcore *v, size_t *len);	/* lib_vmcore_info.c; malloc */
void vc_file_write(struct vmcore *v);				/* lib_vmcore_elf.c */
void vc_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
