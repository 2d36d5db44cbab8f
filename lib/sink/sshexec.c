/* sshexec - a file by commands of another machine's shell, where it has no SFTP. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/remote.h"

/* In quotes each byte of a name may become four. */
enum { MAX_QUOTED = 4 * 1100 + 3, MAX_COMMAND = 5 * MAX_QUOTED };
enum { SYNC_MS = 600000 };	/* as for fsync over SFTP */

struct exec_sink {
	struct sink base;
	struct remote *r;
	struct stream *channel;		/* to cat; NULL: ended */
	uint64_t at;
	bool     replace;
	char     part[MAX_QUOTED], path[MAX_QUOTED], dir[MAX_QUOTED];	/* quoted */
};

/*
 * One word of a POSIX shell: in single quotes nothing is special but the quote itself (POSIX.1,
 * 2.2.2). A name that could be an option or has a control character is refused, not mended.
 */
static int quote(char *out, size_t size, const char *name, size_t len, const char *suffix, struct err *e)
{
	size_t n = 0;

	if (!len || *name == '-')
		return err_say(e, -EINVAL, "'%.80s' is no name for a file on another machine", name);
	out[n++] = '\'';
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] < ' ' || name[i] == 127)
			return err_say(e, -EINVAL, "the name of the file has a control character");
		if (n + 8 + strlen(suffix) > size)
			return err_set(e, -ENAMETOOLONG, "open %.80s...", name);
		if (name[i] == '\'') {
			memcpy(out + n, "'\\''", 4);
			n += 4;
		} else {
			out[n++] = name[i];
		}
	}
	snprintf(out + n, size - n, "%s'", suffix);
	return 0;
}

/* Run a command that takes no input. It waits for its end, since one that is over before counts as failed. */
static int run(struct exec_sink *x, const char *command, struct err *e)
{
	const struct remote_link *link = remote_link(x->r);
	char whole[MAX_COMMAND + 8];
	struct stream *channel;
	int rc;

	snprintf(whole, sizeof(whole), "read x; %s", command);
	rc = link->channel(link->arg, whole, &channel, e);
	if (rc)
		return rc;
	channel->idle_ms = SYNC_MS;
	rc = link->status(link->arg, channel, e);
	stream_close(channel);
	return rc;
}

static int exec_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct exec_sink *x = (struct exec_sink *)s;
	int rc;

	if (at != x->at || !x->channel)
		return err_say(e, -ESPIPE, "write to a command at %llu, where %llu is next", (unsigned long long)at,
			       (unsigned long long)x->at);
	rc = stream_write(x->channel, buf, len, e);
	if (rc)
		return err_add(e, "write %s", x->part), rc;
	x->at += len;
	return 0;
}

/*
 * End cat. That it ended well says that it wrote all it got; a connection that is cut looks the
 * same to it, so what is there is counted by another command before it is called whole.
 */
static int end_cat(struct exec_sink *x, struct err *e)
{
	const struct remote_link *link = remote_link(x->r);
	int rc;

	if (!x->channel)
		return err_say(e, -ENOTCONN, "%s was ended before", x->part);
	rc = link->status(link->arg, x->channel, e);
	stream_close(x->channel);
	x->channel = NULL;
	return rc ? err_add(e, "write %s", x->part), rc : 0;
}

static int exec_keep(struct sink *s, struct err *e)
{
	struct exec_sink *x = (struct exec_sink *)s;
	char command[MAX_COMMAND];
	int rc = end_cat(x, e);

	snprintf(command, sizeof(command), "sync %s", x->part);
	return rc ? rc : run(x, command, e);
}

static int exec_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct exec_sink *x = (struct exec_sink *)s;
	char command[MAX_COMMAND];
	int rc = end_cat(x, e);

	if (rc)
		return rc;
	ack->level = ACK_RECEIVED;
	/* sync with a name is of coreutils 8.24; older ones and BusyBox sync everything. */
	snprintf(command, sizeof(command), "test $(wc -c <%s) -eq %llu && sync %s%s%s && mv -f %s %s && sync %s",
		 x->part, (unsigned long long)x->at, x->part, x->replace ? "" : " && test ! -e ",
		 x->replace ? "" : x->path, x->part, x->path, x->dir);
	rc = run(x, command, e);
	if (rc)
		return err_add(e, "compare the size, sync and rename %s", x->part), rc;
	ack->level = ACK_NAMED;
	return 0;
}

static void exec_release(struct sink *s)
{
	struct exec_sink *x = (struct exec_sink *)s;

	stream_close(x->channel);
	free(x);
}

static int start(struct exec_sink *x, const char *path, struct err *e)
{
	const struct remote_link *link = remote_link(x->r);
	const char *slash = strrchr(path, '/');
	char command[MAX_COMMAND];
	int rc = quote(x->path, sizeof(x->path), path, strlen(path), "", e);

	if (!rc)
		rc = quote(x->part, sizeof(x->part), path, strlen(path), "-incomplete", e);
	if (!rc && !slash)
		rc = quote(x->dir, sizeof(x->dir), ".", 1, "", e);
	else if (!rc)
		rc = quote(x->dir, sizeof(x->dir), path, slash == path ? 1 : (size_t)(slash - path), "", e);
	if (rc)
		return rc;
	snprintf(command, sizeof(command), "test ! -d %s && mkdir -p %s", x->path, x->dir);
	rc = run(x, command, e);
	if (!rc && !x->replace) {
		snprintf(command, sizeof(command), "test ! -e %s", x->path);
		rc = run(x, command, e);
		if (rc == -EIO)		/* what the command itself says */
			return err_set(e, -EEXIST, "%s on the server", x->path);
	}
	if (rc)
		return err_add(e, "make %s", x->dir), rc;
	snprintf(command, sizeof(command), "umask 077; cat >%s", x->part);
	return link->channel(link->arg, command, &x->channel, e);
}

int exec_sink_open(struct sink **out, struct remote *r, const char *path, bool replace, struct err *e)
{
	static const struct sink_ops ops = {
		"ssh", exec_write, NULL, NULL, exec_commit, exec_keep, exec_release, NULL,
	};
	struct exec_sink *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_set(e, -ENOMEM, "open %s on the server", path);
	x->base = (struct sink){ .ops = &ops };
	x->r = r;
	x->replace = replace;
	rc = start(x, path, e);
	if (rc) {
		exec_release(&x->base);
		return rc;
	}
	*out = &x->base;
	return 0;
}
