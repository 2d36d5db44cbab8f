/* sink - which kind of sink a target's name asks for. */
/* SPDX-License-Identifier: MIT */
#include "sink/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sink/http.h"
#include "sink/remote.h"
#include "sink/s3.h"

const char *const ack_words[] = {
	[ACK_NONE] = "nothing", [ACK_SENT] = "sent", [ACK_RECEIVED] = "received",
	[ACK_DURABLE] = "on the server's disk", [ACK_NAMED] = "on the server's disk under its name",
	[ACK_VERIFIED] = "read back and equal",
};

/* Put a flattened stream on inner, or close it. */
static int flatten(struct sink **out, struct sink *inner, struct err *e)
{
	int rc = flat_sink_open(out, inner, e);

	if (rc)
		sink_close(inner);
	return rc;
}

static int open_raw(struct sink **out, const char *name, uint64_t stamp, struct err *e)
{
	const char *hash = strrchr(name, '#');
	struct sink *raw;
	char dev[256];
	int rc;

	if (hash) {
		snprintf(dev, sizeof(dev), "%.*s", (int)(hash - name), name);
		return tail_sink_open(out, dev, hash + 1, stamp, e);
	}
	rc = raw_sink_open(&raw, name, e);
	return rc ? rc : flatten(out, raw, e);
}

static int open_stdout(struct sink **out, struct err *e)
{
	struct sink *stream;
	int rc = stream_sink_open(&stream, STDOUT_FILENO, e);

	return rc ? rc : flatten(out, stream, e);
}

int sink_open(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e)
{
	if (!strncmp(to, "raw:", 4))
		return open_raw(out, to + 4, stamp, e);
	if (!strcmp(to, "null:"))
		return null_sink_open(out, e);
	if (!strcmp(to, "-"))
		return open_stdout(out, e);
	if (s3_is_url(to))
		return s3_url_sink_open(out, to, stamp, replace, e);
	if (url_is_http(to))
		return http_url_sink_open(out, to, stamp, replace, e);
	if (remote_is_url(to))
		return url_sink_open(out, to, replace, e);
	return file_sink_open(out, to, replace, e);
}

int sink_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	int rc = s->ops->write(s, at, buf, len, e);

	if (!rc)
		s->written += len;
	return rc;
}

int sink_expect(struct sink *s, const uint64_t *starts, size_t nr, uint64_t most, uint64_t memory, struct err *e)
{
	struct sink_shape shape = { starts, nr, most, memory };

	return s->expect ? s->expect(s, &shape, e) : 0;
}

int sink_settle(struct sink *s, uint64_t *lost_from, struct err *e)
{
	return s->ops->settle ? s->ops->settle(s, lost_from, e) : 0;
}

uint64_t sink_space(struct sink *s)
{
	return s->ops->space ? s->ops->space(s) : UINT64_MAX;
}

int sink_commit(struct sink *s, struct ack *ack, struct err *e)
{
	*ack = (struct ack){ ACK_NONE };
	return s->ops->commit(s, ack, e);
}

int sink_keep(struct sink *s, struct err *e)
{
	return s->ops->keep(s, e);
}

void sink_close(struct sink *s)
{
	if (s)
		s->ops->release(s);
}

bool sink_is_full(int code)
{
	return code == -ENOSPC || code == -EDQUOT || code == -EFBIG;
}
