/* crypto - what SSH computes with and BearSSL lacks: Ed25519, X25519, sntrup761, ML-KEM, Poly1305. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_CRYPTO_H
#define SSH_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Wait until the kernel's generator of random numbers is seeded, wait_ms at most. Since Linux 5.4 it
 * seeds itself within a second; before, in a kernel that has just begun and trusts no RDRAND, it may
 * take minutes, and nothing else that we could mix is as good. waiting, if not NULL, is called once
 * when there is something to wait for. -ETIMEDOUT with a message says what helps; -ENOSYS before
 * Linux 3.17.
 */
int ssh_random_wait(unsigned wait_ms, void (*waiting)(void *arg), void *arg, struct err *e);

/*
 * Fill buf with bytes that nobody can guess, from getrandom(2), which blocks until the generator was
 * seeded once: ssh_open waits for that before the first key.
 */
void ssh_random(void *buf, size_t len);

/* Overwrite a secret; no compiler leaves it out. */
void ssh_wipe(void *buf, size_t len);

/* Same bytes? Takes the same time whatever they are. */
bool ssh_equal(const void *a, const void *b, size_t len);

void ssh_sha512(uint8_t out[64], const void *data, size_t len);

/* The public key of a seed (the secret half as files have it). RFC 8032 section 5.1.5. */
void ssh_ed25519_public(uint8_t pub[32], const uint8_t seed[32]);

/* RFC 8032 section 5.1.6; the public key is computed, never taken from a caller. 0 or -ENOMEM. */
int ssh_ed25519_sign(uint8_t sig[64], const uint8_t seed[32], const void *data, size_t len,
		     struct err *e);

/*
 * RFC 8032 section 5.1.7 with S < L, which forbids a second signature made of a first. 0,
 * -EKEYREJECTED if it is not the signature, -ENOMEM.
 */
int ssh_ed25519_verify(const uint8_t pub[32], const void *data, size_t len, const uint8_t sig[64],
		       struct err *e);

/* RFC 7748: out = scalar * point, little endian; point NULL: the base. -EBADMSG if out is 0. */
int ssh_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);

/* Streamlined NTRU Prime 761, the KEM of RFC 9941. */
enum {
	SNTRUP761_PUBLIC = 1158,
	SNTRUP761_SECRET = 1763,
	SNTRUP761_CIPHERTEXT = 1039,
	SNTRUP761_SHARED = 32,
};
void ssh_sntrup761_keypair(uint8_t *pub, uint8_t *secret);
void ssh_sntrup761_encapsulate(uint8_t *ciphertext, uint8_t *shared, const uint8_t *pub);
void ssh_sntrup761_decapsulate(uint8_t *shared, const uint8_t *ciphertext, const uint8_t *secret);

/*
 * ML-KEM-768 of FIPS 203, whose bytes table 3 there has. A seed is d and z, 32 bytes each. A
 * ciphertext that was changed gives another secret, never an error.
 */
enum {
	MLKEM768_PUBLIC = 1184,
	MLKEM768_SECRET = 2400,
	MLKEM768_CIPHERTEXT = 1088,
	MLKEM768_SHARED = 32,
};
void ssh_mlkem768_of_seed(uint8_t *pub, uint8_t *secret, const uint8_t seed[64]);
void ssh_mlkem768_keypair(uint8_t *pub, uint8_t *secret);
void ssh_mlkem768_decapsulate(uint8_t *shared, const uint8_t *ciphertext, const uint8_t *secret);

/* RFC 8439 section 2.5. */
void ssh_poly1305(uint8_t tag[16], const void *data, size_t len, const uint8_t key[32]);

#endif
