/* test_base - do the smallest parts hold: errors in one line, whole reads and writes, numbers of bytes? */
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

#include "base/args.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- err ---- */

static void test_err(void **state)
{
	struct err e = { 0 };
	char long_name[1000];

	(void)state;
	assert_int_equal(err_set(&e, -ENOENT, "open %s", "/x"), -ENOENT);
	assert_string_equal(e.msg, "open /x: No such file or directory");
	assert_int_equal(err_add(&e, "save %s", "y"), -ENOENT);
	assert_string_equal(e.msg, "save y: open /x: No such file or directory");
	assert_int_equal(err_set(&e, ENOENT, "a"), -ENOENT);		/* the sign is forgiven */
	assert_int_equal(err_set(&e, 0, "a"), -EIO);			/* never silent */
	assert_int_equal(err_say(&e, -EINVAL, "no %d", 3), -EINVAL);
	assert_string_equal(e.msg, "no 3");
	assert_int_equal(err_set(NULL, -EPERM, "a"), -EPERM);
	assert_int_equal(err_say(NULL, 0, "a"), -EIO);
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	err_set(&e, -EIO, "%s", long_name);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	err_add(&e, "%s", long_name);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

/* ---- buf ---- */

static void test_bytes(void **state)
{
	static const uint8_t b[] = { 0xff, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88 };
	uint8_t out[9] = { 0 };

	(void)state;
	assert_int_equal(get_le16(b + 1), 0x8281);
	assert_int_equal(get_be16(b + 1), 0x8182);
	assert_true(get_le32(b + 1) == 0x84838281 && get_be32(b + 1) == 0x81828384);
	assert_true(get_le64(b + 1) == 0x8887868584838281 && get_be64(b + 1) == 0x8182838485868788);
	put_le64(out + 1, 0x8887868584838281);
	assert_memory_equal(out + 1, b + 1, 8);
	put_be64(out + 1, 0x8182838485868788);
	assert_memory_equal(out + 1, b + 1, 8);
	put_le32(out + 1, 0x11223344);
	assert_true(get_le32(out + 1) == 0x11223344 && out[5] == 0x85 && out[0] == 0);
}

static void test_bounds(void **state)
{
	static const struct { uint64_t at, len, size; bool in; } cases[] = {
		{ 0, 0, 0, true }, { 0, 1, 0, false }, { 4, 4, 8, true }, { 4, 5, 8, false }, { 8, 0, 8, true },
		{ 9, 0, 8, false }, { 1, UINT64_MAX, 8, false }, { UINT64_MAX, 1, 8, false },
		{ UINT64_MAX, UINT64_MAX, UINT64_MAX, false }, { 0, UINT64_MAX, UINT64_MAX, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(in_bounds(cases[i].at, cases[i].len, cases[i].size), cases[i].in);
}

/* ---- io ---- */

static int enter(void **state)
{
	char dir[] = "/tmp/test_base.XXXXXX";

	*state = mkdtemp(dir) ? strdup(dir) : NULL;
	return !*state || chdir(*state);
}

static int leave(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") || system(command);
}

static void test_files(void **state)
{
	struct err e = { 0 };
	char *bytes = malloc(100000), *got, line[8];
	size_t done, len;
	int fd;

	(void)state;
	memset(bytes, 'x', 100000);
	memcpy(bytes, "first\nsecond", 12);
	fd = open("f", O_RDWR | O_CREAT, 0600);
	assert_int_equal(pwrite_full(fd, bytes, 100000, 5, &done), 0);
	assert_int_equal(done, 100000);
	assert_int_equal(pread_full(fd, bytes, 10, 100000), 5);		/* less only at the end */
	assert_int_equal(pread_full(fd, bytes, 10, 1 << 20), 0);
	close(fd);
	assert_int_equal(pread_full(fd, bytes, 10, 0), -EBADF);
	assert_int_equal(pwrite_full(fd, bytes, 10, 0, &done), -EBADF);
	assert_int_equal(done, 0);
	assert_int_equal(write_full(fd, bytes, 1), -EBADF);
	assert_int_equal(read_full(fd, bytes, 1), -EBADF);
	fd = open("/dev/full", O_WRONLY);
	assert_int_equal(write_full(fd, bytes, 10), -ENOSPC);
	close(fd);
	assert_int_equal(read_file("f", 100005, &got, &len, &e), 0);
	assert_true(len == 100005 && got[len] == 0 && !memcmp(got + 5, "first", 5));
	free(got);
	assert_int_equal(read_file("f", 100004, &got, &len, &e), -EFBIG);
	assert_int_equal(read_file("none", 10, &got, &len, &e), -ENOENT);
	assert_string_equal(e.msg, "open none: No such file or directory");
	assert_int_equal(read_file(".", 10, &got, &len, &e), -EISDIR);
	assert_int_equal(write_file("f", "one\ntwo\n"), 0);
	assert_int_equal(write_file("none", "x"), -ENOENT);		/* nothing is created */
	assert_int_equal(read_line("f", line, sizeof(line)), 0);
	assert_string_equal(line, "one");
	assert_int_equal(read_line("f", line, 3), 0);
	assert_string_equal(line, "on");
	assert_int_equal(read_line("none", line, sizeof(line)), -ENOENT);
	assert_string_equal(line, "");
	free(bytes);
}

static void test_pipe(void **state)
{
	char got[32];
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write_full(fd[1], "0123456789", 10), 0);
	close(fd[1]);
	assert_int_equal(read_full(fd[0], got, sizeof(got)), 10);
	close(fd[0]);
}

static void test_directories(void **state)
{
	char path[5000];
	struct stat st;

	(void)state;
	assert_int_equal(make_dirs("a/b//c"), 0);
	assert_int_equal(make_dirs("a/b/c"), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(close(open("a/file", O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(make_dirs("a/file/x"), -ENOTDIR);
	memset(path, 'd', sizeof(path));
	path[sizeof(path) - 1] = 0;
	assert_int_equal(make_dirs(path), -ENAMETOOLONG);
	assert_int_equal(sync_parent("a/b/c"), 0);
	assert_int_equal(sync_parent("file-here"), 0);
	assert_int_equal(sync_parent("/file-in-root"), 0);
	assert_int_equal(sync_parent("none/x"), -ENOENT);
	path[4990] = '/';
	assert_int_equal(sync_parent(path), -ENAMETOOLONG);
}

/* ---- args ---- */

static const struct opt opts[] = {
	{ 'v', "verbose", NULL, "say more" }, { 'o', "output", "FILE", "write there" },
	{ 'x', NULL, NULL, "short only" }, { 300, "threads", "N", "how many" }, { 301, "thread-stack", "N", "bytes" },
	{ 'q', "quiet", NULL, NULL }, { 0, NULL, NULL, NULL },
};

/* What a command line comes to: ids in order, values behind '=', operands in [], an error in {}. */
static const struct { const char *why, *line, *want; } lines[] = {
	{ "nothing", "", "" },
	{ "a short one", "-v", "v" },
	{ "a bundle", "-vxv", "vxv" },
	{ "a value in the next word", "-o out", "o=out" },
	{ "a value in the same word", "-oout", "o=out" },
	{ "a bundle that ends in one with a value", "-vxoout -v", "vxo=outv" },
	{ "a long one", "--verbose", "v" },
	{ "with its value", "--output=a=b", "o=a=b" },
	{ "with an empty value", "--output=", "o=" },
	{ "with the value in the next word, though it looks like an option", "--output -v", "o=-v" },
	{ "cut to a unique beginning", "--verb --out f", "vo=f" },
	{ "a whole name that others begin with is meant itself", "--threads 3", "#300=3" },
	{ "a beginning of several", "--thre 3", "{thre}" },
	{ "accepted though not shown", "-q --quiet", "qq" },
	{ "operands anywhere", "a -v b -o c d", "vo=c[a][b][d]" },
	{ "behind -- all are operands", "-v -- -v --output", "v[-v][--output]" },
	{ "a single - is an operand", "- -v", "v[-]" },
	{ "an unknown letter", "-z", "{-z}" },
	{ "in a bundle", "-vz", "v{-z}" },
	{ "an unknown word names the nearest", "--vrebose", "{verbose}" },
	{ "one that is near nothing", "--zzzzzzzz", "{zzzzzzzz}" },
	{ "no value where one is wanted", "-o", "{-o}" },
	{ "the same, long", "--output", "{output}" },
	{ "a value where none is wanted", "--verbose=3", "{verbose}" },
};

static void walk(const char *line, const char *want, char *out, size_t size)
{
	const char *operands[16];
	char copy[128], *argv[16] = { (char *)(uintptr_t)"applet" }, *save;
	struct err e = { 0 };
	struct args a;
	int argc = 1, id;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	args_init(&a, argc, argv, opts, operands);
	out[0] = 0;
	while ((id = args_next(&a, &e)) > 0) {
		n += (size_t)snprintf(out + n, size - n, id < 256 ? "%c" : "#%d", id);
		if (a.value)
			n += (size_t)snprintf(out + n, size - n, "=%s", a.value);
	}
	for (int i = 0; i < a.nr_operands && !id; i++)
		n += (size_t)snprintf(out + n, size - n, "[%s]", a.operands[i]);
	/* The message is judged by a word that must be in it. */
	if (id < 0) {
		const char *word = strchr(want, '{');
		char inner[64] = "";

		if (word)
			snprintf(inner, sizeof(inner), "%.*s", (int)strcspn(word + 1, "}"), word + 1);
		snprintf(out + n, size - n, "{%s}", word && strstr(e.msg, inner) ? inner : e.msg);
	}
}

static void test_args(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char got[512];

		walk(lines[i].line, lines[i].want, got, sizeof(got));
		if (strcmp(got, lines[i].want))
			fail_msg("%s: '%s' gives '%s', not '%s'", lines[i].why, lines[i].line, got, lines[i].want);
	}
}

static const struct { const char *text; int rc; unsigned long long value; } numbers[] = {
	{ "0", 0, 0 }, { "31", 0, 31 }, { "0x1f", 0, 31 }, { "32", -EINVAL, 0 }, { "-1", -EINVAL, 0 },
	{ "", -EINVAL, 0 }, { " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 }, { "1k", -EINVAL, 0 },
	{ "18446744073709551616", -EINVAL, 0 },
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		unsigned long long value = 0;
		struct err e = { 0 };

		if (parse_number(numbers[i].text, "level", 0, 31, &value, &e) != numbers[i].rc ||
		    value != numbers[i].value || (e.code && !strstr(e.msg, "level")))
			fail_msg("'%s': %llu, '%s'", numbers[i].text, value, e.msg);
	}
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err), cmocka_unit_test(test_bytes), cmocka_unit_test(test_bounds),
		IN_DIRECTORY(test_files), cmocka_unit_test(test_pipe), IN_DIRECTORY(test_directories),
		cmocka_unit_test(test_args), cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
