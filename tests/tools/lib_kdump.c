/* lib_kdump - read a kdump-compressed file, strictly, for tests: shares nothing with the writer. */
/* SPDX-License-Identifier: MIT */
#include "lib_kdump.h"

#include <lzo/lzo1x.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* The machine that runs the tests is little-endian, as the file is. */
static uint32_t u32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, 4);
	return n;
}

static uint64_t u64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, 8);
	return n;
}

static bool bad(struct kdump *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool bad(struct kdump *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->why, sizeof(k->why), fmt, ap);
	va_end(ap);
	return false;
}

static bool zeros(const uint8_t *p, uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		if (p[from])
			return false;
	return true;
}

/* Offsets: the table of disk_dump_header and kdump_sub_header for 64-bit machines. */
static bool read_headers(struct kdump *k)
{
	const uint8_t *h = k->file, *s;

	if (k->size < 4096 || memcmp(h, "KDUMP   ", 8))
		return bad(k, "no KDUMP signature");
	k->version = u32(h + 8);
	for (int i = 0; i < 6; i++) {
		k->uts[i] = (const char *)h + 12 + 65 * i;
		if (memchr(k->uts[i], 0, 65) == NULL)
			return bad(k, "utsname field %d has no end", i);
	}
	k->timestamp = u64(h + 408);
	k->status = u32(h + 424);
	k->block = u32(h + 428);
	k->sub_blocks = u32(h + 432);
	k->bitmap_blocks = u32(h + 436);
	k->max_mapnr_32 = u32(h + 440);
	k->nr_cpus = u32(h + 460);
	if (k->version != 6 || k->block < 4096 || k->block > 65536 || (k->block & (k->block - 1)))
		return bad(k, "version %u, block %u", k->version, k->block);
	if (!zeros(h, 402, 408) || !zeros(h, 416, 424) || !zeros(h, 444, 460) || !zeros(h, 464, k->block))
		return bad(k, "the header has bytes where none are defined");
	if (2ULL * k->block > k->size || !k->sub_blocks)
		return bad(k, "no sub header");
	s = h + k->block;
	k->phys_base = u64(s);
	k->level = u32(s + 8);
	k->split = u32(s + 12);
	k->vmcoreinfo_at = u64(s + 32);
	k->vmcoreinfo_len = u64(s + 40);
	k->note_at = u64(s + 48);
	k->note_len = u64(s + 56);
	k->max_mapnr = u64(s + 96);
	if (!zeros(s, 16, 32) || !zeros(s, 64, 96))
		return bad(k, "the sub header has bytes where none are wanted");
	return true;
}

static bool find_parts(struct kdump *k)
{
	uint64_t at = (1ULL + k->sub_blocks) * k->block, end = at + (uint64_t)k->bitmap_blocks * k->block;

	k->bitmap_bytes = (uint64_t)k->bitmap_blocks / 2 * k->block;
	if (k->bitmap_blocks % 2 || k->bitmap_bytes * 8 < k->max_mapnr)
		return bad(k, "%u bitmap blocks for %llu pages", k->bitmap_blocks, (unsigned long long)k->max_mapnr);
	if (end > k->size)
		return bad(k, "bitmaps end at %llu, the file at %llu", (unsigned long long)end,
			   (unsigned long long)k->size);
	if (k->note_at != k->block + 104 || k->note_at + k->note_len > at)
		return bad(k, "notes do not lie behind the sub header");
	if (k->vmcoreinfo_len && (k->vmcoreinfo_at < k->note_at ||
				  k->vmcoreinfo_at + k->vmcoreinfo_len > k->note_at + k->note_len))
		return bad(k, "vmcoreinfo does not lie in the notes");
	if (!zeros(k->file, k->note_at + k->note_len, at))
		return bad(k, "bytes between notes and bitmap");
	k->bitmap1 = k->file + at;
	k->bitmap2 = k->bitmap1 + k->bitmap_bytes;
	k->descs = k->file + end;
	return true;
}

static bool rank_bits(struct kdump *k)
{
	k->rank = calloc(k->bitmap_bytes / 8 + 1, sizeof(*k->rank));
	if (!k->rank)
		return bad(k, "no memory");
	for (uint64_t i = 0; i < k->bitmap_bytes / 8; i++) {
		uint64_t ram = u64(k->bitmap1 + i * 8), kept = u64(k->bitmap2 + i * 8);

		k->rank[i] = (uint32_t)k->nr_kept;
		k->nr_kept += (uint64_t)__builtin_popcountll(kept);
		if (kept & ~ram)
			return bad(k, "a page is kept that is not RAM, near %#llx", (unsigned long long)i * 64);
	}
	for (uint64_t pfn = k->max_mapnr; pfn < k->bitmap_bytes * 8; pfn++)
		if (kdump_is_ram(k, pfn))
			return bad(k, "page %#llx lies beyond max_mapnr", (unsigned long long)pfn);
	if ((uint64_t)(k->descs - k->file) + k->nr_kept * 24 > k->size)
		return bad(k, "%llu descriptors do not fit the file", (unsigned long long)k->nr_kept);
	return true;
}

bool kdump_open(struct kdump *k, const uint8_t *file, uint64_t size)
{
	*k = (struct kdump){ .file = file, .size = size };
	return read_headers(k) && find_parts(k) && rank_bits(k);
}

void kdump_close(struct kdump *k)
{
	free(k->rank);
	k->rank = NULL;
}

bool kdump_is_ram(const struct kdump *k, uint64_t pfn)
{
	return pfn / 8 < k->bitmap_bytes && (k->bitmap1[pfn / 8] >> (pfn % 8) & 1);
}

bool kdump_is_kept(const struct kdump *k, uint64_t pfn)
{
	return pfn / 8 < k->bitmap_bytes && (k->bitmap2[pfn / 8] >> (pfn % 8) & 1);
}

const uint8_t *kdump_desc(const struct kdump *k, uint64_t pfn)
{
	uint64_t word, rank;

	if (!kdump_is_kept(k, pfn))
		return NULL;
	word = u64(k->bitmap2 + pfn / 64 * 8) & ((1ULL << pfn % 64) - 1);
	rank = k->rank[pfn / 64] + (uint64_t)__builtin_popcountll(word);
	return k->descs + rank * 24;
}

static bool unpack(const uint8_t *in, uint32_t len, uint32_t flags, uint8_t *out, uint32_t block)
{
	static ZSTD_DCtx *zstd;
	uLongf zlib_len = block;
	lzo_uint lzo_len = block;

	switch (flags) {
	case 1:
		return uncompress(out, &zlib_len, in, len) == Z_OK && zlib_len == block;
	case 2:
		return lzo1x_decompress_safe(in, len, out, &lzo_len, NULL) == LZO_E_OK && lzo_len == block;
	case 0x20:
		if (!zstd)	/* once, for all pages of all dumps */
			zstd = ZSTD_createDCtx();
		return zstd && ZSTD_decompressDCtx(zstd, out, block, in, len) == block;
	default:
		return false;
	}
}

enum kdump_page kdump_page(struct kdump *k, uint64_t pfn, uint8_t *out)
{
	const uint8_t *d = kdump_desc(k, pfn);
	uint64_t at, data = (uint64_t)(k->descs - k->file) + k->nr_kept * 24;
	uint32_t len, flags;

	if (!d)
		return KDUMP_EXCLUDED;
	at = u64(d);
	len = u32(d + 8);
	flags = u32(d + 12);
	if (zeros(d, 0, 24))
		return KDUMP_EMPTY;
	bad(k, "page %#llx: offset %llu, %u bytes, flags %#x of a file of %llu", (unsigned long long)pfn,
	    (unsigned long long)at, len, flags, (unsigned long long)k->size);
	if (at < data || at > k->size || len > k->size - at || !len)
		return KDUMP_BROKEN;
	/* The last field is 0 in makedumpfile's dumps; ours say there whose descriptor it is. */
	if (u64(d + 16) && u64(d + 16) != (0x4b44ULL << 48 | pfn))
		return KDUMP_BROKEN;
	if (!flags && len == k->block)
		memcpy(out, k->file + at, len);
	else if (len >= k->block || !unpack(k->file + at, len, flags, out, k->block))
		return KDUMP_BROKEN;
	k->why[0] = 0;
	return KDUMP_OK;
}

static bool same_page(const struct kdump *a, const struct kdump *b, uint64_t pfn)
{
	const uint8_t *x = kdump_desc(a, pfn), *y = kdump_desc(b, pfn);
	uint32_t len;

	if (!x || !y)
		return !x && !y;
	len = u32(x + 8);
	if (memcmp(x + 8, y + 8, 16) || u64(x) > a->size || len > a->size - u64(x) || u64(y) > b->size ||
	    len > b->size - u64(y))
		return false;
	return !memcmp(a->file + u64(x), b->file + u64(y), len);
}

bool kdump_same(const uint8_t *a, uint64_t a_size, const uint8_t *b, uint64_t b_size, char *why)
{
	struct kdump x, y;

	why[0] = 0;
	if (!kdump_open(&x, a, a_size) || !kdump_open(&y, b, b_size))
		sprintf(why, "not a dump: %.160s", x.why[0] ? x.why : y.why);
	else if (a_size != b_size || x.descs - a != y.descs - b || memcmp(a, b, (size_t)(x.descs - a)))
		sprintf(why, "other sizes, headers or bitmaps");
	for (uint64_t pfn = 0; !why[0] && pfn < x.max_mapnr; pfn++)
		if (!same_page(&x, &y, pfn))
			sprintf(why, "page %#llx differs", (unsigned long long)pfn);
	kdump_close(&x);
	kdump_close(&y);
	return !why[0];
}

static uint64_t be64(const uint8_t *p)
{
	return __builtin_bswap64(u64(p));
}

/* The record at `at`: false where it is not whole. */
static bool record(const uint8_t *stream, uint64_t size, uint64_t at, uint64_t *to, uint64_t *len)
{
	if (at + 16 > size)
		return false;
	*to = be64(stream + at);
	*len = be64(stream + at + 8);
	if (*to == UINT64_MAX && *len == UINT64_MAX)
		return true;
	return *len && *len <= size - at - 16 && *to <= 1ULL << 32 && *len <= 1ULL << 32;
}

uint8_t *flat_unpack(const uint8_t *stream, uint64_t size, uint64_t *out_size, char *why)
{
	uint64_t at = 4096, to, len, end = 0;
	uint8_t *out, *seen;

	if (size < 4096 || memcmp(stream, "makedumpfile\0\0\0\0", 16) || be64(stream + 16) != 1 ||
	    be64(stream + 24) != 1 || !zeros(stream, 32, 4096)) {
		snprintf(why, 200, "no header of a flattened dump");
		return NULL;
	}
	for (; record(stream, size, at, &to, &len) && to != UINT64_MAX; at += 16 + len)
		end = to + len > end ? to + len : end;
	if (!record(stream, size, at, &to, &len)) {
		snprintf(why, 200, "no end record: broken at %llu of %llu", (unsigned long long)at,
			 (unsigned long long)size);
		return NULL;
	}
	out = calloc(1, end ? end : 1);
	seen = calloc(1, end ? end : 1);
	for (at = 4096; out && seen && record(stream, size, at, &to, &len) && to != UINT64_MAX; at += 16 + len) {
		if (memchr(seen + to, 1, len)) {	/* crash's reader takes either */
			snprintf(why, 200, "offset %llu is written twice", (unsigned long long)to);
			free(out);
			out = NULL;
			break;
		}
		memset(seen + to, 1, len);
		memcpy(out + to, stream + at + 16, len);
	}
	free(seen);
	*out_size = end;
	return out;
}
