/* parts - several files that have their names only when all of them are whole. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/sink.h"

struct part {
	struct sink *sink;		/* owned */
	const char  *path;		/* borrowed */
	struct stat  st;
};

struct parts_sink {
	struct sink base;
	size_t      nr;
	struct part parts[];
};

static struct parts_sink *of(struct sink *s)
{
	return (struct parts_sink *)s;
}

static void unfinished_name(const char *path, char *out, size_t size)
{
	snprintf(out, size, "%s-incomplete", path);
}

/* How much the whole may have: a disk that is to take m of n parts has room for n / m of its space. */
static uint64_t parts_space(struct sink *s)
{
	struct parts_sink *p = of(s);
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < p->nr; i++) {
		uint64_t space = sink_space(p->parts[i].sink), here = 0;

		for (size_t j = 0; j < p->nr; j++)
			here += p->parts[j].st.st_dev == p->parts[i].st.st_dev;
		if (space == UINT64_MAX)
			return UINT64_MAX;
		if (space / here * p->nr < least)
			least = space / here * p->nr;
	}
	return least;
}

/* Some have their final names, but a part alone is no dump. */
static void take_names_back(struct parts_sink *p, size_t nr)
{
	char unfinished[PATH_MAX];

	for (size_t i = 0; i < nr; i++) {
		unfinished_name(p->parts[i].path, unfinished, sizeof(unfinished));
		rename(p->parts[i].path, unfinished);
	}
}

static int parts_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct parts_sink *p = of(s);
	struct ack one;

	ack->level = ACK_VERIFIED;
	for (size_t i = 0; i < p->nr; i++) {
		int rc = sink_commit(p->parts[i].sink, &one, e);

		if (one.level < ack->level)
			ack->level = one.level;
		if (rc) {
			take_names_back(p, i);
			for (i++; i < p->nr; i++)
				sink_keep(p->parts[i].sink, NULL);
			ack->level = ACK_NONE;
			return rc;
		}
	}
	return 0;
}

static int parts_keep(struct sink *s, struct err *e)
{
	struct parts_sink *p = of(s);
	int first = 0;

	for (size_t i = 0; i < p->nr; i++) {
		int rc = sink_keep(p->parts[i].sink, first ? NULL : e);

		if (rc && !first)
			first = rc;
	}
	return first;
}

static void parts_release(struct sink *s)
{
	struct parts_sink *p = of(s);

	for (size_t i = 0; i < p->nr; i++)
		sink_close(p->parts[i].sink);
	free(p);
}

static const struct sink_ops parts_ops = {
	"parts", NULL, NULL, parts_space, parts_commit, parts_keep, parts_release, NULL,
};

struct sink *sink_part(struct sink *s, size_t i)
{
	struct parts_sink *p = of(s);

	return s->ops == &parts_ops && i < p->nr ? p->parts[i].sink : NULL;
}

static int open_part(struct parts_sink *p, const char *path, bool replace, struct err *e)
{
	struct part *part = &p->parts[p->nr];
	char unfinished[PATH_MAX];
	int rc = file_sink_open(&part->sink, path, replace, e);

	if (rc)
		return rc;
	p->nr++;
	part->path = path;
	unfinished_name(path, unfinished, sizeof(unfinished));
	if (stat(unfinished, &part->st))
		return err_set(e, -errno, "stat %s", unfinished);
	for (size_t i = 0; i + 1 < p->nr; i++)
		if (p->parts[i].st.st_dev == part->st.st_dev && p->parts[i].st.st_ino == part->st.st_ino)
			return err_say(e, -EINVAL, "%s: two parts cannot be one file", path);
	return 0;
}

int parts_sink_open(struct sink **out, char *const *paths, size_t nr, bool replace, struct err *e)
{
	struct parts_sink *p = calloc(1, sizeof(*p) + nr * sizeof(p->parts[0]));
	int rc = p ? 0 : err_set(e, -ENOMEM, "open %s", paths[0]);

	if (rc)
		return rc;
	p->base = (struct sink){ .ops = &parts_ops, .rewritable = true };
	for (size_t i = 0; i < nr && !replace && !rc; i++)	/* before anything is made */
		if (!access(paths[i], F_OK))
			rc = err_set(e, -EEXIST, "%s", paths[i]);
	for (size_t i = 0; i < nr && !rc; i++)
		rc = open_part(p, paths[i], replace, e);
	if (!rc) {
		*out = &p->base;
		return 0;
	}
	for (size_t i = 0; i < p->nr; i++) {
		char unfinished[PATH_MAX];

		unfinished_name(p->parts[i].path, unfinished, sizeof(unfinished));
		unlink(unfinished);
	}
	parts_release(&p->base);
	return rc;
}
