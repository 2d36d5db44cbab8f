/* module - load a kernel module and what it depends on. */
/* SPDX-License-Identifier: MIT */
#include "boot/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/io.h"
#include "boot/bootargs.h"
#include "boot/kofile.h"
#include "boot/modtree.h"

enum { PARAMS_SIZE = 2048, CMDLINE_MAX = 64 << 10 };	/* bytes */

/* Length of "name." at the start of a word, '-' and '_' being equal; 0 if it has another one. */
static size_t prefix_len(const char *word, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len < n + 2 || word[n] != '.' || word[n + 1] == '=')
		return 0;
	for (size_t i = 0; i < n; i++)
		if ((word[i] == '-' ? '_' : word[i]) != (name[i] == '-' ? '_' : name[i]))
			return 0;
	return n + 1;
}

int module_cmdline_params(const char *cmdline, const char *name, char *out, size_t size)
{
	const char *word;
	size_t used = 0, len;

	out[0] = 0;
	while ((word = bootarg_next(&cmdline, &len))) {
		size_t skip = prefix_len(word, len, name);

		if (!skip)
			continue;
		if (used + len - skip + 2 > size)
			return -ENOSPC;
		used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? " " : "",
					 (int)(len - skip), word + skip);
	}
	return 0;
}

/* What errors of init_module(2) mean. */
static const struct reason {
	int         code;
	const char *text;
} reasons[] = {
	{ -ENOEXEC, "it is not a module for this kernel (see dmesg)" },
	{ -EKEYREJECTED, "the kernel wants a signature that it knows" },
	{ -ENOKEY, "the kernel wants a signature that it knows" },
	{ -EBADMSG, "the kernel wants a signature that it knows" },
	{ -ENOENT, "a symbol that it needs is missing (see dmesg)" },
	{ -EPERM, "not permitted (root, lockdown, or kernel.modules_disabled=1)" },
	{ -ENODEV, "it found no device" },
};

static int load_error(int code, const char *path, struct err *e)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return err_say(e, code, "load %s: %s", path, reasons[i].text);
	return err_set(e, code, "load %s", path);
}

static int insert_compressed(const char *path, const char *params, struct err *e)
{
	char *image;
	size_t len;
	int rc = kofile_read(path, &image, &len, e);

	if (rc)
		return rc;
	rc = syscall(SYS_init_module, image, len, params) ? -errno : 0;
	free(image);
	return rc && rc != -EEXIST ? load_error(rc, path, e) : 0;
}

static int insert(const char *path, const char *params, struct err *e)
{
	size_t n = strlen(path);
	int fd, rc;

	if (n < 3 || strcmp(path + n - 3, ".ko"))
		return insert_compressed(path, params, e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, -errno, "open %s", path);
	rc = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return rc && rc != -EEXIST ? load_error(rc, path, e) : 0;
}

/*
 * In the capture kernel the files lie in memory, and that of a loaded module is read no more: of
 * the 15 MB that crashkernel=80M leaves, xfs.ko has 5. Elsewhere nothing is ever removed.
 */
static void drop_file(const char *path)
{
	struct statfs fs;

	if (!access("/proc/vmcore", F_OK) && !statfs(path, &fs) &&
	    (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC))
		unlink(path);
}

bool module_is_live(const char *name)
{
	char path[256], state[16];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !read_line(path, state, sizeof(state)) && !strcmp(state, "live");
}

static int load_step(const struct modtree *tree, const struct modstep *step, const char *params,
		     const char *cmdline, struct err *e)
{
	char own[PARAMS_SIZE], all[2 * PARAMS_SIZE], path[4096];
	int rc;

	if (!step->path || module_is_live(step->name))
		return 0;
	if (module_cmdline_params(cmdline, step->name, own, sizeof(own)))
		own[0] = 0;
	if (step->need != MOD_ASKED || !params)
		params = "";
	if (snprintf(all, sizeof(all), "%s%s%s", own, own[0] && params[0] ? " " : "", params) >=
	    (int)sizeof(all))
		return err_set(e, -E2BIG, "parameters of %s", step->name);
	modtree_path(tree, step, path, sizeof(path));
	rc = insert(path, all, e);
	if (!rc)
		drop_file(path);
	return rc;
}

/*
 * All steps are tried: an alias means several modules of which this machine may suit one only, and
 * whether a module can do without its dependency is the kernel's to say.
 */
static int load_steps(const struct modtree *tree, const struct modlist *list, const char *params,
		      const char *cmdline, struct err *e)
{
	struct err first = { 0 }, last = { 0 };
	bool loaded = false;

	for (size_t i = 0; i < list->n; i++) {
		const struct modstep *step = &list->steps[i];
		int rc = load_step(tree, step, params, cmdline, &last);

		if (!rc && step->need == MOD_ASKED)
			loaded = true;
		if (rc && step->need != MOD_SOFT && !first.code)
			first = last;
	}
	if (loaded)
		return 0;
	return first.code ? err_say(e, first.code, "%s", first.msg)
			  : err_say(e, -ENOENT, "nothing was loaded");
}

int module_load(const char *name, const char *params, struct err *e)
{
	struct modlist list = { 0 };
	struct modtree *tree;
	struct utsname uts;
	char *cmdline = NULL;
	size_t len;
	int rc;

	uname(&uts);
	rc = modtree_open(&tree, "", uts.release, e);
	if (rc)
		return rc;
	rc = modtree_resolve(tree, name, &list, e);
	if (!rc && read_file("/proc/cmdline", CMDLINE_MAX, &cmdline, &len, NULL))
		cmdline = NULL;
	if (!rc)
		rc = load_steps(tree, &list, params, cmdline ? cmdline : "", e);
	free(cmdline);
	modlist_free(&list);
	modtree_close(tree);
	return rc;
}
