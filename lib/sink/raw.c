/* raw - a block device without a filesystem. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "sink/sink.h"

/* Its first block makes a dump out of what follows: blank from the start, written when all else is safe. */
enum { FIRST = 4096, KICK = 2 << 20 };

struct raw_sink {
	struct sink base;
	int      fd;
	uint64_t limit;			/* bytes that may be used */
	uint64_t kicked;
	char     first[FIRST];
	char     dev[256];
};

static int raw_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct raw_sink *r = (struct raw_sink *)s;
	const char *p = buf;
	int rc;

	if (at > r->limit || len > r->limit - at)
		return err_set(e, -ENOSPC, "write %s", r->dev);
	if (at < FIRST) {
		size_t head = FIRST - at < len ? FIRST - (size_t)at : len;

		memcpy(r->first + at, p, head);
		at += head;
		p += head;
		len -= head;
	}
	rc = len ? pwrite_full(r->fd, p, len, at, NULL) : 0;
	if (!rc && at + len >= r->kicked + 2 * KICK) {
		/* Keep the page cache of the device small: write, wait, drop. */
		if (sync_file_range(r->fd, (off_t)r->kicked, KICK, SYNC_FILE_RANGE_WAIT_BEFORE |
				    SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER))
			rc = -errno;
		posix_fadvise(r->fd, (off_t)r->kicked, KICK, POSIX_FADV_DONTNEED);
		r->kicked += KICK;
	}
	return rc ? err_set(e, rc, "write %s", r->dev) : 0;
}

static uint64_t raw_space(struct sink *s)
{
	return ((struct raw_sink *)s)->limit;
}

static int raw_keep(struct sink *s, struct err *e)
{
	struct raw_sink *r = (struct raw_sink *)s;
	int rc;

	if (fsync(r->fd))
		return err_set(e, -errno, "fsync %s", r->dev);
	rc = pwrite_full(r->fd, r->first, FIRST, 0, NULL);
	if (rc)
		return err_set(e, rc, "write the first block of %s", r->dev);
	if (fsync(r->fd))
		return err_set(e, -errno, "fsync %s", r->dev);
	return 0;
}

static int raw_commit(struct sink *s, struct ack *ack, struct err *e)
{
	int rc = raw_keep(s, e);

	if (!rc)
		ack->level = ACK_NAMED;		/* the first block is the name */
	return rc;
}

static void raw_release(struct sink *s)
{
	struct raw_sink *r = (struct raw_sink *)s;

	close(r->fd);
	free(r);
}

static const struct sink_ops raw_ops = {
	"raw", raw_write, NULL, raw_space, raw_commit, raw_keep, raw_release, NULL,
};

int raw_open_device(const char *dev, int flags, uint64_t *size, struct err *e)
{
	struct stat st;
	int fd = open(dev, flags | O_CLOEXEC);

	/* O_EXCL without O_CREAT: the kernel refuses a block device that is mounted (open(2)). */
	if (fd < 0 && errno == EBUSY)
		return err_say(e, -EBUSY, "open %s: in use (mounted, swap or part of a volume)", dev);
	if (fd < 0)
		return err_set(e, -errno, "open %s", dev);
	if (fstat(fd, &st) || (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, size))) {
		int rc = err_set(e, -errno, "size of %s", dev);

		close(fd);
		return rc;
	}
	if (!S_ISBLK(st.st_mode))
		*size = (uint64_t)st.st_size;
	if (*size < 2 * RAW_TAIL) {
		close(fd);
		return err_say(e, -ENOSPC, "%s: %llu bytes are too few for a dump", dev,
			       (unsigned long long)*size);
	}
	return fd;
}

int raw_sink_open(struct sink **out, const char *dev, struct err *e)
{
	struct raw_sink *r = calloc(1, sizeof(*r));
	uint64_t size;
	int rc;

	if (!r)
		return err_set(e, -ENOMEM, "open %s", dev);
	r->base = (struct sink){ .ops = &raw_ops, .rewritable = true };
	snprintf(r->dev, sizeof(r->dev), "%s", dev);
	r->fd = raw_open_device(dev, O_WRONLY | O_EXCL, &size, e);
	if (r->fd < 0) {
		rc = r->fd;
		free(r);
		return rc;
	}
	r->limit = size - RAW_TAIL;
	rc = pwrite_full(r->fd, r->first, FIRST, 0, NULL);
	if (!rc && fsync(r->fd))
		rc = -errno;
	if (rc) {
		err_set(e, rc, "blank the first block of %s", dev);
		raw_release(&r->base);
		return rc;
	}
	*out = &r->base;
	return 0;
}
