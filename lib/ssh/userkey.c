/* userkey - how does a private key file become signatures? */
/* SPDX-License-Identifier: MIT */
#include "ssh/userkey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "ssh/crypto.h"
#include "ssh/pem.h"
#include "ssh/pubkey.h"
#include "ssh/rsaparts.h"

struct ssh_userkey {
	const struct key_kind *kind;
	char    name[256];
	uint8_t blob[SSH_SIG_MAX];		/* the public half */
	size_t  blob_len;
	uint8_t secret[EC_MAX_BYTES];		/* Ed25519: the seed; ECDSA: the scalar, padded */
	struct rsa_parts rsa;
};

static int make_ed25519(struct ssh_userkey *k, const struct key_parts *in, struct wire_out *pub)
{
	uint8_t point[ED25519_PUBLIC];

	if (in->secret.len != ED25519_SEED)
		return -1;
	memcpy(k->secret, in->secret.p, ED25519_SEED);
	ssh_ed25519_public(point, k->secret);
	wire_put_string(pub, point, sizeof(point));
	return in->point.len && (in->point.len != sizeof(point) || memcmp(in->point.p, point, sizeof(point)));
}

/* 0 < scalar < order, both len bytes. */
static bool in_order(const uint8_t *scalar, int curve, size_t len)
{
	size_t order_len;
	const uint8_t *order = key_curves()->order(curve, &order_len);
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= scalar[i];
	return any && order_len == len && memcmp(scalar, order, len) < 0;
}

static int make_ecdsa(struct ssh_userkey *k, const struct key_parts *in, struct wire_out *pub)
{
	uint8_t point[1 + 2 * EC_MAX_BYTES];
	struct wire_str s = in->secret;
	size_t n = k->kind->bytes, len;

	while (s.len && !s.p[0])
		s = (struct wire_str){ s.p + 1, s.len - 1 };
	if (s.len > n)
		return -1;
	memcpy(k->secret + n - s.len, s.p, s.len);
	if (!in_order(k->secret, k->kind->id, n))
		return -1;
	len = key_curves()->mulgen(point, k->secret, n, k->kind->id);
	wire_put_text(pub, k->kind->curve);
	wire_put_string(pub, point, len);
	return len != 1 + 2 * n || (in->point.len && (in->point.len != len || memcmp(in->point.p, point, len)));
}

static int make_rsa(struct ssh_userkey *k, const struct key_parts *in, struct wire_out *pub)
{
	wire_put_mpint(pub, in->e.p, in->e.len);
	wire_put_mpint(pub, in->n.p, in->n.len);
	return rsa_parts_make(&k->rsa, in);
}

static int make(struct ssh_userkey *k, const struct key_parts *in, struct err *e)
{
	static int (*const makers[])(struct ssh_userkey *, const struct key_parts *, struct wire_out *) = {
		make_ed25519, make_ecdsa, make_rsa,
	};
	struct wire_out pub = { .buf = k->blob, .size = sizeof(k->blob) };
	struct pubkey judged;
	int rc;

	k->kind = in->kind;
	if (k->kind->family == FAMILY_RSA && !rsa_is_sound(in->n, in->e))
		return err_say(e, -ENOKEY, "an RSA key of %u bits: sound ones of %d to %d are supported",
			       rsa_bits(in->n), RSA_MIN_BITS, RSA_MAX_BITS);
	wire_put_text(&pub, k->kind->type);
	rc = makers[k->kind->family](k, in, &pub);
	k->blob_len = pub.len;
	if (rc || pub.full || pubkey_parse(&judged, k->blob, k->blob_len, NULL))
		return err_say(e, -ENOKEY, "the key is damaged: its numbers do not fit together");
	return 0;
}

int ssh_userkey_parse(struct ssh_userkey **out, const char *text, size_t len, const char *name,
		      struct err *e)
{
	struct ssh_userkey *k = calloc(1, sizeof(*k));
	uint8_t *der = malloc(KEY_DER_MAX);
	struct key_parts parts;
	size_t der_len;
	char label[40];
	int rc = k && der ? 0 : err_set(e, -ENOMEM, "out of memory");

	if (!rc)
		rc = pem_decode(text, len, label, der, &der_len, e);
	if (!rc)
		rc = pem_parts(label, der, der_len, &parts, e);
	if (!rc) {
		snprintf(k->name, sizeof(k->name), "%s", name);
		rc = make(k, &parts, e);
	}
	if (der)
		explicit_bzero(der, KEY_DER_MAX);
	free(der);
	if (rc) {
		ssh_userkey_free(k);
		return err_add(e, "private key %s", name), rc;
	}
	*out = k;
	return 0;
}

int ssh_userkey_read(struct ssh_userkey **out, const char *path, struct err *warn, struct err *e)
{
	struct stat st;
	size_t len;
	char *text;
	int rc = read_file(path, KEYFILE_MAX, &text, &len, e);

	if (rc)
		return err_add(e, "private key"), rc;
	if (warn) {
		*warn = (struct err){ 0 };
		if (!stat(path, &st) && st.st_mode & 077)
			err_say(warn, -EPERM, "private key %s: others may read it (mode %04o); chmod 600 it", path,
				st.st_mode & 07777);
	}
	rc = ssh_userkey_parse(out, text, len, path, e);
	explicit_bzero(text, len);
	free(text);
	return rc;
}

const uint8_t *ssh_userkey_public(const struct ssh_userkey *k, size_t *len)
{
	*len = k->blob_len;
	return k->blob;
}

/* The list of all ends with those of RSA. */
const char *const *ssh_userkey_algorithms(const struct ssh_userkey *k)
{
	static const char *const lists[][3] = {
		{ "ssh-ed25519" }, { "ecdsa-sha2-nistp256" }, { "ecdsa-sha2-nistp384" },
		{ "ecdsa-sha2-nistp521" }, { "rsa-sha2-512", "rsa-sha2-256" },
	};

	for (size_t i = 0; i < 4; i++)
		if (!strcmp(lists[i][0], k->kind->type))
			return lists[i];
	return lists[4];
}

static void sign_ecdsa(const struct ssh_userkey *k, const uint8_t *data, size_t len, struct wire_out *sig)
{
	br_ec_private_key sk = { k->kind->id, (unsigned char *)k->secret, k->kind->bytes };
	uint8_t raw[2 * EC_MAX_BYTES], sum[KEY_MAX_HASH], both[2 * EC_MAX_BYTES + 10];
	struct wire_out o = { .buf = both, .size = sizeof(both) };
	br_hash_compat_context c;
	size_t n;

	k->kind->hash->init(&c.vtable);
	k->kind->hash->update(&c.vtable, data, len);
	k->kind->hash->out(&c.vtable, sum);
	n = br_ecdsa_i31_sign_raw(key_curves(), k->kind->hash, sum, &sk, raw);
	wire_put_mpint(&o, raw, n / 2);
	wire_put_mpint(&o, raw + n / 2, n / 2);
	wire_put_string(sig, both, o.len);
}

static void sign(const struct ssh_userkey *k, const char *alg, const uint8_t *data, size_t len,
		 struct wire_out *sig)
{
	uint8_t raw[RSA_MAX_BITS / 8];

	wire_put_text(sig, alg);
	switch (k->kind->family) {
	case FAMILY_ED25519:
		if (!ssh_ed25519_sign(raw, k->secret, data, len, NULL))
			wire_put_string(sig, raw, ED25519_SIG);
		break;
	case FAMILY_ECDSA:
		sign_ecdsa(k, data, len, sig);
		break;
	case FAMILY_RSA:
		wire_put_string(sig, raw, rsa_parts_sign(&k->rsa, alg, data, len, raw));
		break;
	}
}

int ssh_userkey_sign(const struct ssh_userkey *k, const char *alg, const uint8_t *data, size_t len,
		     uint8_t *out, size_t size, size_t *out_len, struct err *e)
{
	struct wire_out sig = { .buf = out, .size = size };
	const char *const *algs = ssh_userkey_algorithms(k);

	while (*algs && strcmp(*algs, alg))
		algs++;
	if (!*algs)
		return err_say(e, -EINVAL, "private key %s: a %s key cannot sign %s", k->name, k->kind->type, alg);
	sign(k, alg, data, len, &sig);
	if (sig.full)
		return err_set(e, -ENOSPC, "sign with %s", k->name);
	/* A fault while RSA signs gives the key away (Boneh, DeMillo, Lipton 1997). */
	if (ssh_pubkey_verify(k->blob, k->blob_len, alg, data, len, out, sig.len, NULL)) {
		explicit_bzero(out, size);
		return err_say(e, -EKEYREJECTED, "private key %s: it does not sign for its own public half",
			       k->name);
	}
	*out_len = sig.len;
	return 0;
}

void ssh_userkey_free(struct ssh_userkey *k)
{
	if (k)
		explicit_bzero(k, sizeof(*k));
	free(k);
}
