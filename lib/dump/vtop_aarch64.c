/* vtop_aarch64 - page tables of aarch64: granules of 4, 16 and 64 KiB, 36 to 52 bits of address. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>

#include "base/buf.h"
#include "dump/kernel.h"

/* Descriptors, Arm ARM D8.3: bit 0 valid; bits 1:0 are 3 for a table or a page, 1 for a block. */
enum { ENTRY_VALID = 1, ENTRY_TYPE = 3, ENTRY_BLOCK = 1 };

enum { MIN_VA = 36, MAX_VA = 52, MAX_PA = 52, TABLE_PAGE = 64 << 10 };

static uint64_t bits(unsigned high, unsigned low)
{
	return (UINT64_MAX >> (63 - high)) & (UINT64_MAX << low);
}

/*
 * The output address of a descriptor that spans 1 << shift bytes. Where bits 51:48 of a 52-bit
 * address stand depends on the granule and, with 4 and 16 KiB, on FEAT_LPA2: without it the bits
 * that would hold them are shareability.
 */
static paddr_t output(const struct vtop *t, unsigned page_shift, unsigned shift, uint64_t entry)
{
	if (page_shift == 16)		/* bits 15:12 are zero in kernels of 48 bits */
		return (entry & bits(47, shift)) | (entry & bits(15, 12)) << 36;
	if (t->lpa2)
		return (entry & bits(49, shift)) | (entry & bits(9, 8)) << 42;
	return entry & bits(47, shift);
}

/* The highest level, counted from the last as 1, that may hold blocks; 52-bit addresses add one. */
static int block_level(const struct vtop *t, unsigned page_shift)
{
	if (page_shift == 12)
		return t->lpa2 ? 4 : 3;
	if (page_shift == 16)
		return 3;
	return t->lpa2 ? 3 : 2;
}

static int aarch64_walk(struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run)
{
	const struct vtop *t = &k->vtop;
	unsigned page_shift = k->src.page_shift, stride = page_shift - 3;
	paddr_t table = t->root;

	for (int level = t->levels; level >= 1; level--) {
		unsigned shift = page_shift + stride * (unsigned)(level - 1);
		uint64_t entry, span = (uint64_t)1 << shift;
		uint64_t mask = ((uint64_t)1 << (level == t->levels ? t->top_bits : stride)) - 1;
		paddr_t at = table + ((va >> shift) & mask) * 8;
		uint8_t raw[8];

		if (source_read(&k->src, at, raw, sizeof(raw)))
			return -EIO;
		if (k->pins)
			pins_add(k->pins, &k->src, at, at + 8);
		entry = get_le64(raw);
		if (!(entry & ENTRY_VALID))
			return -ENXIO;
		if (level == 1 || (entry & ENTRY_TYPE) == ENTRY_BLOCK) {
			bool block = (entry & ENTRY_TYPE) == ENTRY_BLOCK;

			if (level == 1 ? block : level > block_level(t, page_shift))
				return -ENXIO;
			*pa = output(t, page_shift, shift, entry) + (va & (span - 1));
			*run = span - (va & (span - 1));
			return 0;
		}
		table = output(t, page_shift, page_shift, entry);
	}
	return -ENXIO;
}

/*
 * The image is mapped linearly at a place of its own. Its end is in no key: the PT_LOAD tells it,
 * or else the highest symbol that is known to lie in it.
 */
static bool find_image(struct kernel *k)
{
	static const char *const names[] = { "swapper_pg_dir", "init_uts_ns", "prb", "log_buf" };
	const struct load *l = kernel_image_load(k);
	struct vtop *t = &k->vtop;
	int64_t voffset;
	vaddr_t at;
	bool key = vmci_number(&k->info, "kimage_voffset", &voffset);

	if (l) {
		t->image_start = l->vaddr;
		t->image_end = l->vaddr + (l->end - l->start);
		t->image_pa = l->start;
		if (!key || kernel_names_itself(k))
			return true;
		t->image_pa = t->image_start - (uint64_t)voffset;
		if (kernel_names_itself(k))
			return true;
		t->image_pa = l->start;
		return true;
	}
	if (!key || !vmci_symbol(&k->info, "_stext", &at))
		return false;
	t->image_start = t->image_end = at & ~(vaddr_t)(TABLE_PAGE - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (vmci_symbol(&k->info, names[i], &at) && at >= t->image_end)
			t->image_end = (at | (TABLE_PAGE - 1)) + 1;
	t->image_pa = t->image_start - (uint64_t)voffset;
	return true;
}

/*
 * The direct mapping. Since 5.4 it begins where kernel addresses do and the image lies in their
 * upper half; before it was the other way round. PHYS_OFFSET is the physical address of its
 * beginning; a kernel of 52 bits on a CPU of 48 may count from the beginning that 52 bits would
 * have (since 5.11): then it is below zero.
 */
static void find_direct(struct kernel *k, unsigned va_bits, unsigned actual)
{
	struct vtop *t = &k->vtop;
	int64_t phys_offset;
	uint64_t size;

	if (!vmci_number(&k->info, "PHYS_OFFSET", &phys_offset))
		return;
	t->phys_base = (uint64_t)phys_offset;
	size = (uint64_t)1 << (actual - 1);
	t->direct_start = t->image_start >= -(uint64_t)1 << (actual - 1) ? -(size << 1) : -size;
	t->direct_end = t->direct_start + size;		/* 0: the end of all addresses */
	if (!t->direct_end)
		t->direct_end = UINT64_MAX;
	t->direct_pa = t->phys_base;
	if (t->phys_base >> MAX_PA)
		t->direct_pa += t->direct_start + ((uint64_t)1 << va_bits);
}

/* One reading of the keys: so many address bits, so many of them index the top table. */
static bool try_tables(struct kernel *k, unsigned actual, unsigned index_va, vaddr_t table)
{
	unsigned page_shift = k->src.page_shift, stride = page_shift - 3, top_shift;
	struct vtop *t = &k->vtop;

	t->levels = (int)((actual - page_shift + stride - 1) / stride);
	t->lpa2 = page_shift < 16 && actual > 48;
	top_shift = page_shift + stride * (unsigned)(t->levels - 1);
	if (index_va <= top_shift)
		return false;
	t->top_bits = index_va - top_shift < stride ? index_va - top_shift : stride;
	t->usable = kernel_tables_agree(k, table);
	return t->usable;
}

/*
 * VA_BITS is what the kernel was built for, T1SZ (5.9+) what this CPU made of it; older kernels of
 * 52 bits may run with fewer. A top table of 64 KiB pages is always indexed as if there were 52
 * bits where the kernel was built for them (also for user space only, 5.0 to 5.3). So the tables
 * are asked: the first reading by which they map the kernel where it lies is taken.
 */
static void find_tables(struct kernel *k)
{
	enum { FROM_T1SZ, FROM_VA_BITS, CHOICES = 8 };
	int64_t actual[CHOICES] = { 0, 0, 48, 47, 39, 52, 42, 36 }, t1sz, va_bits = 0;
	struct vtop *t = &k->vtop;
	vaddr_t table;
	bool known = vmci_symbol(&k->info, "swapper_pg_dir", &table) && table >= t->image_start &&
		     table < t->image_end;

	t->root = known ? table - t->image_start + t->image_pa : 0;
	if (vmci_number(&k->info, "TCR_EL1_T1SZ", &t1sz) && t1sz > 0 && t1sz < 64)
		actual[FROM_T1SZ] = 64 - t1sz;
	vmci_number(&k->info, "VA_BITS", &va_bits);
	actual[FROM_VA_BITS] = va_bits;
	for (int i = 0; i < CHOICES; i++) {
		int64_t built = va_bits > actual[i] && va_bits <= MAX_VA ? va_bits : actual[i];

		if (actual[i] < MIN_VA || actual[i] > MAX_VA)
			continue;
		if (known && (try_tables(k, (unsigned)actual[i], (unsigned)built, table) ||
			      try_tables(k, (unsigned)actual[i], MAX_VA, table))) {
			find_direct(k, (unsigned)built, (unsigned)actual[i]);
			return;
		}
		if (!t->direct_end)		/* the best guess */
			find_direct(k, (unsigned)built, (unsigned)actual[i]);
	}
	kernel_doubt(k, known ? "the page tables do not map the kernel where it lies" :
				"no page tables (no SYMBOL(swapper_pg_dir) in the kernel image)");
}

static void aarch64_vtop_init(struct kernel *k)
{
	/* Pointers may carry a tag in their top byte (CONFIG_KASAN_SW_TAGS, MTE). */
	k->vtop = (struct vtop){ .tag = bits(63, 56) };
	if (find_image(k))
		find_tables(k);
	else
		kernel_doubt(k, "the kernel image's place in memory is unknown (no NUMBER(kimage_voffset))");
}

const struct machine machine_aarch64 = {
	.elf = EM_AARCH64,
	.name = "aarch64",
	.sp_at = 112 + 31 * 8,		/* pr_reg[31] is sp, struct user_pt_regs in <asm/ptrace.h> */
	.section_bits = 30,		/* until 5.12; the key came with 5.13 */
	.vtop_init = aarch64_vtop_init,
	.walk = aarch64_walk,
};
