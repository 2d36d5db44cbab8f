/* chanstream - how is a channel read, written, ended? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "ssh/channel.h"

enum { SMALL = 4096 };	/* bytes of a write that may wait for company */

/* A wait on a channel: it ends when for idle_ms nothing moved, or at the deadline. */
struct patience {
	uint64_t since, seen;
};

/* One turn, unless the channel's time is over. moved: grows when something moved. */
static int turn(struct ssh_channel *c, struct patience *p, uint64_t moved, const char *act,
		struct err *e)
{
	uint64_t now = now_ms(), end = UINT64_MAX;
	int rc = ssh_check(c->ssh, e);

	if (rc)
		return rc;
	if (!p->since || moved != p->seen)
		*p = (struct patience){ now, moved };
	if (c->s.idle_ms)
		end = p->since + c->s.idle_ms;
	if (c->s.deadline_ms && c->s.deadline_ms < end)
		end = c->s.deadline_ms;
	if (now >= end)
		return err_say(e, -ETIMEDOUT, "%s the server's channel: no byte in %llu s", act,
			       (unsigned long long)(now - p->since) / 1000);
	return ssh_pump(c->ssh, end - now < 1000 ? (unsigned)(end - now) : 1000, e);
}

static ssize_t channel_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	struct ssh_channel *c = (struct ssh_channel *)s;
	struct patience p = { 0 };
	size_t n;
	int rc;

	while (!c->count) {
		if (c->eof_in)
			return 0;
		rc = turn(c, &p, c->err_len + c->may_send, "read from", e);
		if (rc)
			return rc;
	}
	n = c->ssh->opt.window - c->head;
	n = n < c->count ? n : c->count;
	n = n < len ? n : len;
	memcpy(buf, c->ring + c->head, n);
	c->head = (c->head + n) % c->ssh->opt.window;
	c->count -= n;
	c->taken += (uint32_t)n;
	if (c->taken >= c->ssh->opt.window / 2) {
		rc = ssh_pump(c->ssh, 0, e);
		if (rc)
			return rc;
	}
	return (ssize_t)n;
}

/* Writing to who does not listen any more. */
static int ended(struct ssh_channel *c, struct err *e)
{
	const char *words = ssh_channel_stderr(&c->s);
	char how[48] = "";

	if (c->exit.signal[0])
		snprintf(how, sizeof(how), " by signal %s", c->exit.signal);
	else if (c->exit.known)
		snprintf(how, sizeof(how), " with status %u", c->exit.status);
	return err_say(e, -EPIPE, "the server's command ended%s%s%.160s", how, *words ? ": " : "",
		       words);
}

/* Gather at most a packet of data where it will be sealed. */
static size_t put_data(struct ssh_channel *c, const void *buf, size_t len)
{
	struct wire_out o;

	if (len > c->may_send)
		len = (size_t)c->may_send;
	if (len > c->packet_max)
		len = c->packet_max;
	o = ssh_message(c->ssh, MSG_CHANNEL_DATA);
	wire_put_u32(&o, c->peer);
	wire_put_string(&o, buf, len);
	ssh_post(c->ssh, &o);
	c->may_send -= len;
	c->ssh->moved += len;
	return len;
}

static int channel_write(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct ssh_channel *c = (struct ssh_channel *)s;
	struct ssh *ssh = c->ssh;
	struct patience p = { 0 };
	bool small = len < SMALL;
	const uint8_t *at = buf;
	int rc;

	for (;;) {
		if (c->close_in || c->close_out || c->eof_out)
			return ended(c, e);
		if (len && c->may_send && ssh->out_end < SSH_OUT_FLUSH && !ssh->broken.code &&
		    !ssh_kex_due(ssh)) {
			size_t n = put_data(c, at, len);

			at += n;
			len -= n;
			continue;
		}
		if (!len && (small || !ssh->out_end))
			return ssh_check(ssh, e);
		/* Keepalives move too: they are no progress of who waits for the window. */
		rc = turn(c, &p, len && !c->may_send ? 0 : ssh->tcp->out + 1, "write to", e);
		if (rc)
			return rc;
	}
}

static int channel_ready(struct stream *s, unsigned wait_ms)
{
	struct ssh_channel *c = (struct ssh_channel *)s;
	uint64_t end = now_ms() + wait_ms, now;
	struct err e = { 0 };

	for (;;) {
		if (c->count || c->eof_in || c->ssh->broken.code)
			return 1;
		now = now_ms();
		if (ssh_pump(c->ssh, now < end ? (unsigned)(end - now) : 0, &e) || c->count ||
		    c->eof_in)
			return 1;
		if (now >= end)
			return 0;
	}
}

static int channel_shutdown(struct stream *s, struct err *e)
{
	struct ssh_channel *c = (struct ssh_channel *)s;
	int rc = ssh_check(c->ssh, e);

	if (!rc && !ssh_room(c->ssh, 64))
		rc = ssh_flush(c->ssh, e);
	if (rc || c->eof_out || c->close_out)
		return rc;
	ssh_channel_say(c, MSG_CHANNEL_EOF);
	c->eof_out = true;
	return ssh_flush(c->ssh, e);
}

/* The memory goes when the server has closed it too, or with the connection. */
static void channel_close(struct stream *s)
{
	struct ssh_channel *c = (struct ssh_channel *)s;
	struct err e = { 0 };

	/* Not abandoned before the flush: what it receives could free the channel. */
	if (!c->ssh->broken.code && !c->close_out &&
	    (ssh_room(c->ssh, 64) || !ssh_flush(c->ssh, &e)) && !c->close_out) {
		ssh_channel_say(c, MSG_CHANNEL_CLOSE);
		c->close_out = true;
	}
	c->abandoned = true;
	c->taken += (uint32_t)c->count;
	c->count = 0;
	if (c->ssh->broken.code || c->close_in)
		ssh_channel_drop(c);
	else
		ssh_pump(c->ssh, 0, &e);
}

const struct stream_ops ssh_channel_ops = {
	.name = "ssh", .read = channel_read, .write = channel_write, .ready = channel_ready,
	.shutdown = channel_shutdown, .close = channel_close,
};

int ssh_channel_status(struct stream *s, struct ssh_exit *out, struct err *e)
{
	struct ssh_channel *c = (struct ssh_channel *)s;
	struct patience p = { 0 };
	uint64_t skipped = 0;
	int rc = c->close_in ? 0 : channel_shutdown(s, e);

	while (!rc && !c->close_in) {
		skipped += c->count;
		c->taken += (uint32_t)c->count;
		c->count = 0;
		rc = turn(c, &p, skipped + c->err_len, "wait for", e);
	}
	*out = c->exit;
	return rc;
}

const char *ssh_channel_stderr(struct stream *s)
{
	struct ssh_channel *c = (struct ssh_channel *)s;
	size_t n = c->err_len < SSH_STDERR_KEPT ? c->err_len : SSH_STDERR_KEPT;

	for (size_t i = 0; i < n; i++)
		c->err_text[i] = (char)c->err_tail[(c->err_len - n + i) % SSH_STDERR_KEPT];
	while (n && (c->err_text[n - 1] == '\n' || c->err_text[n - 1] == '\r'))
		n--;
	for (size_t i = 0; i < n; i++)
		if (c->err_text[i] == '\n')
			c->err_text[i] = ' ';
	ssh_printable(c->err_text, n + 1, c->err_text, n);
	return c->err_text;
}
