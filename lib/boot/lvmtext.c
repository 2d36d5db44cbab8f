/* lvmtext - what does the text of a volume group say? */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/lvm.h"

/*
 * The grammar, as far as metadata use it: NAME { ... }, NAME = VALUE, VALUE a number, "text" with '\'
 * before what is meant literally, or [VALUE, ...]; '#' begins a comment. A walk with the names of the
 * open sections as its only state; what they mean is decided by depth and name.
 */
enum { MAX_DEPTH = 6, WORD_MAX = LVM_NAME, MAX_VALUES = 8 };

struct reader {
	const char       *p, *end;
	unsigned          line;
	struct lvm_group *g;
	char              path[MAX_DEPTH][WORD_MAX];
	unsigned          depth;
	char              values[MAX_VALUES][WORD_MAX];	/* of the last NAME =, the first of them */
	unsigned          nr_values;			/* all of them */
	/* The segment that is open. */
	uint64_t          start_extent, extents, at_extent;
	char              kind[24], pv[32];
	unsigned          stripes;
};

static int bad(const struct reader *r, const char *what, struct err *e)
{
	return err_say(e, -EBADMSG, "LVM's metadata, line %u: %s", r->line, what);
}

static void skip_blanks(struct reader *r)
{
	for (; r->p < r->end; r->p++) {
		if (*r->p == '#')
			while (r->p + 1 < r->end && r->p[1] != '\n')
				r->p++;
		else if (*r->p == '\n')
			r->line++;
		else if (*r->p && !isspace((unsigned char)*r->p))
			return;
	}
}

/* One name, number or text, cut to size. False if there is none. */
static bool word(struct reader *r, char out[WORD_MAX])
{
	size_t n = 0;
	bool quoted;

	skip_blanks(r);
	quoted = r->p < r->end && *r->p == '"';
	r->p += quoted;
	for (; r->p < r->end; r->p++) {
		if (quoted ? *r->p == '"' : !isalnum((unsigned char)*r->p) && !strchr("_-+.", *r->p))
			break;
		if (quoted && *r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		if (n < WORD_MAX - 1)
			out[n++] = *r->p;
	}
	out[n] = 0;
	if (!quoted)
		return n > 0;
	if (r->p == r->end)
		return false;
	r->p++;
	return true;
}

static bool next_is(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static int read_values(struct reader *r, struct err *e)
{
	char spare[WORD_MAX];
	bool list = next_is(r, '[');

	r->nr_values = 0;
	if (list && next_is(r, ']'))
		return 0;
	do {
		if (!word(r, r->nr_values < MAX_VALUES ? r->values[r->nr_values] : spare))
			return bad(r, "a value is missing", e);
		r->nr_values++;
	} while (list && next_is(r, ','));
	return list && !next_is(r, ']') ? bad(r, "']' is missing", e) : 0;
}

static uint64_t number(const struct reader *r, unsigned i)
{
	return i < r->nr_values && i < MAX_VALUES ? strtoull(r->values[i], NULL, 10) : 0;
}

static void put_id(const struct reader *r, char out[LVM_ID + 1])
{
	size_t n = 0;

	for (const char *p = r->nr_values ? r->values[0] : ""; *p && n < LVM_ID; p++)
		if (*p != '-')
			out[n++] = *p;
	out[n] = 0;
}

static bool in(const struct reader *r, unsigned depth, const char *section)
{
	return r->depth == depth && (depth < 2 || !strcmp(r->path[1], section));
}

static void key_of_segment(struct reader *r, const char *key)
{
	if (!strcmp(key, "start_extent"))
		r->start_extent = number(r, 0);
	else if (!strcmp(key, "extent_count"))
		r->extents = number(r, 0);
	else if (!strcmp(key, "stripe_count"))
		r->stripes = (unsigned)number(r, 0);
	else if (!strcmp(key, "type"))
		snprintf(r->kind, sizeof(r->kind), "%.23s", r->nr_values ? r->values[0] : "");
	else if (!strcmp(key, "stripes") && r->nr_values >= 2) {
		snprintf(r->pv, sizeof(r->pv), "%.31s", r->values[0]);
		r->at_extent = number(r, 1);
	}
}

static void key_of_volume(struct reader *r, struct lvm_volume *v, const char *key)
{
	if (!strcmp(key, "id")) {
		put_id(r, v->id);
	} else if (!strcmp(key, "status")) {
		v->hidden = true;
		for (unsigned i = 0; i < r->nr_values && i < MAX_VALUES; i++)
			if (!strcmp(r->values[i], "VISIBLE"))
				v->hidden = false;
	}
}

static void take_key(struct reader *r, const char *key)
{
	struct lvm_group *g = r->g;

	if (in(r, 1, "")) {
		if (!strcmp(key, "id"))
			put_id(r, g->id);
		else if (!strcmp(key, "seqno"))
			g->seqno = number(r, 0);
		else if (!strcmp(key, "extent_size"))
			g->extent = number(r, 0);
	} else if (in(r, 3, "physical_volumes")) {
		if (!strcmp(key, "id"))
			put_id(r, g->pvs[g->nr_pvs - 1].id);
		else if (!strcmp(key, "pe_start"))
			g->pvs[g->nr_pvs - 1].start = number(r, 0);
	} else if (in(r, 3, "logical_volumes")) {
		key_of_volume(r, &g->volumes[g->nr_volumes - 1], key);
	} else if (in(r, 4, "logical_volumes")) {
		key_of_segment(r, key);
	}
}

static int begin_section(struct reader *r, const char *name, struct err *e)
{
	struct lvm_group *g = r->g;

	if (r->depth == MAX_DEPTH)
		return bad(r, "sections are nested too deep", e);
	strcpy(r->path[r->depth++], name);
	if (in(r, 1, "")) {
		if (g->name[0])
			return bad(r, "a second volume group", e);
		strcpy(g->name, name);
	} else if (in(r, 3, "physical_volumes")) {
		if (g->nr_pvs == LVM_MAX_PVS)
			return err_say(e, -E2BIG, "volume group %s has more than %d disks", g->name, LVM_MAX_PVS);
		snprintf(g->pvs[g->nr_pvs++].name, sizeof(g->pvs->name), "%.31s", name);
	} else if (in(r, 3, "logical_volumes")) {
		if (g->nr_volumes == LVM_MAX_VOLUMES)
			return err_say(e, -E2BIG, "volume group %s has more than %d volumes", g->name, LVM_MAX_VOLUMES);
		g->volumes[g->nr_volumes].first = g->nr_segments;
		strcpy(g->volumes[g->nr_volumes++].name, name);
	} else if (in(r, 4, "logical_volumes")) {
		r->start_extent = r->extents = r->at_extent = r->stripes = 0;
		r->kind[0] = r->pv[0] = 0;
	}
	return 0;
}

/* The segment that was just read, as a run of sectors. Its volume's runs must follow on one another. */
static int end_segment(struct reader *r, struct err *e)
{
	struct lvm_group *g = r->g;
	struct lvm_volume *v = &g->volumes[g->nr_volumes - 1];
	struct lvm_segment *s = &g->segments[g->nr_segments];
	const uint64_t most = (uint64_t)1 << 40;	/* extents; keeps products below 2^63 */

	if (strcmp(r->kind, "striped") || r->stripes != 1) {
		if (!v->kind[0])
			snprintf(v->kind, sizeof(v->kind), "%.23s", r->kind[0] ? r->kind : "unknown");
		return 0;
	}
	if (g->nr_segments == LVM_MAX_SEGMENTS)
		return err_say(e, -E2BIG, "volume group %s has more than %d segments", g->name, LVM_MAX_SEGMENTS);
	for (s->pv = 0; s->pv < g->nr_pvs && strcmp(g->pvs[s->pv].name, r->pv); s->pv++)
		;
	if (s->pv == g->nr_pvs)
		return bad(r, "a segment on an unknown disk", e);
	if (!g->extent || g->extent > 1 << 22 || !r->extents || r->extents > most || r->start_extent > most ||
	    r->at_extent > most)
		return bad(r, "a segment of impossible size", e);
	s->start = r->start_extent * g->extent;
	s->len = r->extents * g->extent;
	s->at = g->pvs[s->pv].start + r->at_extent * g->extent;
	if (s->start != (v->nr_segments ? s[-1].start + s[-1].len : 0))
		return bad(r, "a volume with a gap", e);
	v->nr_segments++;
	g->nr_segments++;
	return 0;
}

static int one_entry(struct reader *r, struct err *e)
{
	char name[WORD_MAX];
	int rc;

	if (next_is(r, '}')) {
		if (!r->depth)
			return bad(r, "'}' without '{'", e);
		rc = in(r, 4, "logical_volumes") && !strncmp(r->path[3], "segment", 7) ? end_segment(r, e) : 0;
		r->depth--;
		return rc;
	}
	if (!word(r, name))
		return bad(r, "a name is missing", e);
	if (next_is(r, '{'))
		return begin_section(r, name, e);
	if (!next_is(r, '='))
		return bad(r, "neither '=' nor '{' after a name", e);
	rc = read_values(r, e);
	if (!rc)
		take_key(r, name);
	return rc;
}

int lvm_parse(const char *text, size_t len, struct lvm_group *g, struct err *e)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc = 0;

	if (!r)
		return err_set(e, -ENOMEM, "LVM's metadata");
	memset(g, 0, sizeof(*g));
	*r = (struct reader){ .p = text, .end = text + len, .line = 1, .g = g };
	for (skip_blanks(r); r->p < r->end && !rc; skip_blanks(r))
		rc = one_entry(r, e);
	if (!rc && (r->depth || !g->name[0] || strlen(g->id) != LVM_ID))
		rc = bad(r, "it ends too early", e);
	free(r);
	return rc;
}
