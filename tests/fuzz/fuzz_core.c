/* fuzz_core - a good core with the input's patches: saved within bounds, whatever they hit. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib_run.h"

/*
 * The input: a byte that chooses kernel and dump level, then patches: a byte that names an area, two
 * that say where in it, one for the length, and the bytes. No input at all is the good core.
 */
enum { MAX_PATCHES = 32, MAX_PATCH = 64, MAX_AREA = 1 << 16 };

#define SMALL "image 0x15e8000 0xffffffff82000000 24\nring 4 8\nsections 22\nvmemmap 4k\ndirectmap 2m\n" \
	"cpus 2\nrsp 0 0xffff888001600000\nram 24M 0x1820000\npages 0x1800+8 anon\npages 0x1808+4 free 2\n" \
	"pages 0x1810+8 cache 3\npages 0x1818+4 hugetlb 2\npages 0x181c+2 slab\n"

static const char *const kernels[] = {
	"kernel 6.1\n" SMALL, "kernel 6.6\n" SMALL, "kernel 6.12\nlevels 5\n" SMALL, "kernel 6.12\nsme 47\n" SMALL,
};

enum { KERNELS = sizeof(kernels) / sizeof(kernels[0]) };

struct undo {
	uint64_t at;
	size_t   len;
	uint8_t  bytes[MAX_PATCH];
};

static struct vmcore *cores[KERNELS];

static void make_cores(void)
{
	for (int i = 0; i < KERNELS; i++) {
		cores[i] = vmcore_make(kernels[i]);
		if (!cores[i])
			abort();
	}
}

/* Where in the file a patch goes: areas of the headers, the notes, the image and the memory map. */
static uint64_t place(const struct vmcore *v, uint8_t area, uint16_t at)
{
	const struct { uint64_t at, len; } areas[] = {
		{ 0, 64 }, { v->phdr_at, 4 * 56 }, { v->notes_at, v->notes_len }, { v->info_at, v->info_len },
		{ v->loads[0].offset, v->loads[0].end - v->loads[0].start },
		{ v->loads[1].offset, v->loads[1].end - v->loads[1].start },
		{ vmcore_offset(v, vc_struct_page(v, 0x1800)), 32 * 64 },
		{ vmcore_offset(v, v->top), 4096 },
	};
	size_t i = area % (sizeof(areas) / sizeof(areas[0]));

	return areas[i].at + at % areas[i].len;
}

static size_t patch(const struct vmcore *v, const uint8_t *data, size_t len, struct undo *undos)
{
	size_t n = 0;

	while (len > 4 && n < MAX_PATCHES) {
		struct undo *u = &undos[n];
		size_t size = data[3] % MAX_PATCH + 1u;
		ssize_t got;

		if (size > len - 4)
			size = len - 4;
		u->at = place(v, data[0], (uint16_t)(data[1] | data[2] << 8));
		got = pread(v->fd, u->bytes, size, (off_t)u->at);
		u->len = got > 0 ? (size_t)got : 0;
		if (pwrite(v->fd, data + 4, u->len, (off_t)u->at) != (ssize_t)u->len)
			abort();
		data += 4 + size;
		len -= 4 + size;
		n++;
	}
	return n;
}

/* Sections and bits of hundreds of GiB are honest work, but not for a fuzzer. */
static bool is_small(const char *path)
{
	struct kernel k;
	bool small;

	if (kernel_open(&k, path, NULL))
		return true;
	small = source_max_pfn(&k.src) <= 1 << 26;
	kernel_close(&k);
	return small;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct undo undos[MAX_PATCHES];
	struct run_how how = { .codec = "lzo", .to = "null:" };
	static struct run r;
	struct vmcore *v;
	size_t n;

	if (!cores[0])
		make_cores();
	if (!len)
		return 0;
	v = cores[data[0] % KERNELS];
	how.level = data[0] >> 3;
	n = patch(v, data + 1, len - 1, undos);
	if (is_small(v->path)) {
		run_save(&r, v->path, &how);
		/* It went nowhere, so it is sent at best; a failure says why. */
		if (r.save.verdict == VERDICT_COMPLETE || (r.rc && (!r.e.msg[0] || strchr(r.e.msg, '\n'))))
			abort();
		run_free(&r);
	}
	while (n--)
		if (pwrite(v->fd, undos[n].bytes, undos[n].len, (off_t)undos[n].at) != (ssize_t)undos[n].len)
			abort();
	return 0;
}
