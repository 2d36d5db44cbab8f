/* auth - how do we log in with a key? RFC 4252, 8308, 8332 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "ssh/crypto.h"
#include "ssh/negotiate.h"
#include "ssh/userkey.h"

enum {
	TRIES = 6,		/* MaxAuthTries of OpenSSH */
	BANNERS = 50, BANNER_LINES = 20,
};

/* The last answer of the server. */
struct answer {
	uint8_t type;
	bool    partial;	/* the key was right, more is wanted */
	char    methods[160];	/* what can go on */
};

/* A banner is for people: its lines are said, made printable. */
static int banner(struct ssh *s, struct wire w, struct err *e)
{
	struct wire_str text = wire_string(&w);

	if (w.bad || ++s->banners > BANNERS)
		return ssh_break(s, e, -EPROTO, w.bad ? "the server's banner is damaged" :
				 "the server sends banners without end");
	for (int n = 0; s->opt.say && text.len && n < BANNER_LINES; n++) {
		const uint8_t *lf = memchr(text.p, '\n', text.len);
		size_t len = lf ? (size_t)(lf - text.p) : text.len;
		char line[200];

		ssh_printable(line, sizeof(line), text.p,
			      len && text.p[len - 1] == '\r' ? len - 1 : len);
		if (*line)
			s->opt.say(s->opt.say_arg, line);
		text = (struct wire_str){ text.p + len + !!lf, text.len - len - !!lf };
	}
	return 0;
}

/* Wait for the answer to a request that was posted; banners come in between. */
static int await(struct ssh *s, uint64_t deadline, struct answer *a, struct err *e)
{
	struct wire_str methods;
	struct wire w;
	int rc;

	do {
		rc = ssh_mail(s, deadline, e);
		if (rc)
			return rc;
		w = wire_over(s->mail + 1, s->mail_len - 1);
		a->type = s->mail[0];
		s->mail = NULL;
		if (a->type == MSG_USERAUTH_BANNER)
			rc = banner(s, w, e);
	} while (!rc && a->type == MSG_USERAUTH_BANNER);
	if (rc || a->type != MSG_USERAUTH_FAILURE)
		return rc;
	methods = wire_string(&w);
	a->partial = wire_u8(&w);
	if (w.bad || w.left)
		return ssh_break(s, e, -EPROTO, "the server's answer to the login is damaged");
	ssh_printable(a->methods, sizeof(a->methods), methods.p, methods.len);
	return 0;
}

static int unexpected(struct ssh *s, const struct answer *a, struct err *e)
{
	return ssh_break(s, e, -EPROTO, "the server answered the login with message %u", a->type);
}

static int ask_service(struct ssh *s, uint64_t deadline, struct err *e)
{
	struct answer a = { 0 };
	struct wire_out o;
	int rc = ssh_check(s, e);

	if (rc)
		return rc;
	o = ssh_message(s, MSG_SERVICE_REQUEST);
	wire_put_text(&o, "ssh-userauth");
	ssh_post(s, &o);
	rc = await(s, deadline, &a, e);
	return !rc && a.type != MSG_SERVICE_ACCEPT ? unexpected(s, &a, e) : rc;
}

/* A request: with a key and its signature over the session and the request, else method "none". */
static int post_request(struct ssh *s, const char *user, const struct ssh_userkey *key,
			const char *alg, struct err *e)
{
	uint8_t buf[SSH_BLOB_MAX + 1024], sig[SSH_SIG_MAX];
	struct wire_out o = { .buf = buf, .size = sizeof(buf) }, message;
	size_t head, blob_len, sig_len;
	const uint8_t *blob;
	int rc;

	wire_put_string(&o, s->session_id, s->session_id_len);
	head = o.len;
	wire_put_u8(&o, MSG_USERAUTH_REQUEST);
	wire_put_text(&o, user);
	wire_put_text(&o, "ssh-connection");
	wire_put_text(&o, key ? "publickey" : "none");
	if (key) {
		blob = ssh_userkey_public(key, &blob_len);
		wire_put_u8(&o, 1);
		wire_put_text(&o, alg);
		wire_put_string(&o, blob, blob_len);
	}
	if (o.full)
		return err_say(e, -E2BIG, "the user's name is too long");
	rc = key ? ssh_userkey_sign(key, alg, buf, o.len, sig, sizeof(sig), &sig_len, e) : 0;
	if (rc)
		return rc;
	message = ssh_message(s, MSG_USERAUTH_REQUEST);
	wire_put_bytes(&message, buf + head + 1, o.len - head - 1);
	if (key)
		wire_put_string(&message, sig, sig_len);
	ssh_post(s, &message);
	return 0;
}

/* Would the server look at such a signature? It need not say which it takes. */
static bool taken(const struct ssh *s, const char *alg)
{
	struct wire_str list = { (const uint8_t *)s->sig_algs, strlen(s->sig_algs) };

	return !list.len || ssh_list_has(list, alg, strlen(alg));
}

static int try_request(struct ssh *s, const char *user, const struct ssh_userkey *key,
		       const char *alg, uint64_t deadline, struct answer *a, struct err *e)
{
	int rc = post_request(s, user, key, alg, e);

	if (!rc)
		rc = await(s, deadline, a, e);
	if (!rc && a->type != MSG_USERAUTH_SUCCESS && a->type != MSG_USERAUTH_FAILURE)
		rc = unexpected(s, a, e);
	return rc;
}

static bool methods_have(const struct answer *a, const char *method)
{
	struct wire_str list = { (const uint8_t *)a->methods, strlen(a->methods) };

	return ssh_list_has(list, method, strlen(method));
}

static int refused(const char *user, const struct answer *a, size_t n, unsigned tries,
		   struct err *e)
{
	if (a->partial)
		return err_say(e, -EACCES,
			       "login of %s: the server took the key and wants more: %s", user,
			       a->methods);
	if (!n)
		return err_say(e, -EACCES,
			       "login of %s: there is no key to show; the server takes: %s", user,
			       a->methods);
	if (!tries)
		return err_say(e, -EACCES,
			       "login of %s: the server takes none of the algorithms of our keys",
			       user);
	if (!methods_have(a, "publickey"))
		return err_say(e, -EACCES, "login of %s: the server takes no keys, only: %s", user,
			       a->methods);
	return err_say(e, -EACCES,
		       "login of %s: the server took none of %u keys: is it in authorized_keys?",
		       user, tries);
}

int ssh_auth(struct ssh *s, const char *user, struct ssh_userkey *const *keys, size_t n,
	     struct err *e)
{
	uint64_t deadline = now_ms() + s->opt.handshake_ms;
	struct answer a = { 0 };
	unsigned tries = 0;
	int rc = ask_service(s, deadline, e);

	if (!rc && !n)
		rc = try_request(s, user, NULL, NULL, deadline, &a, e);
	for (size_t i = 0; !rc && i < n; i++) {
		const char *const *alg = ssh_userkey_algorithms(keys[i]);

		for (; !rc && *alg && a.type != MSG_USERAUTH_SUCCESS && tries < TRIES; alg++) {
			if (a.type && !methods_have(&a, "publickey"))
				break;
			if (!taken(s, *alg))
				continue;
			tries++;
			rc = try_request(s, user, keys[i], *alg, deadline, &a, e);
		}
	}
	if (rc)
		return rc;
	if (a.type != MSG_USERAUTH_SUCCESS)
		return refused(user, &a, n, tries, e);
	s->logged_in = true;
	return 0;
}
