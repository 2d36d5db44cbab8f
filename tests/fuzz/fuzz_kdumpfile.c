/* fuzz_kdumpfile - any bytes as a dump, normal or flattened, or as a packed page: read within bounds, or refused. */
/* SPDX-License-Identifier: MIT */
#include <lzo/lzo1x.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "dump/census.h"
#include "dump/kdumpfile.h"
#include "dump/kernel.h"
#include "dump/layout.h"
#include "dump/lzo.h"

/*
 * The input: a byte of flags, two of where to, then bytes. They go over a small sound dump, so that
 * the fuzzer need not find out by itself what a dump begins with.
 */
enum { NORMAL = 1, BARE = 2, MAX_PFN = 4096, SIZE = 9 * 4096, MAX_WALK = 3000 };

static void make_dump(uint8_t *d)
{
	static const char uts[] = "x86_64";

	memset(d, 0, SIZE);
	memcpy(d, "KDUMP   ", 8);
	put_le32(d + 8, 6);
	memcpy(d + 12 + 4 * 65, uts, sizeof(uts));
	put_le32(d + 428, 4096);
	put_le32(d + 432, 1);
	put_le32(d + 436, 2);
	put_le64(d + 4096 + 96, MAX_PFN);
	memset(d + 2 * 4096, 0xff, MAX_PFN / 8);
	memset(d + 3 * 4096, 0x11, 8);
	for (uint64_t i = 0; i < 16; i++) {
		put_le64(d + 4 * 4096 + 24 * i, 5 * 4096 + 100 * i);
		put_le32(d + 4 * 4096 + 24 * i + 8, i % 3 ? 100 : 4096);
		put_le32(d + 4 * 4096 + 24 * i + 12, (uint32_t[]){ 0, 1, 2, 0x20 }[i % 3 ? i % 4 : 0]);
		put_le64(d + 4 * 4096 + 24 * i + 16, DESC_OWNER_MARK | 4 * i);
	}
}

/* The dump as a stream of records, one for each 4096 bytes. */
static size_t flatten(const uint8_t *d, uint8_t *out)
{
	size_t at = FLAT_HEADER_SIZE;

	memset(out, 0, at);
	memcpy(out, FLAT_MAGIC, sizeof(FLAT_MAGIC));
	put_be64(out + 16, 1);
	put_be64(out + 24, 1);
	for (uint64_t from = 0; from < SIZE; from += 4096, at += 16 + 4096) {
		put_be64(out + at, from);
		put_be64(out + at + 8, 4096);
		memcpy(out + at + 16, d + from, 4096);
	}
	memset(out + at, 0xff, 16);
	return at + 16;
}

static size_t make_file(const uint8_t *data, size_t len, uint8_t *out)
{
	uint8_t dump[SIZE];
	size_t size = SIZE, at = get_le16(data + 1);

	if (data[0] & BARE) {
		memcpy(out, data + 3, len - 3);
		return len - 3;
	}
	make_dump(dump);
	if (data[0] & NORMAL)
		memcpy(out, dump, SIZE);
	else
		size = flatten(dump, out);
	at %= size;
	memcpy(out + at, data + 3, len - 3 < size - at ? len - 3 : size - at);
	/* Some are cut behind the change. */
	return data[0] & 4 && at + len - 3 < size ? at + len - 3 : size;
}

static void read_all(const struct kdumpfile *f)
{
	struct kdump_reader *r = kdump_reader_new(f);
	uint8_t page[65536];
	struct kdump_walk w = { 0 };
	pfn_t last = 0;

	for (int n = 0; n < MAX_WALK && kdumpfile_next(r, &w) == 1; n++, w.pfn++) {
		struct kdump_desc d;
		int rc = kdumpfile_desc(r, w.pfn, &d);

		/* The walk rises, and finds what a search finds. */
		if ((n && w.pfn <= last) || w.pfn >= f->head.max_pfn || !rc != w.described)
			abort();
		last = w.pfn;
		if (!rc)
			kdumpfile_page(r, &d, page);
	}
	kdump_reader_free(r);
}

/* The bytes as a stream of LZO, of which liblzo2 thinks the same, and as a page, which comes back. */
static void pack_and_unpack(const uint8_t *data, size_t len)
{
	static struct lzo_packer packer;
	size_t room = data[0] & 1 ? 4096 : 65536, got, packed;
	uint8_t *ours = malloc(room), *theirs = malloc(room), *out = malloc(len + len / 16 + 128);
	lzo_uint n = room;

	got = lzo_unpack(data + 1, len - 1, ours, room);
	if (lzo1x_decompress_safe(data + 1, len - 1, theirs, &n, NULL) != LZO_E_OK)
		n = SIZE_MAX;
	if (got != n || (got != SIZE_MAX && memcmp(ours, theirs, n)))
		abort();
	packed = lzo_pack(&packer, data, len, out);
	if (packed && (lzo_unpack(out, packed, theirs, room) != (len <= room ? len : SIZE_MAX) ||
		       (len <= room && memcmp(theirs, data, len))))
		abort();
	free(ours);
	free(theirs);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t file[1 << 20];
	struct json all, value;
	struct kdumpfile f;
	struct kernel k;
	uint64_t number;
	char path[32], text[64];
	size_t size;
	int fd;

	if (len < 4 || len > sizeof(file) / 2)
		return 0;
	pack_and_unpack(data, len);
	size = make_file(data, len, file);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || pwrite(fd, file, size, 0) != (ssize_t)size)
		abort();
	if (!kdumpfile_open(&f, fd, data[0] & 8, NULL)) {
		read_all(&f);
		kdumpfile_close(&f);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!kernel_open(&k, path, NULL)) {
		uint64_t bits[64];

		memset(bits, 0xff, sizeof(bits));
		if (k.src.ops->drop_absent)
			k.src.ops->drop_absent(&k.src, 0, sizeof(bits) * 8, bits);
		source_read(&k.src, 4096 * 3 + 17, file, 9000);
		kernel_close(&k);
	}
	close(fd);
	/* The manifest beside it is as foreign. */
	if (json_text(&all, (const char *)data, len) && json_path(all, "a.b", &value)) {
		json_string(value, text, sizeof(text));
		json_u64(value, &number);
		while (json_next(&all, &value))
			;
	}
	return 0;
}
