/* userkey - a private key from a file: it proves who we are. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_USERKEY_H
#define SSH_USERKEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ssh_userkey;

/*
 * Read a private key without passphrase: openssh-key-v1 (PROTOCOL.key of OpenSSH) or PEM (PKCS#1 of
 * RSA, SEC 1 of EC, PKCS#8 of RSA, EC and Ed25519). Ed25519, ECDSA with P-256, P-384 and P-521, RSA
 * with 2048 to 4096 bits. The public half is computed from the private one, where the file has both
 * they must agree. *warn (may be NULL) gets a message if others than the owner may read the file,
 * else code 0. Returns 0 and *out for ssh_userkey_free; -ENOKEY with a message that says what the
 * file is instead (encrypted, a certificate, a public key, DSA, ...), or another negative errno.
 */
int ssh_userkey_read(struct ssh_userkey **out, const char *path, struct err *warn, struct err *e);

/* As above, from memory; name stands in messages. The caller wipes text. */
int ssh_userkey_parse(struct ssh_userkey **out, const char *text, size_t len, const char *name,
		      struct err *e);

/* The public key blob; borrowed. */
const uint8_t *ssh_userkey_public(const struct ssh_userkey *k, size_t *len);

/* The signature algorithms that it can do, the preferred one first, ends with NULL. */
const char *const *ssh_userkey_algorithms(const struct ssh_userkey *k);

/*
 * Sign data with algorithm alg into out (size bytes, SSH_SIG_MAX is enough): a signature blob of
 * *out_len bytes. It is verified before it is given away: a fault of memory must not leak the key.
 */
int ssh_userkey_sign(const struct ssh_userkey *k, const char *alg, const uint8_t *data, size_t len,
		     uint8_t *out, size_t size, size_t *out_len, struct err *e);

/* Wipe and free. NULL is fine. */
void ssh_userkey_free(struct ssh_userkey *k);

#endif
