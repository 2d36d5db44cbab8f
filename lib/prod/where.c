/* where - where are the dumps that this configuration makes? */
/* SPDX-License-Identifier: MIT */
#include "prod/where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

static void add_elsewhere(struct where *w, const struct target *t)
{
	size_t n = strlen(w->elsewhere);

	snprintf(w->elsewhere + n, sizeof(w->elsewhere) - n, "%s%s %s%s%s", n ? ", " : "", t->keyword, t->device,
		 t->kind == TARGET_SSH ? " " : t->kind == TARGET_RAW ? " (kdump fetch looks there)" : "",
		 t->kind == TARGET_SSH ? t->opts.path : "");
}

static void add_target(struct where *w, const struct place *p, const struct target *t)
{
	struct mounted *at = t->kind == TARGET_FS ? malloc(sizeof(*at)) : NULL;

	if (t->kind == TARGET_RAW)
		place_path(p, t->opts.path, w->dirs[w->n++]);
	if (at && place_of_target(t, at))
		snprintf(w->dirs[w->n++], PATH_MAX, "%s", at->path);
	else
		add_elsewhere(w, t);
	free(at);
}

/* Of a server: then it may hold the dumps of others, too. */
static bool is_shared(const char *dir)
{
	static const unsigned types[] = { 0x6969, 0xff534d42, 0xfe534d42 };	/* NFS, CIFS, SMB2: linux/magic.h */
	struct statfs fs;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!statfs(dir, &fs) && (unsigned)fs.f_type == types[i])
			return true;
	return false;
}

/* No target is named: "path", wherever that is. */
static void add_path(struct where *w, const struct place *p, const char *path)
{
	place_path(p, path, w->dirs[0]);
	if (is_shared(w->dirs[0]))
		snprintf(w->elsewhere, sizeof(w->elsewhere), "%.400s, which other machines share", path);
	else
		w->n = 1;
}

void where_read(struct where *w, const struct place *p)
{
	struct kdump_conf *c = malloc(sizeof(*c));

	*w = (struct where){ .n = 0 };
	if (!c)
		return;
	conf_defaults(c);
	if (!access(p->conf_path, F_OK))
		conf_read(c, p->conf_path, CONF_LENIENT, NULL);
	if (!c->nr_targets)
		add_path(w, p, c->defaults.path);
	for (int i = 0; i < c->nr_targets; i++)
		add_target(w, p, &c->targets[i]);
	free(c);
}
