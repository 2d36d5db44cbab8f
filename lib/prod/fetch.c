/* fetch - what did a crash leave on this raw device? */
/* SPDX-License-Identifier: MIT */
#include "prod/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "boot/image.h"
#include "dump/dmesg.h"
#include "dump/inspect.h"
#include "dump/recover.h"
#include "prod/dumpnames.h"
#include "prod/fetchdir.h"

enum { HEAD = FLAT_HEADER_SIZE };

const char *const fetch_ends[NR_FETCH_ENDS] = { "nothing", "complete", "degraded", "incomplete", "log only" };

static const char core_part[] = "vmcore-incomplete";

struct fetch {
	const char *device;
	int         fd;
	uint64_t    size;
	struct fetchdir at;		/* where it is put together */
	struct stat kept;		/* the core in it, which was verified */
	bool        core, log, manifest;	/* these are in it */
	bool        failed;		/* the core is on the device, but could not be taken: only the log is */
	bool        whole;		/* the stream had its end */
	bool        foreign;		/* what is there may never have been a dump */
	uint64_t    stamp;		/* of the crash; 0: unknown */
	struct fetch_report *r;
};

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
	fetchdir_path(&f->at, core_part, path);
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

	fetchdir_path(&f->at, name, path);
	return image_write(path, text, len, e);
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
		return err_say(e, copy->wrong.code, "look at the copy below %s: %.300s", f->at.path, copy->wrong.msg);
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
			     f->at.path, f->device);
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

	fetchdir_path(&f->at, core_part, path);
	fetchdir_path(&f->at, "vmcore", final);
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
		fetchdir_path(&f->at, "vmcore-dmesg.txt", path);
		dmesg_save(&i->k, path, true, NULL, &said, NULL);	/* the dump has it */
	}
	inspect_close(i);
	free(i);
	if (!f->manifest && f->whole && !f->r->why[0])
		snprintf(f->r->why, sizeof(f->r->why), "no manifest was there: its pages unpack, checksums of more there are none");
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

	fetchdir_empty(&f->at);
	f->core = f->log = f->manifest = false;
	f->failed = true;
	f->r->bytes = 0;
	if (take_tail(f, &tail, &other) || !f->log || fetchdir_name(&f->at, parent, f->stamp, true, f->r->dir, &other))
		f->r->dir[0] = 0;
	if (!f->r->dir[0])
		fetchdir_remove(&f->at);
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
		rc = fetchdir_name(&f->at, parent, f->stamp, false, f->r->dir, e);
	if (rc || !f->r->dir[0])
		fetchdir_remove(&f->at);
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
	rc = fetchdir_claim(&f.at, parent, e);
	if (!rc) {
		rc = fetch(&f, parent, keep, e);
		close(f.at.fd);
	}
	close(f.fd);
	return rc;
}
