/* lib_vmcore_mem - the memory of an invented kernel: page tables, memory map, contents. */
/* SPDX-License-Identifier: MIT */
#include "lib_vmcore.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"

#define PTE_TABLE 0x8000000000000067ULL		/* present and so on, and NX: a bit above the address */
#define PTE_LEAF  0x8000000000000163ULL
#define PTE_PSE   0x80ULL
#define PG_RESERVED (1ULL << 12)
#define ZONE_BITS 0x0100000000000000ULL		/* zone, node: above the flags proper */

static uint64_t up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

uint64_t vc_image_take(struct vmcore *v, uint64_t pages)
{
	uint64_t pa = v->image_pa + v->image_used * VC_PAGE;

	v->image_used += pages;
	if (v->image_used > v->image_pages)
		vc_die("the image of %llu pages is too small", (unsigned long long)v->image_pages);
	return pa;
}

uint64_t vc_image_va(const struct vmcore *v, uint64_t pa)
{
	return pa - v->image_pa + v->image_va;
}

uint64_t vc_symbol_page(const struct vmcore *v)
{
	return v->image_pa;
}

/* Map one page of 1 << shift bytes. */
static void map(struct vmcore *v, uint64_t va, uint64_t pa, int shift)
{
	uint64_t table = v->top;

	for (int at = 12 + 9 * (v->levels - 1); ; at -= 9) {
		uint8_t *entry = v->mem + table + ((va >> at) & 511) * 8;

		if (at == shift) {
			put_le64(entry, pa | PTE_LEAF | v->sme | (shift > 12 ? PTE_PSE : 0));
			return;
		}
		if (!(get_le64(entry) & 1))
			put_le64(entry, vc_image_take(v, 1) | PTE_TABLE | v->sme);
		table = get_le64(entry) & 0x000ffffffffff000ULL & ~v->sme;
	}
}

static uint64_t section_pages(const struct vmcore *v)
{
	return 1ULL << (v->section_bits - 12);
}

static bool section_present(const struct vmcore *v, uint64_t section)
{
	uint64_t start = section << v->section_bits, end = start + (1ULL << v->section_bits);

	for (size_t i = 0; i < v->nr_ram; i++)
		if (v->loads[i].start < end && start < v->loads[i].end)
			return true;
	return false;
}

static uint64_t ram_end(const struct vmcore *v)
{
	uint64_t end = 0;

	for (size_t i = 0; i < v->nr_ram; i++)
		end = v->loads[i].end > end ? v->loads[i].end : end;
	return end;
}

/* Bytes of struct page that one page maps. */
static uint64_t memmap_unit(const struct vmcore *v)
{
	return v->small_memmap ? VC_PAGE : 2 << 20;
}

/* Call for each unit of the memory map that some section needs; at: where it goes, or 0 to count. */
static uint64_t memmap_units(struct vmcore *v, bool place)
{
	uint64_t unit = memmap_unit(v), n = 0, next = 0;
	uint64_t last = (ram_end(v) - 1) >> v->section_bits;

	for (uint64_t s = 0; s <= last; s++) {
		uint64_t from = s * section_pages(v) * VC_STRUCT_PAGE / unit;
		uint64_t to = up((s + 1) * section_pages(v) * VC_STRUCT_PAGE, unit) / unit;

		if (!section_present(v, s))
			continue;
		for (uint64_t u = from > next ? from : next; u < to; u++, n++)
			if (place)
				map(v, v->vmemmap + u * unit, v->memmap_start + n * unit, v->small_memmap ? 12 : 21);
		next = to;
	}
	return n;
}

/* The memory map describes itself: it grows until it has room for that. */
static void size_memmap(struct vmcore *v)
{
	struct vc_load *own = &v->loads[1];
	uint64_t unit = memmap_unit(v), end;

	v->memmap_start = up(v->image_pa + v->image_pages * VC_PAGE, unit);
	own->start = v->image_pa;
	own->end = v->memmap_start;
	for (;;) {
		end = v->memmap_start + memmap_units(v, false) * unit;
		if (end == own->end)
			break;
		own->end = end;
	}
	v->memmap_end = end;
}

static void build_sections(struct vmcore *v)
{
	uint64_t last = (ram_end(v) - 1) >> v->section_bits, per_root = VC_PAGE / 16;
	/* As many as LENGTH says if there is room: makedumpfile reads them all. */
	uint64_t roots = vc_image_take(v, v->levels == 4 && v->image_pages >= 64 ? 4 :
					  (last / per_root + 1) * 8 / VC_PAGE + 1);

	v->roots = v->direct + roots;
	for (uint64_t s = 0; s <= last; s++) {
		uint8_t *root = v->mem + roots + s / per_root * 8;

		if (!section_present(v, s))
			continue;
		if (!get_le64(root))
			put_le64(root, v->direct + vc_image_take(v, 1));
		/* sparse_encode_mem_map: biased by the first pfn; the low bits are flags, six of them. */
		put_le64(v->mem + (get_le64(root) - v->direct) + s % per_root * 16, v->vmemmap | 0x0f);
	}
}

static void build_uts(struct vmcore *v)
{
	static const char *const names[6] = { "Linux", "crashed", NULL, "#1 SMP", "x86_64", "(none)" };
	char *at = (char *)v->mem + vc_symbol_page(v);

	for (int i = 0; i < 6; i++)
		snprintf(at + 65 * i, 65, "%s", i == 2 ? v->style->release : names[i]);
}

void vc_memory_build(struct vmcore *v)
{
	uint64_t size;

	v->vmemmap = v->levels == 5 ? 0xffd4000000000000ULL : 0xffffea0000000000ULL;
	v->direct = v->levels == 5 ? 0xff11000000000000ULL : 0xffff888000000000ULL;
	size_memmap(v);
	v->loads[0] = (struct vc_load){ v->image_pa, v->image_pa + v->image_pages * VC_PAGE, v->image_va, 0, 0 };
	v->loads[1].vaddr = v->direct + v->image_pa;
	v->mem_size = up(ram_end(v), 1 << 21);
	v->mem_fd = memfd_create("memory", MFD_CLOEXEC);
	if (v->mem_fd < 0 || ftruncate(v->mem_fd, (off_t)v->mem_size))
		vc_die("%llu bytes of memory", (unsigned long long)v->mem_size);
	v->mem = mmap(NULL, v->mem_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, v->mem_fd, 0);
	if (v->mem == MAP_FAILED)
		vc_die("map %llu bytes of memory", (unsigned long long)v->mem_size);
	vc_image_take(v, 1);			/* the page of symbols */
	v->top = vc_image_take(v, 1);
	build_uts(v);
	memmap_units(v, true);
	size = 1ULL << v->direct_shift;
	for (uint64_t pa = v->image_pa & ~(size - 1); pa < v->memmap_end; pa += size)
		map(v, v->direct + pa, pa, v->direct_shift);
	for (uint64_t i = 0; i < v->image_pages; i++)
		map(v, v->image_va + i * VC_PAGE, v->image_pa + i * VC_PAGE, 12);
	build_sections(v);
	vc_ring_build(v);
	for (uint64_t s = 0; s << v->section_bits < ram_end(v); s++)
		if (section_present(v, s))
			vc_pages(v, s * section_pages(v), section_pages(v), "kernel", 0);
	for (uint64_t i = 0; i < v->image_pages; i++) {
		uint8_t *page = v->mem + vc_struct_page(v, v->image_pa / VC_PAGE + i);

		put_le64(page, get_le64(page) | PG_RESERVED);
	}
	for (size_t i = 2; i < v->nr_ram; i++)
		if (v->loads[i].end - v->loads[i].start <= 16 << 20)	/* large ones stay zero: sparse */
			vc_fill(v, v->loads[i].start / VC_PAGE,
				up(v->loads[i].end, VC_PAGE) / VC_PAGE - v->loads[i].start / VC_PAGE, "text");
}

uint64_t vc_struct_page(const struct vmcore *v, uint64_t pfn)
{
	uint64_t va = v->vmemmap + pfn * VC_STRUCT_PAGE, table = v->top, entry;

	for (int at = 12 + 9 * (v->levels - 1); at >= 12; at -= 9) {
		entry = get_le64(v->mem + table + ((va >> at) & 511) * 8);
		if (!(entry & 1))
			return 0;
		table = entry & 0x000ffffffffff000ULL & ~v->sme;
		if (at == 12 || (at <= 30 && (entry & PTE_PSE)))
			return table + (va & ((1ULL << at) - 1));
	}
	return 0;
}

static uint64_t bit(int n)
{
	return n < 0 ? 0 : 1ULL << n;
}

/* What a kind of page has in its struct page. */
struct marks {
	uint64_t flags, mapping, private;
	uint32_t mapcount;
};

static bool marks_of(const struct vmcore *v, const char *kind, int order, struct marks *m)
{
	const struct vc_style *s = v->style;
	const struct { const char *kind; struct marks marks; } kinds[] = {
		{ "kernel", { 0, 0, 0, UINT32_MAX } },
		{ "cache", { bit(s->lru), 0xffff888012345678, 0, UINT32_MAX } },
		{ "private", { bit(s->lru) | bit(s->private_bit), 0xffff888012345678, 0xffff888000001000,
			       UINT32_MAX } },
		{ "swapcache", { bit(s->swapcache) | bit(s->swapbacked), 0, 5, UINT32_MAX } },
		{ "anon", { bit(s->lru) | bit(s->swapbacked), 0xffff888012345601, 0, 0 } },
		{ "thp", { bit(s->lru) | bit(s->swapbacked), 0xffff888012345601, 0, UINT32_MAX } },
		/* slab.slabs overlays mapping since 6.2: bit 0 may be set there */
		{ "slab", { bit(s->slab), 0xffff888012345601, 0, s->slab_type ? s->slab_type : UINT32_MAX } },
		{ "free", { 0, 0, (uint64_t)order, s->buddy } },
		{ "hugetlb", { 0, 0, 0, s->hugetlb_type ? s->hugetlb_type : UINT32_MAX } },
		{ "offline", { 0, 0, 0, s->offline } },
		{ "unaccepted", { 0, 0, 0, s->unaccepted } },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind))
			continue;
		*m = kinds[i].marks;
		return true;
	}
	return false;
}

static void put_page(struct vmcore *v, uint64_t pfn, const struct marks *m, uint64_t head)
{
	uint8_t *page = v->mem + vc_struct_page(v, pfn);

	if (page == v->mem)
		vc_die("page %#llx has no struct page", (unsigned long long)pfn);
	memset(page, 0, VC_STRUCT_PAGE);
	put_le64(page, m->flags | ZONE_BITS);
	put_le64(page + 8, head);
	put_le64(page + 24, m->mapping);
	put_le64(page + 40, m->private);
	put_le32(page + 48, m->mapcount);
}

/* One compound page: what its head and its first tail say. */
static void put_compound(struct vmcore *v, uint64_t pfn, struct marks head, bool hugetlb, int order)
{
	static const struct marks tail = { .mapcount = UINT32_MAX };
	const struct vc_style *s = v->style;
	uint64_t to_head = (v->vmemmap + pfn * VC_STRUCT_PAGE) | 1;
	uint8_t *second;

	head.flags |= s->head_mask;
	put_page(v, pfn, &head, 0);
	if (s->compound_info)			/* since 7.1; bit 0 marks a tail as ever */
		to_head = ~((VC_STRUCT_PAGE << order) - 1ULL) | 1;
	for (uint64_t i = 1; i < 1ULL << order; i++)
		put_page(v, pfn + i, &tail, to_head);
	second = v->mem + vc_struct_page(v, pfn + 1);
	if (s->order_in_flags) {
		put_le64(second, ZONE_BITS | (uint64_t)order | (hugetlb ? bit(s->hugetlb) : 0));
	} else {
		second[16] = hugetlb ? 2 : 1;		/* HUGETLB_PAGE_DTOR, COMPOUND_PAGE_DTOR */
		second[17] = (uint8_t)order;
	}
}

bool vc_pages(struct vmcore *v, uint64_t first, uint64_t n, const char *kind, int order)
{
	bool buddy = !strcmp(kind, "free") || !strcmp(kind, "unaccepted"), hugetlb = !strcmp(kind, "hugetlb");
	struct marks m, plain = { .mapcount = UINT32_MAX };

	if (!marks_of(v, kind, order, &m) || n % (1ULL << order))
		return false;
	for (uint64_t pfn = first; pfn < first + n; pfn += 1ULL << order) {
		if (order && !buddy) {
			put_compound(v, pfn, m, hugetlb, order);
			continue;
		}
		put_page(v, pfn, &m, 0);
		for (uint64_t i = 1; i < 1ULL << order; i++)
			put_page(v, pfn + i, &plain, 0);
	}
	return true;
}

void vc_poison(struct vmcore *v, uint64_t first, uint64_t n)
{
	for (uint64_t pfn = first; pfn < first + n; pfn++) {
		uint8_t *page = v->mem + vc_struct_page(v, pfn);

		put_le64(page, get_le64(page) | bit(v->style->hwpoison));
	}
}

static void fill_page(uint8_t *page, uint64_t pfn, bool text)
{
	uint64_t x = pfn * 0x9e3779b97f4a7c15ULL + 1;

	for (int i = 0; i < VC_PAGE; i += 32) {
		if (text) {
			snprintf((char *)page + i, 32, "page %#10llx, line %4d .......", (unsigned long long)pfn, i / 32);
			page[i + 31] = '\n';
			continue;
		}
		for (int k = 0; k < 32; k += 8) {	/* xorshift64 */
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			put_le64(page + i + k, x);
		}
	}
}

bool vc_fill(struct vmcore *v, uint64_t first, uint64_t n, const char *how)
{
	bool zero = !strcmp(how, "zero"), text = !strcmp(how, "text"), random = !strcmp(how, "random");

	if ((!zero && !text && !random) || (first + n) * VC_PAGE > v->mem_size)
		return false;
	for (uint64_t pfn = first; pfn < first + n; pfn++) {
		uint8_t *page = v->mem + pfn * VC_PAGE;

		if (zero)
			memset(page, 0, VC_PAGE);
		else
			fill_page(page, pfn, text);
	}
	return true;
}
