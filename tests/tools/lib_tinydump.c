/* lib_tinydump - small kdump-compressed dumps, made by hand page by page, normal or flattened. */
/* SPDX-License-Identifier: MIT */
#include "lib_tinydump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "dump/codec.h"

void tiny_bytes(uint64_t pfn, bool zero, uint8_t *out)
{
	for (int i = 0; i < TINY_BLOCK; i++)
		out[i] = zero ? 0 : (uint8_t)(1 + (pfn * 37 + (uint64_t)i / 16) % 255);
}

/* Packed bytes of a page into out. Returns their length. */
static size_t pack(const char *kind, uint64_t pfn, uint8_t *out, uint32_t *flags)
{
	const struct codec *c = codec_find(strcmp(kind, "raw") ? kind : "none");
	uint8_t page[TINY_BLOCK];
	size_t n;
	void *state;

	tiny_bytes(pfn, false, page);
	if (!strcmp(kind, "snappy")) {
		memcpy(out, page, 100);
		*flags = PAGE_SNAPPY;
		return 100;
	}
	state = calloc(1, c->state_size(TINY_BLOCK));
	if (!state || c->init(state, TINY_BLOCK))
		abort();
	n = c->pack(state, page, TINY_BLOCK, out);
	free(state);
	*flags = n ? c->flag : PAGE_RAW;
	if (!n)
		memcpy(out, page, n = TINY_BLOCK);
	return n;
}

static void put_desc(uint8_t *d, uint64_t at, uint64_t size, uint32_t flags, uint64_t owner)
{
	put_le64(d, at);
	put_le32(d + 8, (uint32_t)size);
	put_le32(d + 12, flags);
	put_le64(d + 16, owner);
}

static void put_heads(struct tiny_dump *t, uint64_t map_blocks)
{
	static const char *const uts[] = { "Linux", "tiny", "6.1.0-tiny", "#1", "x86_64", "(none)" };
	uint8_t *h = t->bytes, *s = t->bytes + t->sub_at;

	memcpy(h, "KDUMP   ", 8);
	put_le32(h + 8, 6);
	for (int i = 0; i < 6; i++)
		strcpy((char *)h + 12 + 65 * i, uts[i]);
	put_le64(h + 408, 1234567890);
	put_le32(h + 424, PAGE_ZSTD);
	put_le32(h + 428, TINY_BLOCK);
	put_le32(h + 432, 1);
	put_le32(h + 436, (uint32_t)(2 * map_blocks));
	put_le32(h + 440, (uint32_t)t->max_pfn);
	put_le32(h + 460, 3);
	put_le64(s, 0x1000000);
	put_le32(s + 8, 1);
	put_le64(s + 48, t->sub_at + 104);
	put_le64(s + 56, 20);		/* one empty note */
	put_le64(s + 96, t->max_pfn);
}

void tiny_dump_make(struct tiny_dump *t, const struct tiny_page *pages, size_t n, uint64_t max_pfn,
		    bool owners)
{
	uint64_t map_blocks = (max_pfn / 8 + TINY_BLOCK) / TINY_BLOCK, at;

	*t = (struct tiny_dump){ .max_pfn = max_pfn, .nr = n, .sub_at = TINY_BLOCK };
	t->bitmap1_at = 2 * TINY_BLOCK;
	t->bitmap2_at = t->bitmap1_at + map_blocks * TINY_BLOCK;
	t->descs_at = t->bitmap2_at + map_blocks * TINY_BLOCK;
	t->data_at = t->descs_at + 24 * n;
	t->bytes = calloc(1, t->data_at + (n + 1) * codec_bound(TINY_BLOCK));
	if (!t->bytes)
		abort();
	put_heads(t, map_blocks);
	for (uint64_t pfn = 0; pfn < max_pfn; pfn++)
		t->bytes[t->bitmap1_at + pfn / 8] |= (uint8_t)(1 << pfn % 8);
	at = t->data_at + TINY_BLOCK;	/* behind the page of zeros */
	for (size_t i = 0; i < n; i++) {
		uint8_t *d = t->bytes + t->descs_at + 24 * i;
		uint64_t owner = owners ? 0x4b44ULL << 48 | pages[i].pfn : 0, len;
		uint32_t flags;

		t->bytes[t->bitmap2_at + pages[i].pfn / 8] |= (uint8_t)(1 << pages[i].pfn % 8);
		if (!strcmp(pages[i].kind, "empty"))
			continue;
		if (!strcmp(pages[i].kind, "zero")) {
			put_desc(d, t->data_at, TINY_BLOCK, PAGE_RAW, owner);
			continue;
		}
		len = pack(pages[i].kind, pages[i].pfn, t->bytes + at, &flags);
		put_desc(d, at, len, flags, owner);
		at += len;
	}
	t->size = at;
}

void tiny_dump_free(struct tiny_dump *t)
{
	free(t->bytes);
	t->bytes = NULL;
}

uint8_t *tiny_flatten(const uint8_t *dump, const struct tiny_record *records, size_t n, bool end,
		      uint64_t *size)
{
	uint64_t at = 4096;
	uint8_t *out;

	*size = 4096 + 16;
	for (size_t i = 0; i < n; i++)
		*size += 16 + records[i].len;
	out = calloc(1, *size);
	if (!out)
		abort();
	memcpy(out, "makedumpfile", 12);
	put_be64(out + 16, 1);
	put_be64(out + 24, 1);
	for (size_t i = 0; i < n; i++) {
		put_be64(out + at, records[i].at);
		put_be64(out + at + 8, records[i].len);
		memcpy(out + at + 16, dump + records[i].at, records[i].len);
		at += 16 + records[i].len;
	}
	memset(out + at, 0xff, 16);
	if (!end)
		*size -= 16;
	return out;
}

int tiny_file(const void *bytes, uint64_t size, char *path)
{
	int fd = memfd_create("tiny", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}
