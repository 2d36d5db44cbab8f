/* lib_tinydump - small kdump-compressed dumps, made by hand page by page, normal or flattened. */
/* SPDX-License-Identifier: MIT */
#ifndef LIB_TINYDUMP_H
#define LIB_TINYDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TINY_BLOCK = 4096 };

/* kind: a codec's name; "zero": shares the page of zeros; "empty": a descriptor of zeros. */
struct tiny_page {
	uint64_t    pfn;
	const char *kind;
};

/* A dump in memory; RAM is [0, max_pfn). Its bytes may be changed at will. */
struct tiny_dump {
	uint8_t *bytes;			/* owned */
	uint64_t size, max_pfn, nr;
	uint64_t sub_at, bitmap1_at, bitmap2_at, descs_at, data_at;
};

/* pages: rising pfns. owners: frame numbers in the descriptors, as our writer has them. */
void tiny_dump_make(struct tiny_dump *t, const struct tiny_page *pages, size_t n, uint64_t max_pfn,
		    bool owners);
void tiny_dump_free(struct tiny_dump *t);

/* What is in page pfn, TINY_BLOCK bytes; zero: that of kind "zero". */
void tiny_bytes(uint64_t pfn, bool zero, uint8_t *out);

/* A piece of the dump as a record. */
struct tiny_record {
	uint64_t at, len;
};

/* The flattened stream of these records in this order, end: with its end record. malloc. */
uint8_t *tiny_flatten(const uint8_t *dump, const struct tiny_record *records, size_t n, bool end,
		      uint64_t *size);

/* The bytes as an open file without a name; path (32 bytes) gets one by which it can be opened. */
int tiny_file(const void *bytes, uint64_t size, char *path);

#endif
