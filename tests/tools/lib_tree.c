/* lib_tree - a temporary directory with files of a test's choice, and small module files. */
/* SPDX-License-Identifier: MIT */
#include "lib_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

void tree_make(char dir[64])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, 64, "%.40s/kdumpbox-XXXXXX", tmp ? tmp : "/tmp");
	must(mkdtemp(dir) != NULL, dir);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void tree_remove(const char *dir)
{
	must(!nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), dir);
}

static void full_path(const char *dir, const char *path, char out[4096])
{
	char above[4096];

	snprintf(out, 4096, "%s/%s", dir, path);
	strcpy(above, out);
	*strrchr(above, '/') = 0;
	must(!make_dirs(above), above);
}

void tree_bytes(const char *dir, const char *path, const void *data, size_t len)
{
	char full[4096];
	int fd;

	full_path(dir, path, full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	must(fd >= 0 && !write_full(fd, data, len) && !close(fd), full);
}

void tree_text(const char *dir, const char *path, const char *text)
{
	tree_bytes(dir, path, text, strlen(text));
}

void tree_link(const char *dir, const char *path, const char *target)
{
	char full[4096];

	full_path(dir, path, full);
	must(!symlink(target, full), full);
}

void tree_mode(const char *dir, const char *path, unsigned mode)
{
	char full[4096];

	full_path(dir, path, full);
	must(!chmod(full, (mode_t)mode), full);
}

/* One section header: name, offset and size are all that is read. */
static void put_section(char *at, uint32_t name, uint64_t offset, uint64_t size)
{
	put_le32(at, name);
	put_le64(at + 24, offset);
	put_le64(at + 32, size);
}

size_t tree_module(char out[4096], const char *modinfo, size_t len)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	const size_t names_at = 64, info_at = names_at + sizeof(names), table = info_at + len;

	must(table + 3 * 64 <= 4096, "module file too long");
	memset(out, 0, 4096);
	memcpy(out, "\177ELF\2\1\1", 7);
	put_le64(out + 40, table);
	out[58] = 64;	/* size, number and names of the section headers */
	out[60] = 3;
	out[62] = 2;
	memcpy(out + names_at, names, sizeof(names));
	memcpy(out + info_at, modinfo, len);
	put_section(out + table + 64, 1, info_at, len);
	put_section(out + table + 128, 10, names_at, sizeof(names));
	return table + 3 * 64;
}
