/* remotessh - how does SSH carry the objects of another machine? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sink/remote.h"

struct by_ssh {
	struct ssh_login login;
	struct ssh *ssh;		/* NULL: not connected */
	char user[64], host[256];
};

static void by_ssh_hang_up(void *arg)
{
	struct by_ssh *b = arg;

	ssh_close(b->ssh);
	b->ssh = NULL;
}

static int by_ssh_channel(void *arg, const char *command, struct stream **out, struct err *e)
{
	struct by_ssh *b = arg;
	bool old = b->ssh;
	int rc;

	/*
	 * A connection that has been idle may have ended, or (tinysshd) have one channel in its life: then
	 * once more with a new one, unless somebody has a channel on it.
	 */
	for (;; old = false) {
		rc = b->ssh ? 0 : ssh_login(&b->ssh, &b->login, e);
		if (rc) {
			b->ssh = NULL;
			return rc;
		}
		rc = command ? ssh_channel_exec(b->ssh, command, out, e) :
			ssh_channel_subsystem(b->ssh, "sftp", out, e);
		if (!rc || !old || ssh_in_use(b->ssh))
			return rc ? err_add(e, "%s", b->host), rc : 0;
		by_ssh_hang_up(b);
	}
}

static int by_ssh_more(void *arg, struct stream **out, struct err *e)
{
	struct by_ssh *b = arg;

	return b->ssh ? ssh_channel_subsystem(b->ssh, "sftp", out, e) : err_set(e, -ENOTCONN, "%s", b->host);
}

static int by_ssh_status(void *arg, struct stream *channel, struct err *e)
{
	struct by_ssh *b = arg;
	struct ssh_exit x;
	const char *words;
	int rc = ssh_channel_status(channel, &x, e);

	if (rc)
		return rc;
	words = ssh_channel_stderr(channel);
	if (!x.known)
		return err_say(e, -EIO, "%s does not say how the command ended: %.160s", b->host, words);
	if (x.signal[0])
		return err_say(e, -EIO, "the command on %s was ended by signal %s: %.160s", b->host, x.signal, words);
	if (x.status)
		return err_say(e, -EIO, "the command on %s ended with status %u: %.160s", b->host, x.status, words);
	return x.before_end ? err_say(e, -EIO, "the command on %s ended before its input did", b->host) : 0;
}

static void by_ssh_say(void *arg, const char *line)
{
	struct by_ssh *b = arg;

	if (b->login.say)
		b->login.say(b->login.arg, line);
}

int remote_ssh(struct remote **out, const struct ssh_login *l, const struct remote_url *url,
	       struct err *e)
{
	struct by_ssh *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return err_set(e, -ENOMEM, "connect to %s", url->host);
	b->login = *l;
	memcpy(b->host, url->host, sizeof(b->host));
	memcpy(b->user, url->user, sizeof(b->user));
	b->login.host = b->host;
	b->login.port = url->port ? url->port : l->port;
	if (b->user[0])
		b->login.user = b->user;
	rc = remote_new(out, &(struct remote_link){
		b, by_ssh_channel, by_ssh_status, by_ssh_hang_up, free, by_ssh_say, by_ssh_more, l->channels,
	}, e);
	if (rc)
		free(b);
	return rc;
}
