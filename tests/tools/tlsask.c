/* tlsask - judge certificates of files, or make a TLS connection and echo through it, by lib/tls. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "net/dial.h"
#include "tls/tls.h"
#include "tls/trust.h"

/*
 * usage: tlsask chain CAFILE CHAINFILE HOST TIME
 *        tlsask connect HOST PORT CAFILE|- PINS|- CERT|- KEY|- CRASHTIME [BYTES]
 *        tlsask clock CRASHTIME SYSTEM
 * connect: the name to prove is HOST, the address is 127.0.0.1. BYTES: as many are sent and read back.
 */
static int fail(int rc, const struct err *e)
{
	printf("%s: %s\n", strerrorname_np(-rc), e->msg);
	return 1;
}

static int load(struct cert_file *f, struct cert *certs, size_t max, size_t *n, const char *path, struct err *e)
{
	size_t len;
	char *text;
	int rc = read_file(path, TRUST_FILE, &text, &len, e);

	if (rc)
		return rc;
	rc = trust_pem(f, text, len, path, e);
	free(text);
	for (size_t i = 0; !rc && i < f->nr && *n < max; i++) {
		rc = cert_parse(&certs[*n], f->der + f->cert[i].at, f->cert[i].len, e);
		if (rc && i)
			rc = 0;		/* as the verifier has it: others than the first may be unreadable */
		else
			(*n)++;
	}
	return rc;
}

static int chain(char **argv)
{
	static struct cert_file ca, sent;
	static struct cert anchors[TRUST_CERTS], certs[CHAIN_MAX];
	struct chain_ask ask = { .anchors = anchors, .host = argv[4], .now = atoll(argv[5]) };
	struct err e = { 0 };
	size_t n = 0;
	int rc = load(&ca, anchors, TRUST_CERTS, &ask.nr_anchors, argv[2], &e);

	if (!rc)
		rc = load(&sent, certs, CHAIN_MAX, &n, argv[3], &e);
	if (!rc)
		rc = chain_verify(certs, n, &ask, &e);
	free(ca.der);
	free(sent.der);
	if (rc)
		return fail(rc, &e);
	puts("trusted");
	return 0;
}

static const char *given(const char *word)
{
	return strcmp(word, "-") ? word : NULL;
}

static int echo(struct stream *s, size_t len, struct err *e)
{
	char *sent = malloc(len), *got = malloc(len);
	int rc;

	for (size_t i = 0; i < len; i++)
		sent[i] = (char)(i * 7 + i / 251);
	rc = stream_write(s, sent, len, e);
	if (!rc)
		rc = stream_read_full(s, got, len, e);
	if (!rc && memcmp(sent, got, len))
		rc = err_say(e, -EIO, "other bytes came back");
	free(sent);
	free(got);
	return rc;
}

static int connect_to(int argc, char **argv)
{
	struct tls_config c = { given(argv[4]), given(argv[5]), given(argv[6]), given(argv[7]),
				strtoull(argv[8], NULL, 10) };
	struct stream *tcp, *s;
	struct err e = { 0 };
	struct tls *tls;
	char byte;
	int rc = tls_new(&tls, &c, &e);

	if (rc)
		return fail(rc, &e);
	rc = net_dial(&tcp, "127.0.0.1", (uint16_t)atoi(argv[3]), 10000, &e);
	if (!rc)
		rc = tls_connect(&s, tcp, tls, argv[2], &e);
	if (!rc) {
		if (argc > 9)
			rc = echo(s, strtoull(argv[9], NULL, 10), &e);
		else if ((rc = (int)stream_read(s, &byte, 1, &e)) >= 0)
			rc = 0;
		stream_close(s);
	}
	tls_free(tls);
	if (rc)
		return fail(rc, &e);
	puts("connected");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "chain"))
		return chain(argv);
	if (argc >= 9 && !strcmp(argv[1], "connect"))
		return connect_to(argc, argv);
	if (argc == 4 && !strcmp(argv[1], "clock")) {
		printf("%lld\n", (long long)trust_clock(strtoull(argv[2], NULL, 10), atoll(argv[3])));
		return 0;
	}
	return 2;
}
