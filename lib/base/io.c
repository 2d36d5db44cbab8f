/* io - read and write all of it, or say why not. */
/* SPDX-License-Identifier: MIT */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int write_full(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOSPC;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int pwrite_full(int fd, const void *buf, size_t len, uint64_t at, size_t *done)
{
	const char *p = buf;
	size_t put = 0;
	int rc = 0;

	while (put < len && !rc) {
		ssize_t n = pwrite(fd, p + put, len - put, (off_t)(at + put));

		if (n > 0)
			put += (size_t)n;
		else if (n == 0)
			rc = -ENOSPC;
		else if (errno != EINTR)
			rc = -errno;
	}
	if (done)
		*done = put;
	return rc;
}

ssize_t pread_full(int fd, void *buf, size_t len, uint64_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, (char *)buf + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

ssize_t read_full(int fd, void *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, (char *)buf + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int read_file(const char *path, size_t max, char **out, size_t *len, struct err *e)
{
	size_t cap = 4096, n = 0;
	char *buf, *more;
	ssize_t got;
	int fd, rc = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, -errno, "open %s", path);
	buf = malloc(cap + 1);
	/* Grown as it is read: files in /proc and /sys do not tell their size. */
	while (buf) {
		got = read_full(fd, buf + n, cap - n);
		if (got < 0) {
			rc = err_set(e, (int)got, "read %s", path);
			break;
		}
		n += (size_t)got;
		if (n < cap)
			break;
		if (n > max) {
			rc = err_set(e, -EFBIG, "read %s", path);
			break;
		}
		cap *= 2;
		more = realloc(buf, cap + 1);
		if (!more)
			free(buf);
		buf = more;
	}
	close(fd);
	if (!buf)
		return err_set(e, -ENOMEM, "read %s", path);
	if (!rc && n > max)
		rc = err_set(e, -EFBIG, "read %s", path);
	if (rc) {
		free(buf);
		return rc;
	}
	buf[n] = 0;
	*out = buf;
	*len = n;
	return 0;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int rc;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	rc = n < 0 ? -errno : n == (ssize_t)strlen(text) ? 0 : -EIO;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

int read_line(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	out[0] = 0;
	if (fd < 0)
		return -errno;
	n = read_full(fd, out, size - 1);
	close(fd);
	if (n < 0)
		return (int)n;
	out[n] = 0;
	out[strcspn(out, "\n")] = 0;
	return 0;
}

int make_dirs(const char *path)
{
	char part[4096];
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != 0)
			continue;
		part[i] = 0;
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
		if (i < n)
			part[i] = '/';
	}
	return 0;
}

int sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int fd, rc;

	if (slash && (size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	if (!slash) {
		strcpy(dir, ".");
	} else {
		memcpy(dir, path, (size_t)(slash - path));
		dir[slash - path] = 0;
		if (slash == path)
			strcpy(dir, "/");
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) ? -errno : 0;
	/* vfat and some others cannot sync a directory and say so: nothing is lost that could be kept. */
	if (rc == -EINVAL)
		rc = 0;
	close(fd);
	return rc;
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
