/* modsubset - which lines of a tree's index files concern a few modules only? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "boot/modtree_index.h"

enum { INDEX_MAX = 64 << 20 };	/* bytes */

/* Where in a line the module's name or path stands. */
static const struct index_file {
	const char *name;
	int         word;	/* number of the word, from 0 */
} files[] = {
	{ "modules.dep", 0 },
	{ "modules.alias", 2 },
	{ "modules.softdep", 1 },
	{ "modules.builtin", 0 },
};

static bool in_list(const struct modlist *list, const char *name, bool builtin)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->steps[i].name, name) && !list->steps[i].path == builtin)
			return true;
	return false;
}

static bool line_concerns(const char *line, size_t len, int word, const struct modlist *list,
			  bool builtin)
{
	const char *at = line, *end = line + len, *found = NULL;
	char path[4096], name[MODULE_NAME_SIZE];
	size_t n = 0;

	for (int i = 0; i <= word; i++) {
		found = next_word(&at, end, &n);
		if (!found)
			return false;
	}
	snprintf(path, sizeof(path), "%.*s", (int)n, found);
	modtree_name(path, name, sizeof(name));
	return in_list(list, name, builtin);
}

/* Write the words of a line of modules.dep as the files are called in an image. */
static void put_paths(FILE *out, const char *line, size_t len, bool packed)
{
	const char *at = line, *end = line + len, *word, *gap = "";
	char path[4096], name[4096];
	size_t n;

	while ((word = next_word(&at, end, &n))) {
		bool colon = word[n - 1] == ':';

		snprintf(path, sizeof(path), "%.*s", (int)(n - colon), word);
		modtree_image_path(path, packed, name, sizeof(name));
		fprintf(out, "%s%s%s", gap, name, colon ? ":" : "");
		gap = " ";
	}
	fputc('\n', out);
}

static int filter(const char *text, const struct index_file *file, const struct modlist *list,
		  bool packed, FILE *out)
{
	bool dep = file == &files[0], builtin = file == &files[3];
	const char *at = text, *line;
	size_t len;

	while ((line = next_line(&at, &len))) {
		if (*line == '#' || !line_concerns(line, len, file->word, list, builtin))
			continue;
		if (dep)
			put_paths(out, line, len, packed);
		else
			fprintf(out, "%.*s\n", (int)len, line);
	}
	return ferror(out) ? -ENOMEM : 0;
}

int modtree_subset(const struct modtree *tree, const struct modlist *list, const char *file,
		   bool packed, char **text, size_t *len, struct err *e)
{
	const struct index_file *kind = NULL;
	char path[4096], *whole;
	size_t whole_len;
	FILE *out;
	int rc;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strcmp(files[i].name, file))
			kind = &files[i];
	if (!kind)
		return err_say(e, -EINVAL, "%s is no index of modules", file);
	snprintf(path, sizeof(path), "%s/%s", tree->dir, file);
	rc = read_file(path, INDEX_MAX, &whole, &whole_len, e);
	if (rc == -ENOENT)
		whole = strdup("");
	else if (rc)
		return rc;
	*text = NULL;
	out = open_memstream(text, len);
	rc = whole && out ? filter(whole, kind, list, packed, out) : -ENOMEM;
	if (out && fclose(out))
		rc = -ENOMEM;
	free(whole);
	if (rc) {
		free(*text);
		return err_set(e, rc, "pick lines of %s", path);
	}
	return 0;
}
