/* mbedtls_key - what does our own certificate look like to mbedTLS? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>

#include "tls/mbedtls.h"

static int ec_key(mbedtls_pk_context *key, const br_ec_private_key *ec)
{
	mbedtls_ecp_group_id id = ec->curve == BR_EC_secp256r1 ? MBEDTLS_ECP_DP_SECP256R1 :
				  ec->curve == BR_EC_secp384r1 ? MBEDTLS_ECP_DP_SECP384R1 :
								 MBEDTLS_ECP_DP_SECP521R1;
	int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	return rc ? rc : mbedtls_ecp_read_key(id, mbedtls_pk_ec(*key), ec->x, ec->xlen);
}

/* The factors and the public exponent; mbedTLS computes the rest. */
static int rsa_key(mbedtls_pk_context *key, const br_rsa_private_key *k, const br_rsa_public_key *public)
{
	int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));

	if (!rc)
		rc = mbedtls_rsa_import_raw(mbedtls_pk_rsa(*key), NULL, 0, k->p, k->plen, k->q, k->qlen, NULL, 0,
					    public->e, public->elen);
	return rc ? rc : mbedtls_rsa_complete(mbedtls_pk_rsa(*key));
}

int mbedtls_own(mbedtls_x509_crt *chain, mbedtls_pk_context *key, const struct own_cert *own, struct err *e)
{
	struct cert leaf;
	int rc = 0;

	for (size_t i = 0; !rc && i < own->nr; i++)
		rc = mbedtls_x509_crt_parse_der(chain, own->chain[i].data, own->chain[i].data_len);
	if (!rc)
		rc = cert_parse(&leaf, own->chain[0].data, own->chain[0].data_len, NULL);
	if (!rc)
		rc = own->key_type == BR_KEYTYPE_EC ? ec_key(key, &own->ec) :
		     rsa_key(key, &own->rsa, &leaf.key.key.rsa);
	return rc ? err_say(e, -ENOKEY, "the key of the client certificate cannot be used (error -0x%04x of mbedTLS)",
			    -rc) : 0;
}
