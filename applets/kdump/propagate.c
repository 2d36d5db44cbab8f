/* propagate - kdump propagate: make the key for each ssh target, learn the server's, install ours. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "boot/server.h"
#include "kdump/kdump.h"
#include "prod/propagate.h"
#include "ssh/hosts.h"

enum { OPT_HOST_PIN = 256 };

static const struct opt propagate_opts[] = {
	{ OPT_HOST_PIN, "pin", "SHA256:...", "the fingerprint that the server's key must have, instead of a question" },
	{ 'i', "identity", "KEY", "log in with this key to install the new one (default: those in ~/.ssh)" },
	KDUMP_OPT_CONFIG, APPLET_OPTS_END
};

KDUMP_COMMAND(propagate, "propagate", "make and install the key for each ssh target, and learn the server's key", "");

struct propagate {
	struct kdump_call k;
	const char       *pin, *identity;
	bool              undone;	/* something is left to be done by hand */
};

/* Is it the server's key? Only who asks can know. */
static int confirm(const struct propagate *p, const struct server *s, const char *fingerprint, const char *word,
		   struct err *e)
{
	char answer[16] = "";

	if (p->pin)
		return !strcmp(p->pin, fingerprint)
			       ? 0 : err_say(e, -EKEYREJECTED, "%.100s has the %s key %s, not %.80s", s->host, word, fingerprint, p->pin);
	printf("%s port %u has the %s key %s\nIs it the right one? Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` "
	       "there. Type yes: ", s->host, s->port, word, fingerprint);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || strcmp(answer, "yes\n"))
		return err_say(e, -ECANCELED, "the key of %.100s was not confirmed, and is not kept", s->host);
	return 0;
}

static int learn(const struct propagate *p, const struct target *t, const struct server *s, struct err *e)
{
	const char *files[SERVER_KNOWN_MAX];
	struct ssh_hosts hosts = { .host = s->host, .port = s->port, .files = files };
	char fingerprint[SSH_FINGERPRINT_SIZE];
	uint8_t blob[SSH_BLOB_MAX];
	size_t len;
	int rc;

	hosts.nr_files = server_known(t, files);
	if (!hosts.nr_files || ssh_hosts_known(&hosts)) {
		log_info("%s: its key is known%s", s->host, hosts.nr_files ? "" : " (host_key)");
		return 0;
	}
	rc = propagate_fetch(s->host, s->port, blob, &len, e);
	if (rc)
		return rc;
	ssh_fingerprint(blob, len, fingerprint);
	rc = confirm(p, s, fingerprint, ssh_pubkey_word(blob, len), e);
	if (!rc)
		rc = propagate_learn(files[0], s->host, s->port, blob, len, e);
	if (!rc)
		log_info("%s: its key %s is now in %s", s->host, fingerprint, files[0]);
	return rc;
}

static int log_in(const struct ssh_login *l, struct err *e)
{
	struct ssh *ssh;
	int rc = ssh_login(&ssh, l, e);

	if (!rc)
		ssh_close(ssh);
	return rc;
}

static void tell_how(const struct target *t, const struct server *s, const char *line)
{
	log_warn("%s does not take the key yet; there, as %s, add this line to ~/.ssh/authorized_keys:", s->host, s->user);
	printf("restrict %s\n", line);
	log_info("or, with a password: ssh-copy-id -i %s.pub -p %u %s", t->opts.sshkey, s->port, t->device);
}

/* Have the server take our key: it does, or one that it takes already brings ours. */
static int install(struct propagate *p, const struct target *t, const struct server *s, const struct ssh_login *l,
		   const char *line, struct err *e)
{
	struct ssh_login other = *l;
	struct err why = { 0 };
	int rc = log_in(l, e);

	if (!rc)
		log_info("%s takes %s", t->device, t->opts.sshkey);
	if (rc != -EACCES)
		return rc;
	other.nr_keys = p->identity ? 1 : 0;
	other.keys[0] = p->identity;
	rc = propagate_install(&other, line, &why);
	if (rc) {
		log_info("%s", why.msg);
		tell_how(t, s, line);
		p->undone = true;
		return 0;
	}
	rc = log_in(l, e);
	if (!rc)
		log_info("%s takes %s now", t->device, t->opts.sshkey);
	return rc;
}

static int propagate(struct propagate *p, const struct target *t, struct err *e)
{
	char line[PROPAGATE_LINE], comment[80] = "kdump@", name[64] = "";
	struct ssh_login l;
	struct server s;
	bool made;
	int rc;

	server_login(t, &s, &l);
	gethostname(name, sizeof(name) - 1);
	snprintf(comment, sizeof(comment), "kdump@%s", name);
	rc = propagate_key(t->opts.sshkey, comment, line, &made, e);
	if (rc)
		return rc;
	log_info("%s %s", t->opts.sshkey, made ? "is a new Ed25519 key" : "is there");
	rc = learn(p, t, &s, e);
	return rc ? rc : install(p, t, &s, &l, line, e);
}

static int run(struct propagate *p, struct err *e)
{
	struct kdump_conf *c = calloc(1, sizeof(*c));
	int rc = c ? 0 : err_set(e, -ENOMEM, "propagate"), n = 0;

	if (!rc) {
		conf_defaults(c);
		rc = conf_read(c, p->k.place.conf_path, CONF_STRICT, e);
	}
	for (int i = 0; !rc && i < c->nr_targets; i++)
		if (c->targets[i].kind == TARGET_SSH) {
			rc = propagate(p, &c->targets[i], e);
			n++;
		}
	if (!rc && !n)
		rc = err_say(e, -ENOENT, "%s has no ssh target", p->k.place.conf_path);
	free(c);
	return rc;
}

static int propagate_main(struct args *a)
{
	struct propagate p = { 0 };
	struct err e = { 0 };
	int rc;

	while ((rc = kdump_next(&p.k, a, &e)) > 0 && rc != OPT_HELP) {
		if (rc == OPT_HOST_PIN)
			p.pin = a->value;
		else
			p.identity = a->value;
	}
	if (!rc && p.pin)
		rc = ssh_pin_check(p.pin, &e);
	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = kdump_ready(&p.k, &e);
	if (!rc)
		rc = run(&p, &e);
	if (rc)
		return applet_fail(&e);
	return fflush(stdout) ? FAILED : p.undone ? DEGRADED : DONE;
}
