/* test_kdumpfile - does a dump, normal, flattened or cut, give its pages and nothing else? */
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
#include "dump/census.h"
#include "dump/codec.h"
#include "dump/kdumpfile.h"
#include "dump/layout.h"
#include "lib_tinydump.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { MAX_PFN = 70000 };

static const struct tiny_page pages[] = {
	{ 0, "zstd" }, { 1, "zero" }, { 2, "zlib" }, { 5, "lzo" }, { 63, "raw" }, { 64, "zero" }, { 4095, "zstd" },
	{ 32767, "lzo" }, { 32768, "zero" }, { 65537, "snappy" }, { 69990, "raw" }, { 69999, "zstd" },
};

static const char *kind_of(uint64_t pfn)
{
	for (size_t i = 0; i < COUNT(pages); i++)
		if (pages[i].pfn == pfn)
			return pages[i].kind;
	return NULL;
}

/* Each page of an open dump is right or refused. Returns how many came; lost: some may be absent. */
static size_t check_pages(const char *why, const struct kdumpfile *f, bool lost)
{
	struct kdump_reader *r = kdump_reader_new(f);
	uint8_t got[TINY_BLOCK], want[TINY_BLOCK];
	struct kdump_walk w = { 0 };
	size_t n = 0, walked = 0;

	assert_non_null(r);
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct kdump_desc d;
		int rc = kdumpfile_desc(r, pages[i].pfn, &d), wanted = 0;

		if (rc == -ENODATA && lost)
			continue;
		if (!rc)
			rc = kdumpfile_page(r, &d, got);
		if (rc == -EIO && lost)
			continue;
		wanted = !strcmp(pages[i].kind, "snappy") ? -EOPNOTSUPP : 0;
		tiny_bytes(pages[i].pfn, !strcmp(pages[i].kind, "zero"), want);
		if (rc != wanted || (!rc && memcmp(got, want, TINY_BLOCK)))
			fail_msg("%s: page %llu: %d", why, (unsigned long long)pages[i].pfn, rc);
		n++;
	}
	for (; kdumpfile_next(r, &w) == 1; w.pfn++) {
		if (!kind_of(w.pfn))
			fail_msg("%s: page %llu, which is not there", why, (unsigned long long)w.pfn);
		walked++;
	}
	assert_true(lost || walked == COUNT(pages));
	assert_true(walked <= COUNT(pages) && walked >= n);
	kdump_reader_free(r);
	return n;
}

static void check_absent(const struct kdumpfile *f)
{
	static const uint64_t absent[] = { 3, 62, 65, 4094, 32766, 40000, 69998, 70000, 80000, 1ULL << 40, UINT64_MAX };
	struct kdump_reader *r = kdump_reader_new(f);

	for (size_t i = 0; i < COUNT(absent); i++) {
		struct kdump_desc d;

		assert_int_equal(kdumpfile_desc(r, absent[i], &d), -ENODATA);
	}
	kdump_reader_free(r);
}

static void test_normal(void **state)
{
	(void)state;
	for (int owners = 0; owners < 2; owners++) {
		struct tiny_dump t;
		struct kdumpfile f;
		struct err e = { 0 };
		char path[32];
		int fd;

		tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, owners);
		fd = tiny_file(t.bytes, t.size, path);
		assert_int_equal(kdumpfile_open(&f, fd, false, &e), 0);
		assert_false(f.incomplete || f.by_owner || f.in.flat);
		assert_true(f.nr_descs == COUNT(pages) && f.head.max_pfn == MAX_PFN && f.head.page_shift == 12);
		assert_true(f.head.phys_base == 0x1000000 && f.head.level == 1 && f.head.nr_cpus == 3);
		assert_true(f.head.crash_time == 1234567890 && f.head.notes_len == 20);
		assert_string_equal(f.head.uts[2], "6.1.0-tiny");
		assert_int_equal(check_pages("normal", &f, false), COUNT(pages));
		check_absent(&f);
		kdumpfile_close(&f);
		close(fd);
		tiny_dump_free(&t);
	}
}

/* len bytes of value, little endian, at `at` in the header (or behind the block: in the sub header). */
static const struct {
	const char *why;
	uint64_t at, len, value;
	const char *says;
} heads[] = {
	{ "another signature", 0, 1, 'X', "not a kdump-compressed dump" },
	{ "an old format", 0, 8, 0x504d55444b534944ULL, "diskdump" },
	{ "version 5", 8, 4, 5, "version 5" },
	{ "version 7", 8, 4, 7, "version 7" },
	{ "big-endian", 8, 4, 0x06000000, "big-endian" },
	{ "blocks of 0 bytes", 428, 4, 0, "block size of 0" },
	{ "blocks of 4097 bytes", 428, 4, 4097, "block size of 4097" },
	{ "blocks of 2 GiB", 428, 4, 0x80000000, "block size of 2147483648" },
	{ "no sub header", 432, 4, 0, "sub header of 0 blocks" },
	{ "a sub header of 16 TiB", 432, 4, 0xffffffff, NULL },
	{ "an odd number of bitmap blocks", 436, 4, 7, "bitmaps of 7" },
	{ "no bitmaps", 436, 4, 0, "bitmaps of 0 bytes" },
	{ "one bitmap where two are needed", 436, 4, 4, "bitmaps of 8192 bytes" },
	{ "bitmaps of 8 TiB", 436, 4, 0xfffffffe, NULL },
	{ "no pages", 4096 + 96, 8, 0, "for 0 page frames" },
	{ "more pages than bits", 4096 + 96, 8, 1 << 20, "1048576 page frames" },
	{ "pages without end", 4096 + 96, 8, UINT64_MAX, "18446744073709551615 page frames" },
	{ "notes behind the end are no notes", 4096 + 48, 8, UINT64_MAX - 5, NULL },
	{ "notes that are too long, the same", 4096 + 56, 8, UINT64_MAX, NULL },
	{ "a status that nobody knows", 424, 4, 0xffffff00, NULL },
};

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct tiny_dump t;
		struct kdumpfile f;
		struct err e = { 0 };
		char path[32];
		int fd, rc;

		tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, true);
		for (uint64_t b = 0; b < heads[i].len; b++)
			t.bytes[heads[i].at + b] = (uint8_t)(heads[i].value >> (8 * b));
		fd = tiny_file(t.bytes, t.size, path);
		rc = kdumpfile_open(&f, fd, false, &e);
		if (!rc != !heads[i].says || (rc && !strstr(e.msg, heads[i].says)))
			fail_msg("%s: %d, '%s'", heads[i].why, rc, e.msg);
		if (!rc)
			kdumpfile_close(&f);
		close(fd);
		tiny_dump_free(&t);
	}
}

/* Descriptor 0 (page 0, zstd) with other fields; what its page gives, what a census counts. */
static const struct {
	const char *why;
	int64_t at;			/* < 0: as it is; else offset */
	int64_t size, flags;		/* < 0: as it is */
	int desc, page;			/* what kdumpfile_desc and then kdumpfile_page return */
	unsigned absent, damaged;
} descs[] = {
	{ "as it was", -1, -1, -1, 0, 0, 0, 0 },
	{ "not saved", 0, 0, 0, -ENODATA, 0, 1, 0 },
	{ "an offset of 0 alone means the same", 0, -1, -1, -ENODATA, 0, 1, 0 },
	{ "no bytes", -1, 0, -1, 0, -EIO, 0, 1 },
	{ "more than a page", -1, TINY_BLOCK + 1, -1, 0, -EIO, 0, 1 },
	{ "4 GiB", -1, 0xffffffff, -1, 0, -EIO, 0, 1 },
	{ "behind the end", 1 << 30, -1, -1, 0, -EIO, 0, 1 },
	{ "at the end of everything", INT64_MAX, -1, -1, 0, -EIO, 0, 1 },
	{ "another codec", -1, -1, PAGE_ZLIB, 0, -EIO, 0, 1 },
	{ "raw, but no page's length", -1, -1, PAGE_RAW, 0, -EIO, 0, 1 },
	{ "an unknown codec", -1, -1, 0x40, 0, -EOPNOTSUPP, 0, 0 },
	{ "bytes that are no packed page", 100, -1, -1, 0, -EIO, 0, 1 },
};

static void count_problem(void *ctx, const char *line)
{
	assert_true(strlen(line) > 10 && !strchr(line, '\n'));
	++*(unsigned *)ctx;
}

static void test_descs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(descs); i++) {
		uint8_t page[TINY_BLOCK], *d;
		struct kdump_reader *r;
		struct kdump_desc desc;
		unsigned problems = 0;
		struct tiny_dump t;
		struct kdumpfile f;
		struct census c;
		struct err e = { 0 };
		char path[32];
		int fd, rc;

		tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, true);
		d = t.bytes + t.descs_at;
		if (descs[i].at >= 0)
			put_le64(d, (uint64_t)descs[i].at);
		if (descs[i].size >= 0)
			put_le32(d + 8, (uint32_t)descs[i].size);
		if (descs[i].flags >= 0)
			put_le32(d + 12, (uint32_t)descs[i].flags);
		fd = tiny_file(t.bytes, t.size, path);
		assert_int_equal(kdumpfile_open(&f, fd, false, &e), 0);
		r = kdump_reader_new(&f);
		rc = kdumpfile_desc(r, 0, &desc);
		if (rc != descs[i].desc || (!rc && kdumpfile_page(r, &desc, page) != descs[i].page))
			fail_msg("%s: %d", descs[i].why, rc);
		assert_int_equal(census_take(&f, true, &c, count_problem, &problems, &e), 0);
		if (c.absent != descs[i].absent || c.damaged != descs[i].damaged || c.zero != 3 ||
		    c.kept != COUNT(pages) || problems < descs[i].damaged)
			fail_msg("%s: absent %llu, damaged %llu, zero %llu", descs[i].why,
				 (unsigned long long)c.absent, (unsigned long long)c.damaged,
				 (unsigned long long)c.zero);
		kdump_reader_free(r);
		kdumpfile_close(&f);
		close(fd);
		tiny_dump_free(&t);
	}
}

/* The dump as records: 0 front to back, 1 back to front, 2 pieces twice, the first time wrong, 3 overlapping. */
static uint8_t *flatten(const struct tiny_dump *t, int how, bool end, uint64_t *size)
{
	enum { PIECE = 3000 };
	struct tiny_record *records = calloc(4 * (t->size / PIECE + 2), sizeof(*records));
	size_t n = 0;
	uint8_t *out;

	for (uint64_t at = 0; at < t->size; at += PIECE) {
		uint64_t left = t->size - at, len = left < PIECE ? left : PIECE;

		if (how == 2)
			records[n++] = (struct tiny_record){ at, len };
		records[n++] = (struct tiny_record){ at, how == 3 && left > 2 * PIECE ? len + 1500 : len };
	}
	for (size_t i = 0; how == 1 && i < n / 2; i++) {
		struct tiny_record swap = records[i];

		records[i] = records[n - 1 - i];
		records[n - 1 - i] = swap;
	}
	out = tiny_flatten(t->bytes, records, n, end, size);
	for (uint64_t at = 4096, i = 0; how >= 2 && i + 1 < n; at += 16 + records[i++].len) {
		/* What the next record writes again is wrong here: that one counts. */
		uint64_t again = how == 2 ? (i % 2 ? 0 : records[i].len) : records[i].len > PIECE ? 1500 : 0;

		memset(out + at + 16 + records[i].len - again, 0xa5, again);
	}
	free(records);
	return out;
}

static void test_flattened(void **state)
{
	struct tiny_dump t;

	(void)state;
	tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, false);
	for (int how = 0; how < 4; how++)
		for (int end = 0; end < 2; end++) {
			uint64_t size;
			uint8_t *stream = flatten(&t, how, end, &size);
			struct kdumpfile f;
			struct err e = { 0 };
			char path[32], why[32];
			int fd = tiny_file(stream, size, path);

			snprintf(why, sizeof(why), "flattened, way %d", how);
			assert_int_equal(kdumpfile_open(&f, fd, false, &e), 0);
			assert_true(f.in.flat && f.in.cut == !end && f.incomplete == !end && f.in.end == t.size);
			assert_int_equal(check_pages(why, &f, false), COUNT(pages));
			check_absent(&f);
			kdumpfile_close(&f);
			close(fd);
			free(stream);
		}
	tiny_dump_free(&t);
}

/* Cut anywhere, a file or stream gives right pages or none, and more the longer it is. */
static void cut_everywhere(const uint8_t *bytes, uint64_t size, const char *why)
{
	size_t best = 0;
	char path[32];
	int fd = tiny_file(bytes, size, path);

	for (uint64_t cut = size; cut; cut -= cut > 199 ? 199 : cut) {
		struct kdumpfile f;
		struct err e = { 0 };
		size_t n = 0;

		assert_int_equal(ftruncate(fd, (off_t)cut), 0);
		if (!kdumpfile_open(&f, fd, false, &e)) {
			assert_true(cut == size || f.incomplete);
			n = check_pages(why, &f, true);
			kdumpfile_close(&f);
		} else {
			assert_true(e.code == -EINVAL && e.msg[0]);
		}
		if (cut == size)
			best = n;
		assert_true(n <= best);
		best = n;
	}
	close(fd);
}

static void test_cut(void **state)
{
	(void)state;
	for (int owners = 0; owners < 2; owners++) {
		struct tiny_dump t;
		uint64_t size;
		uint8_t *stream;

		tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, owners);
		cut_everywhere(t.bytes, t.size, "a cut file");
		stream = flatten(&t, 0, true, &size);
		cut_everywhere(stream, size, "a cut stream");
		free(stream);
		tiny_dump_free(&t);
	}
}

/* A stream as our writer sends it, cut before bitmap2 and header. */
static void test_without_bitmap2(void **state)
{
	struct tiny_dump t;
	struct tiny_record records[4];
	struct kdumpfile f;
	struct err e = { 0 };
	uint64_t size;
	uint8_t *stream;
	char path[32];
	int fd;

	(void)state;
	tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, true);
	records[0] = (struct tiny_record){ t.sub_at, 124 };
	records[1] = (struct tiny_record){ t.bitmap1_at, t.bitmap2_at - t.bitmap1_at };
	records[2] = (struct tiny_record){ t.data_at, t.size - t.data_at };
	records[3] = (struct tiny_record){ t.descs_at, 24 * t.nr };
	stream = tiny_flatten(t.bytes, records, 4, false, &size);
	fd = tiny_file(stream, size, path);
	assert_int_equal(kdumpfile_open(&f, fd, false, &e), 0);
	assert_true(f.head.derived && f.by_owner && f.incomplete && f.nr_descs == COUNT(pages));
	assert_true(f.head.max_pfn == MAX_PFN && f.head.descs_at == t.descs_at);
	assert_int_equal(check_pages("without bitmap2", &f, false), COUNT(pages));
	check_absent(&f);
	kdumpfile_close(&f);
	close(fd);
	free(stream);
	stream = tiny_flatten(t.bytes, records, 0, false, &size);
	fd = tiny_file(stream, size, path);
	assert_int_equal(kdumpfile_open(&f, fd, false, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "before its sub header"));
	close(fd);
	free(stream);
	tiny_dump_free(&t);
}

/* Without bitmap2 and without frame numbers nobody can tell whose a descriptor is: no page, no lie. */
static void test_nobody_knows(void **state)
{
	struct tiny_dump t;
	struct kdumpfile f;
	struct err e = { 0 };
	char path[32];
	int fd;

	(void)state;
	tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, false);
	memset(t.bytes + t.bitmap2_at, 0, t.descs_at - t.bitmap2_at);
	t.bytes[424] |= STATUS_INCOMPLETE;
	fd = tiny_file(t.bytes, t.size, path);
	assert_int_equal(kdumpfile_open(&f, fd, false, &e), 0);
	assert_true(!f.by_owner && !f.nr_descs);
	assert_int_equal(check_pages("unknown owners", &f, true), 0);
	kdumpfile_close(&f);
	close(fd);
	tiny_dump_free(&t);
}

/* Descriptors that were lost one by one, and more than one group of them. */
static void test_owners(void **state)
{
	enum { MANY = 5000 };
	struct tiny_page *many = calloc(MANY, sizeof(*many));
	uint8_t got[TINY_BLOCK], want[TINY_BLOCK];
	struct kdump_reader *r;
	struct tiny_dump t;
	struct kdumpfile f;
	struct err e = { 0 };
	char path[32];
	size_t there = 0;
	int fd;

	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		many[i] = (struct tiny_page){ 3 * i + 1, i % 7 ? "zero" : "lzo" };
	tiny_dump_make(&t, many, MANY, 3 * MANY + 5, true);
	memset(t.bytes + t.bitmap2_at, 0, t.descs_at - t.bitmap2_at);
	t.bytes[424] |= STATUS_INCOMPLETE;
	for (size_t i = 0; i < MANY; i++)
		if (i % 5 == 0 || (i > 900 && i < 3200) || i > 4900)
			memset(t.bytes + t.descs_at + 24 * i, 0, 24);
	fd = tiny_file(t.bytes, t.size, path);
	assert_int_equal(kdumpfile_open(&f, fd, false, &e), 0);
	r = kdump_reader_new(&f);
	for (size_t back = 0; back < 2; back++)
		for (size_t k = 0; k < MANY; k++) {
			size_t i = back ? MANY - 1 - k : k;
			bool lost = i % 5 == 0 || (i > 900 && i < 3200) || i > 4900;
			struct kdump_desc d;

			assert_int_equal(kdumpfile_desc(r, 3 * i + 1, &d), lost ? -ENODATA : 0);
			assert_int_equal(kdumpfile_desc(r, 3 * i, &d), -ENODATA);
			there += !lost && !back;
			if (lost || i % 7)
				continue;
			assert_int_equal(kdumpfile_desc(r, 3 * i + 1, &d), 0);
			assert_int_equal(kdumpfile_page(r, &d, got), 0);
			tiny_bytes(3 * i + 1, false, want);
			assert_memory_equal(got, want, TINY_BLOCK);
		}
	assert_true(f.by_owner && f.nr_descs == there);
	kdump_reader_free(r);
	kdumpfile_close(&f);
	close(fd);
	tiny_dump_free(&t);
	free(many);
}

/* One of several files: complete bitmaps, descriptors of its range only. */
static void test_split(void **state)
{
	struct kdump_reader *r;
	struct kdump_desc d;
	struct tiny_dump t;
	struct kdumpfile f;
	struct err e = { 0 };
	char path[32];
	int fd;

	(void)state;
	tiny_dump_make(&t, pages, COUNT(pages), MAX_PFN, false);
	put_le32(t.bytes + t.sub_at + 12, 1);
	put_le64(t.bytes + t.sub_at + 80, 60);
	put_le64(t.bytes + t.sub_at + 88, 40000);
	/* Descriptors 4 to 8 (pages 63 to 32768) move to the front. */
	memmove(t.bytes + t.descs_at, t.bytes + t.descs_at + 4 * 24, 5 * 24);
	fd = tiny_file(t.bytes, t.size, path);
	assert_int_equal(kdumpfile_open(&f, fd, false, &e), 0);
	assert_true(f.head.split && f.nr_descs == 5);
	r = kdump_reader_new(&f);
	for (size_t i = 0; i < COUNT(pages); i++) {
		bool inside = pages[i].pfn >= 60 && pages[i].pfn < 40000;
		uint8_t got[TINY_BLOCK], want[TINY_BLOCK];

		assert_int_equal(kdumpfile_desc(r, pages[i].pfn, &d), inside ? 0 : -ENODATA);
		if (!inside)
			continue;
		assert_int_equal(kdumpfile_page(r, &d, got), 0);
		tiny_bytes(pages[i].pfn, !strcmp(pages[i].kind, "zero"), want);
		assert_memory_equal(got, want, TINY_BLOCK);
	}
	kdump_reader_free(r);
	kdumpfile_close(&f);
	close(fd);
	tiny_dump_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_descs),
		cmocka_unit_test(test_flattened),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_without_bitmap2),
		cmocka_unit_test(test_nobody_knows),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
