/* imagemod - the modules that an image needs, with what they need. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_IMAGEMOD_H
#define BOOT_IMAGEMOD_H

#include <stdbool.h>

#include "boot/cpio.h"
#include "boot/imageconf.h"
#include "boot/modtree.h"

enum { IMAGEMOD_MAX = 256, IMAGEMOD_DIRS = 64 };

/* A module or alias that is wanted. */
struct modwant {
	char word[512];
	bool must;	/* it is an error if the kernel does not have it */
	bool load;	/* init loads it; else it lies there for the kernel to ask for */
};

struct modwants {
	struct modwant want[IMAGEMOD_MAX];
	unsigned       n;
	char           dir[IMAGEMOD_DIRS][64];	/* modtree_lies_in: everything that is there, for coldplug.h */
	unsigned       nr_dirs;
};

/* Add one wish; the same word again changes nothing. -E2BIG if there are too many. */
int imagemod_want(struct modwants *w, const char *word, size_t len, bool must, bool load,
		  struct err *e);

/*
 * All that the configuration asks for: the drivers, in list (words split by blanks or commas; "=DIR" is a
 * directory) or, if that is NULL, of the target devices of this machine; with generic those of coldplug_dirs, unless
 * list names directories, and nothing of this machine; extra_modules; filesystems with the
 * helpers that the kernel asks for by itself (checksums, character sets); virtio_mem, if root is ""
 * and this machine has a driver for such memory loaded.
 */
int imagemod_choose(struct modwants *w, const struct imageconf *ic, const char *list,
		    const char *root, bool generic, struct err *e);

/*
 * Put the wanted modules with their dependencies into the image below /lib/modules/RELEASE,
 * decompressed and otherwise untouched (their signatures are at the end), with index files for
 * these only, their firmware as far as root has it, and /etc/kdumpbox/modules: what init loads, one
 * a line; virtio_mem before everything but its bus, since it must be there before /proc/vmcore is
 * opened for the first time. If raid1 or dm_mod is wanted, ASSEMBLE_FILE says so (assemble.h). With directories the
 * modules stay compressed, or become so by zstd, since most of them are never read, and COLDPLUG_FILE is there. *count
 * gets the number of modules.
 */
int imagemod_add(struct cpio *c, const struct modtree *tree, const char *root, const char *release,
		 const struct modwants *w, unsigned *count, struct err *e);

#endif
