/* mlkem - ML-KEM-768 (FIPS 203) of libcrux, as functions over bytes. */
/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ssh/crypto.h"

/* What the header expects of who includes it: a word for "cannot happen". */
#define fatal_f(...) abort()
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <libcrux_mlkem768_sha3.h>
#pragma GCC diagnostic pop

_Static_assert(sizeof(struct libcrux_mlkem768_pk) == MLKEM768_PUBLIC, "FIPS 203, table 3");
_Static_assert(sizeof(struct libcrux_mlkem768_sk) == MLKEM768_SECRET, "FIPS 203, table 3");
_Static_assert(sizeof(struct libcrux_mlkem768_ciphertext) == MLKEM768_CIPHERTEXT, "table 3");

void ssh_mlkem768_of_seed(uint8_t *pub, uint8_t *secret, const uint8_t seed[64])
{
	struct libcrux_mlkem768_keypair pair;
	uint8_t d_z[64];

	memcpy(d_z, seed, sizeof(d_z));
	pair = libcrux_ml_kem_mlkem768_portable_generate_key_pair(d_z);
	memcpy(pub, pair.pk.value, MLKEM768_PUBLIC);
	memcpy(secret, pair.sk.value, MLKEM768_SECRET);
	ssh_wipe(d_z, sizeof(d_z));
	ssh_wipe(&pair, sizeof(pair));
}

void ssh_mlkem768_keypair(uint8_t *pub, uint8_t *secret)
{
	uint8_t seed[64];

	ssh_random(seed, sizeof(seed));
	ssh_mlkem768_of_seed(pub, secret, seed);
	ssh_wipe(seed, sizeof(seed));
}

void ssh_mlkem768_decapsulate(uint8_t *shared, const uint8_t *ciphertext, const uint8_t *secret)
{
	struct libcrux_mlkem768_sk key;
	struct libcrux_mlkem768_ciphertext text;

	memcpy(key.value, secret, sizeof(key.value));
	memcpy(text.value, ciphertext, sizeof(text.value));
	libcrux_ml_kem_mlkem768_portable_decapsulate(&key, &text, shared);
	ssh_wipe(&key, sizeof(key));
}
