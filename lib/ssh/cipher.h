/* cipher - one direction of an SSH connection: packets sealed and opened in place. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_CIPHER_H
#define SSH_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bearssl.h>

enum {
	SSH_PACKET_MAX = 35000, /* packet_length at most: what RFC 4253 section 6.1 asks for */
	SSH_PACKET_EXTRA = 4 + 64, /* bytes around it: the length in front, the tag behind */
	SSH_PADDING_MAX = 4 + 16,
	SSH_KEY_MAX = 64, /* bytes of any key or initial vector */
};

/*
 * chacha20-poly1305@openssh.com (PROTOCOL.chacha20poly1305 of OpenSSH), aes*-gcm@openssh.com (RFC
 * 5647 with the changes of OpenSSH's PROTOCOL section 1.6), aes*-ctr (RFC 4344).
 */
struct ssh_cipher_alg {
	const char *name;
	uint8_t key_len, iv_len;	/* bytes */
	uint8_t block;			/* what a packet's length is a multiple of */
	uint8_t tag_len;		/* of an AEAD; 0: needs a MAC */
	bool    aes;
};

/* hmac-sha2-* (RFC 6668) and their -etm@openssh.com. */
struct ssh_mac_alg {
	const char *name;
	const br_hash_class *hash;
	uint8_t len;			/* bytes of key and of tag */
	bool    etm;			/* over what was encrypted, the length is in clear */
};

/* All that we have; end with name NULL. Which order suits this CPU: ssh_cipher_order. */
extern const struct ssh_cipher_alg ssh_ciphers[];
extern const struct ssh_mac_alg ssh_macs[];

/* AES is done by the CPU in both ways that GCM needs. */
bool ssh_aes_is_fast(void);

/* Before the first NEWKEYS alg is NULL: nothing is encrypted. Zero-initialise it. */
struct ssh_cipher {
	const struct ssh_cipher_alg *alg;
	const struct ssh_mac_alg *mac;
	br_aes_gen_ctrcbc_keys aes;
	br_ghash ghash;
	br_chacha20_run chacha;
	br_hmac_key_context hmac;
	uint8_t iv[16]; /* ctr: the counter; gcm: 4 fixed bytes, 8 that count packets */
	uint8_t h[16];			/* gcm: the key of GHASH */
	uint8_t key[64];		/* chacha20: of the payload, of the length */
	bool    peeked;			/* ctr: the first block is in clear already */
};

/* Keys as derived; mac is not looked at for an AEAD. slow: without the CPU's AES and without
 * vectors (for tests). */
void ssh_cipher_set(struct ssh_cipher *c, const struct ssh_cipher_alg *alg,
		    const struct ssh_mac_alg *mac, const uint8_t *key, const uint8_t *iv,
		    const uint8_t *mac_key, bool slow);

/*
 * Seal the packet whose payload of len bytes, not above 32,768 + 64, stands at p + 5: puts length
 * and padding (from pad, SSH_PADDING_MAX random bytes), encrypts, appends the tag. Returns its
 * bytes.
 */
size_t ssh_cipher_seal(struct ssh_cipher *c, uint32_t seq, uint8_t *p, size_t len,
		       const uint8_t *pad);

/* Bytes of a packet that ssh_cipher_length has to see. */
size_t ssh_cipher_head(const struct ssh_cipher *c);

/*
 * The packet_length of the packet at p, of which ssh_cipher_head bytes are there. -EPROTO if it is
 * out of bounds or no multiple of the block. May decrypt a block: call it once or often, but open
 * next.
 */
int ssh_cipher_length(struct ssh_cipher *c, uint32_t seq, uint8_t *p, uint32_t *len);

/* The packet's bytes with length and tag. */
size_t ssh_cipher_size(const struct ssh_cipher *c, uint32_t len);

/*
 * Check and decrypt the packet at p; its payload is then *payload_len bytes at p + 5. -EBADMSG: it
 * was changed on the way (constant time); -EPROTO: bad padding.
 */
int ssh_cipher_open(struct ssh_cipher *c, uint32_t seq, uint8_t *p, uint32_t len,
		    size_t *payload_len);

#endif
