/* packet - how do messages become packets in buffers, and come out of them? RFC 4253 section 6 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "ssh/crypto.h"
#include "ssh/session.h"

int ssh_break(struct ssh *s, struct err *e, int code, const char *fmt, ...)
{
	char text[sizeof(s->broken.msg)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!s->broken.code)
		err_say(&s->broken, code, "%s", text);
	return ssh_check(s, e);
}

int ssh_check(struct ssh *s, struct err *e)
{
	if (s->broken.code && e && e != &s->broken)
		*e = s->broken;
	return s->broken.code;
}

/* What an error of the stream below leaves. */
static int lost(struct ssh *s, struct err *e, const struct err *why)
{
	return ssh_break(s, e, why->code, "%s", why->msg);
}

bool ssh_room(const struct ssh *s, size_t len)
{
	return SSH_OUT_SIZE - s->out_end >= len + 1 + SSH_PADDING_MAX + SSH_PACKET_EXTRA;
}

struct wire_out ssh_message(struct ssh *s, uint8_t type)
{
	struct wire_out o = { .buf = s->out_buf + s->out_end + 5 };

	o.size = SSH_OUT_SIZE - s->out_end - 5 - SSH_PADDING_MAX - SSH_PACKET_EXTRA;
	wire_put_u8(&o, type);
	return o;
}

/* Padding need not be secret, only random: one call of the kernel serves several packets. */
static const uint8_t *padding(struct ssh *s)
{
	if (s->pad_left < SSH_PADDING_MAX) {
		ssh_random(s->pad, sizeof(s->pad));
		s->pad_left = sizeof(s->pad);
	}
	s->pad_left -= SSH_PADDING_MAX;
	return s->pad + s->pad_left;
}

void ssh_post(struct ssh *s, const struct wire_out *o)
{
	size_t len =
		ssh_cipher_seal(&s->out, s->out_seq++, s->out_buf + s->out_end, o->len, padding(s));

	s->out_end += len;
	s->out_bytes += len;
	s->out_packets++;
}

static int send_some(struct ssh *s, struct err *e)
{
	struct err why = { 0 };
	ssize_t n;

	if (s->out_start == s->out_end)
		return 0;
	n = stream_write_some(s->tcp, s->out_buf + s->out_start, s->out_end - s->out_start, &why);
	if (n < 0)
		return lost(s, e, &why);
	s->out_start += (size_t)n;
	if (s->out_start == s->out_end)
		s->out_start = s->out_end = 0;
	return 0;
}

static int receive(struct ssh *s, struct err *e)
{
	struct err why = { 0 };
	ssize_t n;

	if (s->in_start) {
		memmove(s->in_buf, s->in_buf + s->in_start, s->in_end - s->in_start);
		s->in_end -= s->in_start;
		s->in_start = 0;
	}
	if (s->in_end == SSH_IN_SIZE)
		return 0;
	n = stream_read(s->tcp, s->in_buf + s->in_end, SSH_IN_SIZE - s->in_end, &why);
	if (n < 0)
		return lost(s, e, &why);
	if (!n)
		return ssh_break(s, e, -ECONNRESET, "the server closed the connection%s",
				 s->session_id_len ? "" : " during the key exchange");
	s->in_end += (size_t)n;
	s->heard_ms = now_ms();
	s->unanswered = 0;
	return 0;
}

int ssh_move(struct ssh *s, unsigned wait_ms, struct err *e)
{
	bool sends = s->out_end;
	int can, rc = send_some(s, e);

	if (rc)
		return rc;
	if (sends && !s->out_end)
		wait_ms = 0;	/* all is sent: who waited for that goes on */
	if (s->out_start > SSH_OUT_SIZE / 2) {
		memmove(s->out_buf, s->out_buf + s->out_start, s->out_end - s->out_start);
		s->out_end -= s->out_start;
		s->out_start = 0;
	}
	can = stream_wait(s->tcp, STREAM_IN | (s->out_end ? STREAM_OUT : 0), wait_ms);
	if (can & STREAM_OUT)
		rc = send_some(s, e);
	if (!rc && can & STREAM_IN)
		rc = receive(s, e);
	return rc;
}

int ssh_next(struct ssh *s, const uint8_t **payload, size_t *len, struct err *e)
{
	uint8_t *p = s->in_buf + s->in_start;
	size_t have = s->in_end - s->in_start, size;
	uint32_t packet;
	int rc;

	if (have < ssh_cipher_head(&s->in))
		return 0;
	if (ssh_cipher_length(&s->in, s->in_seq, p, &packet))
		return ssh_break(s, e, -EPROTO,
				 "packet %u of the server says it has %u bytes: damaged, or no SSH",
				 s->in_seq, packet);
	size = ssh_cipher_size(&s->in, packet);
	if (have < size)
		return 0;
	rc = ssh_cipher_open(&s->in, s->in_seq, p, packet, len);
	if (rc)
		return ssh_break(
			s, e, rc,
			rc == -EBADMSG
				? "packet %u of the server was changed on the way: its MAC is wrong"
				: "packet %u of the server has wrong padding",
			s->in_seq);
	*payload = p + 5;
	s->in_start += size;
	s->in_seq++;
	s->in_bytes += size;
	s->in_packets++;
	return 1;
}

void ssh_printable(char *dst, size_t size, const void *src, size_t len)
{
	const uint8_t *p = src;
	size_t n = 0;

	for (; n + 1 < size && n < len; n++)
		dst[n] = (char)(p[n] >= ' ' && p[n] < 0x7f ? p[n] : '?');
	dst[n] = '\0';
}
