/* vtop_x86_64 - page tables of x86_64, 4 and 5 levels. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>

#include "base/buf.h"
#include "dump/kernel.h"

/* arch/x86/include/asm/page_64_types.h and pgtable_64_types.h */
#define START_KERNEL_MAP 0xffffffff80000000ULL
#define KERNEL_IMAGE_MAX 0x40000000ULL		/* KERNEL_IMAGE_SIZE with KASLR; modules follow */
#define KERNEL_IMAGE_MIN 0x20000000ULL		/* without */
#define ENTRY_PRESENT    0x1ULL
#define ENTRY_PSE        0x80ULL		/* a leaf at 2 MiB or 1 GiB */
#define ENTRY_ADDRESS    0x000ffffffffff000ULL	/* bits 51:12 */

/* Where START_KERNEL_MAP lies, by the PT_LOAD that the kernel image has for itself. */
static bool base_of_load(const struct kernel *k, paddr_t *pa)
{
	for (size_t i = 0; i < k->src.nr_loads; i++) {
		const struct load *l = &k->src.loads[i];

		if (l->vaddr < START_KERNEL_MAP || l->vaddr - START_KERNEL_MAP >= KERNEL_IMAGE_MAX)
			continue;
		*pa = l->start - (l->vaddr - START_KERNEL_MAP);
		return true;
	}
	return false;
}

/* NUMBER(phys_base), or else the PT_LOAD; of two that differ the one that holds the release. */
static bool find_image(struct kernel *k)
{
	struct vtop *t = &k->vtop;
	paddr_t by_load = 0;
	int64_t phys_base = 0;
	bool load = base_of_load(k, &by_load), key = vmci_number(&k->info, "phys_base", &phys_base);

	t->image_pa = key ? (uint64_t)phys_base : by_load;	/* may wrap below zero */
	if (key && load && by_load != t->image_pa && !kernel_names_itself(k)) {
		t->image_pa = by_load;
		if (!kernel_names_itself(k))
			t->image_pa = (uint64_t)phys_base;
		else
			kernel_doubt(k, "NUMBER(phys_base) is not where the kernel lies");
	}
	t->phys_base = t->image_pa;
	return key || load;
}

/*
 * The top table: init_top_pgt since 4.13 (kernel commit 65ade2f872b4), init_level4_pgt before;
 * swapper_pg_dir is the same table under another name. The number of levels is believed only if
 * the tables lead to where the kernel lies.
 */
static void find_tables(struct kernel *k)
{
	static const char *const names[] = { "init_top_pgt", "init_level4_pgt", "swapper_pg_dir" };
	struct vtop *t = &k->vtop;
	int64_t l5 = 0;
	bool any = false;

	vmci_number(&k->info, "pgtable_l5_enabled", &l5);
	for (int other = 0; other < 2; other++) {
		t->levels = (l5 != 0) != other ? 5 : 4;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			vaddr_t table;

			if (!vmci_symbol(&k->info, names[i], &table))
				continue;
			any = true;
			if (table < t->image_start || table >= t->image_end)
				continue;
			t->root = table - t->image_start + t->image_pa;
			t->usable = kernel_tables_agree(k, table);
			if (t->usable)
				return;
		}
	}
	kernel_doubt(k, any ? "the page tables do not map the kernel where it lies" :
			      "no page tables (no SYMBOL(init_top_pgt))");
}

static void x86_64_vtop_init(struct kernel *k)
{
	struct vtop *t = &k->vtop;
	int64_t number;

	*t = (struct vtop){ .pa_mask = ENTRY_ADDRESS, .image_start = START_KERNEL_MAP };
	t->image_end = START_KERNEL_MAP + KERNEL_IMAGE_MIN;
	if (vmci_number(&k->info, "KERNEL_IMAGE_SIZE", &number) && (uint64_t)number <= KERNEL_IMAGE_MAX &&
	    number > 0)
		t->image_end = START_KERNEL_MAP + (uint64_t)number;
	if (vmci_number(&k->info, "sme_mask", &number))
		t->pa_mask &= ~(uint64_t)number;
	if (find_image(k)) {
		find_tables(k);
	} else {
		t->image_end = t->image_start;
		kernel_doubt(k, "the kernel image's place in memory is unknown (no NUMBER(phys_base))");
	}
}

static int x86_64_walk(struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run)
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

const struct machine machine_x86_64 = {
	.elf = EM_X86_64,
	.name = "x86_64",
	.sp_at = 112 + 19 * 8,		/* pr_reg[19], <asm/user_64.h> */
	.section_bits = 27,
	.vtop_init = x86_64_vtop_init,
	.walk = x86_64_walk,
};
