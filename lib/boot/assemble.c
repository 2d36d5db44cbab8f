/* assemble - start what block devices are made of: mirrors of md, linear volumes of LVM. */
/* SPDX-License-Identifier: MIT */
#include "boot/assemble.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"
#include "boot/dmdev.h"
#include "boot/lvm.h"
#include "boot/mdraid.h"

enum { READ_MS = 10000, START_MS = 30000, MAX_PARTS = 64, MAX_GROUPS = 16,
       ASSEMBLE_FILE_MAX = 4096 };

/* A disk or partition that something is made of. */
struct part {
	dev_t            dev;
	bool             in_use;
	bool             is_md;
	struct md_member md;
	char             pv[LVM_ID + 1];	/* "" if it is none of LVM */
};

/* What a child found out; text stays in the shared memory until the next disk. */
struct probe {
	char        path[256];
	int         rc;
	struct part part;
	size_t      len;
	char        text[LVM_TEXT_MAX + 1];
};

struct pass {
	struct assembler   *a;
	const struct places *at;
	struct part         parts[MAX_PARTS];
	unsigned            nr_parts;
	struct lvm_group   *groups[MAX_GROUPS];
	unsigned            nr_groups, started;
};

static int probe_run(void *arg)
{
	struct probe *p = arg;
	uint8_t start[2048];
	uint64_t size = 0;
	struct stat st;
	char *text;
	int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	p->rc = fd < 0 || fstat(fd, &st) || ioctl(fd, BLKGETSIZE64, &size) ? -errno : 0;
	if (p->rc)
		return 0;
	p->part.dev = st.st_rdev;
	/* A mirror's half looks like the whole: it must never be taken for it. */
	p->rc = md_read(fd, size, &p->part.md, NULL);
	p->part.is_md = !p->rc;
	if (p->rc != -ENODATA)		/* a member, or nobody knows */
		return 0;
	p->rc = 0;
	if (pread(fd, start, sizeof(start), 0) == (ssize_t)sizeof(start))
		lvm_is_member(start, sizeof(start), p->part.pv);
	if (p->part.pv[0] && !lvm_read(fd, &text, &p->len, NULL))
		memcpy(p->text, text, p->len);
	return 0;
}

/* What to start, in a child: the driver may wait for a disk. */
struct start {
	const struct md_member *members;
	const dev_t            *devs;
	const char             *name, *uuid;
	const struct dm_run    *runs;
	unsigned                n;
	int                    *rc;	/* shared, like e */
	struct err             *e;
};

static int start_run(void *arg)
{
	struct start *s = arg;

	*s->rc = s->runs ? dm_create(s->name, s->uuid, s->runs, s->n, s->e)
			 : md_start(s->members, s->devs, s->n, s->e);
	return 0;
}

/* Run it, and remember why it did not work. */
static void start(struct pass *pass, struct start *s)
{
	struct shared {
		int        rc;
		struct err e;
	} *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct child_spec spec = { .run = start_run, .arg = s, .deadline_ms = START_MS, .grace_ms = 1,
				   .abandon_ms = 200 };
	struct child_result result;

	if (shared == MAP_FAILED)
		return;
	shared->rc = -EIO;
	s->rc = &shared->rc;
	s->e = &shared->e;
	result = child_run(&spec);
	if (!child_ok(&result))
		err_say(&shared->e, -ETIMEDOUT, "starting %s took too long", s->name);
	if (!shared->rc)
		pass->started++;
	else if (shared->rc != -EEXIST)
		snprintf(pass->a->why_not, sizeof(pass->a->why_not), "%.199s", shared->e.msg);
	munmap(shared, sizeof(*shared));
}

/* Keep the newest text of each group. */
static void note_group(struct pass *pass, const char *text, size_t len)
{
	struct lvm_group *g = malloc(sizeof(*g));
	struct err e = { 0 };
	unsigned i;

	if (!g || lvm_parse(text, len, g, &e)) {
		snprintf(pass->a->why_not, sizeof(pass->a->why_not), "%.199s", e.msg);
		free(g);
		return;
	}
	for (i = 0; i < pass->nr_groups && strcmp(pass->groups[i]->id, g->id); i++)
		;
	if (i == MAX_GROUPS || (i < pass->nr_groups && pass->groups[i]->seqno >= g->seqno)) {
		free(g);
		return;
	}
	if (i == pass->nr_groups)
		pass->nr_groups++;
	else
		free(pass->groups[i]);
	pass->groups[i] = g;
}

static bool is_deaf(const struct assembler *a, const char *name)
{
	for (unsigned i = 0; i < a->nr_deaf; i++)
		if (!strcmp(a->deaf[i], name))
			return true;
	return false;
}

static void look_at(struct pass *pass, const struct blockdev *dev, struct probe *probe)
{
	struct child_spec spec = { .run = probe_run, .arg = probe, .deadline_ms = READ_MS, .grace_ms = 1,
				   .abandon_ms = 200 };
	struct child_result result;

	if (is_deaf(pass->a, dev->name) || pass->nr_parts == MAX_PARTS)
		return;
	snprintf(probe->path, sizeof(probe->path), "%s/%s", pass->at->dev, dev->node);
	probe->part = (struct part){ .in_use = dev->in_use };
	probe->len = 0;
	probe->rc = -EIO;
	result = child_run(&spec);
	if ((result.stopped || result.end == CHILD_ABANDONED) && pass->a->nr_deaf < ASSEMBLE_MAX_DEAF)
		strcpy(pass->a->deaf[pass->a->nr_deaf++], dev->name);
	if (probe->rc || (!probe->part.is_md && !probe->part.pv[0]))
		return;
	pass->parts[pass->nr_parts++] = probe->part;
	if (probe->len)
		note_group(pass, probe->text, probe->len);
}

/* The array of which part first is the first member. */
static void start_array(struct pass *pass, unsigned first, bool partial)
{
	const struct part *p = &pass->parts[first];
	const char *refused = md_refusal(&p->md);
	struct md_member members[MAX_PARTS];
	dev_t devs[MAX_PARTS];
	unsigned n = 0, active = 0;
	struct start s = { .members = members, .devs = devs, .name = "the array" };

	if (refused) {
		snprintf(pass->a->why_not, sizeof(pass->a->why_not), "an array of md cannot be started: %s", refused);
		return;
	}
	for (unsigned i = 0; i < pass->nr_parts; i++) {
		const struct part *q = &pass->parts[i];

		if (!q->is_md || q->in_use || memcmp(q->md.array, p->md.array, sizeof(p->md.array)))
			continue;
		active += q->md.role < 0xfffe;
		members[n] = q->md;
		devs[n++] = q->dev;
	}
	s.n = n;
	if (active >= p->md.disks || (partial && active))
		start(pass, &s);
	else
		snprintf(pass->a->why_not, sizeof(pass->a->why_not), "of a mirror of %u disks %u are there",
			 p->md.disks, active);
}

static void start_arrays(struct pass *pass, bool partial)
{
	for (unsigned i = 0; i < pass->nr_parts; i++) {
		bool seen = false;

		/* An array of which a member is in use runs already: what comes late stays out. */
		for (unsigned k = 0; k < pass->nr_parts; k++)
			seen |= k != i && (k < i || pass->parts[k].in_use) && pass->parts[k].is_md &&
				!memcmp(pass->parts[k].md.array, pass->parts[i].md.array, 16);
		if (pass->parts[i].is_md && !pass->parts[i].in_use && !seen)
			start_array(pass, i, partial);
	}
}

/* The device of a PV. False if its disk is not there, or there twice: a copy, which may be the older one. */
static bool find_pv(const struct pass *pass, const char *id, dev_t *dev)
{
	unsigned found = 0;

	for (unsigned i = 0; i < pass->nr_parts; i++)
		if (!pass->parts[i].is_md && !strcmp(pass->parts[i].pv, id)) {
			*dev = pass->parts[i].dev;
			found++;
		}
	return found == 1;
}

static void start_volume(struct pass *pass, const struct lvm_group *g, const struct lvm_volume *v)
{
	char name[2 * LVM_NAME], uuid[8 + 2 * LVM_ID];
	struct dm_run *runs = calloc(v->nr_segments ? v->nr_segments : 1, sizeof(*runs));
	struct start s = { .name = name, .uuid = uuid, .runs = runs, .n = v->nr_segments };
	bool whole = runs && !lvm_dm_name(g, v, name, sizeof(name));

	snprintf(uuid, sizeof(uuid), "LVM-%s%s", g->id, v->id);
	if (v->kind[0] || !v->nr_segments) {
		snprintf(pass->a->why_not, sizeof(pass->a->why_not), "%.60s/%.60s cannot be started: it is %s", g->name,
			 v->name, v->kind[0] ? v->kind : "empty");
		whole = false;
	}
	for (unsigned i = 0; i < v->nr_segments && whole; i++) {
		const struct lvm_segment *seg = &g->segments[v->first + i];

		runs[i] = (struct dm_run){ .start = seg->start, .len = seg->len, .at = seg->at };
		whole = find_pv(pass, g->pvs[seg->pv].id, &runs[i].dev);
		if (!whole)
			snprintf(pass->a->why_not, sizeof(pass->a->why_not), "a disk of %.60s/%.60s is missing, or there twice",
				 g->name, v->name);
	}
	if (whole)
		start(pass, &s);
	free(runs);
}

unsigned assemble(struct assembler *a, const struct places *at, bool partial)
{
	struct pass *pass;
	struct probe *probe;
	struct blockdev *all;
	bool mirrors, volumes;
	unsigned started = 0;
	size_t n;
	char *text;

	if (read_file(ASSEMBLE_FILE, ASSEMBLE_FILE_MAX, &text, &n, NULL))
		return 0;
	mirrors = strstr(text, ASSEMBLE_MIRRORS);
	volumes = strstr(text, ASSEMBLE_VOLUMES);
	free(text);
	a->why_not[0] = 0;
	pass = calloc(1, sizeof(*pass));
	probe = mmap(NULL, sizeof(*probe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pass && probe != MAP_FAILED) {
		pass->a = a;
		pass->at = at;
		n = blockdev_all(at, &all);
		for (size_t i = 0; i < n; i++)
			look_at(pass, &all[i], probe);
		free(all);
		if (mirrors)
			start_arrays(pass, partial);
		for (unsigned i = 0; i < pass->nr_groups; i++) {
			struct lvm_group *g = pass->groups[i];

			for (unsigned k = 0; k < g->nr_volumes; k++)
				if (volumes && !g->volumes[k].hidden)
					start_volume(pass, g, &g->volumes[k]);
			free(g);
		}
		started = pass->started;
	}
	if (probe != MAP_FAILED)
		munmap(probe, sizeof(*probe));
	free(pass);
	return started;
}
