/* lib_tinycore - an ELF core of any machine from its PT_LOADs, its vmcoreinfo and bytes put into memory. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LIB_TINYCORE_H
#define TESTS_LIB_TINYCORE_H

#include <stddef.h>
#include <stdint.h>

enum { TINY_LOADS = 8 };

/* A PT_LOAD. One that lies inside an earlier one shows the same bytes. */
struct tiny_load {
	uint64_t start, end, vaddr;
};

struct tinycore {
	int      fd;
	char     path[32];		/* by which it can be opened */
	struct tiny_load loads[TINY_LOADS];
	uint64_t offset[TINY_LOADS];
	size_t   nr_loads;
};

/* A sparse core in memory; e_machine as in <elf.h>; info NULL: no VMCOREINFO note; sp: of one CPU. */
struct tinycore *tiny_make(uint16_t machine, const struct tiny_load *loads, size_t n, const char *info,
			   uint64_t sp);
void tiny_free(struct tinycore *c);

/* Put bytes, or a little-endian value, at a physical address. The process fails if it is no RAM. */
void tiny_put(struct tinycore *c, uint64_t pa, const void *bytes, size_t len);
void tiny_put64(struct tinycore *c, uint64_t pa, uint64_t value);
void tiny_put32(struct tinycore *c, uint64_t pa, uint32_t value);

/* The VMCOREINFO note's text begins at this offset of the file. */
enum { TINY_INFO_AT = 4096 + 12 + 12 };

#endif
