/* device - which block device does the user mean, and when is it there? */
/* SPDX-License-Identifier: MIT */
#include "boot/device.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/assemble.h"
#include "boot/blockdev.h"
#include "boot/device_places.h"
#include "boot/identity.h"
#include "boot/uevent.h"

enum kind { BY_NODE, BY_UUID, BY_LABEL, BY_PARTUUID, BY_PARTLABEL, BY_ID, BY_DM_NAME };

/* How a spec begins, what it then means. */
static const struct form {
	const char *begin;
	enum kind   kind;
	bool        escaped;	/* udev's \x20 in it */
} forms[] = {
	{ "UUID=", BY_UUID, false },
	{ "LABEL=", BY_LABEL, false },
	{ "PARTUUID=", BY_PARTUUID, false },
	{ "PARTLABEL=", BY_PARTLABEL, false },
	{ "/dev/disk/by-uuid/", BY_UUID, true },
	{ "/dev/disk/by-label/", BY_LABEL, true },
	{ "/dev/disk/by-partuuid/", BY_PARTUUID, true },
	{ "/dev/disk/by-partlabel/", BY_PARTLABEL, true },
	{ "/dev/disk/by-id/", BY_ID, true },
	{ "/dev/mapper/", BY_DM_NAME, true },
	{ "/dev/", BY_NODE, false },
};

enum {
	LOOK_MS   = 10000,	/* for one disk to answer; a SCSI command may take 30 s */
	LIST_MS   = 1000,	/* the same where the answer is for a message only */
	MAX_DEAF  = 16,		/* disks that did not answer are not asked again */
	VALUE_MAX = 256,
};

/* A search that may be repeated. */
struct search {
	const struct places *at;
	enum kind            kind;
	char                 value[VALUE_MAX];
	char                 deaf[MAX_DEAF][BLOCKDEV_NAME];
	unsigned             nr_deaf;
};

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0) {
			*to++ = (char)(hex(p[2]) << 4 | hex(p[3]));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = 0;
}

static int parse(struct search *s, const char *spec, struct err *e)
{
	const struct form *form = forms, *end = forms + sizeof(forms) / sizeof(forms[0]);
	const char *value;
	size_t n;

	while (form < end && strncmp(spec, form->begin, strlen(form->begin)))
		form++;
	if (form == end)
		return err_say(e, -EINVAL,
			       "'%.80s' is no device: it must be /dev/..., UUID=, LABEL=, "
			       "PARTUUID= or PARTLABEL=",
			       spec);
	value = spec + strlen(form->begin);
	n = strlen(value);
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value++;
		n -= 2;
	}
	if (!n || n >= sizeof(s->value))
		return err_say(e, -EINVAL, "'%.80s' names no device", spec);
	memcpy(s->value, value, n);
	s->value[n] = 0;
	s->kind = form->kind;
	if (form->escaped)
		unescape(s->value);
	return 0;
}

static bool is_deaf(const struct search *s, const struct blockdev *dev)
{
	for (unsigned i = 0; i < s->nr_deaf; i++)
		if (!strcmp(s->deaf[i], dev->name))
			return true;
	return false;
}

static void note_deaf(struct search *s, const struct blockdev *dev)
{
	if (s->nr_deaf < MAX_DEAF)
		strcpy(s->deaf[s->nr_deaf++], dev->name);
}

/* LVM's /dev/VG/LV is "VG-LV" to the device mapper, a '-' inside a name is doubled. */
static bool is_lvm_path(const char *dm_name, const char *value)
{
	char name[VALUE_MAX];
	size_t n = 0;
	unsigned slashes = 0;

	for (; *value && n < sizeof(name) - 2; value++) {
		slashes += *value == '/';
		name[n++] = *value == '/' ? '-' : *value;
		if (*value == '-')
			name[n++] = '-';
	}
	name[n] = 0;
	return slashes == 1 && !strcmp(dm_name, name);
}

static bool superblock_matches(struct search *s, const struct blockdev *dev)
{
	struct superblock sb;
	int rc = is_deaf(s, dev) ? -ENODATA : blockdev_superblock(s->at, dev, LOOK_MS, &sb);

	if (rc == -ETIMEDOUT)
		note_deaf(s, dev);
	if (rc)
		return false;
	return s->kind == BY_UUID ? sb.uuid[0] && !strcasecmp(sb.uuid, s->value)
				  : sb.label[0] && !strcmp(sb.label, s->value);
}

static bool partuuid_matches(struct search *s, const struct blockdev *dev)
{
	char uuid[40];
	int rc = is_deaf(s, dev) ? -ENODATA : blockdev_part_uuid(s->at, dev, LOOK_MS, uuid);

	if (rc == -ETIMEDOUT)
		note_deaf(s, dev);
	return !rc && !strcasecmp(uuid, s->value);
}

static bool matches(struct search *s, const struct blockdev *dev)
{
	char name[VALUE_MAX];

	switch (s->kind) {
	case BY_UUID:
	case BY_LABEL:
		return superblock_matches(s, dev);
	case BY_PARTUUID:
		return partuuid_matches(s, dev);
	case BY_PARTLABEL:
		return dev->part_label[0] && !strcmp(dev->part_label, s->value);
	case BY_ID:
		return blockdev_has_id(s->at, dev, s->value);
	case BY_DM_NAME:
		return blockdev_dm_name(s->at, dev, name, sizeof(name)) && !strcmp(name, s->value);
	case BY_NODE:
		return !strcmp(dev->node, s->value) ||
		       (blockdev_dm_name(s->at, dev, name, sizeof(name)) &&
			is_lvm_path(name, s->value));
	}
	return false;
}

/* A node or link that is there needs no search, and may be of a kind that sysfs does not list. */
static bool find_node(const char *spec, char path[], size_t size)
{
	char *real = spec[0] == '/' ? realpath(spec, NULL) : NULL;
	struct stat st;
	bool found = real && !stat(real, &st) && S_ISBLK(st.st_mode) && strlen(real) < size;

	if (found)
		strcpy(path, real);
	free(real);
	return found;
}

static int look(struct search *s, const char *spec, char path[], size_t size)
{
	struct blockdev *all;
	size_t n;

	if (find_node(spec, path, size))
		return 0;
	n = blockdev_all(s->at, &all);
	/* First those that nothing else is made of: of a mirror's halves the mirror is meant. */
	for (int in_use = 0; in_use < 2; in_use++) {
		for (size_t i = 0; i < n; i++) {
			if (all[i].in_use != in_use || !matches(s, &all[i]))
				continue;
			n = (size_t)snprintf(path, size, "%s/%s", s->at->dev, all[i].node);
			free(all);
			return n < size ? 0 : -ENAMETOOLONG;
		}
	}
	free(all);
	return -ENOENT;
}

static int not_found(const struct places *at, const char *spec, int rc, const char *when,
		     struct err *e)
{
	char there[200];

	device_list_in(at, there, sizeof(there));
	return err_say(e, rc, "%.80s is not there%s; there is %s", spec, when, there);
}

int device_find_in(const struct places *at, const char *spec, char path[], size_t size,
		   struct err *e)
{
	struct search s = { .at = at };
	int rc = parse(&s, spec, e);

	if (rc)
		return rc;
	rc = look(&s, spec, path, size);
	return rc ? not_found(at, spec, rc, "", e) : 0;
}

static const struct places system_places = { "/sys", "/dev" };

int device_find(const char *spec, char path[], size_t size, struct err *e)
{
	return device_find_in(&system_places, spec, path, size, e);
}

/* The device that is surest to be the one that was known, by its marks alone. */
static enum identity_rank stand_in(struct search *s, const struct device_wish *w, char path[], size_t size)
{
	enum identity_rank best = IDENTITY_OTHER, rank;
	struct blockdev *all;
	struct identity is;
	size_t n = blockdev_all(s->at, &all);

	for (size_t i = 0; i < n && best < IDENTITY_CERTAIN; i++) {
		if (all[i].in_use || is_deaf(s, &all[i]))
			continue;
		identity_read(&is, s->at, &all[i], LOOK_MS);
		if (is.unread == -ETIMEDOUT)
			note_deaf(s, &all[i]);
		rank = w->overwrite && is.type[0] ? IDENTITY_OTHER : identity_compare(w->known, &is, w->overwrite);
		if (w->overwrite && rank < IDENTITY_CERTAIN && !is.free_to_write)
			continue;
		if (rank > best && rank >= IDENTITY_LIKELY && (size_t)snprintf(path, size, "%s/%s", s->at->dev, all[i].node) < size)
			best = rank;
	}
	free(all);
	return best;
}

/* By its name, and if its marks are known by them; the rules are in identity.h. */
static int look_wisely(struct search *s, const struct device_wish *w, bool late, char path[], size_t size, char why[160],
		       bool *wrong)
{
	enum identity_rank named = IDENTITY_UNKNOWN, other;
	int rc = look(s, w->spec, path, size);
	struct identity is = { .part = 0 };
	char by_marks[300];

	why[0] = 0;
	*wrong = false;
	if (!w->known)
		return rc;
	if (!rc && identity_at(&is, s->at, path, LOOK_MS))
		named = identity_named(w->known, &is, w->overwrite);
	if (!rc && (named == IDENTITY_CERTAIN || named == IDENTITY_UNKNOWN))
		return 0;
	*wrong = !rc;
	other = stand_in(s, w, by_marks, sizeof(by_marks));
	if (other == IDENTITY_CERTAIN || (late && other > (rc || is.unread ? IDENTITY_OTHER : named))) {
		snprintf(why, 160, "%s, known by its %s", rc ? "that name is not there" : "that name is another device's now",
			 w->overwrite ? "partition" : other == IDENTITY_CERTAIN ? "UUID" : "UUID or label alone");
		return (size_t)snprintf(path, size, "%s", by_marks) < size ? 0 : -ENAMETOOLONG;
	}
	if (rc || !late || (named == IDENTITY_OTHER && (s->kind == BY_NODE || (w->overwrite && !is.free_to_write))))
		return -ENOENT;
	snprintf(why, 160, is.unread ? "it could not be read to see if it is the right one" :
		 named == IDENTITY_LIKELY && !w->overwrite ? "its filesystem or disk is not that of the time when the image was made" :
		 "not the device that it was when the image was made");
	return 0;
}

int device_look_in(const struct places *at, const struct device_wish *w, bool late, char path[], size_t size,
		   char why[160], bool *wrong, struct err *e)
{
	struct search s = { .at = at };
	int rc = parse(&s, w->spec, e);

	return rc ? rc : look_wisely(&s, w, late, path, size, why, wrong);
}

int device_wait(const struct device_wish *w, char path[], size_t size, char why[160], struct err *e)
{
	enum { SLICE_MS = 500 };
	struct search s = { .at = &system_places };
	uint64_t begun = now_ms(), half = begun + w->timeout_ms / 2, end = begun + w->timeout_ms;
	struct assembler assembler = { 0 };
	char when[300];
	bool wrong = false;
	int fd, rc = parse(&s, w->spec, e);

	if (rc)
		return rc;
	/* Listen before looking: what comes in between is then not missed. */
	fd = uevent_open();
	for (;;) {
		uint64_t now = now_ms(), until = now < half ? half : end;

		rc = look_wisely(&s, w, now >= half, path, size, why, &wrong);
		if (rc && w->drivers && now < end && coldplug_next(w->drivers, s.at, end))
			continue;
		/* A mirror starts without a part of its disks when they had half the time to come. */
		if (rc && assemble(&assembler, s.at, now >= half))
			continue;
		now = now_ms();
		if (!rc || now >= end)
			break;
		if (now >= until)
			continue;
		if (fd >= 0)
			uevent_wait(fd, w->drivers && w->drivers->want ? NULL : "block", (unsigned)(until - now));
		else
			poll(NULL, 0, until - now < SLICE_MS ? (int)(until - now) : SLICE_MS);
	}
	if (fd >= 0)
		close(fd);
	if (!rc)
		return 0;
	snprintf(when, sizeof(when), "%s after %u.%u s%s%s", wrong ? " (what bears that name now is another device)" : "",
		 w->timeout_ms / 1000, w->timeout_ms % 1000 / 100, assembler.why_not[0] ? ": " : "", assembler.why_not);
	return not_found(&system_places, w->spec, -ETIMEDOUT, when, e);
}

void device_list_in(const struct places *at, char *out, size_t size)
{
	struct blockdev *all;
	size_t n = blockdev_all(at, &all), used = 0, shown = 0;

	out[0] = 0;
	for (size_t i = 0; i < n; i++) {
		struct superblock sb = { 0 };
		char one[400];
		size_t len;

		if (all[i].in_use)
			continue;
		blockdev_superblock(at, &all[i], LIST_MS, &sb);
		snprintf(one, sizeof(one), "%s%s%s%s%s", all[i].node, sb.type[0] ? " " : "",
			 sb.type, sb.uuid[0] ? " UUID=" : "", sb.uuid);
		len = strlen(one);
		if (used + len + 8 > size) {
			snprintf(out + used, size - used, ", ...");
			break;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%s", shown++ ? ", " : "", one);
	}
	free(all);
	if (!shown)
		snprintf(out, size, "no block device at all");
}
