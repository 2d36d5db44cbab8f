/* bearssl - how do bytes pass through BearSSL's state machine? */
/* SPDX-License-Identifier: MIT */
#include "tls/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "ssh/crypto.h"
#include "tls/bearssl.h"

enum { SEED_LEN = 32 };

struct tls_stream {
	struct stream s;
	struct stream *tcp;		/* owned */
	br_ssl_client_context client;
	struct bearssl_x509 x509;
	struct err no_in, no_out;	/* what ended a direction of tcp */
	char host[256];
	const char *protocol;
	uint8_t io[BR_SSL_BUFSIZE_BIDI];
};

static br_ssl_engine_context *engine(struct tls_stream *t)
{
	return &t->client.eng;
}

/* The limits of a call are those of the stream that it was made on. */
static struct tls_stream *self(struct stream *s)
{
	struct tls_stream *t = (struct tls_stream *)s;

	t->tcp->deadline_ms = s->deadline_ms;
	t->tcp->idle_ms = s->idle_ms;
	return t;
}

/* Why the engine stopped: 0 after an orderly end. */
static int why_closed(struct tls_stream *t, struct err *e)
{
	int code = br_ssl_engine_last_error(engine(t));

	if (!code)
		return 0;
	if (t->x509.verifier.why.code) {
		err_say(e, t->x509.verifier.why.code, "%s: %s", t->host, t->x509.verifier.why.msg);
		return t->x509.verifier.why.code;
	}
	bearssl_words(code, e);
	return err_add(e, "%s", t->host);
}

static int tell(const struct err *why, struct err *e)
{
	return err_say(e, why->code, "%s", why->msg);
}

/* Take what the peer sent: waits for the first byte. */
static void pull(struct tls_stream *t)
{
	size_t room;
	uint8_t *at = br_ssl_engine_recvrec_buf(engine(t), &room);
	ssize_t n = at ? stream_read(t->tcp, at, room, &t->no_in) : 0;

	if (n > 0)
		br_ssl_engine_recvrec_ack(engine(t), (size_t)n);
	else if (at && !n)
		err_say(&t->no_in, -ECONNRESET, "%s: the connection ended without TLS's close_notify: it may "
			"have been cut", t->host);
}

/* Send all that the engine has. */
static void push(struct tls_stream *t)
{
	uint8_t *at;
	size_t len;

	while (!t->no_out.code && (at = br_ssl_engine_sendrec_buf(engine(t), &len))) {
		if (!stream_write(t->tcp, at, len, &t->no_out))
			br_ssl_engine_sendrec_ack(engine(t), len);
	}
}

/* Send what can be sent now. */
static void push_some(struct tls_stream *t)
{
	uint8_t *at;
	size_t len;

	while (!t->no_out.code && (at = br_ssl_engine_sendrec_buf(engine(t), &len))) {
		ssize_t n = stream_write_some(t->tcp, at, len, &t->no_out);

		if (n <= 0)
			return;
		br_ssl_engine_sendrec_ack(engine(t), (size_t)n);
	}
}

/*
 * Until the engine can do one of `wanted` (BR_SSL_): 0, or a negative errno; *end if the peer ended
 * in order. Who cannot write may still read: the peer may have said why.
 */
static int run_until(struct tls_stream *t, unsigned wanted, bool *end, struct err *e)
{
	*end = false;
	for (;;) {
		unsigned state = br_ssl_engine_current_state(engine(t));

		if (state & wanted)
			return 0;
		if (state & BR_SSL_CLOSED) {
			int rc = why_closed(t, e);

			*end = !rc;
			return rc;
		}
		if (t->no_out.code && wanted == BR_SSL_SENDAPP)
			return tell(&t->no_out, e);
		if (state & BR_SSL_SENDREC && !t->no_out.code)
			push(t);
		else if (state & BR_SSL_RECVREC && !t->no_in.code)
			pull(t);
		else
			return tell(t->no_in.code ? &t->no_in : &t->no_out, e);
	}
}

static ssize_t tls_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	struct tls_stream *t = self(s);
	bool end;
	uint8_t *at;
	size_t have;
	int rc;

	br_ssl_engine_flush(engine(t), 0);
	push(t);	/* what was not sent could be what the peer waits for */
	rc = run_until(t, BR_SSL_RECVAPP, &end, e);
	if (rc || end)
		return rc;
	at = br_ssl_engine_recvapp_buf(engine(t), &have);
	if (have > len)
		have = len;
	memcpy(buf, at, have);
	br_ssl_engine_recvapp_ack(engine(t), have);
	return (ssize_t)have;
}

/* Bytes that the engine takes now. */
static size_t put(struct tls_stream *t, const void *buf, size_t len)
{
	size_t room = 0;
	uint8_t *at = br_ssl_engine_sendapp_buf(engine(t), &room);

	if (!at)
		return 0;
	if (room > len)
		room = len;
	memcpy(at, buf, room);
	br_ssl_engine_sendapp_ack(engine(t), room);
	return room;
}

static int tls_write(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct tls_stream *t = self(s);
	const uint8_t *at = buf;
	bool end;

	while (len) {
		size_t n;
		int rc = run_until(t, BR_SSL_SENDAPP, &end, e);

		if (rc)
			return rc;
		if (end)
			return err_say(e, -EPIPE, "%s: the server ended the connection", t->host);
		n = put(t, at, len);
		at += n;
		len -= n;
	}
	br_ssl_engine_flush(engine(t), 0);
	push(t);
	return t->no_out.code ? tell(&t->no_out, e) : 0;
}

static ssize_t tls_write_some(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct tls_stream *t = self(s);
	size_t n;

	push_some(t);
	if (br_ssl_engine_current_state(engine(t)) & BR_SSL_CLOSED) {
		int rc = why_closed(t, e);

		return rc ? rc : err_say(e, -EPIPE, "%s: the server ended the connection", t->host);
	}
	if (t->no_out.code)
		return tell(&t->no_out, e);
	n = put(t, buf, len);
	push_some(t);
	return (ssize_t)n;
}

/* What can be done without a wait; an error and the end are told by either call. */
static int can_do(struct tls_stream *t, int events)
{
	unsigned state = br_ssl_engine_current_state(engine(t));

	if (state & BR_SSL_CLOSED)
		return events;
	return events & ((state & BR_SSL_RECVAPP || t->no_in.code ? STREAM_IN : 0) |
			 (state & BR_SSL_SENDAPP || t->no_out.code ? STREAM_OUT : 0));
}

static int tls_wait(struct stream *s, int events, unsigned wait_ms)
{
	struct tls_stream *t = self(s);
	uint64_t end = now_ms() + wait_ms;
	int can;

	if (!(events & STREAM_OUT))	/* who only listens has said all */
		br_ssl_engine_flush(engine(t), 0);
	for (;;) {
		unsigned state;
		int now = 0, want;
		uint64_t at = now_ms();

		push_some(t);
		can = can_do(t, events);
		state = br_ssl_engine_current_state(engine(t));
		want = (state & BR_SSL_RECVREC && !t->no_in.code ? STREAM_IN : 0) |
		       (state & BR_SSL_SENDREC && !t->no_out.code ? STREAM_OUT : 0);
		if (can != events && want)
			now = stream_wait(t->tcp, can ? want & STREAM_IN : want,
					  can || at >= end ? 0 : (unsigned)(end - at));
		if (now & STREAM_IN)
			pull(t);
		if (can || (!now && now_ms() >= end) || !want)
			return can_do(t, events);
	}
}

static int tls_ready(struct stream *s, unsigned wait_ms)
{
	return tls_wait(s, STREAM_IN, wait_ms) > 0;
}

static int tls_shutdown(struct stream *s, struct err *e)
{
	struct tls_stream *t = self(s);

	return err_say(e, -EOPNOTSUPP, "%s: TLS 1.2 cannot end one direction", t->host);
}

static void tls_close(struct stream *s)
{
	struct tls_stream *t = self(s);

	br_ssl_engine_close(engine(t));
	push_some(t);
	stream_close(t->tcp);
	verifier_free(&t->x509.verifier);
	ssh_wipe(t, sizeof(*t));
	free(t);
}

static void show_own(struct tls_stream *t, const struct own_cert *own)
{
	if (own->key_type == BR_KEYTYPE_RSA)
		br_ssl_client_set_single_rsa(&t->client, own->chain, own->nr, &own->rsa, br_rsa_i31_pkcs1_sign);
	else if (own->key_type == BR_KEYTYPE_EC)
		br_ssl_client_set_single_ec(&t->client, own->chain, own->nr, &own->ec, BR_KEYTYPE_SIGN, 0,
					    &bearssl_curves, br_ecdsa_i31_sign_asn1);
}

static int start(struct tls_stream *t, const struct tls *trust, struct err *e)
{
	uint8_t seed[SEED_LEN], address[16];
	bool is_address = inet_pton(AF_INET, t->host, address) == 1 ||
			  inet_pton(AF_INET6, t->host, address) == 1;
	bool end;
	int rc = verifier_init(&t->x509.verifier, trust, t->host, e);

	if (rc)
		return rc;
	t->x509.vtable = &bearssl_x509_class;
	bearssl_profile(&t->client);
	br_ssl_engine_set_x509(engine(t), &t->x509.vtable);
	t->protocol = "http/1.1";
	br_ssl_engine_set_protocol_names(engine(t), &t->protocol, 1);
	br_ssl_engine_set_buffer(engine(t), t->io, sizeof(t->io), 1);
	show_own(t, &trust->own);
	rc = ssh_random_wait(RANDOM_MS, NULL, NULL, e);
	if (rc)
		return rc;
	ssh_random(seed, sizeof(seed));
	br_ssl_engine_inject_entropy(engine(t), seed, sizeof(seed));
	ssh_wipe(seed, sizeof(seed));
	/* RFC 6066 section 3: a server name is no address. */
	if (!br_ssl_client_reset(&t->client, is_address ? NULL : t->host, 0))
		return why_closed(t, e);
	rc = run_until(t, BR_SSL_SENDAPP | BR_SSL_RECVAPP, &end, e);
	if (!rc && end)
		rc = err_say(e, -EPROTO, "%s: the server ended the TLS handshake", t->host);
	if (rc == -ECONNRESET && t->no_in.code == rc)
		rc = err_say(e, rc, "%s: the server broke the connection off in the TLS handshake", t->host);
	return rc;
}

int tls_connect(struct stream **out, struct stream *tcp, const struct tls *trust, const char *host,
		struct err *e)
{
	static const struct stream_ops ops = {
		"tls", tls_read, tls_write, tls_ready, tls_shutdown, tls_close, tls_write_some, tls_wait,
	};
	struct tls_stream *t = calloc(1, sizeof(*t));
	size_t len = strlen(host);
	int rc = !t ? -ENOMEM : len >= sizeof(t->host) ? -ENAMETOOLONG : 0;

	if (rc) {
		free(t);
		stream_close(tcp);
		return err_set(e, rc, "TLS with %.80s", host);
	}
	t->s = (struct stream){ .ops = &ops, .deadline_ms = tcp->deadline_ms, .idle_ms = tcp->idle_ms };
	t->tcp = tcp;
	memcpy(t->host, host, len);
	if (len && host[len - 1] == '.')	/* the root's dot is no part of the name in SNI */
		t->host[len - 1] = '\0';
	rc = start(t, trust, e);
	if (rc) {
		tls_close(&t->s);
		return rc;
	}
	*out = &t->s;
	return 0;
}
