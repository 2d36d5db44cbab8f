/* cert - what stands in an X.509 certificate (RFC 5280). */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_CERT_H
#define TLS_CERT_H

#include <bearssl.h>

#include "base/err.h"
#include "tls/der.h"

/* RFC 5280 section 4.2.1.3, bit 0 is the highest one of the first byte */
enum { USE_SIGNATURE = 0x80, USE_CERT_SIGN = 0x04 };

/* A way to sign a certificate. hash is what BearSSL calls it, NULL: one that is not taken. */
struct cert_sig {
	const char *name;
	const br_hash_class *hash;
	const uint8_t *hash_oid;	/* RSA: as br_rsa_pkcs1_vrfy wants it */
	uint8_t key_type;		/* BR_KEYTYPE_ */
	uint8_t hash_len;
};

/* A certificate, taken apart; everything is borrowed from its bytes. What is not there is empty. */
struct cert {
	struct der raw, tbs, issuer, subject, spki, signature;
	const struct cert_sig *sig;
	int64_t not_before, not_after;		/* seconds since 1970, both still valid */
	br_x509_pkey key;			/* key_type 0: a kind that is not taken, why_key says which */
	const char *why_key;
	bool ca, has_usage, has_eku, eku_server, eku_any;
	int path_len;				/* -1: none */
	uint8_t usage;				/* USE_ */
	struct der san;				/* GeneralNames */
	struct der permitted, excluded;		/* GeneralSubtrees of the name constraints */
	bool constrained;
};

enum { CERT_NAME = 80 };

/*
 * Take a certificate apart. Refused with -EBADMSG and a message: what is not DER or not X.509
 * version 3, an extension that comes twice or is critical and unknown to us, signature algorithms
 * that differ inside and outside. Whether it is to be trusted is chain.h's question.
 */
int cert_parse(struct cert *c, const uint8_t *der, size_t len, struct err *e);

/* The common name of a subject or issuer, or else the organisation, for messages: printable ASCII. */
const char *cert_name(struct der dn, char out[CERT_NAME]);

/* The public key in a SubjectPublicKeyInfo; key_type 0 and *why if it is not taken. */
void cert_key(struct der spki, br_x509_pkey *key, const char **why);

/* certext.c: the extensions, a SEQUENCE's value. 0 or -EBADMSG with a message. */
int cert_extensions(struct cert *c, struct der list, struct err *e);

/* The SHA-256 of the SubjectPublicKeyInfo: what is pinned. */
void cert_pin(const struct cert *c, uint8_t out[32]);

#endif
