/* sftpput - put a file through a child that speaks SFTP, as the sink of a dump does. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "sink/remote.h"

/* The connection: a shell that runs a command on a socket, again for each connection. */
struct children {
	const char *server;
	pid_t pids[4];			/* the last one is that of the newest channel */
	int   nr_pids, connections;
};

static int channel(void *arg, const char *command, struct stream **out, struct err *e)
{
	struct children *c = arg;
	char nr[16];
	int fds[2];

	if (c->nr_pids == 4)
		return err_say(e, -EMFILE, "four children");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return err_set(e, -errno, "socketpair");
	snprintf(nr, sizeof(nr), "%d", ++c->connections);
	c->pids[c->nr_pids] = fork();
	if (!c->pids[c->nr_pids++]) {
		setenv("CONNECTION", nr, 1);
		dup2(fds[1], 0);
		dup2(fds[1], 1);
		execl("/bin/sh", "sh", "-c", command ? command : c->server, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	return stream_socket(out, fds[0], "the child", e);
}

static int more(void *arg, struct stream **out, struct err *e)
{
	return channel(arg, NULL, out, e);
}

static int status(void *arg, struct stream *s, struct err *e)
{
	struct children *c = arg;
	int st;

	stream_shutdown(s, NULL);
	waitpid(c->pids[--c->nr_pids], &st, 0);
	return st ? err_say(e, -EIO, "the child ended with %d", st) : 0;
}

static void hang_up(void *arg)
{
	struct children *c = arg;

	while (c->nr_pids)
		waitpid(c->pids[--c->nr_pids], NULL, 0);
}

static void release(void *arg)
{
	(void)arg;
}

static void say(void *arg, const char *line)
{
	(void)arg;
	printf("says %s\n", line);
}

/* In pieces; "rewrite": first without its first 64 KiB, then those in two halves that overlap. */
static int put(struct sink *sink, const char *data, size_t len, size_t piece, int rewrite, struct err *e)
{
	size_t head = rewrite && len > 65536 ? 65536 : 0;
	int rc = 0;

	for (size_t at = head; !rc && at < len; at += piece)
		rc = sink_write(sink, at, data + at, len - at < piece ? len - at : piece, e);
	if (!rc && head)
		rc = sink_write(sink, 0, "wrong bytes that are overwritten", 32, e);
	if (!rc && head)
		rc = sink_write(sink, 0, data, head, e);
	return rc;
}

int main(int argc, char **argv)
{
	struct children c = { 0 };
	bool wide = argc == 6 && strstr(argv[5], "wide");
	const struct remote_link link = { &c, channel, status, hang_up, release, say, more, wide ? 4 : 1 };
	struct ack ack = { ACK_NONE };
	struct err e = { 0 };
	struct remote *r;
	struct sink *sink = NULL;
	char *data;
	size_t len;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	if (argc != 6 || read_file(argv[2], 256 << 20, &data, &len, &e)) {
		fprintf(stderr, "usage: sftpput SERVER SRC PATH PIECE new|replace|[wide-]rewrite|keep|exec|wide %s\n", e.msg);
		return 2;
	}
	c.server = argv[1];
	if (remote_new(&r, &link, &e))
		return 2;
	rc = (strcmp(argv[5], "exec") ? sftp_sink_open : exec_sink_open)(&sink, r, argv[3], !strcmp(argv[5], "replace"), &e);
	if (!rc) {
		printf("space %llu\n", (unsigned long long)sink_space(sink));
		rc = put(sink, data, len, (size_t)atol(argv[4]), !!strstr(argv[5], "rewrite"), &e);
	}
	if (!rc)
		rc = strcmp(argv[5], "keep") ? sink_commit(sink, &ack, &e) : sink_keep(sink, &e);
	sink_close(sink);
	remote_free(r);
	free(data);
	if (rc)
		printf("failed %s: %s\n", strerror(-rc), e.msg);
	printf("connections %d\nlevel %d\n", c.connections, ack.level);
	return rc != 0;
}
