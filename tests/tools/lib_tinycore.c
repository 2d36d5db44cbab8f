/* lib_tinycore - an ELF core of any machine from its PT_LOADs, its vmcoreinfo and bytes put into memory. */
/* SPDX-License-Identifier: MIT */
#include "lib_tinycore.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"

enum { NOTES = 4096, ALIGN = 64 << 10, PRSTATUS = 392 };

static void die(const char *what)
{
	fprintf(stderr, "tinycore: %s\n", what);
	abort();
}

static void write_at(const struct tinycore *c, uint64_t at, const void *bytes, size_t len)
{
	if (pwrite(c->fd, bytes, len, (off_t)at) != (ssize_t)len)
		die("pwrite");
}

static size_t note(uint8_t *out, const char *name, uint32_t type, const void *desc, size_t len)
{
	size_t name_len = strlen(name) + 1, padded = (name_len + 3) & ~(size_t)3;

	put_le32(out, (uint32_t)name_len);
	put_le32(out + 4, (uint32_t)len);
	put_le32(out + 8, type);
	memcpy(out + 12, name, name_len);
	memcpy(out + 12 + padded, desc, len);
	return 12 + padded + ((len + 3) & ~(size_t)3);
}

/* Where the PT_LOAD's bytes stand: inside those of an earlier one that holds it, or behind them all. */
static uint64_t place(struct tinycore *c, size_t i, uint64_t *end)
{
	const struct tiny_load *l = &c->loads[i];

	for (size_t j = 0; j < i; j++)
		if (c->loads[j].start <= l->start && l->end <= c->loads[j].end)
			return c->offset[j] + (l->start - c->loads[j].start);
	*end += l->end - l->start;
	return *end - (l->end - l->start);
}

static void write_headers(const struct tinycore *c, uint16_t machine, uint64_t notes_len)
{
	Elf64_Ehdr eh = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = machine, .e_version = EV_CURRENT, .e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = (uint16_t)(c->nr_loads + 1),
	};
	Elf64_Phdr ph = { .p_type = PT_NOTE, .p_offset = NOTES, .p_filesz = notes_len, .p_memsz = notes_len };

	write_at(c, 0, &eh, sizeof(eh));
	write_at(c, sizeof(eh), &ph, sizeof(ph));
	for (size_t i = 0; i < c->nr_loads; i++) {
		const struct tiny_load *l = &c->loads[i];

		ph = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = c->offset[i], .p_vaddr = l->vaddr,
				   .p_paddr = l->start, .p_filesz = l->end - l->start,
				   .p_memsz = l->end - l->start };
		write_at(c, sizeof(eh) + (i + 1) * sizeof(ph), &ph, sizeof(ph));
	}
}

struct tinycore *tiny_make(uint16_t machine, const struct tiny_load *loads, size_t n, const char *info,
			   uint64_t sp)
{
	struct tinycore *c = calloc(1, sizeof(*c));
	uint8_t prstatus[PRSTATUS] = { 0 }, *notes = calloc(1, ALIGN);
	uint64_t end = ALIGN;
	size_t len = 0;

	if (!c || !notes || n > TINY_LOADS || (info && strlen(info) > ALIGN - NOTES - 1024))
		die("too large");
	c->fd = memfd_create("tinycore", MFD_CLOEXEC);
	snprintf(c->path, sizeof(c->path), "/proc/self/fd/%d", c->fd);
	for (size_t i = 0; i < n; i++) {
		c->loads[i] = loads[i];
		c->offset[i] = place(c, i, &end);
		c->nr_loads++;
	}
	if (c->fd < 0 || ftruncate(c->fd, (off_t)end))
		die("memfd");
	put_le64(prstatus + 112 + (machine == EM_AARCH64 ? 31 : 19) * 8, sp);
	if (info)
		len = note(notes, "VMCOREINFO", 0, info, strlen(info));
	len += note(notes + len, "CORE", NT_PRSTATUS, prstatus, sizeof(prstatus));
	write_at(c, NOTES, notes, len);
	write_headers(c, machine, len);
	free(notes);
	return c;
}

void tiny_free(struct tinycore *c)
{
	close(c->fd);
	free(c);
}

void tiny_put(struct tinycore *c, uint64_t pa, const void *bytes, size_t len)
{
	for (size_t i = 0; i < c->nr_loads; i++) {
		const struct tiny_load *l = &c->loads[i];

		if (pa < l->start || pa >= l->end || len > l->end - pa)
			continue;
		write_at(c, c->offset[i] + (pa - l->start), bytes, len);
		return;
	}
	die("no such memory");
}

void tiny_put64(struct tinycore *c, uint64_t pa, uint64_t value)
{
	uint8_t raw[8];

	put_le64(raw, value);
	tiny_put(c, pa, raw, sizeof(raw));
}

void tiny_put32(struct tinycore *c, uint64_t pa, uint32_t value)
{
	uint8_t raw[4];

	put_le32(raw, value);
	tiny_put(c, pa, raw, sizeof(raw));
}
