/* certext - what do the extensions of a certificate say? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tls/cert.h"

/* Last bytes of the OIDs 2.5.29.N that we know (RFC 5280 section 4.2.1). */
enum { EXT_USAGE = 15, EXT_SAN = 17, EXT_BASIC = 19, EXT_CONSTRAINTS = 30, EXT_POLICIES = 32, EXT_EKU = 37 };

/* More than any sound certificate has; each is compared with those before it. */
enum { EXT_MOST = 64 };

/* FALSE is the default and not to be written out (X.690 section 11.5), which some issuers do. */
static bool take_flag(struct der *in, bool *flag)
{
	struct der v;

	*flag = false;
	if (!der_next(in, DER_BOOLEAN, &v))
		return true;
	*flag = v.len && v.p[0];
	return v.len == 1 && (v.p[0] == 0xff || !v.p[0]);
}

static bool take_usage(struct cert *c, struct der v)
{
	struct der bits;

	if (!der_next(&v, DER_BITS, &bits) || v.len || bits.len < 2 || bits.p[0] > 7)
		return false;
	c->has_usage = true;
	c->usage = bits.p[1];
	return true;
}

static bool take_basic(struct cert *c, struct der v)
{
	struct der seq, number;

	if (!der_next(&v, DER_SEQUENCE, &seq) || v.len || !take_flag(&seq, &c->ca))
		return false;
	if (!seq.len)
		return true;
	if (!der_next(&seq, DER_INTEGER, &number) || seq.len || number.len != 1 || number.p[0] & 0x80)
		return false;
	c->path_len = number.p[0];
	return true;
}

static bool take_eku(struct cert *c, struct der v)
{
	static const uint8_t server[] = { 0x2b, 6, 1, 5, 5, 7, 3, 1 }, any[] = { 0x55, 0x1d, 37, 0 };
	struct der seq, oid;

	if (!der_next(&v, DER_SEQUENCE, &seq) || v.len)
		return false;
	c->has_eku = true;
	while (seq.len) {
		if (!der_next(&seq, DER_OID, &oid))
			return false;
		c->eku_server |= der_equal(oid, (struct der){ server, sizeof(server) });
		c->eku_any |= der_equal(oid, (struct der){ any, sizeof(any) });
	}
	return true;
}

static bool take_constraints(struct cert *c, struct der v)
{
	struct der seq;
	bool permitted, excluded;

	if (!der_next(&v, DER_SEQUENCE, &seq) || v.len)
		return false;
	permitted = der_next(&seq, DER_CONTEXT | DER_CONSTRUCTED, &c->permitted);
	excluded = der_next(&seq, DER_CONTEXT | DER_CONSTRUCTED | 1, &c->excluded);
	c->constrained = true;
	/* An empty list would constrain nothing, and was meant to. */
	return !seq.len && (permitted || excluded) && (!permitted || c->permitted.len) &&
	       (!excluded || c->excluded.len);
}

static bool take_san(struct cert *c, struct der v)
{
	struct der list, name;
	uint8_t tag;

	if (!der_next(&v, DER_SEQUENCE, &c->san) || v.len || !c->san.len)
		return false;
	list = c->san;
	while (der_any(&list, &tag, &name, NULL))
		;
	return !list.len;
}

/* 1: known and sound, 0: not known, -1: known and broken. */
static int take_known(struct cert *c, uint8_t id, struct der v)
{
	switch (id) {
	case EXT_USAGE:
		return take_usage(c, v) ? 1 : -1;
	case EXT_SAN:
		return take_san(c, v) ? 1 : -1;
	case EXT_BASIC:
		return take_basic(c, v) ? 1 : -1;
	case EXT_CONSTRAINTS:
		return take_constraints(c, v) ? 1 : -1;
	case EXT_EKU:
		return take_eku(c, v) ? 1 : -1;
	default:
		/* Policies say under which rules it was issued; nobody asks us about them. */
		return id == EXT_POLICIES;
	}
}

static bool take_extension(struct der *list, struct der *oid, bool *critical, struct der *value)
{
	struct der one;

	return der_next(list, DER_SEQUENCE, &one) && der_next(&one, DER_OID, oid) &&
	       take_flag(&one, critical) && der_next(&one, DER_OCTETS, value) && !one.len;
}

static bool came_before(struct der list, const struct der *end, struct der oid)
{
	struct der other, value;
	bool critical;

	while (list.p < end->p && take_extension(&list, &other, &critical, &value) && list.p < end->p)
		if (der_equal(other, oid))
			return true;
	return false;
}

int cert_extensions(struct cert *c, struct der list, struct err *e)
{
	struct der all = list, oid, value;
	bool critical;
	unsigned nr = 0;

	while (list.len) {
		int known = 0;

		if (nr++ == EXT_MOST)
			return err_say(e, -EBADMSG, "broken certificate: more than %d extensions", EXT_MOST);
		if (!take_extension(&list, &oid, &critical, &value))
			return err_say(e, -EBADMSG, "broken certificate: an extension");
		if (came_before(all, &list, oid))
			return err_say(e, -EBADMSG, "broken certificate: an extension comes twice");
		if (oid.len == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d)
			known = take_known(c, oid.p[2], value);
		if (known < 0)
			return err_say(e, -EBADMSG, "broken certificate: extension 2.5.29.%d", oid.p[2]);
		if (!known && critical)
			return err_say(e, -EBADMSG, "the certificate has a critical extension that this "
				       "build does not know, so it must be refused");
	}
	return 0;
}

const char *cert_name(struct der dn, char out[CERT_NAME])
{
	static const uint8_t cn[] = { 0x55, 4, 3 }, org[] = { 0x55, 4, 10 };
	struct der names, rdn, pair, oid, value;
	uint8_t tag;
	bool have_cn = false;

	snprintf(out, CERT_NAME, "(no name)");
	if (!der_next(&dn, DER_SEQUENCE, &names))
		return out;
	while (der_next(&names, DER_SET, &rdn)) {
		bool is_cn;

		if (!der_next(&rdn, DER_SEQUENCE, &pair) || !der_next(&pair, DER_OID, &oid) ||
		    !der_any(&pair, &tag, &value, NULL))
			break;
		is_cn = der_equal(oid, (struct der){ cn, sizeof(cn) });
		if (!is_cn && (have_cn || !der_equal(oid, (struct der){ org, sizeof(org) })))
			continue;
		have_cn |= is_cn;
		snprintf(out, CERT_NAME, "%.*s", value.len < 60 ? (int)value.len : 60, (const char *)value.p);
		for (char *p = out; *p; p++)
			if (*p < ' ' || *p > '~')
				*p = '?';
	}
	return out;
}
