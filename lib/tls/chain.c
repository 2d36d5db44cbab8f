/* chain - is there a way from a server's certificate to one that we trust? */
/* SPDX-License-Identifier: MIT */
#include "tls/chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ssh/keykind.h"
#include "tls/names.h"

/* A way from the leaf upwards, found depth first. */
struct way {
	const struct cert *step[CHAIN_MAX + 1];	/* step[0]: the leaf */
	size_t tried[CHAIN_MAX + 1];		/* issuers of step[i] that were tried */
	size_t len;
	unsigned signatures;
};

static int check_dates(const struct cert *c, int64_t now, struct err *e)
{
	char who[CERT_NAME], limit[32], clock[32];
	bool early = now < c->not_before;
	time_t at = early ? c->not_before : c->not_after, now_t = now;
	struct tm t;

	if (!early && now <= c->not_after)
		return 0;
	strftime(limit, sizeof(limit), "%Y-%m-%d %H:%M", gmtime_r(&at, &t));
	strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M", gmtime_r(&now_t, &t));
	return err_say(e, -EKEYREJECTED, "the certificate of \"%s\" %s %s UTC; the clock here says %s",
		       cert_name(c->subject, who), early ? "is not valid before" : "has expired at", limit, clock);
}

static int check_key(const struct cert *c, struct err *e)
{
	char who[CERT_NAME];

	if (c->key.key_type)
		return 0;
	return err_say(e, -EKEYREJECTED, "the certificate of \"%s\" has %s", cert_name(c->subject, who),
		       c->why_key);
}

static bool signature_fits(const struct cert *c, const br_x509_pkey *key)
{
	uint8_t hash[64], found[64];
	br_hash_compat_context ctx;
	const struct cert_sig *s = c->sig;

	s->hash->init(&ctx.vtable);
	s->hash->update(&ctx.vtable, c->tbs.p, c->tbs.len);
	s->hash->out(&ctx.vtable, hash);
	if (s->key_type == BR_KEYTYPE_RSA)
		return br_rsa_i31_pkcs1_vrfy(c->signature.p, c->signature.len, s->hash_oid, s->hash_len,
					     &key->key.rsa, found) && !memcmp(hash, found, s->hash_len);
	return br_ecdsa_i31_vrfy_asn1(key_curves(), hash, s->hash_len, &key->key.ec, c->signature.p,
				      c->signature.len);
}

/* May ca, with `below` CAs between it and the leaf (self-issued ones do not count), issue certificates? */
static int check_issuer(const struct cert *ca, unsigned below, int64_t now, struct err *e)
{
	char who[CERT_NAME];
	const char *why = NULL;

	cert_name(ca->subject, who);
	if (!ca->ca)
		why = "is no CA";
	else if (ca->path_len >= 0 && below > (unsigned)ca->path_len)
		why = "may not have so many CAs below it";
	else if (ca->has_usage && !(ca->usage & USE_CERT_SIGN))
		why = "may not sign certificates (key usage)";
	else if (ca->has_eku && !ca->eku_server && !ca->eku_any)
		why = "may not issue certificates of servers (extended key usage)";
	if (why)
		return err_say(e, -EKEYREJECTED, "the certificate of \"%s\" %s", who, why);
	return check_dates(ca, now, e);
}

/* Is c signed by issuer, whose name it has? The message of a mismatch of another kind stays in e. */
static bool issued_by(struct way *w, const struct cert *c, const struct cert *issuer,
		      const struct chain_ask *ask, struct err *e)
{
	char who[CERT_NAME];
	unsigned below = 0;

	if (!der_equal(c->issuer, issuer->subject))
		return false;
	if (!c->sig->hash) {
		err_say(e, -EKEYREJECTED, "the certificate of \"%s\" is signed with %s",
			cert_name(c->subject, who), c->sig->name);
		return false;
	}
	if (check_key(issuer, e))
		return false;
	for (size_t i = 1; i < w->len; i++)
		below += !der_equal(w->step[i]->subject, w->step[i]->issuer);
	if (check_issuer(issuer, below, ask->now, e))
		return false;
	if (c->sig->key_type != issuer->key.key_type || w->signatures++ >= CHAIN_SIGNATURES ||
	    !signature_fits(c, &issuer->key)) {
		err_say(e, -EKEYREJECTED, "the signature of \"%s\" below a certificate is not its own",
			cert_name(issuer->subject, who));
		return false;
	}
	for (size_t i = 0; i < w->len; i++)
		if ((i == 0 || !der_equal(w->step[i]->subject, w->step[i]->issuer)) &&
		    names_allowed(issuer, w->step[i], i ? NULL : ask->host, e))
			return false;
	return true;
}

static bool on_way(const struct way *w, const struct cert *c)
{
	for (size_t i = 0; i < w->len; i++)
		if (der_equal(w->step[i]->raw, c->raw))
			return true;
	return false;
}

/* Look for the next issuer of the last step: 1 an anchor, 0 a step more, -1 none is left. */
static int go_on(struct way *w, const struct cert *certs, size_t n, const struct chain_ask *ask, struct err *e)
{
	const struct cert *last = w->step[w->len - 1];
	size_t *at = &w->tried[w->len - 1];

	while (*at < ask->nr_anchors + n) {
		size_t i = (*at)++;
		const struct cert *c = i < ask->nr_anchors ? &ask->anchors[i] : &certs[i - ask->nr_anchors];

		if (i >= ask->nr_anchors && (w->len > CHAIN_MAX - 1 || on_way(w, c)))
			continue;
		if (!issued_by(w, last, c, ask, e))
			continue;
		if (i < ask->nr_anchors)
			return 1;
		w->step[w->len] = c;
		w->tried[w->len++] = 0;
		return 0;
	}
	return -1;
}

static int check_leaf(const struct cert *leaf, const struct chain_ask *ask, struct err *e)
{
	int rc = check_key(leaf, e);

	if (!rc)
		rc = names_match(leaf, ask->host, e);
	if (!rc)
		rc = check_dates(leaf, ask->now, e);
	if (rc)
		return rc;
	if (leaf->has_usage && !(leaf->usage & USE_SIGNATURE))
		return err_say(e, -EKEYREJECTED, "the certificate may not sign (key usage)");
	if (leaf->has_eku && !leaf->eku_server)
		return err_say(e, -EKEYREJECTED, "the certificate is not for servers (extended key usage)");
	return 0;
}

int chain_verify(const struct cert *certs, size_t n, const struct chain_ask *ask, struct err *e)
{
	struct way w = { .step = { certs }, .len = 1 };
	struct err why = { 0 };
	char who[CERT_NAME];
	bool trusted = false;
	int rc;

	for (size_t i = 0; i < ask->nr_anchors; i++)
		trusted |= der_equal(certs[0].raw, ask->anchors[i].raw);
	rc = check_leaf(&certs[0], ask, e);
	if (rc || trusted)
		return rc;
	while (w.len) {
		rc = go_on(&w, certs, n, ask, &why);
		if (rc > 0)
			return !certs[0].ca ? 0 :
			       err_say(e, -EKEYREJECTED, "the server shows the certificate of a CA as its own");
		if (rc < 0)
			w.len--;
	}
	if (why.code)
		return err_say(e, why.code, "%s", why.msg);
	if (der_equal(certs[0].issuer, certs[0].subject))
		return err_say(e, -EKEYREJECTED, "the certificate of \"%s\" is signed by itself and not in "
			       "the CA file", cert_name(certs[0].subject, who));
	return err_say(e, -EKEYREJECTED, "the certificate was issued by \"%s\", to which no certificate of the "
		       "CA file and none that the server sent leads", cert_name(certs[0].issuer, who));
}
