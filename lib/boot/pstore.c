/* pstore - what did the firmware keep of the crash? */
/* SPDX-License-Identifier: MIT */
#include "boot/pstore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

static int copy_data(int in, int out, const char *name, struct err *e)
{
	char buf[16384];
	size_t total = 0;
	ssize_t n;
	int rc;

	while ((n = read_full(in, buf, sizeof(buf))) > 0) {
		if (total + (size_t)n > PSTORE_BYTES_MAX)
			return err_set(e, -EFBIG, "copy %s, only its first %zu bytes", name, total);
		rc = write_full(out, buf, (size_t)n);
		if (rc)
			return err_set(e, rc, "write %s", name);
		total += (size_t)n;
	}
	if (n < 0)
		return err_set(e, (int)n, "read %s", name);
	return fsync(out) ? err_set(e, -errno, "sync %s", name) : 0;
}

static int copy_file(int from, int to, const char *name, struct err *e)
{
	int in = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out, rc;

	if (in < 0)
		return err_set(e, -errno, "open %s", name);
	out = openat(to, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0) {
		rc = err_set(e, -errno, "create %s", name);
	} else {
		rc = copy_data(in, out, name, e);
		if (close(out) && !rc)
			rc = err_set(e, -errno, "close %s", name);
	}
	close(in);
	return rc;
}

/* The directory to copy into, made at the first file. */
static int open_dir(const char *path, struct err *e)
{
	int fd;

	if (mkdir(path, 0700) && errno != EEXIST)
		return err_set(e, -errno, "make directory %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, -errno, "open %s", path) : fd;
}

static int copy_all(DIR *d, const char *to, struct err *e)
{
	int copied = 0, rc = 0, out = -1;
	struct dirent *de;
	struct stat st;

	while ((de = readdir(d)) && copied < PSTORE_FILES_MAX) {
		struct err one = { 0 };

		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		if (out < 0)
			out = open_dir(to, e);
		if (out < 0)
			return out;
		if (copy_file(dirfd(d), out, de->d_name, &one) == 0)
			copied++;
		else if (!rc)
			rc = err_say(e, one.code, "%s", one.msg);
	}
	if (out >= 0) {
		if (fsync(out) && errno != EINVAL && !rc)	/* EINVAL: as in sync_parent */
			rc = err_set(e, -errno, "sync %s", to);
		close(out);
		if (sync_parent(to) && !rc)
			rc = err_say(e, -EIO, "sync the directory of %s", to);
	}
	return rc ? rc : copied;
}

int pstore_copy(const char *from, const char *to, struct err *e)
{
	DIR *d = opendir(from);
	int rc;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return err_set(e, -errno, "open %s", from);
	rc = copy_all(d, to, e);
	closedir(d);
	return rc;
}
