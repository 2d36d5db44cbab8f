/* lib_vmcore_elf - an invented kernel's memory as an ELF core. */
/* SPDX-License-Identifier: MIT */
#include "lib_vmcore.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"

enum { PRSTATUS = 336, RSP_AT = 112 + 19 * 8 };

static uint64_t up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static void put(const struct vmcore *v, const void *buf, size_t len, uint64_t at)
{
	if (pwrite(v->fd, buf, len, (off_t)at) != (ssize_t)len)
		vc_die("write %zu bytes at %#llx", len, (unsigned long long)at);
}

/* One note at *at. */
static void put_note(const struct vmcore *v, uint64_t *at, const char *name, uint32_t type, const void *desc,
		     size_t len)
{
	size_t name_len = strlen(name) + 1;
	uint8_t head[12];

	put_le32(head, (uint32_t)name_len);
	put_le32(head + 4, (uint32_t)len);
	put_le32(head + 8, type);
	put(v, head, sizeof(head), *at);
	put(v, name, name_len, *at + 12);
	put(v, desc, len, *at + 12 + up(name_len, 4));
	*at += 12 + up(name_len, 4) + up(len, 4);
}

static void put_notes(struct vmcore *v)
{
	uint64_t at = v->notes_at;
	size_t len;
	char *info;

	for (unsigned cpu = 0; cpu < v->cpus; cpu++) {
		uint8_t desc[PRSTATUS] = { 0 };

		put_le64(desc + RSP_AT, v->rsp[cpu]);
		put_note(v, &at, "CORE", NT_PRSTATUS, desc, sizeof(desc));
	}
	if (!v->no_info) {
		info = vc_info_text(v, &len);
		v->info_at = at + 12 + up(sizeof("VMCOREINFO"), 4);
		v->info_len = len;
		put_note(v, &at, "VMCOREINFO", 0, info, len);
		free(info);
	}
	v->notes_len = at - v->notes_at;
}

static void put_phdr(const struct vmcore *v, uint64_t at, uint32_t type, const struct vc_load *l, uint64_t len)
{
	uint8_t p[56] = { 0 };

	put_le32(p, type);
	put_le32(p + 4, 7);
	put_le64(p + 8, l->offset);
	put_le64(p + 16, l->vaddr);
	put_le64(p + 24, l->start);
	put_le64(p + 32, len);
	put_le64(p + 40, len);
	put(v, p, sizeof(p), at);
}

static void put_header(const struct vmcore *v, uint32_t nr_phdrs)
{
	uint8_t h[64] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, section[64] = { 0 };

	h[16] = ET_CORE;
	h[18] = EM_X86_64;
	put_le32(h + 20, EV_CURRENT);
	put_le64(h + 32, v->phdr_at);
	h[52] = 64;
	h[54] = 56;
	if (v->xnum) {
		put_le64(h + 40, v->shdr_at);
		put_le32(h + 56, PN_XNUM | 64U << 16);		/* e_phnum, e_shentsize */
		h[60] = 1;					/* e_shnum */
		put_le32(section + 44, nr_phdrs);		/* sh_info */
		put(v, section, sizeof(section), v->shdr_at);
	} else {
		h[56] = (uint8_t)nr_phdrs;
	}
	put(v, h, sizeof(h), 0);
}

/* The bytes of a PT_LOAD; holes of memory stay holes of the file. */
static void put_data(const struct vmcore *v, const struct vc_load *l)
{
	off_t at = (off_t)l->start, end;

	while ((at = lseek(v->mem_fd, at, SEEK_DATA)) >= 0 && (uint64_t)at < l->end) {
		end = lseek(v->mem_fd, at, SEEK_HOLE);
		if (end < 0 || (uint64_t)end > l->end)
			end = (off_t)l->end;
		put(v, v->mem + at, (size_t)(end - at), l->offset + ((uint64_t)at - l->start));
		at = end;
	}
}

void vc_file_write(struct vmcore *v)
{
	uint32_t nr_phdrs = 1 + (uint32_t)v->nr_loads + v->null_phdrs;
	struct vc_load note = { 0 };
	uint64_t at;

	v->fd = memfd_create("vmcore", MFD_CLOEXEC);
	if (v->fd < 0)
		vc_die("no memory file");
	snprintf(v->path, sizeof(v->path), "/proc/self/fd/%d", v->fd);
	v->phdr_at = 64;
	v->shdr_at = up(v->phdr_at + nr_phdrs * 56ULL, 8);
	v->notes_at = up(v->shdr_at + 64, VC_PAGE);
	put_notes(v);
	put_header(v, nr_phdrs);
	note.offset = v->notes_at;
	put_phdr(v, v->phdr_at, PT_NOTE, &note, v->notes_len);
	at = up(v->notes_at + v->notes_len, VC_PAGE);
	v->data_at = at;
	for (size_t i = 0; i < v->nr_loads; i++) {
		struct vc_load *l = &v->loads[i];

		/* As the kernel lays them out: congruent to the address, unless SKEW says otherwise. */
		l->offset = at + l->start % VC_PAGE + l->skew;
		at = up(l->offset + (l->end - l->start), VC_PAGE);
		put_phdr(v, v->phdr_at + 56 * (i + 1), PT_LOAD, l, l->end - l->start);
		v->size = l->offset + (l->end - l->start);
	}
	if (ftruncate(v->fd, (off_t)v->size))
		vc_die("a core of %llu bytes", (unsigned long long)v->size);
	for (size_t i = 0; i < v->nr_loads; i++)
		put_data(v, &v->loads[i]);
	for (uint32_t i = 0; i < v->null_phdrs; i += 1024) {	/* PT_NULL is zeros */
		static const uint8_t zeros[56 * 1024];
		uint32_t n = v->null_phdrs - i < 1024 ? v->null_phdrs - i : 1024;

		put(v, zeros, n * 56, v->phdr_at + 56 * (1 + v->nr_loads + i));
	}
}
