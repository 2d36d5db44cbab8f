/* memmap - where the crashed kernel keeps the struct page of a page. */
/* SPDX-License-Identifier: MIT */
#include "dump/memmap.h"

#include <errno.h>

/* include/linux/mmzone.h: bit 0 of section_mem_map is SECTION_MARKED_PRESENT, flags are the low six. */
#define SECTION_PRESENT 0x1ULL
#define SECTION_FLAGS   0x3fULL

static int sparse_init(struct memmap *m, struct kernel *k, struct err *e)
{
	const struct vmcoreinfo *v = &k->info;
	/* The key came with 5.13 (kernel 4f5aecdff25f). */
	int64_t bits = k->machine->section_bits;
	uint32_t nr_roots;

	vmci_number(v, "SECTION_SIZE_BITS", &bits);
	if (bits < 20 || bits > 40 || bits <= k->src.page_shift)
		return err_say(e, -ENOENT, "NUMBER(SECTION_SIZE_BITS) is %lld", (long long)bits);
	m->section_shift = (unsigned)bits - k->src.page_shift;
	if (!vmci_size(v, "mem_section", &m->section_size) || m->section_size < 8 || m->section_size > 256)
		return err_say(e, -ENOENT, "no usable SIZE(mem_section)");
	if (!vmci_offset(v, "mem_section.section_mem_map", &m->map_offset) ||
	    m->map_offset > m->section_size - 8)
		return err_say(e, -ENOENT, "no usable OFFSET(mem_section.section_mem_map)");
	if (!vmci_length(v, "mem_section", &nr_roots) || !nr_roots)
		return err_say(e, -ENOENT, "no usable LENGTH(mem_section)");
	m->nr_roots = nr_roots;
	m->per_root = (1U << k->src.page_shift) / m->section_size;
	return 0;
}

/* One array for all: CONFIG_FLATMEM, or vmemmap (6.8+) where the sections cannot be found. */
static bool flat_init(struct memmap *m, struct kernel *k)
{
	uint64_t mem_map;

	if (!vmci_symbol(&k->info, "vmemmap", &m->base) &&
	    (!vmci_symbol(&k->info, "mem_map", &mem_map) || kernel_read_u64(k, mem_map, &m->base)))
		return false;
	m->flat = true;
	m->section_shift = 27 - k->src.page_shift;
	return true;
}

int memmap_init(struct memmap *m, struct kernel *k, struct err *e)
{
	const struct vmcoreinfo *v = &k->info;
	int rc;

	*m = (struct memmap){ 0 };
	if (!k->vtop.usable)
		return err_say(e, -ENOENT, "no address translation");
	if (!vmci_size(v, "page", &m->page_size) || m->page_size < 32 || m->page_size > 256 ||
	    m->page_size % 8)
		return err_say(e, -ENOENT, "no usable SIZE(page)");
	if (vmci_symbol(v, "mem_section", &m->roots))
		rc = sparse_init(m, k, e);
	else
		rc = err_say(e, -ENOENT, "no usable SYMBOL(mem_section)");
	return rc && flat_init(m, k) ? 0 : rc;
}

int memmap_section(const struct memmap *m, struct kernel *k, uint64_t section, vaddr_t *first)
{
	uint64_t root, at, map;
	int rc;

	if (m->flat) {
		*first = m->base + (section << m->section_shift) * m->page_size;
		return 0;
	}
	root = section / m->per_root;
	if (root >= m->nr_roots)
		return -ENOENT;
	rc = kernel_read_u64(k, m->roots + root * 8, &at);
	if (rc)
		return rc;
	if (!at)
		return -ENOENT;
	rc = kernel_read_u64(k, at + section % m->per_root * m->section_size + m->map_offset, &map);
	if (rc)
		return rc;
	if (!(map & SECTION_PRESENT))
		return -ENOENT;
	/* sparse_encode_mem_map: the stored value is biased by the section's first pfn. */
	*first = (map & ~SECTION_FLAGS) + (section << m->section_shift) * m->page_size;
	return 0;
}
