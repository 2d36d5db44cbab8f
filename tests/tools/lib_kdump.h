/* lib_kdump - read a kdump-compressed file, strictly, for tests: shares nothing with the writer. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LIB_KDUMP_H
#define TESTS_LIB_KDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Header fields as they stand in the file, and where its parts are. */
struct kdump {
	const uint8_t *file;		/* borrowed */
	uint64_t size;
	uint32_t version, status, block, sub_blocks, bitmap_blocks, max_mapnr_32, nr_cpus;
	const char *uts[6];
	uint64_t timestamp;
	uint64_t phys_base, vmcoreinfo_at, vmcoreinfo_len, note_at, note_len, max_mapnr;
	uint32_t level, split;
	const uint8_t *bitmap1, *bitmap2, *descs;
	uint64_t bitmap_bytes;		/* of one */
	uint64_t nr_kept;		/* bits of bitmap2 */
	uint32_t *rank;			/* bits of bitmap2 before each 64 pages; owned */
	char     why[200];		/* what is wrong with it; "" if nothing */
};

enum kdump_page {
	KDUMP_OK, KDUMP_EXCLUDED,	/* bitmap2 has no bit */
	KDUMP_EMPTY,			/* a descriptor of zeros, as in an incomplete dump */
	KDUMP_BROKEN,			/* k->why says how */
};

/*
 * Check the header as crash and libkdumpfile do, and some: bitmaps inside the file and large enough,
 * nothing but zeros where nothing is defined. False, and why, if a reader would refuse it.
 */
bool kdump_open(struct kdump *k, const uint8_t *file, uint64_t size);
void kdump_close(struct kdump *k);

bool kdump_is_ram(const struct kdump *k, uint64_t pfn);		/* bitmap1 */
bool kdump_is_kept(const struct kdump *k, uint64_t pfn);	/* bitmap2 */
/* The page's descriptor, NULL if it has none. */
const uint8_t *kdump_desc(const struct kdump *k, uint64_t pfn);
/* Its bytes, k->block of them. */
enum kdump_page kdump_page(struct kdump *k, uint64_t pfn, uint8_t *out);

/*
 * True if two dumps differ in nothing but where in them the data of pages stands: streams have it by
 * pfn, files in the order in which readers need it. Else why, of at least 200 bytes, says how.
 */
bool kdump_same(const uint8_t *a, uint64_t a_size, const uint8_t *b, uint64_t b_size, char *why);

/*
 * Unpack makedumpfile's flattened format into fresh memory, the caller's. NULL, and why (of at least
 * 200 bytes), if it is not well formed: no end record, overlapping records.
 */
uint8_t *flat_unpack(const uint8_t *stream, uint64_t size, uint64_t *out_size, char *why);

#endif
