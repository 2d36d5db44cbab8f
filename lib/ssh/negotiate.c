/* negotiate - which algorithms do we offer, and on which do we agree? */
/* SPDX-License-Identifier: MIT */
#include "ssh/negotiate.h"

#include <errno.h>
#include <string.h>

#include "base/sha256.h"
#include "ssh/crypto.h"
#include "ssh/hostcert.h"
#include "ssh/secret.h"

static const struct ssh_kex_method methods[] = {
	{ "mlkem768x25519-sha256", &br_sha256_vtable, 0, &ssh_kem_mlkem768 },
	{ "sntrup761x25519-sha512", &br_sha512_vtable, 0, &ssh_kem_sntrup761 },
	{ "sntrup761x25519-sha512@openssh.com", &br_sha512_vtable, 0, &ssh_kem_sntrup761 },
	{ "curve25519-sha256", &br_sha256_vtable, 0, NULL },
	{ "curve25519-sha256@libssh.org", &br_sha256_vtable, 0, NULL },
	{ "ecdh-sha2-nistp256", &br_sha256_vtable, BR_EC_secp256r1, NULL },
	{ "ecdh-sha2-nistp384", &br_sha384_vtable, BR_EC_secp384r1, NULL },
	{ "ecdh-sha2-nistp521", &br_sha512_vtable, BR_EC_secp521r1, NULL },
};

enum { NR_METHODS = sizeof(methods) / sizeof(*methods) };

/* The name-lists of a KEXINIT in their order. */
enum {
	KEX,
	HOSTKEY,
	CIPHER_OUT,
	CIPHER_IN,
	MAC_OUT,
	MAC_IN,
	ZIP_OUT,
	ZIP_IN,
	LANG_OUT,
	LANG_IN,
	NR_LISTS
};

static const char *const list_names[NR_LISTS] = {
	"key exchange", "host key algorithm", "cipher",	     "cipher", "MAC",
	"MAC",		"compression",	      "compression",
};

static const char *const fast_aes[] = {
	"aes128-gcm@openssh.com",
	"aes256-gcm@openssh.com",
	"chacha20-poly1305@openssh.com",
	"aes128-ctr",
	"aes256-ctr",
	NULL,
};
static const char *const slow_aes[] = {
	"chacha20-poly1305@openssh.com",
	"aes128-gcm@openssh.com",
	"aes256-gcm@openssh.com",
	"aes128-ctr",
	"aes256-ctr",
	NULL,
};
/* With 64 bits SHA-512 is the faster one, unless the CPU itself knows SHA-256. */
static const char *const fast_sha256[] = {
	"hmac-sha2-256-etm@openssh.com",
	"hmac-sha2-512-etm@openssh.com",
	"hmac-sha2-256",
	"hmac-sha2-512",
	NULL,
};
static const char *const slow_sha256[] = {
	"hmac-sha2-512-etm@openssh.com",
	"hmac-sha2-256-etm@openssh.com",
	"hmac-sha2-512",
	"hmac-sha2-256",
	NULL,
};
static const char *const none[] = { "none", NULL };
static const char *const kex_names[] = {
	"mlkem768x25519-sha256",	      "sntrup761x25519-sha512",
	"sntrup761x25519-sha512@openssh.com", "curve25519-sha256",
	"curve25519-sha256@libssh.org",	      "ecdh-sha2-nistp256",
	"ecdh-sha2-nistp384",		      "ecdh-sha2-nistp521",
	NULL,
};

static const char strict_client[] = "kex-strict-c-v00@openssh.com", ext_info[] = "ext-info-c";

/* A name-list: filled in behind its length, which is put at the end. */
static void put_list(struct wire_out *o, const char *const *names, bool first)
{
	size_t at = o->len;

	wire_put_u32(o, 0);
	for (size_t i = 0; names[i]; i++) {
		if (i)
			wire_put_u8(o, ',');
		wire_put_bytes(o, names[i], strlen(names[i]));
	}
	if (first) {
		const char *const extra[] = { ",", ext_info, ",", strict_client };

		for (size_t i = 0; i < sizeof(extra) / sizeof(*extra); i++)
			wire_put_bytes(o, extra[i], strlen(extra[i]));
	}
	if (!o->full) {
		struct wire_out len = { .buf = o->buf + at, .size = 4 };

		wire_put_u32(&len, (uint32_t)(o->len - at - 4));
	}
}

void ssh_kexinit_write(const struct ssh *s, struct wire_out *o, bool first)
{
	const struct ssh_options *opt = &s->opt;
	const char *const *ciphers = ssh_aes_is_fast() && !opt->slow ? fast_aes : slow_aes;
	const char *const *macs = sha256_is_fast() && !opt->slow ? fast_sha256 : slow_sha256;
	/* Later only the one that was proven: the caller's list need not outlive ssh_open. */
	const char *const agreed[] = { s->info.hostkey, NULL };
	const char *const *lists[NR_LISTS] = {
		opt->kex ? opt->kex : kex_names,
		!first ? agreed : opt->hostkeys ? opt->hostkeys : ssh_sig_algorithms,
		opt->ciphers ? opt->ciphers : ciphers,
		opt->ciphers ? opt->ciphers : ciphers,
		opt->macs ? opt->macs : macs,
		opt->macs ? opt->macs : macs,
		none,
		none,
		none + 1,
		none + 1,
	};
	uint8_t cookie[16];

	ssh_random(cookie, sizeof(cookie));
	wire_put_bytes(o, cookie, sizeof(cookie));
	for (int i = 0; i < NR_LISTS; i++)
		put_list(o, lists[i], first && i == KEX);
	wire_put_u8(o, 0);	/* no guess follows */
	wire_put_u32(o, 0);
}

/* The next name of a list; len 0 at its end. */
static struct wire_str next_name(struct wire_str *list)
{
	const uint8_t *comma = list->len ? memchr(list->p, ',', list->len) : NULL;
	struct wire_str name = { list->p, comma ? (size_t)(comma - list->p) : list->len };
	size_t skip = name.len + !!comma;

	*list = (struct wire_str){ list->p + skip, list->len - skip };
	return name;
}

bool ssh_list_has(struct wire_str list, const char *name, size_t len)
{
	while (list.len) {
		struct wire_str n = next_name(&list);

		if (n.len == len && !memcmp(n.p, name, len))
			return true;
	}
	return false;
}

static bool lists(struct wire_str list, const char *name)
{
	return ssh_list_has(list, name, strlen(name));
}

/* A KEXINIT after its message number. */
static void read_lists(struct wire *w, struct wire_str out[NR_LISTS])
{
	wire_bytes(w, 16);
	for (int i = 0; i < NR_LISTS; i++)
		out[i] = wire_string(w);
}

/* The first of ours that they have. */
static int choose(int which, struct wire_str ours, struct wire_str theirs, struct wire_str *out,
		  struct err *e)
{
	char text[120];

	while (ours.len) {
		*out = next_name(&ours);
		if (wire_is(*out, ext_info) || wire_is(*out, strict_client))
			continue;	/* no algorithms */
		if (ssh_list_has(theirs, (const char *)out->p, out->len))
			return 0;
	}
	ssh_printable(text, sizeof(text), theirs.p, theirs.len);
	return err_say(e, which == HOSTKEY ? -ENOKEY : -EPROTO,
		       "no %s in common: the server has %s", list_names[which],
		       *text ? text : "none");
}

static const struct ssh_cipher_alg *find_cipher(struct wire_str name)
{
	const struct ssh_cipher_alg *c = ssh_ciphers;

	while (c->name && !wire_is(name, c->name))
		c++;
	return c->name ? c : NULL;
}

static const struct ssh_mac_alg *find_mac(struct wire_str name)
{
	const struct ssh_mac_alg *m = ssh_macs;

	while (m->name && !wire_is(name, m->name))
		m++;
	return m->name ? m : NULL;
}

static const struct ssh_kex_method *find_kex(struct wire_str name)
{
	for (size_t i = 0; i < NR_METHODS; i++)
		if (wire_is(name, methods[i].name))
			return &methods[i];
	return NULL;
}

/* Both directions' cipher and MAC. */
static int agree_ciphers(struct wire_str ours[], struct wire_str theirs[], struct wire_str got[],
			 struct ssh_agreed *a, struct err *e)
{
	for (int i = CIPHER_OUT; i <= CIPHER_IN; i++) {
		const struct ssh_cipher_alg **cipher =
			i == CIPHER_OUT ? &a->cipher_out : &a->cipher_in;
		const struct ssh_mac_alg **mac = i == CIPHER_OUT ? &a->mac_out : &a->mac_in;
		int rc = choose(i, ours[i], theirs[i], &got[i], e);

		if (rc)
			return rc;
		*cipher = find_cipher(got[i]);
		*mac = NULL;
		if (!*cipher)
			return err_say(e, -EINVAL, "a cipher was asked for that we do not have");
		if ((*cipher)->tag_len)
			continue;
		rc = choose(i + 2, ours[i + 2], theirs[i + 2], &got[i + 2], e);
		if (rc)
			return rc;
		*mac = find_mac(got[i + 2]);
		if (!*mac)
			return err_say(e, -EINVAL, "a MAC was asked for that we do not have");
	}
	return 0;
}

int ssh_kexinit_agree(const struct ssh *s, const uint8_t *ours, size_t ours_len,
		      const uint8_t *theirs, size_t len, struct ssh_agreed *a, struct err *e)
{
	struct wire us = wire_over(ours, ours_len), w = wire_over(theirs, len);
	struct wire_str mine[NR_LISTS], their[NR_LISTS], got[NR_LISTS] = { 0 }, rest;
	uint8_t follows;
	int rc;

	wire_u8(&us);
	wire_u8(&w);
	read_lists(&us, mine);
	read_lists(&w, their);
	follows = wire_u8(&w);
	wire_u32(&w);
	if (w.bad || us.bad || w.left)
		return err_say(e, -EPROTO, "the server's KEXINIT is damaged");
	rc = choose(KEX, mine[KEX], their[KEX], &got[KEX], e);
	if (!rc)
		rc = choose(HOSTKEY, mine[HOSTKEY], their[HOSTKEY], &got[HOSTKEY], e);
	if (!rc)
		rc = agree_ciphers(mine, their, got, a, e);
	for (int i = ZIP_OUT; !rc && i <= ZIP_IN; i++)
		rc = choose(i, mine[i], their[i], &got[i], e);
	if (rc)
		return rc;
	a->kex = find_kex(got[KEX]);
	a->hostkey = ssh_hostkey_algorithm(got[HOSTKEY]);
	if (!a->kex || !a->hostkey)
		return err_say(e, -EINVAL, "an algorithm was asked for that we do not have");
	a->strict = !s->session_id_len && lists(their[KEX], "kex-strict-s-v00@openssh.com");
	/* A right guess is one of both first names (RFC 4253 section 7). */
	rest = their[KEX];
	a->drop_next = follows && !wire_is(next_name(&rest), a->kex->name);
	rest = their[HOSTKEY];
	a->drop_next |= follows && !wire_is(next_name(&rest), a->hostkey);
	return 0;
}
