/* modtree - which modules does a kernel have, and in what order must they be loaded? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MODTREE_H
#define BOOT_MODTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The directory lib/modules/RELEASE under a root, as depmod(8) indexes it: modules.dep,
 * modules.alias, modules.softdep, modules.builtin, modules.builtin.modinfo (aliases of built-in
 * modules). Of these only modules.dep must exist. In names '-' and '_' are equal.
 */
struct modtree;

/* Why a module is in a load order. */
enum modneed {
	MOD_SOFT,		/* by a softdep, or because such a module needs it: may fail */
	MOD_DEPENDENCY,
	MOD_ASKED,		/* the word means it; of several of an alias one must load */
};

/* A step of a load order. Pointers are borrowed from the tree. */
struct modstep {
	const char  *name;	/* with '_' only */
	const char  *path;	/* below the tree's directory, as in modules.dep; NULL: built in */
	enum modneed need;
};

struct modlist {
	struct modstep *steps;
	size_t          n;
};

/* Most modules one list can have: what asks for more is a broken tree, or a whole distribution. */
enum { MODTREE_MAX_STEPS = 4096 };

/*
 * Read the tree of release under root ("" or "/" for the running system). Returns 0 and *tree,
 * which modtree_close frees; an error names a release that is unknown and those that are there.
 */
int modtree_open(struct modtree **tree, const char *root, const char *release, struct err *e);
void modtree_close(struct modtree *tree);	/* NULL is fine */

/*
 * Append what loading word needs to list, in order: dependencies before the module, "pre" softdeps
 * before and "post" softdeps behind each (kmod's order), nothing twice, not even over several calls
 * with the same list. word is a module or an alias (which may mean several modules: all are
 * loaded). A built-in module is a step without path. list starts zeroed; modlist_free ends it.
 * Returns 0; -ENOENT names the nearest module; -E2BIG beyond MODTREE_MAX_STEPS.
 */
int modtree_resolve(const struct modtree *tree, const char *word, struct modlist *list,
		    struct err *e);
void modlist_free(struct modlist *list);

/*
 * The same for all modules whose file lies in dir (modtree_lies_in); none is no error.
 */
int modtree_resolve_dir(const struct modtree *tree, const char *dir, struct modlist *list, struct err *e);

/*
 * Is path, as in modules.dep, below the directory dir, or the module dir? "drivers/nvme", "fs/xfs/xfs" and
 * "updates/dkms" are: below kernel/, or beside it.
 */
bool modtree_lies_in(const char *path, const char *dir);

/* The file of a step that has a path. */
void modtree_path(const struct modtree *tree, const struct modstep *step, char *out, size_t size);

/* Name of a module as the kernel has it: base name, without .ko and what follows, '-' to '_'. */
void modtree_name(const char *path, char *out, size_t size);

/*
 * The lines of an index file ("modules.dep", "modules.alias", "modules.softdep" or
 * "modules.builtin") that concern the modules of list, in the file's order, for a tree that has
 * only those. modules.dep lines name the files as modtree_image_path does. Returns 0 and *text, which the
 * caller frees, *len bytes.
 */
int modtree_subset(const struct modtree *tree, const struct modlist *list, const char *file,
		   bool packed, char **text, size_t *len, struct err *e);

/*
 * A module's path as it is named once it is decompressed: "kernel/fs/xfs/xfs.ko.xz" gives
 * "kernel/fs/xfs/xfs.ko". Returns the length to keep of path.
 */
size_t modtree_plain_len(const char *path);

/* Its path in an image: that, or with packed as it is, and ".zst" behind it where it is not compressed. */
void modtree_image_path(const char *path, bool packed, char *out, size_t size);

#endif
