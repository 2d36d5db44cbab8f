/* kofile - what is inside a module file, compressed or not? */
/* SPDX-License-Identifier: MIT */
#include "boot/kofile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/buf.h"
#include "base/io.h"

static int read_all(struct archive *a, const char *path, char **out, size_t *len, struct err *e)
{
	size_t cap = 1 << 20, n = 0;
	char *buf = malloc(cap + 1), *more;
	ssize_t got;

	while (buf) {
		got = archive_read_data(a, buf + n, cap - n);
		if (got < 0) {
			free(buf);
			return err_say(e, -EBADMSG, "decompress %s: %s", path,
				       archive_error_string(a));
		}
		n += (size_t)got;
		if (!got)
			break;
		if (n < cap)
			continue;
		if (cap >= KOFILE_MAX) {
			free(buf);
			return err_set(e, -EFBIG, "decompress %s", path);
		}
		cap *= 2;
		more = realloc(buf, cap + 1);
		if (!more)
			free(buf);
		buf = more;
	}
	if (!buf)
		return err_set(e, -ENOMEM, "decompress %s", path);
	buf[n] = 0;
	*out = buf;
	*len = n;
	return 0;
}

int kofile_read(const char *path, char **image, size_t *len, struct err *e)
{
	size_t n = strlen(path);
	struct archive_entry *entry;
	struct archive *a;
	int fd, rc;

	if (n > 3 && !strcmp(path + n - 3, ".ko"))
		return read_file(path, KOFILE_MAX, image, len, e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, -errno, "open %s", path);
	a = archive_read_new();
	if (!a) {
		close(fd);
		return err_set(e, -ENOMEM, "decompress %s", path);
	}
	archive_read_support_format_raw(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	if (archive_read_open_fd(a, fd, 1 << 16) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		rc = err_say(e, -EBADMSG, "decompress %s: %s", path,
			     archive_error_string(a) ? archive_error_string(a) : "it is empty");
	else
		rc = read_all(a, path, image, len, e);
	close(fd);
	archive_read_free(a);
	return rc;
}

/* A section of an ELF file (elf(5)) with the fields that are looked at here. */
struct section {
	uint64_t name, offset, size;
};

struct elf {
	const char *image;
	size_t      len;
	bool        wide;	/* 64 bit */
	uint64_t    shoff;
	unsigned    shnum, shentsize, shstrndx;
};

/* Section header index; false if it does not lie in the file. */
static bool section_at(const struct elf *f, unsigned index, struct section *s)
{
	uint64_t at = f->shoff + (uint64_t)index * f->shentsize;
	const char *p = f->image + at;

	if (index >= f->shnum || !in_bounds(at, f->wide ? 64 : 40, f->len))
		return false;
	s->name = get_le32(p);
	s->offset = f->wide ? get_le64(p + 24) : get_le32(p + 16);
	s->size = f->wide ? get_le64(p + 32) : get_le32(p + 20);
	return in_bounds(s->offset, s->size, f->len);
}

static bool elf_open(struct elf *f, const char *image, size_t len)
{
	*f = (struct elf){ .image = image, .len = len };
	if (len < 64 || memcmp(image, "\177ELF", 4) || image[5] != 1 ||
	    (image[4] != 1 && image[4] != 2))
		return false;
	f->wide = image[4] == 2;
	f->shoff = f->wide ? get_le64(image + 40) : get_le32(image + 32);
	f->shentsize = get_le16(image + (f->wide ? 58 : 46));
	f->shnum = get_le16(image + (f->wide ? 60 : 48));
	f->shstrndx = get_le16(image + (f->wide ? 62 : 50));
	return f->shoff <= len;
}

static bool is_modinfo(const struct elf *f, const struct section *names, const struct section *s)
{
	static const char wanted[] = ".modinfo";

	return in_bounds(s->name, sizeof(wanted), names->size) &&
	       !memcmp(f->image + names->offset + s->name, wanted, sizeof(wanted));
}

int kofile_modinfo(const char *image, size_t len, const char *key,
		   int (*each)(const char *value, void *arg), void *arg)
{
	size_t key_len = strlen(key);
	struct section names, s;
	struct elf f;
	int rc = 0;

	if (!elf_open(&f, image, len) || !section_at(&f, f.shstrndx, &names))
		return -ENOEXEC;
	for (unsigned i = 0; i < f.shnum; i++) {
		const char *at, *end;

		if (!section_at(&f, i, &s) || !is_modinfo(&f, &names, &s))
			continue;
		end = image + s.offset + s.size;
		for (at = image + s.offset; !rc && at < end;) {
			const char *nul = memchr(at, 0, (size_t)(end - at));

			if (!nul)
				break;
			if ((size_t)(nul - at) > key_len && at[key_len] == '=' &&
			    !memcmp(at, key, key_len))
				rc = each(at + key_len + 1, arg);
			at = nul + 1;
		}
		return rc;
	}
	return 0;
}
