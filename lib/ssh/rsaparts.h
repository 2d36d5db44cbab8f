/* rsaparts - a private RSA key as the arithmetic wants it. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_RSAPARTS_H
#define SSH_RSAPARTS_H

#include "ssh/pem.h"

enum { RSA_FACTOR = RSA_MAX_BITS / 16 + 4 };	/* bytes: BearSSL takes factors of 2080 bits at most */

struct rsa_parts {
	uint8_t  p[RSA_FACTOR], q[RSA_FACTOR], dp[RSA_FACTOR], dq[RSA_FACTOR], iq[RSA_FACTOR];
	size_t   p_len, q_len, iq_len;
	uint32_t bits;
};

/* Compute what a file does not tell (d modulo p - 1 and q - 1). Nonzero if p times q is not n. */
int rsa_parts_make(struct rsa_parts *r, const struct key_parts *in);

/*
 * Sign by rsa-sha2-512 or rsa-sha2-256 (RFC 8332) into out (RSA_MAX_BITS / 8 bytes). Returns the
 * length of the signature, that of the modulus; 0 if the numbers are such that it cannot be.
 */
size_t rsa_parts_sign(const struct rsa_parts *r, const char *alg, const uint8_t *data, size_t len,
		      uint8_t *out);

#endif
