/* modtree - which modules does a kernel have? The order of loading is in modorder.c. */
/* SPDX-License-Identifier: MIT */
#include "boot/modtree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/args.h"
#include "base/io.h"
#include "boot/modtree_index.h"

enum { INDEX_MAX = 64 << 20, MAX_RELEASES = 64 }; /* bytes of an index file; real ones have 2 MiB */

const char *next_line(const char **at, size_t *len)
{
	const char *line = *at;

	if (!*line)
		return NULL;
	*len = strcspn(line, "\n");
	*at = line + *len + (line[*len] == '\n');
	return line;
}

const char *next_word(const char **at, const char *end, size_t *len)
{
	const char *word = *at, *stop;

	while (word < end && (*word == ' ' || *word == '\t'))
		word++;
	stop = word;
	while (stop < end && *stop != ' ' && *stop != '\t')
		stop++;
	*at = stop;
	*len = (size_t)(stop - word);
	return *len ? word : NULL;
}

bool normalise(const char *in, size_t len, char *out, size_t size)
{
	bool inside = false;

	if (len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		inside = in[i] == '[' || (inside && in[i] != ']');
		out[i] = in[i] == '-' && !inside ? '_' : in[i];
	}
	out[len] = 0;
	return true;
}

static size_t base_at(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash + 1 - path) : 0;
}

void modtree_name(const char *path, char *out, size_t size)
{
	const char *base = path + base_at(path), *ko = strstr(base, ".ko");
	size_t len = ko ? (size_t)(ko - base) : strlen(base);

	if (!normalise(base, len, out, size))
		normalise(base, size - 1, out, size);
}

size_t modtree_plain_len(const char *path)
{
	const char *ko = strstr(path + base_at(path), ".ko");

	return ko ? (size_t)(ko + 3 - path) : strlen(path);
}

void modtree_image_path(const char *path, bool packed, char *out, size_t size)
{
	size_t plain = modtree_plain_len(path), n = packed ? strlen(path) : plain;

	snprintf(out, size, "%.*s%s", (int)n, path, packed && n == plain ? ".zst" : "");
}

static int add_mod(struct modtree *tree, const char *path, const char *deps, struct err *e)
{
	char name[MODULE_NAME_SIZE];
	struct mod *mod;

	if (tree->nr_mods == tree->cap_mods) {
		size_t cap = tree->cap_mods ? 2 * tree->cap_mods : 256;
		struct mod *more = reallocarray(tree->mods, cap, sizeof(*more));

		if (!more)
			return err_set(e, -ENOMEM, "index %s", tree->dir);
		tree->mods = more;
		tree->cap_mods = cap;
	}
	modtree_name(path, name, sizeof(name));
	mod = &tree->mods[tree->nr_mods];
	*mod = (struct mod){ strdup(name), deps ? path : NULL, deps ? deps : "" };
	if (!mod->name)
		return err_set(e, -ENOMEM, "index %s", tree->dir);
	tree->nr_mods++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct mod *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	/* Of two with one name a file goes before a built-in one. */
	return d ? d : (!x->path) - (!y->path);
}

struct mod *modtree_find(const struct modtree *tree, const char *name)
{
	char key[MODULE_NAME_SIZE];
	size_t low = 0, high = tree->nr_mods;

	if (!normalise(name, strlen(name), key, sizeof(key)))
		return NULL;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(tree->mods[mid].name, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < tree->nr_mods && !strcmp(tree->mods[low].name, key) ? &tree->mods[low] : NULL;
}

void modtree_path(const struct modtree *tree, const struct modstep *step, char *out, size_t size)
{
	bool absolute = step->path[0] == '/';

	snprintf(out, size, "%s%s%s", absolute ? "" : tree->dir, absolute ? "" : "/", step->path);
}

/* Read an index file; one that is not there is an empty one. NUL bytes end lines like newlines. */
static int read_index(const char *dir, const char *file, char **text, size_t *len, struct err *e)
{
	char *path;
	int rc;

	*text = NULL;
	if (asprintf(&path, "%s/%s", dir, file) < 0)
		return err_set(e, -ENOMEM, "read %s", file);
	if (access(path, F_OK)) {
		*len = 0;
		*text = strdup("");
		rc = *text ? 0 : err_set(e, -ENOMEM, "read %s", path);
	} else {
		rc = read_file(path, INDEX_MAX, text, len, e);
	}
	free(path);
	return rc;
}

/* "kernel/a.ko: kernel/b.ko kernel/c.ko": cut it to strings where it lies. */
static int index_dep(struct modtree *tree, struct err *e)
{
	char *at = tree->dep;
	int rc = 0;

	while (*at && !rc) {
		char *line = at, *colon;

		at += strcspn(at, "\n");
		if (*at)
			*at++ = 0;
		colon = strchr(line, ':');
		if (colon && colon != line) {
			*colon = 0;
			rc = add_mod(tree, line, colon + 1, e);
		}
	}
	return rc;
}

static int index_builtin(struct modtree *tree, struct err *e)
{
	size_t len;
	char *text;
	int rc = read_index(tree->dir, "modules.builtin", &text, &len, e);

	for (char *at = text; !rc && *at;) {
		char *line = at;

		at += strcspn(at, "\n");
		if (*at)
			*at++ = 0;
		if (*line)
			rc = add_mod(tree, line, NULL, e);
	}
	free(text);
	return rc;
}

static int read_tree(struct modtree *tree, struct err *e)
{
	size_t len;
	char path[4096];
	int rc;

	snprintf(path, sizeof(path), "%s/modules.dep", tree->dir);
	if (access(path, F_OK))
		return err_say(e, -ENOENT, "%s is missing: run depmod for this kernel", path);
	rc = read_index(tree->dir, "modules.dep", &tree->dep, &len, e);
	if (!rc)
		rc = read_index(tree->dir, "modules.alias", &tree->alias, &len, e);
	if (!rc)
		rc = read_index(tree->dir, "modules.softdep", &tree->softdep, &len, e);
	if (!rc)
		rc = read_index(tree->dir, "modules.builtin.modinfo", &tree->builtin_info,
				&tree->builtin_info_len, e);
	if (!rc)
		rc = index_dep(tree, e);
	if (!rc)
		rc = index_builtin(tree, e);
	if (!rc && tree->nr_mods)
		qsort(tree->mods, tree->nr_mods, sizeof(*tree->mods), by_name);
	return rc;
}

/* Say which kernels there are instead. */
static int no_release(const char *dir, const char *release, struct err *e)
{
	const char *names[MAX_RELEASES], *near;
	struct dirent **list;
	int n = scandir(dir, &list, NULL, alphasort), rc;
	size_t nr = 0;

	if (n < 0)
		return err_say(e, -ENOENT, "no modules of kernel %s: there is no directory %s",
			       release, dir);
	for (int i = 0; i < n && nr < MAX_RELEASES; i++)
		if (list[i]->d_name[0] != '.')
			names[nr++] = list[i]->d_name;
	near = nearest_name(release, names, nr);
	if (!near && nr)
		near = names[nr - 1];
	rc = err_say(e, -ENOENT, "no modules of kernel %s in %s%s%s", release, dir,
		     near ? "; there is " : ", which is empty", near ? near : "");
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return rc;
}

/* ROOT/lib/modules/RELEASE, or below usr/lib where /lib is no link. */
static int find_dir(const char *root, const char *release, char **dir, struct err *e)
{
	const char *above = strcmp(root, "/") ? root : "";
	char base[4096];

	if (!*release || strchr(release, '/') || release[0] == '.')
		return err_say(e, -EINVAL, "'%s' is no kernel release", release);
	for (int i = 0; i < 2; i++) {
		snprintf(base, sizeof(base), "%s/%slib/modules", above, i ? "usr/" : "");
		if (asprintf(dir, "%s/%s", base, release) < 0)
			return err_set(e, -ENOMEM, "%s", base);
		if (!access(*dir, F_OK))
			return 0;
		free(*dir);
		if (!access(base, F_OK))
			return no_release(base, release, e);
	}
	snprintf(base, sizeof(base), "%s/lib/modules", above);
	return no_release(base, release, e);
}

int modtree_open(struct modtree **out, const char *root, const char *release, struct err *e)
{
	struct modtree *tree = calloc(1, sizeof(*tree));
	int rc;

	if (!tree)
		return err_set(e, -ENOMEM, "modules of %s", release);
	rc = find_dir(root, release, &tree->dir, e);
	if (rc)
		tree->dir = NULL;
	else
		rc = read_tree(tree, e);
	if (rc)
		modtree_close(tree);
	else
		*out = tree;
	return rc;
}

void modtree_close(struct modtree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->nr_mods; i++)
		free(tree->mods[i].name);
	free(tree->mods);
	free(tree->dir);
	free(tree->dep);
	free(tree->alias);
	free(tree->softdep);
	free(tree->builtin_info);
	free(tree);
}
