/* test_sink - does an object get its name when it is whole, and only then? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "lib_kdump.h"
#include "lib_memsink.h"
#include "sink/sink.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { DEVICE = 16 << 20, STAMP = 1700000000 };

/* Each test has a directory of its own, which is the working directory. */
static int enter(void **state)
{
	char dir[] = "/tmp/test_sink.XXXXXX";

	*state = mkdtemp(dir) ? strdup(dir) : NULL;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return !*state || chdir(*state);
}

static int leave(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") || system(command);
}

static struct sink *opened(const char *to, bool replace)
{
	struct err e = { 0 };
	struct sink *s;

	if (sink_open(&s, to, STAMP, replace, &e))
		fail_msg("%s", e.msg);
	return s;
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static void holds(const char *path, const char *text)
{
	char *got;
	size_t len;

	assert_int_equal(read_file(path, 1 << 24, &got, &len, NULL), 0);
	assert_string_equal(got, text);
	free(got);
}

/* ---- a file ---- */

static void test_file(void **state)
{
	struct sink *s = opened("dump", false);
	struct err e = { 0 };
	struct ack ack;
	struct stat st;

	(void)state;
	assert_int_equal(sink_write(s, 4, "world", 5, &e), 0);
	assert_int_equal(sink_write(s, 0, "hello ", 4, &e), 0);
	assert_true(is_there("dump-incomplete") && !is_there("dump"));
	assert_int_equal(s->written, 9);
	assert_int_equal(sink_commit(s, &ack, &e), 0);
	assert_int_equal(ack.level, ACK_NAMED);
	sink_close(s);
	assert_true(!is_there("dump-incomplete") && is_there("dump"));
	holds("dump", "hellworld");
	assert_int_equal(stat("dump", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);	/* memory of the whole machine is in it */
}

static void test_file_kept(void **state)
{
	struct sink *s = opened("dump", false);

	(void)state;
	assert_int_equal(sink_write(s, 0, "part", 4, NULL), 0);
	assert_int_equal(sink_keep(s, NULL), 0);
	sink_close(s);
	assert_true(is_there("dump-incomplete") && !is_there("dump"));
	holds("dump-incomplete", "part");
	/* What an earlier try left is no part of the next one. */
	s = opened("dump", false);
	assert_int_equal(sink_write(s, 0, "x", 1, NULL), 0);
	sink_close(s);
	assert_true(is_there("dump-incomplete") && !is_there("dump"));
	holds("dump-incomplete", "x");
}

static void test_file_exists(void **state)
{
	struct err e = { 0 };
	struct sink *s;
	struct ack ack;

	(void)state;
	s = opened("dump", false);
	sink_write(s, 0, "old", 3, NULL);
	assert_int_equal(sink_commit(s, &ack, &e), 0);
	sink_close(s);
	assert_int_equal(sink_open(&s, "dump", STAMP, false, &e), -EEXIST);
	assert_non_null(strstr(e.msg, "dump: File exists"));
	s = opened("dump", true);
	sink_write(s, 0, "newer", 5, NULL);
	holds("dump", "old");
	assert_int_equal(sink_commit(s, &ack, &e), 0);
	sink_close(s);
	holds("dump", "newer");
}

static void test_file_errors(void **state)
{
	char name[5000];
	const struct { const char *why, *to; int rc; } cases[] = {
		{ "no such directory", "nowhere/dump", -ENOENT }, { "a file as directory", "file/dump", -ENOTDIR },
		{ "a longer path than there can be", name, -ENAMETOOLONG },
		{ "a name that -incomplete makes too long", name + 5000 - 256, -ENAMETOOLONG },
	};
	struct err e = { 0 };
	struct sink *s;
	struct ack ack;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(close(open("file", O_WRONLY | O_CREAT, 0600)), 0);
	for (size_t i = 0; i < COUNT(cases); i++)
		if (sink_open(&s, cases[i].to, STAMP, true, &e) != cases[i].rc || strncmp(e.msg, "open ", 5))
			fail_msg("%s: %s", cases[i].why, e.msg);
	/* The final name cannot be taken: a directory stands there. Nothing of the dump is lost. */
	s = opened("directory", true);
	sink_write(s, 0, "all", 3, NULL);
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_int_equal(sink_commit(s, &ack, &e), -EISDIR);
	assert_int_equal(ack.level, ACK_DURABLE);
	assert_non_null(strstr(e.msg, "rename directory-incomplete to directory"));
	sink_close(s);
	holds("directory-incomplete", "all");
}

/* A limit on the size of files is a full disk; what was there before the limit stays. */
static void test_file_full(void **state)
{
	struct rlimit old, small = { 0 };
	struct err e = { 0 };
	struct sink *s;
	char *bytes = calloc(1, 10000);

	(void)state;
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ 6000, old.rlim_max };
	s = opened("dump", true);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(sink_write(s, 0, bytes, 5000, &e), 0);
	assert_true(sink_is_full(sink_write(s, 5000, bytes, 5000, &e)));
	assert_non_null(strstr(e.msg, "write dump-incomplete: File too large"));
	assert_true(sink_is_full(s->ops->reserve(s, 100000, &e)));
	assert_int_equal(sink_keep(s, &e), 0);
	setrlimit(RLIMIT_FSIZE, &old);
	sink_close(s);
	free(bytes);
	assert_true(is_there("dump-incomplete"));
}

/* More than is kept dirty: the page cache is emptied behind the front, and nothing is lost by that. */
static void test_file_large(void **state)
{
	enum { PIECE = 1 << 20, PIECES = 24 };
	char *bytes = malloc(PIECE), *got;
	struct err e = { 0 };
	struct sink *s = opened("dump", true);
	struct ack ack;
	size_t len;

	(void)state;
	for (int i = 0; i < PIECES; i++) {
		memset(bytes, i + 1, PIECE);
		assert_int_equal(sink_write(s, (uint64_t)i * PIECE + 100, bytes, PIECE, &e), 0);
		assert_int_equal(sink_write(s, (uint64_t)i, bytes, 1, &e), 0);	/* and behind it */
	}
	assert_true(sink_space(s) > 0);
	assert_int_equal(sink_commit(s, &ack, &e), 0);
	sink_close(s);
	assert_int_equal(read_file("dump", 1 << 28, &got, &len, NULL), 0);
	assert_int_equal(len, PIECE * PIECES + 100);
	for (int i = 0; i < PIECES; i++)
		assert_true(got[i] == i + 1 && got[100 + i * PIECE] == i + 1 && got[99 + (i + 1) * PIECE] == i + 1);
	free(got);
	free(bytes);
}

/* ---- a raw device; a file is as good ---- */

static void make_device(const char *name, uint64_t size, int byte)
{
	char *bytes = malloc(size);
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	memset(bytes, byte, size);
	assert_int_equal(write_full(fd, bytes, size), 0);
	close(fd);
	free(bytes);
}

static uint8_t *device(const char *name)
{
	char *bytes;
	size_t len;

	assert_int_equal(read_file(name, 1 << 26, &bytes, &len, NULL), 0);
	return (uint8_t *)bytes;
}

static void test_raw(void **state)
{
	static const uint8_t blank[4096];
	uint8_t *dev, *out, bytes[10000];
	struct err e = { 0 };
	struct ack ack;
	struct sink *s;
	uint64_t size;
	char why[200];

	(void)state;
	make_device("dev", DEVICE, 'o');
	memset(bytes, 'b', sizeof(bytes));
	s = opened("raw:dev", false);
	assert_false(s->rewritable);
	assert_true(sink_space(s) <= DEVICE - RAW_TAIL);
	assert_int_equal(sink_write(s, 0, bytes, sizeof(bytes), &e), 0);
	/* Until the end nothing makes a dump of it: neither this one nor what was there before. */
	dev = device("dev");
	assert_memory_equal(dev, blank, sizeof(blank));
	free(dev);
	assert_int_equal(sink_commit(s, &ack, &e), 0);
	assert_int_equal(ack.level, ACK_NAMED);
	sink_close(s);
	dev = device("dev");
	out = flat_unpack(dev, DEVICE, &size, why);
	assert_non_null(out);
	assert_int_equal(size, sizeof(bytes));
	assert_memory_equal(out, bytes, size);
	free(out);
	free(dev);
}

static void test_raw_full(void **state)
{
	uint8_t *bytes = calloc(1, 1 << 20);
	struct err e = { 0 };
	struct sink *s;
	uint64_t n = 0;

	(void)state;
	make_device("tiny", 2 * RAW_TAIL - 1, 0);
	assert_int_equal(sink_open(&s, "raw:tiny", STAMP, false, &e), -ENOSPC);
	assert_non_null(strstr(e.msg, "too few"));
	assert_int_equal(sink_open(&s, "raw:nothing", STAMP, false, &e), -ENOENT);
	make_device("dev", DEVICE, 't');
	s = opened("raw:dev", false);
	while (!sink_write(s, n << 20, bytes, 1 << 20, &e))
		n++;
	assert_true(sink_is_full(e.code));
	assert_int_equal(n, (DEVICE - RAW_TAIL) / (1 << 20) - 1);
	assert_int_equal(sink_keep(s, &e), 0);
	sink_close(s);
	free(bytes);
	bytes = device("dev");
	for (int i = 0; i < RAW_TAIL; i++)	/* the archive's place is not touched */
		assert_int_equal(bytes[DEVICE - RAW_TAIL + i], 't');
	free(bytes);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_file), IN_DIRECTORY(test_file_kept), IN_DIRECTORY(test_file_exists),
		IN_DIRECTORY(test_file_errors), IN_DIRECTORY(test_file_full), IN_DIRECTORY(test_file_large),
		IN_DIRECTORY(test_raw), IN_DIRECTORY(test_raw_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
