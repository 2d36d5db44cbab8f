/* fetch - what did a crash leave on this raw device? */
/* SPDX-License-Identifier: MIT */
#include "prod/fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "boot/target.h"
#include "dump/dmesg.h"
#include "dump/inspect.h"
#include "dump/recover.h"
#include "prod/dumpnames.h"

enum { HEAD = FLAT_HEADER_SIZE, NAMES_MAX = 1000 };

const char *const fetch_ends[NR_FETCH_ENDS] = { "nothing", "complete", "degraded", "incomplete", "log only" };

static const char core_part[] = "vmcore-incomplete";

struct fetch {
	const char *device;
	int         fd;
	uint64_t    size;
	char        at[PATH_MAX - 64];	/* the directory while it has no name */
	int         at_fd;		/* the same, locked */
	struct stat kept;		/* the core in it, which was verified */
	bool        core, log, manifest;	/* these are in it */
	bool        failed;		/* the core is on the device, but could not be taken: only the log is */
	bool        whole;		/* the stream had its end */
	bool        foreign;		/* what is there may never have been a dump */
	uint64_t    stamp;		/* of the crash; 0: unknown */
	struct fetch_report *r;
};

static void path_in(const struct fetch *f, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", f->at, name);
}

/* There are only files of ours in it. */
static void empty_directory(const struct fetch *f)
{
	char path[PATH_MAX + 256];
	DIR *d = opendir(f->at);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", f->at, de->d_name);
			unlink(path);
		}
	if (d)
		closedir(d);
}

static void remove_directory(const struct fetch *f)
{
	empty_directory(f);
	rmdir(f->at);
}

/*
 * Make the directory ours alone, or take that of an interrupted call over. Who holds the lock works in it; NFS locks no
 * directory, and there the look at the core before anything is blanked must do. parent may be anybody's: what others
 * made is not entered.
 */
static int claim_directory(struct fetch *f, const char *parent, struct err *e)
{
	struct stat here, there;
	int rc = make_dirs(parent);

	if (!rc && mkdir(f->at, 0700) && errno != EEXIST)
		rc = -errno;
	if (rc)
		return err_set(e, rc, "make directory %s", f->at);
	f->at_fd = open(f->at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (f->at_fd < 0)
		return err_set(e, -errno, "open %s", f->at);
	if (fstat(f->at_fd, &here))
		rc = err_set(e, -errno, "look at %s", f->at);
	else if (here.st_uid != geteuid() || (here.st_mode & 022))
		rc = err_say(e, -EPERM, "%s was made by somebody else: remove it", f->at);
	else if ((flock(f->at_fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) || lstat(f->at, &there) ||
		 there.st_ino != here.st_ino || there.st_dev != here.st_dev)
		rc = err_say(e, -EBUSY, "another kdump fetch is working below %s: try again when it has ended", parent);
	if (rc) {
		close(f->at_fd);
		return rc;
	}
	empty_directory(f);
	return 0;
}

/* Is there anything at the beginning that may be a dump? A blank block with nothing behind it is the usual thing. */
static bool has_head(const struct fetch *f, bool *blank)
{
	uint8_t h[HEAD + FLAT_RECORD_SIZE];

	if (pread_full(f->fd, h, sizeof(h), 0) != sizeof(h))
		return false;
	*blank = !h[0] && !memcmp(h, h + 1, HEAD - 1);
	return !memcmp(h, FLAT_MAGIC, sizeof(FLAT_MAGIC)) || (*blank && (get_be64(h + HEAD) || get_be64(h + HEAD + 8)));
}

/* The memory. 0 also if there is none that can be read. */
static int take_core(struct fetch *f, struct err *e)
{
	struct recovery rec;
	struct kernel *k;
	char path[PATH_MAX];
	bool blank;
	int rc;

	if (!has_head(f, &blank))
		return 0;
	path_in(f, core_part, path);
	rc = recover(f->device, path, true, &rec, e);
	if (rc == -ENODATA || rc == -EINVAL) {
		f->foreign = blank;
		snprintf(f->r->why, sizeof(f->r->why), "the dump there cannot be read: %.250s", e->msg);
		*e = (struct err){ 0 };
		return 0;
	}
	k = rc ? NULL : malloc(sizeof(*k));
	if (!rc)
		rc = k ? kernel_open(k, path, e) : err_set(e, -ENOMEM, "fetch");
	if (!rc) {
		f->core = true;
		f->whole = rec.whole;
		f->r->bytes = rec.bytes;
		f->stamp = k->crash_time;
		if (!rec.whole)
			snprintf(f->r->why, sizeof(f->r->why), "cut%s: %llu pages came through, %llu are damaged or missing",
				 rec.blank ? " before its end" : "", (unsigned long long)rec.saved,
				 (unsigned long long)rec.damaged + rec.absent);
		kernel_close(k);
	}
	free(k);
	return rc;
}

static int put_file(const struct fetch *f, const char *name, const char *text, size_t len, struct err *e)
{
	char path[PATH_MAX];
	struct sink *sink;
	struct ack ack;
	int rc;

	path_in(f, name, path);
	rc = sink_open(&sink, path, 0, true, e);
	if (rc)
		return rc;
	rc = sink_write(sink, 0, text, len, e);
	if (!rc)
		rc = sink_commit(sink, &ack, e);
	sink_close(sink);
	return rc;
}

/* On the device the dump had the device's name. */
static int put_manifest(const struct fetch *f, const char *text, size_t len, struct err *e)
{
	static const char name[] = "\"vmcore\"";
	struct json all, file;
	char *changed;
	size_t head;
	int rc;

	if (!json_text(&all, text, len) || !json_member(all, "file", &file))
		return put_file(f, "manifest.json", text, len, e);
	head = (size_t)(file.at - text);
	changed = malloc(len + sizeof(name));
	if (!changed)
		return err_set(e, -ENOMEM, "fetch");
	memcpy(changed, text, head);
	memcpy(changed + head, name, sizeof(name) - 1);
	memcpy(changed + head + sizeof(name) - 1, file.at + file.len, len - head - file.len);
	rc = put_file(f, "manifest.json", changed, len - file.len + sizeof(name) - 1, e);
	free(changed);
	return rc;
}

static int take_entry(struct fetch *f, const struct tail_entry *x, struct err *e)
{
	bool manifest = !strcmp(x->name, "manifest.json");
	enum dump_file kind = dump_file_kind(x->name);
	char *text;
	ssize_t n;
	int rc;

	/* The sums in it are those of the stream as it was sent. */
	if ((kind != DUMP_FILE_LOG && kind != DUMP_FILE_OTHER) || strchr(x->name, '/') || x->len > RAW_TAIL ||
	    (manifest && (f->failed || (f->core && !f->whole))))
		return 0;
	text = malloc((size_t)x->len + 1);
	if (!text)
		return err_set(e, -ENOMEM, "fetch");
	n = pread_full(f->fd, text, (size_t)x->len, tail_data(x));
	if (n < 0)
		rc = err_set(e, (int)n, "read %s at the end of %s", x->name, f->device);
	else
		rc = (manifest ? put_manifest(f, text, (size_t)n, e) : put_file(f, x->name, text, (size_t)n, e));
	free(text);
	f->log |= kind == DUMP_FILE_LOG;
	f->manifest |= manifest;
	return rc;
}

/* What lies beside the dump, if it is of the same crash. Returns whether it is. */
static int take_tail(struct fetch *f, bool *ours, struct err *e)
{
	struct tail_entry x = { 0 };
	int rc = 0;

	*ours = false;
	while (!rc && tail_next(f->fd, f->size, &x)) {
		if (!f->core && !*ours)
			f->stamp = x.stamp;
		if (x.stamp != (f->stamp & 077777777777))
			break;
		*ours = true;
		rc = take_entry(f, &x, e);
	}
	return rc;
}

static void drop_line(void *ctx, const char *line)
{
	struct fetch_report *r = ctx;

	if (!r->why[0])
		snprintf(r->why, sizeof(r->why), "%s", line);
}

static enum fetch_end judge(const struct fetch *f, const struct inspection *i)
{
	enum soundness is = inspect_soundness(i);

	if (!f->whole || i->k.src.incomplete || is == SOUND_DAMAGED || i->extents.missing)
		return FETCH_INCOMPLETE;
	return is == SOUND ? FETCH_COMPLETE : FETCH_DEGRADED;
}

static void no_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

/* A look that was not done says nothing of the dump; what cannot be understood in it is the dump's own. */
static bool undone(const struct inspection *i)
{
	return i->wrong.code && i->wrong.code != -EINVAL && i->wrong.code != -ENODATA;
}

/*
 * The copy of a whole stream is damaged, or could not be looked at. Returns 0 if the device has no better one: only then
 * the copy is what there is, and the device may be blanked.
 */
static int blame_device(const struct fetch *f, const struct inspection *copy, struct err *e)
{
	struct inspection *i;
	int rc;

	if (undone(copy))
		return err_say(e, copy->wrong.code, "look at the copy below %s: %.300s", f->at, copy->wrong.msg);
	i = malloc(sizeof(*i));
	rc = i ? inspect_open(i, f->device, true, no_line, NULL, e) : err_set(e, -ENOMEM, "fetch");
	if (rc) {
		free(i);
		return rc;
	}
	if (undone(i))
		rc = err_say(e, i->wrong.code, "look at %s: %.300s", f->device, i->wrong.msg);
	else if (inspect_soundness(i) != SOUND_DAMAGED)
		rc = err_say(e, -EIO, "the copy below %s is damaged, the dump on %s is not: look at the disk of the former",
			     f->at, f->device);
	inspect_close(i);
	free(i);
	return rc;
}

/* What is durable is read from the disk again, not from memory. Remembers which file it is. */
static int leave_cache(struct fetch *f, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 || fstat(fd, &f->kept) ? err_set(e, -errno, "open %s", path) : 0;

	if (fd >= 0) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
	return rc;
}

/* Go through all of it once more, as it is on this machine's disk; then it may have its name. */
static int verify(struct fetch *f, struct err *e)
{
	struct inspection *i = malloc(sizeof(*i));
	char path[PATH_MAX], final[PATH_MAX];
	struct printk_report said;
	int rc;

	path_in(f, core_part, path);
	path_in(f, "vmcore", final);
	rc = i ? leave_cache(f, path, e) : err_set(e, -ENOMEM, "fetch");
	if (!rc)
		rc = inspect_open(i, path, f->whole, drop_line, f->r, e);
	if (rc) {
		free(i);
		return rc;
	}
	if (f->whole && inspect_soundness(i) == SOUND_DAMAGED)
		rc = blame_device(f, i, e);
	if (rc) {
		inspect_close(i);
		free(i);
		return rc;
	}
	f->r->end = judge(f, i);
	if (f->r->end == FETCH_DEGRADED && !f->r->why[0])
		snprintf(f->r->why, sizeof(f->r->why), "%s", i->beside.reason);
	if (f->r->end != FETCH_INCOMPLETE && rename(path, final))
		rc = err_set(e, -errno, "rename %s", path);
	if (!rc && !f->log) {
		path_in(f, "vmcore-dmesg.txt", path);
		dmesg_save(&i->k, path, true, NULL, &said, NULL);	/* the dump has it */
	}
	inspect_close(i);
	free(i);
	if (!f->manifest && f->whole && !f->r->why[0])
		snprintf(f->r->why, sizeof(f->r->why), "no manifest was there: its pages unpack, checksums of more there are none");
	return rc;
}

/*
 * The files are as old as the crash, for those who ask which boot a dump is of. Not synced again: a power cut only makes
 * them look younger.
 */
static void set_times(const struct fetch *f)
{
	const struct timespec when[2] = { { .tv_sec = (time_t)f->stamp }, { .tv_sec = (time_t)f->stamp } };
	DIR *d = f->stamp ? opendir(f->at) : NULL;
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.')
			utimensat(dirfd(d), de->d_name, when, AT_SYMLINK_NOFOLLOW);
	if (d)
		closedir(d);
}

/* The directory gets its name when all in it is on the disk. A log without its dump is there once, however often. */
static int name_directory(struct fetch *f, const char *parent, struct err *e)
{
	time_t when = f->stamp ? (time_t)f->stamp : time(NULL);
	char name[80], sync[PATH_MAX];
	struct tm tm;
	int rc;

	set_times(f);
	fchmod(f->at_fd, 0755);
	path_in(f, ".", sync);
	rc = sync_parent(sync);
	if (rc)
		return err_set(e, rc, "sync %s", f->at);
	localtime_r(&when, &tm);
	for (unsigned nth = 0; nth < NAMES_MAX; nth++) {
		target_directory_name(&tm, "127.0.0.1", target_no_colon(parent), nth, name, sizeof(name));
		snprintf(f->r->dir, sizeof(f->r->dir), "%s/%s", strcmp(parent, "/") ? parent : "", name);
		if (!access(f->r->dir, F_OK)) {
			if (!f->failed)
				continue;
			f->r->dir[0] = 0;
			return 0;
		}
		if (rename(f->at, f->r->dir))
			break;
		rc = sync_parent(f->r->dir);
		return rc ? err_set(e, rc, "sync %s", parent) : 0;
	}
	rc = err_set(e, -errno, "rename %s to %s", f->at, f->r->dir);
	f->r->dir[0] = 0;
	return rc;
}

/* The archive first: a dump without it is fetched again, and is whole. */
static int clear(struct fetch *f, bool tail, struct err *e)
{
	uint8_t zeros[HEAD + HEAD] = { 0 };
	int rc = tail ? pwrite_full(f->fd, zeros, HEAD, f->size - RAW_TAIL, NULL) : 0;

	if (!rc && fsync(f->fd))
		rc = -errno;
	if (!rc && f->core)
		rc = pwrite_full(f->fd, zeros, sizeof(zeros), 0, NULL);
	if (!rc && fsync(f->fd))
		rc = -errno;
	f->r->cleared = !rc;
	return rc ? err_set(e, rc, "all is saved in %.200s, but clear %s", f->r->dir, f->device) : 0;
}

/* Before anything is blanked: what was verified is where it is said to be. */
static int still_there(const struct fetch *f, struct err *e)
{
	char path[PATH_MAX + 32];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", f->r->dir, f->r->end == FETCH_INCOMPLETE ? core_part : "vmcore");
	if (!f->core || (!stat(path, &st) && st.st_ino == f->kept.st_ino && st.st_dev == f->kept.st_dev &&
			 st.st_size == f->kept.st_size))
		return 0;
	return err_say(e, -ESTALE, "%s is not the file that was verified: %s is left as it is", path, f->device);
}

/* The core could not be taken, and stays where it is: at least the log is saved. Returns the error. */
static int fetch_log(struct fetch *f, const char *parent, struct err *e)
{
	struct err other = { 0 };
	bool tail;

	empty_directory(f);
	f->core = f->log = f->manifest = false;
	f->failed = true;
	f->r->bytes = 0;
	if (take_tail(f, &tail, &other) || !f->log || name_directory(f, parent, &other))
		f->r->dir[0] = 0;
	if (!f->r->dir[0])
		remove_directory(f);
	f->r->end = FETCH_LOG_ONLY;
	if (f->r->dir[0])
		snprintf(f->r->why, sizeof(f->r->why), "the dump is still on the device: %.250s", e->msg);
	else
		f->r->why[0] = 0;
	return e->code;
}

static int fetch(struct fetch *f, const char *parent, bool keep, struct err *e)
{
	bool tail = false;
	int rc = take_core(f, e);

	if (!rc)
		rc = take_tail(f, &tail, e);
	if (f->foreign && !f->log)
		f->r->why[0] = 0;
	f->r->end = f->log || f->r->why[0] ? FETCH_LOG_ONLY : FETCH_NOTHING;
	if (!rc && f->core)
		rc = verify(f, e);
	if (rc)
		return fetch_log(f, parent, e);
	if (f->core || f->log)
		rc = name_directory(f, parent, e);
	if (rc || !f->r->dir[0])
		remove_directory(f);
	if (!rc && !keep && f->r->dir[0])
		rc = still_there(f, e);
	return rc || keep || !f->r->dir[0] ? rc : clear(f, tail, e);
}

int fetch_run(const char *device, const char *parent, bool keep, struct fetch_report *r, struct err *e)
{
	struct fetch f = { .device = device, .r = r };
	int rc;

	*r = (struct fetch_report){ 0 };
	f.fd = raw_open_device(device, (keep ? O_RDONLY : O_RDWR) | O_EXCL, &f.size, e);
	if (f.fd < 0)
		return f.fd;
	snprintf(f.at, sizeof(f.at), "%s/.kdumpbox-fetch", strcmp(parent, "/") ? parent : "");
	rc = claim_directory(&f, parent, e);
	if (!rc) {
		rc = fetch(&f, parent, keep, e);
		close(f.at_fd);
	}
	close(f.fd);
	return rc;
}
