/* pubkey - public keys as SSH sends them: what kind they are, what they signed, how they are called. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_PUBKEY_H
#define SSH_PUBKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Key types (the first string of a blob): ssh-ed25519 (RFC 8709), ecdsa-sha2-nistp256, -384, -521
 * (RFC 5656), ssh-rsa (RFC 4253 section 6.6) of 2048 to 4096 bits. Signature algorithms are the
 * names of the types, but rsa-sha2-512 and rsa-sha2-256 (RFC 8332) for ssh-rsa: SHA-1 is refused.
 */
enum {
	SSH_BLOB_MAX = 4096,		/* bytes of a public key, as large as RSA with 16384 bits needs */
	SSH_SIG_MAX = 600,		/* bytes of a signature blob: RSA with 4096 bits, and two strings */
	SSH_FINGERPRINT_SIZE = 52,	/* "SHA256:", 43 characters, NUL */
};

/* All signature algorithms, the preferred one first; ends with NULL. */
extern const char *const ssh_sig_algorithms[];

/* The type of a key, one of those above; NULL if it is another one or no key. */
const char *ssh_pubkey_type(const uint8_t *blob, size_t len);

/* The type of key that the algorithm signs with; NULL if it is not one of ours. */
const char *ssh_algorithm_type(const char *alg);

/*
 * Check that sig, a signature blob (RFC 4253 section 6.6: name, signature), is by the key in blob,
 * over data, made with the algorithm alg. The whole blob is judged: its type fits alg, its point or
 * modulus is sound. Returns 0; -EKEYREJECTED with a message says what is wrong.
 */
int ssh_pubkey_verify(const uint8_t *blob, size_t blob_len, const char *alg, const uint8_t *data, size_t len,
		      const uint8_t *sig, size_t sig_len, struct err *e);

/* "SHA256:" and the Base64 of the digest of a blob without padding, as ssh-keygen -l prints it. */
void ssh_fingerprint(const uint8_t *blob, size_t len, char out[SSH_FINGERPRINT_SIZE]);

/* A word for messages: "ED25519", "ECDSA", "RSA", or "unknown". */
const char *ssh_pubkey_word(const uint8_t *blob, size_t len);

#endif
