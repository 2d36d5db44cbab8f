/* test_writer - does every byte of a kdump-compressed file stand where its readers look for it? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dump/writer.h"
#include "lib_kdump.h"
#include "lib_memsink.h"
#include "lib_vmcore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct setup {
	struct vmcore  *v;
	struct kernel   k;
	struct layout   l;
	struct mem_sink sink;
	struct writer   w;
	struct err      e;
};

static void set_up(struct setup *s, const char *description, uint64_t nr_descs, bool rewritable)
{
	*s = (struct setup){ .v = vmcore_make(description) };
	assert_non_null(s->v);
	assert_int_equal(kernel_open(&s->k, s->v->path, &s->e), 0);
	assert_int_equal(layout_init(&s->l, &s->k, nr_descs, &s->e), 0);
	mem_sink_init(&s->sink, rewritable);
}

static void begin(struct setup *s)
{
	assert_int_equal(writer_init(&s->w, &s->sink.base, &s->l, &s->k, PAGE_ZSTD, 31, DIGEST_XXH64, &s->e), 0);
}

static void tear_down(struct setup *s)
{
	writer_free(&s->w);
	mem_sink_free(&s->sink);
	kernel_close(&s->k);
	vmcore_free(s->v);
}

/* One raw page of a byte value, one zero page, one raw page: enough to see all places. */
static void three_pages(struct setup *s)
{
	const struct packed pages[] = { { 0x15c0, 4096, PAGE_RAW }, { 0x1600, 0, 0 }, { 0x10003, 4096, PAGE_RAW } };
	uint8_t data[8192];

	memset(data, 0x11, 4096);
	memset(data + 4096, 0x22, 4096);
	assert_int_equal(writer_pages(&s->w, pages, 3, data, sizeof(data), &s->e), 0);
}

static void is(const struct setup *s, uint64_t at, int width, uint64_t value, const char *what)
{
	uint64_t got = 0;

	memcpy(&got, s->sink.bytes + at, (size_t)width);
	if (got != value)
		fail_msg("%s: %#llx instead of %#llx at %llu", what, (unsigned long long)got,
			 (unsigned long long)value, (unsigned long long)at);
}

/* Offsets as the format's readers have them in their structs, told here as plain numbers. */
static void test_offsets(void **state)
{
	struct setup s;
	uint64_t map, descs, data;

	(void)state;
	set_up(&s, "cpus 2\nram 256M 257M\n", 3, true);
	begin(&s);
	three_pages(&s);
	assert_int_equal(writer_end(&s.w, true, &s.e), 0);
	assert_memory_equal(s.sink.bytes, "KDUMP   ", 8);
	is(&s, 8, 4, 6, "header_version");
	assert_string_equal(s.sink.bytes + 12, "Linux");
	assert_string_equal(s.sink.bytes + 12 + 65, "crashed");
	assert_string_equal(s.sink.bytes + 12 + 130, "6.12.0-invented");
	assert_string_equal(s.sink.bytes + 12 + 260, "x86_64");
	is(&s, 408, 8, 1700000000, "timestamp.tv_sec");
	is(&s, 416, 8, 0, "timestamp.tv_usec");
	is(&s, 424, 4, 0x20, "status: zstd, complete");
	is(&s, 428, 4, 4096, "block_size");
	is(&s, 432, 4, 1, "sub_hdr_size: 104 bytes and 2.6 KiB of notes in one block");
	is(&s, 436, 4, 2 * 3, "bitmap_blocks: 0x10100 pages take 2.01 blocks, twice");
	is(&s, 440, 4, 0x10100, "max_mapnr");
	is(&s, 460, 4, 2, "nr_cpus");
	is(&s, 4096, 8, s.v->image_pa - 0x2000000, "phys_base");
	is(&s, 4104, 4, 31, "dump_level");
	is(&s, 4108, 4, 0, "split");
	is(&s, 4096 + 32, 8, 4200 + (s.v->info_at - s.v->notes_at), "offset_vmcoreinfo");
	is(&s, 4096 + 40, 8, s.v->info_len, "size_vmcoreinfo");
	is(&s, 4096 + 48, 8, 4200, "offset_note");
	is(&s, 4096 + 56, 8, s.v->notes_len, "size_note");
	is(&s, 4096 + 96, 8, 0x10100, "max_mapnr_64");
	map = 8192;
	is(&s, map + 0x15c0 / 8, 1, 0xff, "bitmap1, RAM");
	is(&s, map + 0x15b8 / 8, 1, 0, "bitmap1, no RAM");
	is(&s, map + 0x100f8 / 8, 1, 0xff, "bitmap1, the last pages");
	map += 3 * 4096;
	is(&s, map + 0x15c0 / 8, 1, 1, "bitmap2: lowest bit first");
	is(&s, map + 0x1600 / 8, 1, 1, "bitmap2");
	is(&s, map + 0x10000 / 8, 1, 8, "bitmap2");
	descs = map + 3 * 4096;
	data = descs + 3 * 24;
	is(&s, descs, 8, data + 4096, "offset of the first page: behind the page of zeros");
	is(&s, descs + 8, 4, 4096, "size");
	is(&s, descs + 12, 4, 0, "flags");
	is(&s, descs + 24, 8, data, "offset of a zero page");
	is(&s, descs + 32, 4, 4096, "its size");
	is(&s, descs + 48, 8, data + 8192, "offset of the last page");
	is(&s, data, 8, 0, "the page of zeros");
	is(&s, data + 4096, 1, 0x11, "the first page");
	is(&s, data + 8192, 1, 0x22, "the last page");
	assert_int_equal(writer_size(&s.w), data + 3 * 4096);
	assert_int_equal(s.sink.size, data + 3 * 4096);
	assert_int_equal(s.w.saved, 3);
	tear_down(&s);
}

/* Until the end the header says incomplete, so that whatever is there then can be opened. */
static void test_flagged_until_the_end(void **state)
{
	struct kdump k;
	struct setup s;

	(void)state;
	set_up(&s, "ram 256M 257M\n", 3, true);
	begin(&s);
	is(&s, 424, 4, 0x28, "status while it is written");
	three_pages(&s);
	is(&s, 424, 4, 0x28, "status while it is written");
	assert_int_equal(writer_end(&s.w, false, &s.e), 0);
	is(&s, 424, 4, 0x28, "status of a dump that was ended early");
	assert_true(kdump_open(&k, s.sink.bytes, s.sink.size));
	assert_int_equal(k.nr_kept, 3);
	kdump_close(&k);
	tear_down(&s);
}

/* A sink that takes each byte once gets the header first but for the status, which comes last; no byte twice. */
static void test_once(void **state)
{
	struct kdump k;
	struct setup s;

	(void)state;
	set_up(&s, "ram 256M 257M\n", 3, false);
	begin(&s);
	is(&s, 0, 8, 0x202020504d55444b, "the signature");
	is(&s, 424, 4, 0, "no status yet");
	three_pages(&s);
	is(&s, 424, 4, 0, "no status yet");
	assert_int_equal(writer_end(&s.w, true, &s.e), 0);
	is(&s, 424, 4, 0x20, "status of a whole dump");
	assert_false(s.sink.misused);
	if (!kdump_open(&k, s.sink.bytes, s.sink.size))
		fail_msg("%s", k.why);
	kdump_close(&k);
	tear_down(&s);
}

/* Notes of more than a block; the bitmaps move behind them. */
static void test_long_notes(void **state)
{
	struct kdump k;
	struct setup s;
	uint8_t *notes;

	(void)state;
	set_up(&s, "cpus 64\nram 256M 257M\n", 3, true);
	begin(&s);
	three_pages(&s);
	assert_int_equal(writer_end(&s.w, true, &s.e), 0);
	assert_true(s.v->notes_len > 5 * 4096);
	assert_true(kdump_open(&k, s.sink.bytes, s.sink.size));
	assert_int_equal(k.nr_cpus, 64);
	assert_int_equal(k.note_len, s.v->notes_len);
	notes = malloc(s.v->notes_len);
	assert_int_equal(pread(s.v->fd, notes, s.v->notes_len, (off_t)s.v->notes_at), (ssize_t)s.v->notes_len);
	assert_memory_equal(s.sink.bytes + k.note_at, notes, s.v->notes_len);
	assert_memory_equal(s.sink.bytes + k.vmcoreinfo_at, "OSRELEASE=6.12", 14);
	free(notes);
	kdump_close(&k);
	tear_down(&s);
}

/* Pages far apart: bitmap2 goes out in pieces, with nothing between them. */
static void test_far_pages(void **state)
{
	const uint64_t pfns[] = { 0x15c0, 0x40000, 0x40001, 0x7ffff, 0xc0000, 0x13ffff };
	uint8_t data[4096], got[4096];
	struct kdump k;
	struct setup s;

	(void)state;
	set_up(&s, "ram 1G 5G\n", COUNT(pfns), true);
	begin(&s);
	for (size_t i = 0; i < COUNT(pfns); i++) {
		struct packed page = { pfns[i], 4096, PAGE_RAW };

		memset(data, (int)i + 1, sizeof(data));
		assert_int_equal(writer_pages(&s.w, &page, 1, data, sizeof(data), &s.e), 0);
	}
	assert_int_equal(writer_end(&s.w, true, &s.e), 0);
	if (!kdump_open(&k, s.sink.bytes, s.sink.size))
		fail_msg("%s", k.why);
	assert_int_equal(k.nr_kept, COUNT(pfns));
	for (size_t i = 0; i < COUNT(pfns); i++) {
		assert_int_equal(kdump_page(&k, pfns[i], got), KDUMP_OK);
		memset(data, (int)i + 1, sizeof(data));
		assert_memory_equal(got, data, sizeof(data));
	}
	kdump_close(&k);
	tear_down(&s);
}

/* Numbers that the fields hold, and that they do not. */
static void test_layout_limits(void **state)
{
	static const struct { const char *why; uint64_t end, notes; int rc; } cases[] = {
		{ "16 TiB", 1ULL << 44, 4096, 0 },
		{ "more pages than 32 bits count", 1ULL << 46, 4096, 0 },
		{ "all that x86_64 can have", 1ULL << 52, 4096, 0 },
		{ "300 MB of device dumps in the notes", 1ULL << 36, 300 << 20, 0 },
		{ "notes beyond 32 bits of blocks", 1ULL << 36, 1ULL << 45, -EFBIG },
		{ "bitmaps beyond 32 bits of blocks", UINT64_MAX & ~4095ULL, 0, -EFBIG },
	};
	uint8_t head[464], sub[104];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ram_range ram = { 0, cases[i].end, 0 };
		struct kernel k = { .src = { .ram = &ram, .nr_ram = 1, .page_shift = 12,
					     .notes_len = cases[i].notes } };
		struct err e = { 0 };
		struct layout l;
		int rc = layout_init(&l, &k, 1 << 20, &e);

		if (rc != cases[i].rc)
			fail_msg("%s: %d %s", cases[i].why, rc, e.msg);
		if (rc)
			continue;
		assert_int_equal(l.max_pfn, cases[i].end >> 12);
		assert_true(l.bitmap2_at - l.bitmap1_at >= l.max_pfn / 8 && l.bitmap1_at >= l.notes_at + l.notes_len);
		assert_true(l.bitmap1_at % 4096 == 0 && l.data_at == l.descs_at + 24ULL * (1 << 20));
		layout_header(&l, &k, 0x20, head);
		layout_sub_header(&l, &k, 31, sub);
		assert_int_equal(get_le32(head + 440), l.max_pfn > UINT32_MAX ? UINT32_MAX : l.max_pfn);
		assert_int_equal(get_le64(sub + 96), l.max_pfn);
	}
}

/* The sums that go to the manifest are those of what is in the file. */
static void test_sums(void **state)
{
	struct setup s;
	struct digest d;

	(void)state;
	set_up(&s, "ram 256M 257M\n", 3, true);
	begin(&s);
	three_pages(&s);
	assert_int_equal(writer_end(&s.w, true, &s.e), 0);
	for (int i = 0; i <= NR_REGIONS; i++) {
		const struct digest *sums = i < NR_REGIONS ? &s.w.regions[i].sums : &s.w.header_sum;
		uint64_t start = i < NR_REGIONS ? s.w.regions[i].start : 0;

		assert_int_equal(sums->nr, 1);
		digest_init(&d, DIGEST_XXH64, sums->total, NULL);
		digest_add(&d, s.sink.bytes + start, sums->total);
		digest_end(&d);
		assert_memory_equal(d.sums, sums->sums, 8);
		digest_free(&d);
	}
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets), cmocka_unit_test(test_flagged_until_the_end),
		cmocka_unit_test(test_once), cmocka_unit_test(test_long_notes), cmocka_unit_test(test_far_pages),
		cmocka_unit_test(test_layout_limits), cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
