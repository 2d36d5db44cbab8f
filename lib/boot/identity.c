/* identity - is this the device that was there when the image was made? */
/* SPDX-License-Identifier: MIT */
#include "boot/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum place { PLACE_OTHER, PLACE_UNKNOWN, PLACE_CLONE, PLACE_SAME };

void identity_read(struct identity *id, const struct places *at, const struct blockdev *dev, unsigned limit_ms)
{
	struct blockdev disk;
	struct superblock sb = { .type = "" };

	*id = (struct identity){ .part = dev->part };
	id->unread = blockdev_content(at, dev, limit_ms, &sb, &id->free_to_write);
	if (id->unread == -ENODATA)
		id->unread = 0;
	else if (!id->unread) {
		memcpy(id->uuid, sb.uuid, sizeof(id->uuid));
		memcpy(id->label, sb.label, sizeof(id->label));
	}
	memcpy(id->type, sb.type, sizeof(id->type));
	if (dev->part && (dev->part_uuid[0] || id->unread != -ETIMEDOUT) &&
	    blockdev_part_uuid(at, dev, limit_ms, id->part_uuid))
		id->part_uuid[0] = 0;
	if (!dev->part)
		blockdev_disk_mark(at, dev, id->disk, sizeof(id->disk));
	else if (blockdev_get(at, dev->disk, &disk))
		blockdev_disk_mark(at, &disk, id->disk, sizeof(id->disk));
}

bool identity_at(struct identity *id, const struct places *at, const char *path, unsigned limit_ms)
{
	size_t n = strlen(at->dev), count;
	struct blockdev *all;
	bool found = false;

	if (strncmp(path, at->dev, n) || path[n] != '/')
		return false;
	count = blockdev_all(at, &all);
	for (size_t i = 0; i < count && !found; i++) {
		found = !strcmp(all[i].node, path + n + 1);
		if (found)
			identity_read(id, at, &all[i], limit_ms);
	}
	free(all);
	return found;
}

static enum place compare_place(const struct identity *was, const struct identity *is)
{
	bool same_part = !strcasecmp(was->part_uuid, is->part_uuid);

	if (!was->part_uuid[0] && !was->disk[0])
		return PLACE_UNKNOWN;
	if (was->part_uuid[0] && !same_part)
		return PLACE_OTHER;
	if (!was->disk[0] || (!strcmp(was->disk, is->disk) && was->part == is->part))
		return PLACE_SAME;
	return was->part_uuid[0] ? PLACE_CLONE : PLACE_OTHER;
}

enum identity_rank identity_compare(const struct identity *was, const struct identity *is, bool overwrite)
{
	static const enum identity_rank raw[] = { IDENTITY_OTHER, IDENTITY_UNKNOWN, IDENTITY_LIKELY, IDENTITY_CERTAIN };
	enum place place = compare_place(was, is);
	bool same_label = !strcmp(was->label, is->label);

	if (overwrite)
		return raw[place];
	if (!was->type[0])
		return IDENTITY_UNKNOWN;
	if (strcmp(was->type, is->type))
		return IDENTITY_OTHER;
	if (!was->uuid[0])
		return place == PLACE_UNKNOWN ? IDENTITY_UNKNOWN
					      : place == PLACE_SAME && same_label ? IDENTITY_CERTAIN : IDENTITY_OTHER;
	if (!strcasecmp(was->uuid, is->uuid))
		return place == PLACE_SAME || place == PLACE_UNKNOWN ? IDENTITY_CERTAIN : IDENTITY_LIKELY;
	return place == PLACE_SAME && was->label[0] && same_label ? IDENTITY_LIKELY : IDENTITY_OTHER;
}

enum identity_rank identity_named(const struct identity *was, const struct identity *is, bool overwrite)
{
	enum identity_rank rank = identity_compare(was, is, overwrite);
	enum place place = compare_place(was, is);
	bool other_disk = was->disk[0] && is->disk[0] && (strcmp(was->disk, is->disk) || was->part != is->part);
	bool member = !strcmp(is->type, "LVM2_member") || !strcmp(is->type, "linux_raid");

	if (overwrite)
		return (rank == IDENTITY_OTHER || rank == IDENTITY_LIKELY) && !is->free_to_write ? IDENTITY_OTHER : rank;
	if (rank != IDENTITY_OTHER)
		return rank;
	if (is->unread)
		return other_disk ? IDENTITY_OTHER : IDENTITY_LIKELY;
	return is->type[0] && !member && (place == PLACE_SAME || place == PLACE_UNKNOWN) ? IDENTITY_LIKELY : IDENTITY_OTHER;
}

/* A field, in which nothing can end it. */
static void put(FILE *out, const char *text)
{
	putc('\t', out);
	for (; *text; text++)
		putc((unsigned char)*text < ' ' ? '_' : *text, out);
}

void identity_write(FILE *out, const char *spec, const struct identity *id)
{
	fputs(spec, out);
	put(out, id->type);
	put(out, id->uuid);
	put(out, id->label);
	put(out, id->part_uuid);
	put(out, id->disk);
	fprintf(out, "\t%u\n", id->part);
}

/* The next field of a line into out; false if there is none, or it does not fit. */
static bool take(const char **at, char *out, size_t size)
{
	size_t n;

	if (**at != '\t')
		return false;
	n = strcspn(++*at, "\t\n");
	if (n >= size)
		return false;
	memcpy(out, *at, n);
	out[n] = 0;
	*at += n;
	return true;
}

bool identity_find(struct identity *id, const char *text, const char *spec)
{
	size_t n = strlen(spec);
	char part[16];

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		if (strncmp(at, spec, n) || at[n] != '\t')
			continue;
		at += n;
		if (!take(&at, id->type, sizeof(id->type)) || !take(&at, id->uuid, sizeof(id->uuid)) ||
		    !take(&at, id->label, sizeof(id->label)) || !take(&at, id->part_uuid, sizeof(id->part_uuid)) ||
		    !take(&at, id->disk, sizeof(id->disk)) || !take(&at, part, sizeof(part)))
			return false;
		id->part = (unsigned)strtoul(part, NULL, 10);
		return true;
	}
	return false;
}
