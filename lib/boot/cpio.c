/* cpio - an initramfs archive, the same bytes for the same content. */
/* SPDX-License-Identifier: MIT */
#include "boot/cpio.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

enum { MAX_LINKS = 16 };

/* Where path is, or would be. */
static size_t place(const struct cpio *c, const char *path, bool *there)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(c->entries[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*there = low < c->n && !strcmp(c->entries[low].path, path);
	return low;
}

static bool is_normal(const char *path)
{
	if (path[0] != '/' || !path[1] || strlen(path) >= PATH_MAX)
		return false;
	for (const char *p = path; *p;) {
		size_t n = strcspn(p + 1, "/");

		if (!n || (n == 1 && p[1] == '.') || (n == 2 && p[1] == '.' && p[2] == '.'))
			return false;
		p += n + 1;
	}
	return true;
}

static bool same(const struct cpio_entry *a, const struct cpio_entry *b)
{
	if (a->kind == 'd' && b->kind == 'd')
		return true;
	return a->kind == b->kind && a->mode == b->mode && a->major == b->major &&
	       a->minor == b->minor && a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static int insert(struct cpio *c, const struct cpio_entry *want, struct err *e)
{
	bool there;
	size_t at = place(c, want->path, &there);
	char *data, *path;

	if (there)
		return same(&c->entries[at], want) ? 0 :
		       err_say(e, -EEXIST, "the image has two different %s", want->path);
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct cpio_entry *more = reallocarray(c->entries, cap, sizeof(*more));

		if (!more)
			return err_set(e, -ENOMEM, "add %s", want->path);
		c->entries = more;
		c->cap = cap;
	}
	data = malloc(want->len + 1);
	path = strdup(want->path);
	if (!data || !path) {
		free(data);
		free(path);
		return err_set(e, -ENOMEM, "add %s", want->path);
	}
	if (want->len)
		memcpy(data, want->data, want->len);
	data[want->len] = 0;
	memmove(&c->entries[at + 1], &c->entries[at], (c->n - at) * sizeof(*c->entries));
	c->entries[at] = *want;
	c->entries[at].data = data;
	c->entries[at].path = path;
	c->n++;
	return 0;
}

/* Add the entry, and what is missing above it. */
static int add(struct cpio *c, const struct cpio_entry *want, struct err *e)
{
	char part[PATH_MAX];
	int rc = 0;

	if (!is_normal(want->path))
		return err_say(e, -EINVAL, "'%.100s' is no absolute path for a file in the image",
			       want->path);
	for (const char *slash = strchr(want->path + 1, '/'); slash && !rc;
	     slash = strchr(slash + 1, '/')) {
		const struct cpio_entry *above;

		snprintf(part, sizeof(part), "%.*s", (int)(slash - want->path), want->path);
		above = cpio_find(c, part);
		if (above && above->kind != 'd')
			return err_say(e, -ENOTDIR,
				       "%s is no directory in the image, so there can be no %s",
				       part, want->path);
		if (!above)
			rc = insert(c, &(struct cpio_entry){ part, 'd', 0755, 0, 0, NULL, 0 }, e);
	}
	return rc ? rc : insert(c, want, e);
}

int cpio_dir(struct cpio *c, const char *path, unsigned mode, struct err *e)
{
	struct cpio_entry want = { (char *)path, 'd', mode, 0, 0, NULL, 0 };

	return add(c, &want, e);
}

int cpio_file(struct cpio *c, const char *path, unsigned mode, const void *data, size_t len,
	      struct err *e)
{
	struct cpio_entry want = { (char *)path, 'f', mode, 0, 0, data, len };

	return add(c, &want, e);
}

int cpio_link(struct cpio *c, const char *path, const char *target, struct err *e)
{
	struct cpio_entry want = { (char *)path, 'l', 0777, 0, 0, target, strlen(target) };

	return add(c, &want, e);
}

int cpio_node(struct cpio *c, const char *path, char kind, unsigned mode, unsigned major,
	      unsigned minor, struct err *e)
{
	struct cpio_entry want = { (char *)path, kind, mode, major, minor, NULL, 0 };

	return add(c, &want, e);
}

void cpio_free(struct cpio *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->entries[i].path);
		free((char *)c->entries[i].data);
	}
	free(c->entries);
	*c = (struct cpio){ 0 };
}

/* Put "TARGET/REST" for a link at path[0, upto) in place of "LINK/REST", "." and ".." resolved. */
static bool follow(char path[PATH_MAX], size_t upto, const char *target)
{
	char next[2 * PATH_MAX], out[2 * PATH_MAX] = "";
	size_t dir = upto, n = 0;

	while (dir && path[dir - 1] != '/')
		dir--;
	if (snprintf(next, sizeof(next), "%.*s%s%s", target[0] == '/' ? 0 : (int)dir, path, target,
		     path + upto) >= (int)sizeof(next))
		return false;
	for (const char *p = next; *p;) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			while (n && out[--n] != '/')
				;
			out[n] = 0;
		} else if (len && !(len == 1 && p[0] == '.')) {
			n += (size_t)snprintf(out + n, sizeof(out) - n, "/%.*s", (int)len, p);
		}
		p += len;
	}
	if (n >= PATH_MAX)
		return false;
	memcpy(path, out, n + 1);
	return true;
}

const struct cpio_entry *cpio_find(const struct cpio *c, const char *wanted)
{
	char path[PATH_MAX], part[PATH_MAX];
	int links = 0;

	if (strlen(wanted) >= sizeof(path))
		return NULL;
	strcpy(path, wanted);
	for (size_t n = 0;;) {
		bool there;
		size_t at;

		n += 1 + strcspn(path + n + 1, "/");
		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		at = place(c, part, &there);
		if (!there)
			return NULL;
		if (c->entries[at].kind == 'l') {
			if (++links > MAX_LINKS || !follow(path, n, c->entries[at].data) ||
			    !path[0])
				return NULL;
			n = 0;
		} else if (!path[n]) {
			return &c->entries[at];
		}
	}
}

/* Where libarchive's bytes go. */
struct memory {
	char  *at;
	size_t len, cap;
};

static la_ssize_t grow(struct archive *a, void *arg, const void *bytes, size_t len)
{
	struct memory *m = arg;

	if (len > m->cap - m->len) {
		size_t cap = 2 * m->cap + len + (1 << 20);
		char *more = realloc(m->at, cap);

		if (!more) {
			archive_set_error(a, ENOMEM, "no memory for the archive");
			return -1;
		}
		m->at = more;
		m->cap = cap;
	}
	memcpy(m->at + m->len, bytes, len);
	m->len += len;
	return (la_ssize_t)len;
}

static unsigned file_type(char kind)
{
	return kind == 'd' ? S_IFDIR : kind == 'f' ? S_IFREG : kind == 'l' ? S_IFLNK :
	       kind == 'c' ? S_IFCHR : S_IFBLK;
}

static int put_entry(struct archive *a, struct archive_entry *entry, const struct cpio_entry *from,
		     size_t number, int64_t mtime)
{
	archive_entry_clear(entry);
	archive_entry_set_ino64(entry, (int64_t)number);
	archive_entry_set_pathname(entry, from->path + 1);
	archive_entry_set_filetype(entry, file_type(from->kind));
	archive_entry_set_perm(entry, (mode_t)from->mode);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_mtime(entry, mtime, 0);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_size(entry, from->kind == 'f' ? (int64_t)from->len : 0);
	if (from->kind == 'l')
		archive_entry_set_symlink(entry, from->data);
	if (from->kind == 'c' || from->kind == 'b') {
		archive_entry_set_rdevmajor(entry, from->major);
		archive_entry_set_rdevminor(entry, from->minor);
	}
	if (archive_write_header(a, entry) != ARCHIVE_OK)
		return -EIO;
	if (from->kind != 'f' || !from->len)
		return 0;
	return archive_write_data(a, from->data, from->len) == (la_ssize_t)from->len ? 0 : -EIO;
}

int cpio_pack(const struct cpio *c, int64_t mtime, char **out, size_t *len, struct err *e)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct memory m = { 0 };
	int rc = a && entry ? 0 : -ENOMEM;

	if (!rc && (archive_write_set_format_cpio_newc(a) != ARCHIVE_OK ||
		    archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
		    archive_write_open(a, &m, NULL, grow, NULL) != ARCHIVE_OK))
		rc = -EIO;
	for (size_t i = 0; !rc && i < c->n; i++)
		rc = put_entry(a, entry, &c->entries[i], i + 1, mtime);
	if (!rc && archive_write_close(a) != ARCHIVE_OK)
		rc = -EIO;
	if (rc)
		err_say(e, rc, "write the archive: %s",
			a && archive_error_string(a) ? archive_error_string(a) : "no memory");
	archive_entry_free(entry);
	archive_write_free(a);
	if (rc) {
		free(m.at);
		return rc;
	}
	*out = m.at;
	*len = m.len;
	return 0;
}
