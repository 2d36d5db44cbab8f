/* kdumphead - what header and sub header of a kdump-compressed file say, checked. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_KDUMPHEAD_H
#define DUMP_KDUMPHEAD_H

#include "dump/bytes.h"
#include "dump/types.h"

enum { HEAD_UTS = 6, HEAD_UTS_LEN = 65 };	/* as in kernel.h: struct new_utsname */

/* All offsets are bytes in the dump. */
struct kdump_head {
	bool     derived;		/* the header was not there: made up from sub header and notes */
	uint32_t status;		/* PAGE_ of the codec, STATUS_ bits */
	uint32_t block;			/* bytes: the page size */
	unsigned page_shift;		/* its logarithm */
	char     uts[HEAD_UTS][HEAD_UTS_LEN];	/* sysname nodename release version machine domainname */
	uint64_t crash_time;		/* seconds since 1970; 0: unknown */
	uint32_t nr_cpus;
	uint64_t max_pfn;
	paddr_t  phys_base;
	uint32_t level;			/* LEVEL_ bits; other bits as they are */
	bool     split;			/* one of several files: descriptors of [start_pfn, end_pfn) only */
	pfn_t    start_pfn, end_pfn;	/* 0, max_pfn if not split */
	uint64_t notes_at, notes_len;	/* 0, 0 if there are none inside the file */
	uint64_t vmcoreinfo_at, vmcoreinfo_len;	/* the same */
	uint64_t erased_at, erased_len;	/* text on what makedumpfile --config erased */
	uint64_t bitmap_len;		/* bytes of one bitmap */
	uint64_t bitmap1_at, bitmap2_at, descs_at;
};

/*
 * Read version 6, 64-bit little endian (struct disk_dump_header and kdump_sub_header, as makedumpfile
 * 1.5.9 and later write them and crash's diskdump.h has them). Where a flattened stream was cut before
 * its header arrived (our own have it last) it is derived. Returns 0, -EINVAL with what is wrong, or a
 * read error. After 0 all offsets fit 2^63, block is 4096 to 65536, the bitmaps have room for max_pfn.
 */
int kdump_head_read(struct kdump_head *h, const struct bytes *in, struct err *e);

#endif
