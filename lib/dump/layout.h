/* layout - where everything stands in a kdump-compressed file, version 6. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_LAYOUT_H
#define DUMP_LAYOUT_H

#include "dump/kernel.h"

/*
 * The file in blocks of one page: header; sub header with the ELF notes behind it; bitmap1 (pages
 * that are RAM); bitmap2 (pages that have a descriptor); a descriptor of 24 bytes for each bit of
 * bitmap2, in pfn order; page data, byte aligned, in any order. Sizes and offsets as libkdumpfile's and crash's
 * diskdump readers take them.
 */
enum {
	KDUMP_HEADER_SIZE = 464,	/* struct disk_dump_header */
	KDUMP_STATUS_AT   = 424,	/* its status; what stands before that is known from the start */
	KDUMP_SUB_SIZE    = 104,	/* struct kdump_sub_header */
	KDUMP_DESC_SIZE   = 24,		/* struct page_desc */
	STATUS_INCOMPLETE = 0x8,	/* DUMP_DH_COMPRESSED_INCOMPLETE */
};

struct layout {
	uint32_t block;			/* bytes: the page size */
	uint64_t max_pfn;
	uint64_t nr_descs;		/* pages that shall be saved */
	uint64_t notes_at, notes_len;	/* in the file */
	uint64_t bitmap_blocks;		/* of one bitmap */
	uint64_t bitmap1_at, bitmap2_at, descs_at, data_at;
	bool     split;			/* one of several files: it describes pages of [start_pfn, end_pfn) only */
	pfn_t    start_pfn, end_pfn;	/* set by the caller together with split */
};

/* Returns 0 or -EFBIG if the numbers do not fit the format. */
int layout_init(struct layout *l, const struct kernel *k, uint64_t nr_descs, struct err *e);

/* The header, KDUMP_HEADER_SIZE bytes. status: PAGE_ flag of the codec and STATUS_ bits. */
void layout_header(const struct layout *l, const struct kernel *k, uint32_t status, uint8_t *out);

/* The sub header, KDUMP_SUB_SIZE bytes. */
void layout_sub_header(const struct layout *l, const struct kernel *k, unsigned level, uint8_t *out);

/*
 * page_desc.page_flags: makedumpfile writes 0 and no reader looks at it. Here it has the page's frame
 * number below a mark, so that descriptors can be told apart where bitmap2 was not written any more.
 */
#define DESC_OWNER_MARK 0x4b44000000000000ULL
#define DESC_OWNER_MASK 0xffff000000000000ULL

/* One descriptor, KDUMP_DESC_SIZE bytes. at: absolute file offset of the data. */
void layout_desc(uint8_t *out, uint64_t at, uint32_t size, uint32_t flags, uint64_t pfn);

#endif
