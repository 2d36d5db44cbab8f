/* test_printk_search - is the log found whatever vmcoreinfo lost, and what came after a clear told apart? */
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
#include "dump/printk.h"
#include "lib_vmcore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RAM "ram 256M 257M\n"
#define LOGS "log 1 one\nlog 2 two\nlog 3 three\nlog 4 four\n"
#define ALL "[    1.000000] one\n[    2.000000] two\n[    3.000000] three\n[    4.000000] four\n"

enum { TEXT = 1 << 16, OLD_RING = 1536, CLEAR = 3072 };	/* the latter in the page of symbols */

struct text {
	char   bytes[TEXT];
	size_t len;
};

static int emit(void *ctx, const char *text, size_t len)
{
	struct text *t = ctx;

	assert_true(len < TEXT - t->len);
	memcpy(t->bytes + t->len, text, len);
	t->len += len;
	t->bytes[t->len] = 0;
	return 0;
}

static int print(struct vmcore *v, const struct printk_form *how, struct text *t, struct printk_report *said)
{
	struct err e = { 0 };
	struct kernel k;
	int rc;

	t->len = 0;
	t->bytes[0] = 0;
	assert_int_equal(kernel_open(&k, v->path, &e), 0);
	rc = printk_write(&k, how, emit, t, said, &e);
	kernel_close(&k);
	vmcore_free(v);
	return rc;
}

static struct text got;

/* Description of the core, and whether the ring had to be searched for. */
static const struct {
	const char *why, *more;
	bool searched;
} damage[] = {
	{ "nothing", "", false },
	{ "no SYMBOL(prb)", "nokey SYMBOL(prb)\n", true },
	{ "a wrong SYMBOL(prb)", "key SYMBOL(prb)=ffffffff82000010\n", true },
	{ "one that is nowhere", "key SYMBOL(prb)=ffffffffbfff0000\n", true },
	{ "no layout", "nokey OFFSET(prb_desc_ring.descs)\n", true },
	{ "a wrong layout of the ring", "key OFFSET(prb_desc_ring.infos)=8\n", true },
	{ "a wrong layout of descriptors", "key SIZE(prb_desc)=32\n", true },
	{ "a wrong layout of infos", "key SIZE(printk_info)=80\n", true },
	{ "offsets beyond the end", "key OFFSET(printk_info.text_len)=4294967295\n", true },
	{ "no vmcoreinfo at all", "noinfo\n", true },
	{ "no page tables, but the image's place", "nokey SYMBOL(init_top_pgt)\nnokey SYMBOL(swapper_pg_dir)\n", false },
	{ "a wrong phys_base: the image's PT_LOAD tells", "key NUMBER(phys_base)=268435456\n", false },
	{ "no phys_base", "nokey NUMBER(phys_base)\n", false },
	{ "no phys_base and no SYMBOL(prb)", "nokey NUMBER(phys_base)\nnokey SYMBOL(prb)\n", true },
	{ "an absurd page size", "key PAGESIZE=12345\n", false },
	{ "another page size", "key PAGESIZE=65536\nnokey SYMBOL(prb)\n", true },
	{ "a damaged pointer to the ring", "poke pa=0x15c0400 ff\n", true },
	{ "a table of tables that is zero", "poke table 00 00 00 00 00 00 00 00\n", false },
	{ "a head far ahead", "logset head 0x3000000000000000\n", false },
	{ "a head that was never moved on", "logset head 0x3fffffffffffffe0\n", false },
	{ "a tail that is nowhere", "logset tail 0x1234\n", false },
	{ "both", "logset head 7777\nlogset tail 0x3fffffffffff0000\n", false },
	{ "both, and no SYMBOL(prb)", "logset head 7777\nlogset tail 0\nnokey SYMBOL(prb)\n", true },
};

static void test_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(damage); i++) {
		struct vmcore *v = vmcore_print(RAM LOGS "%s", damage[i].more);
		struct printk_report said = { 0 };
		int rc = print(v, NULL, &got, &said);

		if (rc || strcmp(got.bytes, ALL) || said.searched != damage[i].searched)
			fail_msg("%s: %d, searched %d\n%s", damage[i].why, rc, said.searched, got.bytes);
	}
}

/* Where nothing is like a ring nothing is found; that is an error. */
static void test_nothing(void **state)
{
	static const char *const gone[] = {
		"noinfo\nlogset descs 0\n", "noinfo\nlogset infos 0xffff900000000000\n", "noinfo\nlogset data 8\n",
		"noinfo\nlogset count_bits 27\n", "nokey SYMBOL(prb)\nlogset size_bits 40\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(gone); i++)
		if (print(vmcore_print(RAM LOGS "%s", gone[i]), NULL, &got, NULL) != -ENOENT || got.len)
			fail_msg("%s:\n%s", gone[i], got.bytes);
}

/* An older ring is still in the image: log_buf_len= made another one. The newer is taken, first or last. */
static void test_two(void **state)
{
	static const uint64_t places[] = { OLD_RING, 512 };

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct vmcore *v = vmcore_make(RAM LOGS "nokey SYMBOL(prb)\n");
		uint8_t ring[128];
		struct printk_report said;

		memcpy(ring, v->mem + v->ring.prb + 64, sizeof(ring));
		put_le64(ring + 24, v->ring.head_id - 2);
		assert_int_equal(pwrite(v->fd, ring, sizeof(ring),
					(off_t)vmcore_offset(v, vc_symbol_page(v) + places[i])), sizeof(ring));
		assert_int_equal(print(v, NULL, &got, &said), 0);
		assert_true(said.searched);
		assert_string_equal(got.bytes, ALL);
	}
}

/* Since the last clear, by a plain counter (5.10 to 5.12) and by a latch. */
static void test_clear(void **state)
{
	static const struct printk_form partial = { .since_clear = true };
	static const struct {
		const char *why, *keys;
		uint64_t words[3];
		const char *from;		/* of ALL; "" is nothing at all */
	} cases[] = {
		{ "no key", "nokey SYMBOL(clear_seq)\n", { 2 }, ALL },
		{ "never cleared", "nokey OFFSET(latched_seq.val)\n", { 0 }, ALL },
		{ "a counter", "nokey OFFSET(latched_seq.val)\n", { 2 }, ALL + 38 },
		{ "a latch, its first copy", "", { 4, 3, 1 }, ALL + 59 },
		{ "a latch, its second copy", "", { 5, 3, 1 }, ALL + 19 },
		{ "just now", "", { 0, 4, 0 }, "" },
		{ "in the future", "", { 0, 1000, 0 }, "" },
		{ "a key that leads nowhere", "key SYMBOL(clear_seq)=ffffffffbfff0000\n", { 0 }, ALL },
		{ "a latch beyond memory", "key OFFSET(latched_seq.val)=1073741824\n", { 0 }, ALL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vmcore *v = vmcore_print(RAM LOGS "key SYMBOL(clear_seq)=ffffffff82000c00\n"
						"key OFFSET(latched_seq.val)=8\n%s", cases[i].keys);
		uint8_t raw[24];
		int rc;

		for (int w = 0; w < 3; w++)
			put_le64(raw + 8 * w, cases[i].words[w]);
		assert_int_equal(pwrite(v->fd, raw, sizeof(raw), (off_t)vmcore_offset(v, vc_symbol_page(v) + CLEAR)),
				 sizeof(raw));
		rc = print(v, &partial, &got, NULL);
		if (rc || strcmp(got.bytes, cases[i].from))
			fail_msg("%s: %d\n%s", cases[i].why, rc, got.bytes);
	}
}

/* Each bit of the ring's own structure flipped, with and without the key: the log or an error, not nonsense. */
static void test_flips(void **state)
{
	static const char *const keys[] = { "", "nokey SYMBOL(prb)\n" };
	unsigned whole = 0, flips = 0;

	(void)state;
	for (unsigned bit = 0; bit < 72 * 8; bit++) {
		struct vmcore *v = vmcore_print(RAM LOGS "%s", keys[bit % 2]);
		off_t at = (off_t)vmcore_offset(v, v->ring.prb + 64) + bit / 8;
		uint8_t byte;
		int rc;

		assert_int_equal(pread(v->fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(pwrite(v->fd, &byte, 1, at), 1);
		rc = print(v, NULL, &got, NULL);
		assert_true(rc == 0 || rc == -ENOENT || rc == -ENXIO);
		flips++;
		whole += !strcmp(got.bytes, ALL);
	}
	/* Of a pointer no bit may be wrong; ids, locks and padding do not matter. */
	if (whole < flips / 3)
		fail_msg("after %u of %u flips the log is whole", whole, flips);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage), cmocka_unit_test(test_nothing), cmocka_unit_test(test_two),
		cmocka_unit_test(test_clear), cmocka_unit_test(test_flips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
