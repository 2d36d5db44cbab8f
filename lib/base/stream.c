/* stream - how are bytes moved over a socket without waiting for ever? */
/* SPDX-License-Identifier: MIT */
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"

enum { IDLE_MS = 60000 };

struct socket_stream {
	struct stream s;
	int  fd;
	char peer[128];
};

ssize_t stream_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	ssize_t n = s->ops->read(s, buf, len, e);

	if (n > 0)
		s->in += (uint64_t)n;
	return n;
}

int stream_read_full(struct stream *s, void *buf, size_t len, struct err *e)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = stream_read(s, (char *)buf + got, len - got, e);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return err_say(e, -ECONNRESET, "the peer ended after %zu of %zu bytes", got, len);
		got += (size_t)n;
	}
	return 0;
}

int stream_write(struct stream *s, const void *buf, size_t len, struct err *e)
{
	int rc = len ? s->ops->write(s, buf, len, e) : 0;

	if (!rc)
		s->out += len;
	return rc;
}

int stream_ready(struct stream *s, unsigned wait_ms)
{
	return s->ops->ready(s, wait_ms);
}

ssize_t stream_write_some(struct stream *s, const void *buf, size_t len, struct err *e)
{
	ssize_t n;

	if (!s->ops->write_some) {
		int rc = stream_write(s, buf, len, e);

		return rc ? rc : (ssize_t)len;
	}
	n = len ? s->ops->write_some(s, buf, len, e) : 0;
	if (n > 0)
		s->out += (uint64_t)n;
	return n;
}

int stream_wait(struct stream *s, int events, unsigned wait_ms)
{
	if (s->ops->wait)
		return s->ops->wait(s, events, wait_ms);
	if (events & STREAM_OUT)
		return STREAM_OUT | (events & STREAM_IN && stream_ready(s, 0) ? STREAM_IN : 0);
	return stream_ready(s, wait_ms) ? STREAM_IN : 0;
}

int stream_shutdown(struct stream *s, struct err *e)
{
	return s->ops->shutdown(s, e);
}

void stream_close(struct stream *s)
{
	if (s)
		s->ops->close(s);
}

/* Milliseconds a wait that began at since may still take, -1: for ever. */
static int time_left(const struct stream *s, uint64_t since)
{
	uint64_t now = now_ms(), end = UINT64_MAX;

	if (s->idle_ms)
		end = since + s->idle_ms;
	if (s->deadline_ms && s->deadline_ms < end)
		end = s->deadline_ms;
	if (end == UINT64_MAX)
		return -1;
	if (end <= now)
		return 0;
	return end - now < 1 << 30 ? (int)(end - now) : 1 << 30;
}

/* Wait until the socket can do what events say. since: when it last did. */
static int wait_for(struct socket_stream *t, short events, uint64_t since, const char *act, struct err *e)
{
	struct pollfd p = { .fd = t->fd, .events = events };

	for (;;) {
		int left = time_left(&t->s, since);
		int n = poll(&p, 1, left);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_set(e, -errno, "wait for %s", t->peer);
		if (n == 0 && left < 1 << 30)
			return err_say(e, -ETIMEDOUT, "%s %s: no byte in %llu s", act, t->peer,
				       (unsigned long long)(now_ms() - since) / 1000);
	}
}

static ssize_t socket_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	struct socket_stream *t = (struct socket_stream *)s;
	uint64_t since = now_ms();

	for (;;) {
		ssize_t n = recv(t->fd, buf, len, 0);
		int rc;

		if (n >= 0)
			return n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_set(e, -errno, "read from %s", t->peer);
		rc = wait_for(t, POLLIN, since, "read from", e);
		if (rc)
			return rc;
	}
}

static int socket_write(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct socket_stream *t = (struct socket_stream *)s;
	const char *at = buf;
	uint64_t since = now_ms();

	while (len) {
		ssize_t n = send(t->fd, at, len, MSG_NOSIGNAL);
		int rc;

		if (n > 0) {
			at += n;
			len -= (size_t)n;
			since = now_ms();
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return err_set(e, -errno, "write to %s", t->peer);
		rc = wait_for(t, POLLOUT, since, "write to", e);
		if (rc)
			return rc;
	}
	return 0;
}

static ssize_t socket_write_some(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct socket_stream *t = (struct socket_stream *)s;
	ssize_t n;

	do
		n = send(t->fd, buf, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	return n < 0 ? err_set(e, -errno, "write to %s", t->peer) : n;
}

static int socket_wait(struct stream *s, int events, unsigned wait_ms)
{
	struct socket_stream *t = (struct socket_stream *)s;
	struct pollfd p = { .fd = t->fd };
	int can = 0;

	if (events & STREAM_IN)
		p.events |= POLLIN;
	if (events & STREAM_OUT)
		p.events |= POLLOUT;
	if (poll(&p, 1, wait_ms < 1 << 30 ? (int)wait_ms : 1 << 30) <= 0)
		return 0;
	if (p.revents & ~POLLOUT)	/* an error is read */
		can |= STREAM_IN;
	if (p.revents & ~POLLIN)
		can |= STREAM_OUT;
	return can & events;
}

static int socket_ready(struct stream *s, unsigned wait_ms)
{
	return socket_wait(s, STREAM_IN, wait_ms) > 0;
}

static int socket_shutdown(struct stream *s, struct err *e)
{
	struct socket_stream *t = (struct socket_stream *)s;

	return shutdown(t->fd, SHUT_WR) ? err_set(e, -errno, "end the connection to %s", t->peer) : 0;
}

static void socket_close(struct stream *s)
{
	struct socket_stream *t = (struct socket_stream *)s;

	close(t->fd);
	free(t);
}

int stream_socket(struct stream **out, int fd, const char *peer, struct err *e)
{
	static const struct stream_ops ops = {
		"tcp", socket_read, socket_write, socket_ready, socket_shutdown, socket_close,
		socket_write_some, socket_wait,
	};
	struct socket_stream *t = calloc(1, sizeof(*t));

	if (!t) {
		close(fd);
		return err_set(e, -ENOMEM, "connection to %s", peer);
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	t->s = (struct stream){ .ops = &ops, .idle_ms = IDLE_MS };
	t->fd = fd;
	snprintf(t->peer, sizeof(t->peer), "%s", peer);
	*out = &t->s;
	return 0;
}
