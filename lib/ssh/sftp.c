/* sftp - how does a client ask an SFTP server, and what does it believe? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "ssh/sftpwire.h"

enum { VERSION = 3, MIN_WRITE = 1024 };

int sftp_break(struct sftp *s, const struct err *e)
{
	s->broken = true;
	s->why = *e;
	if (!s->why.code)
		err_say(&s->why, -EPROTO, "the SFTP session is broken");
	return s->why.code;
}

int sftp_violation(struct sftp *s, const char *what, struct err *e)
{
	struct err own;

	e = e ? e : &own;
	err_say(e, -EPROTO, "the SFTP server breaks the protocol: %s", what);
	return sftp_break(s, e);
}

int sftp_send(struct sftp *s, const void *buf, size_t len, struct err *e)
{
	struct err own = { 0 };
	int rc;

	e = e ? e : &own;
	if (s->broken) {
		*e = s->why;
		return e->code;
	}
	rc = stream_write(s->stream, buf, len, e);
	return rc ? sftp_break(s, e) : 0;
}

void sftp_begin(struct sftp *s, struct sftp_request *r, uint8_t type)
{
	r->o = (struct wire_out){ .buf = r->buf, .size = sizeof(r->buf) };
	r->id = s->lead->next_id++;
	wire_put_u32(&r->o, 0);
	wire_put_u8(&r->o, type);
	wire_put_u32(&r->o, r->id);
}

void sftp_begin_extended(struct sftp *s, struct sftp_request *r, const char *name)
{
	sftp_begin(s, r, FXP_EXTENDED);
	wire_put_text(&r->o, name);
}

static int send_request(struct sftp *s, struct sftp_request *r, const char *act, const char *path,
			struct err *e)
{
	struct wire_out head = { .buf = r->buf, .size = 4 };

	if (r->o.full)
		return err_set(e, -ENAMETOOLONG, "%s %.60s...", act, path);
	wire_put_u32(&head, (uint32_t)r->o.len - 4);
	return sftp_send(s, r->buf, r->o.len, e);
}

/* Read one packet: its type, and its body behind the type. */
static int receive(struct sftp *s, uint8_t *type, struct wire *body, struct err *e)
{
	struct err own = { 0 };
	uint8_t head[4];
	uint32_t len;
	int rc;

	e = e ? e : &own;
	if (s->broken) {
		*e = s->why;
		return e->code;
	}
	rc = stream_read_full(s->stream, head, sizeof(head), e);
	if (rc)
		return sftp_break(s, e);
	len = get_be32(head);
	if (!len || len > SFTP_MAX_REPLY)
		return sftp_violation(s, "a reply of an absurd length", e);
	rc = stream_read_full(s->stream, s->in, len, e);
	if (rc)
		return sftp_break(s, e);
	*body = wire_over(s->in, len);
	*type = wire_u8(body);
	return 0;
}

/* Read one reply. 1: it is the one to want, 0: it was that of a write, else the session's error. */
static int take(struct sftp *s, const uint32_t *want, uint8_t *type, struct wire *body, struct err *e)
{
	uint32_t id;
	int rc = receive(s, type, body, e);

	if (rc)
		return rc;
	id = wire_u32(body);
	if (body->bad)
		return sftp_violation(s, "a reply without an id", e);
	if (want && id == *want)
		return 1;
	if (*type != FXP_STATUS || !sftp_answer(s, id, body))
		return sftp_violation(s, "an answer to a question that was not asked", e);
	return 0;
}

int sftp_take(struct sftp *s, struct err *e)
{
	struct wire body;
	uint8_t type;

	return take(s, NULL, &type, &body, e);
}

int sftp_status(struct wire *w, const char *act, const char *path, struct err *e)
{
	static const int codes[] = { 0, -ENODATA, -ENOENT, -EACCES, -EIO, -EBADMSG, -ENOTCONN, -ECONNRESET,
				     -EOPNOTSUPP };
	uint32_t code = wire_u32(w);
	struct wire_str words = wire_string(w);
	char text[80];
	size_t n = 0;

	if (code == 0)
		return 0;
	for (; n < words.len && n + 1 < sizeof(text); n++)
		text[n] = words.p[n] >= ' ' && words.p[n] < 127 ? (char)words.p[n] : '?';
	text[n] = 0;
	return err_set(e, code < sizeof(codes) / sizeof(*codes) ? codes[code] : -EIO, "%s %s on the server (\"%s\")",
		       act, path, n ? text : "no reason");
}

int sftp_ask(struct sftp *s, struct sftp_request *r, uint8_t want, unsigned idle_ms, struct wire *out,
	     const char *act, const char *path, struct err *e)
{
	unsigned usual = s->stream->idle_ms;
	uint64_t since = now_ms();
	struct wire body;
	uint8_t type;
	int rc = send_request(s, r, act, path, e);

	if (rc)
		return rc;
	if (idle_ms > usual)
		s->stream->idle_ms = idle_ms;
	do
		rc = take(s, &r->id, &type, &body, e);
	while (!rc);
	s->stream->idle_ms = usual;
	if (rc < 0)
		return err_add(e, "%s %s", act, path);
	if (now_ms() - since < s->round_trip_ms)
		s->round_trip_ms = now_ms() - since;
	if (type == FXP_STATUS) {
		struct wire status = body;

		wire_u32(&status);
		if (status.bad)
			return sftp_violation(s, "a status without a code", e);
		rc = sftp_status(&body, act, path, e);
		if (rc || want == FXP_STATUS)
			return rc;
		return sftp_violation(s, "success where a value was asked for", e);
	}
	if (type != want)
		return sftp_violation(s, "an answer of another kind", e);
	*out = body;
	return 0;
}

/* The extensions that we use, by name and version. */
static unsigned read_extensions(struct wire *w)
{
	static const struct { const char *name, *version; unsigned bit; } ours[] = {
		{ "fsync@openssh.com", "1", SFTP_FSYNC }, { "posix-rename@openssh.com", "1", SFTP_POSIX_RENAME },
		{ "statvfs@openssh.com", "2", SFTP_STATVFS }, { "limits@openssh.com", "1", SFTP_LIMITS },
	};
	unsigned found = 0;

	while (w->left && !w->bad) {
		struct wire_str name = wire_string(w), version = wire_string(w);

		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			if (wire_is(name, ours[i].name) && wire_is(version, ours[i].version))
				found |= ours[i].bit;
	}
	return found;
}

/* How much a write may have: 0 is "no limit" in OpenSSH's PROTOCOL. */
static int read_limits(struct sftp *s, struct err *e)
{
	struct sftp_request r;
	struct wire w;
	uint64_t packet, write;
	int rc;

	sftp_begin_extended(s, &r, "limits@openssh.com");
	rc = sftp_ask(s, &r, FXP_EXTENDED_REPLY, 0, &w, "ask for", "limits", e);
	if (rc)
		return s->broken ? rc : 0;
	packet = wire_u64(&w);
	wire_u64(&w);				/* of a read */
	write = wire_u64(&w);
	wire_u64(&w);				/* open handles */
	if (w.bad || (packet && packet < SFTP_HEAD + MIN_WRITE) || (write && write < MIN_WRITE))
		return sftp_violation(s, "limits that allow nothing", e);
	if (write)
		s->max_write = write < SFTP_WINDOW ? (uint32_t)write : SFTP_WINDOW;
	if (packet && packet - SFTP_HEAD < s->max_write)
		s->max_write = (uint32_t)packet - SFTP_HEAD;
	return 0;
}

static int start(struct sftp *s, struct err *e)
{
	static const uint8_t init[] = { 0, 0, 0, 5, FXP_INIT, 0, 0, 0, VERSION };
	struct wire w;
	uint32_t version;
	uint8_t type;
	int rc = sftp_send(s, init, sizeof(init), e);

	if (!rc)
		rc = receive(s, &type, &w, e);
	if (rc)
		return rc;
	version = wire_u32(&w);
	if (type != FXP_VERSION || w.bad)
		return sftp_violation(s, "no version comes first", e);
	if (version != VERSION) {
		err_say(e, -EPROTO, "the server speaks SFTP version %u, %d is wanted", version, VERSION);
		return sftp_break(s, e);
	}
	s->ext = read_extensions(&w);
	if (w.bad)
		return sftp_violation(s, "a list of extensions that is cut", e);
	return s->ext & SFTP_LIMITS ? read_limits(s, e) : 0;
}

int sftp_open(struct sftp **out, struct stream *stream, struct err *e)
{
	struct sftp *s = calloc(1, sizeof(*s));
	struct err own = { 0 };
	int rc;

	if (!s)
		return err_set(e, -ENOMEM, "start SFTP");
	s->stream = stream;
	s->lead = s;
	s->round_trip_ms = UINT64_MAX;
	s->max_write = SFTP_SAFE_WRITE;
	rc = start(s, e ? e : &own);
	if (rc) {
		free(s);
		return err_add(e, "start SFTP"), rc;
	}
	*out = s;
	return 0;
}

bool sftp_broken(const struct sftp *s)
{
	return s->broken;
}

uint64_t sftp_round_trip_ms(const struct sftp *s)
{
	return s->round_trip_ms;
}

unsigned sftp_extensions(const struct sftp *s)
{
	return s->ext;
}
