/* crypto - how are the primitives that BearSSL lacks called, and where does chance come from? */
/* SPDX-License-Identifier: MIT */
#include "ssh/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <bearssl.h>
#include <tinyssh/crypto_hash_sha512.h>
#include <tinyssh/crypto_kem_sntrup761.h>
#include <tinyssh/crypto_onetimeauth_poly1305.h>
#include <tinyssh/crypto_scalarmult_curve25519.h>
#include <tinyssh/crypto_sign_ed25519.h>
#include <tinyssh/ge25519.h>
#include <tinyssh/randombytes.h>

#include "base/io.h"

int ssh_random_wait(unsigned wait_ms, void (*waiting)(void *arg), void *arg, struct err *e)
{
	uint64_t end = now_ms() + wait_ms;
	uint8_t byte;

	while (getrandom(&byte, 1, GRND_NONBLOCK) != 1) {
		if (errno != EAGAIN && errno != EINTR)
			return err_set(e, -errno, "random numbers of the kernel");
		if (waiting)
			waiting(arg);
		waiting = NULL;
		if (now_ms() >= end)
			return err_say(e, -ETIMEDOUT, "the kernel has no random numbers after %u s: boot it with "
				       "random.trust_cpu=on, or give the machine a generator", wait_ms / 1000);
		/* Its interrupts are what the kernel gathers from. */
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return 0;
}

void ssh_random(void *buf, size_t len)
{
	uint8_t *at = buf;

	while (len) {
		ssize_t n = getrandom(at, len, 0);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno == ENOSYS) {
			abort();	/* before Linux 3.17: no key of ours may be guessable */
		}
	}
}

void ssh_wipe(void *buf, size_t len)
{
	explicit_bzero(buf, len);
}

bool ssh_equal(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;
	unsigned diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= x[i] ^ y[i];
	return !diff;
}

void ssh_sha512(uint8_t out[64], const void *data, size_t len)
{
	br_sha512_context ctx;

	br_sha512_init(&ctx);
	br_sha512_update(&ctx, data, len);
	br_sha512_out(&ctx, out);
	ssh_wipe(&ctx, sizeof(ctx));
}

/* The two functions that tinyssh's code calls and we do not take from it. */
void randombytes(unsigned char *buf, unsigned long long len)
{
	ssh_random(buf, (size_t)len);
}

int crypto_hash_sha512_tinyssh(unsigned char *out, const unsigned char *data,
			       unsigned long long len)
{
	ssh_sha512(out, data, (size_t)len);
	return 0;
}

void ssh_ed25519_public(uint8_t pub[32], const uint8_t seed[32])
{
	uint8_t h[64];
	ge25519 a;

	ssh_sha512(h, seed, 32);
	h[0] &= 248;
	h[31] &= 63;
	h[31] |= 64;
	ge25519_scalarmult_base(a, h);
	ge25519_tobytes(pub, a);
	ssh_wipe(h, sizeof(h));
	ssh_wipe(a, sizeof(a));
}

int ssh_ed25519_sign(uint8_t sig[64], const uint8_t seed[32], const void *data, size_t len,
		     struct err *e)
{
	uint8_t secret[64], *both = malloc(len + 64);
	unsigned long long both_len;

	if (!both)
		return err_set(e, -ENOMEM, "sign %zu bytes", len);
	memcpy(secret, seed, 32);
	ssh_ed25519_public(secret + 32, seed);
	crypto_sign_ed25519(both, &both_len, data, len, secret);
	memcpy(sig, both, 64);
	ssh_wipe(secret, sizeof(secret));
	ssh_wipe(both, len + 64);
	free(both);
	return 0;
}

/* S, little endian, below the order of the group. */
static bool below_order(const uint8_t s[32])
{
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2,
		0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
	};

	for (int i = 31; i >= 0; i--)
		if (s[i] != order[i])
			return s[i] < order[i];
	return false;
}

int ssh_ed25519_verify(const uint8_t pub[32], const void *data, size_t len, const uint8_t sig[64],
		       struct err *e)
{
	uint8_t *both, *plain;
	unsigned long long plain_len;
	int bad;

	if (!below_order(sig + 32))
		return err_say(e, -EKEYREJECTED, "the Ed25519 signature has S out of range");
	both = malloc(2 * (len + 64));
	if (!both)
		return err_set(e, -ENOMEM, "verify %zu bytes", len);
	plain = both + len + 64;
	memcpy(both, sig, 64);
	if (len)
		memcpy(both + 64, data, len);
	bad = crypto_sign_ed25519_open(plain, &plain_len, both, len + 64, pub);
	free(both);
	return bad ? err_say(e, -EKEYREJECTED, "the Ed25519 signature is not by this key") : 0;
}

int ssh_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point)
{
	static const uint8_t base[32] = { 9 };

	return crypto_scalarmult_curve25519(out, scalar, point ? point : base) ? -EBADMSG : 0;
}

void ssh_sntrup761_keypair(uint8_t *pub, uint8_t *secret)
{
	crypto_kem_sntrup761_keypair(pub, secret);
}

void ssh_sntrup761_encapsulate(uint8_t *ciphertext, uint8_t *shared, const uint8_t *pub)
{
	crypto_kem_sntrup761_enc(ciphertext, shared, pub);
}

void ssh_sntrup761_decapsulate(uint8_t *shared, const uint8_t *ciphertext, const uint8_t *secret)
{
	crypto_kem_sntrup761_dec(shared, ciphertext, secret);
}

void ssh_poly1305(uint8_t tag[16], const void *data, size_t len, const uint8_t key[32])
{
	crypto_onetimeauth_poly1305(tag, data, len, key);
}
