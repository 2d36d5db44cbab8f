/* test_vmcoreinfo - are the notes of a core and the lines of vmcoreinfo read with bounds? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/vmcoreinfo.h"
#include "lib_vmcore.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Notes are 20 bytes of head and name, and of PRSTATUS 336 more: 356 in all. */
static const struct {
	const char *why, *description;
	unsigned cpus;
	bool info, cut;
} notes[] = {
	{ "one CPU", "cpus 1\n", 1, true, false },
	{ "many CPUs", "cpus 64\n", 64, true, false },
	{ "no CPU, which is what a kernel without them would write", "cpus 0\n", 0, true, false },
	{ "no VMCOREINFO", "noinfo\n", 1, false, false },
	{ "the area ends early with zeros", "cpus 2\npoke notes+356 00 00 00 00 00 00 00 00\n"
	  "poke notes+364 00 00 00 00\n", 1, false, false },
	{ "another name is none of ours", "cpus 2\npoke notes+12 58\n", 1, true, false },
	{ "another type is none of ours", "cpus 2\npoke notes+8 02\n", 1, true, false },
	{ "a descriptor that reaches beyond the notes", "cpus 2\npoke notes+360 ff ff ff 7f\n", 1, false, true },
	{ "the largest descriptor there can be", "cpus 2\npoke notes+360 ff ff ff ff\n", 1, false, true },
	{ "the largest name", "cpus 2\npoke notes+356 ff ff ff ff\n", 1, false, true },
	{ "the file ends inside the notes", "cpus 2\ncut notes+366\n", 1, false, true },
	{ "the file ends before the notes: there are none", "cpus 2\ncut notes\n", 0, false, false },
	{ "PT_NOTE lies at the end of the address space", "poke phdr+8 ff ff ff ff ff ff ff 7f\n", 0, false, false },
	{ "PT_NOTE has no length", "poke phdr+32 00 00 00 00 00 00 00 00\n", 0, false, false },
	{ "PT_NOTE is four bytes long", "poke phdr+32 04 00 00 00 00 00 00 00\n", 0, false, true },
};

static void test_notes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++) {
		struct vmcore *v = vmcore_print("ram 256M 257M\n%s", notes[i].description);
		struct notes n;
		struct source s;

		assert_int_equal(source_open(&s, v->path, NULL), 0);
		notes_walk(&s, &n);
		if (n.nr_cpus != notes[i].cpus || (n.vmcoreinfo_len != 0) != notes[i].info)
			fail_msg("%s: %u CPUs, vmcoreinfo of %llu", notes[i].why, n.nr_cpus,
				 (unsigned long long)n.vmcoreinfo_len);
		if (n.cut != notes[i].cut)
			fail_msg("%s: cut is %d", notes[i].why, n.cut);
		if (n.vmcoreinfo_len)
			assert_true(n.vmcoreinfo_at == v->info_at && n.vmcoreinfo_len == v->info_len);
		source_close(&s);
		vmcore_free(v);
	}
}

struct seen {
	unsigned n;
	uint64_t rsp[4];
};

static void see(void *ctx, const uint8_t *desc, size_t len)
{
	struct seen *s = ctx;

	assert_int_equal(len, 336);
	memcpy(&s->rsp[s->n++], desc + 112 + 19 * 8, 8);
}

static void test_prstatus(void **state)
{
	struct vmcore *v = vmcore_make("cpus 3\nrsp 0 0xffff888000001000\nrsp 2 7\nram 256M 257M\n");
	struct seen seen = { 0 };
	struct source s;

	(void)state;
	assert_int_equal(source_open(&s, v->path, NULL), 0);
	notes_each_prstatus(&s, see, &seen);
	assert_true(seen.n == 3 && seen.rsp[0] == 0xffff888000001000 && seen.rsp[1] == 0 && seen.rsp[2] == 7);
	source_close(&s);
	vmcore_free(v);
}

static void test_load(void **state)
{
	struct vmcore *v = vmcore_make("ram 256M 257M\n"), *none = vmcore_make("noinfo\nram 256M 257M\n");
	struct vmcoreinfo info;
	struct err e = { 0 };
	struct source s;
	struct notes n;

	(void)state;
	assert_int_equal(source_open(&s, v->path, NULL), 0);
	notes_walk(&s, &n);
	assert_int_equal(vmcoreinfo_load(&info, &s, &n, &e), 0);
	assert_int_equal(info.len, v->info_len);
	assert_int_equal(info.text[info.len], 0);
	vmcoreinfo_free(&info);
	source_close(&s);
	assert_int_equal(source_open(&s, none->path, NULL), 0);
	notes_walk(&s, &n);
	assert_int_equal(vmcoreinfo_load(&info, &s, &n, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "VMCOREINFO"));
	vmcoreinfo_free(&info);
	source_close(&s);
	vmcore_free(v);
	vmcore_free(none);
}

#define TEXT "A=1\nAB=2\nEMPTY=\nLAST=end"

static void test_strings(void **state)
{
	static const struct { const char *why, *key, *value; } cases[] = {
		{ "a key that another one begins with", "A", "1" }, { "and that one", "AB", "2" },
		{ "no such key", "B", NULL }, { "no value", "EMPTY", "" }, { "no newline behind it", "LAST", "end" },
		{ "no key at all", "", NULL }, { "a value is no key", "1", NULL },
	};
	char text[] = TEXT, out[8], small[3];
	struct vmcoreinfo v = { text, strlen(text) };
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool found = vmcoreinfo_string(&v, cases[i].key, out, sizeof(out));

		if (found != (cases[i].value != NULL) || (found && strcmp(out, cases[i].value)))
			fail_msg("%s: '%s'", cases[i].why, found ? out : "(none)");
	}
	assert_true(vmcoreinfo_string(&v, "LAST", small, sizeof(small)));
	assert_string_equal(small, "en");
	assert_ptr_equal(vmcoreinfo_get(&v, "LAST", &len), text + strlen(text) - 3);
	assert_int_equal(len, 3);
	v = (struct vmcoreinfo){ NULL, 0 };
	assert_null(vmcoreinfo_get(&v, "A", &len));
}

/* Which KIND a number is decides its base: what the kernel prints with. */
static const struct {
	const char *why, *line;
	char kind;			/* n: NUMBER, s: SYMBOL, z: SIZE, o: OFFSET, l: LENGTH */
	bool ok;
	uint64_t value;
} numbers[] = {
	{ "decimal", "NUMBER(x)=4096", 'n', true, 4096 },
	{ "negative: phys_base may be", "NUMBER(x)=-641728512", 'n', true, (uint64_t)-641728512 },
	{ "hex with 0x: arm64 prints so", "NUMBER(x)=0xffff000000000000", 'n', true, 0xffff000000000000 },
	{ "the largest", "NUMBER(x)=18446744073709551615", 'n', true, UINT64_MAX },
	{ "one more", "NUMBER(x)=18446744073709551616", 'n', false, 0 },
	{ "one more, in hex", "NUMBER(x)=0x10000000000000000", 'n', false, 0 },
	{ "too small", "NUMBER(x)=-9223372036854775809", 'n', false, 0 },
	{ "no number", "NUMBER(x)=yes", 'n', false, 0 },
	{ "a number and more", "NUMBER(x)=12 13", 'n', false, 0 },
	{ "nothing", "NUMBER(x)=", 'n', false, 0 },
	{ "0x alone", "NUMBER(x)=0x", 'n', false, 0 },
	{ "longer than any number", "NUMBER(x)=00000000000000000000000000000000000000000000000001", 'n', false, 0 },
	{ "another kind", "SYMBOL(x)=1", 'n', false, 0 },
	{ "a name that goes on", "NUMBER(xy)=1", 'n', false, 0 },
	{ "hex without 0x", "SYMBOL(x)=ffffffff81000000", 's', true, 0xffffffff81000000 },
	{ "hex with it", "SYMBOL(x)=0xffffffff81000000", 's', true, 0xffffffff81000000 },
	{ "digits only are hex all the same", "SYMBOL(x)=10", 's', true, 16 },
	{ "no hex", "SYMBOL(x)=g", 's', false, 0 },
	{ "a size", "SIZE(x)=64", 'z', true, 64 },
	{ "a size with a leading zero is not octal", "SIZE(x)=010", 'z', true, 10 },
	{ "a negative size", "SIZE(x)=-1", 'z', false, 0 },
	{ "a size of 2^32", "SIZE(x)=4294967296", 'z', false, 0 },
	{ "an offset", "OFFSET(x)=4294967295", 'o', true, 4294967295 },
	{ "an offset in hex", "OFFSET(x)=0x8", 'o', false, 0 },
	{ "a length", "LENGTH(x)=11", 'l', true, 11 },
};

static bool get(const struct vmcoreinfo *v, char kind, uint64_t *out)
{
	uint32_t small = 0;
	bool ok;

	if (kind == 'n')
		return vmci_number(v, "x", (int64_t *)out);
	if (kind == 's')
		return vmci_symbol(v, "x", out);
	ok = kind == 'z' ? vmci_size(v, "x", &small) : kind == 'o' ? vmci_offset(v, "x", &small)
								    : vmci_length(v, "x", &small);
	*out = small;
	return ok;
}

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct vmcoreinfo v = { (char *)(uintptr_t)numbers[i].line, strlen(numbers[i].line) };
		uint64_t value = 0;
		bool ok = get(&v, numbers[i].kind, &value);

		if (ok != numbers[i].ok || value != numbers[i].value)
			fail_msg("%s: %d, %#llx", numbers[i].why, ok, (unsigned long long)value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes), cmocka_unit_test(test_prstatus), cmocka_unit_test(test_load),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
