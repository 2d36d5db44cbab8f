/* bearssl_profile - which versions, suites, curves and hashes do we speak? */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ssh/crypto.h"
#include "tls/bearssl.h"

enum { X25519_LEN = 32 };

static const unsigned char *generator(int curve, size_t *len)
{
	static const unsigned char nine[X25519_LEN] = { 9 };

	if (curve != BR_EC_curve25519)
		return key_curves()->generator(curve, len);
	*len = sizeof(nine);
	return nine;
}

/* Its highest byte says how many bits a secret has. */
static const unsigned char *order(int curve, size_t *len)
{
	static const unsigned char mask[X25519_LEN] = {
		0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	if (curve != BR_EC_curve25519)
		return key_curves()->order(curve, len);
	*len = sizeof(mask);
	return mask;
}

static size_t xoff(int curve, size_t *len)
{
	if (curve != BR_EC_curve25519)
		return key_curves()->xoff(curve, len);
	*len = X25519_LEN;
	return 0;
}

/* BearSSL has secrets big endian. */
static uint32_t x25519(unsigned char *out, const unsigned char *point, const unsigned char *x, size_t len)
{
	uint8_t scalar[X25519_LEN] = { 0 }, result[X25519_LEN];
	int rc;

	if (len > sizeof(scalar))
		return 0;
	for (size_t i = 0; i < len; i++)
		scalar[i] = x[len - 1 - i];
	rc = ssh_x25519(result, scalar, point);
	if (!rc)
		memcpy(out, result, sizeof(result));
	ssh_wipe(scalar, sizeof(scalar));
	ssh_wipe(result, sizeof(result));
	return !rc;
}

static uint32_t mul(unsigned char *point, size_t point_len, const unsigned char *x, size_t len, int curve)
{
	if (curve != BR_EC_curve25519)
		return key_curves()->mul(point, point_len, x, len, curve);
	return point_len == X25519_LEN && x25519(point, point, x, len);
}

static size_t mulgen(unsigned char *out, const unsigned char *x, size_t len, int curve)
{
	if (curve != BR_EC_curve25519)
		return key_curves()->mulgen(out, x, len, curve);
	return x25519(out, NULL, x, len) ? X25519_LEN : 0;
}

static uint32_t muladd(unsigned char *a, const unsigned char *b, size_t len, const unsigned char *x,
		       size_t x_len, const unsigned char *y, size_t y_len, int curve)
{
	return key_curves()->muladd(a, b, len, x, x_len, y, y_len, curve);
}

const br_ec_impl bearssl_curves = {
	1u << BR_EC_curve25519 | 1u << BR_EC_secp256r1 | 1u << BR_EC_secp384r1 | 1u << BR_EC_secp521r1,
	generator, order, xoff, mul, mulgen, muladd,
};

void bearssl_profile(br_ssl_client_context *cc)
{
	/* AES is 10 times as fast as ChaCha20 where the CPU helps, and as safe where it does not. */
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	};
	br_ssl_engine_context *eng = &cc->eng;

	br_ssl_client_zero(cc);
	br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(eng, suites, sizeof(suites) / sizeof(*suites));
	br_ssl_engine_add_flags(eng, BR_OPT_NO_RENEGOTIATION | BR_OPT_FAIL_ON_ALPN_MISMATCH);
	br_ssl_engine_set_ec(eng, &bearssl_curves);
	br_ssl_engine_set_ecdsa(eng, br_ecdsa_i31_vrfy_asn1);
	br_ssl_engine_set_rsavrfy(eng, br_rsa_i31_pkcs1_vrfy);
	br_ssl_engine_set_hash(eng, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(eng, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(eng, &br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(eng, &br_tls12_sha384_prf);
	br_ssl_engine_set_default_aes_gcm(eng);
	br_ssl_engine_set_default_chapol(eng);
}
