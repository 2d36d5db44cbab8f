/* httpput - put a file on a server by lib/http, or a flattened stream of it by the sink. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "http/httpopts.h"
#include "sink/http.h"

enum { OPT_KEEP = 256, OPT_FLAT, OPT_STREAM, OPT_PUT, PIECE = 1 << 20 };

static const struct opt opts[] = {
	{ 'f', "force", NULL, "" }, { OPT_KEEP, "keep", NULL, "end it as incomplete" },
	{ OPT_FLAT, "flat", NULL, "a flattened stream" }, { OPT_STREAM, "stream", NULL, "length unknown" },
	{ OPT_PUT, "put", NULL, "a PUT without the sink around it" },
	HTTP_OPTS, { 0, NULL, NULL, NULL },
};

struct job {
	struct http *h;
	struct url   url;
	int          fd;
	uint64_t     len;
	bool         force, keep, flat, put;
	struct ack   ack;
};

static void say(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static int copy(struct job *j, struct sink *sink, struct http_put *put, char *buf, struct err *e)
{
	uint64_t at = 0;
	ssize_t n;
	int rc = 0;

	while (!rc && (n = read_full(j->fd, buf, PIECE)) > 0) {
		rc = put ? http_put_write(put, buf, (size_t)n, e) : sink_write(sink, at, buf, (size_t)n, e);
		at += (uint64_t)n;
	}
	return rc;
}

static int put_once(struct job *j, char *buf, struct err *e)
{
	struct http_put *put = NULL;
	int rc = http_put_open(&put, j->h, &j->url, j->len, j->force, e);

	if (!rc)
		rc = copy(j, NULL, put, buf, e);
	if (!rc)
		rc = http_put_close(put, e);
	http_put_free(put);
	return rc;
}

static int sink_once(struct job *j, char *buf, struct err *e)
{
	struct sink *sink = NULL, *flat;
	int rc = http_options_of(j->h)->tus ? tus_sink_open(&sink, j->h, &j->url, j->len, e) :
		 http_sink_open(&sink, j->h, &j->url, j->len, j->force, e);

	if (!rc && j->flat) {
		rc = flat_sink_open(&flat, sink, e);
		if (!rc)
			sink = flat;
	}
	if (!rc)
		rc = copy(j, sink, NULL, buf, e);
	if (!rc)
		rc = j->keep ? sink_keep(sink, e) : sink_commit(sink, &j->ack, e);
	sink_close(sink);
	return rc;
}

static int run(struct job *j, const struct http_options *o, struct err *e)
{
	char *buf = malloc(PIECE);
	int rc = http_new(&j->h, o, &j->url, e);

	if (rc) {
		free(buf);
		return rc;
	}
	do {
		lseek(j->fd, 0, SEEK_SET);
		rc = j->put ? put_once(j, buf, e) : sink_once(j, buf, e);
	} while (rc && j->len != HTTP_UNKNOWN && http_again(j->h, e));
	http_free(j->h);
	free(buf);
	return rc;
}

int main(int argc, char **argv)
{
	const char *words[32];
	struct http_options o = { .say = say };
	struct job j = { .len = 0 };
	struct err e = { 0 };
	struct args a;
	struct stat st;
	bool stream = false;
	int id, rc;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 32)
		return 2;
	args_init(&a, argc, argv, opts, words);
	while ((id = args_next(&a, &e)) > 0) {
		j.force |= id == 'f';
		j.keep |= id == OPT_KEEP;
		j.flat |= id == OPT_FLAT;
		j.put |= id == OPT_PUT;
		stream |= id == OPT_STREAM || id == OPT_FLAT;
		if (http_option(&o, id, a.value, &e) < 0)
			id = -EINVAL;
		if (id < 0)
			break;
	}
	if (id < 0 || a.nr_operands != 2 || url_parse(&j.url, a.operands[1], &e)) {
		printf("usage: %s\n", e.msg);
		return 2;
	}
	j.fd = open(a.operands[0], O_RDONLY);
	if (j.fd < 0 || fstat(j.fd, &st))
		return 2;
	j.len = stream ? HTTP_UNKNOWN : (uint64_t)st.st_size;
	rc = run(&j, &o, &e);
	close(j.fd);
	if (rc) {
		printf("%s: %s\n", strerrorname_np(-rc), e.msg);
		return 1;
	}
	printf("done L%d\n", j.ack.level);
	return 0;
}
