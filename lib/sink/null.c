/* null - takes everything and keeps nothing: for finding out what a dump would be. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "sink/sink.h"

static int null_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	(void)s;
	(void)at;
	(void)buf;
	(void)len;
	(void)e;
	return 0;
}

static int null_keep(struct sink *s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

static int null_commit(struct sink *s, struct ack *ack, struct err *e)
{
	ack->level = ACK_SENT;
	return null_keep(s, e);
}

static void null_release(struct sink *s)
{
	free(s);
}

static const struct sink_ops null_ops = {
	"null", null_write, NULL, NULL, null_commit, null_keep, null_release, NULL,
};

int null_sink_open(struct sink **out, struct err *e)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, -ENOMEM, "open a sink");
	s->ops = &null_ops;
	s->rewritable = true;
	*out = s;
	return 0;
}
