/* flat - a stream of (offset, size, bytes) records: makedumpfile's flattened format. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sink/sink.h"

/*
 * The stream: 4096 bytes of header ("makedumpfile", be64 type 1, be64 version 1), then records of
 * be64 offset, be64 size and the bytes, then a record with both fields -1. Readers differ on
 * offsets that come twice, so none may: base.rewritable is false.
 */
enum { FLAT_HEADER = 4096, RECORD_HEAD = 16 };

struct flat_sink {
	struct sink  base;
	struct sink *inner;	/* owned */
	uint64_t     at;	/* in the stream */
};

static int put(struct flat_sink *f, const void *buf, size_t len, struct err *e)
{
	int rc = sink_write(f->inner, f->at, buf, len, e);

	if (!rc)
		f->at += len;
	return rc;
}

static int record_head(struct flat_sink *f, uint64_t at, uint64_t len, struct err *e)
{
	uint8_t head[RECORD_HEAD];

	put_be64(head, at);
	put_be64(head + 8, len);
	return put(f, head, sizeof(head), e);
}

static int flat_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct flat_sink *f = (struct flat_sink *)s;
	uint64_t back = f->at;
	int rc = record_head(f, at, len, e);

	if (!rc)
		rc = put(f, buf, len, e);
	if (rc && f->inner->rewritable)
		f->at = back;	/* a record that is not whole is not there */
	return rc;
}

static uint64_t flat_space(struct sink *s)
{
	return sink_space(((struct flat_sink *)s)->inner);
}

static int flat_header(struct flat_sink *f, struct err *e)
{
	uint8_t head[FLAT_HEADER] = "makedumpfile";

	put_be64(head + 16, 1);
	put_be64(head + 24, 1);
	return sink_write(f->inner, 0, head, sizeof(head), e);
}

static int finish(struct flat_sink *f, struct err *e)
{
	int rc = record_head(f, UINT64_MAX, UINT64_MAX, e);

	return rc || !f->inner->rewritable ? rc : flat_header(f, e);
}

static int flat_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct flat_sink *f = (struct flat_sink *)s;
	int rc = finish(f, e);

	return rc ? rc : sink_commit(f->inner, ack, e);
}

static int flat_keep(struct sink *s, struct err *e)
{
	struct flat_sink *f = (struct flat_sink *)s;
	int rc = finish(f, e);

	return rc ? rc : sink_keep(f->inner, e);
}

static void flat_release(struct sink *s)
{
	struct flat_sink *f = (struct flat_sink *)s;

	sink_close(f->inner);
	free(f);
}

static const struct sink_ops flat_ops = {
	"flattened", flat_write, NULL, flat_space, flat_commit, flat_keep, flat_release, NULL,
};

int flat_sink_open(struct sink **out, struct sink *inner, struct err *e)
{
	struct flat_sink *f = calloc(1, sizeof(*f));

	if (!f)
		return err_set(e, -ENOMEM, "flattened stream");
	f->base = (struct sink){ .ops = &flat_ops };
	f->inner = inner;
	f->at = FLAT_HEADER;
	if (!inner->rewritable) {
		int rc = flat_header(f, e);

		if (rc) {
			free(f);
			return rc;
		}
	}
	*out = &f->base;
	return 0;
}
