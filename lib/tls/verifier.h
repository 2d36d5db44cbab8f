/* verifier - the certificates that a handshake brings, and what becomes of them. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_VERIFIER_H
#define TLS_VERIFIER_H

#include "tls/trust.h"

/*
 * The judge of a server's certificates, the same for every library that does the handshake: it takes them
 * over as bytes, and knows the key of the first, by which the handshake must be signed.
 */
enum { RANDOM_MS = 60000 };	/* for the kernel to have random numbers for a key, at most */

struct verifier {
	const struct tls *trust;
	const char *host;
	uint8_t *bytes;			/* CHAIN_BYTES, owned */
	size_t used, start;		/* bytes; where the current certificate begins */
	size_t nr;
	struct cert certs[CHAIN_MAX];
	struct err why;			/* of a refusal */
	bool trusted;
};

/* Returns 0 or -ENOMEM; verifier_free in either case. */
int verifier_init(struct verifier *v, const struct tls *trust, const char *host, struct err *e);
void verifier_free(struct verifier *v);

/* A chain begins; a certificate of len bytes begins, comes in pieces, ends. */
void verifier_chain(struct verifier *v);
void verifier_cert(struct verifier *v, size_t len);
void verifier_bytes(struct verifier *v, const uint8_t *buf, size_t len);
void verifier_cert_end(struct verifier *v);

/* At the end of the chain: 0, and trusted is set, or -EKEYREJECTED and why says why. */
int verifier_judge(struct verifier *v);

#endif
