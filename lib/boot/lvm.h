/* lvm - what LVM2 says on a disk of the volumes that are made of it. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_LVM_H
#define BOOT_LVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A disk of a volume group (physical volume, PV) has in one of its first four sectors a label, which
 * points to rings of text; the newest text in a ring tells all of the group. Only volumes whose
 * segments are linear are understood: one run of extents of one PV after the other. Format: label and
 * header as in lvm2's lib/format_text/layout.h, text as vgcfgbackup(8) writes it.
 */
enum { LVM_ID = 32, LVM_NAME = 128, LVM_TEXT_MAX = 1 << 20, LVM_MAX_PVS = 128 };
enum { LVM_MAX_SEGMENTS = 2048, LVM_MAX_VOLUMES = 1024 };

/* Sectors are of 512 bytes. */
struct lvm_segment {
	uint64_t start, len;	/* sectors in the volume */
	unsigned pv;		/* index in the group */
	uint64_t at;		/* sector of that PV */
};

struct lvm_volume {
	char     name[LVM_NAME];
	char     id[LVM_ID + 1];
	char     kind[24];		/* of the first segment that is not linear ("thin", "raid1"); "" if all are */
	bool     hidden;		/* part of another volume, not one for users */
	unsigned first, nr_segments;	/* in the group's segments */
};

struct lvm_group {
	char               name[LVM_NAME];
	char               id[LVM_ID + 1];
	uint64_t           seqno, extent;	/* number of the change; sectors of an extent */
	unsigned           nr_pvs, nr_volumes, nr_segments;
	struct lvm_pv {
		char     name[32];		/* inside the text */
		char     id[LVM_ID + 1];
		uint64_t start;			/* sector of its first extent */
	} pvs[LVM_MAX_PVS];
	struct lvm_volume  volumes[LVM_MAX_VOLUMES];
	struct lvm_segment segments[LVM_MAX_SEGMENTS];
};

/* True if the first len bytes of a disk (2048 suffice) have a label; id gets the PV's without dashes. */
bool lvm_is_member(const void *start, size_t len, char id[LVM_ID + 1]);

/*
 * The newest text on an open disk, whole and its checksum right: *text of *len bytes and a 0, the
 * caller's. -ENODATA if the disk is no PV or has no text (a PV may have none: others of its group do),
 * -EBADMSG if all of it is damaged, or the errno of a read.
 */
int lvm_read(int fd, char **text, size_t *len, struct err *e);

/*
 * What a text says. Segments of volumes that are not linear are left out. g is large: let it be on the
 * heap. 0, or -EBADMSG with the line, -E2BIG.
 */
int lvm_parse(const char *text, size_t len, struct lvm_group *g, struct err *e);

/* The volume whose device-mapper UUID this is ("LVM-" and the IDs of group and volume), NULL: none. */
const struct lvm_volume *lvm_find(const struct lvm_group *g, const char *dm_uuid);

/* "VG-LV" as device-mapper names it, with '-' doubled inside of a name. -ENAMETOOLONG. */
int lvm_dm_name(const struct lvm_group *g, const struct lvm_volume *v, char *out, size_t size);

#endif
