/* keyscan - print the host keys of SSH servers, to be compared and pinned. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "net/dial.h"
#include "ssh/base64.h"
#include "ssh/pubkey.h"
#include "ssh/ssh.h"

static const struct opt keyscan_opts[] = {
	{ 'p', "port", "PORT", "of the servers (22)" },
	{ 't', "types", "TYPES", "comma separated: ed25519, ecdsa, rsa (all)" },
	{ 'T', "timeout", "SECONDS", "longest wait for a connection and for a key (5)" },
	APPLET_OPTS_END
};

APPLET(keyscan, "keyscan", "print the host keys of SSH servers as lines of known_hosts, unproven",
       "HOST...");

/* Each is asked for on a connection of its own: a server shows one key at a time. */
static const struct {
	const char *type;
	const char *algorithms[3];
} kinds[] = {
	{ "ed25519", { "ssh-ed25519" } },
	{ "ecdsa", { "ecdsa-sha2-nistp256" } },
	{ "ecdsa", { "ecdsa-sha2-nistp384" } },
	{ "ecdsa", { "ecdsa-sha2-nistp521" } },
	{ "rsa", { "rsa-sha2-512", "rsa-sha2-256" } },
};

enum { NR_KINDS = sizeof(kinds) / sizeof(*kinds) };

struct scan {
	unsigned long long port, timeout_s;
	bool wanted[NR_KINDS];
	const char *host;
	int found;
};

static int read_types(struct scan *s, const char *list, struct err *e)
{
	memset(s->wanted, 0, sizeof(s->wanted));
	while (*list) {
		size_t len = strcspn(list, ",");
		bool known = false;

		for (int i = 0; i < NR_KINDS; i++)
			if (strlen(kinds[i].type) == len && !memcmp(kinds[i].type, list, len))
				s->wanted[i] = known = true;
		if (!known)
			return err_say(e, -EINVAL,
				       "unknown type %.*s: there are ed25519, ecdsa, rsa", (int)len,
				       list);
		list += len + (list[len] == ',');
	}
	return 0;
}

/* The server proved to have this key: that is all we want from it. */
static int print_key(void *arg, const uint8_t *blob, size_t len, struct err *e)
{
	struct scan *s = arg;
	char text[SSH_BLOB_MAX / 3 * 4 + 8], fingerprint[SSH_FINGERPRINT_SIZE];

	ssh_fingerprint(blob, len, fingerprint);
	base64_encode(text, sizeof(text), blob, len);
	printf("# %s:%llu %s (%s)\n", s->host, s->port, fingerprint, ssh_pubkey_word(blob, len));
	printf(s->port == 22 ? "%s" : "[%s]:%llu", s->host, s->port);
	printf(" %s %s\n", ssh_pubkey_type(blob, len), text);
	s->found++;
	return err_say(e, -ECANCELED, "the key is known");
}

/* 0 if there is one to go on with; no key of the kind is no error. */
static int scan_kind(struct scan *s, int kind, struct err *e)
{
	struct ssh_options opt = {
		.verify = print_key, .verify_arg = s, .hostkeys = kinds[kind].algorithms,
		.handshake_ms = (unsigned)s->timeout_s * 1000,
	};
	struct stream *tcp;
	struct ssh *ssh = NULL;
	int rc = net_dial(&tcp, s->host, (uint16_t)s->port, (unsigned)s->timeout_s * 1000, e);

	if (rc)
		return rc;
	rc = ssh_open(&ssh, tcp, &opt, e);
	ssh_close(ssh);
	if (rc == -ECANCELED || rc == -ENOKEY)
		return 0;
	return rc ? err_add(e, "%s: ", s->host) : 0;
}

static int scan_host(struct scan *s, struct err *e)
{
	int rc = 0;

	for (int i = 0; !rc && i < NR_KINDS; i++)
		if (s->wanted[i])
			rc = scan_kind(s, i, e);
	return rc;
}

static int keyscan_main(struct args *a)
{
	struct scan s = { .port = 22, .timeout_s = 5 };
	struct err e = { 0 };
	int id, failed = 0;

	for (int i = 0; i < NR_KINDS; i++)
		s.wanted[i] = true;
	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		if (id == 'p')
			id = parse_number(a->value, "port", 1, 65535, &s.port, &e);
		else if (id == 'T')
			id = parse_number(a->value, "timeout", 1, 3600, &s.timeout_s, &e);
		else
			id = read_types(&s, a->value, &e);
		if (id < 0)
			break;
	}
	if (!id && !a->nr_operands)
		id = err_say(&e, -EINVAL, "whose keys? name a host");
	if (id < 0)
		return applet_usage(&e);
	for (int i = 0; i < a->nr_operands; i++) {
		s.host = a->operands[i];
		s.found = 0;
		if (scan_host(&s, &e))
			failed += applet_fail(&e);
		else if (!s.found)
			failed += applet_fail(
				(err_say(&e, -ENOENT, "%s has none of the keys asked for", s.host),
				 &e));
	}
	return failed ? FAILED : DONE;
}
