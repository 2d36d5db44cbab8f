/* upload - put a file on another machine over SSH, HTTP or S3, and tell how far it is safe there. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applet.h"
#include "base/io.h"
#include "http/httpopts.h"
#include "http/s3opts.h"
#include "sink/http.h"
#include "sink/remote.h"
#include "sink/s3.h"
#include "ssh/loginopts.h"

static const struct opt upload_opts[] = {
	{ 'f', "force", NULL, "overwrite a file that is there" },
	{ 'q', "quiet", NULL, "no progress" },
	LOGIN_OPTS,
	HTTP_OPTS,
	S3_OPTS,
	APPLET_OPTS_END
};
APPLET(upload, "upload", "put a file on another machine over SSH, HTTP or S3, and tell how far it is safe there",
       "SRC|- sftp://[USER@]HOST[:PORT]/PATH|http[s]://HOST[:PORT]/PATH|s3+https://ENDPOINT/BUCKET/KEY");

enum { PIECE = 128 << 10, PROGRESS_MS = 3000, MIB = 1 << 20 };

struct job {
	const char       *src;
	char              to[URL_TEXT + 3];	/* http, s3: the URL; else "" */
	bool              s3;
	char              endpoint[URL_PATH];
	int               fd;
	uint64_t          len;			/* of src, HTTP_UNKNOWN for a pipe */
	bool              replace, quiet;
	struct remote_url url;
	struct ssh_login  login;
	struct remote    *remote;
	struct http_place web;
	struct s3_place   store;
	uint64_t          bytes;
	enum ack_level    level;
};

static void say(void *arg, const char *line)
{
	(void)arg;
	log_info("%s", line);
}

/* All of the source into the sink. */
static int copy(struct job *j, struct sink *sink, char *buf, struct err *e)
{
	uint64_t at = 0, last = now_ms();
	ssize_t n;

	while ((n = read_full(j->fd, buf, PIECE)) > 0) {
		int rc = sink_write(sink, at, buf, (size_t)n, e);

		if (rc)
			return rc;
		at += (uint64_t)n;
		if (!j->quiet && now_ms() - last >= PROGRESS_MS) {
			last = now_ms();
			log_info("%llu MiB sent, %llu acknowledged", (unsigned long long)at / MIB,
				 (unsigned long long)sink->acked / MIB);
		}
	}
	j->bytes = at;
	return n < 0 ? err_set(e, (int)n, "read %s", j->src) : 0;
}

static int open_sink(struct job *j, struct sink **out, struct err *e)
{
	if (j->s3)
		return s3_place_open(&j->store, &j->web.options, out, j->to, 0, j->len, j->replace, e);
	if (j->to[0])
		return http_place_open(&j->web, out, j->to, 0, j->len, j->replace, e);
	return remote_sink_open(out, j->remote, &j->url, j->replace, e);
}

/* One object, from the first byte on. */
static int send_once(struct job *j, struct err *e)
{
	char *buf = malloc(PIECE);
	struct ack ack = { ACK_NONE };
	struct sink *sink = NULL;
	int rc = buf ? open_sink(j, &sink, e) : err_set(e, -ENOMEM, "upload");

	if (!rc) {
		rc = copy(j, sink, buf, e);
		if (rc && rc != -ESTALE && !j->to[0])
			sink_keep(sink, NULL);
		if (!rc)
			rc = sink_commit(sink, &ack, e);
	}
	sink_close(sink);
	free(buf);
	j->level = ack.level;
	return rc;
}

static int send_file(struct job *j, struct err *e)
{
	int rc = send_once(j, e);

	while (rc && j->to[0] && !j->s3 && j->len != HTTP_UNKNOWN && http_again(j->web.h, e))
		rc = lseek(j->fd, 0, SEEK_SET) ? err_set(e, -errno, "read %s again", j->src) :
		     send_once(j, e);
	/* The server lost a part of it: a file can be read again, a pipe cannot. */
	if (rc != -ESTALE || lseek(j->fd, 0, SEEK_SET))
		return rc;
	log_warn("%s: from the beginning", e->msg);
	*e = (struct err){ 0 };
	return send_once(j, e);
}

static int report(const struct job *j, int rc, const struct err *e)
{
	if (rc) {
		log_error("%s", e->msg);
		return FAILED;
	}
	/* A query may be a secret. */
	log_info("%.*s: %llu bytes, L%d: %s", (int)strcspn(j->to[0] ? j->to : j->url.path, j->to[0] ? "?" : ""),
		 j->to[0] ? j->to : j->url.path, (unsigned long long)j->bytes, j->level, ack_words[j->level]);
	/* HTTP has no word for "on the disk": what it can say is that all was received. */
	return j->level >= (j->to[0] && !j->s3 ? ACK_RECEIVED : ACK_NAMED) ? DONE : DEGRADED;
}

/* A path that ends in / gets the name of the source. */
static int complete_path(struct job *j, char *path, size_t size, struct err *e)
{
	const char *slash = strrchr(j->src, '/'), *name = slash ? slash + 1 : j->src;
	size_t len = strlen(path);

	if (path[len - 1] != '/')
		return 0;
	if (!strcmp(j->src, "-") || !*name)
		return err_say(e, -EINVAL, "the URL ends in / and %s has no name to put there", j->src);
	if (snprintf(path + len, size - len, "%s", name) >= (int)(size - len))
		return err_set(e, -ENAMETOOLONG, "%s%s", path, name);
	return 0;
}

/* An endpoint takes any number of files: the name of the source is told to it. */
static int take_endpoint(struct job *j, struct url *url, struct err *e)
{
	size_t len = strlen(url->path);

	if (strchr(url->path, '?'))
		return err_say(e, -EINVAL, "with a query the name stands in the URL, ENDPOINT/NAME?QUERY, and --endpoint PATH "
			       "says where it begins");
	snprintf(j->endpoint, sizeof(j->endpoint), "%s", url->path);
	if (url->path[len - 1] != '/' && len + 1 < sizeof(url->path))
		strcpy(url->path + len, "/");
	j->web.options.endpoint = j->endpoint;
	return 0;
}

static int take_target(struct job *j, const char *to, struct err *e)
{
	struct url url;
	int rc;

	j->s3 = s3_is_url(to);
	if (!url_is_http(to) && !j->s3) {
		rc = remote_parse(to, &j->url, e);
		return rc ? rc : complete_path(j, j->url.path, sizeof(j->url.path), e);
	}
	strcpy(j->to, j->s3 ? "s3+" : "");
	to += strlen(j->to);
	rc = url_parse(&url, to, e);
	if (!rc && !j->s3 && (j->web.options.tus || j->web.options.form) && !j->web.options.endpoint)
		rc = take_endpoint(j, &url, e);
	if (!rc)
		rc = complete_path(j, url.path, sizeof(url.path), e);
	if (!rc)	/* the source's name may have what a URL may not */
		rc = url_parse(&url, url_text(&url, j->to + strlen(j->to)), e);
	return rc;
}

static int open_source(struct job *j, struct err *e)
{
	struct stat st;

	j->fd = strcmp(j->src, "-") ? open(j->src, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (j->fd < 0)
		return err_set(e, -errno, "open %s", j->src);
	if (fstat(j->fd, &st))
		return err_set(e, -errno, "fstat %s", j->src);
	if (S_ISDIR(st.st_mode))
		return err_set(e, -EISDIR, "open %s", j->src);
	/* A file of /proc says 0 and has more. */
	j->len = S_ISREG(st.st_mode) && st.st_size ? (uint64_t)st.st_size : HTTP_UNKNOWN;
	return 0;
}

static int take_option(struct job *j, int id, const char *value, struct err *e)
{
	if (id == 'f')
		j->replace = true;
	else if (id == 'q')
		j->quiet = true;
	else
		return login_option(&j->login, id, value, e) ?: http_option(&j->web.options, id, value, e) ?:
		       s3_option(&j->store.options, id, value, e);
	return 1;
}

static int upload_main(struct args *a)
{
	struct job j = { .fd = -1 };
	struct err e = { 0 };
	int id, rc;

	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		if (take_option(&j, id, a->value, &e) < 0)
			return applet_usage(&e);
	}
	if (!id && a->nr_operands != 2)
		id = err_say(&e, -EINVAL, "SRC and a URL are wanted; see --help");
	if (!id) {
		j.src = a->operands[0];
		id = take_target(&j, a->operands[1], &e);
	}
	if (id < 0)
		return applet_usage(&e);
	signal(SIGPIPE, SIG_IGN);
	j.login.say = j.web.options.say = j.quiet ? NULL : say;
	rc = open_source(&j, &e);
	if (!rc && !j.to[0])
		rc = remote_ssh(&j.remote, &j.login, &j.url, &e);
	if (!rc)
		rc = send_file(&j, &e);
	remote_free(j.remote);
	http_place_close(&j.web);
	s3_place_close(&j.store);
	return report(&j, rc, &e);
}
