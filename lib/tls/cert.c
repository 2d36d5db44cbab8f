/* cert - what are the fields of a certificate? */
/* SPDX-License-Identifier: MIT */
#include "tls/cert.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define OID(text) { (const uint8_t *)(text), sizeof(text) - 1 }

enum { RSA_LEAST_BITS = 2048, RSA_MOST_BITS = 4096 };

static int broken(struct err *e, const char *what)
{
	return err_say(e, -EBADMSG, "broken certificate: %s", what);
}

/* What the OIDs of RSA and ECDSA signatures mean; RFC 4055 section 5, RFC 5758 section 3.2. */
static const struct cert_sig *signature_algorithm(struct der algorithm)
{
	static const struct {
		struct der oid;
		struct cert_sig sig;
	} known[] = {
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
		  { "RSA with SHA-256", &br_sha256_vtable, BR_HASH_OID_SHA256, BR_KEYTYPE_RSA, 32 } },
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
		  { "RSA with SHA-384", &br_sha384_vtable, BR_HASH_OID_SHA384, BR_KEYTYPE_RSA, 48 } },
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
		  { "RSA with SHA-512", &br_sha512_vtable, BR_HASH_OID_SHA512, BR_KEYTYPE_RSA, 64 } },
		{ OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"),
		  { "ECDSA with SHA-256", &br_sha256_vtable, NULL, BR_KEYTYPE_EC, 32 } },
		{ OID("\x2a\x86\x48\xce\x3d\x04\x03\x03"),
		  { "ECDSA with SHA-384", &br_sha384_vtable, NULL, BR_KEYTYPE_EC, 48 } },
		{ OID("\x2a\x86\x48\xce\x3d\x04\x03\x04"),
		  { "ECDSA with SHA-512", &br_sha512_vtable, NULL, BR_KEYTYPE_EC, 64 } },
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), { .name = "MD5, which is forgeable" } },
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), { .name = "SHA-1, which is forgeable" } },
		{ OID("\x2a\x86\x48\xce\x3d\x04\x01"), { .name = "SHA-1, which is forgeable" } },
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"),
		  { .name = "RSA-PSS, which this build does not have" } },
		{ OID("\x2b\x65\x70"), { .name = "Ed25519, which this build does not have" } },
	};
	static const struct cert_sig unknown = { .name = "an algorithm that this build does not know" };
	struct der oid, null;

	if (!der_next(&algorithm, DER_OID, &oid))
		return &unknown;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		const struct cert_sig *s = &known[i].sig;

		if (!der_equal(oid, known[i].oid))
			continue;
		/* Parameters: NULL with RSA, none with ECDSA. */
		if (s->key_type == BR_KEYTYPE_RSA && (!der_next(&algorithm, DER_NULL, &null) || null.len))
			return &unknown;
		return s->hash && algorithm.len ? &unknown : s;
	}
	return &unknown;
}

static unsigned bits_of(struct der number)
{
	return number.len ? (unsigned)(number.len * 8) - (unsigned)__builtin_clz(number.p[0]) + 24 : 0;
}

static const char *rsa_key(struct der bits, br_rsa_public_key *key)
{
	struct der seq, n, e;

	if (!der_next(&bits, DER_SEQUENCE, &seq) || bits.len || !der_positive(&seq, &n) ||
	    !der_positive(&seq, &e) || seq.len)
		return "a broken RSA key";
	if (bits_of(n) < RSA_LEAST_BITS)
		return "an RSA key with less than 2048 bits, which can be broken";
	if (bits_of(n) > RSA_MOST_BITS)
		return "an RSA key with more than 4096 bits, which this build cannot calculate with";
	if (!(n.p[n.len - 1] & 1) || !(e.p[e.len - 1] & 1) || e.len > 8 || (e.len == 1 && e.p[0] < 3))
		return "an RSA key that is none";
	*key = (br_rsa_public_key){ (unsigned char *)n.p, n.len, (unsigned char *)e.p, e.len };
	return NULL;
}

static const char *ec_key(struct der parameters, struct der point, br_ec_public_key *key)
{
	static const struct {
		struct der oid;
		int id;
		size_t bytes;	/* of a coordinate */
	} curves[] = {
		{ OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"), BR_EC_secp256r1, 32 },
		{ OID("\x2b\x81\x04\x00\x22"), BR_EC_secp384r1, 48 },
		{ OID("\x2b\x81\x04\x00\x23"), BR_EC_secp521r1, 66 },
	};
	struct der oid;

	if (!der_next(&parameters, DER_OID, &oid) || parameters.len)
		return "an EC key without a named curve";
	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
		if (!der_equal(oid, curves[i].oid))
			continue;
		if (point.len != 1 + 2 * curves[i].bytes || point.p[0] != 4)
			return "a broken EC key";
		*key = (br_ec_public_key){ curves[i].id, (unsigned char *)point.p, point.len };
		return NULL;
	}
	return "an EC key on a curve other than P-256, P-384 and P-521";
}

void cert_key(struct der spki, br_x509_pkey *key, const char **why)
{
	static const struct der rsa = OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"),
				ec = OID("\x2a\x86\x48\xce\x3d\x02\x01");
	struct der all, algorithm, oid, bits;

	memset(key, 0, sizeof(*key));
	*why = "a key of a kind other than RSA and EC";
	if (!der_next(&spki, DER_SEQUENCE, &all) || !der_next(&all, DER_SEQUENCE, &algorithm) ||
	    !der_next(&algorithm, DER_OID, &oid) || !der_bytes(&all, &bits) || all.len)
		return;
	if (der_equal(oid, rsa)) {
		*why = rsa_key(bits, &key->key.rsa);
		key->key_type = *why ? 0 : BR_KEYTYPE_RSA;
	} else if (der_equal(oid, ec)) {
		*why = ec_key(algorithm, bits, &key->key.ec);
		key->key_type = *why ? 0 : BR_KEYTYPE_EC;
	}
}

/* Digits as a number; -1 if one is none. */
static int digits(const uint8_t *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = 10 * v + p[i] - '0';
	}
	return v;
}

/* YYMMDDHHMMSSZ before 2050, YYYYMMDDHHMMSSZ from then on (RFC 5280 section 4.1.2.5). */
static bool take_time(struct der *in, int64_t *out)
{
	uint8_t tag;
	struct der v;
	size_t year = 2;
	struct tm t = { 0 };
	int y;

	if (!der_any(in, &tag, &v, NULL))
		return false;
	if (tag == DER_GENERALIZED_TIME)
		year = 4;
	else if (tag != DER_UTC_TIME)
		return false;
	if (v.len != year + 11 || v.p[year + 10] != 'Z')
		return false;
	y = digits(v.p, year);
	t.tm_year = year == 4 ? y - 1900 : y < 50 ? y + 100 : y;
	t.tm_mon = digits(v.p + year, 2) - 1;
	t.tm_mday = digits(v.p + year + 2, 2);
	t.tm_hour = digits(v.p + year + 4, 2);
	t.tm_min = digits(v.p + year + 6, 2);
	t.tm_sec = digits(v.p + year + 8, 2);
	if (y < 0 || t.tm_mon < 0 || t.tm_mon > 11 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour < 0 ||
	    t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59 || t.tm_sec < 0 || t.tm_sec > 59)
		return false;
	*out = timegm(&t);
	return true;
}

/* An element with all of its bytes, since names and keys are compared and hashed as they stand. */
static bool whole(struct der *in, uint8_t tag, struct der *out)
{
	struct der value;
	uint8_t found;

	return in->len && in->p[0] == tag && der_any(in, &found, &value, out);
}

static int take_tbs(struct cert *c, struct der tbs, struct der *algorithm, struct err *e)
{
	struct der v, number, validity, list;

	if (!der_next(&tbs, DER_CONTEXT | DER_CONSTRUCTED, &v) || !der_positive(&v, &number) || v.len ||
	    number.len != 1 || number.p[0] != 2)
		return broken(e, "it is not X.509 version 3");
	if (!der_next(&tbs, DER_INTEGER, &v) || !der_next(&tbs, DER_SEQUENCE, algorithm) ||
	    !whole(&tbs, DER_SEQUENCE, &c->issuer))
		return broken(e, "serial number, algorithm or issuer");
	if (!der_next(&tbs, DER_SEQUENCE, &validity) || !take_time(&validity, &c->not_before) ||
	    !take_time(&validity, &c->not_after) || validity.len)
		return broken(e, "dates");
	if (!whole(&tbs, DER_SEQUENCE, &c->subject) || !whole(&tbs, DER_SEQUENCE, &c->spki))
		return broken(e, "subject or key");
	cert_key(c->spki, &c->key, &c->why_key);
	der_next(&tbs, DER_CONTEXT | 1, &v);	/* unique identifiers: nobody has them */
	der_next(&tbs, DER_CONTEXT | 2, &v);
	if (der_next(&tbs, DER_CONTEXT | DER_CONSTRUCTED | 3, &v)) {
		int rc = der_next(&v, DER_SEQUENCE, &list) && !v.len ? cert_extensions(c, list, e) :
			 broken(e, "extensions");

		if (rc)
			return rc;
	}
	return tbs.len ? broken(e, "bytes behind the extensions") : 0;
}

int cert_parse(struct cert *c, const uint8_t *der, size_t len, struct err *e)
{
	struct der in = { der, len }, all, tbs, inner, outer;
	int rc;

	memset(c, 0, sizeof(*c));
	c->path_len = -1;
	c->raw = in;
	if (!der_next(&in, DER_SEQUENCE, &all) || in.len)
		return broken(e, "it is not DER, or cut");
	if (!whole(&all, DER_SEQUENCE, &c->tbs) || !der_next(&all, DER_SEQUENCE, &outer) ||
	    !der_bytes(&all, &c->signature) || all.len)
		return broken(e, "signature");
	in = c->tbs;
	if (!der_next(&in, DER_SEQUENCE, &tbs))
		return broken(e, "it is not DER");
	rc = take_tbs(c, tbs, &inner, e);
	if (rc)
		return rc;
	if (!der_equal(inner, outer))
		return broken(e, "two signature algorithms");
	c->sig = signature_algorithm(outer);
	return 0;
}

void cert_pin(const struct cert *c, uint8_t out[32])
{
	br_sha256_context hash;

	br_sha256_init(&hash);
	br_sha256_update(&hash, c->spki.p, c->spki.len);
	br_sha256_out(&hash, out);
}
