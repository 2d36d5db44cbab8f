/* file - a local file that has its name only when it is whole. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/io.h"
#include "sink/sink.h"

/*
 * A capture kernel has a few MiB: dirty pages must not pile up. Writeback of every KICK bytes is
 * started at once, and at most LAG bytes stay behind in the page cache.
 */
enum { KICK = 2 << 20, LAG = 8 << 20 };

struct file_sink {
	struct sink base;
	int      fd;			/* -1: closed */
	uint64_t kicked, cleaned;	/* offsets up to which writeback was started; is over */
	char     part[PATH_MAX], path[PATH_MAX];
};

static int close_fd(struct file_sink *f)
{
	int fd = f->fd;

	f->fd = -1;
	return close(fd) ? -errno : 0;
}

/*
 * Bound the dirty pages. Data comes nearly in rising order; what is written behind the front is
 * left to fsync. An error reported here is reported only once, so it must count.
 */
static int writeback(struct file_sink *f, uint64_t at, size_t len)
{
	uint64_t front = at + len, clean;

	if (front < f->kicked + KICK)
		return 0;
	if (sync_file_range(f->fd, (off_t)f->kicked, (off_t)(front - f->kicked), SYNC_FILE_RANGE_WRITE))
		return errno == ENOSYS || errno == ESPIPE ? 0 : -errno;
	f->kicked = front;
	if (front < f->cleaned + LAG)
		return 0;
	clean = front - LAG / 2;
	if (sync_file_range(f->fd, (off_t)f->cleaned, (off_t)(clean - f->cleaned),
			    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER))
		return -errno;
	posix_fadvise(f->fd, (off_t)f->cleaned, (off_t)(clean - f->cleaned), POSIX_FADV_DONTNEED);
	f->cleaned = clean;
	return 0;
}

static int file_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct file_sink *f = (struct file_sink *)s;
	int rc = pwrite_full(f->fd, buf, len, at, NULL);

	if (!rc)
		rc = writeback(f, at, len);
	return rc ? err_set(e, rc, "write %s", f->part) : 0;
}

static int file_reserve(struct sink *s, uint64_t len, struct err *e)
{
	struct file_sink *f = (struct file_sink *)s;

	if (!fallocate(f->fd, 0, 0, (off_t)len) || !sink_is_full(-errno))
		return 0;	/* a filesystem that cannot reserve says so at the write */
	return err_set(e, -errno, "reserve %llu bytes for %s", (unsigned long long)len, f->part);
}

static uint64_t file_space(struct sink *s)
{
	struct file_sink *f = (struct file_sink *)s;
	struct statvfs v;

	return fstatvfs(f->fd, &v) ? UINT64_MAX : (uint64_t)v.f_bavail * v.f_frsize;
}

static int file_keep(struct sink *s, struct err *e)
{
	struct file_sink *f = (struct file_sink *)s;

	/* Once only: after a failed fsync the pages are marked clean and a second one would lie. */
	if (fsync(f->fd)) {
		int rc = err_set(e, -errno, "fsync %s", f->part);

		close_fd(f);
		return rc;
	}
	if (close_fd(f))
		return err_set(e, -errno, "close %s", f->part);
	return 0;
}

static int file_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct file_sink *f = (struct file_sink *)s;
	int rc = file_keep(s, e);

	if (rc)
		return rc;
	ack->level = ACK_DURABLE;
	if (rename(f->part, f->path))
		return err_set(e, -errno, "rename %s to %s", f->part, f->path);
	rc = sync_parent(f->path);
	if (rc) {
		/* A name that may be gone tomorrow is not to be seen today. */
		rename(f->path, f->part);
		return err_set(e, rc, "fsync the directory of %s", f->path);
	}
	ack->level = ACK_NAMED;
	return 0;
}

static void file_release(struct sink *s)
{
	struct file_sink *f = (struct file_sink *)s;

	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static const struct sink_ops file_ops = {
	"file", file_write, file_reserve, file_space, file_commit, file_keep, file_release, NULL,
};

int file_sink_open(struct sink **out, const char *path, bool replace, struct err *e)
{
	struct file_sink *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return err_set(e, -ENOMEM, "open %s", path);
	f->base = (struct sink){ .ops = &file_ops, .rewritable = true };
	if (snprintf(f->path, sizeof(f->path), "%s", path) >= (int)sizeof(f->path) ||
	    snprintf(f->part, sizeof(f->part), "%s-incomplete", path) >= (int)sizeof(f->part)) {
		rc = err_set(e, -ENAMETOOLONG, "open %s", path);
		goto out;
	}
	if (!replace && !access(path, F_OK)) {
		rc = err_set(e, -EEXIST, "%s", path);
		goto out;
	}
	f->fd = open(f->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_LARGEFILE, 0600);
	if (f->fd < 0) {
		rc = err_set(e, -errno, "open %s", f->part);
		goto out;
	}
	*out = &f->base;
	return 0;
out:
	free(f);
	return rc;
}
