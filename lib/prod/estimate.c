/* estimate - what does a capture kernel need memory for, and how much? */
/* SPDX-License-Identifier: MIT */
#include "prod/estimate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "boot/capture_cmdline.h"
#include "dump/codec.h"
#include "dump/plan.h"
#include "dump/writer.h"

#define MIB ((uint64_t)1 << 20)

enum { MANIFEST_MAX = 256 << 20 };

/*
 * What cannot be calculated, measured with kernels 5.10 to 7.2 of Debian (cloud and generic) in guests: of 80M a
 * capture kernel with a bare init has 16 to 20 MiB left, which these sum up to with those that are calculated.
 */
static const uint64_t slab = 8 * MIB;		/* slab, kernel threads, the watermarks of the allocator */
static const uint64_t per_cpu = 2 * MIB;	/* per-CPU areas, caches and stacks of a CPU */
static const uint64_t headers = 2 * MIB;	/* elfcorehdr (1 MiB with crash hotplug), page tables */
static const uint64_t section = 128 * MIB, section_pages = 2 * MIB;	/* SPARSEMEM: struct pages come in such */
static const uint64_t network = 16 * MIB;	/* rings of a card, socket buffers, TLS or SSH */
static const uint64_t parts = 20 * MIB;		/* four parts of S3, see sink/s3.h */
static const uint64_t dirty = 12 * MIB;		/* pages on their way to the disk, inodes and the journal */
static const uint64_t step = 8 * MIB;
/*
 * A bzImage tells what it takes to be decompressed in place (init_size), which is more than what stays: of Debian's 45 to
 * 56 MiB 26 to 31 do. What is counted less here is no more than what is free again when the rest of the sum is needed.
 */
static const uint64_t most_freed = 24 * MIB;
/* The running kernel: where x86 is linked to, alignment of a reservation, and the initramfs, which is there first. */
static const uint64_t linked_at = 16 * MIB, alignment = 16 * MIB, first_initramfs = 40 * MIB;
/* A plan that gives each of four CPUs what it can use. */
static const uint64_t plan_room = 64 * MIB;

static void put(struct estimate *out, const char *what, uint64_t bytes)
{
	if (!bytes)
		return;
	out->parts[out->n++] = (struct estimate_part){ what, bytes };
	out->reserve += bytes;
}

static uint64_t dump_memory(const struct estimate_facts *f, unsigned cpus)
{
	const struct codec *codec = codec_find(f->compress);
	size_t page = 4096, state = codec ? codec->state_size(page) : 0;
	struct plan p = plan_make(plan_room, cpus, (unsigned)f->threads, page, state, writer_memory());
	/* The bits of the keep map, all of them if they fit. */
	uint64_t bits = f->ram / page / 8;

	return p.total - p.keep_budget + (bits < p.keep_budget ? bits + MIB / 4 : p.keep_budget);
}

static uint64_t kernel_stays(const struct estimate_facts *f)
{
	uint64_t freed = f->x86 ? f->kernel / 4 : 0;

	return f->kernel - (freed < most_freed ? freed : most_freed);
}

/* The reservation is one piece. At a random place (KASLR) the running kernel may part what is there in two. */
static void find_room(struct estimate *out, const struct estimate_facts *f)
{
	uint64_t both = f->kernel + first_initramfs + alignment + out->reserve;

	out->least = both + linked_at;
	if (!f->ram || f->ram >= both + out->reserve + alignment)	/* where nobody says, nothing is refused */
		out->room = ROOM;
	else
		out->room = f->ram >= out->least ? ROOM_NOKASLR : ROOM_NONE;
}

const char *estimate_value(const struct estimate *est, char *text, size_t size)
{
	text[0] = 0;
	if (est->room != ROOM_NONE)
		snprintf(text, size, "%lluM%s", (unsigned long long)(est->reserve / MIB),
			 est->room == ROOM_NOKASLR ? " nokaslr" : "");
	return text;
}

const char *estimate_no_room(const struct estimate *est, const struct estimate_facts *f, char *text, size_t size)
{
	snprintf(text, size, "no crashkernel= fits into %llu MiB of memory: the capture kernel needs %llu MiB in one piece "
		 "beside the running one, so a machine needs %llu MiB", (unsigned long long)(f->ram / MIB),
		 (unsigned long long)(est->reserve / MIB), (unsigned long long)(est->least / MIB));
	return text;
}

void estimate_make(struct estimate *out, const struct estimate_facts *f)
{
	uint64_t sections;

	*out = (struct estimate){ .cpus = f->nr_cpus ? f->nr_cpus : capture_nr_cpus(f->cpus, section) };
	if (out->cpus > f->cpus && f->cpus)
		out->cpus = f->cpus;
	put(out, "kernel", kernel_stays(f));
	put(out, "slab and reserves of the kernel", slab);
	put(out, "processors", out->cpus * per_cpu);
	put(out, "ELF headers and page tables", headers);
	put(out, "initramfs, packed", f->packed);
	put(out, "initramfs, unpacked", f->unpacked);
	put(out, "modules", f->modules + f->modules / 2);
	put(out, "network", f->remote ? network : 0);
	put(out, "parts for the store", f->store ? parts : 0);
	put(out, "drivers known to take much", f->drivers);
	put(out, "buffers of the dump", dump_memory(f, out->cpus));
	put(out, "page cache and dirty pages", dirty);
	/* Of the reservation itself, wherever it lies, and of the first megabyte. */
	sections = (out->reserve + section - 1) / section + 2;
	put(out, "struct pages", sections * section_pages);
	out->reserve = (out->reserve + step - 1) / step * step;
	find_room(out, f);
}

uint64_t estimate_kernel(const void *image, size_t len)
{
	const uint8_t *p = image;

	if (len >= 0x264 && !memcmp(p + 0x202, "HdrS", 4) && get_le16(p + 0x206) >= 0x20a)
		return get_le32(p + 0x260);
	if (len >= 64 && !memcmp(p + 0x38, "ARM\x64", 4))
		return get_le64(p + 16);
	return 6 * (uint64_t)len;
}

const struct estimate_peer estimate_peers[] = {
	{ "RHEL 10, Fedora", "2G-64G:256M,64G-:512M", "2G-4G:256M,4G-64G:320M,64G-:576M", NULL },
	{ "RHEL 9", "1G-4G:192M,4G-64G:256M,64G-:512M", NULL, NULL },
	{ "Debian", "512M-:192M", NULL, NULL },
	{ "Ubuntu", "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M",
	  "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M", NULL },
	{ "SONiC", "0M-2G:256M,2G-4G:320M,4G-8G:384M,8G-:448M", "0M-2G:256M,2G-4G:320M,4G-8G:384M,8G-:448M", NULL },
	{ "SUSE", NULL, NULL, "kdumptool calibrate adds what was measured with SUSE's own kernels (calibrate.conf)" },
	{ NULL, NULL, NULL, NULL },
};

/* As memparse of the kernel: a number with K, M, G, T behind it. */
static uint64_t size_of(const char **at)
{
	static const char units[] = "KMGT";
	char *end;
	uint64_t n = strtoull(*at, &end, 0);
	const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;

	*at = end + (unit != NULL);
	return unit ? n << (10 * (unit - units + 1)) : n;
}

uint64_t estimate_ranges(const char *value, uint64_t ram)
{
	uint64_t start, end;

	ram = (ram + section - 1) / section * section;
	if (!value[strcspn(value, ":")])
		return size_of(&value);
	while (*value) {
		start = size_of(&value);
		if (*value++ != '-')
			return 0;
		end = *value == ':' ? UINT64_MAX : size_of(&value);
		if (*value++ != ':')
			return 0;
		if (ram >= start && ram < end)
			return size_of(&value);
		value += strcspn(value, ",");
		value += *value == ',';
	}
	return 0;
}

static bool read_last(struct estimate_last *out, const char *dir, const char *name)
{
	char path[PATH_MAX], *text;
	struct json top, total, lowest;
	size_t len;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s/manifest.json", dir, name);
	if (read_file(path, MANIFEST_MAX, &text, &len, NULL))
		return false;
	ok = json_text(&top, text, len) && json_path(top, "memory.total", &total) && json_u64(total, &out->total) &&
	     json_path(top, "memory.lowest", &lowest) && json_u64(lowest, &out->lowest);
	free(text);
	if (ok)
		snprintf(out->name, sizeof(out->name), "%s", name);
	return ok;
}

/* Directories are named by address and time: of one machine the greatest name is the newest. */
bool estimate_last(struct estimate_last *out, const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, alphasort);
	bool found = false;

	for (int i = n - 1; i >= 0; i--) {
		found = found || (list[i]->d_name[0] != '.' && read_last(out, dir, list[i]->d_name));
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}
