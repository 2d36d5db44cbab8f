/* test_kofile - are module files read, compressed or not, and survived when broken? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "boot/kofile.h"
#include "boot/squeeze.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char info[] = "license=GPL\0firmware=a.bin\0firmwares=no\0firmware=b/c.bin\0firmware";

static int collect(const char *value, void *arg)
{
	char *out = arg;

	snprintf(out + strlen(out), 256 - strlen(out), "%s;", value);
	return 0;
}

static int stop(const char *value, void *arg)
{
	(void)value;
	++*(int *)arg;
	return 7;
}

static void test_modinfo(void **state)
{
	char image[4096], out[256] = "";
	size_t len = tree_module(image, info, sizeof(info) - 1);
	int calls = 0;

	(void)state;
	assert_int_equal(kofile_modinfo(image, len, "firmware", collect, out), 0);
	assert_string_equal(out, "a.bin;b/c.bin;");
	assert_int_equal(kofile_modinfo(image, len, "firmware", stop, &calls), 7);
	assert_int_equal(calls, 1);
	assert_int_equal(kofile_modinfo(image, len, "nothing", collect, out), 0);
}

/* A field of the file and a value for it that leads out of the file. */
static const struct {
	const char *why;
	size_t      at;
	int         width;
	uint64_t    value;
	int         rc;
} broken[] = {
	{ "not ELF", 0, 4, 0, -ENOEXEC },
	{ "big endian", 5, 1, 2, -ENOEXEC },
	{ "neither 32 nor 64 bit", 4, 1, 3, -ENOEXEC },
	{ "table behind the end", 40, 8, 1 << 20, -ENOEXEC },
	{ "table at the end of numbers", 40, 8, UINT64_MAX - 8, -ENOEXEC },
	{ "no such section for names", 62, 2, 9, -ENOEXEC },
	{ "more sections than the file has", 60, 2, 0xffff, 0 },
	{ "headers of no size are all the same one", 58, 2, 0, 0 },
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		char image[4096], out[256] = "", value[8];
		size_t len = tree_module(image, info, sizeof(info) - 1);
		char *exact = malloc(len);

		print_message("%s\n", broken[i].why);
		put_le64(value, broken[i].value);
		memcpy(exact, image, len);
		memcpy(exact + broken[i].at, value, (size_t)broken[i].width);
		assert_int_equal(kofile_modinfo(exact, len, "firmware", collect, out),
			broken[i].rc);
		free(exact);
	}
}

/* Cut at every length: never a byte behind the end. */
static void test_cut(void **state)
{
	char image[4096], out[256];
	size_t len = tree_module(image, info, sizeof(info) - 1);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		char *exact = malloc(n ? n : 1);

		memcpy(exact, image, n);
		out[0] = 0;
		kofile_modinfo(exact, n, "firmware", collect, out);
		free(exact);
	}
}

static void test_compressed(void **state)
{
	static const struct { enum squeeze how; const char *name; } kinds[] = {
		{ SQUEEZE_NONE, "a.ko" }, { SQUEEZE_GZIP, "a.ko.gz" }, { SQUEEZE_ZSTD, "a.ko.zst" },
	};
	char dir[64], path[128], *data, *packed, *back;
	size_t len = 3 << 20, packed_len, back_len;

	(void)state;
	tree_make(dir);
	data = malloc(len);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * i >> 7);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		assert_int_equal(squeeze(kinds[i].how, data, len, &packed, &packed_len, NULL), 0);
		tree_bytes(dir, kinds[i].name, packed, packed_len);
		snprintf(path, sizeof(path), "%s/%s", dir, kinds[i].name);
		assert_int_equal(kofile_read(path, &back, &back_len, NULL), 0);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, data, len);
		free(back);
		if (kinds[i].how != SQUEEZE_NONE) {
			tree_bytes(dir, kinds[i].name, packed, packed_len / 2);
			assert_int_equal(kofile_read(path, &back, &back_len, NULL), -EBADMSG);
		}
		free(packed);
	}
	free(data);
	snprintf(path, sizeof(path), "%s/none.ko.xz", dir);
	assert_int_equal(kofile_read(path, &back, &back_len, NULL), -ENOENT);
	tree_bytes(dir, "none.ko.xz", "", 0);
	assert_int_equal(kofile_read(path, &back, &back_len, NULL), -EBADMSG);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modinfo),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
