/* hooks - which programs of the user run before and after a dump, and how? */
/* SPDX-License-Identifier: MIT */
#include "boot/hooks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void hooks_add(struct hooks *h, const char *path)
{
	if (!path[0])
		return;
	if (h->n == HOOKS_MAX || strlen(path) >= HOOK_PATH_MAX) {
		h->dropped++;
		return;
	}
	strcpy(h->path[h->n++], path);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

void hooks_add_dir(struct hooks *h, const char *dir)
{
	DIR *d = opendir(dir);
	char path[HOOK_PATH_MAX + 256];
	int first = h->n;
	struct dirent *de;
	struct stat st;

	if (!d)
		return;
	while ((de = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		if (de->d_name[0] != '.' && !stat(path, &st) && S_ISREG(st.st_mode) &&
		    st.st_mode & 0111)
			hooks_add(h, path);
	}
	closedir(d);
	qsort(h->path[first], (size_t)(h->n - first), HOOK_PATH_MAX, by_name);
}

int hook_exec(const char *path, const char *arg, struct err *e)
{
	char *argv[] = { (char *)path, (char *)arg, NULL };
	int fd = open("/dev/null", O_RDONLY);

	if (fd > 0)
		dup2(fd, 0);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	execv(path, argv);
	if (errno == ENOENT && access(path, F_OK) == 0)
		return err_say(e, -ENOENT, "run %s: its interpreter is not in the image", path);
	if (errno == ENOENT)
		return err_say(e, -ENOENT, "run %s: not in the image", path);
	return err_set(e, -errno, "run %s", path);
}
