/* lvm - find and prove the text of a volume group on a disk. */
/* SPDX-License-Identifier: MIT */
#include "boot/lvm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"

/*
 * Layouts of lvm2's lib/format_text/layout.h and lib/label/label.h; all little endian.
 * Label, in sector 0 to 3: "LABELONE", its own sector (8), CRC from byte 20 to the sector's end, where the
 * header begins, "LVM2 001". Header: PV id (32), size (8), areas of data {at, len}... {0, 0}, areas of
 * metadata {at, len}... {0, 0}. An area of metadata begins with a sector: CRC of the rest, magic (16),
 * version (4), at (8), len (8), then places {at, len, CRC, flags}, the first of which is in force.
 */
enum {
	SECTOR = 512, LABEL_SECTORS = 4, LABEL_CRC_FROM = 20, AREA_HEAD = 512, AREA_PLACES = 40,
	PLACE_IGNORED = 1, MAX_AREAS = 8,
};
static const uint8_t area_magic[16] = " LVM2 x[5A%r0N*>";

struct area {
	uint64_t at, len;
};

/* CRC-32 (polynomial of zlib) with LVM's own start and without the inversion at the end. */
static uint32_t crc(uint32_t value, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		value ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (0xedb88320u & -(value & 1));
	}
	return value;
}
#define CRC_START 0xf597a6cfu

/* The sector with the label, NULL if there is none. */
static const uint8_t *find_label(const uint8_t *start, size_t len)
{
	for (size_t i = 0; i < LABEL_SECTORS && (i + 1) * SECTOR <= len; i++) {
		const uint8_t *s = start + i * SECTOR;

		if (!memcmp(s, "LABELONE", 8) && !memcmp(s + 24, "LVM2 001", 8) && get_le64(s + 8) == i &&
		    get_le32(s + 16) == crc(CRC_START, s + LABEL_CRC_FROM, SECTOR - LABEL_CRC_FROM))
			return s;
	}
	return NULL;
}

bool lvm_is_member(const void *start, size_t len, char id[LVM_ID + 1])
{
	const uint8_t *s = find_label(start, len);
	uint32_t header = s ? get_le32(s + 20) : 0;

	if (!s || !in_bounds(header, LVM_ID + 8, SECTOR))
		return false;
	memcpy(id, s + header, LVM_ID);
	id[LVM_ID] = 0;
	return true;
}

/* The areas of metadata that a label names. Returns how many. */
static unsigned find_areas(const uint8_t *label, struct area out[MAX_AREAS])
{
	size_t at = get_le32(label + 20);
	unsigned lists = 0, n = 0;

	if (!in_bounds(at, LVM_ID + 8, SECTOR))
		return 0;
	for (at += LVM_ID + 8; in_bounds(at, 16, SECTOR) && lists < 2 && n < MAX_AREAS; at += 16) {
		struct area a = { get_le64(label + at), get_le64(label + at + 8) };

		if (!a.at)
			lists++;
		else if (lists == 1)
			out[n++] = a;
	}
	return n;
}

/* The text in an area, which is a ring behind its head. */
static int read_area(int fd, const struct area *a, char **text, size_t *len, struct err *e)
{
	uint8_t head[AREA_HEAD];
	const uint8_t *place = head + AREA_PLACES;
	uint64_t at, size, first;
	char *out;

	if (pread_full(fd, head, sizeof(head), a->at) != sizeof(head))
		return err_set(e, -EIO, "read LVM's metadata");
	at = get_le64(place);
	size = get_le64(place + 8);
	if (get_le32(head) != crc(CRC_START, head + 4, AREA_HEAD - 4) ||
	    memcmp(head + 4, area_magic, sizeof(area_magic)) || get_le64(head + 24) != a->at)
		return err_say(e, -EBADMSG, "the head of LVM's metadata is damaged");
	if (!at || !size || get_le32(place + 20) & PLACE_IGNORED)
		return err_say(e, -ENODATA, "no metadata of LVM on this disk");
	if (size > LVM_TEXT_MAX || at < AREA_HEAD || at >= a->len || size > a->len - AREA_HEAD)
		return err_say(e, -EBADMSG, "LVM's metadata lie outside of their area");
	out = malloc(size + 1);
	if (!out)
		return err_set(e, -ENOMEM, "LVM's metadata");
	first = size < a->len - at ? size : a->len - at;
	if (pread_full(fd, out, first, a->at + at) != (ssize_t)first ||
	    pread_full(fd, out + first, size - first, a->at + AREA_HEAD) != (ssize_t)(size - first)) {
		free(out);
		return err_set(e, -EIO, "read LVM's metadata");
	}
	if (crc(CRC_START, (uint8_t *)out, size) != get_le32(place + 16)) {
		free(out);
		return err_say(e, -EBADMSG, "LVM's metadata are damaged: wrong checksum");
	}
	out[size] = 0;
	*text = out;
	*len = size;
	return 0;
}

int lvm_read(int fd, char **text, size_t *len, struct err *e)
{
	uint8_t start[LABEL_SECTORS * SECTOR];
	struct area areas[MAX_AREAS];
	const uint8_t *label;
	ssize_t got = pread_full(fd, start, sizeof(start), 0);
	unsigned n;
	int rc;

	if (got < 0)
		return err_set(e, (int)got, "read the label of LVM");
	label = find_label(start, (size_t)got);
	if (!label)
		return err_say(e, -ENODATA, "no disk of LVM");
	n = find_areas(label, areas);
	rc = err_say(e, -ENODATA, "no metadata of LVM on this disk");
	for (unsigned i = 0; i < n && rc; i++)
		rc = read_area(fd, &areas[i], text, len, e);
	return rc;
}

const struct lvm_volume *lvm_find(const struct lvm_group *g, const char *dm_uuid)
{
	if (strlen(dm_uuid) != 4 + 2 * LVM_ID || strncmp(dm_uuid, "LVM-", 4) || strncmp(dm_uuid + 4, g->id, LVM_ID))
		return NULL;
	for (unsigned i = 0; i < g->nr_volumes; i++)
		if (!strcmp(g->volumes[i].id, dm_uuid + 4 + LVM_ID))
			return &g->volumes[i];
	return NULL;
}

int lvm_dm_name(const struct lvm_group *g, const struct lvm_volume *v, char *out, size_t size)
{
	const char *const parts[] = { g->name, v->name };
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		for (const char *p = parts[i]; *p; p++) {
			if (n + 3 > size)
				return -ENAMETOOLONG;
			out[n++] = *p;
			if (*p == '-')
				out[n++] = '-';
		}
		if (!i)
			out[n++] = '-';
	}
	out[n] = 0;
	return 0;
}
