/* fuzz_classify - any struct page under any layout: decoded within bounds, left out only as the level allows. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/classify.h"

/*
 * The input: a byte that chooses the kernel, one for the length of a text of keys, two of a page frame
 * number, the text, and the struct pages. The text stands before the good keys: the first one counts.
 */
enum { HEAD = 4, MAX_PAGES = 8 };

#define COMMON "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._mapcount)=48\nOFFSET(page.mapping)=24\n" \
	"OFFSET(page.private)=40\nNUMBER(PG_lru)=5\nNUMBER(PG_hwpoison)=21\nLENGTH(zone.free_area)=11\n"
#define OLD "OFFSET(page.compound_head)=8\nNUMBER(PG_swapcache)=10\nNUMBER(PG_private)=13\nNUMBER(PG_slab)=9\n" \
	"NUMBER(PG_swapbacked)=19\nNUMBER(PG_head_mask)=65536\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n" \
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"

static const char *const kernels[] = {
	COMMON OLD "OFFSET(page.compound_order)=17\nOFFSET(page.compound_dtor)=16\nNUMBER(HUGETLB_PAGE_DTOR)=2\n",
	COMMON OLD "NUMBER(PG_hugetlb)=8\n",
	COMMON "OFFSET(page.compound_info)=8\nNUMBER(PG_swapcache)=10\nNUMBER(PG_private)=14\n"
	"NUMBER(PG_swapbacked)=17\nNUMBER(PG_head_mask)=64\nNUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n"
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\nNUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\n"
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\nNUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-150994944\n",
};

enum { KERNELS = sizeof(kernels) / sizeof(kernels[0]) };

static void layout_of(struct page_layout *l, const uint8_t *data, size_t text)
{
	const char *good = kernels[data[0] % KERNELS];
	struct vmcoreinfo v = { .len = text + 1 + strlen(good) };

	v.text = malloc(v.len + 1);
	if (!v.text)
		abort();
	memcpy(v.text, data + HEAD, text);
	v.text[text] = '\n';
	memcpy(v.text + text + 1, good, v.len - text);
	page_layout_init(l, &v);
	free(v.text);
}

/* The classes that a level may leave out; poison and what is offline always. */
static bool allowed(enum page_class class, unsigned level)
{
	static const unsigned by_class[NR_PAGE_CLASSES] = {
		[PAGE_CACHE] = LEVEL_CACHE | LEVEL_CACHE_PRIVATE, [PAGE_CACHE_PRIVATE] = LEVEL_CACHE_PRIVATE,
		[PAGE_USER] = LEVEL_USER, [PAGE_FREE] = LEVEL_FREE,
	};

	if (class >= NR_PAGE_CLASSES)
		return false;
	return !by_class[class] || (by_class[class] & level);
}

static void judge(const struct page_view *p, const struct page_layout *l)
{
	bool poison = page_classify(p, l, 0).class == PAGE_HWPOISON;

	for (unsigned level = 0; level <= LEVEL_MAX; level++) {
		struct page_verdict v = page_classify(p, l, level);

		if (!allowed(v.class, level) || !v.pages || (v.pages & (v.pages - 1)))
			abort();
		if ((v.class == PAGE_HWPOISON) != poison)
			abort();
		if (p->is_tail && v.class != PAGE_HWPOISON && (v.class != PAGE_KERNEL || v.pages != 1))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct page_layout l;
	const uint8_t *end = data + len;
	uint64_t pfn;
	size_t text;

	if (len < HEAD)
		return 0;
	pfn = get_le16(data + 2);
	text = data[1] < len - HEAD ? data[1] : len - HEAD;
	layout_of(&l, data, text);
	if (!l.size)
		return 0;
	data += HEAD + text;
	for (unsigned n = 0; n < MAX_PAGES && (size_t)(end - data) >= l.size; n++, data += l.size) {
		size_t have = (size_t)(end - data) < 2 * l.size ? (size_t)(end - data) : 2 * l.size;
		uint8_t *raw = calloc(2, l.size);	/* to the byte: a read beyond is seen */
		struct page_view p;

		if (!raw)
			abort();
		memcpy(raw, data, have);
		page_decode(&p, &l, raw, pfn + n);
		judge(&p, &l);
		free(raw);
	}
	return 0;
}
