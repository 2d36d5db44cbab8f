/* cipher - how is a packet sealed and opened, with each algorithm? */
/* SPDX-License-Identifier: MIT */
#include "ssh/cipher.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "ssh/chacha.h"
#include "ssh/crypto.h"

const struct ssh_cipher_alg ssh_ciphers[] = {
	{ "aes128-gcm@openssh.com", 16, 12, 16, 16, true },
	{ "aes256-gcm@openssh.com", 32, 12, 16, 16, true },
	{ "chacha20-poly1305@openssh.com", 64, 0, 8, 16, false },
	{ "aes128-ctr", 16, 16, 16, 0, true },
	{ "aes256-ctr", 32, 16, 16, 0, true },
	{ NULL, 0, 0, 0, 0, false },
};

const struct ssh_mac_alg ssh_macs[] = {
	{ "hmac-sha2-256-etm@openssh.com", &br_sha256_vtable, 32, true },
	{ "hmac-sha2-512-etm@openssh.com", &br_sha512_vtable, 64, true },
	{ "hmac-sha2-256", &br_sha256_vtable, 32, false },
	{ "hmac-sha2-512", &br_sha512_vtable, 64, false },
	{ NULL, NULL, 0, false },
};

bool ssh_aes_is_fast(void)
{
	return br_aes_x86ni_ctrcbc_get_vtable() && br_ghash_pclmul_get();
}

static void set_be32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, 4);
}

/* Is the length part of what is padded to a multiple of the block? */
static bool length_counts(const struct ssh_cipher *c)
{
	return !c->alg || (!c->alg->tag_len && !c->mac->etm);
}

static size_t tag_len(const struct ssh_cipher *c)
{
	if (!c->alg)
		return 0;
	return c->alg->tag_len ? c->alg->tag_len : c->mac->len;
}

static void ctr(struct ssh_cipher *c, uint8_t *counter, uint8_t *p, size_t len)
{
	c->aes.vtable->ctr(&c->aes.vtable, counter, p, len);
}

static void set_aes(struct ssh_cipher *c, const uint8_t *key, bool slow)
{
	const br_block_ctrcbc_class *aes = slow ? NULL : br_aes_x86ni_ctrcbc_get_vtable();

	c->ghash = slow ? NULL : br_ghash_pclmul_get();
	if (!c->ghash)
		c->ghash = br_ghash_ctmul64;
	if (!aes)
		aes = &br_aes_ct64_ctrcbc_vtable;
	aes->init(&c->aes.vtable, key, c->alg->key_len);
}

void ssh_cipher_set(struct ssh_cipher *c, const struct ssh_cipher_alg *alg,
		    const struct ssh_mac_alg *mac, const uint8_t *key, const uint8_t *iv,
		    const uint8_t *mac_key, bool slow)
{
	uint8_t zero[16] = { 0 };

	ssh_wipe(c, sizeof(*c));
	c->alg = alg;
	c->mac = alg->tag_len ? NULL : mac;
	memcpy(c->iv, iv, alg->iv_len);
	if (!alg->aes) {
		memcpy(c->key, key, sizeof(c->key));
		c->chacha = slow ? br_chacha20_ct_run : ssh_chacha20;
		return;
	}
	set_aes(c, key, slow);
	if (alg->tag_len)
		ctr(c, zero, c->h, sizeof(c->h));	/* E(0), as the counter 0 stands in zero */
	else
		br_hmac_key_init(&c->hmac, mac->hash == &br_sha256_vtable && !slow ? sha256_class() : mac->hash,
				 mac_key, mac->len);
}

static void chacha(const struct ssh_cipher *c, bool header, uint32_t seq, uint32_t block,
		   uint8_t *p, size_t len)
{
	uint8_t nonce[12] = { 0 };

	set_be32(nonce + 8, seq);
	c->chacha(c->key + (header ? 32 : 0), nonce, block, p, len);
}

/* p: the packet with its length; len: without. */
static void chacha_tag(const struct ssh_cipher *c, uint32_t seq, const uint8_t *p, size_t len,
		       uint8_t tag[16])
{
	uint8_t key[32] = { 0 };

	chacha(c, false, seq, 0, key, sizeof(key));
	ssh_poly1305(tag, p, 4 + len, key);
	ssh_wipe(key, sizeof(key));
}

/* Of GCM the first counter block encrypts the tag, the following ones the data. */
static void gcm_counter(const struct ssh_cipher *c, uint32_t block, uint8_t counter[16])
{
	memcpy(counter, c->iv, 12);
	set_be32(counter + 12, block);
}

static void gcm_tag(struct ssh_cipher *c, const uint8_t *p, size_t len, uint8_t tag[16])
{
	uint8_t counter[16], head[16] = { 0 }, sizes[16];

	memcpy(head, p, 4);
	put_be64(sizes, 4 * 8);
	put_be64(sizes + 8, (uint64_t)len * 8);
	memset(tag, 0, 16);
	c->ghash(tag, c->h, head, sizeof(head));
	c->ghash(tag, c->h, p + 4, len);
	c->ghash(tag, c->h, sizes, sizeof(sizes));
	gcm_counter(c, 1, counter);
	ctr(c, counter, tag, 16);
}

static void gcm_data(struct ssh_cipher *c, uint8_t *p, size_t len)
{
	uint8_t counter[16];

	gcm_counter(c, 2, counter);
	ctr(c, counter, p, len);
}

static void gcm_next(struct ssh_cipher *c)
{
	put_be64(c->iv + 4, get_be64(c->iv + 4) + 1);
}

static void hmac(const struct ssh_cipher *c, uint32_t seq, const uint8_t *p, size_t len,
		 uint8_t tag[64])
{
	br_hmac_context ctx;
	uint8_t number[4];

	set_be32(number, seq);
	br_hmac_init(&ctx, &c->hmac, 0);
	br_hmac_update(&ctx, number, sizeof(number));
	br_hmac_update(&ctx, p, 4 + len);
	br_hmac_out(&ctx, tag);
}

size_t ssh_cipher_seal(struct ssh_cipher *c, uint32_t seq, uint8_t *p, size_t payload,
		       const uint8_t *pad)
{
	size_t block = c->alg ? c->alg->block : 8, front = length_counts(c) ? 5 : 1, padding, len;

	padding = block - (front + payload) % block;
	if (padding < 4)
		padding += block;
	len = 1 + payload + padding;
	set_be32(p, (uint32_t)len);
	p[4] = (uint8_t)padding;
	memcpy(p + 5 + payload, pad, padding);
	if (!c->alg)
		return 4 + len;
	if (!c->alg->aes) {
		chacha(c, true, seq, 0, p, 4);
		chacha(c, false, seq, 1, p + 4, len);
		chacha_tag(c, seq, p, len, p + 4 + len);
	} else if (c->alg->tag_len) {
		gcm_data(c, p + 4, len);
		gcm_tag(c, p, len, p + 4 + len);
		gcm_next(c);
	} else if (c->mac->etm) {
		ctr(c, c->iv, p + 4, len);
		hmac(c, seq, p, len, p + 4 + len);
	} else {
		hmac(c, seq, p, len, p + 4 + len);
		ctr(c, c->iv, p, 4 + len);
	}
	return 4 + len + tag_len(c);
}

size_t ssh_cipher_head(const struct ssh_cipher *c)
{
	return c->alg && length_counts(c) ? c->alg->block : 4;
}

int ssh_cipher_length(struct ssh_cipher *c, uint32_t seq, uint8_t *p, uint32_t *len)
{
	uint8_t head[4];

	if (c->alg && length_counts(c) && !c->peeked) {
		ctr(c, c->iv, p, c->alg->block);
		c->peeked = true;
	}
	memcpy(head, p, 4);
	if (c->alg && !c->alg->aes)
		chacha(c, true, seq, 0, head, 4);
	*len = get_be32(head);
	if (*len < 1 + 4 || *len > SSH_PACKET_MAX)
		return -EPROTO;
	return (*len + (length_counts(c) ? 4 : 0)) % (c->alg ? c->alg->block : 8) ? -EPROTO : 0;
}

size_t ssh_cipher_size(const struct ssh_cipher *c, uint32_t len)
{
	return 4 + len + tag_len(c);
}

/* Decrypt and check; the order is that of the algorithm. */
static bool unseal(struct ssh_cipher *c, uint32_t seq, uint8_t *p, uint32_t len)
{
	uint8_t tag[64];
	bool right;

	if (!c->alg->aes) {
		chacha_tag(c, seq, p, len, tag);
		right = ssh_equal(tag, p + 4 + len, 16);
		if (right)
			chacha(c, false, seq, 1, p + 4, len);
	} else if (c->alg->tag_len) {
		gcm_tag(c, p, len, tag);
		right = ssh_equal(tag, p + 4 + len, 16);
		if (right)
			gcm_data(c, p + 4, len);
		gcm_next(c);
	} else if (c->mac->etm) {
		hmac(c, seq, p, len, tag);
		right = ssh_equal(tag, p + 4 + len, c->mac->len);
		if (right)
			ctr(c, c->iv, p + 4, len);
	} else {
		ctr(c, c->iv, p + c->alg->block, 4 + len - c->alg->block);
		hmac(c, seq, p, len, tag);
		right = ssh_equal(tag, p + 4 + len, c->mac->len);
		c->peeked = false;
	}
	return right;
}

int ssh_cipher_open(struct ssh_cipher *c, uint32_t seq, uint8_t *p, uint32_t len,
		    size_t *payload_len)
{
	if (c->alg && !unseal(c, seq, p, len))
		return -EBADMSG;
	if (p[4] < 4 || p[4] >= len - 1)
		return -EPROTO;
	*payload_len = len - 1 - p[4];
	return 0;
}
