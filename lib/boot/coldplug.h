/* coldplug - load what the devices of this machine ask for, as far as the target can need it. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_COLDPLUG_H
#define BOOT_COLDPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/blockdev.h"
#include "boot/modtree.h"

/* It is there in a generic image, and only then devices are asked. */
#define COLDPLUG_FILE "/etc/kdumpbox/coldplug"

/* What a driver leads to. A bus may lead to both. */
enum { COLDPLUG_DISK = 1, COLDPLUG_NET = 2 };
enum { COLDPLUG_ALIAS = 1024 /* bytes */, COLDPLUG_SEEN = 4096 };

/*
 * Where in a kernel's tree (modtree_lies_in) the drivers of a generic image are: what dracut --no-hostonly and
 * initramfs-tools with MODULES=most take for disks and cards, without what nobody dumps to. Ends with a NULL. What lies
 * elsewhere, since the user's list names it, is loaded for disks and cards alike; the balloons of virtio and Hyper-V
 * never are: they would take the little memory there is.
 */
extern const struct coldplug_dir {
	const char *dir;
	unsigned    leads_to;	/* 0: no device asks for it, but mount(2) or another module */
} coldplug_dirs[];

struct step_out;

/* One search. Starts zeroed but for want, load_s and say; coldplug_end frees. */
struct coldplug {
	unsigned        want;				/* COLDPLUG_DISK or COLDPLUG_NET; 0: nothing is loaded */
	unsigned        load_s;				/* for one module, as module_timeout; 0: no limit */
	void          (*say)(const char *line);		/* one for each module; NULL: none */
	struct modtree *tree;				/* of the running kernel; a test brings its own */
	struct step_out *out;				/* of those who load */
	uint64_t        seen[COLDPLUG_SEEN];		/* hashes of what was looked up */
	unsigned        nr_seen;
};

/*
 * The next device without a driver whose modalias was not looked at yet and means modules that lead to what is wanted:
 * they are appended to list (zeroed before, modlist_free ends it), each with need MOD_ASKED and a path; alias gets
 * the modalias. False if there is none, or COLDPLUG_SEEN were looked at.
 */
bool coldplug_pick(struct coldplug *c, const struct places *at, char alias[COLDPLUG_ALIAS], struct modlist *list);

/*
 * Load what the next device means that asks for something new, each module in a step of its own. Returns true if
 * one was loaded, so that there may be new devices; false if all devices have been asked, or now_ms is end_ms. Without
 * COLDPLUG_FILE false at once, and want becomes 0.
 */
bool coldplug_next(struct coldplug *c, const struct places *at, uint64_t end_ms);
void coldplug_end(struct coldplug *c);

/*
 * Load the drivers of all cards, and wait until there is one, timeout_ms at most. For PID 1's child that makes the network.
 * False if none came; true also without COLDPLUG_FILE.
 */
bool coldplug_cards(void (*say)(const char *line), unsigned load_s, unsigned timeout_ms);

#endif
