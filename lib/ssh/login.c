/* login - how is an SSH server reached, known and convinced? */
/* SPDX-License-Identifier: MIT */
#include "ssh/login.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "net/dial.h"
#include "ssh/hosts.h"
#include "ssh/userkey.h"

enum { SSH_PORT = 22, TRIES = 5, CONNECT_MS = 60000, MAX_PATH = 512 };

static void say(const struct ssh_login *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct ssh_login *l, const char *fmt, ...)
{
	char line[480];
	va_list ap;

	if (!l->say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	l->say(l->arg, line);
}

/* The user's keys; a default one that is missing or not ours is no error, one that was named is. */
struct keyring {
	struct ssh_userkey *keys[LOGIN_MAX_FILES];
	size_t nr;
};

static void free_keys(struct keyring *r)
{
	while (r->nr)
		ssh_userkey_free(r->keys[--r->nr]);
}

static const char *home(void)
{
	const char *dir = getenv("HOME");

	return dir && *dir ? dir : "/root";
}

static int read_default_keys(struct keyring *r, const struct ssh_login *l, struct err *e)
{
	static const char *const names[] = { "id_ed25519", "id_ecdsa", "id_rsa" };
	struct err why = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[MAX_PATH];

		snprintf(path, sizeof(path), "%s/.ssh/%s", home(), names[i]);
		if (access(path, F_OK))
			continue;
		if (ssh_userkey_read(&r->keys[r->nr], path, NULL, &why))
			say(l, "%s", why.msg);
		else
			r->nr++;
	}
	return r->nr ? 0 : err_say(e, -ENOKEY, "no private key to log in with: none was named, and none of ours "
				   "is in %s/.ssh", home());
}

static int read_keys(struct keyring *r, const struct ssh_login *l, struct err *e)
{
	*r = (struct keyring){ .nr = 0 };
	for (size_t i = 0; i < l->nr_keys && i < LOGIN_MAX_FILES; i++) {
		struct err warn;
		int rc = ssh_userkey_read(&r->keys[r->nr], l->keys[i], &warn, e);

		if (rc) {
			free_keys(r);
			return rc;
		}
		if (warn.code)
			say(l, "%s", warn.msg);
		r->nr++;
	}
	return r->nr ? 0 : read_default_keys(r, l, e);
}

/* One try. */
static int connect_once(struct ssh **out, const struct ssh_login *l, const struct keyring *keys,
			struct ssh_hosts *hosts, struct err *e)
{
	const char *algorithms[SSH_HOSTS_ALGORITHMS];
	struct ssh_options opt = {
		.verify = ssh_hosts_verify, .verify_arg = hosts, .hostkeys = algorithms,
		.say = l->say, .say_arg = l->arg, .handshake_ms = l->connect_ms,
	};
	struct stream *tcp;
	int rc = net_dial(&tcp, l->host, hosts->port, l->connect_ms ? l->connect_ms : CONNECT_MS, e);

	if (rc)
		return rc;
	ssh_hosts_algorithms(hosts, algorithms);
	rc = ssh_open(out, tcp, &opt, e);
	if (rc)
		return rc;
	rc = ssh_auth(*out, l->user ? l->user : "root", keys->keys, keys->nr, e);
	if (rc)
		ssh_close(*out);
	return rc;
}

static int may_pass(int rc)
{
	return rc != -EKEYREJECTED && rc != -EACCES && rc != -EPROTO && rc != -ENOKEY && rc != -EINVAL;
}

static int try_often(struct ssh **out, const struct ssh_login *l, const struct keyring *keys,
		     struct ssh_hosts *hosts, struct err *e)
{
	static const unsigned pauses_s[] = { 1, 15, 30, 60 };
	unsigned tries = l->tries ? l->tries : TRIES;
	int rc;

	for (unsigned i = 0; ; i++) {
		unsigned pause_s = pauses_s[i < 4 ? i : 3];

		rc = connect_once(out, l, keys, hosts, e);
		if (!rc || !may_pass(rc) || i + 1 >= tries)
			break;
		say(l, "%s; again in %u s", e->msg, pause_s);
		nanosleep(&(struct timespec){ .tv_sec = pause_s }, NULL);
	}
	if (rc)
		err_add(e, "%s@%s port %u", l->user ? l->user : "root", l->host, hosts->port);
	return rc;
}

int ssh_login(struct ssh **out, const struct ssh_login *l, struct err *e)
{
	char own_file[MAX_PATH];
	const char *const defaults[] = { own_file, "/etc/ssh/ssh_known_hosts" };
	struct ssh_hosts hosts = {
		.host = l->host, .port = l->port ? l->port : SSH_PORT, .pin = l->pin,
		.files = l->nr_known_hosts ? l->known_hosts : defaults,
		.nr_files = l->nr_known_hosts ? l->nr_known_hosts : 2,
	};
	struct err own = { 0 };
	struct keyring keys;
	int rc;

	snprintf(own_file, sizeof(own_file), "%s/.ssh/known_hosts", home());
	e = e ? e : &own;
	rc = l->pin ? ssh_pin_check(l->pin, e) : 0;
	if (!rc)
		rc = read_keys(&keys, l, e);
	if (rc)
		return rc;
	rc = try_often(out, l, &keys, &hosts, e);
	free_keys(&keys);
	return rc;
}
