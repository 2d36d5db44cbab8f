/* secret - which secret do our half of a key exchange and the server's make? */
/* SPDX-License-Identifier: MIT */
#include "ssh/secret.h"

#include <errno.h>
#include <string.h>

const struct ssh_kem ssh_kem_mlkem768 = {
	MLKEM768_PUBLIC, MLKEM768_CIPHERTEXT, ssh_mlkem768_keypair, ssh_mlkem768_decapsulate,
};
const struct ssh_kem ssh_kem_sntrup761 = {
	SNTRUP761_PUBLIC, SNTRUP761_CIPHERTEXT, ssh_sntrup761_keypair, ssh_sntrup761_decapsulate,
};

_Static_assert((int)MLKEM768_SHARED == (int)SNTRUP761_SHARED &&
	       (int)MLKEM768_SECRET >= (int)SNTRUP761_SECRET &&
	       (int)MLKEM768_PUBLIC >= (int)SNTRUP761_PUBLIC, "struct ssh_secret holds either");

/* A secret number below the order of the curve. */
static void ec_scalar(int curve, uint8_t *out, size_t *len)
{
	const uint8_t *order = br_ec_prime_i31.order(curve, len);
	uint8_t zero[66] = { 0 };

	do {
		ssh_random(out, *len);
		if (order[0] < 0x80)
			out[0] &= order[0];	/* P-521: one bit of the first byte */
	} while (memcmp(out, order, *len) >= 0 || ssh_equal(out, zero, *len));
}

void ssh_secret_begin(struct ssh_secret *x, const struct ssh_kex_method *m)
{
	uint8_t *at = x->q_c;
	size_t len;

	if (m->curve) {
		ec_scalar(m->curve, x->scalar, &len);
		x->q_c_len = br_ec_prime_i31.mulgen(x->q_c, x->scalar, len, m->curve);
		return;
	}
	if (m->kem) {
		m->kem->keypair(at, x->kem);
		at += m->kem->public_len;
	}
	ssh_random(x->scalar, 32);
	ssh_x25519(at, x->scalar, NULL);
	x->q_c_len = (size_t)(at + 32 - x->q_c);
}

static int ec_secret(struct ssh_secret *x, int curve, struct wire_str q_s, struct wire_out *k)
{
	uint8_t point[133];
	size_t len, at, width;

	br_ec_prime_i31.order(curve, &len);
	if (q_s.len != x->q_c_len || q_s.p[0] != 4)
		return -EPROTO;
	memcpy(point, q_s.p, q_s.len);
	if (!br_ec_prime_i31.mul(point, q_s.len, x->scalar, len, curve))
		return -EPROTO;
	at = br_ec_prime_i31.xoff(curve, &width);
	wire_put_mpint(k, point + at, width);
	ssh_wipe(point, sizeof(point));
	return 0;
}

/* The digest of both secrets, as a string: the hash is that of the whole exchange. */
static void hybrid(const struct ssh_kex_method *m, const uint8_t both[64], struct wire_out *k)
{
	br_hash_compat_context ctx;
	uint8_t hash[64];

	m->hash->init(&ctx.vtable);
	m->hash->update(&ctx.vtable, both, 64);
	m->hash->out(&ctx.vtable, hash);
	wire_put_string(k, hash, (m->hash->desc >> BR_HASHDESC_OUT_OFF) & BR_HASHDESC_OUT_MASK);
	ssh_wipe(&ctx, sizeof(ctx));
	ssh_wipe(hash, sizeof(hash));
}

int ssh_secret_finish(struct ssh_secret *x, const struct ssh_kex_method *m, struct wire_str q_s)
{
	struct wire_out k = { .buf = x->k, .size = sizeof(x->k) };
	uint8_t both[64];
	int rc = 0;

	if (m->curve) {
		rc = ec_secret(x, m->curve, q_s, &k);
	} else if (q_s.len != (m->kem ? m->kem->ciphertext_len : 0) + 32) {
		rc = -EPROTO;
	} else if (ssh_x25519(both + 32, x->scalar, q_s.p + q_s.len - 32)) {
		rc = -EPROTO;
	} else if (m->kem) {
		m->kem->decapsulate(both, q_s.p, x->kem);
		hybrid(m, both, &k);
	} else {
		wire_put_mpint(&k, both + 32, 32);
	}
	x->k_len = k.len;
	ssh_wipe(both, sizeof(both));
	return rc;
}
