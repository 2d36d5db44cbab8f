/* beside - the manifest of a dump, and whether the dump still has the bytes that it tells of. */
/* SPDX-License-Identifier: MIT */
#include "dump/beside.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "dump/digest.h"
#include "dump/manifest.h"
#include "sink/sink.h"

enum { MAX_MANIFEST = 64 << 20, PIECE = 256 << 10 };

/* The name of a dump under which its manifest knows it. */
static void name_of(const char *path, char *out, size_t size)
{
	static const char suffix[] = "-incomplete";
	const char *slash = strrchr(path, '/');
	size_t n;

	snprintf(out, size, "%s", slash ? slash + 1 : path);
	n = strlen(out);
	if (n > strlen(suffix) && !strcmp(out + n - strlen(suffix), suffix))
		out[n - strlen(suffix)] = 0;
}

/* name: NULL if any will do, as on a device. */
static bool is_of(const struct beside *b, const char *name, uint64_t crash_time)
{
	struct json all, value;
	char file[NAME_MAX + 1];
	uint64_t time;

	if (!json_text(&all, b->text, b->len) || !json_member(all, "crash_time", &value) ||
	    !json_u64(value, &time) || time != crash_time)
		return false;
	return !name || (json_member(all, "file", &value) && json_string(value, file, sizeof(file)) &&
			 !strcmp(file, name));
}

static int from_tail(struct beside *b, const char *path, const struct bytes *in, struct err *e)
{
	uint64_t at, len;
	ssize_t n;

	if (!in->flat || !tail_find(in->fd, in->file_size, "manifest.json", &at, &len) || len > MAX_MANIFEST)
		return 0;
	b->text = calloc(1, (size_t)len + 1);
	if (!b->text)
		return err_set(e, -ENOMEM, "read the manifest");
	n = pread_full(in->fd, b->text, (size_t)len, at);
	if (n < 0)
		return err_set(e, (int)n, "read the manifest at the end of %s", path);
	b->len = (size_t)n;
	snprintf(b->from, sizeof(b->from), "the end of %s", path);
	return 0;
}

static int from_directory(struct beside *b, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	int rc;

	snprintf(b->from, sizeof(b->from), "%.*smanifest.json", slash ? (int)(slash - path + 1) : 0, path);
	rc = read_file(b->from, MAX_MANIFEST, &b->text, &b->len, NULL);
	if (rc == -ENOENT || rc == -ENOTDIR)
		return 0;
	return rc ? err_set(e, rc, "read %s", b->from) : 0;
}

static void take_facts(struct beside *b)
{
	struct json all, value;

	if (!json_text(&all, b->text, b->len))
		return;
	if (json_member(all, "verdict", &value))
		json_string(value, b->verdict, sizeof(b->verdict));
	if (json_member(all, "reason", &value))
		json_string(value, b->reason, sizeof(b->reason));
	if (json_member(all, "size", &value))
		json_u64(value, &b->size);
	if (json_path(all, "pages.unreadable", &value))
		json_u64(value, &b->unreadable);
	if (json_path(all, "part.number", &value))
		json_u64(value, &b->part);
	if (json_path(all, "part.of", &value))
		json_u64(value, &b->parts);
	if (json_path(all, "part.set", &value))
		json_string(value, b->set, sizeof(b->set));
}

/* That of its own, beside it. Without a crash_time it is somebody else's. */
static int from_own(struct beside *b, const char *path, uint64_t crash_time, struct err *e)
{
	struct json all, value;
	uint64_t time;
	int rc;

	if (snprintf(b->from, sizeof(b->from), "%s" MANIFEST_SUFFIX, path) >= (int)sizeof(b->from))
		return 0;
	rc = read_file(b->from, MAX_MANIFEST, &b->text, &b->len, NULL);
	if (rc == -ENOENT || rc == -ENOTDIR || rc == -ENAMETOOLONG)
		return 0;
	if (rc)
		return err_set(e, rc, "read %s", b->from);
	if (!json_text(&all, b->text, b->len))
		return err_say(e, -EINVAL, "%s is cut or no JSON", b->from);
	if (!json_member(all, "crash_time", &value) || !json_u64(value, &time)) {
		free(b->text);
		b->text = NULL;
		return 0;
	}
	if (time != crash_time)
		return err_say(e, -ESTALE, "%s is of another crash: so is one of the two files", b->from);
	take_facts(b);
	return 0;
}

int beside_open(struct beside *b, const char *path, const struct bytes *in, uint64_t crash_time,
		struct err *e)
{
	char name[NAME_MAX + 1];
	int rc;

	*b = (struct beside){ 0 };
	rc = from_tail(b, path, in, e);
	if (!rc && b->text && is_of(b, NULL, crash_time)) {
		take_facts(b);
		return 0;
	}
	beside_close(b);
	if (!rc)
		rc = from_own(b, path, crash_time, e);
	if (rc)
		beside_close(b);
	if (rc || b->text)
		return rc;
	name_of(path, name, sizeof(name));
	rc = from_directory(b, path, e);
	if (!rc && b->text && is_of(b, name, crash_time))
		take_facts(b);
	else
		beside_close(b);
	return rc;
}

void beside_close(struct beside *b)
{
	free(b->text);
	*b = (struct beside){ 0 };
}

/* The checksum of [at, at + len) as lower case hex into out, and whether all of it is in the file. */
static int sum(const struct bytes *in, enum digest_kind kind, uint64_t at, uint64_t len, uint8_t *buf,
	       char *out, bool *whole)
{
	struct digest d;
	int rc = digest_init(&d, kind, len, NULL);

	*whole = true;
	while (!rc && len) {
		size_t n = len < PIECE ? (size_t)len : PIECE;

		rc = bytes_read(in, buf, n, at);
		if (rc && rc != -ENODATA)
			break;
		*whole &= !rc;
		rc = 0;			/* holes were zeros when they were summed */
		digest_add(&d, buf, n);
		at += n;
		len -= n;
	}
	if (!rc) {
		digest_end(&d);
		for (size_t i = 0; d.nr == 1 && i < d.sum_len; i++)
			sprintf(out + 2 * i, "%02x", d.sums[i]);
	}
	digest_free(&d);
	return rc;
}

/* One extent: [offset, length, "sum"]. -EINVAL if it is none. */
static int check_extent(struct json extent, const struct bytes *in, enum digest_kind kind, uint8_t *buf,
			struct extents *x, void (*problem)(void *ctx, const char *line), void *ctx)
{
	char wanted[2 * DIGEST_MAX + 1], got[2 * DIGEST_MAX + 1] = "", line[160];
	struct json rest = extent, value;
	uint64_t at, len;
	bool whole;
	int rc;

	if (!json_next(&rest, &value) || !json_u64(value, &at) || !json_next(&rest, &value) ||
	    !json_u64(value, &len) || !json_next(&rest, &value) || !json_string(value, wanted, sizeof(wanted)) ||
	    at > INT64_MAX || !len || len > DIGEST_EXTENT)
		return -EINVAL;
	rc = sum(in, kind, at, len, buf, got, &whole);
	if (rc)
		return rc;
	x->all++;
	if (!strcmp(got, wanted))
		return 0;
	if (!whole && (in->cut || !in_bounds(at, len, in->end))) {
		x->missing++;
		return 0;
	}
	x->bad++;
	snprintf(line, sizeof(line), "bytes %llu to %llu: their checksum is not that of the manifest",
		 (unsigned long long)at, (unsigned long long)(at + len));
	problem(ctx, line);
	return 0;
}

int beside_check(const struct beside *b, const struct bytes *in, struct extents *x,
		 void (*problem)(void *ctx, const char *line), void *ctx, struct err *e)
{
	uint8_t *buf = malloc(PIECE);
	struct json all, rest, extent;
	enum digest_kind kind;
	int rc = buf ? 0 : -ENOMEM;

	*x = (struct extents){ 0 };
	if (!rc && (!json_text(&all, b->text, b->len) || !json_path(all, "digest.algorithm", &rest) ||
		    !json_string(rest, x->algorithm, sizeof(x->algorithm)) ||
		    !json_path(all, "digest.extents", &rest)))
		rc = -EINVAL;
	kind = !strcmp(x->algorithm, digest_names[DIGEST_SHA256]) ? DIGEST_SHA256 : DIGEST_XXH64;
	if (!rc && strcmp(x->algorithm, digest_names[kind]))
		rc = -EINVAL;
	while (!rc && json_next(&rest, &extent))
		rc = check_extent(extent, in, kind, buf, x, problem, ctx);
	free(buf);
	if (rc == -EINVAL)
		return err_say(e, rc, "%s: its checksums cannot be understood", b->from);
	return rc ? err_set(e, rc, "read the dump") : 0;
}
