/* transport - how does a connection begin, go on and end? RFC 4253 section 11, RFC 8308 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "ssh/crypto.h"
#include "ssh/negotiate.h"

enum {
	KEEPALIVES = 4,			/* without an answer: dead */
	GOODBYE_MS = 500,
};

/* RFC 4253 section 11.1. */
static const char *const reasons[] = {
	[1] = "host not allowed to connect",
	[2] = "protocol error",
	[3] = "key exchange failed",
	[5] = "MAC error",
	[6] = "compression error",
	[7] = "service not available",
	[8] = "protocol version not supported",
	[9] = "host key not verifiable",
	[10] = "connection lost",
	[11] = "by application",
	[12] = "too many connections",
	[13] = "authentication cancelled",
	[14] = "no more authentication methods",
	[15] = "illegal user name",
};

int ssh_peer_left(struct ssh *s, struct wire w, struct err *e)
{
	uint32_t code = wire_u32(&w);
	struct wire_str text = wire_string(&w);
	bool known = code < sizeof(reasons) / sizeof(*reasons) && reasons[code];
	char words[160];

	ssh_printable(words, sizeof(words), text.p, text.len);
	return ssh_break(s, e, -ECONNRESET, "the server ended the connection: %s%s%s (%u)",
			 known ? reasons[code] : "", known && *words ? ": " : "", words, code);
}

int ssh_owe(struct ssh *s, uint8_t message, uint32_t number, struct err *e)
{
	if (s->nr_owed == SSH_OWED)
		return ssh_break(s, e, -EPROTO, "the server asks faster than it takes answers");
	s->owed[s->nr_owed++] = (struct ssh_owed){ message, number };
	return 0;
}

/* server-sig-algs is what we use of the extensions. */
static int ext_info(struct ssh *s, struct wire w, struct err *e)
{
	uint32_t n = wire_u32(&w);

	while (n-- && !w.bad) {
		struct wire_str name = wire_string(&w), value = wire_string(&w);

		if (wire_is(name, "server-sig-algs") && value.len < sizeof(s->sig_algs))
			ssh_printable(s->sig_algs, sizeof(s->sig_algs), value.p, value.len);
	}
	return w.bad || w.left ? ssh_break(s, e, -EPROTO, "the server's EXT_INFO is damaged") : 0;
}

static int global_request(struct ssh *s, struct wire w, struct err *e)
{
	wire_string(&w);
	if (wire_u8(&w) && !w.bad)
		return ssh_owe(s, MSG_REQUEST_FAILURE, 0, e);
	return w.bad ? ssh_break(s, e, -EPROTO, "a request of the server is damaged") : 0;
}

static int server_opens(struct ssh *s, struct wire w, struct err *e)
{
	uint32_t id;

	wire_string(&w);
	id = wire_u32(&w);
	if (w.bad)
		return ssh_break(s, e, -EPROTO, "a channel that the server opens is damaged");
	return ssh_owe(s, MSG_CHANNEL_OPEN_FAILURE, id, e);
}

static int keep_kexinit(struct ssh *s, const uint8_t *p, size_t len, struct err *e)
{
	if (len > sizeof(s->i_s))
		return ssh_break(s, e, -EPROTO, "the server's KEXINIT has %zu bytes", len);
	memcpy(s->i_s, p, len);
	s->i_s_len = len;
	return 0;
}

int ssh_dispatch(struct ssh *s, const uint8_t *p, size_t len, struct err *e)
{
	struct wire w = wire_over(p + 1, len - 1);
	uint8_t type = p[0];
	bool user = type == MSG_SERVICE_ACCEPT ||
		    (type > MSG_USERAUTH_REQUEST && type < MSG_GLOBAL_REQUEST);

	if (type == MSG_DISCONNECT)
		return ssh_peer_left(s, w, e);
	if (type == MSG_IGNORE || type == MSG_DEBUG || type == MSG_UNIMPLEMENTED)
		return 0;
	if (type == MSG_KEXINIT)
		return keep_kexinit(s, p, len, e);
	if (!s->session_id_len || type == MSG_NEWKEYS || (type >= 30 && type <= 49) ||
	    (user && !s->mail_wanted))
		return ssh_break(s, e, -EPROTO, "the server sent message %u that nothing asked for",
				 type);
	if (user) {
		s->mail = p;
		s->mail_len = len;
		return 0;
	}
	if (type == MSG_EXT_INFO && !s->logged_in)
		return ext_info(s, w, e);
	if (type >= MSG_GLOBAL_REQUEST && !s->logged_in)
		return ssh_break(s, e, -EPROTO, "the server sent message %u before the login",
				 type);
	if (type == MSG_GLOBAL_REQUEST)
		return global_request(s, w, e);
	if (type == MSG_REQUEST_SUCCESS || type == MSG_REQUEST_FAILURE)
		return 0;
	if (type == MSG_CHANNEL_OPEN)
		return server_opens(s, w, e);
	if (type > MSG_CHANNEL_OPEN && type <= MSG_CHANNEL_FAILURE)
		return ssh_channel_message(s, type, w, e);
	return ssh_owe(s, MSG_UNIMPLEMENTED, s->in_seq - 1, e);
}

int ssh_process(struct ssh *s, bool *any, struct err *e)
{
	const uint8_t *p;
	size_t len;
	int rc = 0;

	*any = false;
	while (!rc && !s->i_s_len && !s->mail) {
		rc = ssh_next(s, &p, &len, e);
		if (rc <= 0)
			break;
		*any = true;
		rc = ssh_dispatch(s, p, len, e);
	}
	return rc;
}

static void post_owed(struct ssh *s)
{
	unsigned i;

	for (i = 0; i < s->nr_owed && ssh_room(s, 64); i++) {
		struct wire_out o = ssh_message(s, s->owed[i].message);

		if (s->owed[i].message != MSG_REQUEST_FAILURE)
			wire_put_u32(&o, s->owed[i].number);
		if (s->owed[i].message == MSG_CHANNEL_OPEN_FAILURE) {
			wire_put_u32(&o, 1);	/* administratively prohibited */
			wire_put_text(&o, "");
			wire_put_text(&o, "");
		}
		ssh_post(s, &o);
	}
	s->nr_owed -= i;
	memmove(s->owed, s->owed + i, s->nr_owed * sizeof(*s->owed));
}

/* Is a silent server alive? *wait_ms is cut to when to ask next. */
static int keep_alive(struct ssh *s, unsigned *wait_ms, struct err *e)
{
	uint64_t now = now_ms(), every = s->opt.keepalive_ms;
	/* Not by what was heard alone: who made a pause himself asks once, and then listens. */
	uint64_t silent = now - (s->asked_ms > s->heard_ms ? s->asked_ms : s->heard_ms);
	struct wire_out o;

	if (!s->logged_in)
		return 0;
	if (silent < every) {
		*wait_ms = every - silent < *wait_ms ? (unsigned)(every - silent) : *wait_ms;
		return 0;
	}
	if (s->unanswered == KEEPALIVES)
		return ssh_break(s, e, -ETIMEDOUT,
				 "the server is silent for %llu s and %d questions",
				 (unsigned long long)(now - s->heard_ms) / 1000, KEEPALIVES);
	s->unanswered++;
	s->asked_ms = now;
	*wait_ms = s->opt.keepalive_ms < *wait_ms ? s->opt.keepalive_ms : *wait_ms;
	if (!ssh_room(s, 64))
		return 0;
	o = ssh_message(s, MSG_GLOBAL_REQUEST);
	wire_put_text(&o, "keepalive@openssh.com");
	wire_put_u8(&o, 1);
	ssh_post(s, &o);
	return 0;
}

int ssh_pump(struct ssh *s, unsigned wait_ms, struct err *e)
{
	bool any = false;
	int rc = ssh_check(s, e);

	if (!rc && (s->i_s_len || ssh_kex_due(s)))
		return ssh_kex(s, e);
	if (!rc)
		rc = ssh_process(s, &any, e);
	if (rc || s->i_s_len || s->mail)
		return rc;
	post_owed(s);
	ssh_channels_service(s);
	rc = keep_alive(s, &wait_ms, e);
	if (!rc)
		rc = ssh_move(s, any ? 0 : wait_ms, e);
	return rc ? rc : ssh_process(s, &any, e);
}

int ssh_flush(struct ssh *s, struct err *e)
{
	uint64_t since = now_ms();
	size_t left = s->out_end - s->out_start;
	int rc = 0;

	while (!rc && s->out_end) {
		if (now_ms() - since > s->opt.handshake_ms)
			return ssh_break(s, e, -ETIMEDOUT, "the server takes no bytes for %u s",
					 s->opt.handshake_ms / 1000);
		rc = ssh_pump(s, 1000, e);
		if (s->out_end - s->out_start < left)
			since = now_ms();
		left = s->out_end - s->out_start;
	}
	return rc;
}

int ssh_mail(struct ssh *s, uint64_t deadline_ms, struct err *e)
{
	int rc = 0;

	s->mail = NULL;
	s->mail_wanted = true;
	while (!rc && !s->mail) {
		uint64_t now = now_ms();

		if (now >= deadline_ms)
			rc = ssh_break(s, e, -ETIMEDOUT, "the server does not answer");
		else
			rc = ssh_pump(s, (unsigned)(deadline_ms - now), e);
	}
	s->mail_wanted = false;
	return rc;
}

static void tell(struct ssh *s)
{
	char line[512];

	ssh_printable(line, sizeof(line), s->v_s, strlen(s->v_s));
	if (!s->opt.say)
		return;
	snprintf(line + strlen(line), sizeof(line) - strlen(line), ": %s, %s, %s%s%s%s",
		 s->info.kex, s->info.hostkey, s->info.cipher, s->info.mac ? ", " : "",
		 s->info.mac ? s->info.mac : "", s->strict ? "" : "; no strict key exchange");
	s->opt.say(s->opt.say_arg, line);
}

static void wait_for_random(void *arg)
{
	struct ssh *s = arg;

	if (s->opt.say)
		s->opt.say(s->opt.say_arg, "waiting until the kernel has random numbers for a key");
}

static int handshake(struct ssh *s, struct err *e)
{
	static const char ours[] = SSH_VERSION_LINE "\r\n";
	struct err why = { 0 };
	int rc = ssh_random_wait(s->opt.handshake_ms, wait_for_random, s, &why);

	if (rc)
		return ssh_break(s, e, rc, "%s", why.msg);
	memcpy(s->out_buf, ours, sizeof(ours) - 1);
	s->out_end = sizeof(ours) - 1;
	rc = ssh_greeting(s, e);
	if (!rc)
		rc = ssh_kex(s, e);
	if (!rc)
		tell(s);
	return rc;
}

int ssh_open(struct ssh **out, struct stream *tcp, const struct ssh_options *opt, struct err *e)
{
	struct ssh *s = calloc(1, sizeof(*s) + SSH_IN_SIZE + SSH_OUT_SIZE);
	int rc;

	if (!s) {
		stream_close(tcp);
		return err_set(e, -ENOMEM, "connection to the server");
	}
	s->tcp = tcp;
	s->opt = *opt;
	s->in_buf = (uint8_t *)(s + 1);
	s->out_buf = s->in_buf + SSH_IN_SIZE;
	s->heard_ms = now_ms();
	s->opt.handshake_ms = opt->handshake_ms ? opt->handshake_ms : 60000;
	s->opt.keepalive_ms = opt->keepalive_ms ? opt->keepalive_ms : 15000;
	s->opt.window = opt->window ? opt->window : 256 << 10;
	rc = handshake(s, e);
	if (rc) {
		ssh_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void ssh_describe(const struct ssh *s, struct ssh_info *out)
{
	*out = s->info;
	out->server = s->v_s;
	out->strict_kex = s->strict;
	out->sent = s->tcp->out;
	out->received = s->tcp->in;
}

/* Say why we go, as far as the peer listens. */
static void say_goodbye(struct ssh *s)
{
	static const struct {
		int code;
		uint32_t reason;
	} why[] = { { 0, 11 },	     { -EPROTO, 2 },	 { -EBADMSG, 5 }, { -EKEYREJECTED, 9 },
		    { -EACCES, 14 }, { -ECANCELED, 11 }, { -ENOKEY, 3 } };
	uint64_t deadline = now_ms() + GOODBYE_MS;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(why) / sizeof(*why); i++) {
		struct wire_out o;

		if (s->broken.code != why[i].code || !ssh_room(s, 64))
			continue;
		o = ssh_message(s, MSG_DISCONNECT);
		wire_put_u32(&o, why[i].reason);
		wire_put_text(&o, "");
		wire_put_text(&o, "");
		ssh_post(s, &o);
		while (s->out_end && now_ms() < deadline) {
			ssize_t n = stream_wait(s->tcp, STREAM_OUT, GOODBYE_MS) ?
				    stream_write_some(s->tcp, s->out_buf + s->out_start,
						      s->out_end - s->out_start, &e) : -1;

			if (n < 0)
				return;
			s->out_start += (size_t)n;
			if (s->out_start == s->out_end)
				return;
		}
	}
}

void ssh_close(struct ssh *s)
{
	if (!s)
		return;
	say_goodbye(s);
	ssh_channels_free(s);
	stream_close(s->tcp);
	ssh_wipe(s, sizeof(*s) + SSH_IN_SIZE + SSH_OUT_SIZE);
	free(s);
}
