/* test_superblock - are broken and odd superblocks survived? The oracle test has real ones. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "boot/superblock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes to write over zeros. */
struct patch {
	size_t      at, len;
	const char *bytes;
};
#define BYTES(at, text) { at, sizeof(text) - 1, text }

static const struct {
	const char  *why;
	size_t       size;
	struct patch patches[12];
	int          rc;
	const char  *type, *uuid, *label;
} cases[] = {
	{ "zeros", SUPERBLOCK_BYTES, { { 0, 0, NULL } }, -ENODATA, "", "", "" },
	{ "nothing at all", 0, { { 0, 0, NULL } }, -ENODATA, "", "", "" },
	{ "ext2", SUPERBLOCK_BYTES, { BYTES(1080, "\x53\xef") }, 0, "ext2", "", "" },
	{ "ext2, the device ends too early", 2047, { BYTES(1080, "\x53\xef") }, -ENODATA, "", "",
	  "" },
	{ "ext3: a journal, to be recovered", 4096,
	  { BYTES(1080, "\x53\xef"), BYTES(1116, "\4"), BYTES(1120, "\6") }, 0, "ext3", "", "" },
	{ "ext4: extents", 4096, { BYTES(1080, "\x53\xef"), BYTES(1120, "\x40") }, 0, "ext4", "",
	  "" },
	{ "ext4: checksums", 4096, { BYTES(1080, "\x53\xef"), BYTES(1125, "\x4") }, 0, "ext4", "",
	  "" },
	{ "ext4: a feature of the future", 4096, { BYTES(1080, "\x53\xef"), BYTES(1123, "\x80") },
	  0,
	  "ext4", "", "" },
	{ "an external journal cannot be mounted", 4096,
	  { BYTES(1080, "\x53\xef"), BYTES(1120, "\x8") }, -ENODATA, "", "", "" },
	{ "a label without end", 4096,
	  { BYTES(1080, "\x53\xef"), BYTES(1144, "0123456789abcdef"), BYTES(1160, "behind") }, 0,
	  "ext2", "", "0123456789abcdef" },
	{ "control characters in a label", 4096,
	  { BYTES(1080, "\x53\xef"), BYTES(1144, "a\nb\x1b[1m\x7f") }, 0, "ext2", "", "a_b_[1m_" },
	{ "a UUID", 4096, { BYTES(1080, "\x53\xef"), BYTES(1128,
	  "\x01\x23\x45\x67\x89\xAB\xcd\xef\x01"
	  "\x23\x45\x67\x89\xab\xcd\xef") }, 0, "ext2", "01234567-89ab-cdef-0123-456789abcdef",
	  "" },
	{ "xfs", 512, { BYTES(0, "XFSB\0\0\x10\0"), BYTES(108, "abc") }, 0, "xfs", "", "abc" },
	{ "xfs with blocks of 3 bytes", 512, { BYTES(0, "XFSB\0\0\0\3") }, -ENODATA, "", "", "" },
	{ "xfs, cut", 511, { BYTES(0, "XFSB\0\0\x10\0") }, -ENODATA, "", "", "" },
	{ "btrfs", SUPERBLOCK_BYTES, { BYTES(65600, "_BHRfS_M"), BYTES(65835, "l") }, 0, "btrfs",
	  "", "l" },
	{ "btrfs, cut inside the label", 65835 + 255, { BYTES(65600, "_BHRfS_M") }, -ENODATA, "",
	  "", "" },
	{ "FAT12", 512, { BYTES(0, "\xeb\x3c\x90"), BYTES(11, "\0\2\4\1\0\2\0\2\0\0\xf8\2"),
	  BYTES(38, "\x29\x78\x56\x34\x12NO NAME    "), BYTES(510, "\x55\xaa") }, 0, "vfat",
	  "1234-5678", "" },
	{ "FAT12 with a label", 512, { BYTES(0, "\xeb\x3c\x90"),
	  BYTES(11, "\0\2\4\1\0\2\0\2\0\0\xf8\2"), BYTES(38, "\x29\0\0\0\0LABEL      "),
	  BYTES(510, "\x55\xaa") }, 0, "vfat", "", "LABEL" },
	{ "FAT32", 512, { BYTES(0, "\xeb\x58\x90"), BYTES(11, "\0\2\1\x20\0\2\0\0\0\0\xf8\0"),
	  BYTES(36, "\1"), BYTES(44, "\2"), BYTES(66, "\x29\xef\xbe\xad\xde"),
	  BYTES(510, "\x55\xaa") }, 0, "vfat", "DEAD-BEEF", "" },
	{ "FAT32 whose root is in cluster 0", 512, { BYTES(0, "\xeb\x58\x90"),
	  BYTES(11, "\0\2\1\x20\0\2\0\0\0\0\xf8\0"), BYTES(36, "\1"), BYTES(510, "\x55\xaa") },
	  -ENODATA, "", "", "" },
	{ "a boot sector with partitions is no FAT", 512,
	  { BYTES(0, "\xeb\x63\x90"), BYTES(446, "\x80"), BYTES(510, "\x55\xaa") }, -ENODATA, "",
	    "", "" },
	{ "sectors of 513 bytes", 512, { BYTES(0, "\xeb\x3c\x90"),
	  BYTES(11, "\1\2\4\1\0\2\0\2\0\0\xf8\2"), BYTES(510, "\x55\xaa") }, -ENODATA, "", "", "" },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *image = calloc(1, cases[i].size ? cases[i].size : 1);
		struct superblock sb;

		print_message("%s\n", cases[i].why);
		for (size_t k = 0; k < COUNT(cases[i].patches) && cases[i].patches[k].len; k++) {
			const struct patch *p = &cases[i].patches[k];

			if (in_bounds(p->at, p->len, cases[i].size))
				memcpy(image + p->at, p->bytes, p->len);
		}
		assert_int_equal(superblock_parse(image, cases[i].size, &sb), cases[i].rc);
		assert_string_equal(sb.type, cases[i].type);
		assert_string_equal(sb.uuid, cases[i].uuid);
		assert_string_equal(sb.label, cases[i].label);
		free(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
