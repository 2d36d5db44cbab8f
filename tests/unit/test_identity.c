/* test_identity - does a mark stand in for a name only where the rules let it? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/identity.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define U1 "11111111-1111-1111-1111-111111111111"
#define U2 "22222222-2222-2222-2222-222222222222"
#define P1 "aaaaaaaa-01"
#define P2 "bbbbbbbb-02"
#define ID(type, uuid, label, part_uuid, disk, part) { type, uuid, label, part_uuid, disk, part, 0, false }

static const struct {
	const char        *why;
	struct identity    was, is;
	enum identity_rank fs, raw;
} cases[] = {
	{ "nothing changed", ID("ext4", U1, "crash", P1, "serial A", 1), ID("ext4", U1, "crash", P1, "serial A", 1),
	  IDENTITY_CERTAIN, IDENTITY_CERTAIN },
	{ "upper and lower case", ID("ext4", "ab", "", "cd-01", "", 1), ID("ext4", "AB", "", "CD-01", "", 1),
	  IDENTITY_CERTAIN, IDENTITY_CERTAIN },
	{ "another label", ID("ext4", U1, "crash", P1, "serial A", 1), ID("ext4", U1, "other", P1, "serial A", 1),
	  IDENTITY_CERTAIN, IDENTITY_CERTAIN },
	{ "another UUID, all else the same", ID("ext4", U1, "crash", P1, "serial A", 1), ID("ext4", U2, "crash", P1, "serial A", 1),
	  IDENTITY_LIKELY, IDENTITY_CERTAIN },
	{ "another UUID, and no label", ID("ext4", U1, "", P1, "serial A", 1), ID("ext4", U2, "", P1, "serial A", 1),
	  IDENTITY_OTHER, IDENTITY_CERTAIN },
	{ "another UUID and label in the same partition", ID("ext4", U1, "crash", P1, "serial A", 1),
	  ID("ext4", U2, "home", P1, "serial A", 1), IDENTITY_OTHER, IDENTITY_CERTAIN },
	{ "another filesystem under the same UUID", ID("ext4", U1, "crash", P1, "serial A", 1),
	  ID("xfs", U1, "crash", P1, "serial A", 1), IDENTITY_OTHER, IDENTITY_CERTAIN },
	{ "a clone of the disk", ID("ext4", U1, "crash", P1, "serial A", 1), ID("ext4", U1, "crash", P1, "serial B", 1),
	  IDENTITY_LIKELY, IDENTITY_LIKELY },
	{ "a copy of the filesystem on another partition", ID("ext4", U1, "crash", P1, "serial A", 1),
	  ID("ext4", U1, "crash", P2, "serial A", 2), IDENTITY_LIKELY, IDENTITY_OTHER },
	{ "the neighbour on the same disk", ID("ext4", U1, "crash", "", "serial A", 1), ID("ext4", U2, "crash", "", "serial A", 2),
	  IDENTITY_OTHER, IDENTITY_OTHER },
	{ "the same label on another disk", ID("ext4", U1, "crash", "", "serial A", 0), ID("ext4", U2, "crash", "", "serial B", 0),
	  IDENTITY_OTHER, IDENTITY_OTHER },
	{ "a disk that tells nothing of itself", ID("ext4", U1, "", "", "", 0), ID("ext4", U1, "", "", "serial A", 0),
	  IDENTITY_CERTAIN, IDENTITY_UNKNOWN },
	{ "the disk does not tell any more", ID("ext4", U1, "", "", "serial A", 0), ID("ext4", U1, "", "", "", 0),
	  IDENTITY_LIKELY, IDENTITY_OTHER },
	{ "no UUID, the same place", ID("minix", "", "", P1, "", 1), ID("minix", "", "", P1, "", 1),
	  IDENTITY_CERTAIN, IDENTITY_CERTAIN },
	{ "no UUID, another place", ID("minix", "", "", P1, "", 1), ID("minix", "", "", P2, "", 1),
	  IDENTITY_OTHER, IDENTITY_OTHER },
	{ "no UUID and no place", ID("minix", "", "", "", "", 0), ID("minix", "", "", "", "", 0),
	  IDENTITY_UNKNOWN, IDENTITY_UNKNOWN },
	{ "nothing was known", ID("", "", "", "", "", 0), ID("ext4", U1, "crash", P1, "serial A", 1),
	  IDENTITY_UNKNOWN, IDENTITY_UNKNOWN },
	{ "a volume", ID("xfs", U1, "", "", "dm/uuid LVM-abc", 0), ID("xfs", U1, "", "", "dm/uuid LVM-abc", 0),
	  IDENTITY_CERTAIN, IDENTITY_CERTAIN },
	{ "its snapshot", ID("xfs", U1, "", "", "dm/uuid LVM-abc", 0), ID("xfs", U1, "", "", "dm/uuid LVM-abd", 0),
	  IDENTITY_LIKELY, IDENTITY_OTHER },
};

static void test_compare(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].why);
		assert_int_equal(identity_compare(&cases[i].was, &cases[i].is, false), cases[i].fs);
		assert_int_equal(identity_compare(&cases[i].was, &cases[i].is, true), cases[i].raw);
	}
}

static char *write_all(const char *const *specs, const struct identity *ids, size_t n)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < n; i++)
		identity_write(out, specs[i], &ids[i]);
	fclose(out);
	return text;
}

static void test_file(void **state)
{
	static const char *const specs[] = { "/dev/sdb", "LABEL=two words", "/dev/sdb1" };
	static const struct identity ids[] = { cases[0].was, ID("xfs", "", "a\tb\n", "", "x", 12), cases[7].is };
	char *text = write_all(specs, ids, COUNT(ids));
	struct identity id = { .part = 0 };

	(void)state;
	assert_true(identity_find(&id, text, "/dev/sdb"));
	assert_int_equal(identity_compare(&ids[0], &id, false), IDENTITY_CERTAIN);
	assert_string_equal(id.disk, "serial A");
	assert_int_equal(id.part, 1);
	assert_true(identity_find(&id, text, "LABEL=two words"));
	assert_string_equal(id.label, "a_b_");
	assert_int_equal(id.part, 12);
	assert_true(identity_find(&id, text, "/dev/sdb1"));
	assert_string_equal(id.disk, "serial B");
	assert_false(identity_find(&id, text, "/dev/sd"));
	assert_false(identity_find(&id, text, "LABEL=two"));
	assert_false(identity_find(&id, text, ""));
	free(text);
}

static void test_damaged(void **state)
{
	static const char *const texts[] = { "", "\n", "a", "a\t", "a\t1\t2\t3\t4", "a\t1\t2\t3\t4\t5", "\t\t\t\t\t\t",
		"a\tthis is longer than a type can be\t\t\t\t\t0\n" };
	struct identity id;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_false(identity_find(&id, texts[i], "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare), cmocka_unit_test(test_file), cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
