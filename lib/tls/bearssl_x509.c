/* bearssl_x509 - how do BearSSL's pieces of certificates reach the verifier? */
/* SPDX-License-Identifier: MIT */
#include "tls/bearssl.h"

static struct verifier *of(const br_x509_class **ctx)
{
	return &((struct bearssl_x509 *)ctx)->verifier;
}

static void start_chain(const br_x509_class **ctx, const char *server_name)
{
	(void)server_name;
	verifier_chain(of(ctx));
}

static void start_cert(const br_x509_class **ctx, uint32_t len)
{
	verifier_cert(of(ctx), len);
}

static void append(const br_x509_class **ctx, const unsigned char *buf, size_t len)
{
	verifier_bytes(of(ctx), buf, len);
}

static void end_cert(const br_x509_class **ctx)
{
	verifier_cert_end(of(ctx));
}

static unsigned end_chain(const br_x509_class **ctx)
{
	return verifier_judge(of(ctx)) ? BR_ERR_X509_NOT_TRUSTED : 0;
}

static const br_x509_pkey *get_key(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct verifier *v = &((const struct bearssl_x509 *)ctx)->verifier;

	if (usages)
		*usages = BR_KEYTYPE_SIGN;	/* ECDHE wants no more */
	return v->trusted ? &v->certs[0].key : NULL;
}

const br_x509_class bearssl_x509_class = {
	sizeof(struct bearssl_x509), start_chain, start_cert, append, end_cert, end_chain, get_key,
};
