/* keykind - the kinds of keys that we know, and the parts of a public one. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_KEYKIND_H
#define SSH_KEYKIND_H

#include <bearssl.h>

#include "base/err.h"
#include "ssh/wire.h"

enum key_family { FAMILY_ED25519, FAMILY_ECDSA, FAMILY_RSA };

struct key_kind {
	const char *type;		/* name in a blob */
	enum key_family family;
	const char *curve;		/* ECDSA, RFC 5656 section 6.1 */
	int         id;			/* BearSSL's number of the curve */
	size_t      bytes;		/* of a coordinate, and of the order */
	const br_hash_class *hash;
	size_t      hash_len;
};

enum { ED25519_SEED = 32, ED25519_PUBLIC = 32, ED25519_SIG = 64 };
enum { RSA_MIN_BITS = 2048, RSA_MAX_BITS = 4096, EC_MAX_BYTES = 66, KEY_MAX_HASH = 64 };

/* NULL behind the last one. */
const struct key_kind *key_kind(size_t i);
const struct key_kind *key_kind_named(struct wire_str type);
const struct key_kind *key_kind_of_curve(int id);

/* The curves: BearSSL's generic code, that does all three of them. */
const br_ec_impl *key_curves(void);

/* A public key, taken apart; borrowed from its blob. */
struct pubkey {
	const struct key_kind *kind;
	struct wire_str point;		/* Ed25519: 32 bytes; ECDSA: uncompressed */
	struct wire_str e, n;		/* RSA */
};

/*
 * Returns 0, or -EKEYREJECTED with a message. Bounds are judged, whether a point is on its curve
 * not.
 */
int pubkey_parse(struct pubkey *k, const uint8_t *blob, size_t len, struct err *e);

/* True if a modulus and an exponent are such that we calculate with them. */
bool rsa_is_sound(struct wire_str n, struct wire_str e);
unsigned rsa_bits(struct wire_str n);

#endif
