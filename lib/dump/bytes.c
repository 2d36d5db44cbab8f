/* bytes - the bytes of a dump at the offsets its format speaks of, in a normal file or a flattened one. */
/* SPDX-License-Identifier: MIT */
#include "dump/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "dump/spans.h"

/* Is it a flattened dump? -EINVAL if it only looks like one. */
static int check_flat(const uint8_t *h, size_t len, bool blank_ok, bool *flat, struct err *e)
{
	static const uint8_t blank[FLAT_HEADER_SIZE];

	*flat = len >= strlen(FLAT_MAGIC) && !memcmp(h, FLAT_MAGIC, strlen(FLAT_MAGIC));
	if (*flat && len < FLAT_HEADER_SIZE)
		return err_say(e, -EINVAL, "a flattened dump that is cut inside its first 4096 bytes");
	if (*flat && (get_be64(h + 16) != 1 || get_be64(h + 24) != 1))
		return err_say(e, -EINVAL, "a flattened dump of type %llu, version %llu: only 1, 1 is known",
			       (unsigned long long)get_be64(h + 16), (unsigned long long)get_be64(h + 24));
	if (blank_ok && len == FLAT_HEADER_SIZE && !memcmp(h, blank, FLAT_HEADER_SIZE))
		*flat = true;
	return 0;
}

static int add_span(struct bytes *b, size_t *room, struct span s, struct err *e)
{
	if (s.at == s.end)
		return 0;
	if (b->nr_spans == BYTES_MAX_SPANS)
		return err_say(e, -EFBIG, "more than %d records: recover makes a normal dump of it, which can be read",
			       BYTES_MAX_SPANS);
	if (b->nr_spans == *room) {
		size_t n = *room ? 2 * *room : 1024;
		struct span *p = realloc(b->spans, n * sizeof(*p));

		if (!p)
			return err_set(e, -ENOMEM, "index of %zu records", n);
		b->spans = p;
		*room = n;
	}
	b->spans[b->nr_spans++] = s;
	return 0;
}

/* Walk the records to the end record, the end of the file or what cannot be a record. */
static int index_records(struct bytes *b, struct err *e)
{
	uint8_t head[FLAT_RECORD_SIZE];
	uint64_t pos = FLAT_HEADER_SIZE, end;
	size_t room = 0;
	int rc = 0;

	b->cut = true;
	while (!rc) {
		ssize_t n = pread_full(b->fd, head, sizeof(head), pos);
		uint64_t at = get_be64(head), len = get_be64(head + 8);

		b->cut_at = pos;
		if (n < 0)
			return err_set(e, (int)n, "read the record at byte %llu", (unsigned long long)pos);
		if (n < (ssize_t)sizeof(head))
			break;
		if (at == UINT64_MAX && len == UINT64_MAX) {
			b->cut = false;
			break;
		}
		/* A device is blank where nothing was ever written, and that may be all of it. */
		if ((!at && !len) || at > INT64_MAX || len > INT64_MAX || __builtin_add_overflow(at, len, &end) || end > INT64_MAX)
			break;
		pos += sizeof(head);
		b->nr_records++;
		if (!in_bounds(pos, len, b->file_size)) {
			/* The last record of a cut stream: what there is of it counts. */
			end = at + (b->file_size - pos);
			b->cut_at = b->file_size;
			return add_span(b, &room, (struct span){ at, end, pos }, e);
		}
		rc = add_span(b, &room, (struct span){ at, end, pos }, e);
		pos += len;
	}
	return rc;
}

int bytes_open(struct bytes *b, int fd, bool blank_ok, struct err *e)
{
	uint8_t h[FLAT_HEADER_SIZE];
	off_t size = lseek(fd, 0, SEEK_END);	/* of block devices, too */
	ssize_t n = pread_full(fd, h, sizeof(h), 0);
	int rc;

	*b = (struct bytes){ .fd = fd };
	if (size < 0)
		return err_set(e, -errno, "size");
	if (n < 0)
		return err_set(e, (int)n, "read");
	b->file_size = b->end = (uint64_t)size;
	rc = check_flat(h, (size_t)n, blank_ok, &b->flat, e);
	if (rc || !b->flat)
		return rc;
	rc = index_records(b, e);
	if (!rc && spans_order(&b->spans, &b->nr_spans))
		rc = err_set(e, -ENOMEM, "index of %zu records", b->nr_spans);
	if (rc)
		bytes_close(b);
	else
		b->end = b->nr_spans ? b->spans[b->nr_spans - 1].end : 0;
	return rc;
}

void bytes_close(struct bytes *b)
{
	free(b->spans);
	*b = (struct bytes){ .fd = -1 };
}

static int read_native(const struct bytes *b, uint8_t *buf, size_t len, uint64_t at)
{
	ssize_t n = at > INT64_MAX ? 0 : pread_full(b->fd, buf, len, at);

	if (n < 0)
		return (int)n;
	memset(buf + n, 0, len - (size_t)n);
	return (size_t)n == len ? 0 : -ENODATA;
}

int bytes_read(const struct bytes *b, void *buf, size_t len, uint64_t at)
{
	uint8_t *to = buf;
	int rc = 0;

	if (!b->flat)
		return read_native(b, to, len, at);
	for (size_t i = spans_find(b->spans, b->nr_spans, at); len; i++) {
		const struct span *s = i < b->nr_spans ? &b->spans[i] : NULL;
		uint64_t gap = !s ? UINT64_MAX : s->at > at ? s->at - at : 0;
		size_t n = gap < len ? (size_t)gap : len;
		ssize_t got;

		if (n) {
			memset(to, 0, n);
			rc = -ENODATA;
			to += n;
			at += n;
			len -= n;
		}
		if (!len)
			break;
		n = s->end - at < len ? (size_t)(s->end - at) : len;
		got = pread_full(b->fd, to, n, s->from + (at - s->at));
		if (got < 0)
			return (int)got;
		if ((size_t)got < n)
			return -EIO;	/* it was there when it was indexed */
		to += n;
		at += n;
		len -= n;
	}
	return rc;
}

uint64_t bytes_next(const struct bytes *b, uint64_t at)
{
	size_t i;
	off_t n;

	if (at >= b->end)
		return b->end;
	if (b->flat) {
		i = spans_find(b->spans, b->nr_spans, at);
		return i == b->nr_spans ? b->end : b->spans[i].at > at ? b->spans[i].at : at;
	}
	n = lseek(b->fd, (off_t)at, SEEK_DATA);
	if (n < 0)
		return errno == ENXIO ? b->end : at;
	return (uint64_t)n;
}
