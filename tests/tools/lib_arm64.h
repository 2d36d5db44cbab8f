/* lib_arm64 - small ELF cores of invented aarch64 kernels: page tables of any granule and address size. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LIB_ARM64_H
#define TESTS_LIB_ARM64_H

#include <stdbool.h>

#include "lib_tinycore.h"

/* RAM begins here; the image lies inside, mapped to its first 256 KiB. */
#define ARM64_RAM      0x40000000ULL
#define ARM64_RAM_SIZE (64ULL << 20)
#define ARM64_IMAGE    (ARM64_RAM + 0x1000000)
enum { ARM64_IMAGE_SIZE = 8 << 20 };

/* One kind of kernel on one kind of CPU. */
struct arm64_kind {
	const char *why;
	unsigned page_shift, built, runs;	/* bits of address: by configuration, by CPU */
	int      levels;
	unsigned index_va;			/* bits of address that index the top table as the kernel sees it */
	bool     high;				/* tables lie in memory above 48 bits */
};

struct arm64_guest {
	const struct arm64_kind *kind;
	struct tinycore *core;			/* tiny_free is the caller's */
	uint64_t image_va, direct, vmemmap;	/* nothing is mapped at vmemmap */
	uint64_t root, next_table;		/* physical */
};

/* What vmcoreinfo and the PT_LOADs say otherwise than they should. */
struct arm64_change {
	const char *why;
	const char *without;			/* lines that hold this are left out; "": none */
	const char *more;			/* lines before all others */
	bool no_image_load, no_vaddr;
	uint64_t sp;			/* of the CPU's NT_PRSTATUS */
};

/* flipped: the layout since 5.4, the image in the upper half of kernel addresses. */
void arm64_make(struct arm64_guest *g, const struct arm64_kind *k, const struct arm64_change *c, bool flipped);

/* An address as a descriptor holds it; written from the architecture's tables, not from our reader. */
uint64_t arm64_encode(const struct arm64_kind *k, uint64_t pa);
/* A descriptor of a page or block with all the attributes that a kernel gives them. */
uint64_t arm64_leaf(const struct arm64_kind *k, uint64_t pa, bool block);
bool arm64_lpa2(const struct arm64_kind *k);

/* Put a descriptor for va at the level (1: pages); tables are made on the way. */
void arm64_map(struct arm64_guest *g, uint64_t va, uint64_t leaf, int level);

#endif
