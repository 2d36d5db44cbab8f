/* source - where the crashed kernel's memory comes from: an ELF64 core, or a dump made of one. */
/* SPDX-License-Identifier: MIT */
#include "dump/source.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "dump/kdumphead.h"

enum {
	MAX_PHDRS   = 1 << 20,
	PHDR_SIZE   = 56,		/* sizeof(Elf64_Phdr) */
	READ_WINDOW = 2 << 20,		/* bytes that source_read maps at once */
};

#define MAX_PADDR   (1ULL << 52)		/* what x86_64 and aarch64 can address */
#define MAX_MISSING (1ULL << 47)		/* bytes of memory that a cut file may lack and be believed */

/* Dumps, by their first bytes. */
static const char *const dump_magics[] = { "KDUMP   ", "DISKDUMP", "makedumpfile" };

static bool is_dump(const uint8_t *h, ssize_t len)
{
	for (size_t i = 0; i < sizeof(dump_magics) / sizeof(dump_magics[0]); i++)
		if (len > 16 && !memcmp(h, dump_magics[i], strlen(dump_magics[i])))
			return true;
	return false;
}

static int elf_read(struct source *s, paddr_t at, void *buf, size_t len)
{
	const struct ram_range *r = source_range(s, at);

	return pread_full(s->fd, buf, len, r->offset + (at - r->start)) == (ssize_t)len ? 0 : -EIO;
}

static int elf_read_page(const struct source *s, paddr_t at, void *buf)
{
	const struct ram_range *r = source_range(s, at);
	size_t len = (size_t)1 << s->page_shift;

	return pread_full(s->fd, buf, len, r->offset + (at - r->start)) == (ssize_t)len ? 0 : -EIO;
}

static ssize_t elf_read_file(const struct source *s, void *buf, size_t len, uint64_t at)
{
	return pread_full(s->fd, buf, len, at);
}

static const struct source_ops elf_ops = {
	"ELF core", elf_read, elf_read_page, elf_read_file, NULL, NULL,
};

static int check_header(const uint8_t *h, ssize_t len, const char *path, struct err *e)
{
	if (len < (ssize_t)sizeof(Elf64_Ehdr) || memcmp(h, ELFMAG, SELFMAG))
		return err_say(e, -EINVAL, "%s: not an ELF core", path);
	if (h[EI_CLASS] != ELFCLASS64 || h[EI_DATA] != ELFDATA2LSB)
		return err_say(e, -EINVAL, "%s: not a 64-bit little-endian ELF file", path);
	if (get_le16(h + 16) != ET_CORE)
		return err_say(e, -EINVAL, "%s: an ELF file, but not a core (e_type %u)", path, get_le16(h + 16));
	if (get_le16(h + 54) < PHDR_SIZE)
		return err_say(e, -EINVAL, "%s: program headers of %u bytes", path, get_le16(h + 54));
	return 0;
}

/* elf(5): with 0xffff headers or more the number stands in sh_info of section 0. */
static int count_phdrs(const struct source *s, const uint8_t *h, uint32_t *count, const char *path,
		       struct err *e)
{
	uint8_t section[64];
	ssize_t got;

	*count = get_le16(h + 56);
	if (*count == PN_XNUM) {
		got = pread_full(s->fd, section, sizeof(section), get_le64(h + 40));
		if (got == -EIO)
			return err_set(e, -EIO, "read section header 0 of %s", path);
		if (got != sizeof(section))
			return err_say(e, -EINVAL, "%s: cut before section header 0", path);
		*count = get_le32(section + 44);
	}
	if (*count == 0 || *count > MAX_PHDRS)
		return err_say(e, -EINVAL, "%s: %u program headers", path, *count);
	return 0;
}

static int take_phdr(struct source *s, const uint8_t *p, const char *path, struct err *e)
{
	uint64_t offset = get_le64(p + 8), vaddr = get_le64(p + 16), paddr = get_le64(p + 24);
	uint64_t filesz = get_le64(p + 32), end;

	if (get_le32(p) == PT_NOTE && !s->notes_len) {
		s->notes_at = offset;
		s->notes_len = filesz;
		return 0;
	}
	if (get_le32(p) != PT_LOAD || filesz == 0 || paddr == UINT64_MAX)	/* no RAM: see source_kcore.c */
		return 0;
	if (__builtin_add_overflow(paddr, filesz, &end) || end > MAX_PADDR || offset > INT64_MAX ||
	    filesz > INT64_MAX - offset)
		return err_say(e, -EINVAL, "%s: a PT_LOAD that cannot be (paddr %#llx, size %#llx)", path,
			       (unsigned long long)paddr, (unsigned long long)filesz);
	s->loads[s->nr_loads++] = (struct load){ vaddr, paddr, end, offset };
	return 0;
}

/*
 * Hold the headers against the size of the file. Notes end with it; of memory some may be missing
 * from a cut file, but work and space for what cannot be there are not spent.
 */
static int check_size(struct source *s, const char *path, struct err *e)
{
	uint64_t missing = 0;

	if (s->notes_at >= s->size)
		s->notes_len = 0;
	else if (s->notes_len > s->size - s->notes_at)
		s->notes_len = s->size - s->notes_at;
	for (size_t i = 0; i < s->nr_loads && missing <= MAX_MISSING; i++) {
		const struct load *l = &s->loads[i];
		uint64_t len = l->end - l->start, there = l->offset < s->size ? s->size - l->offset : 0;

		missing += len > there ? len - there : 0;
	}
	if (missing > MAX_MISSING)
		return err_say(e, -EINVAL, "%s: damaged program headers: more than %llu TiB of memory in a file of "
			       "%llu bytes", path, MAX_MISSING >> 40, (unsigned long long)s->size);
	return 0;
}

static int read_phdrs(struct source *s, const uint8_t *h, const char *path, struct err *e)
{
	uint64_t at = get_le64(h + 32);
	size_t size = get_le16(h + 54);
	uint8_t p[PHDR_SIZE];
	uint32_t count;
	int rc = count_phdrs(s, h, &count, path, e);

	if (rc)
		return rc;
	s->loads = calloc(count, sizeof(*s->loads));
	if (!s->loads)
		return err_set(e, -ENOMEM, "%s: %u program headers", path, count);
	for (uint32_t i = 0; i < count && !rc; i++, at += size) {
		ssize_t got = at > INT64_MAX ? 0 : pread_full(s->fd, p, sizeof(p), at);

		if (got == -EIO)
			return err_set(e, -EIO, "read program header %u of %s", i, path);
		if (got != sizeof(p))
			return err_say(e, -EINVAL, "%s: cut inside the program headers", path);
		rc = take_phdr(s, p, path, e);
	}
	if (!rc && !s->nr_loads)
		return err_say(e, -EINVAL, "%s: no memory in it (no PT_LOAD)", path);
	return rc ? rc : check_size(s, path, e);
}

int source_open(struct source *s, const char *path, struct err *e)
{
	uint8_t head[sizeof(Elf64_Ehdr)];
	struct stat st;
	ssize_t n;
	int rc;

	*s = (struct source){ .ops = &elf_ops, .may_map = true };
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_set(e, -errno, "open %s", path);
	if (fstat(s->fd, &st)) {
		rc = err_set(e, -errno, "stat %s", path);
		goto out;
	}
	if (S_ISDIR(st.st_mode)) {
		rc = err_set(e, -EISDIR, "%s", path);
		goto out;
	}
	s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : INT64_MAX;
	n = pread_full(s->fd, head, sizeof(head), 0);
	if (n < 0) {
		rc = err_set(e, (int)n, "read %s", path);
		goto out;
	}
	if (is_dump(head, n)) {
		rc = source_open_kdump(s, path, false, e);
		if (!rc)
			return 0;
		goto out;
	}
	rc = check_header(head, n, path, e);
	if (rc)
		goto out;
	s->machine = get_le16(head + 18);
	rc = read_phdrs(s, head, path, e);
	if (!rc)
		rc = source_kcore(s, &st, e);
	if (!rc)
		return 0;
out:
	source_close(s);
	return rc;
}

void source_unmap(struct source_window *w)
{
	if (w->base)
		munmap(w->base, w->len);
	*w = (struct source_window){ 0 };
}

void source_close(struct source *s)
{
	for (int i = 0; i < SOURCE_WINDOWS; i++)
		source_unmap(&s->cache[i]);
	if (s->ops && s->ops->close)
		s->ops->close(s);
	free(s->loads);
	free(s->ram);
	close(s->fd);
	*s = (struct source){ .fd = -1 };
}

pfn_t source_max_pfn(const struct source *s)
{
	return s->nr_ram ? s->ram[s->nr_ram - 1].end >> s->page_shift : 0;
}

uint64_t source_nr_pages(const struct source *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->nr_ram; i++)
		n += (s->ram[i].end - s->ram[i].start) >> s->page_shift;
	return n;
}

const struct ram_range *source_range(const struct source *s, paddr_t at)
{
	size_t low = 0, high = s->nr_ram;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->ram[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->nr_ram ? &s->ram[low] : NULL;
}

int source_map(struct source *s, struct source_window *w, paddr_t at, size_t max_len)
{
	const struct ram_range *r;
	uint64_t offset, skew;
	paddr_t start, end;
	void *base;

	if (w->base && at >= w->start && at < w->end)
		return 0;
	source_unmap(w);
	r = source_range(s, at);
	if (!r || at < r->start)
		return -ENXIO;
	if (!s->may_map)
		return -EOPNOTSUPP;
	start = at & ~((paddr_t)max_len - 1);
	end = start + max_len;
	if (start < r->start)
		start = r->start;
	if (end > r->end || end < start)
		end = r->end;
	offset = r->offset + (start - r->start);
	skew = offset & (((uint64_t)1 << s->page_shift) - 1);
	if (offset >= s->size)
		return -EIO;
	base = mmap(NULL, end - start + skew, PROT_READ, MAP_PRIVATE, s->fd, (off_t)(offset - skew));
	if (base == MAP_FAILED)
		return -errno;
	*w = (struct source_window){ base, end - start + skew, start, end, (uint8_t *)base + skew };
	return 0;
}

int source_read_page(const struct source *s, paddr_t at, void *buf)
{
	const struct ram_range *r = source_range(s, at);

	return !r || at < r->start ? -ENXIO : s->ops->read_page(s, at, buf);
}

ssize_t source_read_file(const struct source *s, void *buf, size_t len, uint64_t at)
{
	return s->ops->read_file(s, buf, len, at);
}

/* The cached window that holds at; maps one in turn. NULL if it cannot be mapped. */
static struct source_window *cached(struct source *s, paddr_t at)
{
	struct source_window *w;

	for (unsigned i = 0; i < SOURCE_WINDOWS; i++)
		if (s->cache[i].base && at >= s->cache[i].start && at < s->cache[i].end)
			return &s->cache[i];
	w = &s->cache[s->next_cache++ % SOURCE_WINDOWS];
	return source_map(s, w, at, READ_WINDOW) ? NULL : w;
}

const uint8_t *source_view(struct source *s, paddr_t at, size_t *len)
{
	struct source_window *w = cached(s, at);

	if (!w)
		return NULL;
	*len = w->end - at;
	return w->bytes + (at - w->start);
}

/* A piece that lies inside one page. */
static int read_piece(struct source *s, paddr_t at, void *buf, size_t len)
{
	const struct ram_range *r = source_range(s, at);
	struct source_window *w;

	if (!r || at < r->start)
		return -ENXIO;
	w = cached(s, at);
	if (w && !guard_copy(buf, w->bytes + (at - w->start), len, NULL))
		return 0;
	return s->ops->read(s, at, buf, len);
}

int source_read(struct source *s, paddr_t at, void *buf, size_t len)
{
	size_t page = (size_t)1 << s->page_shift;
	uint8_t *to = buf;

	while (len) {
		size_t piece = page - (at & (page - 1));
		int rc;

		if (piece > len)
			piece = len;
		rc = read_piece(s, at, to, piece);
		if (rc)
			return rc;
		to += piece;
		at += piece;
		len -= piece;
	}
	return 0;
}
