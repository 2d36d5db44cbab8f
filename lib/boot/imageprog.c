/* imageprog - programs and files of the system for an image, and whether they can run there. */
/* SPDX-License-Identifier: MIT */
#include "boot/imageprog.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

enum { FILE_MAX_LEN = 256 << 20, MAX_INTERPRETERS = 4, INTERPRETER_SIZE = 256 };

int imageprog_add(struct cpio *c, const char *source, const char *path, struct err *e)
{
	struct stat st;
	char *data;
	size_t len;
	int rc;

	if (stat(source, &st))
		return err_set(e, -errno, "add %s", source);
	if (!S_ISREG(st.st_mode))
		return err_say(e, -EINVAL, "add %s: it is not a regular file", source);
	rc = read_file(source, FILE_MAX_LEN, &data, &len, e);
	if (rc)
		return rc;
	rc = cpio_file(c, path, st.st_mode & 07777, data, len, e);
	free(data);
	return rc;
}

int imageprog_add_pair(struct cpio *c, const char *pair, struct err *e)
{
	const char *colon = strrchr(pair, ':'), *base;
	char source[PATH_MAX], path[PATH_MAX];
	size_t n;

	if (!colon || colon == pair || !colon[1])
		return err_say(e, -EINVAL, "'%.200s' is not SRC:DST", pair);
	snprintf(source, sizeof(source), "%.*s", (int)(colon - pair), pair);
	snprintf(path, sizeof(path), "%s%s", colon[1] == '/' ? "" : "/", colon + 1);
	n = strlen(path);
	base = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
	if (path[n - 1] == '/')
		snprintf(path + n, sizeof(path) - n, "%s", base);
	return imageprog_add(c, source, path, e);
}

/* The interpreter that the first line of a script names. */
static bool script_interpreter(const char *data, size_t len, char out[INTERPRETER_SIZE])
{
	size_t at = 2, n = 0;

	if (len < 3 || data[0] != '#' || data[1] != '!')
		return false;
	while (at < len && (data[at] == ' ' || data[at] == '\t'))
		at++;
	while (at < len && n < INTERPRETER_SIZE - 1 && !strchr(" \t\r\n", data[at]))
		out[n++] = data[at++];
	out[n] = 0;
	return n;
}

/* The interpreter in PT_INTERP of a little endian ELF file (elf(5)); static ones have none. */
static bool elf_interpreter(const char *data, size_t len, char out[INTERPRETER_SIZE])
{
	enum { PT_INTERP = 3 };
	bool wide;
	uint64_t table;
	unsigned count, size;

	if (len < 64 || memcmp(data, "\177ELF", 4) || data[5] != 1)
		return false;
	wide = data[4] == 2;
	table = wide ? get_le64(data + 32) : get_le32(data + 28);
	size = get_le16(data + (wide ? 54 : 42));
	count = get_le16(data + (wide ? 56 : 44));
	for (unsigned i = 0; i < count; i++) {
		uint64_t at = table + (uint64_t)i * size, from, n;

		if (!in_bounds(at, wide ? 56 : 32, len))
			return false;
		if (get_le32(data + at) != PT_INTERP)
			continue;
		from = wide ? get_le64(data + at + 8) : get_le32(data + at + 4);
		n = wide ? get_le64(data + at + 32) : get_le32(data + at + 16);
		if (!n || n > INTERPRETER_SIZE || !in_bounds(from, n, len) || data[from + n - 1])
			return false;
		memcpy(out, data + from, n);
		return true;
	}
	return false;
}

/* Follow interpreters until one needs none. */
static int check(const struct cpio *c, const char *path, const char *what, struct err *e)
{
	char now[PATH_MAX], next[INTERPRETER_SIZE];

	snprintf(now, sizeof(now), "%s", path);
	for (int i = 0; i < MAX_INTERPRETERS; i++) {
		const struct cpio_entry *entry = cpio_find(c, now);

		if (!entry)
			return err_say(e, -ENOENT,
				       "%s %s: its interpreter %s is not in the image; add it with "
				       "--add, or use a static program",
				       what, path, now);
		if (entry->kind != 'f' || !(entry->mode & 0111))
			return err_say(e, -EACCES, "%s %s: %s is not executable", what, path, now);
		if (!script_interpreter(entry->data, entry->len, next) &&
		    !elf_interpreter(entry->data, entry->len, next))
			return 0;
		strcpy(now, next);
	}
	return err_say(e, -ELOOP, "%s %s: its interpreters have no end", what, path);
}

int imageprog_need(struct cpio *c, const char *root, const char *path, const char *what,
		   struct err *e)
{
	char source[PATH_MAX];
	int rc;

	if (!cpio_find(c, path)) {
		snprintf(source, sizeof(source), "%s%s", root, path);
		if (access(source, F_OK))
			return err_say(
				e, -ENOENT,
				"%s %s: it is neither on this machine nor in the image; add it "
				"with --add SRC:%s",
				what, path, path);
		rc = imageprog_add(c, source, path, e);
		if (rc)
			return err_add(e, "%s", what);
	}
	return check(c, path, what, e);
}

int imageprog_need_dir(struct cpio *c, const char *root, const char *dir, struct err *e)
{
	char path[PATH_MAX], source[PATH_MAX];
	struct dirent **list;
	int found, rc = 0;

	snprintf(source, sizeof(source), "%s%s", root, dir);
	found = scandir(source, &list, NULL, alphasort);
	for (int i = 0; i < found; i++) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		snprintf(source, sizeof(source), "%s%s", root, path);
		if (!rc && list[i]->d_name[0] != '.' && !stat(source, &st) && S_ISREG(st.st_mode) &&
		    (st.st_mode & 0111))
			rc = imageprog_need(c, root, path, "hook", e);
		free(list[i]);
	}
	if (found >= 0)
		free(list);
	return rc;
}
