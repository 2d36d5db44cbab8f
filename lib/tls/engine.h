/* engine - what lib/tls gives to BearSSL's state machine, and what its numbers mean. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include <bearssl.h>

#include "tls/trust.h"

/*
 * The judge of a server's certificates. BearSSL hands them over in pieces; at the end of the chain they
 * are judged, and why holds the reason of a refusal.
 */
struct verifier {
	const br_x509_class *vtable;	/* first: BearSSL's way to inherit */
	const struct tls *trust;
	const char *host;
	uint8_t *bytes;			/* CHAIN_BYTES, owned */
	size_t used, start;		/* bytes; where the current certificate begins */
	size_t nr;
	struct cert certs[CHAIN_MAX];
	struct err why;
};

/* Returns 0 or -ENOMEM; verifier_free in either case. */
int verifier_init(struct verifier *v, const struct tls *trust, const char *host, struct err *e);
void verifier_free(struct verifier *v);

/* X25519 by what SSH has, P-256, P-384 and P-521 by BearSSL's generic code. */
extern const br_ec_impl tls_curves;

/* Suites, hashes, curves and so on: what tls_connect promises. */
void tls_profile(br_ssl_client_context *cc);

/* An error code of BearSSL's engine in words; alerts are what the server told us, or we told it. */
int tls_words(int code, struct err *e);

#endif
