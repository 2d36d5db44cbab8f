/* keyv1 - which key is in a file of OpenSSH's own format (PROTOCOL.key)? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "ssh/pem.h"

enum { CIPHER_BLOCK = 8 };	/* of cipher "none": the private part is padded to it */

static int damaged(struct err *e)
{
	return err_say(e, -ENOKEY, "the key is damaged");
}

/* The numbers of one key, as ssh-agent's protocol orders them. */
static int read_numbers(struct wire *w, struct key_parts *k)
{
	struct wire_str v;

	switch (k->kind->family) {
	case FAMILY_ED25519:
		k->point = wire_string(w);
		v = wire_string(w);
		if (v.len != ED25519_SEED + ED25519_PUBLIC || k->point.len != ED25519_PUBLIC ||
		    memcmp(v.p + ED25519_SEED, k->point.p, ED25519_PUBLIC))
			return -1;
		k->secret = (struct wire_str){ v.p, ED25519_SEED };
		return 0;
	case FAMILY_ECDSA:
		if (!wire_is(wire_string(w), k->kind->curve))
			return -1;
		k->point = wire_string(w);
		k->secret = wire_mpint(w);
		return 0;
	default:
		k->n = wire_mpint(w);
		k->e = wire_mpint(w);
		k->d = wire_mpint(w);
		k->iq = wire_mpint(w);
		k->p = wire_mpint(w);
		k->q = wire_mpint(w);
		return 0;
	}
}

static bool same(struct wire_str a, struct wire_str b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

/* The public half stands outside too, where a passphrase would not hide it: it must be the same. */
static bool halves_agree(struct wire_str outer, const struct key_parts *k)
{
	struct pubkey pub;

	if (pubkey_parse(&pub, outer.p, outer.len, NULL) || pub.kind != k->kind)
		return false;
	return k->kind->family == FAMILY_RSA ? same(pub.n, k->n) && same(pub.e, k->e) :
		same(pub.point, k->point);
}

static bool padding_is_right(struct wire *w)
{
	if (w->bad || w->left >= CIPHER_BLOCK)
		return false;
	for (uint8_t i = 1; w->left; i++)
		if (wire_u8(w) != i)
			return false;
	return true;
}

static int parse_private(struct wire_str in, struct wire_str outer, struct key_parts *k, struct err *e)
{
	struct wire w = wire_over(in.p, in.len);
	uint32_t check = wire_u32(&w);
	struct wire_str type;

	if (in.len % CIPHER_BLOCK || check != wire_u32(&w))
		return damaged(e);
	type = wire_string(&w);
	k->kind = key_kind_named(type);
	if (type.len > 3 && !memcmp(type.p, "sk-", 3))
		return err_say(e, -ENOKEY, "this key needs a security token to sign");
	if (memmem(type.p, type.len, "-cert-", 6))
		return err_say(e, -ENOKEY, "this is a certificate; the plain private key is wanted");
	if (!k->kind)
		return w.bad ? damaged(e) : err_say(e, -ENOKEY, "this is a key of type '%.*s', which is not "
			"supported", (int)(type.len < 40 ? type.len : 40), type.p);
	if (read_numbers(&w, k))
		return damaged(e);
	wire_string(&w);			/* the comment */
	if (!padding_is_right(&w))
		return damaged(e);
	/* An RSA key of a wrong size is told as that by whoever builds it. */
	if (k->kind->family != FAMILY_RSA || rsa_is_sound(k->n, k->e))
		return halves_agree(outer, k) ? 0 : damaged(e);
	return 0;
}

int keyv1_parts(const uint8_t *data, size_t len, struct key_parts *k, struct err *e)
{
	static const char magic[] = "openssh-key-v1";	/* with its NUL */
	struct wire w = wire_over(data, len);
	struct wire_str m = wire_bytes(&w, sizeof(magic)), cipher = wire_string(&w), kdf = wire_string(&w);
	struct wire_str options = wire_string(&w), outer, inner;
	uint32_t nr = wire_u32(&w);

	if (w.bad || memcmp(m.p, magic, sizeof(magic)))
		return damaged(e);
	if (!wire_is(cipher, "none"))
		return key_encrypted(e);
	if (nr != 1)
		return err_say(e, -ENOKEY, "there are %u keys in it, one is wanted", nr);
	outer = wire_string(&w);
	inner = wire_string(&w);
	if (w.bad || w.left || !wire_is(kdf, "none") || options.len)
		return damaged(e);
	return parse_private(inner, outer, k, e);
}
