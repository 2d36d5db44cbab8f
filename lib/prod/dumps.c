/* dumps - what was saved here, and is it whole? */
/* SPDX-License-Identifier: MIT */
#include "prod/dumps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "dump/inspect.h"
#include "dump/panicline.h"
#include "prod/dumpnames.h"

enum { MANIFEST_MAX = 64 << 20, LOG_MAX = 64 << 20 };

const char *const dump_states[NR_DUMP_STATES] = { "complete", "incomplete", "log only", "unknown" };

/* A file or, for pstore, a directory inside. Returns false for what belongs to no dump. */
static bool take_entry(struct saved_dump *d, int fd, const char *name)
{
	enum dump_file kind = dump_file_kind(name);
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return true;	/* just gone */
	if (kind == DUMP_FILE_NONE || S_ISDIR(st.st_mode) != (kind == DUMP_FILE_DIR) ||
	    (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
		return false;
	if (st.st_mtime > d->when)
		d->when = st.st_mtime;
	d->bytes += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	if (kind == DUMP_FILE_CORE && (!d->core[0] || strlen(name) < strlen(d->core)))	/* not the -incomplete */
		snprintf(d->core, sizeof(d->core), "%s", name);
	if (kind == DUMP_FILE_LOG && (!d->log[0] || strlen(name) < strlen(d->log)))
		snprintf(d->log, sizeof(d->log), "%s", name);
	return true;
}

static void read_panic(struct saved_dump *d, const char *path)
{
	struct panic_search search = { .rank = 0 };
	char *text;
	size_t len;

	if (!read_file(path, LOG_MAX, &text, &len, NULL)) {
		panic_feed(&search, text, len);
		panic_feed(&search, "\n", 1);
		free(text);
	}
	snprintf(d->panic, sizeof(d->panic), "%.255s", search.best);
}

/* What our manifest says; false if there is none that speaks of this file with its size. */
static bool judge_by_manifest(struct saved_dump *d, const char *at)
{
	char path[PATH_MAX], word[16] = "", file[256] = "", *text;
	struct json all, v;
	uint64_t size = 0;
	struct stat st;
	size_t len;

	snprintf(path, sizeof(path), "%s/manifest.json", at);
	if (read_file(path, MANIFEST_MAX, &text, &len, NULL))
		return false;
	if (json_text(&all, text, len) && json_member(all, "verdict", &v) && json_string(v, word, sizeof(word)) &&
	    json_member(all, "file", &v) && json_string(v, file, sizeof(file)) && json_member(all, "size", &v))
		json_u64(v, &size);
	if (json_text(&all, text, len) && json_member(all, "reason", &v))
		json_string(v, d->why, sizeof(d->why));
	free(text);
	snprintf(path, sizeof(path), "%s/%s", at, d->core);
	if (!word[0] || strcmp(file, d->core) || stat(path, &st))
		return false;
	if ((uint64_t)st.st_size < size)
		snprintf(d->why, sizeof(d->why), "%llu of %llu bytes are there", (unsigned long long)st.st_size,
			 (unsigned long long)size);
	d->state = (uint64_t)st.st_size >= size && (!strcmp(word, "complete") || !strcmp(word, "sent"))
			   ? DUMP_COMPLETE : DUMP_INCOMPLETE;
	return true;
}

static void drop_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

/* Dumps of others tell by themselves, unless they are packed as a whole. */
static void judge_by_core(struct saved_dump *d, const char *at)
{
	struct inspection *i = malloc(sizeof(*i));
	struct err e = { 0 };
	char path[PATH_MAX];

	d->state = DUMP_UNKNOWN;
	snprintf(path, sizeof(path), "%s/%s", at, d->core);
	if (!i || inspect_open(i, path, false, drop_line, NULL, &e)) {
		snprintf(d->why, sizeof(d->why), "%s", i ? e.msg : "no memory");
		free(i);
		return;
	}
	d->state = inspect_soundness(i) == SOUND ? DUMP_COMPLETE : DUMP_INCOMPLETE;
	if (!d->panic[0])
		snprintf(d->panic, sizeof(d->panic), "%s", i->panic);
	inspect_close(i);
	free(i);
}

static void judge(struct saved_dump *d, const char *at)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", at, d->log);
	if (d->log[0])
		read_panic(d, path);
	if (!d->core[0])
		d->state = DUMP_LOG_ONLY;
	else if (dump_name_incomplete(d->core))
		d->state = DUMP_INCOMPLETE;
	else if (!judge_by_manifest(d, at))
		judge_by_core(d, at);
}

/* True if it is a dump at all. */
static bool look(struct saved_dump *d, const char *dir, const char *name)
{
	char at[PATH_MAX - 300];
	struct dirent *entry;
	DIR *handle;
	int fd;

	*d = (struct saved_dump){ .when = 0 };
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(at, sizeof(at), "%s/%s", dir, name);
	fd = open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	handle = fd < 0 ? NULL : fdopendir(fd);
	if (!handle) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(handle)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && !take_entry(d, fd, entry->d_name))
			snprintf(d->stranger, sizeof(d->stranger), "%s", entry->d_name);
	if (d->core[0] || d->log[0])
		judge(d, at);
	closedir(handle);
	return d->core[0] || d->log[0];
}

static int newest_first(const void *a, const void *b)
{
	const struct saved_dump *x = a, *y = b;

	return x->when != y->when ? (x->when < y->when ? 1 : -1) : strcmp(y->name, x->name);
}

int dumps_read(struct saved_dumps *all, const char *dir, struct err *e)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;
	int rc = 0;

	if (!handle)
		return err_set(e, -errno, "open %s", dir);
	while (!rc && (entry = readdir(handle))) {
		struct saved_dump *more;

		if (!dump_directory_name(entry->d_name))
			continue;
		more = reallocarray(all->list, all->n + 1, sizeof(*more));
		if (!more) {
			rc = err_set(e, -ENOMEM, "read %s", dir);
			break;
		}
		all->list = more;
		all->n += look(&more[all->n], dir, entry->d_name);
	}
	closedir(handle);
	if (all->n)
		qsort(all->list, all->n, sizeof(*all->list), newest_first);
	return rc;
}

void dumps_free(struct saved_dumps *all)
{
	free(all->list);
	*all = (struct saved_dumps){ 0 };
}

void dumps_prune(struct saved_dumps *all, size_t keep, int64_t max_age_s, int64_t now)
{
	enum dump_state best = DUMP_UNKNOWN;	/* what the newest that stays is: complete, or may be */
	bool good = false;	/* it was seen */

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].state == DUMP_COMPLETE)
			best = DUMP_COMPLETE;
	for (size_t i = 0; i < all->n; i++) {
		struct saved_dump *d = &all->list[i];
		bool newest_good = !good && d->state == best;

		good |= newest_good;
		d->prune = ((keep && i >= keep) || (max_age_s && now - d->when > max_age_s)) && !newest_good &&
			   !d->stranger[0];
	}
}

/* The regular files in the directory fd that belong to a dump (any: of pstore, whose names are the firmware's). */
static int remove_files(int fd, bool any)
{
	int copy = dup(fd), rc = 0;
	DIR *handle = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!handle) {
		rc = -errno;
		if (copy >= 0)
			close(copy);
		return rc;
	}
	rewinddir(handle);
	while (!rc && (entry = readdir(handle))) {
		enum dump_file kind = dump_file_kind(entry->d_name);
		struct stat st;

		if ((any || (kind != DUMP_FILE_NONE && kind != DUMP_FILE_DIR)) &&
		    !fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
		    unlinkat(fd, entry->d_name, 0))
			rc = -errno;
	}
	closedir(handle);
	return rc;
}

int dumps_remove(const char *dir, const struct saved_dump *d, struct err *e)
{
	char at[PATH_MAX];
	int fd, sub, rc;

	snprintf(at, sizeof(at), "%s/%s", dir, d->name);
	fd = open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, -errno, "remove %s", at);
	sub = openat(fd, "pstore", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = sub < 0 ? 0 : remove_files(sub, true);
	if (sub >= 0) {
		close(sub);
		unlinkat(fd, "pstore", AT_REMOVEDIR);
	}
	if (!rc)
		rc = remove_files(fd, false);
	close(fd);
	if (!rc && rmdir(at))
		rc = -errno;
	return rc ? err_set(e, rc, "remove %s", at) : 0;
}
