/* test_recover - does all come back out of a cut dump that is in it, and nothing that is not? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "dump/recover.h"
#include "dump/unflatten.h"
#include "lib_run.h"
#include "lib_tinydump.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* More than two buffers of descriptors (8192 each), most pages zero, so that it is quick. */
#define CORE "ram 256M 330M\nfill 0x10000+5000 zero\nfill 0x11800+12000 zero\nfill 0x11000+40 random\n"

static struct vmcore *core;
static struct run native;		/* the dump in memory */
static struct mem_sink stream;		/* the same, flattened, as it goes into a pipe */
static char dir[64], in_path[128], out_path[128];

static int open_stream(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e)
{
	(void)to;
	(void)stamp;
	(void)replace;
	return flat_sink_open(out, &stream.base, e);
}

static int set_up(void **state)
{
	const struct run_how how = { .level = 1 };
	struct save_request rq = { .to = "stream", .open = open_stream, .level = 1, .threads = 1,
				   .codec = codec_find("zstd") };
	static struct save save;
	struct err e = { 0 };

	(void)state;
	tree_make(dir);
	snprintf(in_path, sizeof(in_path), "%s/in", dir);
	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	core = vmcore_make(CORE);
	if (!core)
		return 1;
	run_save(&native, core->path, &how);
	mem_sink_init(&stream, false);
	rq.vmcore = core->path;
	if (native.rc || save_run(&save, &rq, &e))
		return 1;
	save_free(&save);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	run_free(&native);
	mem_sink_free(&stream);
	vmcore_free(core);
	tree_remove(dir);
	return 0;
}

static uint8_t *load(const char *path, size_t *len)
{
	char *text;

	assert_int_equal(read_file(path, 1 << 28, &text, len, NULL), 0);
	return (uint8_t *)text;
}

/* What recover makes of these bytes is judged page by page against the core. Returns the pages. */
static uint64_t recovered(const char *why, const uint8_t *bytes, uint64_t size, struct recovery *r)
{
	struct judgement j;
	struct err e = { 0 };
	uint8_t *out;
	size_t len;
	int rc;

	tree_bytes(dir, "in", bytes, size);
	rc = recover(in_path, out_path, true, r, &e);
	if (rc) {
		if (rc != -ENODATA && rc != -EINVAL)
			fail_msg("%s: %d, %s", why, rc, e.msg);
		assert_non_null(strstr(e.msg, in_path));
		return 0;
	}
	out = load(out_path, &len);
	j = judge(out, len, core);
	if (j.why[0] || j.empty || j.ok != r->saved || !j.incomplete != r->whole)
		fail_msg("%s: %s; %llu pages, %llu said", why, j.why, (unsigned long long)j.ok,
			 (unsigned long long)r->saved);
	free(out);
	unlink(out_path);
	return j.ok;
}

/* A longer stream never gives less. */
static void test_cut_streams(void **state)
{
	enum { CUTS = 500 };
	uint64_t pages = 0, first = 0, all = judge(native.sink->bytes, native.sink->size, core).ok;

	(void)state;
	for (int i = 0; i <= CUTS; i++) {
		uint64_t cut = i == CUTS ? stream.size - 1 : stream.size * (uint64_t)i / CUTS, n;
		struct recovery r;
		char why[64];

		snprintf(why, sizeof(why), "cut at %llu of %llu", (unsigned long long)cut,
			 (unsigned long long)stream.size);
		n = recovered(why, stream.bytes, cut, &r);
		if (n < pages)
			fail_msg("%s: %llu pages, a shorter stream gave %llu", why, (unsigned long long)n,
				 (unsigned long long)pages);
		first = first ? first : n;
		pages = n;
	}
	assert_true(pages == all && first > 0 && first < all);
}

/* A whole stream is unpacked, byte for byte, as is one through a pipe. */
static void test_whole_stream(void **state)
{
	struct recovery r;
	struct err e = { 0 };
	char why[200];
	uint8_t *out, *want;
	uint64_t size;
	size_t len;

	(void)state;
	tree_bytes(dir, "in", stream.bytes, stream.size);
	assert_int_equal(recover(in_path, out_path, true, &r, &e), 0);
	assert_true(r.whole && !r.blank && !r.by_owner);
	want = flat_unpack(stream.bytes, stream.size, &size, why);
	assert_non_null(want);
	out = load(out_path, &len);
	assert_true(len == size && len == native.sink->size);
	assert_memory_equal(out, want, len);
	if (!kdump_same(out, len, native.sink->bytes, len, why))
		fail_msg("the stream is not the file: %s", why);
	assert_int_equal(recover(in_path, out_path, false, &r, &e), -EEXIST);
	unlink(out_path);
	free(want);
	free(out);
}

/* A raw device gets its first block last. */
static void test_blank_block(void **state)
{
	uint8_t *bytes = malloc(stream.size);
	struct recovery r;

	(void)state;
	memcpy(bytes, stream.bytes, stream.size);
	memset(bytes, 0, 4096);
	assert_true(recovered("blank first block", bytes, stream.size, &r) > 0);
	assert_true(r.blank && !r.whole);
	free(bytes);
}

/*
 * A file after a power cut: header and bitmap1 are there, bitmap2 is not, and any block behind it may
 * not have reached the disk. A page is right or left out.
 */
static void test_power_cut(void **state)
{
	const uint8_t *good = native.sink->bytes;
	uint64_t size = native.sink->size, all = judge(good, size, core).ok;
	uint8_t *bytes = malloc(size);
	struct kdump k;

	(void)state;
	srand(5);
	assert_true(kdump_open(&k, good, size));
	for (int round = 0; round < 30; round += 3) {
		uint64_t map = (uint64_t)(k.bitmap2 - good), n, lost = 0;
		struct recovery r;

		memcpy(bytes, good, size);
		bytes[424] |= 8;
		memset(bytes + map, 0, k.bitmap_bytes);
		for (uint64_t at = (map + k.bitmap_bytes + 4095) / 4096 * 4096; at + 4096 <= size; at += 4096)
			if (rand() % 40 < round) {
				memset(bytes + at, 0, 4096);
				lost++;
			}
		n = recovered("power cut", bytes, size, &r);
		assert_true(lost || n == all);
		assert_true(round > 20 || n > 0);
	}
	kdump_close(&k);
	free(bytes);
}

/* Copies that are too short, and dumps with damage in them. */
static void test_damaged_files(void **state)
{
	const uint8_t *good = native.sink->bytes;
	uint64_t size = native.sink->size, all = judge(good, size, core).ok, n;
	uint8_t *bytes = malloc(size);
	struct recovery r;
	struct kdump k;

	(void)state;
	for (int i = 1; i < 8; i++) {
		n = recovered("a short copy", good, size * (uint64_t)i / 8, &r);
		assert_true(n < all && n + r.damaged + r.absent <= all);
	}
	assert_true(n > 0);
	assert_true(kdump_open(&k, good, size));
	memcpy(bytes, good, size);
	/* A packed page with a broken head, and a descriptor that points nowhere. */
	for (uint64_t pfn = 0, done = 0; pfn < k.max_mapnr && done < 2; pfn++) {
		const uint8_t *d = kdump_desc(&k, pfn);

		if (!d || get_le32(d + 12) != PAGE_ZSTD)
			continue;
		if (done++)
			put_le64(bytes + (d - good), size);
		else
			memset(bytes + get_le64(d), 0, 8);
	}
	n = recovered("two damaged pages", bytes, size, &r);
	assert_true(n == all - 2 && r.damaged == 2);
	kdump_close(&k);
	free(bytes);
}

static void test_refused(void **state)
{
	struct recovery r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(recover("/nonexistent", out_path, true, &r, &e), -ENOENT);
	tree_bytes(dir, "in", native.sink->bytes, native.sink->size);
	assert_int_equal(recover(in_path, out_path, true, &r, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "nothing to recover"));
	assert_int_equal(recover(core->path, out_path, true, &r, &e), -EINVAL);
	tree_text(dir, "in", "");
	assert_int_equal(recover(in_path, out_path, true, &r, &e), -EINVAL);
	tree_text(dir, "in", "some text\n");
	assert_int_equal(recover(in_path, out_path, true, &r, &e), -EINVAL);
}

/* A dump serves as the source of another: oracle makedumpfile-refilter does so with real kernels. */
static void test_filter_again(void **state)
{
	struct run all, direct, again;
	char why[200];
	struct judgement j;

	(void)state;
	run_save(&all, core->path, &(struct run_how){ .level = 0, .codec = "lzo" });
	tree_bytes(dir, "in", all.sink->bytes, all.sink->size);
	run_save(&again, in_path, &(struct run_how){ .level = 1 });
	assert_true(!all.rc && !again.rc && again.save.verdict == VERDICT_COMPLETE);
	if (!kdump_same(native.sink->bytes, native.sink->size, again.sink->bytes, again.sink->size, why))
		fail_msg("%s", why);
	run_free(&again);
	/* What the first filter left out stays out, and the level says so. */
	run_save(&direct, core->path, &(struct run_how){ .level = 31 });
	tree_bytes(dir, "in", direct.sink->bytes, direct.sink->size);
	run_save(&again, in_path, &(struct run_how){ .level = 1 });
	assert_true(!again.rc && again.save.level == 31 && again.save.verdict == VERDICT_COMPLETE);
	j = judge(again.sink->bytes, again.sink->size, core);
	assert_string_equal(j.why, "");
	assert_true(j.ok == judge(direct.sink->bytes, direct.sink->size, core).ok);
	run_free(&again);
	/* Of one that is incomplete no complete one is made. */
	direct.sink->bytes[424] |= 8;
	tree_bytes(dir, "in", direct.sink->bytes, direct.sink->size);
	run_save(&again, in_path, &(struct run_how){ .level = 1 });
	assert_true(!again.rc && again.save.verdict == VERDICT_DEGRADED);
	run_free(&again);
	run_free(&direct);
	run_free(&all);
}

/* Streams for unflatten: bytes over the good one, and where it ends. */
static const struct {
	const char *why;
	uint64_t at, len;
	uint8_t byte;
	uint64_t cut;			/* 0: whole */
	int rc;
} streams[] = {
	{ "whole", 0, 0, 0, 0, 0 },
	{ "cut in its header", 0, 0, 0, 4000, -ENODATA },
	{ "nothing at all", 0, 0, 0, 1, -ENODATA },
	{ "cut behind its header", 0, 0, 0, 4096, -ENODATA },
	{ "cut in the head of a record", 0, 0, 0, 4100, -ENODATA },
	{ "cut in its bytes", 0, 0, 0, 4120, -ENODATA },
	{ "another signature", 0, 1, 'x', 0, -EINVAL },
	{ "another type", 23, 1, 2, 0, -EINVAL },
	{ "another version", 31, 1, 2, 0, -EINVAL },
	{ "a negative offset", 4096, 1, 0x80, 0, -EINVAL },
	{ "a negative length", 4104, 1, 0x80, 0, -EINVAL },
};

static void test_unflatten(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(streams); i++) {
		uint64_t size = streams[i].cut ? streams[i].cut : stream.size;
		uint8_t *bytes = malloc(stream.size);
		struct unflatten u;
		struct mem_sink to;
		struct err e = { 0 };
		char path[32], why[200];
		int fd, rc;

		memcpy(bytes, stream.bytes, stream.size);
		memset(bytes + streams[i].at, streams[i].byte, streams[i].len);
		fd = tiny_file(bytes, size, path);
		mem_sink_init(&to, true);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		rc = unflatten(fd, &to.base, &u, &e);
		if (rc != streams[i].rc || u.cut != (rc == -ENODATA) || (rc && !e.msg[0]))
			fail_msg("%s: %d, %s", streams[i].why, rc, e.msg);
		if (!rc && !kdump_same(to.bytes, to.size, native.sink->bytes, native.sink->size, why))
			fail_msg("%s: %s", streams[i].why, why);
		if (streams[i].cut == 4120)
			assert_true(u.bytes == 8 && u.records == 0);
		mem_sink_free(&to);
		close(fd);
		free(bytes);
	}
}

/* The sink's errors come through. */
static void test_unflatten_full(void **state)
{
	struct unflatten u;
	struct mem_sink to;
	struct err e = { 0 };
	char path[32];
	int fd = tiny_file(stream.bytes, stream.size, path);

	(void)state;
	mem_sink_init(&to, true);
	to.limit = native.sink->size / 2;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(unflatten(fd, &to.base, &u, &e), -ENOSPC);
	assert_false(u.cut);
	mem_sink_free(&to);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_streams),
		cmocka_unit_test(test_whole_stream),
		cmocka_unit_test(test_blank_block),
		cmocka_unit_test(test_power_cut),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_filter_again),
		cmocka_unit_test(test_unflatten),
		cmocka_unit_test(test_unflatten_full),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
