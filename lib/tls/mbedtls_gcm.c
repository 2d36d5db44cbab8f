/* mbedtls_gcm - who computes AES-GCM for mbedTLS? BearSSL, seven times as fast, and safe without AES-NI. */
/* SPDX-License-Identifier: MIT */
#include <bearssl.h>
#include <mbedtls/gcm.h>
#include <stdlib.h>
#include <string.h>

#include "ssh/crypto.h"

/* mbedTLS's interface of GCM (mbedtls/gcm.h), which it lets others implement: MBEDTLS_GCM_ALT. */
enum { TAG_LEN = 16 };

struct gcm_state {
	br_aes_gen_ctr_keys aes;
	br_gcm_context gcm;
	bool encrypt, in_text;	/* in_text: the additional data are over */
};

static struct gcm_state *of(mbedtls_gcm_context *ctx)
{
	return ctx->state;
}

void mbedtls_gcm_init(mbedtls_gcm_context *ctx)
{
	ctx->state = NULL;
}

void mbedtls_gcm_free(mbedtls_gcm_context *ctx)
{
	if (ctx && ctx->state) {
		ssh_wipe(ctx->state, sizeof(struct gcm_state));
		free(ctx->state);
		ctx->state = NULL;
	}
}

int mbedtls_gcm_setkey(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher, const unsigned char *key,
		       unsigned int bits)
{
	const br_block_ctr_class *aes = br_aes_x86ni_ctr_get_vtable();
	br_ghash ghash = br_ghash_pclmul_get();
	struct gcm_state *g;

	if (cipher != MBEDTLS_CIPHER_ID_AES || (bits != 128 && bits != 256))
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	mbedtls_gcm_free(ctx);
	g = calloc(1, sizeof(*g));
	if (!g)
		return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
	ctx->state = g;
	if (!aes)
		aes = &br_aes_ct64_ctr_vtable;
	aes->init(&g->aes.vtable, key, bits / 8);
	br_gcm_init(&g->gcm, &g->aes.vtable, ghash ? ghash : br_ghash_ctmul64);
	return 0;
}

int mbedtls_gcm_starts(mbedtls_gcm_context *ctx, int mode, const unsigned char *iv, size_t iv_len)
{
	struct gcm_state *g = of(ctx);

	br_gcm_reset(&g->gcm, iv, iv_len);
	g->encrypt = mode == MBEDTLS_GCM_ENCRYPT;
	g->in_text = false;
	return 0;
}

int mbedtls_gcm_update_ad(mbedtls_gcm_context *ctx, const unsigned char *data, size_t len)
{
	br_gcm_aad_inject(&of(ctx)->gcm, data, len);
	return 0;
}

static void begin_text(struct gcm_state *g)
{
	if (!g->in_text)
		br_gcm_flip(&g->gcm);
	g->in_text = true;
}

int mbedtls_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *in, size_t len, unsigned char *out,
		       size_t size, size_t *out_len)
{
	struct gcm_state *g = of(ctx);

	if (len > size)
		return MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL;
	begin_text(g);
	if (len && in != out)
		memmove(out, in, len);
	br_gcm_run(&g->gcm, g->encrypt, out, len);
	*out_len = len;
	return 0;
}

int mbedtls_gcm_finish(mbedtls_gcm_context *ctx, unsigned char *out, size_t size, size_t *out_len,
		       unsigned char *tag, size_t tag_len)
{
	struct gcm_state *g = of(ctx);
	uint8_t all[TAG_LEN];

	(void)out, (void)size;
	if (tag_len > sizeof(all))
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	begin_text(g);
	br_gcm_get_tag(&g->gcm, all);
	memcpy(tag, all, tag_len);
	*out_len = 0;
	return 0;
}

int mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t len, const unsigned char *iv, size_t iv_len,
			      const unsigned char *add, size_t add_len, const unsigned char *in, unsigned char *out,
			      size_t tag_len, unsigned char *tag)
{
	size_t n;
	int rc = mbedtls_gcm_starts(ctx, mode, iv, iv_len);

	if (!rc)
		rc = mbedtls_gcm_update_ad(ctx, add, add_len);
	if (!rc)
		rc = mbedtls_gcm_update(ctx, in, len, out, len, &n);
	return rc ? rc : mbedtls_gcm_finish(ctx, NULL, 0, &n, tag, tag_len);
}

int mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t len, const unsigned char *iv, size_t iv_len,
			     const unsigned char *add, size_t add_len, const unsigned char *tag, size_t tag_len,
			     const unsigned char *in, unsigned char *out)
{
	uint8_t want[TAG_LEN];
	int rc = mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_DECRYPT, len, iv, iv_len, add, add_len, in, out,
					   tag_len, want);

	if (!rc && !ssh_equal(tag, want, tag_len))
		rc = MBEDTLS_ERR_GCM_AUTH_FAILED;
	if (rc)
		ssh_wipe(out, len);
	return rc;
}
