/* test_printk_log - is the log of kernels 3.5 to 5.9 read, whole or damaged? */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dump/printk.h"
#include "lib_tinycore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define VA(pa) (0xffffffff81000000ULL + ((pa) - IMAGE))

enum { IMAGE = 0x1000000, IMAGE_SIZE = 1 << 20, VARS = IMAGE + 0x1000, BUF = IMAGE + 0x10000, BUF_MAX = 0x10000 };
enum { MAX_TEXT = 64 << 10 };

#define BASE "OSRELEASE=5.4.0\nPAGESIZE=4096\nNUMBER(phys_base)=0\nSYMBOL(log_buf)=ffffffff81001000\n" \
	"SYMBOL(log_buf_len)=ffffffff81001008\nSYMBOL(log_first_idx)=ffffffff81001010\n" \
	"SYMBOL(log_next_idx)=ffffffff81001018\nSYMBOL(clear_idx)=ffffffff81001020\n"
#define FIELDS(type) "OFFSET(" type ".ts_nsec)=0\nOFFSET(" type ".len)=8\nOFFSET(" type ".text_len)=10\n" \
	"OFFSET(" type ".dict_len)=12\n"
#define V5_4   BASE "SIZE(printk_log)=16\n" FIELDS("printk_log")
#define V3_10  BASE "SIZE(log)=16\n" FIELDS("log")
#define CALLER BASE "SIZE(printk_log)=24\n" FIELDS("printk_log") "OFFSET(printk_log.caller_id)=16\n"

/* The buffer as its kernel writes it: kernel/printk/printk.c, log_store(), with LOG_ALIGN 8. */
struct writer {
	uint8_t  buf[BUF_MAX];
	uint32_t len, head, first, next, clear;
	unsigned oldest, written;	/* numbers of records */
	uint32_t at[4096];		/* where record N begins */
};

static bool has_space(const struct writer *w, uint32_t size, bool empty)
{
	uint32_t free;

	if (w->next > w->first || empty)
		free = w->len - w->next > w->first ? w->len - w->next : w->first;
	else
		free = w->first - w->next;
	return free >= size + w->head;
}

/* log_next(): over the mark at the end of the buffer, too. */
static uint32_t behind(const struct writer *w, uint32_t at)
{
	uint16_t len = get_le16(w->buf + at + 8);

	return len ? at + len : get_le16(w->buf + 8);
}

static void store(struct writer *w, const char *text, const char *dict, uint64_t ns, unsigned level)
{
	uint32_t text_len = (uint32_t)strlen(text), dict_len = (uint32_t)strlen(dict);
	uint32_t size = (w->head + text_len + dict_len + 7) & ~7U;
	uint8_t *p;

	for (; w->oldest < w->written && !has_space(w, size, false); w->oldest++)
		w->first = behind(w, w->first);
	if (w->next + size + w->head > w->len) {
		memset(w->buf + w->next, 0, w->head);
		w->next = 0;
	}
	p = w->buf + w->next;
	memset(p, 0, size);
	put_le64(p, ns);
	put_le32(p + 8, size | text_len << 16);
	put_le32(p + 12, dict_len | (level >> 3) << 16 | (level & 7) << 29);
	if (w->head == 24)
		put_le32(p + 16, w->written % 3 ? w->written : 0x80000000 | w->written);
	memcpy(p + w->head, text, text_len);
	memcpy(p + w->head + text_len, dict, dict_len);
	w->at[w->written++] = w->next;
	w->next += size;
}

/* Text of record n: lengths of all kinds, from none on. */
static const char *message(unsigned n)
{
	static char text[256];
	size_t len = (size_t)snprintf(text, sizeof(text), "message %u", n);

	for (unsigned i = 0; i < n * 7 % 60; i++)
		text[len++] = (char)('a' + i % 26);
	text[n % 11 == 5 ? 0 : len] = 0;
	return text;
}

static void write_messages(struct writer *w, uint32_t len, uint32_t head, unsigned n)
{
	memset(w, 0, sizeof(*w));
	w->len = len;
	w->head = head;
	for (unsigned i = 0; i < n; i++)
		store(w, message(i), i % 4 ? "" : "SUBSYSTEM=x", i * 1234567ULL, i % 24);
}

static struct tinycore *core_of(const struct writer *w, const char *info)
{
	static const struct tiny_load loads[] = {
		{ 0x1000, 0x4000000, 0 }, { IMAGE, IMAGE + IMAGE_SIZE, 0xffffffff81000000 },
	};
	struct tinycore *c = tiny_make(EM_X86_64, loads, COUNT(loads), info, 0);

	tiny_put64(c, VARS, VA(BUF));
	tiny_put32(c, VARS + 8, w->len);
	tiny_put32(c, VARS + 0x10, w->first);
	tiny_put32(c, VARS + 0x18, w->next);
	tiny_put32(c, VARS + 0x20, w->clear);
	tiny_put(c, BUF, w->buf, BUF_MAX);
	return c;
}

struct text {
	char   bytes[MAX_TEXT];
	size_t len;
};

static int collect(void *ctx, const char *text, size_t len)
{
	struct text *t = ctx;

	assert_true(len < sizeof(t->bytes) - t->len);
	memcpy(t->bytes + t->len, text, len);
	t->len += len;
	t->bytes[t->len] = 0;
	return 0;
}

static int read_log(const struct tinycore *c, const struct printk_form *how, struct text *t,
		    struct printk_report *said)
{
	struct err e = { 0 };
	struct kernel k;
	int rc;

	t->len = 0;
	t->bytes[0] = 0;
	assert_int_equal(kernel_open(&k, c->path, &e), 0);
	rc = printk_write(&k, how, collect, t, said, &e);
	assert_int_equal(rc != 0, e.msg[0] != 0);
	kernel_close(&k);
	return rc;
}

/* What records [from, to) should look like, but for number `without`. */
static void expected(struct text *t, unsigned from, unsigned to, unsigned without)
{
	t->len = 0;
	t->bytes[0] = 0;
	for (unsigned i = from; i < to; i++)
		if (i != without)
			t->len += (size_t)sprintf(t->bytes + t->len, "[%5u.%06u] %s\n",
						  (unsigned)(i * 1234567ULL / 1000000000),
						  (unsigned)(i * 1234567ULL / 1000 % 1000000), message(i));
}

static struct text got, want;
static struct writer w;

/* Buffers that were never full, just full, and overwritten many times. */
static void test_wrap(void **state)
{
	static const char *const infos[] = { V5_4, V3_10 };

	(void)state;
	for (uint32_t len = 512; len <= 4096; len += len < 1024 ? 8 : 512) {
		for (unsigned n = 1; n < 300; n += n < 40 ? 1 : 37) {
			struct printk_report said;
			struct tinycore *c;

			write_messages(&w, len, 16, n);
			c = core_of(&w, infos[n % 2]);
			assert_int_equal(read_log(c, NULL, &got, &said), 0);
			expected(&want, w.oldest, n, UINT32_MAX);
			if (strcmp(got.bytes, want.bytes))
				fail_msg("%u bytes, %u records:\n%s---- is not\n%s", len, n, got.bytes, want.bytes);
			assert_int_equal(said.records, n - w.oldest);
			assert_int_equal(said.lost, 0);
			tiny_free(c);
		}
	}
}

/* Damage, and what is still to be had. Records 0 to 39 in 4096 bytes, or 100 and more, overwritten. */
enum what { FIRST, NEXT, LEN, TEXT_LEN, BUF_LEN, POINTER, NOTHING };

static const struct {
	const char *why;
	enum what what;
	uint64_t  value;
	int       rc;
	int       without;		/* which record is missing, counted from the oldest; -1: none */
} damage[] = {
	{ "nothing", NOTHING, 0, 0, -1 },
	{ "a beginning outside of the buffer", FIRST, 4096, 0, -1 },
	{ "a beginning far away", FIRST, 0xfffffff0, 0, -1 },
	{ "an end outside of the buffer: all up to it", NEXT, 70000, 0, -1 },
	{ "a record that reaches beyond the buffer", LEN, 0xfff8, 0, 10 },
	{ "a record shorter than its header", LEN, 8, 0, 10 },
	{ "a record of odd length", LEN, 33, 0, 10 },
	{ "a record that pretends to be the end", LEN, 0, 0, 10 },
	{ "a record with more text than room", TEXT_LEN, 0xffff, 0, 10 },
	{ "a buffer of no size", BUF_LEN, 0, -ENOENT, -1 },
	{ "a buffer larger than any", BUF_LEN, 0xffffffff, -ENOENT, -1 },
	{ "a buffer that is nowhere", POINTER, 0xffffffff90000000, -ENOENT, -1 },
	{ "a buffer at a user address", POINTER, 0x1000, -ENOENT, -1 },
};

static void break_it(struct tinycore *c, enum what what, uint64_t value, unsigned record)
{
	uint8_t raw[2] = { (uint8_t)value, (uint8_t)(value >> 8) };

	switch (what) {
	case FIRST:	tiny_put32(c, VARS + 0x10, (uint32_t)value); break;
	case NEXT:	tiny_put32(c, VARS + 0x18, (uint32_t)value); break;
	case LEN:	tiny_put(c, BUF + w.at[record] + 8, raw, 2); break;
	case TEXT_LEN:	tiny_put(c, BUF + w.at[record] + 10, raw, 2); break;
	case BUF_LEN:	tiny_put32(c, VARS + 8, (uint32_t)value); break;
	case POINTER:	tiny_put64(c, VARS, value); break;
	default:	break;
	}
}

/* Without the one end or the other records that were given up but not yet overwritten come along. */
static bool as_wanted(enum what broken)
{
	if (got.len < want.len)
		return false;
	if (broken == FIRST)
		return !strcmp(got.bytes + got.len - want.len, want.bytes);
	return !strncmp(got.bytes, want.bytes, want.len) && (broken == NEXT || got.len == want.len);
}

static void test_damage(void **state)
{
	static const unsigned numbers[] = { 40, 100, 117, 131, 200 };

	(void)state;
	for (size_t i = 0; i < COUNT(damage); i++) {
		for (size_t j = 0; j < COUNT(numbers); j++) {
			struct printk_report said;
			unsigned n = numbers[j], without = UINT32_MAX;
			struct tinycore *c;
			int rc;

			write_messages(&w, 4096, 16, n);
			if (damage[i].without >= 0)
				without = w.oldest + (unsigned)damage[i].without;
			c = core_of(&w, V5_4);
			break_it(c, damage[i].what, damage[i].value, without);
			rc = read_log(c, NULL, &got, &said);
			expected(&want, w.oldest, n, without);
			if (rc != damage[i].rc || (!rc && !as_wanted(damage[i].what)))
				fail_msg("%s, %u records: %d\n%s---- is not\n%s", damage[i].why, n, rc, got.bytes, want.bytes);
			assert_int_equal(said.lost > 0, damage[i].what != NOTHING && damage[i].what != BUF_LEN);
			tiny_free(c);
		}
	}
}

/* Each key deleted: an error that names something, or all the same the log. */
static void test_keys(void **state)
{
	static const struct { const char *key; int rc; } keys[] = {
		{ "log_buf)", -ENOENT }, { "log_buf_len", -ENOENT }, { "log_first_idx", 0 }, { "log_next_idx", 0 },
		{ "clear_idx", 0 }, { "SIZE(", -ENOENT }, { ".ts_nsec", -ENOENT }, { ".len", -ENOENT },
		{ ".text_len", -ENOENT }, { ".dict_len", 0 }, { "phys_base", 0 },
	};

	(void)state;
	write_messages(&w, 4096, 16, 30);
	for (size_t i = 0; i < COUNT(keys); i++) {
		char info[] = V5_4;
		struct tinycore *c;

		*strstr(info, keys[i].key) = 'x';
		c = core_of(&w, info);
		assert_int_equal(read_log(c, NULL, &got, NULL), keys[i].rc);
		expected(&want, 0, 30, UINT32_MAX);
		if (!keys[i].rc && strncmp(got.bytes, want.bytes, want.len))
			fail_msg("without %s:\n%s", keys[i].key, got.bytes);
		tiny_free(c);
	}
}

/* Since the last clear: from that record on; from the oldest if it is overwritten or was never. */
static void test_clear(void **state)
{
	static const struct printk_form partial = { .since_clear = true };
	static const struct { const char *why; unsigned n, cleared, from; } cases[] = {
		{ "never", 30, 0, 0 }, { "in the middle", 30, 12, 12 }, { "just now", 30, 30, 30 },
		{ "in a buffer that has wrapped since", 117, 100, 100 }, { "long overwritten", 200, 3, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned from = cases[i].from;
		struct printk_report said;
		struct tinycore *c;

		write_messages(&w, 4096, 16, cases[i].n);
		w.clear = cases[i].cleared == cases[i].n ? w.next : cases[i].cleared ? w.at[cases[i].cleared] : 0;
		if (from == UINT32_MAX) {
			from = w.oldest;
			w.clear = w.at[w.oldest + 1] + 4;	/* inside a newer record */
		}
		c = core_of(&w, V5_4);
		if (read_log(c, &partial, &got, &said))
			fail_msg("%s: error", cases[i].why);
		expected(&want, from, cases[i].n, UINT32_MAX);
		if (strcmp(got.bytes, want.bytes))
			fail_msg("%s:\n%s---- is not\n%s", cases[i].why, got.bytes, want.bytes);
		tiny_free(c);
	}
}

/* The forms, with bytes that do not print and lines in a record. */
static void test_forms(void **state)
{
	static const struct { struct printk_form how; const char *info, *want; } cases[] = {
		{ { false }, CALLER, "[    1.500000] two\nlines\n[   12.000001] \\x1b[1m\\xc3\\xa4\n" },
		{ { .level = true }, CALLER, "<6>[    1.500000] two\nlines\n<30>[   12.000001] \\x1b[1m\\xc3\\xa4\n" },
		{ { .caller = true }, CALLER,
		  "[    1.500000] [      C0] two\nlines\n[   12.000001] [      T1] \\x1b[1m\\xc3\\xa4\n" },
		{ PRINTK_AS_MAKEDUMPFILE, CALLER, "[    1.500000] [      C0] two\n"
		  "                          lines\n[   12.000001] [      T1] \\x1b[1m\\xc3\\xa4\n" },
		{ { .level = true, .caller = true, .indent = true }, V5_4,
		  "<6>[    1.500000] two\n                  lines\n<30>[   12.000001] \\x1b[1m\\xc3\\xa4\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tinycore *c;

		memset(&w, 0, sizeof(w));
		w.len = 4096;
		w.head = cases[i].info[0] && strstr(cases[i].info, "caller") ? 24 : 16;
		store(&w, "two\nlines", "", 1500000000, 6);
		store(&w, "\033[1m\xc3\xa4", "A=B", 12000001000, 30);
		c = core_of(&w, cases[i].info);
		assert_int_equal(read_log(c, &cases[i].how, &got, NULL), 0);
		assert_string_equal(got.bytes, cases[i].want);
		tiny_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrap), cmocka_unit_test(test_damage), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_clear), cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
