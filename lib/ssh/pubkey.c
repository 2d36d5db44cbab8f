/* pubkey - what key is this, and did it make this signature? */
/* SPDX-License-Identifier: MIT */
#include "ssh/pubkey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ssh/base64.h"
#include "ssh/crypto.h"
#include "ssh/keykind.h"

const char *const ssh_sig_algorithms[] = {
	"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
	"rsa-sha2-512", "rsa-sha2-256", NULL,
};

const struct key_kind *key_kind(size_t i)
{
	static const struct key_kind kinds[] = {
		{ "ssh-ed25519", FAMILY_ED25519, NULL, 0, 32, NULL, 0 },
		{ "ecdsa-sha2-nistp256", FAMILY_ECDSA, "nistp256", BR_EC_secp256r1, 32, &br_sha256_vtable, 32 },
		{ "ecdsa-sha2-nistp384", FAMILY_ECDSA, "nistp384", BR_EC_secp384r1, 48, &br_sha384_vtable, 48 },
		{ "ecdsa-sha2-nistp521", FAMILY_ECDSA, "nistp521", BR_EC_secp521r1, 66, &br_sha512_vtable, 64 },
		{ "ssh-rsa", FAMILY_RSA, NULL, 0, 0, NULL, 0 },
	};

	return i < sizeof(kinds) / sizeof(*kinds) ? &kinds[i] : NULL;
}

const struct key_kind *key_kind_named(struct wire_str type)
{
	const struct key_kind *k;

	for (size_t i = 0; (k = key_kind(i)); i++)
		if (wire_is(type, k->type))
			return k;
	return NULL;
}

const struct key_kind *key_kind_of_curve(int id)
{
	const struct key_kind *k;

	for (size_t i = 0; (k = key_kind(i)); i++)
		if (k->family == FAMILY_ECDSA && k->id == id)
			return k;
	return NULL;
}

const br_ec_impl *key_curves(void)
{
	return &br_ec_prime_i31;
}

static struct wire_str type_of(const uint8_t *blob, size_t len)
{
	struct wire w = wire_over(blob, len);

	return wire_string(&w);
}

const char *ssh_pubkey_type(const uint8_t *blob, size_t len)
{
	const struct key_kind *k = key_kind_named(type_of(blob, len));

	return k ? k->type : NULL;
}

const char *ssh_pubkey_word(const uint8_t *blob, size_t len)
{
	static const char *const words[] = { "ED25519", "ECDSA", "RSA" };
	const struct key_kind *k = key_kind_named(type_of(blob, len));

	return k ? words[k->family] : "unknown";
}

const char *ssh_algorithm_type(const char *alg)
{
	for (size_t i = 0; ssh_sig_algorithms[i]; i++)
		if (!strcmp(alg, ssh_sig_algorithms[i]))
			return strncmp(alg, "rsa-", 4) ? ssh_sig_algorithms[i] : "ssh-rsa";
	return NULL;
}

void ssh_fingerprint(const uint8_t *blob, size_t len, char out[SSH_FINGERPRINT_SIZE])
{
	br_sha256_context c;
	uint8_t sum[32];

	br_sha256_init(&c);
	br_sha256_update(&c, blob, len);
	br_sha256_out(&c, sum);
	memcpy(out, "SHA256:", 7);
	base64_encode(out + 7, SSH_FINGERPRINT_SIZE - 7, sum, sizeof(sum));
	out[7 + 43] = 0;		/* without the padding */
}

unsigned rsa_bits(struct wire_str n)
{
	return n.len && n.len < 1 << 20 ? (unsigned)(8 * n.len) - (unsigned)__builtin_clz(n.p[0]) + 24 : 0;
}

bool rsa_is_sound(struct wire_str n, struct wire_str e)
{
	unsigned bits = rsa_bits(n);

	return bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS && n.p[n.len - 1] & 1 &&
	       e.len && e.len <= 8 && e.p[e.len - 1] & 1 && (e.len > 1 || e.p[0] >= 3);
}

static int parse_rsa(struct pubkey *k, struct wire *w, struct err *e)
{
	k->e = wire_mpint(w);
	k->n = wire_mpint(w);
	if (w->bad || w->left || rsa_is_sound(k->n, k->e))
		return 0;
	if (rsa_bits(k->n) < RSA_MIN_BITS || rsa_bits(k->n) > RSA_MAX_BITS)
		return err_say(e, -EKEYREJECTED, "an RSA key of %u bits: %d to %d are supported",
			       rsa_bits(k->n), RSA_MIN_BITS, RSA_MAX_BITS);
	return err_say(e, -EKEYREJECTED, "an RSA key with an unsound modulus or exponent");
}

int pubkey_parse(struct pubkey *k, const uint8_t *blob, size_t len, struct err *e)
{
	struct wire w = wire_over(blob, len);
	struct wire_str type = wire_string(&w);
	bool fits = true;
	int rc = 0;

	*k = (struct pubkey){ .kind = key_kind_named(type) };
	if (!k->kind)
		return err_say(e, -EKEYREJECTED, "a key of type '%.*s', which is not supported",
			       (int)(type.len < 40 ? type.len : 40), type.p);
	switch (k->kind->family) {
	case FAMILY_ED25519:
		k->point = wire_string(&w);
		fits = k->point.len == ED25519_PUBLIC;
		break;
	case FAMILY_ECDSA:
		fits = wire_is(wire_string(&w), k->kind->curve);
		k->point = wire_string(&w);
		fits &= k->point.len == 1 + 2 * k->kind->bytes && k->point.p[0] == 4;
		break;
	case FAMILY_RSA:
		rc = parse_rsa(k, &w, e);
		break;
	}
	if (!rc && (w.bad || w.left || !fits))
		return err_say(e, -EKEYREJECTED, "a malformed %s key", k->kind->type);
	return rc;
}

/* r and s of RFC 5656 section 3.1.2 as BearSSL wants them: each as long as the order. */
static bool raw_ecdsa(const struct key_kind *kind, struct wire_str sig, uint8_t out[2 * EC_MAX_BYTES])
{
	struct wire w = wire_over(sig.p, sig.len);
	size_t n = kind->bytes;

	memset(out, 0, 2 * n);
	for (int i = 0; i < 2; i++) {
		struct wire_str v = wire_mpint(&w);

		if (!v.len || v.len > n)
			return false;
		memcpy(out + (size_t)(i + 1) * n - v.len, v.p, v.len);
	}
	return !w.bad && !w.left;
}

static bool verify_ecdsa(const struct pubkey *k, const uint8_t *data, size_t len, struct wire_str sig)
{
	const struct key_kind *kind = k->kind;
	br_ec_public_key pk = { kind->id, (unsigned char *)k->point.p, k->point.len };
	uint8_t raw[2 * EC_MAX_BYTES], sum[KEY_MAX_HASH];
	br_hash_compat_context c;

	if (!raw_ecdsa(kind, sig, raw))
		return false;
	kind->hash->init(&c.vtable);
	kind->hash->update(&c.vtable, data, len);
	kind->hash->out(&c.vtable, sum);
	return br_ecdsa_i31_vrfy_raw(key_curves(), sum, kind->hash_len, &pk, raw, 2 * kind->bytes);
}

static bool verify_rsa(const struct pubkey *k, const char *alg, const uint8_t *data, size_t len,
		       struct wire_str sig)
{
	br_rsa_public_key pk = { (unsigned char *)k->n.p, k->n.len, (unsigned char *)k->e.p, k->e.len };
	bool wide = !strcmp(alg, "rsa-sha2-512");
	const br_hash_class *hash = wide ? &br_sha512_vtable : &br_sha256_vtable;
	br_hash_compat_context c;
	uint8_t x[RSA_MAX_BITS / 8] = { 0 }, sum[KEY_MAX_HASH], signed_sum[KEY_MAX_HASH];
	size_t sum_len = wide ? 64 : 32;

	/*
	 * RFC 8332 section 3 wants the length of the modulus; implementations that strip zeros
	 * exist.
	 */
	if (!sig.len || sig.len > k->n.len)
		return false;
	memcpy(x + k->n.len - sig.len, sig.p, sig.len);
	hash->init(&c.vtable);
	hash->update(&c.vtable, data, len);
	hash->out(&c.vtable, sum);
	return br_rsa_i31_pkcs1_vrfy(x, k->n.len, wide ? BR_HASH_OID_SHA512 : BR_HASH_OID_SHA256, sum_len, &pk,
				     signed_sum) && !memcmp(sum, signed_sum, sum_len);
}

int ssh_pubkey_verify(const uint8_t *blob, size_t blob_len, const char *alg, const uint8_t *data, size_t len,
		      const uint8_t *sig, size_t sig_len, struct err *e)
{
	struct wire w = wire_over(sig, sig_len);
	struct wire_str name = wire_string(&w), value = wire_string(&w);
	const char *type = ssh_algorithm_type(alg);
	struct pubkey k;
	bool good = false;
	int rc = pubkey_parse(&k, blob, blob_len, e);

	if (rc)
		return rc;
	if (!type || strcmp(type, k.kind->type))
		return err_say(e, -EKEYREJECTED, "a %s key where %.40s was agreed on", k.kind->type, alg);
	if (w.bad || w.left || !wire_is(name, alg))
		return err_say(e, -EKEYREJECTED, "a signature by '%.*s' where %.40s was agreed on",
			       (int)(name.len < 40 ? name.len : 40), name.p, alg);
	switch (k.kind->family) {
	case FAMILY_ED25519:
		good = value.len == ED25519_SIG && !ssh_ed25519_verify(k.point.p, data, len, value.p, NULL);
		break;
	case FAMILY_ECDSA:
		good = verify_ecdsa(&k, data, len, value);
		break;
	case FAMILY_RSA:
		good = verify_rsa(&k, alg, data, len, value);
		break;
	}
	return good ? 0 : err_say(e, -EKEYREJECTED, "the %s signature is wrong", alg);
}
