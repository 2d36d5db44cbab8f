/* rsaparts - how does RSA sign with the numbers of a key file? */
/* SPDX-License-Identifier: MIT */
#include "ssh/rsaparts.h"

#include <string.h>

/* a -= b if it is not negative then, for numbers of n bytes, big endian. */
static void subtract_if_not_below(uint8_t *a, const uint8_t *b, size_t n)
{
	int borrow = 0;

	if (memcmp(a, b, n) < 0)
		return;
	for (size_t i = n; i--; ) {
		int v = a[i] - b[i] - borrow;

		borrow = v < 0;
		a[i] = (uint8_t)v;
	}
}

/*
 * out = d mod (m - 1), of as many bytes as m, bit by bit. m is odd. It takes other time for other
 * keys, which nobody but us can measure: it is done once, when the file is read.
 */
static void reduce(uint8_t *out, struct wire_str d, struct wire_str m)
{
	uint8_t mod[RSA_FACTOR + 1] = { 0 }, r[RSA_FACTOR + 1] = { 0 };
	size_t n = m.len + 1;			/* room for a carry */

	memcpy(mod + 1, m.p, m.len);
	mod[n - 1] &= 0xfe;
	for (size_t bit = 0; bit < 8 * d.len; bit++) {
		for (size_t i = 0; i < n; i++)
			r[i] = (uint8_t)(r[i] << 1 | (i + 1 < n ? r[i + 1] >> 7 :
					 d.p[bit / 8] >> (7 - bit % 8) & 1));
		subtract_if_not_below(r, mod, n);
	}
	memcpy(out, r + 1, m.len);
	explicit_bzero(mod, sizeof(mod));
	explicit_bzero(r, sizeof(r));
}

static bool is_product(struct wire_str n, struct wire_str p, struct wire_str q)
{
	uint8_t product[2 * RSA_FACTOR] = { 0 };
	size_t len = p.len + q.len, skip;

	for (size_t i = p.len; i--; ) {
		unsigned carry = 0;

		for (size_t j = q.len; j--; ) {
			carry += product[i + j + 1] + (unsigned)p.p[i] * q.p[j];
			product[i + j + 1] = (uint8_t)carry;
			carry >>= 8;
		}
		product[i] = (uint8_t)carry;
	}
	for (skip = 0; skip < len && !product[skip]; skip++)
		;
	return n.len == len - skip && !memcmp(n.p, product + skip, n.len);
}

static bool is_factor(struct wire_str f)
{
	return f.len >= 16 && f.len <= RSA_FACTOR && f.p[f.len - 1] & 1;
}

int rsa_parts_make(struct rsa_parts *r, const struct key_parts *in)
{
	if (!is_factor(in->p) || !is_factor(in->q) || !is_product(in->n, in->p, in->q) || !in->d.len ||
	    in->d.len > RSA_MAX_BITS / 8 || !in->iq.len || in->iq.len > in->p.len)
		return -1;
	memcpy(r->p, in->p.p, in->p.len);
	memcpy(r->q, in->q.p, in->q.len);
	memcpy(r->iq, in->iq.p, in->iq.len);
	r->p_len = in->p.len;
	r->q_len = in->q.len;
	r->iq_len = in->iq.len;
	r->bits = rsa_bits(in->n);
	reduce(r->dp, in->d, in->p);
	reduce(r->dq, in->d, in->q);
	return 0;
}

size_t rsa_parts_sign(const struct rsa_parts *r, const char *alg, const uint8_t *data, size_t len,
		      uint8_t *out)
{
	br_rsa_private_key sk = {
		r->bits, (unsigned char *)r->p, r->p_len, (unsigned char *)r->q, r->q_len, (unsigned char *)r->dp,
		r->p_len, (unsigned char *)r->dq, r->q_len, (unsigned char *)r->iq, r->iq_len,
	};
	bool wide = !strcmp(alg, "rsa-sha2-512");
	const br_hash_class *hash = wide ? &br_sha512_vtable : &br_sha256_vtable;
	br_hash_compat_context c;
	uint8_t sum[KEY_MAX_HASH];

	hash->init(&c.vtable);
	hash->update(&c.vtable, data, len);
	hash->out(&c.vtable, sum);
	if (!br_rsa_i31_pkcs1_sign(wide ? BR_HASH_OID_SHA512 : BR_HASH_OID_SHA256, sum, wide ? 64 : 32, &sk, out))
		return 0;
	return (r->bits + 7) / 8;
}
