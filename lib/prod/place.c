/* place - which kernel, which configuration, which directory of ours? */
/* SPDX-License-Identifier: MIT */
#include "prod/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "boot/device.h"

enum { MOUNTINFO_MAX = 16 << 20 };

const char *place_path(const struct place *p, const char *path, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s%s", p->root, path);
	return out;
}

int place_find_kernel(const char *root, const char *release, char *out, size_t size, struct err *e)
{
	static const struct { const char *before, *after; } at[] = {
		{ "/boot/vmlinuz-", "" },		/* Debian, Fedora, SUSE */
		{ "/lib/modules/", "/vmlinuz" },	/* Fedora, RHEL, Arch */
		{ "/usr/lib/modules/", "/vmlinuz" },
		{ "/usr/lib/modules/", "/Image" },	/* SUSE on aarch64 */
		{ "/boot/Image-", "" },
		{ "/boot/kernel-", "" },		/* Gentoo */
	};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		snprintf(out, size, "%s%s%s%s", root, at[i].before, release, at[i].after);
		if (!access(out, F_OK))
			return 0;
	}
	return err_say(e, -ENOENT, "there is no kernel %s: looked for %s/boot/vmlinuz-%s and "
				   "lib/modules/%s/vmlinuz; name its file by --kernel", release, root, release,
		       release);
}

/* Documentation/arch/x86/boot.rst: kernel_version at 0x20e, an offset less 0x200 to a text. */
void place_kernel_release(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t head[0x210];
	ssize_t n;

	out[0] = 0;
	if (fd < 0)
		return;
	if (pread_full(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) && !memcmp(head + 0x202, "HdrS", 4) &&
	    get_le16(head + 0x20e)) {
		n = pread_full(fd, out, size - 1, 0x200 + (uint64_t)get_le16(head + 0x20e));
		out[n > 0 ? n : 0] = 0;
		out[strcspn(out, " \n")] = 0;
	}
	close(fd);
}

/* So that it still leads there from another directory. */
static int absolute(const char *path, char out[PATH_MAX], struct err *e)
{
	size_t n = 0;

	if (path[0] != '/') {
		if (!getcwd(out, PATH_MAX))
			return err_set(e, -errno, "look up %s", path);
		n = strlen(out);
		out[n++] = '/';
	}
	if (snprintf(out + n, PATH_MAX - n, "%s", path) >= (int)(PATH_MAX - n))
		return err_set(e, -ENAMETOOLONG, "look up %.200s", path);
	return 0;
}

/* An image that is named: its own release, or else the running one, whose modules are the best guess. */
static void take_kernel(struct place *p)
{
	struct err *e = &p->no_kernel;
	const char *want = p->want_kernel;

	if (!want || !strchr(want, '/')) {
		snprintf(p->release, sizeof(p->release), "%s", want ? want : p->running);
		place_find_kernel(p->root, p->release, p->kernel, sizeof(p->kernel), e);
		return;
	}
	if (access(want, R_OK))
		err_set(e, -errno, "open %s", want);
	else
		absolute(want, p->kernel, e);
	place_kernel_release(want, p->release, sizeof(p->release));
	if (!p->release[0])
		strcpy(p->release, p->running);
}

int place_fill(struct place *p, struct err *e)
{
	char path[PATH_MAX];
	int rc;

	p->root = p->root && strcmp(p->root, "/") ? p->root : "";
	place_path(p, "/etc/kdump.conf", p->conf_path);
	place_path(p, "/var/lib/kdumpbox", p->state);
	p->no_kernel = (struct err){ 0 };
	rc = p->config ? absolute(p->config, p->conf_path, e) : 0;
	if (!rc && p->state_dir)
		rc = absolute(p->state_dir, p->state, e);
	if (rc)
		return rc;
	rc = read_line(place_path(p, "/proc/sys/kernel/osrelease", path), p->running, sizeof(p->running));
	if (rc)
		return err_set(e, rc, "read %s", path);
	take_kernel(p);
	return 0;
}

struct image_spec place_image(const struct place *p)
{
	return (struct image_spec){ .root = p->root, .release = p->release, .config = p->config,
				    .modules = p->modules, .applets = p->applets,
				    .program = p->program ? p->program : "/proc/self/exe" };
}

bool place_of_target(const struct target *t, struct mounted *at)
{
	char node[512], *text;
	size_t len;
	bool found;

	if (strcmp(t->fstype, "virtiofs"))
		return !device_find(t->device, node, sizeof(node), NULL) && place_mounted(node, t, at);
	if (read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, NULL))
		return false;
	found = !mountinfo_of_tag(text, t->device, t->opts.path, at, NULL);
	free(text);
	return found;
}

bool place_mounted(const char *node, const struct target *t, struct mounted *at)
{
	struct stat st;
	bool found;
	size_t len;
	char *text;

	if (stat(node, &st) || read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, NULL))
		return false;
	found = t ? !mountinfo_of_device(text, st.st_rdev, t->opts.path, t->opts.mount_options, at, NULL)
		  : !mountinfo_of_device(text, st.st_rdev, "/", NULL, at, NULL);
	free(text);
	return found;
}
