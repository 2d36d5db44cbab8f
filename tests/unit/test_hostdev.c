/* test_hostdev - are the drivers of a disk or network card found, from the bus on? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/hostdev.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char sys[64];

static void put(const char *dir, const char *module, const char *modalias)
{
	char path[256], target[256];

	if (module) {
		snprintf(path, sizeof(path), "bus/drivers/%s/module", module);
		snprintf(target, sizeof(target), "%s/module/%s", sys, module);
		tree_link(sys, path, target);
		snprintf(path, sizeof(path), "module/%s/initstate", module);
		tree_text(sys, path, "live\n");
		snprintf(path, sizeof(path), "devices/%s/driver", dir);
		snprintf(target, sizeof(target), "%s/bus/drivers/%s", sys, module);
		tree_link(sys, path, target);
	}
	if (modalias) {
		snprintf(path, sizeof(path), "devices/%s/modalias", dir);
		tree_text(sys, path, modalias);
	}
}

static void put_block(const char *dir)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "devices/%s/uevent", dir);
	tree_text(sys, path, "");
	snprintf(path, sizeof(path), "class/block/%s", strrchr(dir, '/') + 1);
	snprintf(target, sizeof(target), "../../devices/%s", dir);
	tree_link(sys, path, target);
}

static int make_sys(void **state)
{
	char deep[2048] = "deep";

	(void)state;
	tree_make(sys);
	put("pci0/0000:00:04.0", "virtio_pci", "pci:v1AF4\n");
	put("pci0/0000:00:04.0/virtio1", "virtio_blk", "virtio:d2\n");
	put_block("pci0/0000:00:04.0/virtio1/block/vda/vda1");
	put("pci0/0000:00:05.0", NULL, "pci:ahci\n");
	put("pci0/0000:00:05.0/ata1/host0/target0/0:0:0:0", "sd_mod", "scsi:t-0x00\n");
	put_block("pci0/0000:00:05.0/ata1/host0/target0/0:0:0:0/block/sda");
	put("pci0/0000:00:06.0", "nvme", "pci:nvme\n");
	put_block("virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
	tree_text(sys, "devices/pci0/0000:00:06.0/nvme/nvme0/state", "live\n");
	tree_link(sys, "devices/virtual/nvme-subsystem/nvme-subsys0/nvme0",
		  "../../../pci0/0000:00:06.0/nvme/nvme0");
	put_block("virtual/block/dm-0");
	put_block("virtual/block/loop0");
	put("pci0/0000:00:07.0", NULL, "pci:v1AF4n\n");
	put("pci0/0000:00:07.0/virtio2", "virtio_net", "virtio:d1\n");
	tree_link(sys, "devices/pci0/0000:00:07.0/virtio2/net/eth0/device", "../../../virtio2");
	tree_link(sys, "class/net/eth0", "../../devices/pci0/0000:00:07.0/virtio2/net/eth0");
	tree_text(sys, "devices/virtual/net/bond0/address", "52:54:00:12:34:56\n");
	tree_link(sys, "class/net/bond0", "../../devices/virtual/net/bond0");
	for (int i = 0; i <= HOSTDEV_MAX; i++) {
		strcat(deep, "/d");
		put(deep, NULL, "x\n");
	}
	strcat(deep, "/block/vdz");
	put_block(deep);
	return 0;
}

static int remove_sys(void **state)
{
	(void)state;
	tree_remove(sys);
	return 0;
}

static const struct {
	const char *why, *name, *drivers;
	int         rc;
} cases[] = {
	{ "virtio, a partition", "vda1", "virtio_pci=pci:v1AF4 virtio_blk=virtio:d2", 0 },
	{ "a built-in driver has its modalias only", "sda", "=pci:ahci sd_mod=scsi:t-0x00", 0 },
	{ "NVMe below its subsystem", "nvme0n1", "nvme=pci:nvme", 0 },
	{ "to be assembled", "dm-0", "", -EOPNOTSUPP },
	{ "a file", "loop0", "", -EOPNOTSUPP },
	{ "not there", "vdq", "", -ENOENT },
	{ "too many", "vdz", "", -E2BIG },
	{ "a network card", "eth0", "=pci:v1AF4n virtio_net=virtio:d1", 0 },
	{ "a network interface without a card", "bond0", "", 0 },
	{ "no such network interface", "eth9", "", -ENOENT },
};

static void test_drivers(void **state)
{
	const struct places at = { sys, "/dev" };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool net = strstr(cases[i].why, "network");
		struct hostdev_driver drivers[HOSTDEV_MAX];
		struct err e = { 0 };
		char text[512] = "";
		size_t n;

		print_message("%s\n", cases[i].why);
		assert_int_equal((net ? hostdev_net_drivers : hostdev_drivers)(&at, cases[i].name, drivers, &n, &e),
				 cases[i].rc);
		for (size_t k = 0; k < n && !cases[i].rc; k++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%s",
				k ? " " : "",
				 drivers[k].module, drivers[k].modalias);
		assert_string_equal(text, cases[i].drivers);
		assert_true(!cases[i].rc == !e.msg[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drivers),
	};

	return cmocka_run_group_tests(tests, make_sys, remove_sys);
}
