/* test_cpio - are archives the same for the same content, and readable by others? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "boot/cpio.h"
#include "boot/squeeze.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *why, *path;
	int         rc;
} paths[] = {
	{ "plain", "/a", 0 },
	{ "deep", "/b/c/d/e", 0 },
	{ "dots in a name", "/..a/b..", 0 },
	{ "relative", "a", -EINVAL },
	{ "empty", "", -EINVAL },
	{ "the root itself", "/", -EINVAL },
	{ "leads upwards", "/x/../y", -EINVAL },
	{ "a dot", "/x/./y", -EINVAL },
	{ "two slashes", "/x//y", -EINVAL },
	{ "a slash at the end", "/x/", -EINVAL },
	{ "below a file", "/a/b", -ENOTDIR },
};

static void test_paths(void **state)
{
	struct cpio c = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		print_message("%s\n", paths[i].why);
		assert_int_equal(cpio_file(&c, paths[i].path, 0644, "x", 1, &e), paths[i].rc);
	}
	assert_non_null(cpio_find(&c, "/b/c"));
	assert_int_equal(cpio_find(&c, "/b/c")->kind, 'd');
	cpio_free(&c);
}

static void test_twice(void **state)
{
	struct cpio c = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(cpio_file(&c, "/a", 0644, "x", 1, &e), 0);
	assert_int_equal(cpio_file(&c, "/a", 0644, "x", 1, &e), 0);
	assert_int_equal(cpio_file(&c, "/a", 0755, "x", 1, &e), -EEXIST);
	assert_int_equal(cpio_file(&c, "/a", 0644, "xy", 2, &e), -EEXIST);
	assert_int_equal(cpio_link(&c, "/a", "x", &e), -EEXIST);
	assert_int_equal(cpio_file(&c, "/d/e", 0644, "", 0, &e), 0);
	assert_int_equal(cpio_dir(&c, "/d", 01777, &e), 0);
	assert_int_equal(cpio_find(&c, "/d")->mode, 0755);
	assert_int_equal(c.n, 3);
	cpio_free(&c);
}

static const struct {
	const char *why, *path, *found;
} finds[] = {
	{ "a file", "/bin/prog", "/bin/prog" },
	{ "a link to it", "/init", "/bin/prog" },
	{ "a relative link", "/sbin/prog", "/bin/prog" },
	{ "an absolute link", "/sbin/abs", "/bin/prog" },
	{ "through a link to a directory", "/usr/bin/prog", "/bin/prog" },
	{ "a link to a link", "/two", "/bin/prog" },
	{ "a link to nothing", "/dangling", NULL },
	{ "a link to itself", "/self", NULL },
	{ "two links that chase each other", "/ping", NULL },
	{ "above the root is the root", "/up", "/bin/prog" },
	{ "to the root", "/root-link", NULL },
	{ "missing", "/nothing", NULL },
	{ "below a file", "/bin/prog/x", NULL },
	{ "a directory", "/bin", "/bin" },
};

static void test_find(void **state)
{
	static const char *const links[][2] = {
		{ "/init", "bin/prog" }, { "/sbin/prog", "../bin/prog" }, { "/sbin/abs",
		  "/bin/prog" },
		{ "/usr/bin", "../bin" }, { "/two", "init" }, { "/dangling", "no/thing" },
		{ "/self", "self" }, { "/ping", "pong" }, { "/pong", "ping" },
		{ "/up", "../../../bin/./prog" }, { "/root-link", "/" },
	};
	struct cpio c = { 0 };

	(void)state;
	assert_int_equal(cpio_file(&c, "/bin/prog", 0755, "x", 1, NULL), 0);
	for (size_t i = 0; i < COUNT(links); i++)
		assert_int_equal(cpio_link(&c, links[i][0], links[i][1], NULL), 0);
	for (size_t i = 0; i < COUNT(finds); i++) {
		const struct cpio_entry *found = cpio_find(&c, finds[i].path);

		print_message("%s\n", finds[i].why);
		if (finds[i].found)
			assert_string_equal(found ? found->path : "nothing", finds[i].found);
		else
			assert_null(found);
	}
	cpio_free(&c);
}

/* The same entries in another order of adding. */
static void fill(struct cpio *c, int turned)
{
	for (int i = 0; i < 5; i++) {
		switch (turned ? 4 - i : i) {
		case 0: assert_int_equal(cpio_dir(c, "/tmp", 01777, NULL), 0); break;
		case 1: assert_int_equal(cpio_file(c, "/a-b", 0640, "hello", 5, NULL), 0); break;
		case 2: assert_int_equal(cpio_file(c, "/a/b", 0755, "", 0, NULL), 0); break;
		case 3: assert_int_equal(cpio_link(c, "/l", "a/b", NULL), 0); break;
		case 4: assert_int_equal(cpio_node(c, "/dev/console", 'c', 0600, 5, 1, NULL),
			0); break;
		}
	}
}

static unsigned field(const char *header, int n)
{
	char text[9];

	memcpy(text, header + 6 + 8 * n, 8);
	text[8] = 0;
	return (unsigned)strtoul(text, NULL, 16);
}

/* Documentation/driver-api/early-userspace/buffer-format.rst of the kernel. */
static void test_bytes(void **state)
{
	static const struct {
		const char *path;
		unsigned    mode;
		const char *data;
		unsigned    major, minor;
	} wanted[] = {
		{ "a", S_IFDIR | 0755, "", 0, 0 },
		{ "a-b", S_IFREG | 0640, "hello", 0, 0 },
		{ "a/b", S_IFREG | 0755, "", 0, 0 },
		{ "dev", S_IFDIR | 0755, "", 0, 0 },
		{ "dev/console", S_IFCHR | 0600, "", 5, 1 },
		{ "l", S_IFLNK | 0777, "a/b", 0, 0 },
		{ "tmp", S_IFDIR | 01777, "", 0, 0 },
	};
	struct cpio c = { 0 };
	char *bytes;
	size_t len, at = 0;

	(void)state;
	fill(&c, 0);
	assert_int_equal(cpio_pack(&c, 1234567, &bytes, &len, NULL), 0);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		size_t name = strlen(wanted[i].path) + 1, data = strlen(wanted[i].data);

		print_message("%s\n", wanted[i].path);
		assert_memory_equal(bytes + at, "070701", 6);
		assert_int_equal(field(bytes + at, 0), i + 1);			/* inode */
		assert_int_equal(field(bytes + at, 1), wanted[i].mode);
		assert_int_equal(field(bytes + at, 2) | field(bytes + at, 3), 0);	/* owner */
		assert_int_equal(field(bytes + at, 5), 1234567);
		assert_int_equal(field(bytes + at, 6), data);
		assert_int_equal(field(bytes + at, 9), wanted[i].major);
		assert_int_equal(field(bytes + at, 10), wanted[i].minor);
		assert_string_equal(bytes + at + 110, wanted[i].path);
		at = (at + 110 + name + 3) & ~(size_t)3;
		assert_memory_equal(bytes + at, wanted[i].data, data);
		at = (at + data + 3) & ~(size_t)3;
	}
	assert_string_equal(bytes + at + 110, "TRAILER!!!");
	free(bytes);
	cpio_free(&c);
}

static void test_same_bytes(void **state)
{
	struct cpio a = { 0 }, b = { 0 };
	char *one, *two;
	size_t one_len, two_len;

	(void)state;
	fill(&a, 0);
	fill(&b, 1);
	assert_int_equal(cpio_pack(&a, 0, &one, &one_len, NULL), 0);
	assert_int_equal(cpio_pack(&b, 0, &two, &two_len, NULL), 0);
	assert_int_equal(one_len, two_len);
	assert_memory_equal(one, two, one_len);
	for (int how = SQUEEZE_NONE; how <= SQUEEZE_ZSTD; how++) {
		char *x, *y;
		size_t x_len, y_len;

		assert_int_equal(squeeze(how, one, one_len, &x, &x_len, NULL), 0);
		assert_int_equal(squeeze(how, two, two_len, &y, &y_len, NULL), 0);
		assert_int_equal(x_len, y_len);
		assert_memory_equal(x, y, x_len);
		free(x);
		free(y);
	}
	free(one);
	free(two);
	cpio_free(&a);
	cpio_free(&b);
}

static void test_names(void **state)
{
	enum squeeze how;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(squeeze_parse("zstd", &how, &e), 0);
	assert_int_equal(how, SQUEEZE_ZSTD);
	assert_int_equal(squeeze_parse("gzpi", &how, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "did you mean gzip?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
