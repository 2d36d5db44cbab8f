/* test_device - is a device found by each of its names? In a sysfs of the test's own. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/device_places.h"
#include "boot/identity.h"
#include "boot/partition.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char top[64], sys[96], dev[96];
static const struct places places = { sys, dev };

/* A device in sysfs at devices/PATH, whose node holds ext2 with a UUID and label made of id. */
static void put_device(const char *path, const char *uevent, int id, const char *label)
{
	const char *name = strrchr(path, '/') + 1;
	char file[256], target[256], image[2048] = { 0 };

	snprintf(file, sizeof(file), "sys/devices/%s/uevent", path);
	tree_text(top, file, uevent);
	snprintf(file, sizeof(file), "sys/devices/%s/size", path);
	tree_text(top, file, "204800\n");
	snprintf(file, sizeof(file), "sys/class/block/%s", name);
	snprintf(target, sizeof(target), "../../devices/%s", path);
	tree_link(top, file, target);
	snprintf(file, sizeof(file), "dev/%s", name);
	if (id) {
		memcpy(image + 1024 + 56, "\x53\xef", 2);
		memset(image + 1024 + 104, id, 16);
		strcpy(image + 1024 + 120, label);
	}
	tree_bytes(top, file, image, sizeof(image));
}

static void put_attribute(const char *path, const char *text)
{
	char file[256];

	snprintf(file, sizeof(file), "sys/devices/%s", path);
	tree_text(top, file, text);
}

/* A disk with a GPT of two partitions, one with an MBR, mirrors, multipath, LVM, NVMe. */
static void put_disks(void)
{
	char gpt[2048] = { 0 }, mbr[512] = { 0 };

	put_device("pci0/virtio1/block/vda", "DEVNAME=vda\nDEVTYPE=disk\n", 0, "");
	put_attribute("pci0/virtio1/block/vda/serial", "disk one\n");
	put_device("pci0/virtio1/block/vda/vda1", "DEVNAME=vda1\nPARTN=1\nPARTNAME=EFI system\n",
		0x11,
		   "boot");
	put_device("pci0/virtio1/block/vda/vda2", "DEVNAME=vda2\nPARTN=2\nPARTNAME=data\n", 0x12,
		"two words");
	memcpy(gpt + 510, "\x55\xaa", 2);
	memcpy(gpt + 512, "EFI PART", 8);
	gpt[512 + 72] = 2;
	gpt[512 + 80] = 4;
	gpt[512 + 84] = (char)128;
	for (int i = 0; i < 2; i++)
		memset(gpt + 1024 + i * 128, 0x21 + i, 32);
	tree_bytes(top, "dev/vda", gpt, sizeof(gpt));

	put_device("pci0/ata1/block/sda", "DEVNAME=sda\n", 0, "");
	put_attribute("pci0/ata1/block/sda/device/wwid", "naa.5000c500a1b2c3d4\n");
	put_attribute("pci0/ata1/block/sda/device/vpd_pg80", "ABCD  SN12345678  \n");
	put_device("pci0/ata1/block/sda/sda1", "DEVNAME=sda1\nPARTN=1\n", 0x13, "old");
	memcpy(mbr + 440, "\x78\x56\x34\x12", 4);
	memcpy(mbr + 510, "\x55\xaa", 2);
	tree_bytes(top, "dev/sda", mbr, sizeof(mbr));

	put_device("pci0/nvme/nvme0n1", "DEVNAME=nvme0n1\n", 0x14, "fast");
	put_attribute("pci0/nvme/nvme0n1/wwid", "eui.0025388b01\n");
	put_device("pci0/nvme/nvme0n1/nvme0n1p10",
		"DEVNAME=nvme0n1p10\nPARTN=10\nPARTUUID=aabb-CC\n", 0x15,
		   "ten");

	put_device("pci1/block/sdb", "DEVNAME=sdb\n", 0x16, "mirror");
	put_attribute("pci1/block/sdb/holders/md0", "");
	put_device("pci1/block/sdc", "DEVNAME=sdc\n", 0x16, "mirror");
	put_attribute("pci1/block/sdc/holders/md0", "");
	put_device("virtual/block/md0", "DEVNAME=md0\n", 0x16, "mirror");
	put_attribute("virtual/block/md0/md/uuid", "e5f0\n");
	put_device("virtual/block/dm-0", "DEVNAME=dm-0\n", 0x17, "lv");
	put_attribute("virtual/block/dm-0/dm/name", "vg--x-root\n");
	put_attribute("virtual/block/dm-0/dm/uuid", "LVM-abc\n");
	put_device("virtual/block/loop0", "DEVNAME=loop0\n", 0x11, "boot");
	put_attribute("virtual/block/loop0/size", "0\n");
	put_device("pci1/block/fd0", "DEVNAME=fd0\n", 0x11, "boot");
	put_device("pci1/cciss!c0d0", "DEVNAME=cciss/c0d0\n", 0, "");
}

static int make_disks(void **state)
{
	(void)state;
	tree_make(top);
	snprintf(sys, sizeof(sys), "%s/sys", top);
	snprintf(dev, sizeof(dev), "%s/dev", top);
	put_disks();
	return 0;
}

static int remove_disks(void **state)
{
	(void)state;
	tree_remove(top);
	return 0;
}

#define U(x) x x x x "-" x x "-" x x "-" x x "-" x x x x x x

static const struct {
	const char *why, *spec, *node;
	int         rc;
} cases[] = {
	{ "UUID", "UUID=" U("11"), "vda1", 0 },
	{ "UUID in quotes", "UUID=\"" U("12") "\"", "vda2", 0 },
	{ "no such UUID", "UUID=" U("77"), NULL, -ENOENT },
	{ "LABEL", "LABEL=old", "sda1", 0 },
	{ "LABEL with a blank", "LABEL=\"two words\"", "vda2", 0 },
	{ "labels have upper and lower case", "LABEL=OLD", NULL, -ENOENT },
	{ "a whole disk", "LABEL=fast", "nvme0n1", 0 },
	{ "by-uuid", "/dev/disk/by-uuid/" U("13"), "sda1", 0 },
	{ "by-label, escaped", "/dev/disk/by-label/two\\x20words", "vda2", 0 },
	{ "PARTUUID of GPT", "PARTUUID=" U("21"), "vda1", 0 },
	{ "PARTUUID of the second", "PARTUUID=" U("22"), "vda2", 0 },
	{ "PARTUUID of MBR", "PARTUUID=12345678-01", "sda1", 0 },
	{ "PARTUUID that the kernel tells, case ignored", "PARTUUID=AABB-cc", "nvme0n1p10", 0 },
	{ "by-partuuid", "/dev/disk/by-partuuid/12345678-01", "sda1", 0 },
	{ "PARTLABEL", "PARTLABEL=data", "vda2", 0 },
	{ "by-partlabel", "/dev/disk/by-partlabel/EFI\\x20system", "vda1", 0 },
	{ "by-id of virtio", "/dev/disk/by-id/virtio-disk_one", "vda", 0 },
	{ "by-id of its partition", "/dev/disk/by-id/virtio-disk_one-part2", "vda2", 0 },
	{ "by-id of a partition that it does not have", "/dev/disk/by-id/virtio-disk_one-part3",
	  NULL, -ENOENT },
	{ "by-id with a WWN", "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4", "sda", 0 },
	{ "by-id of scsi", "/dev/disk/by-id/scsi-35000c500a1b2c3d4-part1", "sda1", 0 },
	{ "by-id with model and serial number", "/dev/disk/by-id/ata-Maker_Model_SN12345678-part1",
	  "sda1", 0 },
	{ "another serial number", "/dev/disk/by-id/ata-Maker_Model_SN12345679", NULL, -ENOENT },
	{ "a part of a serial number", "/dev/disk/by-id/ata-Maker_12345678", NULL, -ENOENT },
	{ "by-id of NVMe", "/dev/disk/by-id/nvme-eui.0025388b01", "nvme0n1", 0 },
	{ "partition 10 is not 1", "/dev/disk/by-id/nvme-eui.0025388b01-part10", "nvme0n1p10", 0 },
	{ "nor is 1 partition 10", "/dev/disk/by-id/nvme-eui.0025388b01-part1", NULL, -ENOENT },
	{ "by-id of a logical volume", "/dev/disk/by-id/dm-name-vg--x-root", "dm-0", 0 },
	{ "by its uuid", "/dev/disk/by-id/dm-uuid-LVM-abc", "dm-0", 0 },
	{ "by-id of a mirror", "/dev/disk/by-id/md-uuid-e5f0", "md0", 0 },
	{ "device mapper", "/dev/mapper/vg--x-root", "dm-0", 0 },
	{ "LVM", "/dev/vg-x/root", "dm-0", 0 },
	{ "of a mirror's halves the mirror is meant", "UUID=" U("16"), "md0", 0 },
	{ "a node", "/dev/dm-0", "dm-0", 0 },
	{ "a node in a directory", "/dev/cciss/c0d0", "cciss/c0d0", 0 },
	{ "empty devices and floppies are not asked", "UUID=" U("11"), "vda1", 0 },
	{ "no such node", "/dev/vdz9", NULL, -ENOENT },
	{ "nothing", "", NULL, -EINVAL },
	{ "no value", "UUID=", NULL, -EINVAL },
	{ "empty quotes", "LABEL=\"\"", NULL, -EINVAL },
	{ "no kind of name", "vda1", NULL, -EINVAL },
	{ "another kind", "ID=5", NULL, -EINVAL },
	{ "no device", "/var/crash", NULL, -EINVAL },
};

static void test_find(void **state)
{
	char path[256], wanted[256];
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s: %s\n", cases[i].why, cases[i].spec);
		e = (struct err){ 0 };
		assert_int_equal(device_find_in(&places, cases[i].spec, path, sizeof(path), &e),
				 cases[i].rc);
		if (cases[i].node) {
			snprintf(wanted, sizeof(wanted), "%s/%s", dev, cases[i].node);
			assert_string_equal(path, wanted);
		} else {
			assert_true(e.msg[0]);
		}
	}
}

/* A message tells what there is instead. */
static void test_not_found(void **state)
{
	struct err e = { 0 };
	char path[256];

	(void)state;
	device_find_in(&places, "UUID=" U("77"), path, sizeof(path), &e);
	assert_non_null(strstr(e.msg, "there is "));
	assert_non_null(strstr(e.msg, "nvme0n1 ext2 UUID=" U("14")));
	assert_int_equal(device_find_in(&places, "LABEL=old", path, 8, &e), -ENAMETOOLONG);
}

static void test_empty_sysfs(void **state)
{
	static const struct places nowhere = { "/nonexistent", "/nonexistent" };
	char path[256], list[64];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(device_find_in(&nowhere, "LABEL=old", path, sizeof(path), &e), -ENOENT);
	device_list_in(&nowhere, list, sizeof(list));
	assert_string_equal(list, "no block device at all");
}

/* A partition table that leads nowhere. */
static const struct {
	const char *why;
	size_t      at;
	int         value;
	unsigned    number;
} tables[] = {
	{ "no signature", 510, 0, 1 },
	{ "partition 0", 0, 0, 0 },
	{ "behind the last entry", 0, 0, 5 },
	{ "entries of 1 byte", 512 + 84, 1, 1 },
	{ "an unused entry", 0, 0, 3 },
	{ "table far behind the end", 512 + 76, 0x7f, 1 },
	{ "table at the end of numbers", 512 + 79, 0xff, 1 },
};

static void test_partition_tables(void **state)
{
	char path[256], good[2048], uuid[40];
	ssize_t n;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/vda", dev);
	fd = open(path, O_RDONLY);
	n = read(fd, good, sizeof(good));
	assert_int_equal(n, sizeof(good));
	assert_int_equal(partition_uuid(fd, 1, uuid), 0);
	close(fd);
	for (size_t i = 0; i < COUNT(tables); i++) {
		char bad[2048];

		print_message("%s\n", tables[i].why);
		memcpy(bad, good, sizeof(bad));
		if (tables[i].at)
			bad[tables[i].at] = (char)tables[i].value;
		tree_bytes(top, "bad", bad, sizeof(bad));
		snprintf(path, sizeof(path), "%s/bad", top);
		fd = open(path, O_RDONLY);
		assert_int_equal(partition_uuid(fd, tables[i].number, uuid), -ENOENT);
		close(fd);
	}
}

/* Names that moved since the image was made: the device is known by its marks, or not taken. */
static const struct {
	const char *why, *spec, *was;	/* was: the node whose marks the image holds */
	bool        overwrite;
	const char *soon, *late;	/* the node that is taken; NULL: none */
	bool        wrong;
} moved[] = {
	{ "nothing moved", "/dev/vda1", "vda1", false, "vda1", "vda1", false },
	{ "the node is gone", "/dev/vdz1", "vda2", false, "vda2", "vda2", false },
	{ "the node is another filesystem's now", "/dev/vda1", "vda2", false, "vda2", "vda2", true },
	{ "a link of udev's", "/dev/disk/by-path/pci-0000:00:05.0-part2", "vda2", false, "vda2", "vda2", false },
	{ "another label", "LABEL=was", "nvme0n1p10", false, "nvme0n1p10", "nvme0n1p10", false },
	{ "another label, which is another filesystem's now", "LABEL=old", "vda1", false, "vda1", "vda1", true },
	{ "a raw node is another disk's now", "/dev/vda1", "cciss/c0d1", true, "cciss/c0d1", "cciss/c0d1", true },
	{ "a raw node, and the partition has a filesystem", "/dev/vdz1", "sda1", true, NULL, NULL, false },
	{ "a node of a filesystem that is gone", "/dev/vda1", "gone", false, NULL, NULL, true },
	{ "a raw node, and the disk is gone", "/dev/vda1", "gone", true, NULL, NULL, true },
	{ "what was named by its UUID is there, in another place", "UUID=" U("13"), "gone", false, NULL, "sda1", true },
	{ "what was named by its PARTLABEL is another disk's, and has a filesystem", "PARTLABEL=data", "gone", true,
	  NULL, NULL, true },
	{ "it is encrypted", "PARTLABEL=locked", "gone", true, NULL, NULL, true },
	{ "it could not be read", "PARTLABEL=dead", "gone", true, NULL, NULL, true },
	{ "it is empty", "PARTLABEL=empty", "gone", true, NULL, "sdx2", true },
	{ "a clone of the raw partition, empty", "/dev/vdz1", "clone", true, NULL, "sdx2", false },
	{ "the same with an old dump on it", "/dev/vdz1", "clone3", true, NULL, "sdx3", false },
	{ "the same, encrypted", "/dev/vdz1", "clone1", true, NULL, NULL, false },
	{ "the same, and it could not be read", "/dev/vdz1", "clone4", true, NULL, NULL, false },
	{ "each disk without a signature has that PARTUUID", "/dev/vdz1", "unsigned", true, NULL, NULL, false },
	{ "a filesystem made anew without a label", "/dev/sda1", "sda1 anew", false, NULL, "sda1", true },
	{ "the same with a raw one: it is the place that counts", "/dev/sda1", "sda1 anew", true, "sda1", "sda1", false },
	{ "the same of another type", "/dev/sda1", "sda1 xfs", false, NULL, "sda1", true },
	{ "a disk without marks, its filesystem made anew", "/dev/sdb", "no place", false, NULL, "sdb", true },
	{ "the disk does not answer", "/dev/sdx4", "dead", false, NULL, "sdx4", true },
	{ "it does not answer, and sysfs knows it as another", "/dev/sdx4", "gone", false, NULL, NULL, true },
	{ "no marks were to be had", "/dev/vda1", "nothing", false, "vda1", "vda1", false },
};

static void marks_of(const char *node, struct identity *id)
{
	char path[256];

	*id = (struct identity){ .part = 0 };
	snprintf(path, sizeof(path), "%s/%s", dev, node);
	if (!strcmp(node, "gone"))
		*id = (struct identity){ "ext2", U("88"), "no-such", "12121212-01", "serial none", 1, 0, false };
	else if (!strncmp(node, "clone", 5)) {
		*id = (struct identity){ "", "", "", "1a1a1a1a-02", "serial none", 2, 0, false };
		id->part_uuid[10] = node[5] ? node[5] : '2';
	} else if (!strcmp(node, "unsigned"))
		*id = (struct identity){ "", "", "", "00000000-01", "serial none", 1, 0, false };
	else if (!strcmp(node, "no place"))
		*id = (struct identity){ "ext4", U("88"), "", "", "", 0, 0, false };
	else if (!strcmp(node, "dead"))
		*id = (struct identity){ "ext4", U("88"), "", "1a1a1a1a-04", "", 4, 0, false };
	else if (!strncmp(node, "sda1 ", 5)) {
		*id = (struct identity){ "ext2", U("88"), "", "12345678-01", "device/wwid naa.5000c500a1b2c3d4", 1, 0, false };
		if (strstr(node, "xfs"))
			strcpy(id->type, "xfs");
	} else if (strcmp(node, "nothing"))
		assert_true(identity_at(id, &places, path, 10000));
}

/* A disk of which sysfs says that it is another one: LUKS, empty, an old dump, one that cannot be read, no signature. */
static void put_others(void)
{
	static const char luks[512] = "LUKS\xba\xbe", dump[512] = "makedumpfile", zero[512];

	put_device("pci2/block/sdx", "DEVNAME=sdx\n", 0, "");
	put_attribute("pci2/block/sdx/device/wwid", "naa.77\n");
	put_device("pci2/block/sdx/sdx1", "DEVNAME=sdx1\nPARTN=1\nPARTNAME=locked\nPARTUUID=1a1a1a1a-01\n", 0, "");
	tree_bytes(top, "dev/sdx1", luks, sizeof(luks));
	put_device("pci2/block/sdx/sdx2", "DEVNAME=sdx2\nPARTN=2\nPARTNAME=empty\nPARTUUID=1a1a1a1a-02\n", 0, "");
	tree_bytes(top, "dev/sdx2", zero, sizeof(zero));
	put_device("pci2/block/sdx/sdx3", "DEVNAME=sdx3\nPARTN=3\nPARTUUID=1a1a1a1a-03\n", 0, "");
	tree_bytes(top, "dev/sdx3", dump, sizeof(dump));
	put_attribute("pci2/block/sdx/sdx4/uevent", "DEVNAME=sdx4\nPARTN=4\nPARTNAME=dead\nPARTUUID=1a1a1a1a-04\n");
	put_attribute("pci2/block/sdx/sdx4/size", "204800\n");
	tree_link(top, "sys/class/block/sdx4", "../../devices/pci2/block/sdx/sdx4");
	tree_text(top, "dev/sdx4/is-a-directory", "");
	put_device("pci2/block/sdx/sdx5", "DEVNAME=sdx5\nPARTN=1\nPARTUUID=00000000-01\n", 0, "");
}

static void test_moved(void **state)
{
	char path[256], wanted[256], why[160];
	struct identity marks;
	struct err e = { 0 };
	bool wrong;

	(void)state;
	put_device("pci1/cciss!c0d1", "DEVNAME=cciss/c0d1\n", 0, "");
	put_attribute("pci1/cciss!c0d1/device/wwid", "naa.600508b1\n");
	put_others();
	for (size_t i = 0; i < COUNT(moved); i++) {
		struct device_wish w = { moved[i].spec, 0, moved[i].overwrite, &marks, NULL };

		print_message("%s\n", moved[i].why);
		marks_of(moved[i].was, &marks);
		for (int late = 0; late < 2; late++) {
			const char *node = late ? moved[i].late : moved[i].soon;

			assert_int_equal(device_look_in(&places, &w, late, path, sizeof(path), why, &wrong, &e),
					 node ? 0 : -ENOENT);
			assert_int_equal(wrong, moved[i].wrong);
			if (!node)
				continue;
			snprintf(wanted, sizeof(wanted), "%s/%s", dev, node);
			assert_string_equal(path, wanted);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_empty_sysfs),
		cmocka_unit_test(test_partition_tables),
		cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, make_disks, remove_disks);
}
