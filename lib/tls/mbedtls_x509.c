/* mbedtls_x509 - what does mbedTLS know of certificates? No more than their bytes and the first one's key. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tls/mbedtls.h"

/*
 * The functions of mbedTLS's own X.509 (mbedtls/x509_crt.h) that its TLS calls, so that one judge, the
 * verifier, decides with either library, and none of its parsers sees what a server sends.
 */
const mbedtls_x509_crt_profile mbedtls_x509_crt_profile_default, mbedtls_x509_crt_profile_suiteb;

void mbedtls_x509_crt_init(mbedtls_x509_crt *crt)
{
	memset(crt, 0, sizeof(*crt));
	mbedtls_pk_init(&crt->pk);
}

/* A certificate or key that cannot be read has no key here; why, the verifier will say. */
static void take_key(mbedtls_x509_crt *crt)
{
	struct cert c;
	unsigned char *spki;

	if (cert_parse(&c, crt->raw.p, crt->raw.len, NULL) || !c.key.key_type)
		return;
	spki = (unsigned char *)c.spki.p;
	if (mbedtls_pk_parse_subpubkey(&spki, spki + c.spki.len, &crt->pk)) {
		mbedtls_pk_free(&crt->pk);
		mbedtls_pk_init(&crt->pk);
	}
}

/* Puts a copy behind those that chain has. */
int mbedtls_x509_crt_parse_der(mbedtls_x509_crt *chain, const unsigned char *buf, size_t len)
{
	mbedtls_x509_crt *crt = chain;

	while (crt->next)
		crt = crt->next;
	if (crt->raw.p) {
		crt->next = malloc(sizeof(*crt));
		if (!crt->next)
			return MBEDTLS_ERR_X509_ALLOC_FAILED;
		crt = crt->next;
		mbedtls_x509_crt_init(crt);
	}
	crt->raw.p = malloc(len ? len : 1);
	if (!crt->raw.p)
		return MBEDTLS_ERR_X509_ALLOC_FAILED;
	memcpy(crt->raw.p, buf, len);
	crt->raw.len = len;
	if (crt == chain)
		take_key(crt);
	return 0;
}

void mbedtls_x509_crt_free(mbedtls_x509_crt *crt)
{
	mbedtls_x509_crt *at = crt;

	while (at) {
		mbedtls_x509_crt *next = at->next;

		mbedtls_pk_free(&at->pk);
		free(at->raw.p);
		if (at != crt)
			free(at);
		at = next;
	}
	if (crt)
		mbedtls_x509_crt_init(crt);
}

int mbedtls_judge(void *p, mbedtls_x509_crt *chain, int depth, uint32_t *flags)
{
	struct verifier *v = p;

	(void)depth;
	verifier_chain(v);
	for (const mbedtls_x509_crt *crt = chain; crt; crt = crt->next) {
		verifier_cert(v, crt->raw.len);
		verifier_bytes(v, crt->raw.p, crt->raw.len);
		verifier_cert_end(v);
	}
	*flags = 0;
	if (!verifier_judge(v))
		return 0;
	*flags = MBEDTLS_X509_BADCERT_NOT_TRUSTED;
	return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
}

int mbedtls_x509_crt_verify_restartable(mbedtls_x509_crt *crt, mbedtls_x509_crt *trust_ca, mbedtls_x509_crl *ca_crl,
					const mbedtls_x509_crt_profile *profile, const char *cn, uint32_t *flags,
					int (*judge)(void *, mbedtls_x509_crt *, int, uint32_t *), void *p,
					mbedtls_x509_crt_restart_ctx *rs_ctx)
{
	(void)trust_ca, (void)ca_crl, (void)profile, (void)cn, (void)rs_ctx;
	return judge(p, crt, 0, flags);
}

/* The verifier has looked at both. */
int mbedtls_x509_crt_check_key_usage(const mbedtls_x509_crt *crt, unsigned int usage)
{
	(void)crt, (void)usage;
	return 0;
}

int mbedtls_x509_crt_check_extended_key_usage(const mbedtls_x509_crt *crt, const char *oid, size_t len)
{
	(void)crt, (void)oid, (void)len;
	return 0;
}
