/* dmdev - make a device-mapper device of linear runs. */
/* SPDX-License-Identifier: MIT */
#include "boot/dmdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { TARGET_MAX = sizeof(struct dm_target_spec) + 64 };	/* one run, with its parameters */

/* A request without targets. */
static int request(int fd, unsigned long command, struct dm_ioctl *io, const char *name, const char *uuid)
{
	*io = (struct dm_ioctl){ .version = { 4, 0, 0 }, .data_size = sizeof(*io), .data_start = sizeof(*io) };
	snprintf(io->name, sizeof(io->name), "%s", name);
	snprintf(io->uuid, sizeof(io->uuid), "%s", uuid);
	return ioctl(fd, command, io) ? -errno : 0;
}

static int load(int fd, const char *name, const struct dm_run *runs, unsigned n)
{
	size_t size = sizeof(struct dm_ioctl) + (size_t)n * TARGET_MAX;
	char *data = calloc(1, size), *p = data + sizeof(struct dm_ioctl);
	struct dm_ioctl io = { .version = { 4, 0, 0 }, .data_start = sizeof(io), .target_count = n };
	int rc;

	if (!data)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++, p += TARGET_MAX) {
		struct dm_target_spec spec = { .sector_start = runs[i].start, .length = runs[i].len, .next = TARGET_MAX };

		strcpy(spec.target_type, "linear");
		memcpy(p, &spec, sizeof(spec));
		snprintf(p + sizeof(spec), TARGET_MAX - sizeof(spec), "%u:%u %llu", major(runs[i].dev),
			 minor(runs[i].dev), (unsigned long long)runs[i].at);
	}
	io.data_size = (uint32_t)size;
	snprintf(io.name, sizeof(io.name), "%s", name);
	memcpy(data, &io, sizeof(io));
	rc = ioctl(fd, DM_TABLE_LOAD, data) ? -errno : 0;
	free(data);
	return rc;
}

int dm_create(const char *name, const char *uuid, const struct dm_run *runs, unsigned n, struct err *e)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC), rc;
	struct dm_ioctl io;

	if (fd < 0)
		return err_say(e, -ENODEV, "device-mapper is not there: the module dm_mod is missing");
	if (!n || n > 4096 || strlen(name) >= sizeof(io.name) || strlen(uuid) >= sizeof(io.uuid)) {
		close(fd);
		return err_say(e, -EINVAL, "device-mapper: %s cannot be made: its name or table is too long", name);
	}
	rc = request(fd, DM_DEV_CREATE, &io, name, uuid);
	if (rc) {
		close(fd);
		return err_set(e, rc == -EBUSY ? -EEXIST : rc, "device-mapper: make %s", name);
	}
	rc = load(fd, name, runs, n);
	if (!rc)
		rc = request(fd, DM_DEV_SUSPEND, &io, name, "");	/* without its flag: start */
	if (rc) {
		err_set(e, rc, "device-mapper: start %s", name);
		request(fd, DM_DEV_REMOVE, &io, name, "");
	}
	close(fd);
	return rc;
}
