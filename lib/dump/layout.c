/* layout - where everything stands in a kdump-compressed file, version 6. */
/* SPDX-License-Identifier: MIT */
#include "dump/layout.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"

static uint64_t blocks(uint64_t bytes, uint32_t block)
{
	return (bytes + block - 1) / block;
}

int layout_init(struct layout *l, const struct kernel *k, uint64_t nr_descs, struct err *e)
{
	uint64_t sub;

	*l = (struct layout){ .block = 1U << k->src.page_shift, .nr_descs = nr_descs };
	l->max_pfn = source_max_pfn(&k->src);
	l->notes_len = k->src.notes_len;
	sub = blocks(KDUMP_SUB_SIZE + l->notes_len, l->block);
	l->bitmap_blocks = blocks(blocks(l->max_pfn, 8), l->block);
	/* bitmap_blocks counts both bitmaps in 32 bits: 2^46 pages, far beyond any machine. */
	if (sub > UINT32_MAX || l->bitmap_blocks > UINT32_MAX / 2)
		return err_say(e, -EFBIG, "the dump would not fit its format: %llu pages, %llu bytes of notes",
			       (unsigned long long)l->max_pfn, (unsigned long long)l->notes_len);
	l->notes_at = l->block + KDUMP_SUB_SIZE;
	l->bitmap1_at = (1 + sub) * l->block;
	l->bitmap2_at = l->bitmap1_at + l->bitmap_blocks * l->block;
	l->descs_at = l->bitmap2_at + l->bitmap_blocks * l->block;
	l->data_at = l->descs_at + nr_descs * KDUMP_DESC_SIZE;
	return 0;
}

void layout_header(const struct layout *l, const struct kernel *k, uint32_t status, uint8_t *out)
{
	memset(out, 0, KDUMP_HEADER_SIZE);
	memcpy(out, "KDUMP   ", 8);
	put_le32(out + 8, 6);					/* header_version */
	for (int i = 0; i < UTS_FIELDS; i++)
		memcpy(out + 12 + i * UTS_LEN, k->uts[i], UTS_LEN);
	put_le64(out + 408, k->crash_time);			/* timestamp.tv_sec */
	put_le32(out + KDUMP_STATUS_AT, status);
	put_le32(out + 428, l->block);
	put_le32(out + 432, (uint32_t)(l->bitmap1_at / l->block - 1));	/* sub_hdr_size */
	put_le32(out + 436, (uint32_t)(2 * l->bitmap_blocks));
	put_le32(out + 440, l->max_pfn > UINT32_MAX ? UINT32_MAX : (uint32_t)l->max_pfn);
	put_le32(out + 460, k->notes.nr_cpus);
}

void layout_sub_header(const struct layout *l, const struct kernel *k, unsigned level, uint8_t *out)
{
	uint64_t info = k->notes.vmcoreinfo_at;

	memset(out, 0, KDUMP_SUB_SIZE);
	put_le64(out, k->vtop.phys_base);
	put_le32(out + 8, level);
	if (k->notes.vmcoreinfo_len) {
		put_le64(out + 32, l->notes_at + (info - k->src.notes_at));
		put_le64(out + 40, k->notes.vmcoreinfo_len);
	}
	put_le64(out + 48, l->notes_at);
	put_le64(out + 56, l->notes_len);
	put_le64(out + 96, l->max_pfn);				/* max_mapnr_64 */
	if (!l->split)
		return;
	put_le32(out + 12, 1);
	put_le64(out + 16, l->start_pfn);			/* start_pfn, end_pfn: of readers before version 6 */
	put_le64(out + 24, l->end_pfn);
	put_le64(out + 80, l->start_pfn);			/* start_pfn_64, end_pfn_64 */
	put_le64(out + 88, l->end_pfn);
}

void layout_desc(uint8_t *out, uint64_t at, uint32_t size, uint32_t flags, uint64_t pfn)
{
	put_le64(out, at);
	put_le32(out + 8, size);
	put_le32(out + 12, flags);
	put_le64(out + 16, DESC_OWNER_MARK | (pfn & ~DESC_OWNER_MASK));
}
