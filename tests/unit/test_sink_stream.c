/* test_sink_stream - are the flattened stream and the archive behind a raw dump what their readers take? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "lib_kdump.h"
#include "lib_memsink.h"
#include "sink/sink.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { DEVICE = 16 << 20, STAMP = 1700000000 };

static int enter(void **state)
{
	char dir[] = "/tmp/test_sink_stream.XXXXXX";

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

/* ---- flattened ---- */

static const struct { uint64_t at; const char *text; } pieces[] = {
	{ 5000, "third" }, { 0, "first" }, { 100, "second" }, { 1 << 20, "far" },
};

static void check_pieces(const uint8_t *stream, uint64_t size, size_t n)
{
	char why[200] = "";
	uint64_t out_size;
	uint8_t *out = flat_unpack(stream, size, &out_size, why);

	if (!out)
		fail_msg("%s", why);
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(out + pieces[i].at, pieces[i].text, strlen(pieces[i].text));
	free(out);
}

/* Into something that can be written anywhere the header comes last, into a pipe first. */
static void test_flat(void **state)
{
	(void)state;
	for (int rewritable = 0; rewritable < 2; rewritable++) {
		struct err e = { 0 };
		struct mem_sink m;
		struct sink *s;
		struct ack ack;

		mem_sink_init(&m, rewritable);
		assert_int_equal(flat_sink_open(&s, &m.base, &e), 0);
		assert_false(s->rewritable);
		for (size_t i = 0; i < COUNT(pieces); i++)
			assert_int_equal(sink_write(s, pieces[i].at, pieces[i].text, strlen(pieces[i].text), &e), 0);
		assert_int_equal(m.bytes[0], rewritable ? 0 : 'm');
		assert_int_equal(sink_commit(s, &ack, &e), 0);
		assert_int_equal(ack.level, ACK_NAMED);
		sink_close(s);
		assert_true(m.committed && m.released && !m.misused);
		check_pieces(m.bytes, m.size, COUNT(pieces));
		mem_sink_free(&m);
	}
}

/* A record that fails is not there; the stream still ends as it should. */
static void test_flat_fails(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 2 * COUNT(pieces); n++) {
		struct err e = { 0 };
		struct mem_sink m;
		struct sink *s;
		size_t done = 0;

		mem_sink_init(&m, true);
		m.fail_at = n;
		assert_int_equal(flat_sink_open(&s, &m.base, &e), 0);
		while (done < COUNT(pieces) &&
		       !sink_write(s, pieces[done].at, pieces[done].text, strlen(pieces[done].text), &e))
			done++;
		assert_int_equal(done, (n - 1) / 2);
		assert_int_equal(sink_keep(s, &e), 0);
		sink_close(s);
		assert_true(m.kept && !m.committed);
		check_pieces(m.bytes, m.size, done);
		mem_sink_free(&m);
	}
}

/* The end itself fails: no dump, and it says so. */
static void test_flat_end_fails(void **state)
{
	(void)state;
	for (unsigned n = 3; n <= 5; n++) {
		struct err e = { 0 };
		struct mem_sink m;
		struct sink *s;
		struct ack ack;

		mem_sink_init(&m, true);
		m.fail_at = n;
		assert_int_equal(flat_sink_open(&s, &m.base, &e), 0);
		assert_int_equal(sink_write(s, 0, "x", 1, &e), 0);
		assert_int_equal(sink_commit(s, &ack, &e), -EIO);
		assert_int_equal(ack.level, ACK_NONE);
		sink_close(s);
		assert_false(m.committed);
		mem_sink_free(&m);
	}
}

/* ---- standard output ---- */

static void test_stream(void **state)
{
	struct err e = { 0 };
	struct sink *inner, *s;
	uint8_t got[16384];
	struct ack ack;
	int fd[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(stream_sink_open(&inner, fd[1], &e), 0);
	assert_int_equal(flat_sink_open(&s, inner, &e), 0);
	close(fd[1]);				/* it has a copy */
	assert_int_equal(sink_write(s, 100, "second", 6, &e), 0);
	assert_int_equal(sink_write(s, 0, "first", 5, &e), 0);
	assert_int_equal(sink_commit(s, &ack, &e), 0);
	assert_int_equal(ack.level, ACK_SENT);	/* nobody vouched for it */
	sink_close(s);
	n = read_full(fd[0], got, sizeof(got));
	assert_true(n > 4096);
	check_pieces(got, (uint64_t)n, 0);
	close(fd[0]);
}

static void test_stream_errors(void **state)
{
	struct err e = { 0 };
	struct sink *s;
	int fd[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);		/* as save does */
	assert_int_equal(stream_sink_open(&s, -1, &e), -EBADF);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(stream_sink_open(&s, fd[1], &e), 0);
	assert_int_equal(sink_write(s, 1, "x", 1, &e), -ESPIPE);	/* there is no way to skip */
	close(fd[0]);
	assert_int_equal(sink_write(s, 0, "x", 1, &e), -EPIPE);
	assert_non_null(strstr(e.msg, "stream"));
	sink_close(s);
	close(fd[1]);
	signal(SIGPIPE, SIG_DFL);
}

/* ---- the archive behind a raw dump ---- */

static void make_device(int byte)
{
	char *bytes = malloc(DEVICE);
	int fd = open("dev", O_RDWR | O_CREAT, 0600);

	memset(bytes, byte, DEVICE);
	assert_int_equal(write_full(fd, bytes, DEVICE), 0);
	close(fd);
	free(bytes);
}

/* Put one entry; a negative length is kept as an incomplete one. */
static int put_entry(const char *name, uint64_t stamp, int len, struct err *e)
{
	char to[100], *bytes = malloc((size_t)abs(len) + 1);
	struct sink *s;
	struct ack ack;
	int rc;

	for (int i = 0; i < abs(len); i++)
		bytes[i] = (char)('a' + (i + name[0]) % 26);
	snprintf(to, sizeof(to), "raw:dev#%s", name);
	rc = sink_open(&s, to, stamp, true, e);
	if (!rc) {
		rc = sink_write(s, 0, bytes, (size_t)abs(len) / 2, e);
		if (!rc)
			rc = sink_write(s, (uint64_t)abs(len) / 2, bytes + abs(len) / 2,
					(size_t)abs(len) - (size_t)abs(len) / 2, e);
		if (!rc)
			rc = len < 0 ? sink_keep(s, e) : sink_commit(s, &ack, e);
		sink_close(s);
	}
	free(bytes);
	return rc;
}

/* What the real tar says is in it. */
static void listed(const char *want)
{
	char got[1000];
	FILE *p = popen("tail -c 4194304 dev | tar -tvf - | awk '{ print $6, $3 }'", "r");
	size_t n = fread(got, 1, sizeof(got) - 1, p);

	got[n] = 0;
	assert_int_equal(pclose(p), 0);
	assert_string_equal(got, want);
}

static void test_tail(void **state)
{
	struct err e = { 0 };
	char *got;
	size_t len;

	(void)state;
	make_device(0);
	assert_int_equal(put_entry("vmcore-dmesg.txt", STAMP, 1000, &e), 0);
	listed("vmcore-dmesg.txt 1000\n");
	assert_int_equal(put_entry("manifest.json", STAMP, 1024, &e), 0);
	assert_int_equal(put_entry("empty", STAMP, 0, &e), 0);
	assert_int_equal(put_entry("kexec-dmesg.log", STAMP, -777, &e), 0);
	listed("vmcore-dmesg.txt 1000\nmanifest.json 1024\nempty 0\nkexec-dmesg.log-incomplete 777\n");
	assert_int_equal(system("tail -c 4194304 dev | tar -xf -"), 0);
	assert_int_equal(read_file("vmcore-dmesg.txt", 1 << 20, &got, &len, NULL), 0);
	assert_int_equal(len, 1000);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(got[i], 'a' + (i + 'v') % 26);
	free(got);
}

/* What an earlier crash left goes, from the first entry on; so does one of the same name. */
static void test_tail_stale(void **state)
{
	struct err e = { 0 };

	(void)state;
	make_device(0);
	assert_int_equal(put_entry("old-1", STAMP - 100, 5000, &e), 0);
	assert_int_equal(put_entry("old-2", STAMP - 100, 5000, &e), 0);
	assert_int_equal(put_entry("new-1", STAMP, 300, &e), 0);
	listed("new-1 300\n");
	assert_int_equal(put_entry("new-2", STAMP, 300, &e), 0);
	assert_int_equal(put_entry("new-1", STAMP, 400, &e), 0);
	listed("new-1 400\n");
}

static void test_tail_rubbish(void **state)
{
	static const int bytes[] = { 0xff, 0x30, 'u' };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bytes); i++) {
		make_device(bytes[i]);
		assert_int_equal(put_entry("dmesg", STAMP, 100, &e), 0);
		listed("dmesg 100\n");
	}
}

static void test_tail_full(void **state)
{
	struct err e = { 0 };

	(void)state;
	make_device(0);
	assert_int_equal(put_entry("small", STAMP, 100, &e), 0);
	assert_int_equal(put_entry("large", STAMP, RAW_TAIL - 2048, &e), -ENOSPC);
	assert_non_null(strstr(e.msg, "write large to the end of dev"));
	listed("small 100\n");
	assert_int_equal(put_entry("fits", STAMP, RAW_TAIL - 4096, &e), 0);
	listed("small 100\nfits 4190208\n");
	assert_int_equal(put_entry("more", STAMP, 1000, &e), -ENOSPC);
	listed("small 100\nfits 4190208\n");
}

/* A header that is broken in the device's archive must not lead out of it. */
static void test_tail_hostile(void **state)
{
	static const char *const lengths[] = { "77777777777", "99999999999", "-1", "" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char head[512] = { 0 }, field[16];
		unsigned sum = 0;
		int fd;

		make_device(0);
		assert_int_equal(put_entry("entry", STAMP, 100, &e), 0);
		fd = open("dev", O_RDWR);
		assert_int_equal(pread(fd, head, 512, DEVICE - RAW_TAIL), 512);
		memset(head + 124, 0, 12);
		memcpy(head + 124, lengths[i], strlen(lengths[i]));
		memset(head + 148, ' ', 8);
		for (int b = 0; b < 512; b++)
			sum += (unsigned char)head[b];
		snprintf(field, sizeof(field), "%06o", sum);
		memcpy(head + 148, field, 7);
		assert_int_equal(pwrite(fd, head, 512, DEVICE - RAW_TAIL), 512);
		close(fd);
		assert_int_equal(put_entry("next", STAMP, 100, &e), 0);
	}
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat), cmocka_unit_test(test_flat_fails), cmocka_unit_test(test_flat_end_fails),
		cmocka_unit_test(test_stream), cmocka_unit_test(test_stream_errors), IN_DIRECTORY(test_tail),
		IN_DIRECTORY(test_tail_stale), IN_DIRECTORY(test_tail_rubbish), IN_DIRECTORY(test_tail_full),
		IN_DIRECTORY(test_tail_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
