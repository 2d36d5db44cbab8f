/* test_lvm - is LVM's text found, proven and understood, and is nothing else believed? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "boot/lvm.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The first 8 KiB of a disk as lvm2 2.03.16 wrote them: pvcreate, vgcreate, vgcfgrestore. */
static char *disk;
static size_t disk_len;

static int load(void **state)
{
	(void)state;
	return read_file("tests/data/lvm2-disk.bin", 1 << 20, &disk, &disk_len, NULL);
}

static int unload(void **state)
{
	(void)state;
	free(disk);
	return 0;
}

/* lvm_read of the disk with one byte changed, or cut. */
static int read_changed(size_t at, size_t len, char **text, size_t *text_len)
{
	int fd = memfd_create("disk", MFD_CLOEXEC), rc;
	struct err e = { 0 };

	assert_int_equal(write_full(fd, disk, len), 0);
	if (at < len) {
		char c = (char)(disk[at] ^ 1);

		assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
	}
	rc = lvm_read(fd, text, text_len, &e);
	if (rc)
		assert_true(e.msg[0]);
	close(fd);
	return rc;
}

static void test_disk(void **state)
{
	struct lvm_group *g = malloc(sizeof(*g));
	char *text, name[64], id[LVM_ID + 1];
	size_t len;

	(void)state;
	assert_true(lvm_is_member(disk, 2048, id));
	assert_int_equal(strlen(id), LVM_ID);
	assert_int_equal(read_changed(SIZE_MAX, disk_len, &text, &len), 0);
	assert_int_equal(lvm_parse(text, len, g, NULL), 0);
	assert_string_equal(g->name, "vg-x");
	assert_int_equal(g->nr_pvs, 2);
	assert_string_equal(g->pvs[0].id, id);
	assert_int_equal(g->nr_volumes, 2);
	assert_string_equal(g->volumes[0].name, "crash");
	assert_string_equal(g->volumes[0].kind, "");
	assert_int_equal(g->volumes[0].nr_segments, 2);
	/* 4 MiB extents, the first at 1 MiB: from extent 2 of the first disk, then 3 of the second. */
	assert_int_equal(g->segments[0].start, 0);
	assert_int_equal(g->segments[0].len, 47 * 8192);
	assert_int_equal(g->segments[0].at, 2048 + 2 * 8192);
	assert_int_equal(g->segments[1].start, 47 * 8192);
	assert_int_equal(g->segments[1].pv, 1);
	assert_int_equal(g->segments[1].at, 2048 + 3 * 8192);
	assert_string_equal(g->volumes[1].kind, "striped");
	assert_int_equal(lvm_dm_name(g, &g->volumes[0], name, sizeof(name)), 0);
	assert_string_equal(name, "vg--x-crash");
	assert_int_equal(lvm_dm_name(g, &g->volumes[0], name, 11), -ENAMETOOLONG);
	free(text);
	free(g);
}

/* Label in sector 1, head at 4 KiB, text at 4.5 KiB or later: one wrong bit anywhere is noticed. */
static void test_damage(void **state)
{
	char *text = NULL;
	size_t len;

	(void)state;
	for (size_t at = 512; at < 1024; at++)
		assert_int_equal(read_changed(at, disk_len, &text, &len), -ENODATA);
	for (size_t at = 4096; at < 4608; at++)
		assert_int_equal(read_changed(at, disk_len, &text, &len), -EBADMSG);
	for (size_t n = 0; n < disk_len; n += 64)
		if (read_changed(SIZE_MAX, n, &text, &len) == 0)
			free(text);	/* the text was whole */
}

static const struct {
	const char *why, *text;
	int         rc;
} texts[] = {
	{ "nothing", "", -EBADMSG },
	{ "no section", "a = 1", -EBADMSG },
	{ "not closed", "vg { id = \"abcdef-ghij-klmn-opqr-stuv-wxyz-abcdef\"", -EBADMSG },
	{ "no ID", "vg { }", -EBADMSG },
	{ "the least", "vg { id = \"abcdef-ghij-klmn-opqr-stuv-wxyz-abcdef\" }", 0 },
	{ "a comment to the end", "vg { id = \"abcdef-ghij-klmn-opqr-stuv-wxyz-abcdef\" } # {", 0 },
	{ "a quote without end", "vg { id = \"abc", -EBADMSG },
	{ "a list without end", "vg { a = [1, 2", -EBADMSG },
	{ "closed once too often", "vg { } }", -EBADMSG },
	{ "two groups", "a { } b { }", -EBADMSG },
	{ "nested too deep", "a { b { c { d { e { f { g { ", -EBADMSG },
	{ "a segment on a disk that is not there",
	  "vg { id = \"abcdef-ghij-klmn-opqr-stuv-wxyz-abcdef\" extent_size = 8 logical_volumes { lv { segment1 { start_extent = 0 "
	  "extent_count = 1 type = \"striped\" stripe_count = 1 stripes = [\"pv9\", 0] } } } }", -EBADMSG },
#define ON_DISK "vg { id = \"abcdef-ghij-klmn-opqr-stuv-wxyz-abcdef\" extent_size = 8 physical_volumes { pv0 { pe_start = 2048 } } "
	{ "extents beyond all disks",
	  ON_DISK "logical_volumes { lv { segment1 { start_extent = 0 extent_count = 18446744073709551615 type = \"striped\" "
		  "stripe_count = 1 stripes = [\"pv0\", 0] } } } }", -EBADMSG },
	{ "a gap", ON_DISK "logical_volumes { lv { segment1 { start_extent = 5 extent_count = 1 type = \"striped\" stripe_count = 1 "
			   "stripes = [\"pv0\", 0] } } } }", -EBADMSG },
	{ "thin: understood, but not linear",
	  ON_DISK "logical_volumes { lv { segment1 { start_extent = 0 extent_count = 1 type = \"thin\" } } } }", 0 },
};

static void test_texts(void **state)
{
	struct lvm_group *g = malloc(sizeof(*g));

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t len = strlen(texts[i].text);
		char *copy = malloc(len + 1);	/* so that a byte too far is seen */
		struct err e = { 0 };

		memcpy(copy, texts[i].text, len);
		print_message("%s\n", texts[i].why);
		assert_int_equal(lvm_parse(copy, len, g, &e), texts[i].rc);
		free(copy);
	}
	assert_string_equal(g->volumes[0].kind, "thin");
	assert_null(lvm_find(g, "LVM-tooshort"));
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
