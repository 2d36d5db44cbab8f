/* lib_sshvectors - does every primitive give the answers of its RFC? */
/* SPDX-License-Identifier: MIT */
#include "lib_sshvectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bearssl.h>

#include "ssh/cipher.h"
#include "ssh/crypto.h"

unsigned unhex(unsigned char *out, const char *hex)
{
	unsigned n = 0, v;

	for (; hex[0] && hex[1] && sscanf(hex, "%2x", &v) == 1; hex += 2)
		out[n++] = (unsigned char)v;
	return n;
}

struct run {
	void (*say)(const char *name, int right);
	int wrong;
};

static void check(struct run *r, const char *name, int right)
{
	r->say(name, right);
	r->wrong += !right;
}

static int same(const void *got, const char *hex)
{
	unsigned char want[256];
	unsigned n = unhex(want, hex);

	return !memcmp(got, want, n);
}

/* RFC 8032 section 7.1, tests 1 to 3 and SHA(abc). */
static const struct {
	const char *seed, *pub, *msg, *sig;
} ed25519[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
	  "d25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
	  "387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
	  "4a7c15e9716ed28dc027beceea1ec40a" },
	{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
	  "454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
	  "3dca179c138ac17ad9bef1177331a704" },
};

/* sig with S + L: the same equation holds, RFC 8032 forbids it. */
static void add_order(unsigned char s[32])
{
	unsigned char order[32];
	unsigned carry = 0;

	unhex(order, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	for (int i = 0; i < 32; i++) {
		carry += s[i] + order[i];
		s[i] = (unsigned char)carry;
		carry >>= 8;
	}
}

static void check_ed25519(struct run *r)
{
	for (unsigned i = 0; i < sizeof(ed25519) / sizeof(*ed25519); i++) {
		unsigned char seed[32], pub[32], msg[80], sig[64];
		size_t len = unhex(msg, ed25519[i].msg);

		unhex(seed, ed25519[i].seed);
		ssh_ed25519_public(pub, seed);
		check(r, "ed25519 public key", same(pub, ed25519[i].pub));
		ssh_ed25519_sign(sig, seed, msg, len, NULL);
		check(r, "ed25519 signature", same(sig, ed25519[i].sig));
		check(r, "ed25519 verify", !ssh_ed25519_verify(pub, msg, len, sig, NULL));
		for (unsigned bit = 0; bit < 512; bit += 37) {
			sig[bit / 8] ^= 1 << bit % 8;
			check(r, "ed25519 refuses a flipped bit",
			      ssh_ed25519_verify(pub, msg, len, sig, NULL));
			sig[bit / 8] ^= 1 << bit % 8;
		}
		msg[len] = 0;
		check(r, "ed25519 refuses a longer message",
		      ssh_ed25519_verify(pub, msg, len + 1, sig, NULL));
		add_order(sig + 32);
		check(r, "ed25519 refuses S + L", ssh_ed25519_verify(pub, msg, len, sig, NULL));
	}
}

static void check_x25519(struct run *r)
{
	unsigned char k[32], u[32], out[32], old[32];

	unhex(k, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
	unhex(u, "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
	check(r, "x25519, first vector", !ssh_x25519(out, k, u) &&
	      same(out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"));
	unhex(k, "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
	unhex(u, "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
	check(r, "x25519, second vector, bit 255 set", !ssh_x25519(out, k, u) &&
	      same(out, "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"));
	memset(k, 0, 32);
	k[0] = 9;
	memcpy(u, k, 32);
	for (int i = 0; i < 1000; i++) {
		memcpy(old, k, 32);
		ssh_x25519(out, k, u);
		memcpy(u, old, 32);
		memcpy(k, out, 32);
	}
	check(r, "x25519, 1,000 rounds",
	      same(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
	unhex(k, "77076d0a7318a57d3c16c17251b26645df4c42e31d5a1f5e7b4b8d3f2b1c5a0e");
	for (int i = 0; i < 2; i++) {
		memset(u, 0, 32);
		u[0] = (unsigned char)i;
		check(r, "x25519 refuses a point of small order", ssh_x25519(out, k, u));
	}
}

static void check_poly1305(struct run *r)
{
	static const char text[] = "Cryptographic Forum Research Group";
	unsigned char key[32], tag[16];

	unhex(key, "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b");
	ssh_poly1305(tag, text, strlen(text), key);
	check(r, "poly1305", same(tag, "a8061dc1305136c6c22b8baf0c0127a9"));
}

static void check_sntrup761(struct run *r)
{
	static unsigned char secret[SNTRUP761_SECRET + 1], ct[SNTRUP761_CIPHERTEXT + 1], shared[33];
	static unsigned char pub[SNTRUP761_PUBLIC];
	unsigned char *const fields[] = { secret, ct, shared };
	unsigned char out[SNTRUP761_SHARED];
	FILE *f = fopen("tests/data/sntrup761.txt", "r");
	static char line[4096];
	int n = 0;

	while (f && n < 3 && fgets(line, sizeof(line), f))
		if (line[0] != '#')
			unhex(fields[n++], line);
	if (f)
		fclose(f);
	check(r, "tests/data/sntrup761.txt", n == 3);
	ssh_sntrup761_decapsulate(out, ct, secret);
	check(r, "sntrup761 known answer", !memcmp(out, shared, sizeof(out)));
	ct[7] ^= 1;
	ssh_sntrup761_decapsulate(out, ct, secret);
	check(r, "sntrup761 with a flipped bit gives another secret", memcmp(out, shared, sizeof(out)));
	ssh_sntrup761_keypair(pub, secret);
	ssh_sntrup761_encapsulate(ct, shared, pub);
	ssh_sntrup761_decapsulate(out, ct, secret);
	check(r, "sntrup761 there and back", !memcmp(out, shared, sizeof(out)));
}

static void check_mlkem768(struct run *r)
{
	static unsigned char seed[65], pub[MLKEM768_PUBLIC + 1], ct[MLKEM768_CIPHERTEXT + 1], shared[33];
	static unsigned char rejected[33], our_pub[MLKEM768_PUBLIC], secret[MLKEM768_SECRET];
	unsigned char *const fields[] = { seed, pub, ct, shared, rejected };
	unsigned char out[MLKEM768_SHARED];
	FILE *f = fopen("tests/data/mlkem768.txt", "r");
	static char line[4096];
	int n = 0;

	while (f && n < 5 && fgets(line, sizeof(line), f))
		if (line[0] != '#')
			unhex(fields[n++], line);
	if (f)
		fclose(f);
	check(r, "tests/data/mlkem768.txt", n == 5);
	ssh_mlkem768_of_seed(our_pub, secret, seed);
	check(r, "ML-KEM-768 public key of a seed", !memcmp(pub, our_pub, sizeof(our_pub)));
	ssh_mlkem768_decapsulate(out, ct, secret);
	check(r, "ML-KEM-768 known answer", !memcmp(out, shared, sizeof(out)));
	ct[0] ^= 1;
	ssh_mlkem768_decapsulate(out, ct, secret);
	check(r, "ML-KEM-768 with a flipped bit", !memcmp(out, rejected, sizeof(out)));
	ssh_mlkem768_keypair(pub, secret);
	check(r, "ML-KEM-768 keys differ", memcmp(pub, our_pub, sizeof(our_pub)));
}

enum { FIELDS = 10, FIELD_MAX = 800, LINE = 8192 };

/* A line of tests/data/ssh_packets.txt: its words, and what they say in hexadecimal. */
struct line {
	char *words[FIELDS];
	unsigned char bytes[FIELDS][FIELD_MAX];
	unsigned len[FIELDS];
	int nr;
};

static void parse(struct line *l, char *text)
{
	char *save;

	memset(l, 0, sizeof(*l));
	for (char *w = strtok_r(text, " \n", &save); w && l->nr < FIELDS; w = strtok_r(NULL, " \n", &save)) {
		l->words[l->nr] = w;
		l->len[l->nr] = strlen(w) <= 2 * FIELD_MAX ? unhex(l->bytes[l->nr], w) : 0;
		l->nr++;
	}
}

static const struct ssh_cipher_alg *cipher_named(const char *name)
{
	const struct ssh_cipher_alg *c = ssh_ciphers;

	while (c->name && strcmp(c->name, name))
		c++;
	return c;
}

static const struct ssh_mac_alg *mac_named(const char *name)
{
	const struct ssh_mac_alg *m = ssh_macs;

	while (m->name && strcmp(m->name, name))
		m++;
	return m->name ? m : NULL;
}

static void set_cipher(struct ssh_cipher *c, const struct line *l, int slow)
{
	unsigned char key[64] = { 0 }, iv[64] = { 0 }, mac[64] = { 0 };

	memcpy(key, l->bytes[2], l->len[2]);
	memcpy(iv, l->bytes[3], l->len[3]);
	memcpy(mac, l->bytes[4], l->len[4]);
	memset(c, 0, sizeof(*c));
	ssh_cipher_set(c, cipher_named(l->words[0]), mac_named(l->words[1]), key, iv, mac, slow);
}

/* Open the packet in p; the payload must be as it was. */
static int opens(struct ssh_cipher *c, uint32_t seq, unsigned char *p, unsigned size, const struct line *l)
{
	uint32_t len;
	size_t got;

	return ssh_cipher_head(c) <= size && !ssh_cipher_length(c, seq, p, &len) &&
	       ssh_cipher_size(c, len) == size && !ssh_cipher_open(c, seq, p, len, &got) &&
	       got == l->len[7] && !memcmp(p + 5, l->bytes[7], got);
}

/* Each bit of the packet flipped: none may open. The length's own bits make another packet of it. */
static int survives(const struct line *l, int slow)
{
	unsigned char p[FIELD_MAX + 64];
	uint32_t seq = (uint32_t)strtoul(l->words[5], NULL, 10);

	for (unsigned bit = 32; bit < l->len[8] * 8; bit++) {
		struct ssh_cipher c;

		set_cipher(&c, l, slow);
		memcpy(p, l->bytes[8], l->len[8]);
		p[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (opens(&c, seq, p, l->len[8], l))
			return 0;
	}
	return 1;
}

static void check_packet(struct run *r, const struct line *l, int slow)
{
	uint32_t seq = (uint32_t)strtoul(l->words[5], NULL, 10);
	struct ssh_cipher out, in;
	char name[120];

	snprintf(name, sizeof(name), "%s %s%s", l->words[0], l->words[1], slow ? ", not by the CPU" : "");
	set_cipher(&out, l, slow);
	set_cipher(&in, l, slow);
	for (unsigned i = 0; i < 2; i++) {
		unsigned char p[FIELD_MAX + 64] = { 0 };
		size_t n;

		memcpy(p + 5, l->bytes[7], l->len[7]);
		n = ssh_cipher_seal(&out, seq + i, p, l->len[7], l->bytes[6]);
		check(r, name, n == l->len[8 + i] && !memcmp(p, l->bytes[8 + i], n));
		check(r, name, opens(&in, seq + i, p, (unsigned)n, l));
	}
	check(r, name, survives(l, slow));
}

static void check_ecdh(struct run *r, const struct line *l)
{
	int bits = atoi(l->words[1]);
	int curve = bits == 256 ? BR_EC_secp256r1 : bits == 384 ? BR_EC_secp384r1 : BR_EC_secp521r1;
	unsigned char point[FIELD_MAX];
	size_t at, width;

	memcpy(point, l->bytes[3], l->len[3]);
	at = br_ec_prime_i31.xoff(curve, &width);
	check(r, "ecdh", br_ec_prime_i31.mul(point, l->len[3], l->bytes[2], l->len[2], curve) &&
	      width == l->len[4] && !memcmp(point + at, l->bytes[4], width));
	memcpy(point, l->bytes[3], l->len[3]);
	point[l->len[3] - 1] ^= 1;
	check(r, "ecdh refuses a point off the curve",
	      !br_ec_prime_i31.mul(point, l->len[3], l->bytes[2], l->len[2], curve));
}

static void check_packets(struct run *r)
{
	FILE *f = fopen("tests/data/ssh_packets.txt", "r");
	static char text[LINE];
	static struct line l;
	int lines = 0;

	while (f && fgets(text, sizeof(text), f)) {
		if (text[0] == '#')
			continue;
		lines++;
		parse(&l, text);
		if (!strcmp(l.words[0], "ecdh")) {
			check_ecdh(r, &l);
			continue;
		}
		check_packet(r, &l, 0);
		check_packet(r, &l, 1);
	}
	if (f)
		fclose(f);
	check(r, "tests/data/ssh_packets.txt", lines == 39);
}

/* RFC 4231, test case 2; RFC 4868 has the same key and data. */
static void check_hmac(struct run *r)
{
	static const struct {
		const br_hash_class *hash;
		const char *tag;
	} cases[] = {
		{ &br_sha256_vtable, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ &br_sha512_vtable, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
				     "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	};

	for (unsigned i = 0; i < 2; i++) {
		br_hmac_key_context key;
		br_hmac_context ctx;
		unsigned char tag[64];

		br_hmac_key_init(&key, cases[i].hash, "Jefe", 4);
		br_hmac_init(&ctx, &key, 0);
		br_hmac_update(&ctx, "what do ya want for nothing?", 28);
		br_hmac_out(&ctx, tag);
		check(r, "hmac", same(tag, cases[i].tag));
	}
}

int ssh_vectors(void (*say)(const char *name, int right))
{
	struct run r = { .say = say };
	unsigned char hash[64];

	ssh_sha512(hash, "abc", 3);
	check(&r, "sha512", same(hash, ed25519[3].msg));
	check_ed25519(&r);
	check_x25519(&r);
	check_poly1305(&r);
	check_sntrup761(&r);
	check_mlkem768(&r);
	check_hmac(&r);
	check_packets(&r);
	return r.wrong;
}
