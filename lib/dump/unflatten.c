/* unflatten - a flattened dump back into a normal one, in one pass over a stream. */
/* SPDX-License-Identifier: MIT */
#include "dump/unflatten.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "dump/bytes.h"

enum { PIECE = 1 << 20 };

static int say_cut(struct unflatten *u, struct err *e)
{
	u->cut = true;
	return err_say(e, -ENODATA, "the stream was cut: it ends in record %llu, after %llu MiB of the dump",
		       (unsigned long long)u->records + 1, (unsigned long long)u->bytes >> 20);
}

static int say_unread(struct unflatten *u, ssize_t got, struct err *e)
{
	u->unread = true;
	return err_set(e, (int)got, "read the stream");
}

static int check_header(const uint8_t *head, struct err *e)
{
	if (memcmp(head, FLAT_MAGIC, sizeof(FLAT_MAGIC)))
		return err_say(e, -EINVAL, "not a flattened dump");
	if (get_be64(head + 16) != 1 || get_be64(head + 24) != 1)
		return err_say(e, -EINVAL, "a flattened dump of type %llu, version %llu: only 1, 1 is known",
			       (unsigned long long)get_be64(head + 16),
			       (unsigned long long)get_be64(head + 24));
	return 0;
}

/* The bytes of one record; of a cut one, what there is. */
static int one_record(int fd, uint64_t at, uint64_t len, struct sink *to, uint8_t *buf,
		      struct unflatten *u, struct err *e)
{
	while (len) {
		size_t n = len < PIECE ? (size_t)len : PIECE;
		ssize_t got = read_full(fd, buf, n);
		int rc = got < 0 ? say_unread(u, got, e) : 0;

		if (!rc && got)
			rc = sink_write(to, at, buf, (size_t)got, e);
		if (rc)
			return rc;
		u->bytes += (size_t)got;
		if ((size_t)got < n)
			return say_cut(u, e);
		at += n;
		len -= n;
	}
	return 0;
}

static int all_records(int fd, struct sink *to, uint8_t *buf, struct unflatten *u, struct err *e)
{
	uint8_t head[FLAT_RECORD_SIZE];
	uint64_t at, len;
	int rc;

	for (;; u->records++) {
		ssize_t got = read_full(fd, head, sizeof(head));

		if (got < 0)
			return say_unread(u, got, e);
		if (got < (ssize_t)sizeof(head))
			return say_cut(u, e);
		at = get_be64(head);
		len = get_be64(head + 8);
		if (at == UINT64_MAX && len == UINT64_MAX)
			return 0;
		if (at > INT64_MAX || len > INT64_MAX - at)
			return err_say(e, -EINVAL, "the stream is damaged: record %llu has offset %#llx, "
				       "length %#llx", (unsigned long long)u->records + 1,
				       (unsigned long long)at, (unsigned long long)len);
		rc = one_record(fd, at, len, to, buf, u, e);
		if (rc)
			return rc;
	}
}

int unflatten(int fd, struct sink *to, struct unflatten *u, struct err *e)
{
	uint8_t *buf = malloc(PIECE);
	ssize_t got;
	int rc;

	*u = (struct unflatten){ 0 };
	if (!buf)
		return err_set(e, -ENOMEM, "read the stream");
	got = read_full(fd, buf, FLAT_HEADER_SIZE);
	if (got < 0)
		rc = say_unread(u, got, e);
	else
		rc = got < FLAT_HEADER_SIZE ? say_cut(u, e) : check_header(buf, e);
	if (!rc)
		rc = all_records(fd, to, buf, u, e);
	free(buf);
	return rc;
}

int unflatten_file(int fd, const char *to, bool replace, struct err *e)
{
	struct unflatten u;
	struct sink *sink;
	struct ack ack;
	int rc = sink_open(&sink, to, 0, replace, e);

	if (rc)
		return rc;
	rc = unflatten(fd, sink, &u, e);
	if (rc)
		sink_keep(sink, NULL);
	else
		rc = sink_commit(sink, &ack, e);
	sink_close(sink);
	if (rc == -ENODATA)
		err_add(e, "the stream is cut; `recover %s-incomplete OUT` makes the best of it", to);
	return rc;
}
