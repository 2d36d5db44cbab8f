/* mdraid - read the superblock of a mirror's member, start a mirror. */
/* SPDX-License-Identifier: MIT */
#include "boot/mdraid.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

enum { MD_MAGIC = 0xa92b4efc, MD_SUPER = 4096, MD_ROLES_AT = 256, MD_CSUM_AT = 216 };

/* md's sb_1_csum: the sum of the 32-bit words, its own taken as 0, folded once. */
static uint32_t checksum(const uint8_t *sb, size_t len)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i + 4 <= len; i += 4)
		sum += i == MD_CSUM_AT ? 0 : get_le32(sb + i);
	if (len - i == 2)
		sum += get_le16(sb + i);
	return (uint32_t)(sum & 0xffffffff) + (uint32_t)(sum >> 32);
}

static bool parse(const uint8_t *sb, uint64_t at, int minor, struct md_member *out)
{
	uint32_t roles = get_le32(sb + 220), number = get_le32(sb + 160);

	if (get_le32(sb) != MD_MAGIC || get_le32(sb + 4) != 1 || get_le64(sb + 144) != at / 512 ||
	    roles > (MD_SUPER - MD_ROLES_AT) / 2 ||
	    checksum(sb, MD_ROLES_AT + (size_t)roles * 2) != get_le32(sb + MD_CSUM_AT))
		return false;
	out->minor = minor;
	memcpy(out->array, sb + 16, sizeof(out->array));
	out->level = (int)get_le32(sb + 72);
	out->disks = get_le32(sb + 92);
	out->role = number < roles ? get_le16(sb + MD_ROLES_AT + 2 * (size_t)number) : 0xffff;
	out->events = get_le64(sb + 200);
	return true;
}

int md_read(int fd, uint64_t size, struct md_member *out, struct err *e)
{
	/* md.txt, "Superblocks": 1.0 at least 8 KiB before the end, 1.1 at 0, 1.2 at 4 KiB; 0.90 64 KiB before. */
	const struct {
		uint64_t at;
		int      minor;
	} places[] = {
		{ 4096, 2 },
		{ 0, 1 },
		{ size < 16384 ? 0 : (size - 8192) & ~(uint64_t)4095, 0 },
		{ size < 131072 ? 0 : (size & ~(uint64_t)65535) - 65536, -1 },
	};
	uint8_t sb[MD_SUPER];

	*out = (struct md_member){ 0 };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		ssize_t got = in_bounds(places[i].at, MD_SUPER, size) ? pread_full(fd, sb, MD_SUPER, places[i].at) : 0;

		if (got < 0)
			return err_set(e, (int)got, "read the superblock of md");
		if (got < MD_SUPER)
			continue;
		if (places[i].minor < 0 && get_le32(sb) == MD_MAGIC && get_le32(sb + 4) == 0) {
			out->minor = -1;
			return 0;
		}
		if (places[i].minor >= 0 && parse(sb, places[i].at, places[i].minor, out))
			return 0;
	}
	return err_say(e, -ENODATA, "no member of md");
}

const char *md_refusal(const struct md_member *m)
{
	if (m->minor < 0)
		return "its metadata are of format 0.90 or the firmware's, only format 1 can be started";
	if (m->level != 1)
		return "it is no mirror (RAID1): the capture kernel starts no other";
	return NULL;
}

/* A node of our own for an array that does not exist before it is opened. */
static int open_array(unsigned number, struct err *e)
{
	char name[32], node[64];
	int fd;

	/* Since Linux 4.13; before, and in most kernels still, opening the node is enough. */
	snprintf(name, sizeof(name), "md%u", number);
	write_file("/sys/module/md_mod/parameters/new_array", name);
	snprintf(node, sizeof(node), "/dev/.kdumpbox-md%u", number);
	unlink(node);
	if (mknod(node, S_IFBLK | 0600, makedev(MD_MAJOR, number)))
		return err_set(e, -errno, "make a node for %s", name);
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = err_set(e, errno == ENXIO ? -ENODEV : -errno, "open %s (is the module md_mod there?)", name);
	unlink(node);
	return fd;
}

static bool array_is_free(unsigned number)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/md%u", number);
	return access(path, F_OK) != 0;
}

int md_start(const struct md_member *members, const dev_t *devs, unsigned n, struct err *e)
{
	mdu_array_info_t info = { .major_version = 1, .minor_version = members[0].minor };
	unsigned number = 127;
	int fd, rc = 0;

	while (number && !array_is_free(number))
		number--;
	fd = open_array(number, e);
	if (fd < 0)
		return fd;
	/* No more than the format: the rest is in the superblocks (md.c, md_set_array_info). */
	if (ioctl(fd, SET_ARRAY_INFO, &info))
		rc = err_set(e, -errno, "md%u: prepare", number);
	for (unsigned i = 0; i < n && !rc; i++) {
		mdu_disk_info_t disk = { .major = (int)major(devs[i]), .minor = (int)minor(devs[i]) };

		if (ioctl(fd, ADD_NEW_DISK, &disk))
			rc = err_set(e, -errno, "md%u: add disk %u:%u", number, major(devs[i]), minor(devs[i]));
	}
	if (!rc && ioctl(fd, RUN_ARRAY, NULL))
		rc = err_set(e, -errno, "md%u: start", number);
	if (rc)
		ioctl(fd, STOP_ARRAY, NULL);
	close(fd);
	return rc;
}
