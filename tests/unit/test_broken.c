/* test_broken - does a core that is damaged end as a usable dump or a clear line, and never as a crash? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "dump/printk.h"
#include "lib_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Small, so that thousands of runs take seconds: 24 pages of image, as many of memory map, 32 of others. */
#define SMALL "image 0x15e8000 0xffffffff82000000 24\nring 4 8\nsections 22\nvmemmap 4k\ndirectmap 2m\n" \
	"ram 24M 0x1820000\npages 0x1800+8 anon\npages 0x1808+4 free 2\npages 0x1810+8 cache 3\n" \
	"pages 0x1818+4 hugetlb 2\nlog 1 one\nlog 2 two\n"

/* A sanitizer that ends the process over a large malloc would hide how we take its failure. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static int count(void *ctx, const char *text, size_t len)
{
	(void)text;
	*(size_t *)ctx += len;
	return 0;
}

/*
 * The log, too, must end (a search for a lost one takes its time); what it says is test_printk's
 * matter. Returns false if the headers claim
 * more than 256 GiB: that many sections and bits are honest work, but not for thousands of runs.
 */
static bool open_it(const char *path, bool with_log)
{
	struct kernel k;
	size_t n = 0;
	bool large;

	if (kernel_open(&k, path, NULL))
		return true;
	if (with_log)
		printk_write(&k, NULL, count, &n, NULL, NULL);
	large = source_max_pfn(&k.src) > 1 << 26;
	kernel_close(&k);
	assert_true(n < 1 << 20);
	return !large;
}

/*
 * Save at level 31. If that works the dump is consistent, with v also page by page; if not there is
 * one line. Returns 0 or the error.
 */
static int save(const char *what, const char *path, const struct vmcore *v, bool with_log)
{
	struct run_how how = { .level = 31, .codec = "lzo" };
	uint64_t began = now_ms();
	struct judgement j;
	struct run r;
	int rc;

	if (!open_it(path, with_log))
		return 0;
	run_save(&r, path, &how);
	rc = r.rc;
	if (rc && (r.save.verdict > VERDICT_INCOMPLETE || !r.e.msg[0] || strchr(r.e.msg, '\n')))
		fail_msg("%s: %s, '%s'", what, verdict_names[r.save.verdict], r.e.msg);
	if (!rc) {
		j = judge(r.sink->bytes, r.sink->size, v);
		if (j.why[0] || j.incomplete || r.save.verdict < VERDICT_DEGRADED)
			fail_msg("%s: %s, %s\n%s", what, verdict_names[r.save.verdict], j.why, r.log);
	}
	if (now_ms() - began > 5000)
		print_message("%s: %llu ms\n", what, (unsigned long long)(now_ms() - began));
	run_free(&r);
	return rc;
}

/* ---- keys ---- */

static const char *const values[] = {
	NULL, "", "0", "-1", "1", "4294967295", "18446744073709551615", "9223372036854775808", "rubbish",
	"-9223372036854775808", "fffffffffffffff8", "7",
};

/* Vmcoreinfo with one line changed, as long as before: PAD gives the room, empty lines fill up. */
static void change_line(const struct vmcore *v, const char *info, const char *name, const char *value)
{
	char *text = malloc(v->info_len + 1), *at = text, *end = text + v->info_len;
	size_t len = strlen(name);

	for (const char *line = info; *line; line += strcspn(line, "\n") + 1)
		if ((strncmp(line, name, len) || line[len] != '=') && strncmp(line, "PAD=", 4))
			at += snprintf(at, (size_t)(end - at) + 1, "%.*s\n", (int)strcspn(line, "\n"), line);
	if (value)
		at += snprintf(at, (size_t)(end - at) + 1, "%s=%s\n", name, value);
	assert_true(at <= end);
	memset(at, '\n', (size_t)(end - at));
	assert_int_equal(pwrite(v->fd, text, v->info_len, (off_t)v->info_at), (ssize_t)v->info_len);
	free(text);
}

/* Whatever one key says, there is a dump, and every page in it is right. */
static void each_key(const char *style)
{
	struct vmcore *v = vmcore_print("kernel %s\nkey PAD=%064d\n" SMALL, style, 0);
	char *info, *lines, what[400], *save_line;
	size_t len;

	info = vc_info_text(v, &len);
	lines = strdup(info);
	for (char *line = strtok_r(lines, "\n", &save_line); line; line = strtok_r(NULL, "\n", &save_line))
		for (size_t i = 0; i < COUNT(values); i++) {
			char name[128];

			snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, "="), line);
			change_line(v, info, name, values[i]);
			snprintf(what, sizeof(what), "%s: %s=%s", style, name, values[i] ? values[i] : "(gone)");
			if (save(what, v->path, strcmp(name, "PAGESIZE") ? v : NULL, strstr(name, "pr") != NULL))
				fail_msg("no dump with %s", what);
		}
	free(lines);
	free(info);
	vmcore_free(v);
}

static void test_keys(void **state)
{
	(void)state;
	each_key("6.1");
	each_key("6.12");
}

/* ---- cuts ---- */

/* The file ends at each byte of its headers, and here and there in its data. */
static void test_cuts(void **state)
{
	struct vmcore *v = vmcore_make(SMALL);
	uint64_t size = v->size, step = 1, data = UINT64_MAX;
	bool worked = false;
	char what[64];

	(void)state;
	for (size_t i = 0; i < v->nr_loads; i++)
		data = v->loads[i].offset < data ? v->loads[i].offset : data;
	for (uint64_t at = size; at > 0; at -= at < step ? at : step) {
		int rc;

		assert_int_equal(ftruncate(v->fd, (off_t)at), 0);
		snprintf(what, sizeof(what), "cut at %llu of %llu", (unsigned long long)at, (unsigned long long)size);
		rc = save(what, v->path, v, step == 3001);
		/* From the first page on there is a dump, mostly of RAM that is described but not there. */
		if ((rc == 0) != (at >= data + VC_PAGE))
			fail_msg("%s: %d", what, rc);
		worked |= !rc;
		step = at > v->notes_at + v->notes_len + 4096 ? 3001 : at > v->phdr_at + 4 * 56 + 8 ? 61 : 1;
	}
	assert_true(worked);
	vmcore_free(v);
}

/* ---- bytes at random ---- */

struct area {
	const char *name;
	uint64_t at, len;
};

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Values that arithmetic trips over more often than over random ones. */
static uint64_t odd_value(uint64_t *x)
{
	static const uint64_t odd[] = { 0, 1, 7, 63, 64, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff,
					0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX, UINT64_MAX - 4095,
					0xffffffff80000000, 0xffffea0000000000 };

	return next(x) % 3 ? odd[next(x) % COUNT(odd)] : next(x) >> next(x) % 64;
}

static void damage(const struct vmcore *v, const struct area *a, uint64_t *x)
{
	unsigned n = 1 + next(x) % 4;

	while (n--) {
		unsigned width = 1U << next(x) % 4;
		uint64_t at = a->at + next(x) % a->len / width * width, value = odd_value(x);

		assert_int_equal(pwrite(v->fd, &value, width, (off_t)at), width);
	}
}

/* Undone by copying the good bytes back: making a core costs more than saving it. */
static void mutate(const char *description, unsigned runs, uint64_t seed)
{
	struct vmcore *v = vmcore_make(description);
	const struct area areas[] = {
		{ "ELF header", 0, 64 }, { "program headers", v->phdr_at, 4 * 56 },
		{ "notes", v->notes_at, v->notes_len },
		{ "vmcoreinfo", v->info_at, v->info_len },
		{ "image", v->loads[0].offset, v->loads[0].end - v->loads[0].start },
		{ "image and memory map", v->loads[1].offset, v->loads[1].end - v->loads[1].start },
	};
	unsigned dumps = 0;
	char what[64];

	for (unsigned i = 0; i < runs; i++) {
		const struct area *a = &areas[i % COUNT(areas)];
		uint64_t x = seed + i * 0x9e3779b97f4a7c15ULL;
		uint8_t *good = malloc(a->len);

		assert_int_equal(pread(v->fd, good, a->len, (off_t)a->at), (ssize_t)a->len);
		damage(v, a, &x);
		snprintf(what, sizeof(what), "%s, run %u of seed %#llx", a->name, i, (unsigned long long)seed);
		dumps += !save(what, v->path, NULL, a->at >= v->info_at);
		assert_int_equal(pwrite(v->fd, good, a->len, (off_t)a->at), (ssize_t)a->len);
		free(good);
	}
	/* Most damage costs nothing but what it hit. */
	assert_true(dumps > runs * 3 / 4);
	vmcore_free(v);
}

static void test_random(void **state)
{
	const char *more = getenv("RUNS");	/* RUNS=100000 for an evening */
	unsigned runs = more ? (unsigned)atoi(more) : 3400;

	(void)state;
	mutate("kernel 6.1\n" SMALL, runs, 1);
	mutate("kernel 6.12\n" SMALL, runs, 2);
	mutate("kernel 6.12\nlevels 5\n" SMALL, runs, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys), cmocka_unit_test(test_cuts), cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
