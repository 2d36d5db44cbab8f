/* mountinfo - on which device, and where inside its filesystem, does a path lie? */
/* SPDX-License-Identifier: MIT */
#include "boot/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { FIELD_SIZE = 4096 };

/* The fields of a line that are looked at, unescaped. */
struct line {
	char     root[FIELD_SIZE], point[FIELD_SIZE], super[FIELD_SIZE];
	char     fstype[32], source[256];
	unsigned major, minor;
};

/* The next field into out, "\040" and the like decoded. False at the end, or if it does not fit. */
static bool field(const char **at, const char *end, char *out, size_t size)
{
	const char *p = *at;
	size_t n = 0;

	while (p < end && *p == ' ')
		p++;
	if (p == end)
		return false;
	while (p < end && *p != ' ') {
		char c = *p++;

		if (c == '\\' && end - p >= 3 && p[0] >= '0' && p[0] <= '3' && p[1] >= '0' &&
		    p[1] <= '7' && p[2] >= '0' && p[2] <= '7') {
			c = (char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0'));
			p += 3;
		}
		if (n + 1 >= size)
			return false;
		out[n++] = c;
	}
	out[n] = 0;
	*at = p;
	return true;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" (proc(5)) */
static bool parse(const char *at, const char *end, struct line *l)
{
	char word[FIELD_SIZE];

	if (!field(&at, end, word, sizeof(word)) || !field(&at, end, word, sizeof(word)) ||
	    !field(&at, end, word, sizeof(word)) ||
	    sscanf(word, "%u:%u", &l->major, &l->minor) != 2 ||
	    !field(&at, end, l->root, sizeof(l->root)) ||
	    !field(&at, end, l->point, sizeof(l->point)) || !field(&at, end, word, sizeof(word)))
		return false;
	do {
		if (!field(&at, end, word, sizeof(word)))
			return false;
	} while (strcmp(word, "-"));
	if (!field(&at, end, l->fstype, sizeof(l->fstype)) ||
	    !field(&at, end, l->source, sizeof(l->source)))
		return false;
	if (!field(&at, end, l->super, sizeof(l->super)))
		l->super[0] = 0;
	return true;
}

/* What of path lies below dir ("" or "/..."); NULL if it does not. */
static const char *below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (!strcmp(dir, "/"))
		return strcmp(path, "/") ? path : "";
	if (strncmp(path, dir, n) || (path[n] && path[n] != '/'))
		return NULL;
	return path + n;
}

/* "rw,subvolid=256,subvol=/@" is mounted from that subvolume; a bind mount lies further down. */
static void find_subvol(const char *super, char *out, size_t size)
{
	out[0] = 0;
	for (const char *p = super; *p; p += strcspn(p, ","), p += *p == ',')
		if (!strncmp(p, "subvol=", 7))
			snprintf(out, size, "%.*s", (int)strcspn(p + 7, ","), p + 7);
	if (!strcmp(out, "/"))
		out[0] = 0;
}

static int fill(const struct line *l, const char *rest, struct mountinfo *out, struct err *e)
{
	const char *root = l->root;
	int n;

	*out = (struct mountinfo){ .major = l->major, .minor = l->minor };
	strcpy(out->fstype, l->fstype);
	strcpy(out->source, l->source);
	snprintf(out->super, sizeof(out->super), "%s", l->super);
	if (!strcmp(l->fstype, "btrfs")) {
		find_subvol(l->super, out->subvol, sizeof(out->subvol));
		if (out->subvol[0] && below(root, out->subvol))
			root = below(root, out->subvol);
	}
	n = snprintf(out->inside, sizeof(out->inside), "%s%s", strcmp(root, "/") ? root : "", rest);
	if (n >= (int)sizeof(out->inside))
		return err_set(e, -ENAMETOOLONG, "%s on %s", rest, l->source);
	if (!out->inside[0])
		strcpy(out->inside, "/");
	return 0;
}

int mountinfo_find(const char *table, const char *path, struct mountinfo *out, struct err *e)
{
	size_t best = 0;
	int rc = -ENOENT;

	for (const char *at = table; *at;) {
		const char *end = at + strcspn(at, "\n"), *rest;
		struct line l;

		if (parse(at, end, &l)) {
			rest = below(path, l.point);
			/* The longest mount point counts, and of two the later one lies on top. */
			if (rest && strlen(l.point) >= best) {
				best = strlen(l.point);
				rc = fill(&l, rest, out, e);
			}
		}
		at = end + (*end == '\n');
	}
	return rc == -ENOENT ? err_say(e, rc, "no mount holds %s", path) : rc;
}

/* btrfs has a number of its own: there only the source tells. */
static bool is_on(const struct line *l, dev_t dev)
{
	struct stat st;

	if (l->major)
		return makedev(l->major, l->minor) == dev;
	return l->source[0] == '/' && !stat(l->source, &st) && S_ISBLK(st.st_mode) && st.st_rdev == dev;
}

static bool same_subvol(const char *has, const char *options)
{
	char wanted[1024];

	if (!options)
		return true;
	find_subvol(options, wanted, sizeof(wanted));
	return !strcmp(has + (has[0] == '/'), wanted + (wanted[0] == '/'));
}

/* tag: of virtiofs, which has no device; NULL: dev counts. */
static int find_mount(const char *table, dev_t dev, const char *tag, const char *inside, const char *options,
		      struct mounted *out, struct err *e)
{
	int rc = err_say(e, -ENOENT, "it is not mounted");

	for (const char *at = table; *at && rc != -ENAMETOOLONG;) {
		const char *end = at + strcspn(at, "\n"), *rest;
		struct mountinfo m;
		struct line l;

		if (parse(at, end, &l) && (tag ? !strcmp(l.fstype, "virtiofs") && !strcmp(l.source, tag) : is_on(&l, dev)) && !fill(&l, "", &m, NULL) &&
		    same_subvol(m.subvol, options) && (rest = below(inside, m.inside))) {
			strcpy(out->point, l.point);
			rc = snprintf(out->path, sizeof(out->path), "%s%s",
				      strcmp(l.point, "/") || !*rest ? l.point : "", rest) < (int)sizeof(out->path) ? 0 : err_set(e, -ENAMETOOLONG, "%s", rest);
		}
		at = end + (*end == '\n');
	}
	return rc;
}

int mountinfo_of_device(const char *table, dev_t dev, const char *inside, const char *options,
			struct mounted *out, struct err *e)
{
	return find_mount(table, dev, NULL, inside, options, out, e);
}

int mountinfo_of_tag(const char *table, const char *tag, const char *inside, struct mounted *out, struct err *e)
{
	return find_mount(table, 0, tag, inside, NULL, out, e);
}
