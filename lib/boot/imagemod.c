/* imagemod - the modules that an image needs, with what they need. */
/* SPDX-License-Identifier: MIT */
#include "boot/imagemod.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/assemble.h"
#include "boot/coldplug.h"
#include "boot/imageprog.h"
#include "boot/kofile.h"
#include "boot/squeeze.h"

/* The names that init loads. */
struct loads {
	char     name[IMAGEMOD_MAX][128];
	unsigned n;
};

/* The bus of virtio_mem first, then virtio_mem, then the rest. */
static int rank(const char *name)
{
	if (!strcmp(name, "virtio_pci") || !strcmp(name, "virtio_mmio"))
		return 0;
	return strcmp(name, "virtio_mem") ? 2 : 1;
}

static int put_load(struct loads *l, const char *name, struct err *e)
{
	unsigned at = l->n;

	for (unsigned i = 0; i < l->n; i++)
		if (!strcmp(l->name[i], name))
			return 0;
	if (l->n == IMAGEMOD_MAX || strlen(name) >= sizeof(l->name[0]))
		return err_say(e, -E2BIG, "more than %d modules to load", IMAGEMOD_MAX);
	while (at && rank(l->name[at - 1]) > rank(name))
		at--;
	memmove(&l->name[at + 1], &l->name[at], (l->n - at) * sizeof(l->name[0]));
	strcpy(l->name[at], name);
	l->n++;
	return 0;
}

/* What a wish means in this tree: into list, and the names to load into loads. */
static int resolve(const struct modtree *tree, const struct modwant *want, struct modlist *list,
		   struct loads *loads, struct err *e)
{
	struct modlist own = { 0 };
	struct err why = { 0 };
	int rc = modtree_resolve(tree, want->word, &own, &why);

	if (rc == -ENOENT && !want->must)
		return 0;
	for (size_t i = 0; i < own.n && !rc; i++)
		if (want->load && own.steps[i].need == MOD_ASKED && own.steps[i].path)
			rc = put_load(loads, own.steps[i].name, &why);
	modlist_free(&own);
	if (!rc)
		rc = modtree_resolve(tree, want->word, list, &why);
	return rc ? err_say(e, rc, "%s", why.msg) : 0;
}

/* Firmware files of one module, compressed or not; the kernel takes what it finds. */
struct firmware {
	struct cpio *c;
	const char  *root;
	struct err  *e;
};

static int put_firmware(const char *value, void *arg)
{
	static const char *const suffixes[] = { "", ".xz", ".zst" };
	const struct firmware *f = arg;
	char path[PATH_MAX], source[PATH_MAX];

	if (strstr(value, ".."))
		return 0;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "/lib/firmware/%.500s%s", value, suffixes[i]);
		snprintf(source, sizeof(source), "%s%s", f->root, path);
		if (!access(source, F_OK))
			return imageprog_add(f->c, source, path, f->e);
	}
	return 0;
}

/* The module as it is in source, or image by zstd where that is not compressed. */
static int put_packed(struct cpio *c, const char *path, const char *source, const char *image, size_t len,
		      struct err *e)
{
	bool plain = !strcmp(source + modtree_plain_len(source), "");
	char *packed;
	size_t packed_len;
	int rc = plain ? squeeze(SQUEEZE_ZSTD, image, len, &packed, &packed_len, e)
		       : read_file(source, KOFILE_MAX, &packed, &packed_len, e);

	if (rc)
		return rc;
	rc = cpio_file(c, path, 0644, packed, packed_len, e);
	free(packed);
	return rc;
}

static int put_module(struct cpio *c, const struct modtree *tree, const char *dir,
		      const struct modstep *step, const char *root, bool packed, struct err *e)
{
	struct firmware firmware = { c, root, e };
	char source[PATH_MAX], path[PATH_MAX], name[PATH_MAX];
	bool absolute = step->path[0] == '/';
	size_t len;
	char *image;
	int rc;

	modtree_path(tree, step, source, sizeof(source));
	modtree_image_path(step->path, packed, name, sizeof(name));
	snprintf(path, sizeof(path), "%s%s%s", absolute ? "" : dir, absolute ? "" : "/", name);
	rc = kofile_read(source, &image, &len, e);
	if (rc)
		return rc;
	rc = packed ? put_packed(c, path, source, image, len, e) : cpio_file(c, path, 0644, image, len, e);
	if (!rc)
		rc = kofile_modinfo(image, len, "firmware", put_firmware, &firmware);
	free(image);
	return rc == -ENOEXEC ? err_say(e, rc, "%s is not a kernel module", source) : rc;
}

static int put_indexes(struct cpio *c, const struct modtree *tree, const char *dir,
		       const struct modlist *list, bool packed, struct err *e)
{
	static const char *const files[] = {
		"modules.dep", "modules.alias", "modules.softdep", "modules.builtin",
	};
	char path[PATH_MAX], *text;
	size_t len;
	int rc = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !rc; i++) {
		rc = modtree_subset(tree, list, files[i], packed, &text, &len, e);
		if (rc)
			break;
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		rc = cpio_file(c, path, 0644, text, len, e);
		free(text);
	}
	return rc;
}

static int put_load_list(struct cpio *c, const struct loads *l, struct err *e)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc;

	for (unsigned i = 0; out && i < l->n; i++)
		fprintf(out, "%s\n", l->name[i]);
	if (!out || fclose(out))
		rc = err_set(e, -ENOMEM, "list of modules");
	else
		rc = cpio_file(c, "/etc/kdumpbox/modules", 0644, text, len, e);
	free(text);
	return rc;
}

/* Which kinds of devices init may put together: those that the target lies on, or the user's list names. */
static int put_assemble(struct cpio *c, const struct modwants *w, struct err *e)
{
	static const struct {
		const char *module, *line;
	} kinds[] = { { "raid1", ASSEMBLE_MIRRORS "\n" }, { "dm_mod", ASSEMBLE_VOLUMES "\n" }, { "dm-mod", ASSEMBLE_VOLUMES "\n" } };
	char text[64] = "";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (unsigned k = 0; k < w->n; k++)
			if (!strcmp(w->want[k].word, kinds[i].module))
				strcat(text, kinds[i].line);
	return text[0] ? cpio_file(c, ASSEMBLE_FILE, 0644, text, strlen(text), e) : 0;
}

int imagemod_add(struct cpio *c, const struct modtree *tree, const char *root, const char *release,
		 const struct modwants *w, unsigned *count, struct err *e)
{
	struct loads *loads = calloc(1, sizeof(*loads));
	struct modlist list = { 0 };
	bool packed = w->nr_dirs;
	char dir[PATH_MAX];
	int rc = loads ? 0 : err_set(e, -ENOMEM, "list of modules");

	*count = 0;
	snprintf(dir, sizeof(dir), "/lib/modules/%s", release);
	for (unsigned i = 0; i < w->n && !rc; i++)
		rc = resolve(tree, &w->want[i], &list, loads, e);
	for (unsigned i = 0; i < w->nr_dirs && !rc; i++)
		rc = modtree_resolve_dir(tree, w->dir[i], &list, e);
	for (size_t i = 0; i < list.n && !rc; i++)
		if (list.steps[i].path) {
			rc = put_module(c, tree, dir, &list.steps[i], root, packed, e);
			++*count;
		}
	if (!rc)
		rc = put_indexes(c, tree, dir, &list, packed, e);
	if (!rc)
		rc = put_load_list(c, loads, e);
	if (!rc)
		rc = put_assemble(c, w, e);
	if (!rc && packed)
		rc = cpio_file(c, COLDPLUG_FILE, 0644, "", 0, e);
	modlist_free(&list);
	free(loads);
	return rc;
}
