/* hostdev - which drivers does a disk or network card of this machine need? */
/* SPDX-License-Identifier: MIT */
#include "boot/hostdev.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

/* The base name of what DIR/driver/module links to; false if the driver has no module. */
static bool driver_module(const char *dir, char *out, size_t size)
{
	char path[PATH_MAX], *real;
	bool found = false;

	snprintf(path, sizeof(path), "%s/driver/module", dir);
	real = realpath(path, NULL);
	if (real) {
		snprintf(out, size, "%s", strrchr(real, '/') + 1);
		found = true;
	}
	free(real);
	return found;
}

/* Go up from dir to the root of devices, and put what is found in front: the bus comes first. */
static int climb(const char *devices, const char *dir, struct hostdev_driver out[HOSTDEV_MAX],
		 size_t *n, struct err *e)
{
	size_t stop = strlen(devices);
	char path[PATH_MAX], file[PATH_MAX];
	size_t from = *n;

	snprintf(path, sizeof(path), "%s", dir);
	while (strlen(path) > stop) {
		struct hostdev_driver d = { 0 };

		driver_module(path, d.module, sizeof(d.module));
		snprintf(file, sizeof(file), "%s/modalias", path);
		if (read_line(file, d.modalias, sizeof(d.modalias)))
			d.modalias[0] = 0;
		if (d.module[0] || d.modalias[0]) {
			if (*n == HOSTDEV_MAX)
				return err_say(e, -E2BIG, "%s lies below more than %d devices", dir,
					       HOSTDEV_MAX);
			memmove(&out[from + 1], &out[from], (*n - from) * sizeof(*out));
			out[from] = d;
			++*n;
		}
		*strrchr(path, '/') = 0;
	}
	return 0;
}

/* An NVMe disk with several paths is a virtual device; its controllers stand beside it. */
static int climb_nvme(const char *devices, const char *subsystem,
		      struct hostdev_driver out[HOSTDEV_MAX], size_t *n, struct err *e)
{
	struct dirent **list;
	int found = scandir(subsystem, &list, NULL, alphasort), rc = 0;

	for (int i = 0; i < found; i++) {
		const char *name = list[i]->d_name;
		char path[PATH_MAX], *real;

		snprintf(path, sizeof(path), "%s/%s", subsystem, name);
		/* "nvme0", not "nvme0n1" and not "nvme-subsys0" */
		real = !strncmp(name, "nvme", 4) && name[4 + strspn(name + 4, "0123456789")] == 0 &&
				       name[4]
			       ? realpath(path, NULL)
			       : NULL;
		if (real && !rc)
			rc = climb(devices, real, out, n, e);
		free(real);
		free(list[i]);
	}
	if (found >= 0)
		free(list);
	return rc;
}

int hostdev_drivers(const struct places *at, const char *name,
		    struct hostdev_driver out[HOSTDEV_MAX], size_t *n, struct err *e)
{
	char path[PATH_MAX], devices[PATH_MAX], virtual[PATH_MAX], *real, *sys;
	const char *rest;
	int rc;

	*n = 0;
	sys = realpath(at->sys, NULL);
	snprintf(path, sizeof(path), "%s/class/block/%s", at->sys, name);
	real = realpath(path, NULL);
	if (!sys || !real) {
		free(sys);
		free(real);
		return err_set(e, -ENOENT, "find %s in sysfs", name);
	}
	snprintf(devices, sizeof(devices), "%s/devices", sys);
	snprintf(virtual, sizeof(virtual), "%s/virtual/", devices);
	rest = strncmp(real, virtual, strlen(virtual)) ? NULL : real + strlen(virtual);
	if (!rest) {
		rc = climb(devices, real, out, n, e);
	} else if (!strncmp(rest, "nvme-subsystem/", 15)) {
		char *slash = strchr(rest + 15, '/');

		if (slash)
			*slash = 0;
		rc = climb_nvme(devices, real, out, n, e);
	} else {
		rc = err_say(e, -EOPNOTSUPP, "%s is no disk: it has to be put together first", name);
	}
	free(sys);
	free(real);
	return rc;
}

int hostdev_net_drivers(const struct places *at, const char *name,
			struct hostdev_driver out[HOSTDEV_MAX], size_t *n, struct err *e)
{
	char path[PATH_MAX], devices[PATH_MAX], *real, *sys;
	int rc = 0;

	*n = 0;
	snprintf(path, sizeof(path), "%s/class/net/%s", at->sys, name);
	if (access(path, F_OK))
		return err_set(e, -ENOENT, "find %s in sysfs", path);
	snprintf(path, sizeof(path), "%s/class/net/%s/device", at->sys, name);
	sys = realpath(at->sys, NULL);
	real = realpath(path, NULL);
	if (sys && real) {
		snprintf(devices, sizeof(devices), "%s/devices", sys);
		rc = climb(devices, real, out, n, e);
	}
	free(sys);
	free(real);
	return rc;
}
