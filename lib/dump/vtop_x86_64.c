/* vtop_x86_64 - page tables of x86_64, 4 and 5 levels. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/buf.h"
#include "dump/kernel.h"

/* arch/x86/include/asm/page_64_types.h and pgtable_64_types.h */
#define START_KERNEL_MAP 0xffffffff80000000ULL
#define KERNEL_IMAGE_MAX 0x40000000ULL		/* KERNEL_IMAGE_SIZE with KASLR; modules start behind it */
#define KERNEL_IMAGE_MIN 0x20000000ULL		/* without */
#define ENTRY_PRESENT    0x1ULL
#define ENTRY_PSE        0x80ULL		/* a leaf at 2 MiB or 1 GiB */
#define ENTRY_ADDRESS    0x000ffffffffff000ULL	/* bits 51:12 */

/* Where the kernel image lies: NUMBER(phys_base), or else the PT_LOAD that the image has for itself. */
static bool image_base(struct kernel *k, paddr_t *pa)
{
	int64_t phys_base;

	if (vmci_number(&k->info, "phys_base", &phys_base)) {
		*pa = (uint64_t)phys_base;	/* of START_KERNEL_MAP; may wrap below zero */
		return true;
	}
	for (size_t i = 0; i < k->src.nr_loads; i++) {
		const struct load *l = &k->src.loads[i];

		if (l->vaddr < START_KERNEL_MAP || l->vaddr - START_KERNEL_MAP >= KERNEL_IMAGE_MAX)
			continue;
		*pa = l->start - (l->vaddr - START_KERNEL_MAP);
		return true;
	}
	return false;
}

void x86_64_vtop_init(struct kernel *k)
{
	struct vtop *t = &k->vtop;
	uint64_t table;
	int64_t number;

	*t = (struct vtop){ .levels = 4, .pa_mask = ENTRY_ADDRESS };
	if (!image_base(k, &t->image_pa)) {
		kernel_doubt(k, "the kernel image's place in memory is unknown (no NUMBER(phys_base))");
		return;
	}
	t->image_start = START_KERNEL_MAP;
	t->image_end = START_KERNEL_MAP + KERNEL_IMAGE_MIN;
	if (vmci_number(&k->info, "KERNEL_IMAGE_SIZE", &number) && (uint64_t)number <= KERNEL_IMAGE_MAX)
		t->image_end = START_KERNEL_MAP + (uint64_t)number;
	if (vmci_number(&k->info, "pgtable_l5_enabled", &number) && number)
		t->levels = 5;
	if (vmci_number(&k->info, "sme_mask", &number))
		t->pa_mask &= ~(uint64_t)number;
	/* init_top_pgt since 4.13, kernel commit 65ade2f872b4; both names mean the same table. */
	if (!vmci_symbol(&k->info, "init_top_pgt", &table) &&
	    !vmci_symbol(&k->info, "init_level4_pgt", &table) &&
	    !vmci_symbol(&k->info, "swapper_pg_dir", &table)) {
		kernel_doubt(k, "no page tables (no SYMBOL(init_top_pgt))");
		return;
	}
	if (table < t->image_start || table >= t->image_end) {
		kernel_doubt(k, "SYMBOL(init_top_pgt) %#llx lies outside the kernel image",
			     (unsigned long long)table);
		return;
	}
	t->root = table - t->image_start + t->image_pa;
	t->usable = true;
}

int x86_64_walk(struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run)
{
	const struct vtop *t = &k->vtop;
	paddr_t table = t->root;

	for (int level = t->levels; level >= 1; level--) {
		int shift = 12 + 9 * (level - 1);
		uint8_t raw[8];
		uint64_t entry, span = (uint64_t)1 << shift;
		paddr_t at = table + ((va >> shift) & 511) * 8;

		if (source_read(&k->src, at, raw, sizeof(raw)))
			return -EIO;
		if (k->pins)
			pins_add(k->pins, &k->src, at, at + 8);
		entry = get_le64(raw);
		if (!(entry & ENTRY_PRESENT))
			return -ENXIO;
		if (level == 1 || (level <= 3 && (entry & ENTRY_PSE))) {
			*pa = (entry & t->pa_mask & ~(span - 1)) + (va & (span - 1));
			*run = span - (va & (span - 1));
			return 0;
		}
		table = entry & t->pa_mask;
	}
	return -ENXIO;
}
