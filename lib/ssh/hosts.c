/* hosts - do known_hosts or a pin vouch for the key that a host showed? */
/* SPDX-License-Identifier: MIT */
#include "ssh/hosts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "ssh/hostcert.h"
#include "ssh/knownhosts.h"
#include "tls/trust.h"

enum { MAX_FILE = 4 << 20, MAX_NAME = 300, PIN_DIGITS = 43 };

/* What the files say about a key of a host; cert: the certificate that it came in, or NULL. */
struct finding {
	const uint8_t *blob;
	size_t len;
	const struct ssh_cert *cert;
	const char *file;		/* being read */
	bool found, revoked, ca, signed_by_ca;
	struct err cert_why;		/* why the certificate of the right authority does not count */
	char other[SSH_FINGERPRINT_SIZE], other_word[12], other_at[128];	/* the first other key */
	char revoked_at[128];
};

/* A line "@revoked" with a certificate means the key in it; one that cannot be read may mean any. */
static bool revokes(const struct finding *f, const struct known_line *l)
{
	struct ssh_cert *c;
	bool is;

	if (!ssh_cert_is(l->blob, l->len))
		return l->len == f->len && !memcmp(l->blob, f->blob, f->len);
	c = malloc(sizeof(*c));
	is = !c || ssh_cert_read(c, l->blob, l->len, NULL) ||
	     (c->plain_len == f->len && !memcmp(c->plain, f->blob, f->len));
	free(c);
	return is;
}

static int judge_line(void *arg, const struct known_line *l)
{
	struct finding *f = arg;
	bool same = l->mark == KNOWN_REVOKED ? revokes(f, l) : l->len == f->len && !memcmp(l->blob, f->blob, f->len);
	bool signer = f->cert && l->len == f->cert->ca.len && !memcmp(l->blob, f->cert->ca.p, l->len);

	if (l->mark == KNOWN_CA) {
		f->ca = true;
		f->signed_by_ca |= signer;
	} else if (l->mark == KNOWN_REVOKED) {
		if ((same || signer) && !f->revoked)
			snprintf(f->revoked_at, sizeof(f->revoked_at), "%s:%u", f->file, l->nr);
		f->revoked |= same || signer;
	} else if (same) {
		f->found = true;
	} else if (!f->other[0]) {
		ssh_fingerprint(l->blob, l->len, f->other);
		snprintf(f->other_word, sizeof(f->other_word), "%s", ssh_pubkey_word(l->blob, l->len));
		snprintf(f->other_at, sizeof(f->other_at), "%s:%u", f->file, l->nr);
	}
	return 0;
}

/* Walk all files for the name of the host with the port, or without. */
static int walk_files(const struct ssh_hosts *h, uint16_t port,
		      int (*each)(void *arg, const struct known_line *line), void *arg, const char **file,
		      struct err *e)
{
	char name[MAX_NAME], *text;
	size_t len;
	int rc = known_name(name, sizeof(name), h->host, port);

	if (rc)
		return err_set(e, rc, "host %.80s", h->host);
	for (size_t i = 0; i < h->nr_files; i++) {
		*file = h->files[i];
		rc = read_file(h->files[i], MAX_FILE, &text, &len, e);
		if (rc == -ENOENT)
			continue;
		if (rc)
			return rc;
		rc = known_walk(text, len, name, each, arg);
		free(text);
		if (rc)
			return rc;
	}
	return 0;
}

static int refuse_unknown(const struct ssh_hosts *h, const struct finding *f, const char *key, struct err *e)
{
	if (!h->nr_files)
		return err_say(e, -EKEYREJECTED, "host %s shows the %s: there is neither a known_hosts file nor a "
			       "pin to judge it by", h->host, key);
	if (f->cert_why.code)
		return err_say(e, -EKEYREJECTED, "host %s shows the %s in a certificate of the right authority, "
			       "but %s", h->host, key, f->cert_why.msg);
	return err_say(e, -EKEYREJECTED, "host %s shows the %s: %s%s", h->host, key, !f->ca ?
		       "the host is not in " : f->cert ? "its certificate is by none of the authorities in " :
		       "it has no certificate by the authority in ", h->files[0]);
}

static int verdict(const struct ssh_hosts *h, const struct finding *f, struct err *e)
{
	char sum[SSH_FINGERPRINT_SIZE], key[80];

	ssh_fingerprint(f->blob, f->len, sum);
	snprintf(key, sizeof(key), "%s key %s", ssh_pubkey_word(f->blob, f->len), sum);
	if (f->revoked)
		return err_say(e, -EKEYREJECTED, "host %s shows the %s, which is revoked%s at %s", h->host, key,
			       f->cert ? ", or whose authority is," : "", f->revoked_at);
	if (f->found || (f->signed_by_ca && !f->cert_why.code))
		return 0;
	if (f->other[0])
		return err_say(e, -EKEYREJECTED, "host %s shows the %s, but %s has %s key %s: it was installed anew, "
			       "or somebody stands between", h->host, key, f->other_at, f->other_word, f->other);
	return refuse_unknown(h, f, key, e);
}

static int verify_pin(const struct ssh_hosts *h, const uint8_t *blob, size_t len, struct err *e)
{
	char sum[SSH_FINGERPRINT_SIZE];
	int rc = ssh_pin_check(h->pin, e);

	if (rc)
		return rc;
	ssh_fingerprint(blob, len, sum);
	if (!strncmp(sum, h->pin, strlen(sum)))
		return 0;
	return err_say(e, -EKEYREJECTED, "host %s shows the %s key %s instead of the pinned %s", h->host,
		       ssh_pubkey_word(blob, len), sum, h->pin);
}

/* Is the certificate for this host, now? Only with the right authority's signature that counts. */
static int judge_cert(const struct ssh_hosts *h, struct finding *f, struct err *e)
{
	int64_t now = time(NULL), least = trust_clock(0, 0);
	char name[MAX_NAME];
	int rc = known_name(name, sizeof(name), h->host, 0);

	if (rc)
		return err_set(e, rc, "host %.80s", h->host);
	ssh_cert_judge(f->cert, name, now > least ? now : least, &f->cert_why);
	return 0;
}

static int verify_files(const struct ssh_hosts *h, struct finding *f, struct err *e)
{
	int rc = f->cert ? judge_cert(h, f, e) : 0;

	if (!rc)
		rc = walk_files(h, h->port, judge_line, f, &f->file, e);
	/*
	 * As ssh(1): where nothing is known of the host with this port, what is known of it
	 * without.
	 */
	if (!rc && !f->found && !f->revoked && (f->cert ? !f->signed_by_ca : !f->other[0]))
		rc = walk_files(h, 0, judge_line, f, &f->file, e);
	if (!f->signed_by_ca)
		f->cert_why = (struct err){ 0 };
	return rc ? rc : verdict(h, f, e);
}

int ssh_hosts_verify(void *arg, const uint8_t *blob, size_t len, struct err *e)
{
	const struct ssh_hosts *h = arg;
	struct finding f = { .blob = blob, .len = len };
	struct ssh_cert cert;

	if (ssh_cert_is(blob, len)) {
		int rc = ssh_cert_read(&cert, blob, len, e);

		if (rc)
			return rc;
		f.cert = &cert;
		f.blob = cert.plain;
		f.len = cert.plain_len;
	}
	return h->pin ? verify_pin(h, f.blob, f.len, e) : verify_files(h, &f, e);
}

/* Of what the files have a key for the host. */
struct known {
	bool any, ca, has[SSH_HOSTS_ALGORITHMS];
};

static int note_type(void *arg, const struct known_line *l)
{
	const char *type = l->mark == KNOWN_PLAIN ? ssh_pubkey_type(l->blob, l->len) : NULL;
	struct known *k = arg;

	k->ca |= l->mark == KNOWN_CA && ssh_pubkey_type(l->blob, l->len);
	k->any |= type || k->ca;
	for (size_t i = 0; type && ssh_sig_algorithms[i]; i++)
		k->has[i] |= !strcmp(ssh_algorithm_type(ssh_sig_algorithms[i]), type);
	return 0;
}

/* A file that cannot be read is told when the key is judged. */
static struct known known_types(const struct ssh_hosts *h)
{
	struct known k = { false };
	const char *file;

	walk_files(h, h->port, note_type, &k, &file, NULL);
	if (!k.any)
		walk_files(h, 0, note_type, &k, &file, NULL);
	return k;
}

bool ssh_hosts_known(const struct ssh_hosts *h)
{
	return h->pin || known_types(h).any;
}

void ssh_hosts_algorithms(const struct ssh_hosts *h, const char *out[SSH_HOSTS_ALGORITHMS])
{
	struct known k = { false };
	size_t n = 0;

	if (!h->pin)
		k = known_types(h);
	for (size_t i = 0; k.ca && ssh_cert_algorithms[i]; i++)
		out[n++] = ssh_cert_algorithms[i];
	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; ssh_sig_algorithms[i]; i++)
			if (k.has[i] == known)
				out[n++] = ssh_sig_algorithms[i];
	out[n] = NULL;
}

int ssh_pin_check(const char *pin, struct err *e)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *sum = pin + strlen("SHA256:");

	if (strncmp(pin, "SHA256:", strlen("SHA256:")) || strspn(sum, digits) != PIN_DIGITS ||
	    strspn(sum + PIN_DIGITS, "=") != strlen(sum + PIN_DIGITS) || strlen(sum + PIN_DIGITS) > 1)
		return err_say(e, -EINVAL, "'%.60s' is not a fingerprint: SHA256: and 43 digits of Base64, as "
			       "ssh-keygen -l prints it", pin);
	return 0;
}
