/* lib_vmcore - small ELF cores of invented x86_64 kernels: the description read. */
/* SPDX-License-Identifier: MIT */
#include "lib_vmcore.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"

enum { MAX_WORDS = 10 };

/* When a statement takes effect. */
enum { BEFORE, MEMORY, FINISHED };

struct statement {
	const char *name;
	int         when, min, max;		/* words behind the name */
	bool      (*run)(struct vmcore *v, char **w, int n, const char *line);
};

void vc_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "vmcore description: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	abort();
}

static bool number(const char *w, uint64_t *out)
{
	char *end;

	*out = strtoull(w, &end, 0);
	if (end == w)
		return false;
	if (*end == 'K' || *end == 'M' || *end == 'G')
		*out <<= *end == 'K' ? 10 : *end == 'M' ? 20 : 30, end++;
	return !*end;
}

static bool range(char *w, uint64_t *first, uint64_t *n)
{
	char *plus = strchr(w, '+');

	*n = 1;
	if (plus)
		*plus = 0;
	return number(w, first) && (!plus || number(plus + 1, n));
}

static bool do_kernel(struct vmcore *v, char **w, int n, const char *line)
{
	(void)n;
	(void)line;
	v->style = vc_style_find(w[0]);
	return v->style;
}

static bool do_number(struct vmcore *v, char **w, int n, const char *line)
{
	uint64_t a = 0, b = 0, c = 0;

	if (!number(w[0], &a) || (n > 1 && !number(w[1], &b)) || (n > 2 && !number(w[2], &c)))
		return false;
	if (!strncmp(line, "levels", 6))
		v->levels = (int)a;
	else if (!strncmp(line, "sections", 8))
		v->section_bits = (unsigned)a;
	else if (!strncmp(line, "sme", 3))
		v->sme = 1ULL << a;
	else if (!strncmp(line, "cpus", 4))
		v->cpus = (unsigned)a;
	else if (!strncmp(line, "rsp", 3) && a < VC_MAX_CPUS)
		v->rsp[a] = b;
	else if (!strncmp(line, "xnum", 4))
		v->xnum = true, v->null_phdrs = (uint32_t)a;
	else if (!strncmp(line, "ring", 4))
		v->ring.count_bits = (unsigned)a, v->ring.size_bits = (unsigned)b;
	else if (!strncmp(line, "image", 5))
		v->image_pa = a, v->image_va = b, v->image_pages = c;
	return v->cpus <= VC_MAX_CPUS && (v->levels == 4 || v->levels == 5);
}

static bool do_switch(struct vmcore *v, char **w, int n, const char *line)
{
	(void)w;
	(void)n;
	if (!strncmp(line, "noinfo", 6))
		v->no_info = true;
	else
		v->ring.exact_end = true;
	return true;
}

static bool do_mapping(struct vmcore *v, char **w, int n, const char *line)
{
	(void)n;
	if (!strncmp(line, "vmemmap", 7)) {
		v->small_memmap = !strcmp(w[0], "4k");
		return v->small_memmap || !strcmp(w[0], "2m");
	}
	v->direct_shift = !strcmp(w[0], "1g") ? 30 : !strcmp(w[0], "2m") ? 21 : 12;
	return v->direct_shift != 12 || !strcmp(w[0], "4k");
}

static bool do_edit(struct vmcore *v, char **w, int n, const char *line)
{
	(void)w;
	(void)n;
	if (v->nr_edits == VC_MAX_EDITS)
		return false;
	v->edits[v->nr_edits++] = line;
	return true;
}

static bool do_load(struct vmcore *v, char **w, int n, const char *line)
{
	struct vc_load l = { 0 };

	if (v->nr_loads == VC_MAX_LOADS || !number(w[0], &l.start) || !number(w[1], &l.end) ||
	    (n > 2 && !number(w[2], &l.skew)) || l.start >= l.end)
		return false;
	l.vaddr = (v->levels == 5 ? 0xff11000000000000ULL : 0xffff888000000000ULL) + l.start;
	v->loads[v->nr_loads++] = l;
	if (!strncmp(line, "ram", 3)) {
		if (v->nr_ram + 1 != v->nr_loads)
			vc_die("aliases come after all ram");
		v->nr_ram = v->nr_loads;
	}
	return true;
}

static bool do_pages(struct vmcore *v, char **w, int n, const char *line)
{
	uint64_t first, count, order = 0;

	(void)line;
	return range(w[0], &first, &count) && (n < 3 || (number(w[2], &order) && order < 40)) &&
	       vc_pages(v, first, count, w[1], (int)order);
}

static bool do_poison(struct vmcore *v, char **w, int n, const char *line)
{
	uint64_t first, count;

	(void)n;
	(void)line;
	if (!range(w[0], &first, &count))
		return false;
	vc_poison(v, first, count);
	return true;
}

static bool do_fill(struct vmcore *v, char **w, int n, const char *line)
{
	uint64_t first, count;

	(void)n;
	(void)line;
	return range(w[0], &first, &count) && vc_fill(v, first, count, w[1]);
}

static bool do_log(struct vmcore *v, char **w, int n, const char *line)
{
	uint64_t value;

	if (!strncmp(line, "logset", 6))
		return n == 2 && number(w[1], &value) && vc_log_set(v, w[0], value);
	line = strstr(line, w[0]) + strlen(w[0]);
	vc_log(v, w[0], *line == ' ' ? line + 1 : line);
	return true;
}

uint64_t vmcore_offset(const struct vmcore *v, uint64_t pa)
{
	for (size_t i = 0; i < v->nr_loads; i++)
		if (pa >= v->loads[i].start && pa < v->loads[i].end)
			return v->loads[i].offset + (pa - v->loads[i].start);
	return UINT64_MAX;
}

uint64_t vmcore_where(const struct vmcore *v, const char *where)
{
	const struct { const char *name; uint64_t at; } names[] = {
		{ "ehdr", 0 }, { "phdr", v->phdr_at }, { "shdr", v->shdr_at }, { "notes", v->notes_at },
		{ "vmcoreinfo", v->info_at }, { "data", v->data_at }, { "end", v->size },
		{ "table", vmcore_offset(v, v->top) },
	};
	const char *plus = strchr(where, '+');
	uint64_t add = 0, base = UINT64_MAX, n;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", plus ? (int)(plus - where) : (int)strlen(where), where);
	if (plus && !number(plus + 1, &add))
		return UINT64_MAX;
	if (number(name, &n))
		base = n;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, name))
			base = names[i].at;
	if (!strncmp(name, "pa=", 3) && number(name + 3, &n))
		base = vmcore_offset(v, n);
	if (!strncmp(name, "page=", 5) && number(name + 5, &n))
		base = vmcore_offset(v, vc_struct_page(v, n));
	return base == UINT64_MAX ? base : base + add;
}

/* A byte of the file; if it is memory, in all places that hold it. */
static bool poke_byte(struct vmcore *v, uint64_t at, uint8_t byte)
{
	uint64_t pa = UINT64_MAX;

	for (size_t i = 0; i < v->nr_loads; i++)
		if (at >= v->loads[i].offset && at - v->loads[i].offset < v->loads[i].end - v->loads[i].start)
			pa = v->loads[i].start + (at - v->loads[i].offset);
	if (pa == UINT64_MAX)
		return pwrite(v->fd, &byte, 1, (off_t)at) == 1;
	v->mem[pa] = byte;
	for (size_t i = 0; i < v->nr_loads; i++)
		if (pa >= v->loads[i].start && pa < v->loads[i].end &&
		    pwrite(v->fd, &byte, 1, (off_t)(v->loads[i].offset + (pa - v->loads[i].start))) != 1)
			return false;
	return true;
}

static bool do_poke(struct vmcore *v, char **w, int n, const char *line)
{
	uint64_t at = vmcore_where(v, w[0]);

	if (!strncmp(line, "cut", 3)) {
		v->size = at;
		return at != UINT64_MAX && !ftruncate(v->fd, (off_t)at);
	}
	for (int i = 1; at != UINT64_MAX && i < n; i++, at++)
		if (!poke_byte(v, at, (uint8_t)strtoul(w[i], NULL, 16)))
			return false;
	return at != UINT64_MAX;
}

static const struct statement statements[] = {
	{ "kernel", BEFORE, 1, 1, do_kernel }, { "levels", BEFORE, 1, 1, do_number },
	{ "sections", BEFORE, 1, 1, do_number }, { "image", BEFORE, 3, 3, do_number },
	{ "vmemmap", BEFORE, 1, 1, do_mapping }, { "directmap", BEFORE, 1, 1, do_mapping },
	{ "sme", BEFORE, 1, 1, do_number }, { "cpus", BEFORE, 1, 1, do_number }, { "rsp", BEFORE, 2, 2, do_number },
	{ "ring", BEFORE, 2, 2, do_number }, { "ring6.18", BEFORE, 0, 0, do_switch },
	{ "key", BEFORE, 1, MAX_WORDS, do_edit }, { "nokey", BEFORE, 1, 1, do_edit },
	{ "noinfo", BEFORE, 0, 0, do_switch }, { "xnum", BEFORE, 1, 1, do_number },
	{ "ram", BEFORE, 2, 3, do_load }, { "alias", BEFORE, 2, 3, do_load },
	{ "pages", MEMORY, 2, 3, do_pages }, { "poison", MEMORY, 1, 1, do_poison },
	{ "fill", MEMORY, 2, 2, do_fill }, { "log", MEMORY, 1, MAX_WORDS, do_log },
	{ "logset", MEMORY, 2, 2, do_log },
	{ "poke", FINISHED, 2, MAX_WORDS, do_poke }, { "cut", FINISHED, 1, 1, do_poke },
	{ "expect", FINISHED + 1, 0, MAX_WORDS, NULL },
};

static bool run_line(struct vmcore *v, const char *line, int when)
{
	char copy[512], *words[MAX_WORDS + 1], *save;
	int n = 0;

	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
	if (strncmp(line, "log", 3) && strchr(copy, '#'))
		*strchr(copy, '#') = 0;
	for (char *w = strtok_r(copy, " \t", &save); w && n <= MAX_WORDS; w = strtok_r(NULL, " \t", &save))
		words[n++] = w;
	if (!n)
		return true;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		const struct statement *s = &statements[i];

		if (strcmp(s->name, words[0]))
			continue;
		if (n - 1 < s->min || (n - 1 > s->max && s->max < MAX_WORDS))
			return false;
		return s->when != when || s->run(v, words + 1, n - 1, line);
	}
	return false;
}

static bool run(struct vmcore *v, const char *text, int when)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		line += strspn(line, " \t");
		if (run_line(v, line, when))
			continue;
		fprintf(stderr, "vmcore description: wrong: %.*s\n", (int)strcspn(line, "\n"), line);
		return false;
	}
	return true;
}

struct vmcore *vmcore_make(const char *description)
{
	struct vmcore *v = calloc(1, sizeof(*v));

	if (!v)
		vc_die("no memory");
	*v = (struct vmcore){
		.style = vc_style_find("6.12"), .levels = 4, .section_bits = 27, .direct_shift = 30,
		.image_pa = 0x15c0000, .image_va = 0xffffffff82000000, .image_pages = 64, .cpus = 1,
		.ring = { .count_bits = 5, .size_bits = 10 }, .mem_fd = -1, .fd = -1, .nr_loads = 2, .nr_ram = 2,
	};
	v->text = strdup(description);
	if (v->text && run(v, v->text, BEFORE)) {
		vc_memory_build(v);
		if (run(v, v->text, MEMORY)) {
			vc_file_write(v);
			if (run(v, v->text, FINISHED))
				return v;
		}
	}
	vmcore_free(v);
	return NULL;
}

struct vmcore *vmcore_make_file(const char *path)
{
	struct err e = { 0 };
	struct vmcore *v;
	size_t len;
	char *text;

	if (read_file(path, 1 << 20, &text, &len, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return NULL;
	}
	v = vmcore_make(text);
	free(text);
	return v;
}

struct vmcore *vmcore_print(const char *fmt, ...)
{
	struct vmcore *v;
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		vc_die("no memory");
	va_end(ap);
	v = vmcore_make(text);
	free(text);
	if (!v)
		abort();
	return v;
}

void vmcore_free(struct vmcore *v)
{
	if (v->mem)
		munmap(v->mem, v->mem_size);
	if (v->mem_fd >= 0)
		close(v->mem_fd);
	if (v->fd >= 0)
		close(v->fd);
	free(v->text);
	free(v);
}

bool vmcore_has(const struct vmcore *v, uint64_t pfn)
{
	for (size_t i = 0; i < v->nr_loads; i++)
		if (pfn * VC_PAGE >= v->loads[i].start && (pfn + 1) * VC_PAGE <= v->loads[i].end)
			return true;
	return false;
}

void vmcore_page(const struct vmcore *v, uint64_t pfn, uint8_t *out)
{
	memset(out, 0, VC_PAGE);
	if (pread(v->mem_fd, out, VC_PAGE, (off_t)(pfn * VC_PAGE)) < 0)
		vc_die("read page %#llx", (unsigned long long)pfn);
}

uint64_t vmcore_max_pfn(const struct vmcore *v)
{
	uint64_t end = 0;

	for (size_t i = 0; i < v->nr_loads; i++)
		end = v->loads[i].end / VC_PAGE > end ? v->loads[i].end / VC_PAGE : end;
	return end;
}
