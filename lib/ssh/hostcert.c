/* hostcert - does a certificate vouch for a host's key, here and now? PROTOCOL.certkeys of OpenSSH */
/* SPDX-License-Identifier: MIT */
#include "ssh/hostcert.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "ssh/keykind.h"

enum { TYPE_HOST = 2 };

#define SUFFIX "-cert-v01@openssh.com"

const char *const ssh_cert_algorithms[] = {
	"ssh-ed25519" SUFFIX,	      "ecdsa-sha2-nistp256" SUFFIX, "ecdsa-sha2-nistp384" SUFFIX,
	"ecdsa-sha2-nistp521" SUFFIX, "rsa-sha2-512" SUFFIX,	    "rsa-sha2-256" SUFFIX,
	NULL,
};

const char *ssh_hostkey_algorithm(struct wire_str name)
{
	for (size_t i = 0; ssh_sig_algorithms[i]; i++) {
		if (wire_is(name, ssh_sig_algorithms[i]))
			return ssh_sig_algorithms[i];
		if (wire_is(name, ssh_cert_algorithms[i]))
			return ssh_cert_algorithms[i];
	}
	return NULL;
}

/* The kind of the key inside of a certificate of that type, or NULL. */
static const struct key_kind *kind_inside(struct wire_str type)
{
	size_t suffix = strlen(SUFFIX);

	if (type.len < suffix || memcmp(type.p + type.len - suffix, SUFFIX, suffix))
		return NULL;
	return key_kind_named((struct wire_str){ type.p, type.len - suffix });
}

bool ssh_cert_is(const uint8_t *blob, size_t len)
{
	struct wire w = wire_over(blob, len);

	return kind_inside(wire_string(&w));
}

/* Copy the fields of the key behind its type; they are strings, an mpint being one, too. */
static void read_plain(struct ssh_cert *c, const struct key_kind *kind, struct wire *w)
{
	struct wire_out o = { .buf = c->plain, .size = sizeof(c->plain) };
	int fields = kind->family == FAMILY_ED25519 ? 1 : 2;

	wire_put_text(&o, kind->type);
	while (fields--) {
		struct wire_str s = wire_string(w);

		wire_put_string(&o, s.p, s.len);
	}
	c->plain_len = o.len;
	w->bad |= o.full;
}

/* The name that a signature says it was made by, as one of ours. */
static const char *algorithm_of(struct wire_str sig)
{
	struct wire w = wire_over(sig.p, sig.len);
	struct wire_str name = wire_string(&w);
	const char *const *alg = ssh_sig_algorithms;

	while (*alg && !wire_is(name, *alg))
		alg++;
	return *alg;
}

int ssh_cert_read(struct ssh_cert *c, const uint8_t *blob, size_t len, struct err *e)
{
	struct wire w = wire_over(blob, len);
	const struct key_kind *kind = kind_inside(wire_string(&w));
	struct wire_str sig;
	struct err why = { 0 };
	size_t signed_len;
	const char *alg;

	if (!kind)
		return err_say(e, -EKEYREJECTED, "a certificate of an unknown kind");
	wire_string(&w);		/* nonce */
	read_plain(c, kind, &w);
	wire_u64(&w);			/* serial */
	c->type = wire_u32(&w);
	wire_string(&w);		/* key id */
	c->names = wire_string(&w);
	c->after = wire_u64(&w);
	c->before = wire_u64(&w);
	c->critical = wire_string(&w);
	wire_string(&w);		/* extensions: unknown ones are ignored, and hosts have none */
	wire_string(&w);		/* reserved */
	c->ca = wire_string(&w);
	signed_len = len - w.left;
	sig = wire_string(&w);
	if (w.bad || w.left)
		return err_say(e, -EKEYREJECTED, "a malformed %s certificate", kind->type);
	alg = algorithm_of(sig);
	if (!alg)
		return err_say(e, -EKEYREJECTED, "a certificate whose signature is by no algorithm of ours");
	if (ssh_pubkey_verify(c->ca.p, c->ca.len, alg, blob, signed_len, sig.p, sig.len, &why))
		return err_say(e, -EKEYREJECTED, "a certificate whose authority did not sign it: %.200s",
			       why.msg);
	return 0;
}

static const char *date(uint64_t t, char out[24])
{
	time_t seconds = (time_t)t;
	struct tm tm;

	if (t > INT32_MAX * 100ULL || !gmtime_r(&seconds, &tm) ||
	    !strftime(out, 24, "%Y-%m-%d %H:%M UTC", &tm))
		return "for ever";
	return out;
}

static bool is_named(struct wire_str names, const char *host)
{
	struct wire w = wire_over(names.p, names.len);
	bool found = false;

	while (w.left && !w.bad)
		found |= wire_is(wire_string(&w), host);
	return found && !w.bad;
}

int ssh_cert_judge(const struct ssh_cert *c, const char *host, int64_t now, struct err *e)
{
	char limit[24], clock[24];

	if (c->type != TYPE_HOST)
		return err_say(e, -EKEYREJECTED, "it is not a host's");
	if (now < 0 || (uint64_t)now < c->after)
		return err_say(e, -EKEYREJECTED, "it is not valid before %s; the clock here says %s",
			       date(c->after, limit), date((uint64_t)now, clock));
	if ((uint64_t)now >= c->before)
		return err_say(e, -EKEYREJECTED, "it has expired at %s; the clock here says %s",
			       date(c->before, limit), date((uint64_t)now, clock));
	if (!c->names.len)
		return err_say(e, -EKEYREJECTED, "it names no host");
	if (!is_named(c->names, host))
		return err_say(e, -EKEYREJECTED, "it is not for the name %.80s", host);
	if (c->critical.len)
		return err_say(e, -EKEYREJECTED, "it has critical options, and none is known for hosts");
	return 0;
}

int ssh_hostkey_verify(const uint8_t *blob, size_t blob_len, const char *alg, const uint8_t *data,
		       size_t len, const uint8_t *sig, size_t sig_len, struct err *e)
{
	struct ssh_cert c;

	for (size_t i = 0; ssh_cert_algorithms[i]; i++) {
		int rc;

		if (strcmp(alg, ssh_cert_algorithms[i]))
			continue;
		rc = ssh_cert_read(&c, blob, blob_len, e);
		return rc ? rc : ssh_pubkey_verify(c.plain, c.plain_len, ssh_sig_algorithms[i], data, len,
						   sig, sig_len, e);
	}
	return ssh_pubkey_verify(blob, blob_len, alg, data, len, sig, sig_len, e);
}
