/* fuzz_sftp - an SFTP server whose answers are the input: a file is called whole only if all say so. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ssh/sftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { QUEUE = 256, MAX_PACKET = 512 };

/* The server: it remembers the ids of what it was asked and answers from the input. */
struct server {
	struct stream s;
	const uint8_t *at;
	size_t   left;
	uint32_t ids[QUEUE];
	unsigned asked, answered;
	uint8_t  out[MAX_PACKET];
	size_t   out_len, out_at;
};

static uint8_t next(struct server *v)
{
	v->left--;
	return *v->at++;
}

/* A packet: its length, its type, how it is wrong, its body. Most are right but for the body. */
static void make_packet(struct server *v)
{
	uint8_t type = next(v), how = v->left ? next(v) : 0;
	size_t body = v->left ? next(v) : 0, n = 4;

	if (body > v->left)
		body = v->left;
	v->out[n++] = type;
	if (type != 2) {
		uint32_t id = v->answered < v->asked ? v->ids[v->answered++ % QUEUE] : 0;

		put_be64(v->out + n, (uint64_t)(how == 255 ? id + 1 : id) << 32);
		n += 4;
	}
	memcpy(v->out + n, v->at, body);
	n += body;
	v->at += body;
	v->left -= body;
	v->out[0] = v->out[1] = how == 254 ? 255 : 0;
	v->out[2] = (uint8_t)((n - 4) >> 8);
	v->out[3] = (uint8_t)(n - 4);
	v->out_len = n;
	v->out_at = 0;
}

static ssize_t server_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	struct server *v = (struct server *)s;
	size_t n;

	if (v->out_at == v->out_len) {
		if (!v->left)
			return err_set(e, -ECONNRESET, "the input ends");
		make_packet(v);
	}
	n = v->out_len - v->out_at < len ? v->out_len - v->out_at : len;
	memcpy(buf, v->out + v->out_at, n);
	v->out_at += n;
	return (ssize_t)n;
}

static int server_write(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct server *v = (struct server *)s;

	(void)e;
	if (len < 9 || get_be32(buf) != len - 4)
		abort();		/* one packet at a time, and of the length that it says */
	if (((const uint8_t *)buf)[4] != 1)
		v->ids[v->asked++ % QUEUE] = get_be32((const uint8_t *)buf + 5);
	return 0;
}

static int server_ready(struct stream *s, unsigned wait_ms)
{
	struct server *v = (struct server *)s;

	(void)wait_ms;
	return v->out_at < v->out_len || (v->left && v->asked != v->answered);
}

static int server_shutdown(struct stream *s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

static void server_close(struct stream *s)
{
	(void)s;
}

static const struct stream_ops ops = {
	.name = "fuzz", .read = server_read, .write = server_write, .ready = server_ready,
	.shutdown = server_shutdown, .close = server_close,
};

static void use(struct sftp *s, struct sftp *second)
{
	static uint8_t bytes[100000];
	struct sftp_file *f;
	struct sftp_attr attr;
	uint64_t space;
	int rc;

	sftp_stat(s, "/name", &attr, NULL);
	sftp_space(s, "/name", &space, NULL);
	sftp_mkdirs(s, "/one/two", NULL);
	if (sftp_create(&f, s, "/name", NULL))
		return;
	rc = sftp_write(f, 0, bytes, sizeof(bytes), NULL);
	if (!rc)
		rc = sftp_write(f, 10, bytes, 100, NULL);
	if (rc && second)
		rc = sftp_attach(f, second, NULL);
	if (!rc)
		rc = sftp_fsync(f, NULL);
	if (!rc && sftp_acked(f) < sizeof(bytes))
		abort();		/* synced, and not all of it acknowledged */
	if (!rc)
		rc = sftp_check_size(f, NULL);
	if (!rc)
		rc = sftp_file_close(f, NULL);
	if (!rc)
		sftp_rename(s, "/name", "/other", NULL);
	sftp_file_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct server a = { .s = { .ops = &ops }, .at = data, .left = len / 2 };
	struct server b = { .s = { .ops = &ops }, .at = data + len / 2, .left = len - len / 2 };
	struct sftp *s, *second = NULL;

	if (sftp_open(&s, &a.s, NULL))
		return 0;
	if (sftp_open(&second, &b.s, NULL))
		second = NULL;
	use(s, second);
	sftp_close(s);
	sftp_close(second);
	return 0;
}
