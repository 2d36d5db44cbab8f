/* blockdev - which block devices does the kernel have, and what are they called? */
/* SPDX-License-Identifier: MIT */
#include "boot/blockdev.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"
#include "boot/partition.h"

enum { UEVENT_MAX = 4096 };	/* bytes */

/* First line of /sys/class/block/NAME/FILE, blanks trimmed. False if there is none. */
static bool attribute(const struct places *at, const char *name, const char *file, char *out,
		      size_t size)
{
	char path[512], line[256];
	size_t from = 0, n;

	snprintf(path, sizeof(path), "%s/class/block/%s/%s", at->sys, name, file);
	if (read_line(path, line, sizeof(line)))
		return false;
	while (line[from] == ' ')
		from++;
	n = strlen(line);
	while (n > from && isspace((unsigned char)line[n - 1]))
		line[--n] = 0;
	snprintf(out, size, "%s", line + from);
	return *out;
}

/* The value of KEY=VALUE in the text of a uevent file. */
static void uevent_value(const char *text, const char *key, char *out, size_t size)
{
	size_t n = strlen(key);

	out[0] = 0;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, key, n) && line[n] == '=')
			snprintf(out, size, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
}

/* Partitions lie in their disk's directory: .../block/vda/vda1. */
static void find_disk(const struct places *at, struct blockdev *dev)
{
	char path[512], *real, *slash;

	snprintf(path, sizeof(path), "%s/class/block/%s/..", at->sys, dev->name);
	real = realpath(path, NULL);
	slash = real ? strrchr(real, '/') : NULL;
	if (slash)
		snprintf(dev->disk, sizeof(dev->disk), "%s", slash + 1);
	free(real);
}

static bool has_entries(const struct places *at, const char *name, const char *dir)
{
	char path[512];
	struct dirent *d;
	bool found = false;
	DIR *handle;

	snprintf(path, sizeof(path), "%s/class/block/%s/%s", at->sys, name, dir);
	handle = opendir(path);
	while (handle && !found && (d = readdir(handle)))
		found = d->d_name[0] != '.';
	if (handle)
		closedir(handle);
	return found;
}

bool blockdev_get(const struct places *at, const char *name, struct blockdev *out)
{
	char path[512], text[32], *uevent;
	size_t len;

	*out = (struct blockdev){ 0 };
	if (strlen(name) >= sizeof(out->name) || strchr(name, '/'))
		return false;
	strcpy(out->name, name);
	snprintf(path, sizeof(path), "%s/class/block/%s/uevent", at->sys, name);
	if (read_file(path, UEVENT_MAX, &uevent, &len, NULL))
		return false;
	uevent_value(uevent, "DEVNAME", out->node, sizeof(out->node));
	uevent_value(uevent, "PARTNAME", out->part_label, sizeof(out->part_label));
	uevent_value(uevent, "PARTUUID", out->part_uuid, sizeof(out->part_uuid));
	uevent_value(uevent, "PARTN", text, sizeof(text));
	free(uevent);
	out->part = (unsigned)strtoul(text, NULL, 10);
	if (out->part)
		find_disk(at, out);
	out->in_use = has_entries(at, name, "holders");
	return out->node[0];
}

size_t blockdev_all(const struct places *at, struct blockdev **out)
{
	struct blockdev *all = NULL;
	struct dirent **list;
	char dir[256], size[32];
	size_t n = 0;
	int found;

	snprintf(dir, sizeof(dir), "%s/class/block", at->sys);
	found = scandir(dir, &list, NULL, versionsort);
	if (found > 0)
		all = calloc((size_t)found, sizeof(*all));
	for (int i = 0; i < found; i++) {
		const char *name = list[i]->d_name;

		if (all && n < BLOCKDEV_MAX && name[0] != '.' && strncmp(name, "fd", 2) &&
		    attribute(at, name, "size", size, sizeof(size)) && strcmp(size, "0") &&
		    blockdev_get(at, name, &all[n]))
			n++;
		free(list[i]);
	}
	if (found >= 0)
		free(list);
	*out = all;
	return n;
}

/* What a child does with an open device; the result lies in shared memory. */
struct look {
	char              path[512];
	unsigned          part;
	int               rc;
	struct superblock sb;
	char              uuid[40];
	bool              is_free;
};

/* Nothing at its beginning, or a dump (the name of the flattened format stands first). */
static bool is_free(int fd)
{
	static const char dump[] = "makedumpfile";
	char start[4096];
	ssize_t n = pread(fd, start, sizeof(start), 0);
	size_t zeros = 0;

	while (n > 0 && zeros < (size_t)n && !start[zeros])
		zeros++;
	return n >= 512 && (zeros == (size_t)n || !memcmp(start, dump, sizeof(dump)));
}

static int look_run(void *arg)
{
	struct look *look = arg;
	int fd = open(look->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		look->rc = -errno;
	else if (look->part)
		look->rc = partition_uuid(fd, look->part, look->uuid);
	else
		look->rc = superblock_read(fd, &look->sb, NULL);
	look->is_free = !look->part && look->rc == -ENODATA && is_free(fd);
	return 0;
}

static int look_at(const struct places *at, const char *node, unsigned part, unsigned limit_ms,
		   struct look *out)
{
	struct look *look = mmap(NULL, sizeof(*look), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct child_spec spec = { .run = look_run,
				   .arg = look,
				   .deadline_ms = limit_ms,
				   .grace_ms = 1,
				   .abandon_ms = 200 };
	struct child_result result;

	if (look == MAP_FAILED)
		return -errno;
	snprintf(look->path, sizeof(look->path), "%s/%s", at->dev, node);
	look->part = part;
	look->rc = -EIO;
	result = child_run(&spec);
	*out = *look;
	munmap(look, sizeof(*look));
	if (result.stopped || result.end == CHILD_ABANDONED)
		return -ETIMEDOUT;
	return out->rc;
}

int blockdev_content(const struct places *at, const struct blockdev *dev, unsigned limit_ms,
		     struct superblock *out, bool *free_to_write)
{
	struct look look = { .part = 0 };
	int rc = look_at(at, dev->node, 0, limit_ms, &look);

	*out = look.sb;
	*free_to_write = rc == -ENODATA && look.is_free;
	return rc;
}

int blockdev_superblock(const struct places *at, const struct blockdev *dev, unsigned limit_ms,
			struct superblock *out)
{
	bool unused;

	return blockdev_content(at, dev, limit_ms, out, &unused);
}

int blockdev_part_uuid(const struct places *at, const struct blockdev *dev, unsigned limit_ms,
		       char out[40])
{
	struct blockdev disk;
	struct look look;
	int rc;

	out[0] = 0;
	if (!dev->part)
		return -ENODATA;
	if (dev->part_uuid[0]) {	/* since Linux 6.9 the kernel tells */
		/* An MBR without a signature: each such disk has the same. */
		if (!strncmp(dev->part_uuid, "00000000-", 9) && strlen(dev->part_uuid) == 11)
			return -ENODATA;
		strcpy(out, dev->part_uuid);
		return 0;
	}
	if (!blockdev_get(at, dev->disk, &disk))
		return -ENODATA;
	rc = look_at(at, disk.node, dev->part, limit_ms, &look);
	if (!rc)
		strcpy(out, look.uuid);
	return rc == -ENOENT ? -ENODATA : rc;
}

bool blockdev_dm_name(const struct places *at, const struct blockdev *dev, char *out, size_t size)
{
	return attribute(at, dev->name, "dm/name", out, size);
}

bool blockdev_disk_mark(const struct places *at, const struct blockdev *dev, char *out, size_t size)
{
	static const char *const files[] = { "dm/uuid", "md/uuid", "wwid", "device/wwid", "serial", "device/serial" };
	char value[200];

	out[0] = 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !out[0]; i++)
		if (attribute(at, dev->name, files[i], value, sizeof(value)))
			snprintf(out, size, "%s %s", files[i], value);
	return out[0];
}

/* The rules of udev's 60-persistent-storage.rules, as far as sysfs holds what they need. */
static const struct id_rule {
	const char *prefix;	/* of the link's name */
	const char *file;	/* below the disk's directory in sysfs */
	const char *cut;	/* beginning of the file's text that is not in the name */
} id_rules[] = {
	{ "virtio-", "serial", "" },
	{ "wwn-0x", "device/wwid", "naa." },
	{ "wwn-0x", "device/wwid", "eui." },
	{ "scsi-3", "device/wwid", "naa." },
	{ "scsi-2", "device/wwid", "eui." },
	{ "nvme-", "wwid", "" },
	{ "dm-name-", "dm/name", "" },
	{ "dm-uuid-", "dm/uuid", "" },
	{ "md-uuid-", "md/uuid", "" },
};

/* udev writes '_' for a blank. */
static bool same_text(const char *sysfs, const char *link)
{
	while (*sysfs && (*sysfs == *link || (*sysfs == ' ' && *link == '_'))) {
		sysfs++;
		link++;
	}
	return !*sysfs && !*link;
}

static bool rule_matches(const struct places *at, const char *disk, const struct id_rule *rule,
			 const char *id)
{
	char value[256];
	size_t cut = strlen(rule->cut), prefix = strlen(rule->prefix);

	return !strncmp(id, rule->prefix, prefix) &&
	       attribute(at, disk, rule->file, value, sizeof(value)) &&
	       !strncmp(value, rule->cut, cut) && value[cut] && same_text(value + cut, id + prefix);
}

/* "ata-MODEL_SERIAL", "scsi-SVENDOR_MODEL_SERIAL", "nvme-MODEL_SERIAL": the serial decides. */
static bool serial_matches(const struct places *at, const char *disk, const char *id)
{
	char serial[256], path[512], page[256];
	size_t n = strlen(id), len;
	ssize_t got;
	int fd;

	if (attribute(at, disk, "device/serial", serial, sizeof(serial))) {
		len = strlen(serial);
	} else {
		/* SPC-4, unit serial number page: 4 bytes of header, then padded text. */
		snprintf(path, sizeof(path), "%s/class/block/%s/device/vpd_pg80", at->sys, disk);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		got = fd < 0 ? -1 : read_full(fd, page, sizeof(page) - 1);
		if (fd >= 0)
			close(fd);
		if (got <= 4)
			return false;
		page[got] = 0;
		snprintf(serial, sizeof(serial), "%s", page + 4 + strspn(page + 4, " "));
		len = strcspn(serial, " ");
		serial[len] = 0;
	}
	return len >= 4 && n > len && id[n - len - 1] == '_' && !strcmp(id + n - len, serial);
}

bool blockdev_has_id(const struct places *at, const struct blockdev *dev, const char *id)
{
	const char *disk = dev->part ? dev->disk : dev->name, *part;
	char base[256];
	size_t n = strlen(id);

	if (n >= sizeof(base))
		return false;
	strcpy(base, id);
	part = strstr(id, "-part");
	for (const char *more = part; more; more = strstr(more + 1, "-part"))
		part = more;
	if (dev->part) {
		if (!part || strtoul(part + 5, NULL, 10) != dev->part)
			return false;
		base[part - id] = 0;
	}
	for (size_t i = 0; i < sizeof(id_rules) / sizeof(id_rules[0]); i++)
		if (rule_matches(at, disk, &id_rules[i], base))
			return true;
	return (!strncmp(base, "ata-", 4) || !strncmp(base, "scsi-", 5) ||
		!strncmp(base, "nvme-", 5)) &&
	       serial_matches(at, disk, base);
}
