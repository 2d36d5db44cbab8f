/* test_printk - is the kernel log read as it was written, and bounded when it is damaged? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/dmesg.h"
#include "dump/printk.h"
#include "lib_vmcore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RAM "ram 256M 257M\n"

struct text {
	char   bytes[1 << 16];
	size_t len, all;		/* all: also what did not fit */
};

static int emit(void *ctx, const char *text, size_t len)
{
	struct text *t = ctx;
	size_t n = sizeof(t->bytes) - 1 - t->len < len ? sizeof(t->bytes) - 1 - t->len : len;

	memcpy(t->bytes + t->len, text, n);
	t->len += n;
	t->bytes[t->len] = 0;
	t->all += len;
	return 0;
}

static int print(const char *description, const struct printk_form *form, struct text *t,
		 struct printk_report *said, struct err *e)
{
	struct vmcore *v = vmcore_print(RAM "%s", description);
	struct kernel k;
	int rc;

	memset(t, 0, sizeof(*t));
	assert_int_equal(kernel_open(&k, v->path, e), 0);
	rc = printk_write(&k, form, emit, t, said, e);
	kernel_close(&k);
	vmcore_free(v);
	return rc;
}

#define L1 "log 0.000001 first\n"
#define O1 "[    0.000001] first\n"

static const struct {
	const char *why, *log, *text;
} cases[] = {
	{ "one record", L1, O1 },
	{ "in order, with the time as printk prints it", "log 1.500000 a\nlog 12345.678901 b\nlog 123456.000000 c\n",
	  "[    1.500000] a\n[12345.678901] b\n[123456.000000] c\n" },
	{ "bytes that a terminal would obey are escaped", "log 1 \\x1b[31mred\\x00\\x7f\\xff\n",
	  "[    1.000000] \\x1b[31mred\\x00\\x7f\\xff\n" },
	{ "a record of several lines stays as it is", "log 1 one\\ntwo\\x09three\n", "[    1.000000] one\ntwo\tthree\n" },
	{ "a record without text is a line of its own, as with kexec-tools", L1 "log 2\nlog 3 third\n",
	  O1 "[    2.000000] \n[    3.000000] third\n" },
	{ "a record that got no room for its text", L1 "log 2 x\nlogset begin 1\nlogset next 1\nlog 3 y\n",
	  O1 "[    2.000000] \n[    3.000000] y\n" },
	{ "committed, not yet final: the crash came before the line's end", L1 "log 2 begun\nlogset state 1\n",
	  O1 "[    2.000000] begun\n" },
	{ "reserved only: nothing was put there yet", L1 "log 2 nothing\nlogset state 0\n", O1 },
	{ "reusable: given up", L1 "log 2 gone\nlogset state 3\n", O1 },
	{ "a descriptor of another round", L1 "log 2 old\nlogset id 0xbfffffffffffff00\n", O1 },
	{ "a text length beyond its block is cut to it", L1 "log 2 12345678\nlogset len 60000\n",
	  O1 "[    2.000000] 12345678\n" },
	{ "only what the length says", L1 "log 2 12345678\nlogset len 3\n", O1 "[    2.000000] 123\n" },
	{ "a block that ends before it begins", L1 "log 2 x\nlogset next 0xfffffffffffffc08\n", O1 },
	{ "a block of more than the ring", L1 "log 2 x\nlogset next 0x7000\n", O1 },
	{ "a block that is too short for its id", L1 "log 2 x\nlogset begin 0\nlogset next 4\n", O1 },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct printk_report said;
		struct err e = { 0 };
		struct text *t = calloc(1, sizeof(*t));

		if (print(cases[i].log, NULL, t, &said, &e))
			fail_msg("%s: %s", cases[i].why, e.msg);
		if (strcmp(t->bytes, cases[i].text))
			fail_msg("%s:\n%s", cases[i].why, t->bytes);
		free(t);
	}
}

static void test_forms(void **state)
{
	struct printk_form all = { .level = true, .caller = true, .indent = true };
	struct text *t = calloc(1, sizeof(*t));
	struct err e = { 0 };

	(void)state;
	assert_int_equal(print("log 1.000002 one\\ntwo\n", &all, t, NULL, &e), 0);
	assert_string_equal(t->bytes, "<0>[    1.000002] [      T1] one\n"
				      "                             two\n");
	free(t);
}

/* Many rounds through rings of all sizes; what is left is an unbroken tail of what was written. */
static void wraps(unsigned count_bits, unsigned size_bits, bool exact, unsigned records, unsigned step)
{
	struct text *t = calloc(1, sizeof(*t)), *want = calloc(1, sizeof(*want));
	char *log = malloc(records * 96 + 100), line[96];
	struct printk_report said;
	struct err e = { 0 };
	size_t n;

	n = (size_t)sprintf(log, "ring %u %u\n%s", count_bits, size_bits, exact ? "ring6.18\n" : "");
	for (unsigned i = 0; i < records; i++)
		n += (size_t)sprintf(log + n, "log %u.000000 %u %.*s\n", i, i, (int)(i * step % 40),
				     "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
	assert_int_equal(print(log, NULL, t, &said, &e), 0);
	assert_true(said.records > 0 && said.lost == 0);
	for (unsigned i = records - (unsigned)said.records; i < records; i++)
		emit(want, line, (size_t)sprintf(line, "[%5u.000000] %u %.*s\n", i, i, (int)(i * step % 40),
						 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"));
	if (strcmp(t->bytes, want->bytes))
		fail_msg("2^%u records, 2^%u bytes, exact %d:\n%s", count_bits, size_bits, exact, t->bytes);
	/* The ring holds what it can: all slots but one, or all text but a block's worth and its padding. */
	assert_true(said.records + 1 >= 1U << count_bits || said.records * 64 + 128 >= 1U << size_bits ||
		    said.records == records);
	free(log);
	free(t);
	free(want);
}

static void test_wraps(void **state)
{
	(void)state;
	for (int exact = 0; exact < 2; exact++)
		for (unsigned step = 0; step < 16; step++) {
			wraps(5, 8, exact, 10 + 7 * step, step);
			wraps(3, 10, exact, 50, step);
			wraps(6, 11, exact, 500, step);
		}
}

/* A block that ends exactly at the ring's end has not wrapped since 6.18; before, it had. */
static void test_exact_end(void **state)
{
	struct text *t = calloc(1, sizeof(*t));
	struct err e = { 0 };

	(void)state;
	for (int exact = 0; exact < 2; exact++) {
		char log[512];

		/* 4 blocks of 64 bytes in a ring of 256: the last ends where the ring does. */
		snprintf(log, sizeof(log), "ring 5 8\n%s"
			 "log 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			 "log 2 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
			 "log 3 cccccccccccccccccccccccccccccccccccccccccccccccccccccccc\n"
			 "log 4 dddddddddddddddddddddddddddddddddddddddddddddddddddddddd\n", exact ? "ring6.18\n" : "");
		assert_int_equal(print(log, NULL, t, NULL, &e), 0);
		assert_true((strstr(t->bytes, "aaaa") != NULL) == exact);
		assert_non_null(strstr(t->bytes, "dddddddddddddddddddddddddddddddddddddddddddddddddddddddd\n"));
	}
	free(t);
}

/* Damage to the ring itself. Text may be lost, time and output not be wasted. */
static const struct {
	const char *why, *log, *holds;	/* holds: still there; NULL: an error is fine */
} damage[] = {
	{ "the head is far ahead", L1 "log 2 b\nlogset head 0x3000000000000000\n", "b\n" },
	{ "the tail is behind", L1 "log 2 b\nlogset tail 5\n", "first" },
	{ "no records", L1 "logset count_bits 0\n", NULL },
	{ "more records than memory", L1 "logset count_bits 22\n", NULL },
	{ "absurdly many", L1 "logset count_bits 0xffffffff\n", NULL },
	{ "no text", L1 "logset size_bits 0\n", NULL },
	{ "more text than memory", L1 "logset size_bits 31\n", NULL },
	{ "absurdly much", L1 "logset size_bits 64\n", NULL },
	{ "descriptors nowhere", L1 "logset descs 0xffff900000000000\n", NULL },
	{ "descriptors at no address", L1 "logset descs 0\n", NULL },
	{ "infos nowhere", L1 "logset infos 0xffff900000000000\n", NULL },
	{ "text nowhere", L1 "logset data 0xffff900000000000\n", NULL },
	{ "text that runs out of memory", L1 "logset data 0xffffffff8203fff8\n", NULL },
	{ "no pointer to the ring", L1 "nokey SYMBOL(prb)\n", NULL },
	{ "a pointer outside of memory", L1 "key SYMBOL(prb)=ffffffffbfff0000\n", NULL },
	{ "no layout", L1 "nokey OFFSET(prb_desc_ring.descs)\n", NULL },
	{ "descriptors that overlap their size", L1 "key SIZE(prb_desc)=4\n", NULL },
	{ "infos of an absurd size", L1 "key SIZE(printk_info)=4294967295\n", NULL },
	{ "fields beyond the end", L1 "key OFFSET(printk_info.text_len)=4294967295\n", NULL },
	{ "heads beyond the end", L1 "key OFFSET(prb_desc_ring.head_id)=4294967290\n", NULL },
	{ "no vmcoreinfo", L1 "noinfo\n", NULL },
};

static void test_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(damage); i++) {
		struct text *t = calloc(1, sizeof(*t));
		struct err e = { 0 };
		int rc = print(damage[i].log, NULL, t, NULL, &e);

		if ((damage[i].holds && (rc || !strstr(t->bytes, damage[i].holds))) || (rc && !e.msg[0]))
			fail_msg("%s: %d '%s'\n%s", damage[i].why, rc, e.msg, t->bytes);
		if (t->all > sizeof(t->bytes))
			fail_msg("%s: %zu bytes of text from a ring of 1 KiB", damage[i].why, t->all);
		free(t);
	}
}

static int refuse(void *ctx, const char *text, size_t len)
{
	(void)text;
	(void)len;
	return --*(int *)ctx ? 0 : -ENOSPC;
}

/* Who takes the text may end the walk at any point. */
static void test_refused(void **state)
{
	struct vmcore *v = vmcore_make(RAM L1 L1 L1);
	struct kernel k;

	(void)state;
	assert_int_equal(kernel_open(&k, v->path, NULL), 0);
	for (int n = 1; n <= 9; n++) {
		struct err e = { 0 };
		int left = n;

		assert_int_equal(printk_write(&k, NULL, refuse, &left, NULL, &e), -ENOSPC);
		assert_int_equal(left, 0);
		assert_non_null(strstr(e.msg, "kernel log"));
	}
	kernel_close(&k);
	vmcore_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_forms), cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_exact_end), cmocka_unit_test(test_damage), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
