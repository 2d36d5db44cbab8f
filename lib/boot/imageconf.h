/* imageconf - the configuration that goes into an image, complete. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IMAGECONF_H
#define BOOT_IMAGECONF_H

#include "base/conf.h"
#include "net/netconf.h"

enum { IMAGECONF_MAX = 2 * CONF_TARGETS_MAX, IMAGECONF_LIST = 1024, IMAGECONF_NICS = 16 };

struct imageconf {
	struct kdump_conf conf;
	char  *text;		/* of /etc/kdump.conf in the image; owned */
	size_t len;

	/* What the capture kernel has to reach: devices as in device.h, and filesystems. */
	char     devices[IMAGECONF_MAX][CONF_TEXT_MAX], fstypes[IMAGECONF_MAX][16];
	unsigned nr_devices, nr_fstypes;

	/* For targets on other machines: cards of this one, and modules of what stands on them. */
	char        nics[IMAGECONF_NICS][16];
	unsigned    nr_nics;
	bool        wants_nic;
	char        lost_nic[MAC_TEXT];	/* the first card that a word names and that is not here */
	const char *net_modules[NET_MODULES_MAX];
	int         nr_net_modules;

	char extra_modules[IMAGECONF_LIST],
		extra_bins[IMAGECONF_LIST]; /* of kdump-utils; split by blanks */
};

/*
 * Read path strictly (conf.h); NULL: /etc/kdump.conf below root, or nothing if there is none.
 * Without a target line the directory "path" of this machine is looked up, and its filesystem
 * (UUID), the path inside it and the btrfs subvolume are written into the text; the same is done
 * for the root filesystem if failure_action asks for it. root is "" for this machine, elsewhere a
 * target line is needed. For a server the network is completed, see imagenet.h. Returns 0 or an error; imageconf_free in both cases.
 */
int imageconf_read(struct imageconf *ic, const char *path, const char *root, struct err *e);

/* The same for an image of no machine in particular: the text as it is, which need not name a target. */
int imageconf_read_generic(struct imageconf *ic, const char *path, const char *root, struct err *e);
void imageconf_free(struct imageconf *ic);

#endif
