/* modorder - in what order are the modules of a tree loaded? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "boot/modalias.h"
#include "boot/modtree_index.h"

/* What is still to be done; a stack instead of recursion, so that no tree can exhaust ours. */
enum act {
	ACT_PROBE,	/* the module with what it depends on */
	ACT_FILL,	/* the module between its softdeps */
	ACT_EMIT,	/* the module itself */
};

struct job {
	size_t       mod;	/* index in the tree */
	enum act     act;
	enum modneed need;
};

struct walk {
	const struct modtree *tree;
	struct modlist       *list;
	unsigned char        *seen;	/* per module of the tree: it has been filled */
	struct job           *jobs;
	size_t                nr_jobs, cap_jobs;
};

enum { MAX_JOBS = 1 << 16 };

static int push(struct walk *w, size_t mod, enum act act, enum modneed need, struct err *e)
{
	if (w->nr_jobs == w->cap_jobs) {
		size_t cap = w->cap_jobs ? 2 * w->cap_jobs : 64;
		struct job *more =
			cap > MAX_JOBS ? NULL : reallocarray(w->jobs, cap, sizeof(*more));

		if (!more)
			return err_say(e, -E2BIG, "%s: the dependencies of %s have no end",
				       w->tree->dir, w->tree->mods[mod].name);
		w->jobs = more;
		w->cap_jobs = cap;
	}
	w->jobs[w->nr_jobs++] = (struct job){ mod, act, need };
	return 0;
}

/* Turn round what was pushed since from: the first is to be done first. */
static void turn(struct walk *w, size_t from)
{
	for (size_t a = from, b = w->nr_jobs; a + 1 < b; a++) {
		struct job t = w->jobs[a];

		w->jobs[a] = w->jobs[--b];
		w->jobs[b] = t;
	}
}

static int emit(struct modlist *list, const struct mod *mod, enum modneed need, struct err *e)
{
	struct modstep *more;

	if (list->n == MODTREE_MAX_STEPS)
		return err_say(e, -E2BIG, "more than %d modules would be loaded",
			       MODTREE_MAX_STEPS);
	more = reallocarray(list->steps, list->n + 1, sizeof(*more));
	if (!more)
		return err_set(e, -ENOMEM, "load order");
	list->steps = more;
	list->steps[list->n++] = (struct modstep){ mod->name, mod->path, need };
	return 0;
}

/* For each module that an alias of modules.alias means. */
static int push_alias(struct walk *w, const char *word, enum modneed need, struct err *e)
{
	const char *at = w->tree->alias, *line, *pattern, *name;
	char mod_name[MODULE_NAME_SIZE];
	size_t len, n;
	int rc = 0;

	while (!rc && (line = next_line(&at, &len))) {
		const char *end = line + len;
		struct mod *mod;

		if (len < 6 || memcmp(line, "alias ", 6))
			continue;
		line += 6;
		pattern = next_word(&line, end, &n);
		if (!pattern || n >= ALIAS_SIZE || !modalias_match(pattern, n, word))
			continue;
		name = next_word(&line, end, &n);
		if (!name || !normalise(name, n, mod_name, sizeof(mod_name)))
			continue;
		mod = modtree_find(w->tree, mod_name);
		if (mod)
			rc = push(w, (size_t)(mod - w->tree->mods), ACT_PROBE, need, e);
	}
	return rc;
}

/* For each built-in module that says "NAME.alias=PATTERN" of itself. */
static int push_builtin_alias(struct walk *w, const char *word, enum modneed need, struct err *e)
{
	const char *at = w->tree->builtin_info, *end = at + w->tree->builtin_info_len;
	char name[MODULE_NAME_SIZE];
	int rc = 0;

	for (; !rc && at < end; at += strlen(at) + 1) {
		const char *key = strstr(at, ".alias=");
		struct mod *mod;

		if (!key || key > strchr(at, '=') ||
		    !normalise(at, (size_t)(key - at), name, sizeof(name)) ||
		    strlen(key + 7) >= ALIAS_SIZE || !modalias_match(key + 7, strlen(key + 7), word))
			continue;
		mod = modtree_find(w->tree, name);
		if (mod)
			rc = push(w, (size_t)(mod - w->tree->mods), ACT_PROBE, need, e);
	}
	return rc;
}

/* Everything that word means. Nothing is pushed for an unknown one. */
static int push_word(struct walk *w, const char *text, size_t len, enum modneed need, struct err *e)
{
	char word[ALIAS_SIZE];
	struct mod *mod;
	size_t before = w->nr_jobs;
	int rc;

	if (!normalise(text, len, word, sizeof(word)))
		return 0;
	mod = modtree_find(w->tree, word);
	if (mod && mod->path)
		return push(w, (size_t)(mod - w->tree->mods), ACT_PROBE, need, e);
	/* As in kmod an alias goes before a built-in module of that name: crc32 is both. */
	rc = push_alias(w, word, need, e);
	if (rc || w->nr_jobs != before)
		return rc;
	return mod ? push(w, (size_t)(mod - w->tree->mods), ACT_PROBE, need, e)
		   : push_builtin_alias(w, word, need, e);
}

/* The dependencies, last of the line first, then the module between its softdeps. */
static int probe(struct walk *w, struct job job, struct err *e)
{
	const struct mod *mod = &w->tree->mods[job.mod];
	enum modneed need = job.need == MOD_SOFT ? MOD_SOFT : MOD_DEPENDENCY;
	const char *at = mod->deps, *end = at + strlen(at), *dep;
	char name[MODULE_NAME_SIZE], path[4096];
	size_t len;
	int rc;

	if (w->seen[job.mod])
		return 0;
	rc = push(w, job.mod, ACT_FILL, job.need, e);
	while (!rc && (dep = next_word(&at, end, &len))) {
		const struct mod *found;

		snprintf(path, sizeof(path), "%.*s", (int)len, dep);
		modtree_name(path, name, sizeof(name));
		found = modtree_find(w->tree, name);
		if (!found)
			return err_say(e, -ENOENT, "%s/modules.dep: %s needs %s, which has no line",
				       w->tree->dir, mod->name, path);
		if (found != mod)
			rc = push(w, (size_t)(found - w->tree->mods), ACT_FILL, need, e);
	}
	return rc;
}

/*
 * Push the words of "softdep NAME pre: A B post: C" that stand behind which. All lines of a module
 * count: kmod looks at the first one only, and so leaves out half of what btrfs asks for.
 */
static int push_softdeps(struct walk *w, const struct mod *mod, const char *which, struct err *e)
{
	const char *at = w->tree->softdep, *line, *word;
	char name[MODULE_NAME_SIZE];
	size_t len, n;
	int rc = 0;

	while (!rc && (line = next_line(&at, &len))) {
		const char *end = line + len;
		bool in = false;

		if (len < 8 || memcmp(line, "softdep ", 8))
			continue;
		line += 8;
		word = next_word(&line, end, &n);
		if (!word || !normalise(word, n, name, sizeof(name)) || strcmp(name, mod->name))
			continue;
		while (!rc && (word = next_word(&line, end, &n))) {
			if (word[n - 1] == ':')
				in = n == strlen(which) && !memcmp(word, which, n);
			else if (in)
				rc = push_word(w, word, n, MOD_SOFT, e);
		}
	}
	return rc;
}

static int fill(struct walk *w, struct job job, struct err *e)
{
	const struct mod *mod = &w->tree->mods[job.mod];
	size_t from = w->nr_jobs;
	int rc;

	if (w->seen[job.mod])
		return 0;
	w->seen[job.mod] = 1;
	rc = push_softdeps(w, mod, "pre:", e);
	if (!rc)
		rc = push(w, job.mod, ACT_EMIT, job.need, e);
	if (!rc)
		rc = push_softdeps(w, mod, "post:", e);
	turn(w, from);
	return rc;
}

static int run(struct walk *w, struct err *e)
{
	int rc = 0;

	while (!rc && w->nr_jobs) {
		struct job job = w->jobs[--w->nr_jobs];

		if (job.act == ACT_PROBE)
			rc = probe(w, job, e);
		else if (job.act == ACT_FILL)
			rc = fill(w, job, e);
		else
			rc = emit(w->list, &w->tree->mods[job.mod], job.need, e);
	}
	return rc;
}

static int unknown(const struct modtree *tree, const char *word, struct err *e)
{
	const char **names = calloc(tree->nr_mods + 1, sizeof(*names)), *near = NULL;
	char norm[MODULE_NAME_SIZE];
	int rc;

	for (size_t i = 0; names && i < tree->nr_mods; i++)
		names[i] = tree->mods[i].name;
	if (names && normalise(word, strlen(word), norm, sizeof(norm)))
		near = nearest_name(norm, names, tree->nr_mods);
	rc = err_say(e, -ENOENT, "no module '%.100s' in %s%s%s%s", word, tree->dir,
		     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	free(names);
	return rc;
}

/* What is in list has been seen already. */
static int walk_start(struct walk *w, const struct modtree *tree, struct modlist *list, struct err *e)
{
	*w = (struct walk){ .tree = tree, .list = list, .seen = calloc(tree->nr_mods + 1, 1) };
	if (!w->seen)
		return err_set(e, -ENOMEM, "load order");
	for (size_t i = 0; i < list->n; i++) {
		const struct mod *mod = modtree_find(tree, list->steps[i].name);

		if (mod)
			w->seen[mod - tree->mods] = 1;
	}
	return 0;
}

static void walk_end(struct walk *w)
{
	free(w->seen);
	free(w->jobs);
}

int modtree_resolve(const struct modtree *tree, const char *word, struct modlist *list,
		    struct err *e)
{
	struct walk w;
	int rc = walk_start(&w, tree, list, e);

	if (!rc)
		rc = push_word(&w, word, strlen(word), MOD_ASKED, e);
	if (!rc && !w.nr_jobs)
		rc = unknown(tree, word, e);
	turn(&w, 0);
	if (!rc)
		rc = run(&w, e);
	walk_end(&w);
	return rc;
}

bool modtree_lies_in(const char *path, const char *dir)
{
	static const char above[] = "kernel/";
	size_t n = strlen(dir);

	if (!strncmp(path, above, sizeof(above) - 1) && strncmp(dir, above, sizeof(above) - 1))
		path += sizeof(above) - 1;
	return n && !strncmp(path, dir, n) && (path[n] == '/' || dir[n - 1] == '/' || !strncmp(path + n, ".ko", 3));
}

int modtree_resolve_dir(const struct modtree *tree, const char *dir, struct modlist *list, struct err *e)
{
	struct walk w;
	int rc = walk_start(&w, tree, list, e);

	for (size_t i = 0; i < tree->nr_mods && !rc; i++) {
		if (!tree->mods[i].path || !modtree_lies_in(tree->mods[i].path, dir))
			continue;
		rc = push(&w, i, ACT_PROBE, MOD_ASKED, e);
		if (!rc)
			rc = run(&w, e);
	}
	walk_end(&w);
	return rc;
}

void modlist_free(struct modlist *list)
{
	free(list->steps);
	*list = (struct modlist){ 0 };
}
