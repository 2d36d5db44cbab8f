/* superblock - which filesystem is on this device, and what is it called? */
/* SPDX-License-Identifier: MIT */
#include "boot/superblock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "boot/lvm.h"
#include "boot/mdraid.h"

/* A field of len bytes, NUL or blank padded, in printable form. */
static void put_label(struct superblock *out, const uint8_t *field, size_t len)
{
	size_t n = 0;

	while (n < len && n < sizeof(out->label) - 1 && field[n]) {
		out->label[n] = (char)(field[n] < 32 || field[n] == 127 ? '_' : field[n]);
		n++;
	}
	out->label[n] = 0;
}

/* RFC 9562, section 4; all zero is "none". */
static void put_uuid(struct superblock *out, const uint8_t u[16])
{
	static const uint8_t zero[16];

	if (!memcmp(u, zero, 16))
		return;
	snprintf(out->uuid, sizeof(out->uuid),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
		 u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		 u[15]);
}

/* fs/ext4/ext4.h: struct ext4_super_block at byte 1024. */
static bool parse_ext(const uint8_t *p, size_t len, struct superblock *out)
{
	enum {
		COMPAT_HAS_JOURNAL = 0x4, INCOMPAT_JOURNAL_DEV = 0x8,
		INCOMPAT_EXT2_3 = 0x2 | 0x4 | 0x10,	/* filetype, recover, meta_bg */
		RO_COMPAT_EXT2_3 = 0x1 | 0x2 | 0x4,	/* sparse_super, large_file, btree_dir */
	};
	const uint8_t *s = p + 1024;
	uint32_t compat, incompat, ro_compat;

	if (len < 2048 || get_le16(s + 56) != 0xef53)
		return false;
	compat = get_le32(s + 92);
	incompat = get_le32(s + 96);
	ro_compat = get_le32(s + 100);
	/* A journal on its own device has the magic too, but nothing to mount. */
	if (incompat & INCOMPAT_JOURNAL_DEV)
		return false;
	if ((incompat & ~INCOMPAT_EXT2_3) || (ro_compat & ~RO_COMPAT_EXT2_3))
		strcpy(out->type, "ext4");
	else
		strcpy(out->type, compat & COMPAT_HAS_JOURNAL ? "ext3" : "ext2");
	put_uuid(out, s + 104);
	put_label(out, s + 120, 16);
	return true;
}

/* fs/xfs/libxfs/xfs_format.h: struct xfs_dsb at byte 0, big endian. */
static bool parse_xfs(const uint8_t *p, size_t len, struct superblock *out)
{
	uint32_t block;

	if (len < 512 || memcmp(p, "XFSB", 4))
		return false;
	block = get_be32(p + 4);
	if (block < 512 || block > 65536 || (block & (block - 1)))
		return false;
	strcpy(out->type, "xfs");
	put_uuid(out, p + 32);
	put_label(out, p + 108, 12);
	return true;
}

/* fs/btrfs: struct btrfs_super_block at 64 KiB. */
static bool parse_btrfs(const uint8_t *p, size_t len, struct superblock *out)
{
	const uint8_t *s = p + (64 << 10);

	if (len < (64 << 10) + 0x12b + 256 || memcmp(s + 0x40, "_BHRfS_M", 8))
		return false;
	strcpy(out->type, "btrfs");
	put_uuid(out, s + 0x20);
	put_label(out, s + 0x12b, 256);
	return true;
}

static const char no_name[] = "NO NAME    ";	/* a FAT volume's way to say that it has none */

/* What the BIOS parameter block of a FAT volume says (Microsoft FAT specification 1.03). */
struct fat {
	bool     fat32;
	uint64_t root_at;	/* byte offset of the root directory, its first cluster */
	uint32_t root_len;	/* bytes that may be read there */
};

static bool is_power(unsigned n)
{
	return n && !(n & (n - 1));
}

static bool fat_geometry(const uint8_t *p, size_t len, struct fat *fat)
{
	unsigned sector, cluster, reserved, fats, root_entries;
	uint64_t fat_sectors;

	if (len < 512 || (p[0] != 0xeb && p[0] != 0xe9) || p[510] != 0x55 || p[511] != 0xaa)
		return false;
	sector = get_le16(p + 11);
	cluster = p[13];
	reserved = get_le16(p + 14);
	fats = p[16];
	root_entries = get_le16(p + 17);
	if (!is_power(sector) || sector < 512 || sector > 4096 || !is_power(cluster) || !reserved ||
	    !fats || (p[21] != 0xf0 && p[21] < 0xf8))
		return false;
	fat->fat32 = !get_le16(p + 22);
	fat_sectors = fat->fat32 ? get_le32(p + 36) : get_le16(p + 22);
	if (!fat_sectors || fat->fat32 == (root_entries != 0))
		return false;
	fat->root_at = (reserved + fats * fat_sectors) * sector;
	fat->root_len = root_entries * 32;
	if (fat->fat32) {
		uint32_t first = get_le32(p + 44);

		if (first < 2)
			return false;
		fat->root_at += (uint64_t)(first - 2) * cluster * sector;
		fat->root_len = cluster * sector;
	}
	return true;
}

/* The label in the boot sector; "NO NAME" is none. */
static bool parse_fat(const uint8_t *p, size_t len, struct superblock *out)
{
	const uint8_t *ext;
	struct fat fat;
	uint32_t serial;

	if (!fat_geometry(p, len, &fat))
		return false;
	ext = p + (fat.fat32 ? 64 : 36);
	strcpy(out->type, "vfat");
	if (ext[2] != 0x28 && ext[2] != 0x29)
		return true;
	serial = get_le32(ext + 3);
	if (serial)
		snprintf(out->uuid, sizeof(out->uuid), "%04X-%04X", serial >> 16, serial & 0xffff);
	if (ext[2] == 0x29 && memcmp(ext + 7, no_name, 11))
		put_label(out, ext + 7, 11);
	return true;
}

/* The root directory's volume entry is what tools that rename a volume change: it wins. */
static void fat_root_label(const uint8_t *dir, size_t len, struct superblock *out)
{
	out->label[0] = 0;
	for (size_t at = 0; at + 32 <= len && dir[at]; at += 32) {
		/* Attribute 8 is the label, 15 a piece of a long name; 0xe5 is a deleted entry. */
		if (dir[at] == 0xe5 || (dir[at + 11] & 0x3f) == 0x0f || !(dir[at + 11] & 0x08))
			continue;
		if (memcmp(dir + at, no_name, 11))
			put_label(out, dir + at, 11);
		return;
	}
}

static void trim_blanks(char *text)
{
	size_t n = strlen(text);

	while (n && text[n - 1] == ' ')
		text[--n] = 0;
}

int superblock_parse(const void *start, size_t len, struct superblock *out)
{
	static bool (*const parsers[])(const uint8_t *, size_t, struct superblock *) = {
		parse_xfs, parse_ext, parse_btrfs, parse_fat,
	};

	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		*out = (struct superblock){ 0 };
		if (parsers[i](start, len, out)) {
			if (parsers[i] == parse_fat)
				trim_blanks(out->label);
			return 0;
		}
	}
	*out = (struct superblock){ 0 };
	return -ENODATA;
}

/* A part of something larger: half of a mirror looks like a filesystem, and must not be taken for one. */
static bool is_member(int fd, const uint8_t *start, size_t len, struct superblock *out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct md_member md;
	char id[LVM_ID + 1];
	const char *type = size > 0 && md_read(fd, (uint64_t)size, &md, NULL) != -ENODATA ? "linux_raid" :
			   lvm_is_member(start, len, id)			? "LVM2_member" : NULL;

	if (!type)
		return false;
	*out = (struct superblock){ 0 };
	strcpy(out->type, type);
	return true;
}

int superblock_read(int fd, struct superblock *out, struct err *e)
{
	enum { DIR_MAX = 16 << 10 };
	uint8_t *start = malloc(SUPERBLOCK_BYTES);
	struct fat fat;
	ssize_t n, dir;
	int rc;

	if (!start)
		return err_set(e, -ENOMEM, "superblock");
	n = pread_full(fd, start, SUPERBLOCK_BYTES, 0);
	rc = n < 0 ? (int)n : superblock_parse(start, (size_t)n, out);
	if (n >= 0 && is_member(fd, start, (size_t)n, out))
		rc = -ENODATA;
	if (!rc && !strcmp(out->type, "vfat") && fat_geometry(start, (size_t)n, &fat)) {
		dir = pread_full(fd, start, fat.root_len < DIR_MAX ? fat.root_len : DIR_MAX,
				 fat.root_at);
		if (dir >= 32) {
			fat_root_label(start, (size_t)dir, out);
			trim_blanks(out->label);
		}
	}
	free(start);
	if (rc == -ENODATA)
		return err_say(e, rc, "no filesystem that is known here");
	return rc ? err_set(e, rc, "read superblock") : 0;
}

int superblock_probe(const char *path, struct superblock *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	if (fd < 0)
		return err_set(e, -errno, "open %s", path);
	rc = superblock_read(fd, out, e);
	close(fd);
	return rc ? err_add(e, "%s", path) : 0;
}
