/* fetchdir - where is a fetched dump put together, and how does it get its name? */
/* SPDX-License-Identifier: MIT */
#include "prod/fetchdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/target.h"

enum { NAMES_MAX = 1000 };

void fetchdir_path(const struct fetchdir *d, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", d->path, name);
}

/* Calls f for each file in it, by the directory's descriptor and the file's name. */
static void each_file(const struct fetchdir *d, void (*f)(int at, const char *name, uint64_t arg), uint64_t arg)
{
	DIR *dir = opendir(d->path);
	struct dirent *de;

	while (dir && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			f(dirfd(dir), de->d_name, arg);
	if (dir)
		closedir(dir);
}

static void remove_file(int at, const char *name, uint64_t arg)
{
	(void)arg;
	unlinkat(at, name, 0);
}

void fetchdir_empty(const struct fetchdir *d)
{
	each_file(d, remove_file, 0);
}

void fetchdir_remove(const struct fetchdir *d)
{
	fetchdir_empty(d);
	rmdir(d->path);
}

int fetchdir_claim(struct fetchdir *d, const char *parent, struct err *e)
{
	struct stat here, there;
	int rc = make_dirs(parent);

	snprintf(d->path, sizeof(d->path), "%s/.kdumpbox-fetch", strcmp(parent, "/") ? parent : "");
	if (!rc && mkdir(d->path, 0700) && errno != EEXIST)
		rc = -errno;
	if (rc)
		return err_set(e, rc, "make directory %s", d->path);
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd < 0)
		return err_set(e, -errno, "open %s", d->path);
	if (fstat(d->fd, &here))
		rc = err_set(e, -errno, "look at %s", d->path);
	else if (here.st_uid != geteuid() || (here.st_mode & 022))
		rc = err_say(e, -EPERM, "%s was made by somebody else: remove it", d->path);
	else if ((flock(d->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) || lstat(d->path, &there) ||
		 there.st_ino != here.st_ino || there.st_dev != here.st_dev)
		rc = err_say(e, -EBUSY, "another kdump fetch is working below %s: try again when it has ended", parent);
	if (rc) {
		close(d->fd);
		return rc;
	}
	fetchdir_empty(d);
	return 0;
}

/* Not synced again: a power cut only makes it look younger. */
static void set_time(int at, const char *name, uint64_t stamp)
{
	const struct timespec when[2] = { { .tv_sec = (time_t)stamp }, { .tv_sec = (time_t)stamp } };

	utimensat(at, name, when, AT_SYMLINK_NOFOLLOW);
}

int fetchdir_name(const struct fetchdir *d, const char *parent, uint64_t stamp, bool once, char out[PATH_MAX],
		  struct err *e)
{
	time_t when = stamp ? (time_t)stamp : time(NULL);
	char name[80], sync[PATH_MAX];
	struct tm tm;
	int rc;

	if (stamp)
		each_file(d, set_time, stamp);
	fchmod(d->fd, 0755);
	fetchdir_path(d, ".", sync);
	rc = sync_parent(sync);
	if (rc)
		return err_set(e, rc, "sync %s", d->path);
	localtime_r(&when, &tm);
	for (unsigned nth = 0; nth < NAMES_MAX; nth++) {
		target_directory_name(&tm, "127.0.0.1", target_no_colon(parent), nth, name, sizeof(name));
		snprintf(out, PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "", name);
		if (!access(out, F_OK)) {
			errno = EEXIST;
			if (!once)
				continue;
			out[0] = 0;
			return 0;
		}
		if (rename(d->path, out))
			break;
		rc = sync_parent(out);
		return rc ? err_set(e, rc, "sync %s", parent) : 0;
	}
	rc = err_set(e, -errno, "rename %s to %s", d->path, out);
	out[0] = 0;
	return rc;
}
