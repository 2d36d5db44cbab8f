/* test_mountinfo - is a path found on its filesystem through binds, subvolumes and odd names? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "boot/mountinfo.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char plain[] =
	"22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
	"25 22 0:22 / /proc rw,nosuid - proc proc rw\n"
	"40 22 254:16 / /var rw,relatime shared:2 master:3 - xfs /dev/vdb rw,attr2\n"
	"41 40 254:16 /crash /srv/dumps rw,relatime - xfs /dev/vdb rw,attr2\n"
	"42 22 0:50 / /mnt rw - tmpfs tmpfs rw\n"
	"43 22 254:17 / /mnt rw - ext3 /dev/vdb1 rw\n"
	"44 22 254:18 / /with\\040blank\\134 rw - vfat /dev/a\\040b rw\n"
	"45 22 254:19 / /variant rw - ext4 /dev/vdc\n"
	"46 22 0:60 / /net rw - nfs4 server:/x rw,addr=10.0.0.1\n";

static const char btrfs[] =
	"22 1 0:29 /@ / rw - btrfs /dev/vda2 rw,space_cache=v2,subvolid=256,subvol=/@\n"
	"23 22 0:29 /@home /home rw - btrfs /dev/vda2 rw,subvolid=257,subvol=/@home\n"
	"24 22 0:29 /@/var/lib /lib rw - btrfs /dev/vda2 rw,subvolid=256,subvol=/@\n"
	"26 22 0:30 / /top rw - btrfs /dev/vdb rw,subvolid=5,subvol=/\n"
	"27 22 0:30 /dir /part rw - btrfs /dev/vdb rw,subvolid=5,subvol=/\n";

static const struct {
	const char *why, *table, *path;
	int         rc;
	const char *source, *inside, *subvol;
	unsigned    major, minor;
} cases[] = {
	{ "root", plain, "/", 0, "/dev/vda1", "/", "", 254, 1 },
	{ "on the root filesystem", plain, "/etc/x", 0, "/dev/vda1", "/etc/x", "", 254, 1 },
	{ "on a mount of its own", plain, "/var/crash", 0, "/dev/vdb", "/crash", "", 254, 16 },
	{ "the mount point itself", plain, "/var", 0, "/dev/vdb", "/", "", 254, 16 },
	{ "a bind mount", plain, "/srv/dumps/a", 0, "/dev/vdb", "/crash/a", "", 254, 16 },
	{ "the top of a bind mount", plain, "/srv/dumps", 0, "/dev/vdb", "/crash", "", 254, 16 },
	{ "of two mounts the upper one", plain, "/mnt/x", 0, "/dev/vdb1", "/x", "", 254, 17 },
	{ "escapes", plain, "/with blank\\/x", 0, "/dev/a b", "/x", "", 254, 18 },
	{ "a name that begins alike", plain, "/variants", 0, "/dev/vda1", "/variants", "", 254, 1 },
	{ "without options at the end", plain, "/variant/x", 0, "/dev/vdc", "/x", "", 254, 19 },
	{ "a network filesystem", plain, "/net/x", 0, "server:/x", "/x", "", 0, 60 },
	{ "btrfs subvolume", btrfs, "/var/crash", 0, "/dev/vda2", "/var/crash", "/@", 0, 29 },
	{ "another subvolume", btrfs, "/home/x", 0, "/dev/vda2", "/x", "/@home", 0, 29 },
	{ "a bind mount inside a subvolume", btrfs, "/lib/x", 0, "/dev/vda2", "/var/lib/x", "/@",
	  0, 29 },
	{ "the top of btrfs", btrfs, "/top/x", 0, "/dev/vdb", "/x", "", 0, 30 },
	{ "a bind mount of the top", btrfs, "/part/x", 0, "/dev/vdb", "/dir/x", "", 0, 30 },
	{ "no table", "", "/x", -ENOENT, "", "", "", 0, 0 },
	{ "lines without sense",
	  "a\n1 2\n1 2 3:4\n1 2 x:y / / rw - ext4 s rw\n1 2 3:4 / / rw ext4 s rw\n",
	  "/x", -ENOENT, "", "", "", 0, 0 },
};

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mountinfo m = { 0 };
		struct err e = { 0 };

		print_message("%s\n", cases[i].why);
		assert_int_equal(mountinfo_find(cases[i].table, cases[i].path, &m, &e),
			cases[i].rc);
		assert_int_equal(e.msg[0] != 0, cases[i].rc != 0);
		assert_string_equal(m.source, cases[i].source);
		assert_string_equal(m.inside, cases[i].inside);
		assert_string_equal(m.subvol, cases[i].subvol);
		assert_int_equal(m.major, cases[i].major);
		assert_int_equal(m.minor, cases[i].minor);
		assert_string_equal(m.super, strcmp(m.fstype, "nfs4") ? m.super : "rw,addr=10.0.0.1");
	}
}

static const struct {
	const char *why, *table;
	unsigned    major, minor;
	const char *inside, *options;
	const char *point, *path;	/* "": -ENOENT */
} devices[] = {
	{ "the root filesystem", plain, 254, 1, "/var/crash", NULL, "/", "/var/crash" },
	{ "another one", plain, 254, 19, "/crash", NULL, "/variant", "/variant/crash" },
	{ "its top", plain, 254, 1, "/", NULL, "/", "/" },
	{ "by the bind mount that came last", plain, 254, 16, "/crash/a", NULL, "/srv/dumps", "/srv/dumps/a" },
	{ "not by a bind mount beside it", plain, 254, 16, "/crashes", NULL, "/var", "/var/crashes" },
	{ "a name with blanks", plain, 254, 18, "/x", NULL, "/with blank\\", "/with blank\\/x" },
	{ "not mounted", plain, 254, 99, "/x", NULL, "", "" },
	{ "no table", "", 254, 1, "/x", NULL, "", "" },
	{ "another subvolume than the mounted one", "22 1 8:1 /@ / rw - btrfs x rw,subvol=/@\n", 8, 1, "/x",
	  "subvol=/@crash", "", "" },
	{ "the subvolume", "22 1 8:1 /@ / rw - btrfs x rw,subvol=/@\n", 8, 1, "/x", "noatime,subvol=@", "/", "/x" },
	{ "any subvolume", "22 1 8:1 /@ / rw - btrfs x rw,subvol=/@\n", 8, 1, "/x", NULL, "/", "/x" },
};

static void test_of_device(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(devices); i++) {
		struct mounted m = { .point = "" };
		struct err e = { 0 };

		print_message("%s\n", devices[i].why);
		assert_int_equal(mountinfo_of_device(devices[i].table, makedev(devices[i].major, devices[i].minor),
						     devices[i].inside, devices[i].options, &m, &e),
				 *devices[i].point ? 0 : -ENOENT);
		assert_string_equal(m.point, devices[i].point);
		assert_string_equal(m.path, devices[i].path);
	}
}

/* virtiofs has no device: its tag is the source, and no other filesystem's source is a tag. */
static void test_of_tag(void **state)
{
	static const char table[] = "22 1 8:1 / /a rw - ext4 share rw\n23 1 0:40 / /b rw - virtiofs share rw\n"
				    "24 1 0:41 / /c rw - virtiofs other rw\n";
	struct mounted m = { .point = "" };

	(void)state;
	assert_int_equal(mountinfo_of_tag(table, "share", "/var/crash", &m, NULL), 0);
	assert_string_equal(m.path, "/b/var/crash");
	assert_int_equal(mountinfo_of_tag(table, "none", "/", &m, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find), cmocka_unit_test(test_of_device), cmocka_unit_test(test_of_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
