/* mbedtls - what lib/tls gives to mbedTLS, and what its numbers mean. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_MBEDTLS_H
#define TLS_MBEDTLS_H

#include <mbedtls/ssl.h>

#include "tls/verifier.h"

/*
 * mbedTLS is linked without its X.509: mbedtls_x509.c stands in for it, keeps certificates as bytes and asks
 * this callback about the chain that a server sent. p is a struct verifier.
 */
int mbedtls_judge(void *p, mbedtls_x509_crt *chain, int depth, uint32_t *flags);

/* Our own certificates and their key in mbedTLS's form, for mbedtls_x509_crt_free and mbedtls_pk_free. */
int mbedtls_own(mbedtls_x509_crt *chain, mbedtls_pk_context *key, const struct own_cert *own, struct err *e);

/* An error of mbedTLS in words. */
int mbedtls_words(int code, struct err *e);

#endif
