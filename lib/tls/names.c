/* names - which names does a certificate have, and which may it have? */
/* SPDX-License-Identifier: MIT */
#include "tls/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* GeneralName (RFC 5280 section 4.2.1.6) */
enum { NAME_DNS = DER_CONTEXT | 2, NAME_DIRECTORY = DER_CONTEXT | DER_CONSTRUCTED | 4,
       NAME_IP = DER_CONTEXT | 7 };

/* A host in the form of a GeneralName; bytes holds an address. */
static void host_name(const char *host, uint8_t bytes[16], uint8_t *tag, struct der *value)
{
	size_t len = strlen(host);

	*tag = NAME_IP;
	if (inet_pton(AF_INET, host, bytes) == 1)
		*value = (struct der){ bytes, 4 };
	else if (inet_pton(AF_INET6, host, bytes) == 1)
		*value = (struct der){ bytes, 16 };
	else {
		*tag = NAME_DNS;
		*value = (struct der){ (const uint8_t *)host, len && host[len - 1] == '.' ? len - 1 : len };
	}
}

static bool same_text(struct der a, struct der b)
{
	return a.len == b.len && !strncasecmp((const char *)a.p, (const char *)b.p, a.len);
}

/* a without its first label and the dot behind it; empty if it has one label only. */
static struct der parent(struct der a)
{
	const uint8_t *dot = memchr(a.p, '.', a.len);

	if (!dot)
		return (struct der){ a.p, 0 };
	return (struct der){ dot + 1, a.len - (size_t)(dot + 1 - a.p) };
}

static bool dns_matches(struct der pattern, struct der host)
{
	if (memchr(pattern.p, 0, pattern.len))
		return false;
	if (pattern.len > 2 && pattern.p[0] == '*' && pattern.p[1] == '.') {
		struct der rest = parent(pattern), up = parent(host);

		return memchr(rest.p, '.', rest.len) && up.len && host.p[0] != '.' && same_text(rest, up);
	}
	return same_text(pattern, host);
}

/* What the certificate is for, for a message. */
static void list_names(const struct cert *leaf, char *out, size_t size)
{
	struct der list = leaf->san, v;
	size_t n = 0;
	uint8_t tag;

	out[0] = '\0';
	while (n + 60 < size && der_any(&list, &tag, &v, NULL)) {
		char text[INET6_ADDRSTRLEN] = "";

		if (tag == NAME_IP && (v.len == 4 || v.len == 16))
			inet_ntop(v.len == 4 ? AF_INET : AF_INET6, v.p, text, sizeof(text));
		else if (tag == NAME_DNS)
			snprintf(text, sizeof(text), "%.*s", v.len < 45 ? (int)v.len : 45, (const char *)v.p);
		if (text[0])
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", text);
	}
	for (char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

int names_match(const struct cert *leaf, const char *host, struct err *e)
{
	struct der list = leaf->san, v, want;
	uint8_t tag, wanted, bytes[16];
	char names[160];

	host_name(host, bytes, &wanted, &want);
	while (der_any(&list, &tag, &v, NULL)) {
		if (tag != wanted)
			continue;
		if (tag == NAME_IP ? der_equal(v, want) : dns_matches(v, want))
			return 0;
	}
	if (!leaf->san.len)
		return err_say(e, -EKEYREJECTED, "the certificate has no subjectAltName, so it is for no host; "
			       "make one with subjectAltName=%s:%.80s", wanted == NAME_IP ? "IP" : "DNS", host);
	list_names(leaf, names, sizeof(names));
	return err_say(e, -EKEYREJECTED, "the certificate is not for %.80s but for %s", host, names);
}

/* A domain and what is below it. ".domain" is not in RFC 5280, but found: only what is below. */
static bool within_domain(struct der base, struct der name)
{
	if (!base.len)
		return true;
	return name.len >= base.len &&
	       same_text(base, (struct der){ name.p + name.len - base.len, base.len }) &&
	       (name.len == base.len || base.p[0] == '.' || name.p[name.len - base.len - 1] == '.');
}

/* A domain of another form would match no name, so exclude none. */
static bool is_domain(struct der base)
{
	return !memchr(base.p, '*', base.len) && !memchr(base.p, 0, base.len) &&
	       !(base.len && base.p[base.len - 1] == '.');
}

/* base is what a GeneralSubtree names, name what a certificate does. */
static bool within(uint8_t tag, struct der base, struct der name)
{
	if (tag == NAME_DNS)
		return within_domain(base, name);
	if (tag == NAME_IP) {
		if (base.len != 2 * name.len)
			return false;
		for (size_t i = 0; i < name.len; i++)
			if ((name.p[i] ^ base.p[i]) & base.p[name.len + i])
				return false;
		return true;
	}
	/* Directory names: the same relative names at the beginning, byte for byte. */
	return base.len <= name.len && !memcmp(base.p, name.p, base.len);
}

/* 1: one of the subtrees has the name; 0: none; -1: none, and none is of its form; -2: broken. */
static int find_subtree(struct der trees, uint8_t tag, struct der name)
{
	int found = -1;

	while (trees.len) {
		struct der tree, base, seq;
		uint8_t form;

		if (!der_next(&trees, DER_SEQUENCE, &tree) || !der_any(&tree, &form, &base, NULL))
			return -2;
		if (form != tag)
			continue;
		/* Minimum and maximum are not used (RFC 5280 section 4.2.1.10). */
		if (tree.len || (tag == NAME_IP && base.len != 8 && base.len != 32) ||
		    (tag == NAME_DNS && !is_domain(base)))
			return -2;
		if (tag == NAME_DIRECTORY) {
			if (!der_next(&base, DER_SEQUENCE, &seq))
				return -2;
			base = seq;
		} else if (tag != NAME_DNS && tag != NAME_IP) {
			return -2;	/* a form that we cannot compare */
		}
		if (within(tag, base, name))
			return 1;
		found = 0;
	}
	return found;
}

static int allowed(const struct cert *ca, uint8_t tag, struct der name, struct err *e)
{
	int in = find_subtree(ca->permitted, tag, name), out = find_subtree(ca->excluded, tag, name);
	char who[CERT_NAME];

	if (in == -2 || out == -2)
		return err_say(e, -EKEYREJECTED, "the name constraints of \"%s\" cannot be judged",
			       cert_name(ca->subject, who));
	if (in == 0 || out == 1)
		return err_say(e, -EKEYREJECTED, "the name constraints of \"%s\" do not allow the names of the "
			       "certificates that it issued", cert_name(ca->subject, who));
	return 0;
}

int names_allowed(const struct cert *ca, const struct cert *c, const char *host, struct err *e)
{
	struct der list = c->san, subject = c->subject, v;
	uint8_t tag, bytes[16];
	int rc = 0;

	if (!ca->constrained)
		return 0;
	while (!rc && der_any(&list, &tag, &v, NULL)) {
		if (tag == NAME_DIRECTORY && !der_next(&v, DER_SEQUENCE, &v))
			return err_say(e, -EKEYREJECTED, "broken certificate: a name");
		rc = allowed(ca, tag, v, e);
	}
	if (!rc && list.len)
		return err_say(e, -EKEYREJECTED, "broken certificate: subjectAltName");
	if (!rc && der_next(&subject, DER_SEQUENCE, &v) && v.len)
		rc = allowed(ca, NAME_DIRECTORY, v, e);
	if (!rc && host) {
		host_name(host, bytes, &tag, &v);
		rc = allowed(ca, tag, v, e);
	}
	return rc;
}
