/* fuzz_sftp - an SFTP server whose answers are the input: a file is called whole only if all say so. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ssh/sftp.h"
#include "ssh/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { QUEUE = 256, MAX_PACKET = 40000, WRITTEN = 100000 };
enum { INIT = 1, OPEN = 3, READ = 5, FSTAT = 8, STAT = 17, STATUS = 101, HANDLE, DATA, ATTRS = 105, EXTENDED = 200,
       EXTENDED_REPLY };

struct question {
	uint32_t id;
	uint8_t  type;
	char     name;		/* first letter of an extension */
};

/* The server: it knows the right answer to what it was asked, and the input says how it gives another one. */
struct server {
	struct stream s;
	const uint8_t *at;
	size_t   left;
	struct question questions[QUEUE];
	unsigned asked, answered;
	uint8_t  out[MAX_PACKET];
	size_t   out_len, out_at;
};

static uint8_t next(struct server *v)
{
	if (!v->left)
		return 0;
	v->left--;
	return *v->at++;
}

static void answer(struct wire_out *o, const struct question *q, const struct server *v)
{
	static const uint8_t zeros[32768];

	switch (q->type) {
	case STAT:
	case FSTAT:
		wire_put_u32(o, 1);
		wire_put_u64(o, WRITTEN);
		break;
	case OPEN:
		wire_put_text(o, "handle");
		break;
	case READ:
		wire_put_string(o, zeros, 16384 + (v->left & 16384));
		break;
	case EXTENDED:
		for (int i = 0; i < 11 && (q->name == 's' || q->name == 'l'); i++)
			wire_put_u64(o, 100000);
		if (q->name == 's' || q->name == 'l')
			break;
		/* fall through */
	default:
		wire_put_u32(o, 0);
		wire_put_text(o, "");
		wire_put_text(o, "");
	}
}

static void make_packet(struct server *v)
{
	static const struct question none = { 0, 0, 0 };
	const struct question *q = v->answered < v->asked ? &v->questions[v->answered++ % QUEUE] : &none;
	struct wire_out o = { .buf = v->out, .size = sizeof(v->out) };
	uint8_t how = next(v);

	wire_put_u32(&o, 0);
	wire_put_u8(&o, q->type == INIT ? 2 : q->type == STAT || q->type == FSTAT ? ATTRS : q->type == OPEN ? HANDLE :
		    q->type == READ ? DATA : q->name == 's' || q->name == 'l' ? EXTENDED_REPLY : STATUS);
	wire_put_u32(&o, q->type == INIT ? 3 : q->id);
	if (q->type == INIT) {
		wire_put_text(&o, "fsync@openssh.com");
		wire_put_text(&o, how & 1 ? "1" : "2");
		wire_put_text(&o, "statvfs@openssh.com");
		wire_put_text(&o, "2");
		wire_put_text(&o, "limits@openssh.com");
		wire_put_text(&o, how & 2 ? "1" : "2");
		wire_put_text(&o, "posix-rename@openssh.com");
		wire_put_text(&o, how & 4 ? "1" : "2");
	} else {
		answer(&o, q, v);
	}
	v->out[2] = (uint8_t)((o.len - 4) >> 8);
	v->out[3] = (uint8_t)(o.len - 4);
	if (how >= 128)
		for (int i = how & 3; i >= 0; i--) {
			size_t place = next(v) % (o.len < 64 ? o.len : 64);

			v->out[place] ^= next(v);
		}
	v->out_len = o.len;
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
	struct question *q = &v->questions[v->asked % QUEUE];

	(void)e;
	if (len < 9 || get_be32(buf) != len - 4)
		abort();		/* one packet at a time, and of the length that it says */
	q->type = ((const uint8_t *)buf)[4];
	q->id = get_be32((const uint8_t *)buf + 5);
	q->name = q->type == EXTENDED && len > 13 ? ((const char *)buf)[13] : 0;
	v->asked++;
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
	static uint8_t bytes[WRITTEN];
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
		rc = sftp_attach(f, second, NULL) ? -1 : sftp_write(f, 0, bytes, sizeof(bytes), NULL);
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
	static struct server a, b;
	struct sftp *s, *second = NULL;

	a = (struct server){ .s = { .ops = &ops }, .at = data, .left = len / 2 };
	b = (struct server){ .s = { .ops = &ops }, .at = data + len / 2, .left = len - len / 2 };
	if (sftp_open(&s, &a.s, NULL))
		return 0;
	if (sftp_open(&second, &b.s, NULL))
		second = NULL;
	use(s, second);
	sftp_close(s);
	sftp_close(second);
	return 0;
}
