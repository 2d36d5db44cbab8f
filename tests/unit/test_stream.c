/* test_stream - does a stream over a socket move all bytes and never wait for ever? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/stream.h"

struct pair {
	struct stream *s;
	int peer;
};

static int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(stream_socket(&p->s, fds[0], "the peer", NULL), 0);
	p->peer = fds[1];
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	stream_close(p->s);
	if (p->peer >= 0)
		close(p->peer);
	free(p);
	return 0;
}

enum { MANY = 4 << 20 };

static void *drain(void *arg)
{
	static char buf[65536];
	size_t sum = 0;
	ssize_t n;

	while ((n = read(*(int *)arg, buf, sizeof(buf))) > 0)
		sum += (size_t)n;
	return (void *)sum;
}

static void writes_more_than_a_buffer_holds(void **state)
{
	struct pair *p = *state;
	char *buf = calloc(1, MANY);
	pthread_t thread;
	void *sum;

	pthread_create(&thread, NULL, drain, &p->peer);
	assert_int_equal(stream_write(p->s, buf, MANY, NULL), 0);
	assert_int_equal(stream_shutdown(p->s, NULL), 0);
	pthread_join(thread, &sum);
	assert_int_equal((size_t)sum, MANY);
	assert_int_equal(p->s->out, MANY);
	free(buf);
}

static void reads_what_is_there_then_the_end(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };
	char buf[16];

	assert_int_equal(stream_ready(p->s, 0), 0);
	assert_int_equal(write(p->peer, "abcdef", 6), 6);
	assert_int_equal(stream_ready(p->s, 1000), 1);
	assert_int_equal(stream_read(p->s, buf, 2, NULL), 2);
	assert_int_equal(stream_read_full(p->s, buf + 2, 4, NULL), 0);
	assert_memory_equal(buf, "abcdef", 6);
	assert_int_equal(write(p->peer, "xy", 2), 2);
	close(p->peer);
	p->peer = -1;
	assert_int_equal(stream_read_full(p->s, buf, 3, &e), -ECONNRESET);
	assert_string_equal(e.msg, "the peer ended after 2 of 3 bytes");
	assert_int_equal(stream_read(p->s, buf, 3, NULL), 0);
	assert_int_equal(p->s->in, 8);
}

static void a_silent_peer_is_given_up(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };
	char buf[8];

	p->s->idle_ms = 20;
	assert_int_equal(stream_read(p->s, buf, 8, &e), -ETIMEDOUT);
	assert_string_equal(e.msg, "read from the peer: no byte in 0 s");
	p->s->idle_ms = 0;
	p->s->deadline_ms = now_ms() + 20;
	assert_int_equal(stream_read(p->s, buf, 8, &e), -ETIMEDOUT);
}

static void a_peer_that_does_not_read_is_given_up(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };
	char *buf = calloc(1, MANY);

	p->s->idle_ms = 20;
	assert_int_equal(stream_write(p->s, buf, MANY, &e), -ETIMEDOUT);
	assert_string_equal(e.msg, "write to the peer: no byte in 0 s");
	free(buf);
}

static void what_can_be_taken_now_is_taken_while_reading_goes_on(void **state)
{
	struct pair *p = *state;
	char *buf = calloc(1, MANY);
	ssize_t n, sum = 0;

	assert_int_equal(stream_wait(p->s, STREAM_IN | STREAM_OUT, 1000), STREAM_OUT);
	while ((n = stream_write_some(p->s, buf, MANY, NULL)) > 0)
		sum += n;
	assert_int_equal(n, 0);
	assert_true(sum > 0 && sum < MANY);
	assert_int_equal(p->s->out, sum);
	assert_int_equal(stream_wait(p->s, STREAM_IN | STREAM_OUT, 0), 0);
	assert_int_equal(write(p->peer, "x", 1), 1);
	assert_int_equal(stream_wait(p->s, STREAM_IN | STREAM_OUT, 1000), STREAM_IN);
	close(p->peer);
	p->peer = -1;
	assert_int_equal(stream_wait(p->s, STREAM_OUT, 1000), STREAM_OUT);
	assert_int_equal(stream_write_some(p->s, buf, 1, NULL), -EPIPE);
	free(buf);
}

static void a_peer_that_is_gone_is_an_error_and_no_signal(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };

	close(p->peer);
	p->peer = -1;
	assert_int_equal(stream_write(p->s, "x", 1, &e), -EPIPE);
	assert_string_equal(e.msg, "write to the peer: Broken pipe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_more_than_a_buffer_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_what_is_there_then_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_silent_peer_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_peer_that_does_not_read_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(what_can_be_taken_now_is_taken_while_reading_goes_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_peer_that_is_gone_is_an_error_and_no_signal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
