/* test_hoststack - is what a disk is made of followed down, and refused where it cannot be started again? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "boot/hoststack.h"
#include "boot/lvm.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char sys[64], dev[64];

/* A block device with a node; made of those in slaves, split by blanks. */
static void put(const char *where, const char *slaves)
{
	const char *name = strrchr(where, '/') + 1;
	char path[256], target[256], text[64];

	snprintf(path, sizeof(path), "devices/%s/uevent", where);
	snprintf(text, sizeof(text), "DEVNAME=%s\n", name);
	tree_text(sys, path, text);
	snprintf(path, sizeof(path), "class/block/%s", name);
	snprintf(target, sizeof(target), "../../devices/%s", where);
	tree_link(sys, path, target);
	for (const char *s = slaves; *s; s += strcspn(s, " "), s += *s == ' ') {
		snprintf(path, sizeof(path), "devices/%s/slaves/%.*s", where, (int)strcspn(s, " "), s);
		tree_text(sys, path, "");
	}
}

static void put_dm(const char *name, const char *uuid, const char *slaves)
{
	char where[64], path[128];

	snprintf(where, sizeof(where), "virtual/block/%s", name);
	put(where, slaves);
	snprintf(path, sizeof(path), "devices/%s/dm/uuid", where);
	tree_text(sys, path, uuid);
}

static void put_md(const char *name, const char *level, const char *version, const char *slaves)
{
	char where[64], path[128];

	snprintf(where, sizeof(where), "virtual/block/%s", name);
	put(where, slaves);
	snprintf(path, sizeof(path), "devices/%s/md/level", where);
	tree_text(sys, path, level);
	snprintf(path, sizeof(path), "devices/%s/md/metadata_version", where);
	tree_text(sys, path, version);
}

/* Volumes crash (linear) and pool (striped) of the group that is on the disk; see test_lvm. */
#define CRASH "aaaaaabbbbccccddddeeeeffffgggggg"
#define POOL  "bbbbbbbbbbccccddddeeeeffffgggggg"

static int make(void **state)
{
	struct lvm_group *g = malloc(sizeof(*g));
	char *data, uuid[128];
	size_t len;

	(void)state;
	tree_make(sys);
	tree_make(dev);
	if (read_file("tests/data/lvm2-disk.bin", 1 << 20, &data, &len, NULL))
		return -1;
	tree_bytes(dev, "md127", data, len);
	tree_bytes(dev, "sda2", data, len);
	tree_text(dev, "sdb", "nothing");
	if (lvm_parse(data + 6144, strlen(data + 6144), g, NULL))	/* where the newest text is */
		return -1;
	put("pci0/block/sda2", "");
	put("pci0/block/sdb", "");
	put_md("md127", "raid1\n", "1.2\n", "sda2 sdb");
	put_md("md5", "raid5\n", "1.2\n", "sda2 sdb");
	put_md("md1", "raid1\n", "0.90\n", "sda2 sdb");
	snprintf(uuid, sizeof(uuid), "LVM-%s" CRASH "\n", g->id);
	put_dm("dm-0", uuid, "md127");
	put_dm("dm-1", uuid, "sdb");
	snprintf(uuid, sizeof(uuid), "LVM-%s" POOL "\n", g->id);
	put_dm("dm-2", uuid, "sda2");
	put_dm("dm-3", "CRYPT-LUKS2-0123-name\n", "sda2");
	put_dm("dm-4", "mpath-3600\n", "sda2 sdb");
	put_dm("dm-5", "\n", "sda2");
	snprintf(uuid, sizeof(uuid), "LVM-%s" CRASH "-pool\n", g->id);
	put_dm("dm-6", uuid, "sda2");
	put("virtual/block/loop0", "");
	free(data);
	free(g);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	tree_remove(sys);
	tree_remove(dev);
	return 0;
}

static const struct {
	const char *why, *name, *found, *says;
	int         rc;
} cases[] = {
	{ "a partition", "sda2", "sda2", "", 0 },
	{ "a mirror", "md127", "sda2 sdb +md_mod +raid1", "", 0 },
	{ "a volume on a mirror", "dm-0", "sda2 sdb +md_mod +raid1 +dm_mod", "", 0 },
	{ "a volume on something that is no disk of LVM", "dm-1", "", "made of other volumes", -EOPNOTSUPP },
	{ "a striped volume", "dm-2", "", "no linear volume of LVM (striped)", -EOPNOTSUPP },
	{ "encrypted", "dm-3", "", "is encrypted", -EOPNOTSUPP },
	{ "multipath", "dm-4", "", "is a multipath device", -EOPNOTSUPP },
	{ "of dmsetup", "dm-5", "", "unknown kind", -EOPNOTSUPP },
	{ "inside of LVM", "dm-6", "", "unknown volume", -EOPNOTSUPP },
	{ "RAID5", "md5", "", "(raid5, metadata 1.2)", -EOPNOTSUPP },
	{ "old metadata", "md1", "", "(raid1, metadata 0.90)", -EOPNOTSUPP },
	{ "a file", "loop0", "", "has to be set up first", -EOPNOTSUPP },
	{ "not there", "sdz", "", "find sdz in sysfs", -ENOENT },
};

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void test_walk(void **state)
{
	const struct places at = { sys, dev };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hoststack stack;
		struct err e = { 0 };
		char text[512] = "";

		print_message("%s\n", cases[i].why);
		assert_int_equal(hoststack_walk(&at, cases[i].name, &stack, &e), cases[i].rc);
		if (cases[i].rc) {
			assert_non_null(strstr(e.msg, cases[i].says));
			continue;
		}
		qsort(stack.disks, stack.nr_disks, sizeof(stack.disks[0]), by_name);
		for (unsigned k = 0; k < stack.nr_disks; k++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", k ? " " : "", stack.disks[k]);
		for (unsigned k = 0; stack.modules[k]; k++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " +%s", stack.modules[k]);
		assert_string_equal(text, cases[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
