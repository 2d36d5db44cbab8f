/* pem - which key is in this text, by its armour and DER? */
/* SPDX-License-Identifier: MIT */
#include "ssh/pem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ssh/base64.h"

enum { DER_INTEGER = 2, DER_BITS = 3, DER_OCTETS = 4, DER_OID = 6, DER_SEQUENCE = 0x30,
       DER_EXPLICIT0 = 0xa0, DER_EXPLICIT1 = 0xa1 };

int key_encrypted(struct err *e)
{
	return err_say(e, -ENOKEY, "the key is encrypted and nobody will be there to type its passphrase: "
		       "ssh-keygen -p removes it");
}

static bool starts(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(text, with, strlen(with));
}

/* A file without armour: name what it is. */
static int not_pem(const char *text, size_t len, struct err *e)
{
	static const struct { const char *start, *what; } others[] = {
		{ "PuTTY-User-Key-File-", "a key of PuTTY; puttygen -O private-openssh converts it" },
		{ "---- BEGIN SSH2 ENCRYPTED PRIVATE", "a key of ssh.com; convert it to OpenSSH's format" },
		{ "---- BEGIN SSH2 PUBLIC", "a public key; the private one is wanted" },
		{ "SSH PRIVATE KEY FILE FORMAT 1.1", "a key for SSH version 1" },
	};
	static const char *const types[] = { "ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-" };
	const char *end = memchr(text, ' ', len < 100 ? len : 100);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (starts(text, len, others[i].start))
			return err_say(e, -ENOKEY, "this is %s", others[i].what);
	for (size_t i = 0; end && i < sizeof(types) / sizeof(*types); i++)
		if (starts(text, len, types[i]))
			return err_say(e, -ENOKEY, "this is a %s; the private key is wanted",
				       memmem(text, (size_t)(end - text), "-cert-", 6) ?
				       "certificate" : "public key");
	return err_say(e, -ENOKEY, "there is no private key in it");
}

/* Not every block is a private key. 1: it is one of ours, 0: skip it, else what is wrong. */
static int judge_label(const char *label, struct err *e)
{
	static const char *const ours[] = { "OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY",
					    "PRIVATE KEY" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!strcmp(label, ours[i]))
			return 1;
	if (!strcmp(label, "ENCRYPTED PRIVATE KEY"))
		return key_encrypted(e);
	if (!strcmp(label, "DSA PRIVATE KEY"))
		return err_say(e, -ENOKEY, "this is a DSA key, which no server takes any more");
	if (strstr(label, "PUBLIC KEY"))
		return err_say(e, -ENOKEY, "this is a public key; the private one is wanted");
	if (strstr(label, "CERTIFICATE"))
		return err_say(e, -ENOKEY, "this is a certificate; the private key is wanted");
	return 0;
}

int pem_decode(const char *text, size_t len, char label[40], uint8_t *out, size_t *out_len, struct err *e)
{
	static const char begin[] = "-----BEGIN ", dashes[] = "-----";
	const char *end = text + len, *at, *body, *stop;
	char tail[64];
	ssize_t n;
	int rc = 0;

	for (at = text; !rc; ) {
		at = memmem(at, (size_t)(end - at), begin, strlen(begin));
		if (!at)
			return not_pem(text, len, e);
		at += strlen(begin);
		body = memmem(at, (size_t)(end - at), dashes, strlen(dashes));
		if (!body || body - at >= 40)
			return err_say(e, -ENOKEY, "its first line is cut or too long");
		snprintf(label, 40, "%.*s", (int)(body - at), at);
		rc = judge_label(label, e);
	}
	if (rc < 0)
		return rc;
	body += strlen(dashes);
	snprintf(tail, sizeof(tail), "-----END %s-----", label);
	stop = memmem(body, (size_t)(end - body), tail, strlen(tail));
	if (!stop)
		return err_say(e, -ENOKEY, "it is cut: there is no line %s", tail);
	if (memmem(body, (size_t)(stop - body), "ENCRYPTED", 9))	/* Proc-Type, RFC 1421 */
		return key_encrypted(e);
	n = base64_decode(out, KEY_DER_MAX, body, (size_t)(stop - body), 1);
	if (n < 0)
		return err_say(e, -ENOKEY, n == -ENOSPC ? "the key is too large" : "its Base64 is damaged");
	*out_len = (size_t)n;
	return 0;
}

/* The value of the next element, which must have the tag; else the reader is bad. */
static struct wire_str der(struct wire *w, uint8_t tag)
{
	uint8_t first;
	size_t n;

	if (wire_u8(w) != tag)
		w->bad = true;
	first = wire_u8(w);
	n = first;
	if (first & 0x80) {
		n = 0;
		if (first == 0x80 || first > 0x83)
			w->bad = true;
		for (int i = 0; i < (first & 3); i++)
			n = n << 8 | wire_u8(w);
	}
	return wire_bytes(w, n);
}

static struct wire over(struct wire_str s)
{
	return wire_over(s.p, s.len);
}

/* A positive INTEGER without leading zeros. */
static struct wire_str der_number(struct wire *w)
{
	struct wire_str s = der(w, DER_INTEGER);

	if (!s.len || s.p[0] & 0x80)
		w->bad = true;
	while (s.len && !s.p[0])
		s = (struct wire_str){ s.p + 1, s.len - 1 };
	return s;
}

static bool is_oid(struct wire_str s, const char *hex, size_t len)
{
	return s.len == len && !memcmp(s.p, hex, len);
}

static const struct key_kind *curve_of(struct wire_str oid)
{
	if (is_oid(oid, "\x2a\x86\x48\xce\x3d\x03\x01\x07", 8))
		return key_kind_of_curve(BR_EC_secp256r1);
	if (is_oid(oid, "\x2b\x81\x04\x00\x22", 5))
		return key_kind_of_curve(BR_EC_secp384r1);
	if (is_oid(oid, "\x2b\x81\x04\x00\x23", 5))
		return key_kind_of_curve(BR_EC_secp521r1);
	return NULL;
}

static int damaged(struct err *e)
{
	return err_say(e, -ENOKEY, "the key is damaged");
}

/* RSAPrivateKey, RFC 8017 appendix A.1.2. */
static int parse_rsa(struct wire_str in, struct key_parts *k, struct err *e)
{
	struct wire all = over(in), w = over(der(&all, DER_SEQUENCE));

	k->kind = key_kind_named((struct wire_str){ (const uint8_t *)"ssh-rsa", 7 });
	if (der_number(&w).len)			/* version 0: two primes */
		w.bad = true;
	k->n = der_number(&w);
	k->e = der_number(&w);
	k->d = der_number(&w);
	k->p = der_number(&w);
	k->q = der_number(&w);
	der_number(&w);				/* d mod p - 1 and */
	der_number(&w);				/* d mod q - 1 are computed */
	k->iq = der_number(&w);
	return all.bad || all.left || w.bad || w.left ? damaged(e) : 0;
}

/* ECPrivateKey, RFC 5915. kind: by the algorithm of PKCS#8, else NULL. */
static int parse_ec(struct wire_str in, const struct key_kind *kind, struct key_parts *k, struct err *e)
{
	struct wire all = over(in), w = over(der(&all, DER_SEQUENCE)), inner;
	struct wire_str v = der_number(&w);

	if (v.len != 1 || *v.p != 1)
		w.bad = true;
	k->secret = der(&w, DER_OCTETS);
	if (!w.bad && w.left && *w.at == DER_EXPLICIT0) {
		inner = over(der(&w, DER_EXPLICIT0));
		kind = curve_of(der(&inner, DER_OID));	/* parameters written out are of no curve */
	}
	if (!w.bad && w.left && *w.at == DER_EXPLICIT1) {
		inner = over(der(&w, DER_EXPLICIT1));
		v = der(&inner, DER_BITS);
		w.bad |= inner.bad || !v.len || *v.p;
		if (v.len)
			k->point = (struct wire_str){ v.p + 1, v.len - 1 };
	}
	if (all.bad || all.left || w.bad || w.left)
		return damaged(e);
	if (!kind)
		return err_say(e, -ENOKEY, "its curve is not P-256, P-384 or P-521 by name");
	k->kind = kind;
	return 0;
}

/* CurvePrivateKey, RFC 8410 section 7. */
static int parse_ed25519(struct wire_str in, struct key_parts *k, struct err *e)
{
	struct wire w = over(in);

	k->kind = key_kind_named((struct wire_str){ (const uint8_t *)"ssh-ed25519", 11 });
	k->secret = der(&w, DER_OCTETS);
	return w.bad || w.left ? damaged(e) : 0;
}

/* PrivateKeyInfo, RFC 5958; attributes and a public key may follow. */
static int parse_pkcs8(struct wire_str in, struct key_parts *k, struct err *e)
{
	struct wire all = over(in), w = over(der(&all, DER_SEQUENCE)), alg;
	struct wire_str oid, key, v = der_number(&w);

	if (v.len > 1 || (v.len && *v.p != 1))
		w.bad = true;
	alg = over(der(&w, DER_SEQUENCE));
	oid = der(&alg, DER_OID);
	key = der(&w, DER_OCTETS);
	if (all.bad || all.left || w.bad || alg.bad)
		return damaged(e);
	if (is_oid(oid, "\x2b\x65\x70", 3))
		return parse_ed25519(key, k, e);
	if (is_oid(oid, "\x2a\x86\x48\xce\x3d\x02\x01", 7))
		return parse_ec(key, curve_of(der(&alg, DER_OID)), k, e);
	if (is_oid(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9))
		return parse_rsa(key, k, e);
	return err_say(e, -ENOKEY, "its algorithm is not RSA, EC or Ed25519");
}

int pem_parts(const char *label, const uint8_t *data, size_t len, struct key_parts *k, struct err *e)
{
	struct wire_str in = { data, len };

	*k = (struct key_parts){ 0 };
	if (!strcmp(label, "OPENSSH PRIVATE KEY"))
		return keyv1_parts(data, len, k, e);
	if (!strcmp(label, "RSA PRIVATE KEY"))
		return parse_rsa(in, k, e);
	if (!strcmp(label, "EC PRIVATE KEY"))
		return parse_ec(in, NULL, k, e);
	return parse_pkcs8(in, k, e);
}
