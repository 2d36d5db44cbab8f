/* test_coldplug - which modules do the devices of a machine ask for, on the way to a disk or a network? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/coldplug.h"
#include "lib_tree.h"

#define RELEASE "6.1.0-test"
#define AT "lib/modules/" RELEASE "/"

static char top[64], sys[96];
static const struct places places = { sys, "/dev" };

static void put_bus_device(const char *bus, const char *name, const char *modalias)
{
	char file[200];

	snprintf(file, sizeof(file), "sys/bus/%s/devices/%s/modalias", bus, name);
	tree_text(top, file, modalias);
}

static int make(void **state)
{
	(void)state;
	tree_make(top);
	snprintf(sys, sizeof(sys), "%s/sys", top);
	tree_text(top, AT "modules.dep",
		  "kernel/drivers/virtio/virtio_pci.ko:\nkernel/drivers/block/virtio_blk.ko:\n"
		  "kernel/drivers/net/virtio_net.ko: kernel/drivers/net/net_failover.ko\n"
		  "kernel/drivers/net/net_failover.ko:\nkernel/drivers/nvme/host/nvme.ko:\n"
		  "updates/raid.ko:\nkernel/sound/snd.ko:\nkernel/fs/ext4/ext4.ko:\n"
		  "kernel/drivers/virtio/virtio_balloon.ko:\nkernel/drivers/hv/hv_balloon.ko:\n");
	tree_text(top, AT "modules.alias",
		  "alias pci:v00001AF4d* virtio_pci\nalias virtio:d00000002v* virtio_blk\n"
		  "alias virtio:d00000001v* virtio_net\nalias pci:v*d*sv*sd*bc01sc08i02* nvme\n"
		  "alias pci:v0000AAAAd* raid\nalias pci:v0000BBBBd* ext4\n"
		  "alias virtio:d00000005v* virtio_balloon\nalias vmbus:dc7450* hv_balloon\n");
	put_bus_device("pci", "0000:00:01.0", "pci:v00001AF4d00001001sv0sd0bc01sc00i00\n");
	put_bus_device("pci", "0000:00:02.0", "pci:v00008086d00000953sv0sd0bc01sc08i02\n");
	put_bus_device("pci", "0000:00:03.0", "pci:v0000AAAAd00000001sv0sd0bc01sc04i00\n");
	put_bus_device("pci", "0000:00:04.0", "pci:v0000BBBBd00000001sv0sd0bc01sc04i00\n");
	put_bus_device("pci", "0000:00:05.0", "pci:v0000CCCCd00000001sv0sd0bc06sc00i00\n");
	put_bus_device("pci", "0000:00:06.0", "pci:v00001AF4d00001002sv0sd0bc01sc00i00\n");
	tree_text(top, "sys/bus/pci/devices/0000:00:06.0/driver/bind", "");
	put_bus_device("pci", "0000:00:07.0", "\n");
	put_bus_device("virtio", "virtio0", "virtio:d00000002v00001AF4\n");
	put_bus_device("virtio", "virtio1", "virtio:d00000001v00001AF4\n");
	put_bus_device("virtio", "virtio3", "virtio:d00000005v00001AF4\n");	/* never loaded */
	put_bus_device("vmbus", "1eccfd72", "vmbus:dc7450\n");
	put_bus_device("virtio", "virtio2", "virtio:d00000002v00001AF4\n");
	return 0;
}

static int clean(void **state)
{
	(void)state;
	tree_remove(top);
	return 0;
}

/* What is picked one after the other, a device with its modules in brackets. */
static void pick_all(unsigned want, char out[1000])
{
	struct coldplug c = { .want = want };
	char alias[COLDPLUG_ALIAS];

	out[0] = 0;
	assert_int_equal(modtree_open(&c.tree, top, RELEASE, NULL), 0);
	for (;;) {
		struct modlist list = { 0 };
		bool more = coldplug_pick(&c, &places, alias, &list);

		if (more)
			sprintf(out + strlen(out), "%.16s(", alias);
		for (size_t i = 0; i < list.n; i++)
			sprintf(out + strlen(out), "%s%s", i ? " " : "", list.steps[i].name);
		modlist_free(&list);
		if (!more)
			break;
		strcat(out, ") ");
	}
	coldplug_end(&c);
}

static const struct {
	const char *why, *picked;
	unsigned    want;
} cases[] = {
	{ "a disk: its buses and drivers, once each, and drivers of the user's", "pci:v00001AF4d00(virtio_pci) "
	  "pci:v00008086d00(nvme) pci:v0000AAAAd00(raid) virtio:d00000002(virtio_blk) ", COLDPLUG_DISK },
	{ "a network: no driver of a disk", "pci:v00001AF4d00(virtio_pci) pci:v0000AAAAd00(raid) "
	  "virtio:d00000001(virtio_net) ", COLDPLUG_NET },
	{ "neither", "", 0 },
};

static void test_pick(void **state)
{
	char picked[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].why);
		pick_all(cases[i].want, picked);
		assert_string_equal(picked, cases[i].picked);
	}
}

/* A device that comes later is found; one that was there is not asked again. */
static void test_new_device(void **state)
{
	struct coldplug c = { .want = COLDPLUG_NET };
	char alias[COLDPLUG_ALIAS];
	struct modlist list = { 0 };

	(void)state;
	assert_int_equal(modtree_open(&c.tree, top, RELEASE, NULL), 0);
	while (coldplug_pick(&c, &places, alias, &list))
		modlist_free(&list);
	modlist_free(&list);
	put_bus_device("pci", "0000:00:08.0", "pci:v00001AF4d00001041sv0sd0bc02sc00i00\n");
	assert_true(coldplug_pick(&c, &places, alias, &list));
	assert_string_equal(alias, "pci:v00001AF4d00001041sv0sd0bc02sc00i00");
	modlist_free(&list);
	assert_false(coldplug_pick(&c, &places, alias, &list));
	modlist_free(&list);
	coldplug_end(&c);
}

/* More devices than anybody can remember: the search ends, and does not find the same one for ever. */
static void test_full(void **state)
{
	struct coldplug c = { .want = COLDPLUG_NET, .nr_seen = COLDPLUG_SEEN - 1 };
	char alias[COLDPLUG_ALIAS];
	struct modlist list = { 0 };

	(void)state;
	assert_int_equal(modtree_open(&c.tree, top, RELEASE, NULL), 0);
	assert_true(coldplug_pick(&c, &places, alias, &list));
	modlist_free(&list);
	assert_false(coldplug_pick(&c, &places, alias, &list));
	modlist_free(&list);
	coldplug_end(&c);
}

/* What a generic image takes of itself has no balloon. */
static void test_dirs(void **state)
{
	(void)state;
	for (const struct coldplug_dir *d = coldplug_dirs; d->dir; d++) {
		assert_false(modtree_lies_in("kernel/drivers/virtio/virtio_balloon.ko", d->dir));
		assert_false(modtree_lies_in("kernel/drivers/hv/hv_balloon.ko", d->dir));
	}
}

/* Nothing is loaded outside of a generic image, and nothing without a /sys. */
static void test_elsewhere(void **state)
{
	static const struct places nowhere = { "/nonexistent", "/dev" };
	struct coldplug c = { .want = COLDPLUG_DISK };
	struct modlist list = { 0 };
	char alias[COLDPLUG_ALIAS];

	(void)state;
	assert_false(coldplug_next(&c, &places, UINT64_MAX));
	assert_int_equal(c.want, 0);
	assert_int_equal(modtree_open(&c.tree, top, RELEASE, NULL), 0);
	assert_false(coldplug_pick(&c, &nowhere, alias, &list));
	coldplug_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_new_device),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_dirs),
		cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
