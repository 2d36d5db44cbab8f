/* bearssl - what lib/tls gives to BearSSL's state machine, and what its numbers mean. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_BEARSSL_H
#define TLS_BEARSSL_H

#include <bearssl.h>

#include "tls/verifier.h"

/* BearSSL hands certificates over in pieces, to the class that stands first. */
struct bearssl_x509 {
	const br_x509_class *vtable;
	struct verifier verifier;
};
extern const br_x509_class bearssl_x509_class;

/* X25519 by what SSH has, P-256, P-384 and P-521 by BearSSL's generic code. */
extern const br_ec_impl bearssl_curves;

/* Suites, hashes, curves and so on: what tls_connect promises. */
void bearssl_profile(br_ssl_client_context *cc);

/* An error code of BearSSL's engine in words; alerts are what the server told us, or we told it. */
int bearssl_words(int code, struct err *e);

#endif
