/* pem - what stands in a private key file, whichever of the formats it is in. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_PEM_H
#define SSH_PEM_H

#include "ssh/keykind.h"

enum { KEYFILE_MAX = 64 << 10, KEY_DER_MAX = 8 << 10 };	/* RSA with 4096 bits: 3.4 and 2.4 KB */

/*
 * The numbers of a private key, borrowed from the decoded file; what the format has not is empty.
 */
struct key_parts {
	const struct key_kind *kind;
	struct wire_str secret;			/* Ed25519: the seed; ECDSA: the scalar, big endian */
	struct wire_str point;			/* the public half beside it */
	struct wire_str n, e, d, p, q, iq;	/* RSA; iq: the inverse of q modulo p */
};

/*
 * Find the first block of PEM text that holds a private key and decode it into out (KEY_DER_MAX
 * bytes, the caller wipes it). label: the words between BEGIN and the dashes. Returns 0 or -ENOKEY
 * with a message that says what the text is instead.
 */
int pem_decode(const char *text, size_t len, char label[40], uint8_t *out, size_t *out_len, struct err *e);

/* The parts of a decoded block by its label: RSA, EC, PKCS#8 or openssh-key-v1. Errors as above. */
int pem_parts(const char *label, const uint8_t *der, size_t len, struct key_parts *k, struct err *e);

/* keyv1.c: of openssh-key-v1. */
int keyv1_parts(const uint8_t *data, size_t len, struct key_parts *k, struct err *e);

/* The message for a file that wants a passphrase. Returns -ENOKEY. */
int key_encrypted(struct err *e);

#endif
