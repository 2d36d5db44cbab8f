/* test_save - is a dump called complete only when it is, and readable whatever fails on the way? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Enough pages that each part of the file is written in pieces: descriptors by 8192, bitmaps by 1 GiB. */
#define LARGE "ram 256M 280M\nram 3G 3080M\nfill 0x10100+64 zero\n"
#define SMALL "image 0x15f0000 0xffffffff82000000 16\nring 2 8\nsections 24\nvmemmap 4k\ndirectmap 2m\n" \
	"ram 256M 0x10040000\n"

static struct vmcore *large, *small;

static int make_cores(void **state)
{
	(void)state;
	large = vmcore_make(LARGE);
	small = vmcore_make(SMALL);
	return !large || !small;
}

static int free_cores(void **state)
{
	(void)state;
	vmcore_free(large);
	vmcore_free(small);
	return 0;
}

static const char *const codecs[] = { "zstd", "zlib", "zlib-fast", "lzo", "none" };

/* Threads work in any order; the file must not show it. */
static void test_threads(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(codecs); c++) {
		struct run_how how = { .level = 31, .codec = codecs[c] };
		struct run one, four;
		struct judgement j;

		run_save(&one, large->path, &how);
		how.threads = 4;
		run_save(&four, large->path, &how);
		assert_true(!one.rc && !four.rc && one.save.verdict == VERDICT_COMPLETE);
		assert_true(one.sink->committed && !one.sink->kept && !one.sink->misused);
		j = judge(one.sink->bytes, one.sink->size, large);
		if (j.why[0] || j.empty || j.incomplete)
			fail_msg("%s: %s", codecs[c], j.why);
		assert_true(one.sink->size == four.sink->size && one.save.size == one.sink->size);
		assert_memory_equal(one.sink->bytes, four.sink->bytes, one.sink->size);
		assert_true(one.save.pipeline.zeros == four.save.pipeline.zeros && one.save.pipeline.zeros >= 64);
		assert_true(one.save.pipeline.raw == four.save.pipeline.raw);
		run_free(&one);
		run_free(&four);
	}
}

/* What must hold of every run that something went wrong with. */
static void check_failed(const char *what, unsigned n, const struct run *r, const struct vmcore *v)
{
	struct judgement j = judge(r->sink->bytes, r->sink->size, v);

	if (!r->rc || r->save.verdict > VERDICT_INCOMPLETE || r->sink->committed)
		fail_msg("%s %u: %d, %s", what, n, r->rc, verdict_names[r->save.verdict]);
	if (r->sink->misused || !r->sink->released)
		fail_msg("%s %u: the sink was used after its end, or not closed", what, n);
	if (!r->e.msg[0] || strchr(r->e.msg, '\n') || strcmp(r->e.msg, r->save.why.msg))
		fail_msg("%s %u: says '%s'", what, n, r->e.msg);
	if (r->save.verdict == VERDICT_INCOMPLETE && (j.why[0] || !j.incomplete))
		fail_msg("%s %u: said to be readable, but: %s", what, n, j.why);
	/* Also what is called failed may be there; then it must not lie, but for one that lacks its name only. */
	if (r->save.verdict == VERDICT_FAILED && j.ram && j.why[0])
		fail_msg("%s %u: a file that lies: %s", what, n, j.why);
	if (j.ram && !j.incomplete && (j.empty || j.ok != r->save.filter.kept))
		fail_msg("%s %u: %llu pages of %llu and not flagged", what, n, (unsigned long long)j.ok,
			 (unsigned long long)r->save.filter.kept);
}

/* The n-th call of the sink fails, n = 1, 2, ... until none is left; once, or from there on. */
static void each_call_fails(const struct vmcore *v, const char *codec, bool for_ever)
{
	struct run_how how = { .level = 31, .codec = codec, .threads = 2 };
	struct run good, r;
	unsigned n = 0;

	run_save(&good, v->path, &how);
	do {
		struct mem_sink m;

		mem_sink_init(&m, true);
		m.fail_at = ++n;
		m.for_ever = for_ever;
		how.sink = &m;
		run_save(&r, v->path, &how);
		if (m.calls >= n) {
			check_failed(for_ever ? "from call" : "call", n, &r, v);
		} else {
			assert_true(!r.rc && m.committed && m.size == good.sink->size);
			assert_memory_equal(m.bytes, good.sink->bytes, m.size);
			assert_int_equal(r.save.verdict, VERDICT_COMPLETE);
		}
		run_free(&r);
		n = m.calls < n ? UINT32_MAX : n;
		mem_sink_free(&m);
	} while (n != UINT32_MAX);
	assert_true(good.sink->calls > 6);
	run_free(&good);
}

static void test_each_call_fails(void **state)
{
	(void)state;
	each_call_fails(large, "zstd", false);
	each_call_fails(large, "zstd", true);
	each_call_fails(small, "none", false);
	each_call_fails(small, "none", true);
}

/* The disk is full at byte N: what fits is there, more of it the larger the disk. */
static void full_disk(const struct vmcore *v, const char *codec, uint64_t step, bool late)
{
	struct run_how how = { .level = 31, .codec = codec };
	struct run good, r;
	uint64_t size, last = 0;

	run_save(&good, v->path, &how);
	size = good.sink->size;
	for (uint64_t limit = 1; limit < size; limit += limit + step < size || limit == size - 1 ? step : size - 1 - limit) {
		struct mem_sink m;
		struct judgement j;

		mem_sink_init(&m, true);
		m.limit = limit;
		m.late = late;
		how.sink = &m;
		run_save(&r, v->path, &how);
		check_failed("limit", (unsigned)limit, &r, v);
		j = judge(m.bytes, m.size, v);
		if (j.ok < last)
			fail_msg("limit %llu: %llu pages, fewer than with less room", (unsigned long long)limit,
				 (unsigned long long)j.ok);
		last = j.ok;
		assert_true(r.save.format.ops->saved(&r.save.format) == j.ok || r.save.verdict == VERDICT_FAILED);
		run_free(&r);
		mem_sink_free(&m);
	}
	/* Data goes out by the MiB: a small dump is there as a whole or not at all. */
	assert_true(last > 0 || size < 2 << 20);
	run_free(&good);
}

static void test_full_disk(void **state)
{
	(void)state;
	full_disk(small, "zstd", 509, false);
	full_disk(small, "none", 4001, false);
	full_disk(large, "none", 3 << 20, false);
	full_disk(small, "zstd", 509, true);
	full_disk(small, "none", 4001, true);
	full_disk(large, "none", 3 << 20, true);
}

/* A target without rewriting tells its room; descriptors come after the data there. */
static void test_full_stream(void **state)
{
	struct run_how how = { .level = 31, .codec = "none" };
	struct judgement j;
	struct mem_sink m;
	struct run r;

	(void)state;
	for (uint64_t space = 2 << 20; space < 48 << 20; space += 3 << 20) {
		mem_sink_init(&m, false);
		m.limit = m.space = space;
		how.sink = &m;
		run_save(&r, large->path, &how);
		j = judge(m.bytes, m.size, large);
		if (r.rc)
			check_failed("space", (unsigned)space, &r, large);
		assert_false(m.misused);
		/* A few MiB of bitmaps and slack are taken from the room, the rest is pages. */
		if (j.why[0] || (r.rc && j.ok + 1536 < space / 4096))
			fail_msg("%llu bytes of room: %llu pages, %s", (unsigned long long)space,
				 (unsigned long long)j.ok, j.why);
		run_free(&r);
		mem_sink_free(&m);
	}
}

static void test_stop(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (unsigned at = 0; at < 12; at++) {
		atomic_int stop = at == 0;
		struct run_how how = { .level = 0, .codec = "none", .stop = &stop };
		struct judgement j;
		struct mem_sink m;
		struct run r;

		mem_sink_init(&m, true);
		m.stop_at = at;
		m.stop = &stop;
		how.sink = &m;
		run_save(&r, large->path, &how);
		j = judge(m.bytes, m.size, large);
		assert_int_equal(r.rc, -ECANCELED);
		assert_int_equal(r.save.verdict, VERDICT_INCOMPLETE);
		assert_true(m.kept && !m.committed && !m.misused);
		if (j.why[0] || !j.incomplete || j.empty || j.ok < last)
			fail_msg("stop at call %u: %s, %llu pages", at, j.why, (unsigned long long)j.ok);
		last = j.ok;
		run_free(&r);
		mem_sink_free(&m);
	}
	assert_true(last > 0);
}

/*
 * The file is cut while it is mapped and read: the pages behind the cut are holes, and all others are
 * right, the ones that were read before as the ones that come after.
 */
static void test_source_cut(void **state)
{
	static const unsigned calls[] = { 1, 3, 10, 20, 24 };

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		struct run_how how = { .level = 0, .codec = "none", .threads = 1 + i % 2 };
		const uint64_t at = (3ULL << 30) + (4 << 20), skew = i * 100;	/* of the last page that is left */
		struct vmcore *v = vmcore_make(LARGE);
		struct judgement j;
		struct mem_sink m;
		struct run r;

		mem_sink_init(&m, true);
		m.cut_at = calls[i];
		m.cut_fd = v->fd;
		m.cut_to = vmcore_offset(v, at) - skew;
		how.sink = &m;
		run_save(&r, v->path, &how);
		/* zeros are right there now, and where the cut goes through a page that is a hole, too */
		assert_int_equal(ftruncate(v->mem_fd, (off_t)(skew ? at - 4096 : at)), 0);
		j = judge(m.bytes, m.size, v);
		if (r.rc || r.save.verdict != VERDICT_DEGRADED || j.why[0] || j.incomplete || j.empty)
			fail_msg("cut at call %u: %d, %s, %s", calls[i], r.rc, verdict_names[r.save.verdict], j.why);
		assert_int_equal(r.save.pipeline.holes.pages, (4 << 20) / 4096 + !!skew);
		assert_int_equal(r.save.pipeline.holes.nr, 1);
		assert_int_equal(r.save.pipeline.holes.start[0], at / 4096 - !!skew);
		assert_true(m.calls > 30 && j.ok == r.save.filter.kept);
		run_free(&r);
		mem_sink_free(&m);
		vmcore_free(v);
	}
}

/* Further levels are tried where the first does not fit; the last try is what is left. */
static void test_next_levels(void **state)
{
	const struct { const char *why; uint64_t limit; int rc; unsigned level; } cases[] = {
		{ "the first fits", 1 << 30, 0, 1 },
		{ "only the last does", 6 << 20, 0, 8 },
		{ "none does", 100 << 10, -ENOSPC, 8 },
	};
	struct vmcore *v = vmcore_make("ram 256M 264M\npages 0x10000+2048 anon\n");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct run_how how = { .level = 1, .codec = "none", .limit = cases[i].limit, .next = { 2, 8 } };
		struct run r;

		run_save(&r, v->path, &how);
		if (r.rc != cases[i].rc || r.save.level != cases[i].level)
			fail_msg("%s: %d, level %u (%s)", cases[i].why, r.rc, r.save.level, r.e.msg);
		/* That level was asked for: a dump of it is complete. */
		assert_int_equal(r.save.verdict, r.rc ? VERDICT_INCOMPLETE : VERDICT_COMPLETE);
		run_free(&r);
	}
	vmcore_free(v);
}

/* The one place that says "complete". */
static void test_verdict(void **state)
{
	static const struct { enum ack_level ack; uint64_t missing; bool asked; enum verdict verdict; } cases[] = {
		{ ACK_NONE, 0, true, VERDICT_INCOMPLETE }, { ACK_SENT, 0, true, VERDICT_SENT },
		{ ACK_RECEIVED, 0, true, VERDICT_SENT }, { ACK_DURABLE, 0, true, VERDICT_SENT },
		{ ACK_NAMED, 0, true, VERDICT_COMPLETE }, { ACK_VERIFIED, 0, true, VERDICT_COMPLETE },
		{ ACK_NAMED, 1, true, VERDICT_DEGRADED }, { ACK_NAMED, 0, false, VERDICT_DEGRADED },
		{ ACK_NONE, 1, false, VERDICT_INCOMPLETE }, { ACK_SENT, 1, true, VERDICT_DEGRADED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ack ack = { cases[i].ack };

		assert_int_equal(save_verdict(&ack, cases[i].missing, cases[i].asked), cases[i].verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads), cmocka_unit_test(test_each_call_fails),
		cmocka_unit_test(test_full_disk), cmocka_unit_test(test_full_stream), cmocka_unit_test(test_stop),
		cmocka_unit_test(test_source_cut),
		cmocka_unit_test(test_next_levels), cmocka_unit_test(test_verdict),
	};

	return cmocka_run_group_tests(tests, make_cores, free_cores);
}
