/* modtree_index - the tables behind a module tree, for modtree.c and modorder.c only. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MODTREE_INDEX_H
#define BOOT_MODTREE_INDEX_H

#include "boot/modtree.h"

enum { MODULE_NAME_SIZE = 128, ALIAS_SIZE = 1024 };

struct mod {
	char       *name;	/* with '_' only; owned */
	const char *path;	/* into dep; NULL: built in */
	const char *deps;	/* into dep: paths split by blanks; "" for none */
};

struct modtree {
	char       *dir;
	char       *dep;			/* modules.dep, cut to strings */
	char       *alias, *softdep;		/* the files' text, "" if missing */
	char       *builtin_info;		/* modules.builtin.modinfo: strings */
	size_t      builtin_info_len;
	struct mod *mods;			/* sorted by name */
	size_t      nr_mods, cap_mods;
};

/* The module of that name ('-' or '_'), NULL if there is none. */
struct mod *modtree_find(const struct modtree *tree, const char *name);

/* The next line of a text: *at moves on, *len without newline. NULL at the end. */
const char *next_line(const char **at, size_t *len);

/* The next word between blanks in [*at, end): *at moves on. NULL at the end. */
const char *next_word(const char **at, const char *end, size_t *len);

/* Copy a module name or alias, '-' to '_' but inside [...]. False if it does not fit. */
bool normalise(const char *in, size_t len, char *out, size_t size);

#endif
