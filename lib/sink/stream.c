/* stream - a pipe: bytes go one after the other, and nobody tells what became of them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "sink/sink.h"

struct stream_sink {
	struct sink base;
	int      fd;
	uint64_t at;
};

static int stream_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct stream_sink *t = (struct stream_sink *)s;
	int rc;

	if (at != t->at)
		return err_say(e, -ESPIPE, "write to a stream at %llu, where %llu is next", (unsigned long long)at,
			       (unsigned long long)t->at);
	rc = write_full(t->fd, buf, len);
	if (rc)
		return err_set(e, rc, "write to the stream");
	t->at += len;
	return 0;
}

static int stream_keep(struct sink *s, struct err *e)
{
	struct stream_sink *t = (struct stream_sink *)s;
	int fd = t->fd;

	t->fd = -1;
	/* A redirected file can be made durable; a pipe says EINVAL or EROFS (fsync(2)). */
	if (fsync(fd) && errno != EINVAL && errno != EROFS) {
		int rc = err_set(e, -errno, "fsync the stream");

		close(fd);
		return rc;
	}
	return close(fd) ? err_set(e, -errno, "close the stream") : 0;
}

static int stream_commit(struct sink *s, struct ack *ack, struct err *e)
{
	int rc = stream_keep(s, e);

	if (!rc)
		ack->level = ACK_SENT;
	return rc;
}

static void stream_release(struct sink *s)
{
	struct stream_sink *t = (struct stream_sink *)s;

	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

static const struct sink_ops stream_ops = {
	"stream", stream_write, NULL, NULL, stream_commit, stream_keep, stream_release, NULL,
};

int stream_sink_open(struct sink **out, int fd, struct err *e)
{
	struct stream_sink *t = calloc(1, sizeof(*t));

	if (!t)
		return err_set(e, -ENOMEM, "open a stream");
	t->base = (struct sink){ .ops = &stream_ops };
	t->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (t->fd < 0) {
		int rc = err_set(e, -errno, "open a stream");

		free(t);
		return rc;
	}
	*out = &t->base;
	return 0;
}
