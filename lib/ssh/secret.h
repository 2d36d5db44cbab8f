/* secret - the shared secret of a key exchange, by each of its methods. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_SECRET_H
#define SSH_SECRET_H

#include "ssh/crypto.h"
#include "ssh/negotiate.h"

/*
 * A key encapsulation that goes along with X25519: who breaks only one of both learns nothing.
 * Lengths are bytes; the shared secret has 32.
 */
struct ssh_kem {
	size_t public_len, ciphertext_len;
	void (*keypair)(uint8_t *pub, uint8_t *secret);
	void (*decapsulate)(uint8_t *shared, const uint8_t *ciphertext, const uint8_t *secret);
};

/* draft-ietf-sshm-mlkem-hybrid-kex, RFC 9941. */
extern const struct ssh_kem ssh_kem_mlkem768, ssh_kem_sntrup761;

/* Wipe it when it was used. */
struct ssh_secret {
	uint8_t scalar[66], kem[MLKEM768_SECRET];	/* ours */
	uint8_t q_c[MLKEM768_PUBLIC + 32];	/* what we send: at most 133 bytes of a point */
	size_t  q_c_len;
	uint8_t k[4 + 1 + 66];			/* the shared secret as it is hashed */
	size_t  k_len;
};

/* Choose our secret; q_c is what the server gets. */
void ssh_secret_begin(struct ssh_secret *x, const struct ssh_kex_method *m);

/* The shared secret of ours and of what the server sent. -EPROTO if that is no valid half. */
int ssh_secret_finish(struct ssh_secret *x, const struct ssh_kex_method *m, struct wire_str q_s);

#endif
