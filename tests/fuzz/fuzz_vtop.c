/* fuzz_vtop - page tables and the keys that describe them, as the input says: walked within bounds. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/kernel.h"
#include "dump/memmap.h"
#include "lib_tinycore.h"

/* The input: a head of HEAD bytes, then bytes of the image, where all tables begin. */
enum { HEAD = 24, IMAGE = 0x1000000, SIZE = 0x20000 };

static struct tinycore *make(const uint8_t *head)
{
	bool arm = head[0] & 1;
	uint64_t va = arm ? 0xffff800010000000ULL : 0xffffffff81000000ULL;
	struct tiny_load loads[] = { { 0x10000, 0x2000000, (int64_t)get_le64(head + 16) },
				     { IMAGE, IMAGE + SIZE, head[0] & 2 ? va : 0 } };
	char info[2048];

	snprintf(info, sizeof(info),
		 "OSRELEASE=1\nPAGESIZE=%u\nSYMBOL(init_uts_ns)=%llx\nOFFSET(uts_namespace.name)=0\n"
		 "SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=%llx\nNUMBER(VA_BITS)=%d\nNUMBER(TCR_EL1_T1SZ)=0x%x\n"
		 "NUMBER(kimage_voffset)=0x%llx\nNUMBER(PHYS_OFFSET)=%lld\nNUMBER(pgtable_l5_enabled)=%u\n"
		 "NUMBER(sme_mask)=%lld\nNUMBER(phys_base)=%lld\nSYMBOL(mem_section)=%llx\nSIZE(page)=64\n"
		 "SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\nLENGTH(mem_section)=%u\n",
		 4096U << head[1] % 3 * 2, (unsigned long long)va, (unsigned long long)(va + 0x1000 * head[2]),
		 (unsigned long long)va, (int8_t)head[3], head[4], (unsigned long long)(va - IMAGE - (head[0] & 4)),
		 (long long)get_le32(head + 8), head[5] & 1, (long long)((uint64_t)head[6] << 44),
		 (long long)(head[0] & 8 ? get_le32(head + 12) : 0), (unsigned long long)(va + 0x100 * head[7]),
		 head[2]);
	return tiny_make(arm ? EM_AARCH64 : EM_X86_64, loads, 2, info, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct pins pins;
	struct tinycore *c;
	struct memmap m;
	struct kernel k;
	uint8_t buf[256];

	if (len < HEAD)
		return 0;
	c = make(data);
	tiny_put(c, IMAGE, data + HEAD, len - HEAD < SIZE ? len - HEAD : SIZE);
	if (kernel_open(&k, c->path, NULL)) {
		tiny_free(c);
		return 0;
	}
	pins.nr = 0;
	k.pins = &pins;
	for (unsigned i = 0; i < 64; i++) {
		uint64_t va = i < 32 ? ~0ULL << (2 * i) : get_le64(data + 16) + (i * 0x1fe7ULL << i % 40), run;
		paddr_t pa;

		/* What is mapped is mapped to the end of its page at least. */
		if (!kernel_vtop(&k, va, &pa, &run) && run < 1)
			abort();
		kernel_read(&k, va, buf, sizeof(buf));
	}
	if (!memmap_init(&m, &k, NULL))
		for (uint64_t s = 0; s < 64; s++) {
			vaddr_t first;

			memmap_section(&m, &k, s * 7, &first);
		}
	pins_sort(&pins);
	for (size_t i = 1; i < pins.nr; i++)
		if (pins.start[i] <= pins.end[i - 1])
			abort();
	kernel_close(&k);
	tiny_free(c);
	return 0;
}
