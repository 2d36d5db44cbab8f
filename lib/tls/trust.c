/* trust - which keys and certificates does the configuration name? */
/* SPDX-License-Identifier: MIT */
#include "tls/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "ssh/base64.h"
#include "ssh/crypto.h"
#include "tls/tls.h"

/* A clock that says less is wrong: 2026-01-01, before there was any release. */
#define CLOCK_FLOOR	1767225600LL
#define CLOCK_YEARS	(10 * 31557600LL)

int64_t trust_clock(uint64_t crash_time, int64_t system)
{
	int64_t now = CLOCK_FLOOR;

	if (crash_time < (uint64_t)(CLOCK_FLOOR + CLOCK_YEARS) && (int64_t)crash_time > now)
		now = (int64_t)crash_time;
	if (system < CLOCK_FLOOR + CLOCK_YEARS && system > now)
		now = system;
	return now;
}

int trust_pem(struct cert_file *f, const char *text, size_t len, const char *name, struct err *e)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	const char *at = text, *stop, *last = text + len;
	size_t used = 0;

	f->der = malloc(len ? len : 1);		/* Base64 is longer than what it stands for */
	if (!f->der)
		return err_set(e, -ENOMEM, "read %s", name);
	while ((at = memmem(at, (size_t)(last - at), begin, sizeof(begin) - 1))) {
		ssize_t n;

		at += sizeof(begin) - 1;
		stop = memmem(at, (size_t)(last - at), end, sizeof(end) - 1);
		if (!stop)
			return err_say(e, -EBADMSG, "%s: a certificate is cut", name);
		if (f->nr == TRUST_CERTS)
			return err_say(e, -EFBIG, "%s: more than %d certificates", name, TRUST_CERTS);
		n = base64_decode(f->der + used, len - used, at, (size_t)(stop - at), 1);
		if (n <= 0)
			return err_say(e, -EBADMSG, "%s: certificate %zu is not Base64", name, f->nr + 1);
		f->cert[f->nr].at = used;
		f->cert[f->nr++].len = (size_t)n;
		used += (size_t)n;
		at = stop + sizeof(end) - 1;
	}
	if (!f->nr)
		return err_say(e, -EBADMSG, "%s: there is no certificate in it (PEM is wanted)", name);
	return 0;
}

static int read_certs(struct cert_file *f, const char *path, struct err *e)
{
	size_t len;
	char *text;
	int rc = read_file(path, TRUST_FILE, &text, &len, e);

	if (rc)
		return rc;
	rc = trust_pem(f, text, len, path, e);
	free(text);
	return rc;
}

static int load_anchors(struct tls *t, const char *path, struct err *e)
{
	struct err first = { 0 };
	int rc = read_certs(&t->ca, path, e);

	if (rc)
		return rc;
	/* What cannot be read vouches for nobody; the others still do. */
	for (size_t i = 0; i < t->ca.nr; i++)
		if (!cert_parse(&t->anchors[t->nr_anchors], t->ca.der + t->ca.cert[i].at, t->ca.cert[i].len,
				first.code ? NULL : &first))
			t->nr_anchors++;
	return t->nr_anchors ? 0 : err_say(e, -EBADMSG, "%s: no certificate can be used: %s", path, first.msg);
}

int trust_pins(struct tls *t, const char *text, struct err *e)
{
	static const char form[] = "sha256//";

	while (*text) {
		size_t len = strcspn(text, ";");
		uint8_t pin[PIN_LEN + 4];

		if (t->nr_pins == TRUST_PINS)
			return err_say(e, -EINVAL, "more than %d pinned keys", TRUST_PINS);
		if (strncmp(text, form, sizeof(form) - 1) ||
		    base64_decode(pin, sizeof(pin), text + sizeof(form) - 1, len - (sizeof(form) - 1), 0) !=
		    PIN_LEN)
			return err_say(e, -EINVAL, "'%.60s' is no pinned key: sha256//BASE64 is wanted, as for curl",
				       text);
		memcpy(t->pins[t->nr_pins++], pin, PIN_LEN);
		text += len + (text[len] == ';');
	}
	return 0;
}

static int take_key(struct own_cert *o, const struct key_parts *k, const char *path, struct err *e)
{
	struct rsa_parts *p = &o->parts;

	if (k->kind->family == FAMILY_ECDSA && k->secret.len <= sizeof(o->scalar)) {
		memcpy(o->scalar, k->secret.p, k->secret.len);
		o->ec = (br_ec_private_key){ k->kind->id, o->scalar, k->secret.len };
		o->key_type = BR_KEYTYPE_EC;
		return 0;
	}
	if (k->kind->family != FAMILY_RSA)
		return err_say(e, -ENOKEY, "%s: a key of TLS must be RSA or EC", path);
	if (rsa_parts_make(p, k))
		return err_say(e, -ENOKEY, "%s: the parts of the key do not fit together", path);
	o->rsa = (br_rsa_private_key){ p->bits, p->p, p->p_len, p->q, p->q_len, p->dp, p->p_len,
				       p->dq, p->q_len, p->iq, p->iq_len };
	o->key_type = BR_KEYTYPE_RSA;
	return 0;
}

static int load_key(struct own_cert *o, const char *path, struct err *e)
{
	uint8_t der[KEY_DER_MAX];
	struct key_parts k;
	size_t len, n;
	char label[40], *text;
	int rc = read_file(path, KEYFILE_MAX, &text, &len, e);

	if (rc)
		return rc;
	rc = pem_decode(text, len, label, der, &n, e);
	if (!rc)
		rc = pem_parts(label, der, n, &k, e);
	if (rc)
		err_add(e, "%s", path);
	else
		rc = take_key(o, &k, path, e);
	ssh_wipe(der, sizeof(der));
	ssh_wipe(text, len);
	free(text);
	return rc;
}

/* A key that is not the certificate's would be found out by the server, in words that nobody understands. */
static bool key_fits(const struct own_cert *o, const struct cert *c)
{
	uint8_t point[1 + 2 * EC_MAX_BYTES], n[RSA_MAX_BITS / 8 + 8];
	size_t len;

	if (c->key.key_type != o->key_type)
		return false;
	if (o->key_type == BR_KEYTYPE_EC) {
		len = key_curves()->mulgen(point, o->scalar, o->ec.xlen, o->ec.curve);
		return c->key.key.ec.curve == o->ec.curve && c->key.key.ec.qlen == len &&
		       !memcmp(point, c->key.key.ec.q, len);
	}
	len = br_rsa_i31_compute_modulus(n, &o->rsa);
	return len == c->key.key.rsa.nlen && !memcmp(n, c->key.key.rsa.n, len);
}

static int load_own(struct own_cert *o, const char *cert_path, const char *key_path, struct err *e)
{
	struct cert leaf;
	int rc = read_certs(&o->file, cert_path, e);

	if (!rc)
		rc = load_key(o, key_path, e);
	if (!rc)
		rc = cert_parse(&leaf, o->file.der, o->file.cert[0].len, e);
	if (rc)
		return rc;
	if (!key_fits(o, &leaf))
		return err_say(e, -ENOKEY, "%s is not the key of the first certificate in %s", key_path, cert_path);
	for (; o->nr < o->file.nr && o->nr < OWN_CERTS; o->nr++)
		o->chain[o->nr] = (br_x509_certificate){ o->file.der + o->file.cert[o->nr].at,
							 o->file.cert[o->nr].len };
	return 0;
}

int tls_new(struct tls **out, const struct tls_config *c, struct err *e)
{
	struct tls *t;
	int rc = 0;

	if (!c->ca_file && !(c->pins && c->pins[0]))
		return err_say(e, -EINVAL, "nobody is trusted: name a CA file (--cacert) or the server's key "
			       "(--pinnedpubkey)");
	if (!c->cert_file != !c->key_file)
		return err_say(e, -EINVAL, "a client certificate and its key go together (--cert, --key)");
	t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, -ENOMEM, "TLS");
	t->now = trust_clock(c->crash_time, time(NULL));
	if (c->pins)
		rc = trust_pins(t, c->pins, e);
	if (!rc && c->ca_file)
		rc = load_anchors(t, c->ca_file, e);
	if (!rc && c->cert_file)
		rc = load_own(&t->own, c->cert_file, c->key_file, e);
	if (rc) {
		tls_free(t);
		return rc;
	}
	*out = t;
	return 0;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	free(t->ca.der);
	free(t->own.file.der);
	ssh_wipe(t, sizeof(*t));
	free(t);
}
