/* mbedtls - how do bytes pass through mbedTLS? */
/* SPDX-License-Identifier: MIT */
#include "tls/mbedtls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/net_sockets.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "ssh/crypto.h"
#include "tls/alert.h"
#include "tls/tls.h"

enum {
	KEY_UPDATE = 24,		/* RFC 8446 section 4 */
	FLIGHT = 8192,			/* messages of ours in the handshake, unless certificates are many */
};

struct tls_stream {
	struct stream s;
	struct stream *tcp;		/* owned */
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt own, none;
	mbedtls_pk_context key;
	struct verifier verifier;
	struct err no_in, no_out;	/* what ended a direction of tcp */
	bool patient;			/* may tcp be waited for? */
	int over;			/* mbedTLS's code of what ended the reading, or 0 */
	uint8_t flight[FLIGHT];		/* not sent yet */
	size_t in_flight;
	char host[256];
};

/* The limits of a call are those of the stream that it was made on. */
static struct tls_stream *self(struct stream *s)
{
	struct tls_stream *t = (struct tls_stream *)s;

	t->tcp->deadline_ms = s->deadline_ms;
	t->tcp->idle_ms = s->idle_ms;
	return t;
}

/* mbedTLS's source of random bytes; declared in psa/crypto_extra.h. */
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *out,
					     size_t size, size_t *len)
{
	(void)context;
	ssh_random(out, size);
	*len = size;
	return PSA_SUCCESS;
}

static int random_bytes(void *p, unsigned char *out, size_t len)
{
	(void)p;
	ssh_random(out, len);
	return 0;
}

/* All of buf, or as much as goes without a wait; -1 and no_out after an error. */
static ssize_t send_now(struct tls_stream *t, const uint8_t *buf, size_t len)
{
	if (t->no_out.code)
		return -1;
	if (!t->patient)
		return stream_write_some(t->tcp, buf, len, &t->no_out);
	return stream_write(t->tcp, buf, len, &t->no_out) ? -1 : (ssize_t)len;
}

static void send_flight(struct tls_stream *t)
{
	if (t->in_flight)
		send_now(t, t->flight, t->in_flight);
	t->in_flight = 0;
}

static int take(void *p, unsigned char *buf, size_t len)
{
	struct tls_stream *t = p;
	ssize_t n;

	if (t->no_in.code)
		return MBEDTLS_ERR_SSL_CONN_EOF;
	send_flight(t);
	if (!t->patient && !stream_ready(t->tcp, 0))
		return MBEDTLS_ERR_SSL_WANT_READ;
	n = stream_read(t->tcp, buf, len, &t->no_in);
	if (n > 0)
		return (int)n;
	if (!n)
		err_say(&t->no_in, -ECONNRESET, "%s: the connection ended without TLS's close_notify: it may "
			"have been cut", t->host);
	return MBEDTLS_ERR_SSL_CONN_EOF;
}

/*
 * The messages of a handshake go together: a server that dislikes the first of them says so and breaks
 * off, and what it said is lost to who is still writing.
 */
static int give(void *p, const unsigned char *buf, size_t len)
{
	struct tls_stream *t = p;
	ssize_t n;

	if (!mbedtls_ssl_is_handshake_over(&t->ssl) && len <= FLIGHT - t->in_flight) {
		memcpy(t->flight + t->in_flight, buf, len);
		t->in_flight += len;
		return (int)len;
	}
	send_flight(t);
	n = send_now(t, buf, len);
	return n < 0 ? MBEDTLS_ERR_NET_SEND_FAILED : n ? (int)n : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static bool unsent(const struct tls_stream *t)
{
	return t->ssl.MBEDTLS_PRIVATE(out_left);
}

static bool readable(const struct tls_stream *t)
{
	return mbedtls_ssl_get_bytes_avail(&t->ssl);
}

/* Send what is left of a record; what is written meanwhile is not looked at. */
static void push(struct tls_stream *t, bool patient)
{
	t->patient = patient;
	if (unsent(t) && !t->over && !t->no_out.code)
		mbedtls_ssl_write(&t->ssl, (const unsigned char *)"", 1);
}

static int tell(const struct err *why, struct err *e)
{
	return err_say(e, why->code, "%s", why->msg);
}

/* Why mbedTLS stopped. */
static int why(struct tls_stream *t, int code, struct err *e)
{
	const unsigned char *message = t->ssl.MBEDTLS_PRIVATE(in_msg);

	if (code == MBEDTLS_ERR_SSL_CONN_EOF && t->no_in.code)
		return tell(&t->no_in, e);
	if (code == MBEDTLS_ERR_NET_SEND_FAILED && t->no_out.code)
		return tell(&t->no_out, e);
	if (t->verifier.why.code) {
		err_say(e, t->verifier.why.code, "%s: %s", t->host, t->verifier.why.msg);
		return t->verifier.why.code;
	}
	if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		alert_words(message[1], false, e);
	else if (code == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE && message && message[0] == KEY_UPDATE &&
		 mbedtls_ssl_is_handshake_over(&t->ssl))
		err_say(e, -EPROTO, "TLS: the server changed its keys (KeyUpdate), where mbedTLS cannot follow");
	else
		mbedtls_words(code, e);
	return err_add(e, "%s", t->host);
}

/* As many bytes as there are, at most len; 0 at an end of any kind, or without a wait when there are none yet. */
static int get(struct tls_stream *t, void *buf, size_t len)
{
	unsigned char none;
	int n;

	while (!t->over) {
		n = mbedtls_ssl_read(&t->ssl, len ? buf : &none, len);
		if (n > 0)
			return n;
		if (!n && readable(t))
			return 0;
		if (!n && t->no_in.code)
			n = MBEDTLS_ERR_SSL_CONN_EOF;
		if (n == MBEDTLS_ERR_SSL_WANT_READ && !t->patient)
			return 0;
		if (n && n != MBEDTLS_ERR_SSL_WANT_READ && n != MBEDTLS_ERR_SSL_WANT_WRITE)
			t->over = n;
	}
	return 0;
}

/* See without a wait whether there is something to read. */
static void look(struct tls_stream *t)
{
	t->patient = false;
	if (!readable(t))
		get(t, NULL, 0);
}

static ssize_t tls_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	struct tls_stream *t = self(s);
	int n;

	push(t, true);	/* what was not sent could be what the peer waits for */
	n = get(t, buf, len);
	if (n)
		return n;
	return t->over == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : why(t, t->over, e);
}

/* Who cannot write may still read: the peer may have said why. */
static int cannot_write(struct tls_stream *t, int code, struct err *e)
{
	if (!t->over)
		look(t);
	if (t->over == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return err_say(e, -EPIPE, "%s: the server ended the connection", t->host);
	if (t->over && t->over != MBEDTLS_ERR_SSL_CONN_EOF)
		return why(t, t->over, e);
	return t->no_out.code ? tell(&t->no_out, e) : why(t, code, e);
}

static int tls_write(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct tls_stream *t = self(s);
	const unsigned char *at = buf;

	push(t, true);
	while (len) {
		int n = t->over ? t->over : mbedtls_ssl_write(&t->ssl, at, len);

		if (n < 0)
			return cannot_write(t, n, e);
		at += n;
		len -= (size_t)n;
	}
	return t->no_out.code ? tell(&t->no_out, e) : 0;
}

static ssize_t tls_write_some(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct tls_stream *t = self(s);
	int n, room = mbedtls_ssl_get_max_out_record_payload(&t->ssl);

	push(t, false);
	if (t->over || t->no_out.code)
		return cannot_write(t, t->over, e);
	if (unsent(t))
		return 0;
	n = mbedtls_ssl_write(&t->ssl, buf, len);
	if (n == MBEDTLS_ERR_SSL_WANT_WRITE)	/* it has them, in a record that is on its way */
		return room > 0 && len > (size_t)room ? room : (ssize_t)len;
	return n < 0 ? cannot_write(t, n, e) : n;
}

/* What can be done without a wait; an error and the end are told by either call. */
static int can_do(const struct tls_stream *t, int events)
{
	if (t->over)
		return events;
	return events & ((readable(t) ? STREAM_IN : 0) | (!unsent(t) || t->no_out.code ? STREAM_OUT : 0));
}

static int tls_wait(struct stream *s, int events, unsigned wait_ms)
{
	struct tls_stream *t = self(s);
	uint64_t end = now_ms() + wait_ms;

	for (;;) {
		uint64_t at = now_ms();
		int can;

		push(t, false);
		if (events & STREAM_IN)
			look(t);
		can = can_do(t, events);
		if (can || at >= end)
			return can;
		stream_wait(t->tcp, (events & STREAM_IN) | (unsent(t) ? STREAM_OUT : 0), (unsigned)(end - at));
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

	push(t, false);
	if (!t->over || t->over == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		mbedtls_ssl_close_notify(&t->ssl);
	stream_close(t->tcp);
	mbedtls_ssl_free(&t->ssl);
	mbedtls_ssl_config_free(&t->conf);
	mbedtls_x509_crt_free(&t->own);
	mbedtls_pk_free(&t->key);
	verifier_free(&t->verifier);
	ssh_wipe(t, sizeof(*t));
	free(t);
}

/* Suites, curves and so on: what tls_connect promises. */
static int profile(mbedtls_ssl_config *c)
{
	/* AES is 10 times as fast as ChaCha20 where the CPU helps. */
	static const int suites[] = {
		MBEDTLS_TLS1_3_AES_128_GCM_SHA256, MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, 0,
	};
	static const uint16_t groups[] = {
		MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
	};
	static const uint16_t signatures[] = {
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384, MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512, MBEDTLS_TLS1_3_SIG_NONE,
	};
	static const char *const protocols[] = { "http/1.1", NULL };
	int rc = mbedtls_ssl_config_defaults(c, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
					     MBEDTLS_SSL_PRESET_DEFAULT);

	mbedtls_ssl_conf_min_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_ciphersuites(c, suites);
	mbedtls_ssl_conf_groups(c, groups);
	mbedtls_ssl_conf_sig_algs(c, signatures);
	mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_rng(c, random_bytes, NULL);
	return rc ? rc : mbedtls_ssl_conf_alpn_protocols(c, (const char **)protocols);
}

/* All that mbedTLS shall know before it begins: 0 or its code. */
static int prepare(struct tls_stream *t)
{
	uint8_t address[16];
	bool is_address = inet_pton(AF_INET, t->host, address) == 1 || inet_pton(AF_INET6, t->host, address) == 1;
	int rc = psa_crypto_init() ? MBEDTLS_ERR_SSL_NO_RNG : profile(&t->conf);

	mbedtls_ssl_conf_verify(&t->conf, mbedtls_judge, &t->verifier);
	mbedtls_ssl_conf_ca_chain(&t->conf, &t->none, NULL);	/* it asks for one, and never looks */
	if (!rc && t->own.raw.p)
		rc = mbedtls_ssl_conf_own_cert(&t->conf, &t->own, &t->key);
	if (!rc)
		rc = mbedtls_ssl_setup(&t->ssl, &t->conf);
	/* RFC 6066 section 3: a server name is no address. */
	if (!rc)
		rc = mbedtls_ssl_set_hostname(&t->ssl, is_address ? NULL : t->host);
	mbedtls_ssl_set_bio(&t->ssl, t, give, take, NULL);
	return rc;
}

static int start(struct tls_stream *t, const struct tls *trust, struct err *e)
{
	int rc = verifier_init(&t->verifier, trust, t->host, e);

	if (!rc)
		rc = ssh_random_wait(RANDOM_MS, NULL, NULL, e);
	if (!rc && trust->own.nr)
		rc = mbedtls_own(&t->own, &t->key, &trust->own, e);
	if (rc)
		return rc;
	rc = prepare(t);
	t->patient = true;
	while (!rc && !mbedtls_ssl_is_handshake_over(&t->ssl)) {
		rc = mbedtls_ssl_handshake_step(&t->ssl);
		if (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE)
			rc = 0;
	}
	send_flight(t);		/* the last one, or an alert of ours */
	if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return err_say(e, -EPROTO, "%s: the server ended the TLS handshake", t->host);
	if (rc == MBEDTLS_ERR_SSL_CONN_EOF && t->no_in.code == -ECONNRESET)
		return err_say(e, -ECONNRESET, "%s: the server broke the connection off in the TLS handshake", t->host);
	if (rc)
		return why(t, rc, e);
	if (t->no_out.code)
		return tell(&t->no_out, e);
	return t->verifier.trusted ? 0 : err_say(e, -EKEYREJECTED, "%s: the server showed no certificate", t->host);
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
	mbedtls_ssl_init(&t->ssl);
	mbedtls_ssl_config_init(&t->conf);
	mbedtls_pk_init(&t->key);
	rc = start(t, trust, e);
	if (rc) {
		t->over = MBEDTLS_ERR_SSL_CONN_EOF;
		tls_close(&t->s);
		return rc;
	}
	*out = &t->s;
	return 0;
}
