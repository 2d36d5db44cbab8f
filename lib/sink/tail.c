/* tail - a tar archive in the last bytes of a raw device: what a raw dump has beside it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "sink/sink.h"

enum { TAR_BLOCK = 512 };

struct tail_sink {
	struct sink base;
	int      fd;
	uint64_t head, end;		/* where the entry's header goes; end of the device */
	uint64_t len, stamp;
	char     entry[80], dev[256];
};

static unsigned tar_sum(const uint8_t *h)
{
	unsigned sum = 8 * ' ';		/* the checksum field counts as blanks: pax(1), ustar */

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : h[i];
	return sum;
}

static void tar_header(uint8_t *h, const char *name, uint64_t len, uint64_t stamp)
{
	memset(h, 0, TAR_BLOCK);
	snprintf((char *)h, 100, "%s", name);
	snprintf((char *)h + 100, 8, "%07o", 0600);
	snprintf((char *)h + 108, 8, "%07o", 0);
	snprintf((char *)h + 116, 8, "%07o", 0);
	snprintf((char *)h + 124, 12, "%011llo", (unsigned long long)len & 077777777777);
	snprintf((char *)h + 136, 12, "%011llo", (unsigned long long)stamp & 077777777777);
	h[156] = '0';
	memcpy(h + 257, "ustar\00000", 8);
	snprintf((char *)h + 148, 8, "%06o", tar_sum(h));
}

/* Read the header at `at`. False if there is none or what it speaks of does not fit before end. */
static bool read_entry(int fd, uint64_t at, uint64_t end, struct tail_entry *x)
{
	uint8_t h[TAR_BLOCK];

	if (at + TAR_BLOCK >= end || pread_full(fd, h, sizeof(h), at) != sizeof(h))
		return false;
	h[99] = h[135] = h[147] = 0;
	if (memcmp(h + 257, "ustar", 5) || strtoul((char *)h + 148, NULL, 8) != tar_sum(h))
		return false;
	x->at = at;
	x->len = strtoull((char *)h + 124, NULL, 8);
	x->stamp = strtoull((char *)h + 136, NULL, 8);
	memcpy(x->name, h, sizeof(x->name));
	return x->len <= end - at;
}

static uint64_t next_entry(const struct tail_entry *x)
{
	return x->at + TAR_BLOCK + (x->len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

/* Skip the entries of this crash; what an earlier crash left is overwritten. */
static uint64_t tail_place(int fd, uint64_t at, uint64_t end, const char *entry, uint64_t stamp)
{
	struct tail_entry x;

	while (read_entry(fd, at, end, &x) && x.stamp == (stamp & 077777777777) && strcmp(x.name, entry))
		at = next_entry(&x);
	return at;
}

bool tail_next(int fd, uint64_t size, struct tail_entry *x)
{
	uint64_t at = x->at ? next_entry(x) : size - RAW_TAIL;

	return size > RAW_TAIL && read_entry(fd, at, size, x) && in_bounds(x->at + TAR_BLOCK, x->len, size);
}

uint64_t tail_data(const struct tail_entry *x)
{
	return x->at + TAR_BLOCK;
}

bool tail_find(int fd, uint64_t size, const char *entry, uint64_t *at, uint64_t *len)
{
	struct tail_entry x = { 0 };

	while (tail_next(fd, size, &x)) {
		if (strcmp(x.name, entry))
			continue;
		*at = tail_data(&x);
		*len = x.len;
		return true;
	}
	return false;
}

static int tail_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct tail_sink *t = (struct tail_sink *)s;
	uint64_t data = t->head + TAR_BLOCK, room = t->end - data - 3 * TAR_BLOCK;
	int rc;

	if (data + 3 * TAR_BLOCK > t->end || at > room || len > room - at)
		return err_set(e, -ENOSPC, "write %s to the end of %s", t->entry, t->dev);
	rc = pwrite_full(t->fd, buf, len, data + at, NULL);
	if (rc)
		return err_set(e, rc, "write %s to the end of %s", t->entry, t->dev);
	if (at + len > t->len)
		t->len = at + len;
	return 0;
}

static int tail_end(struct tail_sink *t, const char *suffix, struct err *e)
{
	uint64_t pad = (TAR_BLOCK - t->len % TAR_BLOCK) % TAR_BLOCK;
	uint8_t block[3 * TAR_BLOCK] = { 0 }, head[TAR_BLOCK];
	char name[100];
	int rc;

	snprintf(name, sizeof(name), "%s%s", t->entry, suffix);
	tar_header(head, name, t->len, t->stamp);
	/* Padding and the two blocks of zeros that end an archive, then the header. */
	rc = pwrite_full(t->fd, block, pad + 2 * TAR_BLOCK, t->head + TAR_BLOCK + t->len, NULL);
	if (!rc && fsync(t->fd))
		rc = -errno;
	if (!rc)
		rc = pwrite_full(t->fd, head, sizeof(head), t->head, NULL);
	if (!rc && fsync(t->fd))
		rc = -errno;
	return rc ? err_set(e, rc, "end %s on %s", t->entry, t->dev) : 0;
}

static int tail_commit(struct sink *s, struct ack *ack, struct err *e)
{
	int rc = tail_end((struct tail_sink *)s, "", e);

	if (!rc)
		ack->level = ACK_NAMED;
	return rc;
}

static int tail_keep(struct sink *s, struct err *e)
{
	return tail_end((struct tail_sink *)s, "-incomplete", e);
}

static void tail_release(struct sink *s)
{
	struct tail_sink *t = (struct tail_sink *)s;

	close(t->fd);
	free(t);
}

static const struct sink_ops tail_ops = {
	"raw tail", tail_write, NULL, NULL, tail_commit, tail_keep, tail_release, NULL,
};

int tail_sink_open(struct sink **out, const char *dev, const char *entry, uint64_t stamp, struct err *e)
{
	struct tail_sink *t = calloc(1, sizeof(*t));
	uint64_t size;
	int rc;

	if (!t)
		return err_set(e, -ENOMEM, "open %s", dev);
	t->base = (struct sink){ .ops = &tail_ops };
	t->stamp = stamp;
	snprintf(t->dev, sizeof(t->dev), "%s", dev);
	snprintf(t->entry, sizeof(t->entry), "%s", entry);
	t->fd = raw_open_device(dev, O_RDWR | O_EXCL, &size, e);
	if (t->fd < 0) {
		rc = t->fd;
		free(t);
		return rc;
	}
	t->end = size;
	t->head = tail_place(t->fd, size - RAW_TAIL, size, t->entry, stamp);
	*out = &t->base;
	return 0;
}
