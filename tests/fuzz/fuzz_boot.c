/* fuzz_boot - are the parsers of lib/boot safe from any bytes? The first one chooses the parser. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "boot/capture_cmdline.h"
#include "boot/kofile.h"
#include "boot/lvm.h"
#include "boot/module.h"
#include "boot/mountinfo.h"
#include "boot/mounts.h"
#include "boot/superblock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ignore(const char *value, void *arg)
{
	*(size_t *)arg += strlen(value);
	return 0;
}

/* Parsers of bytes with a length. */
static void bytes(uint8_t which, const uint8_t *data, size_t size)
{
	struct lvm_group *group;
	struct superblock sb;
	char id[LVM_ID + 1];
	size_t sum = 0;

	if (which == 2) {
		group = malloc(sizeof(*group));
		lvm_parse((const char *)data, size, group, NULL);
		free(group);
		lvm_is_member(data, size, id);
	} else if (which)
		kofile_modinfo((const char *)data, size, "firmware", ignore, &sum);
	else
		superblock_parse(data, size, &sb);
}

/* Parsers of terminated text. */
static void text(uint8_t which, const char *t)
{
	struct capture_facts facts = { .running = t, .online_cpus = 4, .x86 = true };
	char out[512], added[512];
	struct mountinfo *mount;
	unsigned long flags;

	switch (which) {
	case 0:
		module_cmdline_params(t, "abc_d", out, sizeof(out));
		break;
	case 1:
		mount_options(t, &flags, out, sizeof(out));
		break;
	case 2:
		mount = calloc(1, sizeof(*mount));
		mountinfo_find(t, "/var/crash", mount, NULL);
		free(mount);
		break;
	default:
		capture_cmdline(&facts, out, sizeof(out), added, sizeof(added), NULL);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t which;
	char *copy;

	if (!size)
		return 0;
	which = data[0] % 7;
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	copy[size - 1] = 0;
	if (which < 3)
		bytes(which, (const uint8_t *)copy, size - 1);
	else
		text(which - 3, copy);
	free(copy);
	return 0;
}
