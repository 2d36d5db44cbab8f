/* lib_arm64 - small ELF cores of invented aarch64 kernels: page tables of any granule and address size. */
/* SPDX-License-Identifier: MIT */
#include "lib_arm64.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

enum { UTS_AT = 0x10000, TABLES_AT = 0x20000 };

/* Attributes of a leaf of the kernel's: AF, DBM, PXN, UXN, contiguous, and an index of memory types. */
#define ATTRIBUTES (1ULL << 10 | 1ULL << 51 | 3ULL << 53 | 1ULL << 52 | 1ULL << 2)
#define SHAREABLE  (3ULL << 8)
#define HIGH       0xf123400000000ULL		/* RAM that needs all 52 bits */

bool arm64_lpa2(const struct arm64_kind *k)
{
	return k->page_shift < 16 && k->runs == 52;
}

uint64_t arm64_encode(const struct arm64_kind *k, uint64_t pa)
{
	if (k->page_shift == 16)
		return (pa & 0x0000ffffffff0000ULL) | ((pa >> 48) & 0xf) << 12;
	if (arm64_lpa2(k))
		return (pa & 0x0003fffffffff000ULL) | ((pa >> 50) & 3) << 8;
	return pa & 0x0000fffffffff000ULL;
}

static uint64_t read64(struct arm64_guest *g, uint64_t pa)
{
	const struct tiny_load *l = pa >= HIGH ? &g->core->loads[1] : &g->core->loads[0];
	uint8_t raw[8];

	if (pread(g->core->fd, raw, 8, (off_t)(g->core->offset[l - g->core->loads] + (pa - l->start))) != 8)
		abort();
	return get_le64(raw);
}

void arm64_map(struct arm64_guest *g, uint64_t va, uint64_t leaf, int level)
{
	const struct arm64_kind *k = g->kind;
	unsigned stride = k->page_shift - 3;
	uint64_t table = g->root;

	for (int i = k->levels; i >= 1; i--) {
		unsigned shift = k->page_shift + stride * (unsigned)(i - 1);
		uint64_t mask = i == k->levels && k->index_va - shift < stride ? (1ULL << (k->index_va - shift)) - 1 :
				(1ULL << stride) - 1;
		uint64_t slot = table + ((va >> shift) & mask) * 8, entry;

		if (i == level) {
			tiny_put64(g->core, slot, leaf);
			return;
		}
		entry = read64(g, slot);
		if (!entry) {
			tiny_put64(g->core, slot, arm64_encode(k, g->next_table) | 3 | 1ULL << 59 | 1ULL << 61);
			table = g->next_table;
			g->next_table += 1ULL << k->page_shift;
		} else {
			table = k->high ? HIGH | (entry & 0xffffffULL & -(1ULL << k->page_shift)) :
				entry & 0xffffffffffffULL & -(1ULL << k->page_shift);
		}
	}
}

uint64_t arm64_leaf(const struct arm64_kind *k, uint64_t pa, bool block)
{
	return arm64_encode(k, pa) | ATTRIBUTES | (arm64_lpa2(k) ? 0 : SHAREABLE) | (block ? 1 : 3);
}

/* VMCOREINFO of the guest, without the keys in `without`, and `more` in front of the rest. */
static char *describe(const struct arm64_guest *g, const char *without, const char *more)
{
	static char text[4096], all[2048];
	const struct arm64_kind *k = g->kind;
	char *line, *save;

	snprintf(all, sizeof(all),
		 "OSRELEASE=9.9.9\nPAGESIZE=%u\nSYMBOL(init_uts_ns)=%llx\nOFFSET(uts_namespace.name)=4\n"
		 "SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=%llx\nNUMBER(VA_BITS)=%u\nNUMBER(TCR_EL1_T1SZ)=0x%x\n"
		 "NUMBER(kimage_voffset)=0x%llx\nNUMBER(PHYS_OFFSET)=0x%llx\n",
		 1U << k->page_shift, (unsigned long long)(g->image_va + UTS_AT),
		 (unsigned long long)(g->image_va + TABLES_AT), (unsigned long long)(g->image_va + 0x1000), k->built,
		 64 - k->runs, (unsigned long long)(g->image_va - ARM64_IMAGE), (unsigned long long)ARM64_RAM);
	snprintf(text, sizeof(text), "%s", more);
	for (line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (without[0] && strstr(line, without))
			continue;
		strcat(strcat(text, line), "\n");
	}
	return text;
}

void arm64_make(struct arm64_guest *g, const struct arm64_kind *k, const struct arm64_change *c, bool flipped)
{
	const uint64_t end = ARM64_RAM + ARM64_RAM_SIZE;
	struct tiny_load ram = { ARM64_RAM, end, 0 }, image = { ARM64_IMAGE, ARM64_IMAGE + ARM64_IMAGE_SIZE, 0 };
	struct tiny_load more = k->high ? (struct tiny_load){ HIGH, HIGH + (32 << 20), 0 } :
					  (struct tiny_load){ end, end + (1 << 20), 0 };
	unsigned image_bits = k->runs < 48 ? k->runs : 48;
	char uts[6 * 65] = "";

	*g = (struct arm64_guest){ .kind = k };
	g->direct = flipped ? -(1ULL << k->runs) : -(1ULL << (k->runs - 1));
	g->image_va = (flipped ? -(1ULL << (image_bits - 1)) : -(1ULL << image_bits)) + 0x10000000;
	g->vmemmap = flipped ? -(1ULL << (k->runs - 3)) : -(1ULL << k->runs) + (1ULL << (k->runs - 2));
	if (!c->no_vaddr) {
		ram.vaddr = g->direct;
		more.vaddr = g->direct + (more.start - ARM64_RAM);
	}
	image.vaddr = g->image_va;
	g->core = tiny_make(EM_AARCH64, (struct tiny_load[]){ ram, more, image }, c->no_image_load ? 2 : 3,
			    describe(g, c->without, c->more), c->sp);
	g->root = ARM64_IMAGE + TABLES_AT;
	g->next_table = k->high ? HIGH : ARM64_RAM;
	strcpy(uts, "Linux");
	strcpy(uts + 130, "9.9.9");
	tiny_put(g->core, ARM64_IMAGE + UTS_AT + 4, uts, sizeof(uts));
	for (uint64_t at = 0; at < 0x40000; at += 1ULL << k->page_shift)
		arm64_map(g, g->image_va + at, arm64_leaf(k, ARM64_IMAGE + at, false), 1);
}
