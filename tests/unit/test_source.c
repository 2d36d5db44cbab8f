/* test_source - is an ELF core taken apart as it says, and refused with a reason when it lies? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump/source.h"
#include "lib_vmcore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Two ranges with a hole, of which the second begins and ends inside pages. */
#define TWO "ram 256M 257M\nram 0x10180800 0x10200800\n"

static const struct {
	const char *why, *description;
	const char *says;		/* NULL: it opens */
} headers[] = {
	{ "a good core", TWO, NULL },
	{ "no signature", TWO "poke ehdr 00\n", "not an ELF core" },
	{ "32 bits", TWO "poke ehdr+4 01\n", "64-bit little-endian" },
	{ "big-endian", TWO "poke ehdr+5 02\n", "64-bit little-endian" },
	{ "a program", TWO "poke ehdr+16 02\n", "not a core (e_type 2)" },
	{ "program headers that are too small", TWO "poke ehdr+54 37\n", "program headers of 55 bytes" },
	{ "larger ones are fine, elf(5) says how large", TWO "poke ehdr+54 38\n", NULL },
	{ "no program headers", TWO "poke ehdr+56 00\n", "0 program headers" },
	{ "notes, but no memory", TWO "poke ehdr+56 01\n", "no memory in it" },
	{ "program headers beyond the end", TWO "poke ehdr+39 01\n", "cut inside the program headers" },
	{ "program headers at a negative offset", TWO "poke ehdr+39 ff\n", "cut inside the program headers" },
	{ "cut in the ELF header", TWO "cut 0x3f\n", "not an ELF core" },
	{ "nothing in it", TWO "cut ehdr\n", "not an ELF core" },
	{ "cut behind the ELF header", TWO "cut phdr\n", "cut inside the program headers" },
	{ "cut in the last program header", TWO "cut phdr+279\n", "cut inside the program headers" },
	{ "cut behind them: no data, but that is for later", TWO "cut phdr+280\n", NULL },
	{ "65000 program headers and more", "xnum 66000\n" TWO, NULL },
	{ "the same, cut before section 0", "xnum 0\n" TWO "cut shdr\n", "cut before section header 0" },
	{ "section 0 says zero", "xnum 0\n" TWO "poke shdr+44 00\n", "0 program headers" },
	{ "section 0 says four billion", "xnum 0\n" TWO "poke shdr+44 ff ff ff ff\n", "4294967295 program headers" },
	{ "a PT_LOAD that wraps around the address space", TWO "poke phdr+87 ff ff ff ff ff ff ff ff\n", "cannot be" },
	{ "a PT_LOAD at a negative file offset", TWO "poke phdr+71 ff\n", "cannot be" },
	{ "a PT_LOAD without a physical address, as /proc/kcore has for vmalloc", TWO
	  "poke phdr+80 ff ff ff ff ff ff ff ff\n", NULL },
	{ "a PT_LOAD beyond what machines address", TWO "poke phdr+86 10\n", "cannot be" },
	{ "more memory than the largest machine, in a small file", TWO "poke phdr+94 01\n", "damaged program headers" },
	{ "notes that end beyond the file do not", TWO "poke phdr+38 01\n", NULL },
	{ "something that begins like a dump", TWO "poke ehdr 4b 44 55 4d 50 20 20 20\n", "a kdump-compressed dump of version 0" },
};

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct vmcore *v = vmcore_make(headers[i].description);
		struct err e = { 0 };
		struct source s;
		int rc;

		assert_non_null(v);
		rc = source_open(&s, v->path, &e);
		if (!rc != !headers[i].says)
			fail_msg("%s: %d, %s", headers[i].why, rc, e.msg);
		if (rc && !strstr(e.msg, headers[i].says))
			fail_msg("%s: says '%s'", headers[i].why, e.msg);
		if (!rc)
			source_close(&s);
		vmcore_free(v);
	}
}

/* Loads after the crash kernel's memory is gone: physical range and how far the file offset moved. */
static void test_crash_kernel(void **state)
{
	static const struct {
		const char *why, *iomem;
		size_t nr;			/* loads more than before */
		struct { uint64_t start, end, skip; } loads[2];	/* those of 256M to 257M */
	} cases[] = {
		{ "none", "10000000-100fffff : System RAM\n", 0, { { 256 << 20, 257 << 20, 0 } } },
		{ "in the middle", "10000000-100fffff : System RAM\n  10040000-1005ffff : Crash kernel\n", 1,
		  { { 0x10000000, 0x10040000, 0 }, { 0x10060000, 0x10100000, 0x60000 } } },
		{ "at the beginning", "0fff0000-1003ffff : Crash kernel\n", 0, { { 0x10040000, 0x10100000, 0x40000 } } },
		{ "at the end", "100c0000-101fffff : Crash kernel\n", 0, { { 0x10000000, 0x100c0000, 0 } } },
		{ "all of it", "0f000000-100fffff : Crash kernel\n", 0, { { 0x10100000, 0x10100000, 0x100000 } } },
		{ "not for everybody to know", "00000000-00000000 : Crash kernel\n", 0, { { 256 << 20, 257 << 20, 0 } } },
		{ "text that is none", "Crash kernel\n : Crash kernel\nx : Crash kernel", 0, { { 256 << 20, 257 << 20, 0 } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vmcore *v = vmcore_make("ram 256M 257M\n");
		struct err e = { 0 };
		struct source s;
		uint64_t offset;
		size_t nr, n = 0;

		assert_int_equal(source_open(&s, v->path, &e), 0);
		nr = s.nr_loads;
		offset = vmcore_offset(v, 256 << 20);
		assert_int_equal(source_leave_out_crash_kernel(&s, cases[i].iomem), 0);
		if (s.nr_loads != nr + cases[i].nr)
			fail_msg("%s: %zu loads", cases[i].why, s.nr_loads);
		for (size_t j = 0; j < s.nr_loads; j++) {
			const struct load *l = &s.loads[j];

			if (l->offset < offset || l->start > 0x10100000 || l->start < 0x10000000)
				continue;
			if (n > cases[i].nr || l->start != cases[i].loads[n].start || l->end != cases[i].loads[n].end ||
			    l->offset != offset + cases[i].loads[n].skip)
				fail_msg("%s: %#llx-%#llx", cases[i].why, (unsigned long long)l->start,
					 (unsigned long long)l->end);
			n++;
		}
		assert_int_equal(n, cases[i].nr + 1);
		source_close(&s);
		vmcore_free(v);
	}
}

static void test_no_core_at_all(void **state)
{
	static const struct { const char *path; int rc; } cases[] = {
		{ "/nonexistent/vmcore", -ENOENT }, { "/", -EISDIR }, { "/dev/null", -EINVAL },
		{ "/proc/self/status", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = { 0 };
		struct source s;

		assert_int_equal(source_open(&s, cases[i].path, &e), cases[i].rc);
		assert_non_null(strstr(e.msg, cases[i].path));
	}
}

/* PT_LOADs become whole pages, once each; ranges that touch are told as one here. */
static const struct {
	const char *why, *description;
	struct { uint64_t start, end; } ram[4];
} ranges[] = {
	{ "the image lies inside another PT_LOAD and counts once; a partial page at either end is left out", TWO,
	  { { 0x15c0000, 0x1a00000 }, { 0x10000000, 0x10100000 }, { 0x10181000, 0x10200000 } } },
	{ "three that overlap in all ways", "ram 256M 257M\nalias 0x10080000 0x10180000\nalias 0x10040000 0x10050000\n",
	  { { 0x15c0000, 0x1a00000 }, { 0x10000000, 0x10180000 } } },
	{ "less than a page", "ram 256M 257M\nram 0x10200100 0x10200f00\n",
	  { { 0x15c0000, 0x1a00000 }, { 0x10000000, 0x10100000 } } },
};

static size_t join(const struct source *s, struct ram_range *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nr_ram; i++) {
		assert_true(s->ram[i].start < s->ram[i].end);
		assert_true(!i || s->ram[i - 1].end <= s->ram[i].start);
		if (n && out[n - 1].end == s->ram[i].start) {
			out[n - 1].end = s->ram[i].end;
			continue;
		}
		assert_true(n < max);
		out[n++] = s->ram[i];
	}
	return n;
}

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		struct vmcore *v = vmcore_make(ranges[i].description);
		struct ram_range got[4];
		struct err e = { 0 };
		struct source s;
		size_t n;

		assert_int_equal(source_open(&s, v->path, &e), 0);
		assert_int_equal(source_set_pages(&s, 12, &e), 0);
		n = join(&s, got, 4);
		for (size_t k = 0; k < 4; k++)
			if (k < n ? got[k].start != ranges[i].ram[k].start || got[k].end != ranges[i].ram[k].end
				  : ranges[i].ram[k].end != 0)
				fail_msg("%s: range %zu of %zu is %#llx-%#llx", ranges[i].why, k, n,
					 (unsigned long long)got[k].start, (unsigned long long)got[k].end);
		assert_true(source_max_pfn(&s) == got[n - 1].end >> 12);
		assert_null(source_range(&s, got[n - 1].end));
		source_close(&s);
		vmcore_free(v);
	}
}

static const struct {
	const char *why;
	uint64_t at;
	size_t len;
	int rc;
} reads[] = {
	{ "inside a page", 0x10000100, 64, 0 },
	{ "across pages", 0x10000ff0, 9000, 0 },
	{ "across PT_LOADs that touch", 0x100fff80, 256, 0 },
	{ "the last byte", 0x101fffff, 1, 0 },
	{ "one behind it", 0x10200000, 1, -ENXIO },
	{ "across the end", 0x101ffff0, 32, -ENXIO },
	{ "in a hole", 0x8000000, 8, -ENXIO },
	{ "at an odd place in the file", 0x10300001, 4095, 0 },
	{ "nothing at all", 0x8000000, 0, 0 },
	{ "at the end of the address space", UINT64_MAX - 4, 8, -ENXIO },
};

static void test_reads(void **state)
{
	struct vmcore *v = vmcore_make("ram 256M 257M\nram 257M 258M\nram 0x10300000 0x10400000 0x345\n");

	(void)state;
	for (int map = 0; map < 2; map++) {
		struct err e = { 0 };
		struct source s;

		assert_int_equal(source_open(&s, v->path, &e), 0);
		assert_int_equal(source_set_pages(&s, 12, &e), 0);
		s.may_map = map;
		for (size_t i = 0; i < COUNT(reads); i++) {
			uint8_t *got = malloc(reads[i].len + 1);
			int rc = source_read(&s, reads[i].at, got, reads[i].len);

			if (rc != reads[i].rc ||
			    (!rc && reads[i].len && memcmp(got, v->mem + reads[i].at, reads[i].len)))
				fail_msg("%s (mapped: %d): %d", reads[i].why, map, rc);
			free(got);
		}
		source_close(&s);
	}
	vmcore_free(v);
}

/* Windows stay inside their range and are aligned, so that neighbours share them. */
static void test_windows(void **state)
{
	struct vmcore *v = vmcore_make("ram 0x10003000 0x10305000\nram 0x10400000 0x10500000 0x801\n");
	struct source_window w = { 0 };
	struct err e = { 0 };
	struct source s;

	(void)state;
	assert_int_equal(source_open(&s, v->path, &e), 0);
	assert_int_equal(source_set_pages(&s, 12, &e), 0);
	assert_int_equal(source_map(&s, &w, 0x10104000, 1 << 20), 0);
	assert_true(w.start == 0x10100000 && w.end == 0x10200000);
	assert_memory_equal(w.bytes, v->mem + w.start, w.end - w.start);
	assert_int_equal(source_map(&s, &w, 0x10004000, 1 << 20), 0);
	assert_true(w.start == 0x10003000 && w.end == 0x10100000);
	assert_int_equal(source_map(&s, &w, 0x10304000, 1 << 20), 0);
	assert_true(w.start == 0x10300000 && w.end == 0x10305000);
	assert_int_equal(source_map(&s, &w, 0x10305000, 1 << 20), -ENXIO);
	assert_null(w.base);
	assert_int_equal(source_map(&s, &w, 0x10480000, 1 << 20), 0);	/* not aligned in the file */
	assert_memory_equal(w.bytes, v->mem + w.start, w.end - w.start);
	source_unmap(&w);
	source_close(&s);
	vmcore_free(v);
}

/* Of PT_LOADs that overlap in a cut file the one serves that has the page. */
static void test_overlap_cut(void **state)
{
	static const struct { const char *why; uint64_t keep; unsigned pages; } cases[] = {
		{ "nothing is missing", 3 << 20, 512 },
		{ "the second list of pages is", 2 << 20, 512 },
		{ "and half of the last PT_LOAD with pages of its own", (1 << 20) + (1 << 19), 384 },
		{ "cut in the middle of a page", (1 << 20) + 4096 + 17, 257 },
		{ "the first PT_LOAD, too", 1 << 19, 128 },
	};
	uint64_t ram = 0;		/* with the image; what is missing counts, too */

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vmcore *v = vmcore_make("ram 256M 257M\nram 257M 258M\nalias 0x10080000 0x10180000\n");
		unsigned there = 0;
		struct err e = { 0 };
		struct source s;

		assert_int_equal(ftruncate(v->fd, (off_t)(vmcore_offset(v, 256 << 20) + cases[i].keep)), 0);
		assert_int_equal(source_open(&s, v->path, &e), 0);
		assert_int_equal(source_set_pages(&s, 12, &e), 0);
		ram = ram ? ram : source_nr_pages(&s);
		assert_true(source_nr_pages(&s) == ram);
		for (paddr_t at = 256 << 20; at < 258 << 20; at += 4096) {
			uint8_t page[4096];

			if (source_read_page(&s, at, page))
				continue;
			assert_memory_equal(page, v->mem + at, sizeof(page));
			there += source_page_within(&s, at, s.size);
		}
		if (there != cases[i].pages)
			fail_msg("%s: %u pages", cases[i].why, there);
		source_close(&s);
		vmcore_free(v);
	}
}

/* A file that is cut while it is mapped: SIGBUS must not end the process, and the rest is read. */
static void test_cut_while_mapped(void **state)
{
	struct vmcore *v = vmcore_make("ram 256M 257M\n");
	uint64_t there = vmcore_offset(v, 0x10080000);
	struct source_window w = { 0 };
	uint8_t page[4096] __attribute__((aligned(64)));
	struct err e = { 0 };
	struct source s;
	bool nonzero;

	(void)state;
	guard_install();
	assert_int_equal(source_open(&s, v->path, &e), 0);
	assert_int_equal(source_set_pages(&s, 12, &e), 0);
	assert_int_equal(source_read(&s, 0x100ff000, page, 4096), 0);
	assert_int_equal(source_map(&s, &w, 0x10000000, 1 << 20), 0);
	assert_int_equal(ftruncate(v->fd, (off_t)there), 0);
	assert_int_equal(guard_copy(page, w.bytes + 0x80000, 4096, &nonzero), -EIO);
	assert_int_equal(guard_copy(page, w.bytes + 0xff000, 4096, NULL), -EIO);
	assert_int_equal(guard_copy(page, w.bytes + 0x7f000, 4096, &nonzero), 0);
	assert_true(nonzero);
	assert_memory_equal(page, v->mem + 0x1007f000, 4096);
	assert_int_equal(source_read(&s, 0x100ff000, page, 4096), -EIO);
	assert_int_equal(source_read_page(&s, 0x100ff000, page), -EIO);
	assert_int_equal(source_read(&s, 0x1007f000, page, 4096), 0);
	assert_int_equal(source_read_page(&s, 0x1007f000, page), 0);
	assert_int_equal(source_read_page(&s, 0x8000000, page), -ENXIO);
	source_unmap(&w);
	source_close(&s);
	vmcore_free(v);
}

/* guard_copy tells whether there is anything in a page, wherever it stands. */
static void test_nonzero(void **state)
{
	uint8_t in[4096] __attribute__((aligned(64))) = { 0 }, out[4096] __attribute__((aligned(64)));
	bool nonzero;

	(void)state;
	assert_int_equal(guard_copy(out, in, sizeof(in), &nonzero), 0);
	assert_false(nonzero);
	for (size_t i = 0; i < sizeof(in); i += 61) {
		in[i] = 0x40;
		assert_int_equal(guard_copy(out, in, sizeof(in), &nonzero), 0);
		assert_true(nonzero);
		assert_memory_equal(in, out, sizeof(in));
		in[i] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers), cmocka_unit_test(test_no_core_at_all), cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_reads), cmocka_unit_test(test_windows), cmocka_unit_test(test_cut_while_mapped),
		cmocka_unit_test(test_overlap_cut),
		cmocka_unit_test(test_nonzero), cmocka_unit_test(test_crash_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
