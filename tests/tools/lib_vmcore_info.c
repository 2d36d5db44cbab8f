/* lib_vmcore_info - the vmcoreinfo of an invented kernel. */
/* SPDX-License-Identifier: MIT */
#include "lib_vmcore.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits and values as real kernels of these lines exported them, 6.1 and 6.12 read off Debian's; 7.1 has other names for some. */
static const struct vc_style styles[] = {
	{ "6.1", "6.1.0-invented", .lru = 4, .private_bit = 13, .swapcache = 10, .swapbacked = 19, .slab = 9,
	  .hwpoison = 22, .hugetlb = -1, .head_mask = 0x10000, .buddy = (uint32_t)-129, .offline = (uint32_t)-257 },
	{ "6.6", "6.6.0-invented", .lru = 5, .private_bit = 14, .swapcache = 10, .swapbacked = 18, .slab = 9,
	  .hwpoison = 21, .hugetlb = 8, .head_mask = 0x40, .buddy = (uint32_t)-129, .offline = (uint32_t)-257,
	  .order_in_flags = true },
	{ "6.12", "6.12.0-invented", .lru = 5, .private_bit = 14, .swapcache = 10, .swapbacked = 17, .slab = -1,
	  .hwpoison = 20, .hugetlb = -1, .head_mask = 0x40, .buddy = 0xf0000000, .offline = 0xf1000000,
	  .slab_type = 0xf5000000, .hugetlb_type = 0xf4000000, .unaccepted = 0xf8000000,
	  .order_in_flags = true },
	{ "7.1", "7.1.0-invented", .lru = 5, .private_bit = 14, .swapcache = 10, .swapbacked = 17, .slab = -1,
	  .hwpoison = 20, .hugetlb = -1, .head_mask = 0x40, .buddy = 0xf0000000, .offline = 0xf1000000,
	  .slab_type = 0xf5000000, .hugetlb_type = 0xf4000000, .unaccepted = 0xf8000000,
	  .order_in_flags = true, .compound_info = true },
};

const struct vc_style *vc_style_find(const char *name)
{
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
		if (!strcmp(styles[i].name, name))
			return &styles[i];
	return NULL;
}

/* Lines that are the same in all of them. */
static const char fixed[] =
	"PAGESIZE=4096\n"
	"OFFSET(uts_namespace.name)=0\n"
	"SIZE(mem_section)=16\n"
	"OFFSET(mem_section.section_mem_map)=0\n"
	"SIZE(page)=64\n"
	"OFFSET(page.flags)=0\n"
	"OFFSET(page._refcount)=52\n"
	"OFFSET(page.mapping)=24\n"
	"OFFSET(page.lru)=8\n"
	"OFFSET(page._mapcount)=48\n"
	"OFFSET(page.private)=40\n"
	"LENGTH(zone.free_area)=11\n"
	"SIZE(printk_ringbuffer)=88\n"
	"OFFSET(printk_ringbuffer.desc_ring)=0\n"
	"OFFSET(printk_ringbuffer.text_data_ring)=48\n"
	"OFFSET(printk_ringbuffer.fail)=80\n"
	"SIZE(prb_desc_ring)=48\n"
	"OFFSET(prb_desc_ring.count_bits)=0\n"
	"OFFSET(prb_desc_ring.descs)=8\n"
	"OFFSET(prb_desc_ring.infos)=16\n"
	"OFFSET(prb_desc_ring.head_id)=24\n"
	"OFFSET(prb_desc_ring.tail_id)=32\n"
	"SIZE(prb_desc)=24\n"
	"OFFSET(prb_desc.state_var)=0\n"
	"OFFSET(prb_desc.text_blk_lpos)=8\n"
	"SIZE(prb_data_blk_lpos)=16\n"
	"OFFSET(prb_data_blk_lpos.begin)=0\n"
	"OFFSET(prb_data_blk_lpos.next)=8\n"
	"SIZE(printk_info)=88\n"
	"OFFSET(printk_info.seq)=0\n"
	"OFFSET(printk_info.ts_nsec)=8\n"
	"OFFSET(printk_info.text_len)=16\n"
	"OFFSET(printk_info.caller_id)=20\n"
	"SIZE(prb_data_ring)=32\n"
	"OFFSET(prb_data_ring.size_bits)=0\n"
	"OFFSET(prb_data_ring.data)=8\n"
	"OFFSET(prb_data_ring.head_lpos)=16\n"
	"OFFSET(prb_data_ring.tail_lpos)=24\n"
	"SIZE(atomic_long_t)=8\n"
	"OFFSET(atomic_long_t.counter)=0\n"
	"KERNELOFFSET=1000000\n"
	"CRASHTIME=1700000000\n";

struct text {
	char  *at;
	size_t len, cap;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->cap - t->len)
		vc_die("vmcoreinfo of more than %zu bytes", t->cap);
	t->len += (size_t)n;
}

static void put_flags(struct text *t, const struct vc_style *s)
{
	put(t, "NUMBER(PG_lru)=%d\nNUMBER(PG_private)=%d\nNUMBER(PG_swapcache)=%d\nNUMBER(PG_swapbacked)=%d\n",
	    s->lru, s->private_bit, s->swapcache, s->swapbacked);
	if (s->slab >= 0)
		put(t, "NUMBER(PG_slab)=%d\n", s->slab);
	put(t, "NUMBER(PG_hwpoison)=%d\nNUMBER(PG_head_mask)=%llu\n", s->hwpoison,
	    (unsigned long long)s->head_mask);
	put(t, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=%d\n", (int)s->buddy);
	put(t, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=%d\n", (int)s->offline);
	if (s->slab_type)
		put(t, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=%d\n", (int)s->slab_type);
	if (s->unaccepted)
		put(t, "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=%d\n", (int)s->unaccepted);
	if (s->hugetlb_type)
		put(t, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=%d\n", (int)s->hugetlb_type);
	if (s->hugetlb >= 0)
		put(t, "NUMBER(PG_hugetlb)=%d\n", s->hugetlb);
	put(t, "OFFSET(page.%s)=8\n", s->compound_info ? "compound_info" : "compound_head");
	if (!s->order_in_flags)
		put(t, "OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\n"
		    "NUMBER(HUGETLB_PAGE_DTOR)=2\n");
}

static void put_addresses(struct text *t, const struct vmcore *v)
{
	uint64_t page = vc_image_va(v, vc_symbol_page(v)), top = vc_image_va(v, v->top);

	put(t, "SYMBOL(init_uts_ns)=%llx\n", (unsigned long long)page);
	put(t, "SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(init_top_pgt)=%llx\n", (unsigned long long)top,
	    (unsigned long long)top);
	put(t, "NUMBER(phys_base)=%lld\n", (long long)(v->image_pa - (v->image_va - 0xffffffff80000000ULL)));
	put(t, "NUMBER(pgtable_l5_enabled)=%d\n", v->levels == 5);
	put(t, "NUMBER(sme_mask)=%llu\n", (unsigned long long)v->sme);
	put(t, "SYMBOL(mem_section)=%llx\nLENGTH(mem_section)=%d\n", (unsigned long long)v->roots,
	    v->levels == 5 ? 131072 : 2048);
	put(t, "NUMBER(SECTION_SIZE_BITS)=%u\nNUMBER(MAX_PHYSMEM_BITS)=%d\n", v->section_bits,
	    v->levels == 5 ? 52 : 46);
	put(t, "SYMBOL(prb)=%llx\n", (unsigned long long)vc_image_va(v, v->ring.prb));
}

static void remove_key(struct text *t, const char *name)
{
	size_t n = strlen(name);

	for (char *line = t->at; line < t->at + t->len; ) {
		char *next = strchr(line, '\n') + 1;

		if (!strncmp(line, name, n) && line[n] == '=') {
			memmove(line, next, (size_t)(t->at + t->len - next) + 1);
			t->len -= (size_t)(next - line);
			return;
		}
		line = next;
	}
}

char *vc_info_text(const struct vmcore *v, size_t *len)
{
	struct text t = { .cap = 64 << 10 };

	t.at = calloc(1, t.cap);
	if (!t.at)
		vc_die("no memory");
	put(&t, "OSRELEASE=%s\n%s", v->style->release, fixed);
	put_flags(&t, v->style);
	put_addresses(&t, v);
	for (size_t i = 0; i < v->nr_edits; i++) {
		const char *edit = v->edits[i];
		bool set = !strncmp(edit, "key ", 4);
		const char *from = edit + (set ? 4 : 6), *end = strchr(from, '\n');
		char line[256] = "", name[256];

		snprintf(line, sizeof(line), "%.*s", end ? (int)(end - from) : (int)strlen(from), from);
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, "="), line);
		remove_key(&t, name);
		if (set)
			put(&t, "%s\n", line);
	}
	*len = t.len;
	return t.at;
}
