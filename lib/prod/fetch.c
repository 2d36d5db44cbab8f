/* fetch - what did a crash leave on this raw device? */
/* SPDX-License-Identifier: MIT */
#include "prod/fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	bool        core, log, manifest;	/* these are in it */
	bool        whole;		/* the stream had its end */
	bool        foreign;		/* what is there may never have been a dump */
	uint64_t    stamp;		/* of the crash; 0: unknown */
	struct fetch_report *r;
};

static void path_in(const struct fetch *f, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", f->at, name);
}

/* Empty it (there are only files of ours in it) and remove it. */
static void remove_directory(const struct fetch *f)
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
	rmdir(f->at);
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
	if ((kind != DUMP_FILE_LOG && kind != DUMP_FILE_OTHER) || x->len > RAW_TAIL || (manifest && f->core && !f->whole))
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

/* Go through all of it once more, as it is on this machine's disk; then it may have its name. */
static int verify(struct fetch *f, struct err *e)
{
	struct inspection *i = malloc(sizeof(*i));
	char path[PATH_MAX], final[PATH_MAX];
	struct printk_report said;
	int rc;

	path_in(f, core_part, path);
	path_in(f, "vmcore", final);
	rc = i ? inspect_open(i, path, f->whole, drop_line, f->r, e) : err_set(e, -ENOMEM, "fetch");
	if (rc) {
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

/* The directory gets its name when all in it is on the disk. */
static int name_directory(struct fetch *f, const char *parent, struct err *e)
{
	time_t when = f->stamp ? (time_t)f->stamp : time(NULL);
	char name[80], sync[PATH_MAX];
	struct tm tm;
	int rc;

	path_in(f, ".", sync);
	rc = sync_parent(sync);
	if (rc)
		return err_set(e, rc, "sync %s", f->at);
	localtime_r(&when, &tm);
	for (unsigned nth = 0; nth < NAMES_MAX; nth++) {
		target_directory_name(&tm, "127.0.0.1", target_no_colon(parent), nth, name, sizeof(name));
		snprintf(f->r->dir, sizeof(f->r->dir), "%s/%s", strcmp(parent, "/") ? parent : "", name);
		if (!access(f->r->dir, F_OK))
			continue;
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
	if (!rc && (f->core || f->log))
		rc = name_directory(f, parent, e);
	if (rc || !f->r->dir[0])
		remove_directory(f);
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
	remove_directory(&f);
	rc = make_dirs(f.at);
	rc = rc ? err_set(e, rc, "make directory %s", f.at) : fetch(&f, parent, keep, e);
	close(f.fd);
	return rc;
}
