/* coldplug - load what the devices of this machine ask for, as far as the target can need it. */
/* SPDX-License-Identifier: MIT */
#include "boot/coldplug.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/io.h"
#include "boot/module.h"
#include "boot/steps.h"
#include "boot/uevent.h"

enum { BOTH = COLDPLUG_DISK | COLDPLUG_NET };

const struct coldplug_dir coldplug_dirs[] = {
	{ "drivers/virtio/virtio_pci", BOTH },	/* by name: not the balloon */
	{ "drivers/virtio/virtio_mmio", BOTH },
	{ "drivers/pci", BOTH },		/* Hyper-V's bus, NVMe behind Intel's VMD */
	{ "drivers/hv/hv_vmbus", BOTH },
	{ "drivers/nvme/host", COLDPLUG_DISK },
	{ "drivers/ata", COLDPLUG_DISK },
	{ "drivers/scsi", COLDPLUG_DISK },
	{ "drivers/message/fusion", COLDPLUG_DISK },
	{ "drivers/block/virtio_blk", COLDPLUG_DISK },
	{ "drivers/block/xen-blkfront", COLDPLUG_DISK },
	{ "drivers/block/mtip32xx", COLDPLUG_DISK },
	{ "drivers/mmc", COLDPLUG_DISK },
	{ "drivers/usb/host", COLDPLUG_DISK },
	{ "drivers/usb/storage", COLDPLUG_DISK },
	{ "drivers/net/virtio_net", COLDPLUG_NET },
	{ "drivers/net/vmxnet3", COLDPLUG_NET },
	{ "drivers/net/hyperv", COLDPLUG_NET },
	{ "drivers/net/xen-netfront", COLDPLUG_NET },
	{ "drivers/net/ethernet", COLDPLUG_NET },
	{ "drivers/net/phy", COLDPLUG_NET },
	{ "fs/ext4", 0 },
	{ "fs/xfs", 0 },
	{ "fs/btrfs", 0 },
	{ "fs/fat", 0 },
	{ "fs/fuse", 0 },
	{ "fs/nfs", 0 },
	{ "fs/smb/client", 0 },
	{ "fs/cifs", 0 },			/* the same before 6.4 */
	{ NULL, 0 }
};

/* They give the memory of this kernel to the host, which wants back what the dead one had given. */
static bool is_balloon(const char *name)
{
	return !strcmp(name, "virtio_balloon") || !strcmp(name, "hv_balloon");
}

static unsigned leads_to(const char *path)
{
	for (const struct coldplug_dir *d = coldplug_dirs; d->dir; d++)
		if (modtree_lies_in(path, d->dir))
			return d->leads_to;
	return BOTH;
}

/* True the first time. When the table is full nothing is new: the search comes to an end. */
static bool is_new(struct coldplug *c, const char *alias)
{
	uint64_t h = XXH64(alias, strlen(alias), 0);

	for (unsigned i = 0; i < c->nr_seen; i++)
		if (c->seen[i] == h)
			return false;
	if (c->nr_seen == COLDPLUG_SEEN)
		return false;
	c->seen[c->nr_seen++] = h;
	return true;
}

static int load_run(void *arg, struct step_out *out)
{
	return module_load(arg, NULL, &out->err);
}

/* False if it was there already, or cannot be loaded. */
static bool load(struct coldplug *c, const char *name, const char *alias, uint64_t end_ms)
{
	struct steps s = { .arg = (void *)name, .out = c->out, .deadline_at_ms = end_ms };
	const struct step step = { .name = name, .run = load_run, .deadline_s = c->load_s };
	struct step_end end;
	char line[600];

	if (module_is_live(name))
		return false;
	step_run(&s, &step, &end);
	if (end.ok)
		snprintf(line, sizeof(line), "coldplug: %s for %.120s, %u.%02u s", name, alias,
			 (unsigned)(end.child.duration_ms / 1000), (unsigned)(end.child.duration_ms % 1000 / 10));
	else
		snprintf(line, sizeof(line), "coldplug: %s for %.120s: %s", name, alias, end.why);
	if (c->say)
		c->say(line);
	return end.ok;
}

/* A device of a bus that has no driver yet: what does it ask for? */
static bool device_alias(const char *dir, const char *name, char alias[COLDPLUG_ALIAS])
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/driver", dir, name);
	if (name[0] == '.' || !access(path, F_OK))
		return false;
	snprintf(path, sizeof(path), "%s/%s/modalias", dir, name);
	return !read_line(path, alias, COLDPLUG_ALIAS) && alias[0];
}

/* What it means in our tree and leads where we want to go. */
static bool means(const struct coldplug *c, const char *alias, struct modlist *list)
{
	size_t n = 0;

	if (modtree_resolve(c->tree, alias, list, NULL))
		list->n = 0;
	for (size_t i = 0; i < list->n; i++) {
		const struct modstep *s = &list->steps[i];

		if (s->need == MOD_ASKED && s->path && leads_to(s->path) & c->want && !is_balloon(s->name))
			list->steps[n++] = *s;
	}
	list->n = n;
	return n;
}

static bool walk_bus(struct coldplug *c, const char *dir, char alias[COLDPLUG_ALIAS], struct modlist *list)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort);
	bool found = false;

	for (int i = 0; i < n; i++) {
		found = found || (device_alias(dir, entries[i]->d_name, alias) && is_new(c, alias) &&
				  means(c, alias, list));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return found;
}

bool coldplug_pick(struct coldplug *c, const struct places *at, char alias[COLDPLUG_ALIAS], struct modlist *list)
{
	struct dirent **buses;
	char dir[PATH_MAX];
	bool found = false;
	int n;

	/* Whatever has a modalias for a module is on a bus: two levels, instead of a tree without bounds. */
	snprintf(dir, sizeof(dir), "%s/bus", at->sys);
	n = scandir(dir, &buses, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(dir, sizeof(dir), "%s/bus/%s/devices", at->sys, buses[i]->d_name);
		found = found || (buses[i]->d_name[0] != '.' && walk_bus(c, dir, alias, list));
		free(buses[i]);
	}
	if (n >= 0)
		free(buses);
	return found;
}

static bool start(struct coldplug *c)
{
	struct err e = { 0 };
	struct utsname uts;

	if (c->tree)
		return true;
	uname(&uts);
	if (c->want && !access(COLDPLUG_FILE, F_OK) && (c->out = steps_share(sizeof(*c->out)))) {
		if (!modtree_open(&c->tree, "", uts.release, &e))
			return true;
		if (c->say)
			c->say(e.msg);
	}
	c->want = 0;
	return false;
}

bool coldplug_next(struct coldplug *c, const struct places *at, uint64_t end_ms)
{
	char alias[COLDPLUG_ALIAS];
	bool loaded = false, more = start(c);

	while (more && !loaded && now_ms() < end_ms) {
		struct modlist list = { 0 };

		more = coldplug_pick(c, at, alias, &list);
		for (size_t i = 0; i < list.n; i++)
			loaded |= load(c, list.steps[i].name, alias, end_ms);
		modlist_free(&list);
	}
	return loaded;
}

void coldplug_end(struct coldplug *c)
{
	modtree_close(c->tree);
	c->tree = NULL;
}

static bool have_card(void)
{
	struct dirent **entries;
	int n = scandir("/sys/class/net", &entries, NULL, alphasort);
	char path[PATH_MAX];
	bool have = false;

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/device", entries[i]->d_name);
		have |= entries[i]->d_name[0] != '.' && !access(path, F_OK);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return have;
}

bool coldplug_cards(void (*say)(const char *line), unsigned load_s, unsigned timeout_ms)
{
	static const struct places system_places = { "/sys", "/dev" };
	struct coldplug c = { .want = COLDPLUG_NET, .load_s = load_s, .say = say };
	uint64_t end = now_ms() + timeout_ms, now;
	int fd = uevent_open();
	bool there;

	for (;;) {
		while (coldplug_next(&c, &system_places, end))
			;
		now = now_ms();
		there = !c.want || have_card();
		if (there || now >= end)
			break;
		uevent_wait(fd, NULL, (unsigned)(end - now));
	}
	if (fd >= 0)
		close(fd);
	coldplug_end(&c);
	return there;
}
