/* kdumphead - what header and sub header of a kdump-compressed file say, checked. */
/* SPDX-License-Identifier: MIT */
#include "dump/kdumphead.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/layout.h"

enum { MIN_SHIFT = 12, MAX_SHIFT = 16, MAX_INFO = 1 << 20 };

static unsigned shift_of(uint32_t block)
{
	for (unsigned shift = MIN_SHIFT; shift <= MAX_SHIFT; shift++)
		if (block == 1U << shift)
			return shift;
	return 0;
}

/* The version first: readers of other formats and other machines learn here that it is not theirs. */
static int check_kind(const uint8_t *raw, struct err *e)
{
	uint32_t version = get_le32(raw + 8);

	if (!memcmp(raw, "DISKDUMP", 8))
		return err_say(e, -EINVAL, "a diskdump file, which is older than kdump's format");
	if (memcmp(raw, "KDUMP   ", 8))
		return err_say(e, -EINVAL, "not a kdump-compressed dump");
	if (version && get_be32(raw + 8) <= 0xff)
		return err_say(e, -EINVAL, "a kdump-compressed dump of a big-endian machine");
	if (version != 6)
		return err_say(e, -EINVAL, "a kdump-compressed dump of version %u: only 6 is read", version);
	return 0;
}

/* Everything that follows from block size and the two counts of blocks. */
static int place(struct kdump_head *h, uint32_t sub_blocks, uint32_t bitmap_blocks, struct err *e)
{
	h->page_shift = shift_of(h->block);
	if (!h->page_shift)
		return err_say(e, -EINVAL, "the header is damaged: a block size of %u bytes", h->block);
	if (!sub_blocks || bitmap_blocks % 2)
		return err_say(e, -EINVAL, "the header is damaged: a sub header of %u blocks, bitmaps of %u",
			       sub_blocks, bitmap_blocks);
	h->bitmap_len = (uint64_t)bitmap_blocks / 2 * h->block;
	h->bitmap1_at = ((uint64_t)1 + sub_blocks) * h->block;
	h->bitmap2_at = h->bitmap1_at + h->bitmap_len;
	h->descs_at = h->bitmap2_at + h->bitmap_len;
	return 0;
}

/* A piece of the file that the sub header names: 0, 0 if it is not inside. */
static void take_piece(const uint8_t *raw, const struct bytes *in, uint64_t *at, uint64_t *len)
{
	*at = get_le64(raw);
	*len = get_le64(raw + 8);
	if (!*at || !in_bounds(*at, *len, in->end))
		*at = *len = 0;
}

static void take_sub_header(struct kdump_head *h, const uint8_t *raw, const struct bytes *in)
{
	h->phys_base = get_le64(raw);
	h->level = get_le32(raw + 8);
	h->split = get_le32(raw + 12) != 0;
	take_piece(raw + 32, in, &h->vmcoreinfo_at, &h->vmcoreinfo_len);
	take_piece(raw + 48, in, &h->notes_at, &h->notes_len);
	take_piece(raw + 64, in, &h->erased_at, &h->erased_len);
	h->max_pfn = get_le64(raw + 96);
	h->start_pfn = h->split ? get_le64(raw + 80) : 0;
	h->end_pfn = h->split ? get_le64(raw + 88) : h->max_pfn;
}

static int check_range(const struct kdump_head *h, struct err *e)
{
	if (!h->max_pfn || h->max_pfn > h->bitmap_len * 8)
		return err_say(e, -EINVAL, "the header is damaged: bitmaps of %llu bytes for %llu page frames",
			       (unsigned long long)h->bitmap_len, (unsigned long long)h->max_pfn);
	if (h->start_pfn > h->end_pfn || h->end_pfn > h->max_pfn)
		return err_say(e, -EINVAL, "the sub header is damaged: page frames %llu to %llu of %llu",
			       (unsigned long long)h->start_pfn, (unsigned long long)h->end_pfn,
			       (unsigned long long)h->max_pfn);
	return 0;
}

/* The text of vmcoreinfo, NUL terminated; NULL if it is not there. The caller frees it. */
static char *load_info(const struct kdump_head *h, const struct bytes *in)
{
	size_t len = h->vmcoreinfo_len < MAX_INFO ? (size_t)h->vmcoreinfo_len : MAX_INFO;
	char *text = len ? calloc(1, len + 1) : NULL;

	if (text && bytes_read(in, text, len, h->vmcoreinfo_at)) {
		free(text);
		return NULL;
	}
	return text;
}

/* The value of a line of vmcoreinfo into out, size bytes. */
static bool info_line(const char *text, const char *key, char *out, size_t size)
{
	const char *at = strstr(text, key);

	if (!at)
		return false;
	at += strlen(key);
	snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
	return true;
}

/* Without the header the kernel's own description has to tell. */
static void derive_names(struct kdump_head *h, const struct bytes *in)
{
	char *text = load_info(h, in), value[HEAD_UTS_LEN];

	snprintf(h->uts[0], HEAD_UTS_LEN, "Linux");
	if (!text)
		return;
	info_line(text, "OSRELEASE=", h->uts[2], HEAD_UTS_LEN);
	/* phys_base is x86_64's, kimage_voffset aarch64's: arch_crash_save_vmcoreinfo */
	snprintf(h->uts[4], HEAD_UTS_LEN, "%s", strstr(text, "NUMBER(kimage_voffset)") ? "aarch64" : "x86_64");
	if (info_line(text, "CRASHTIME=", value, sizeof(value)))
		h->crash_time = strtoull(value, NULL, 10);
	free(text);
}

/*
 * The sub header stands at the beginning of block 1 and tells where the notes behind it are: that gives
 * the block size, and the rest follows.
 */
static int derive(struct kdump_head *h, const struct bytes *in, struct err *e)
{
	uint8_t raw[KDUMP_SUB_SIZE];

	for (unsigned shift = MIN_SHIFT; shift <= MAX_SHIFT; shift++) {
		uint64_t notes, map, blocks;

		*h = (struct kdump_head){ .derived = true, .status = STATUS_INCOMPLETE, .block = 1U << shift };
		if (bytes_read(in, raw, sizeof(raw), h->block) ||
		    get_le64(raw + 48) != h->block + KDUMP_SUB_SIZE)
			continue;
		notes = get_le64(raw + 56);
		take_sub_header(h, raw, in);
		map = h->max_pfn / 8 + (h->max_pfn % 8 != 0);
		blocks = map / h->block + (map % h->block != 0);
		if (notes > UINT32_MAX || !h->max_pfn || blocks > UINT32_MAX / 2)
			continue;
		derive_names(h, in);
		return place(h, (uint32_t)((KDUMP_SUB_SIZE + notes + h->block - 1) / h->block),
			     (uint32_t)(2 * blocks), e);
	}
	return err_say(e, -EINVAL, "the stream was cut before its sub header arrived: no dump in it yet");
}

int kdump_head_read(struct kdump_head *h, const struct bytes *in, struct err *e)
{
	uint8_t raw[KDUMP_HEADER_SIZE], sub[KDUMP_SUB_SIZE];
	int rc = bytes_read(in, raw, sizeof(raw), 0);

	*h = (struct kdump_head){ 0 };
	if (rc == -ENODATA && in->flat && in->cut)
		rc = derive(h, in, e);
	else if (rc == -ENODATA)
		rc = err_say(e, -EINVAL, "cut inside its header");
	else if (rc)
		rc = err_set(e, rc, "read the header");
	else
		rc = check_kind(raw, e);
	if (rc || h->derived)
		return rc ? rc : check_range(h, e);
	for (int i = 0; i < HEAD_UTS; i++)
		memcpy(h->uts[i], raw + 12 + i * HEAD_UTS_LEN, HEAD_UTS_LEN - 1);
	h->crash_time = get_le64(raw + 408);
	h->status = get_le32(raw + 424);
	h->block = get_le32(raw + 428);
	h->nr_cpus = get_le32(raw + 460);
	rc = place(h, get_le32(raw + 432), get_le32(raw + 436), e);
	if (rc)
		return rc;
	rc = bytes_read(in, sub, sizeof(sub), h->block);
	if (rc)
		return rc == -ENODATA ? err_say(e, -EINVAL, "cut before its sub header")
				      : err_set(e, rc, "read the sub header");
	take_sub_header(h, sub, in);
	return check_range(h, e);
}
