/* bootloader - how does crashkernel= come to the kernel's command line here? */
/* SPDX-License-Identifier: MIT */
#include "prod/bootloader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"

enum { FILE_MAX = 64 << 10, RUN_MS = 600 * 1000, WORDS_MAX = 8 };

static const char grub[] = "/etc/default/grub.d/kdumpbox.cfg", cmdline[] = "/etc/kernel/cmdline";

static const struct loader {
	const char *there, *file;
	const char *command;	/* words behind tabs, the first is a path; a format: value. NULL: a person's business */
	const char *how;	/* a format for people: value */
} loaders[] = {
#define GRUBBY "\t--update-kernel=ALL\t--args=crashkernel=%s"
#define BY_HAND "grubby --update-kernel=ALL --args=\"crashkernel=%s\""
	{ "/sbin/grubby", NULL, "/sbin/grubby" GRUBBY, BY_HAND },
	{ "/usr/sbin/grubby", NULL, "/usr/sbin/grubby" GRUBBY, BY_HAND },
	{ "/usr/sbin/update-grub", grub, "/usr/sbin/update-grub",
	  "add crashkernel=%s to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, then: update-grub" },
	{ "/etc/default/grub", NULL, NULL, "add crashkernel=%s to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, then: "
					   "grub2-mkconfig -o /boot/grub2/grub.cfg" },
	{ cmdline, cmdline, "/usr/bin/kernel-install\tadd",
	  "add crashkernel=%s to /etc/kernel/cmdline, then: reinstall-kernels or kernel-install add" },
	{ "/boot/cmdline.txt", NULL, NULL, "add crashkernel=%s to /boot/cmdline.txt" },
	{ "", NULL, NULL, "add crashkernel=%s to the kernel's command line in the boot loader" },
};

static const struct loader *find(const char *root)
{
	const struct loader *l = loaders;
	char path[PATH_MAX];

	for (;; l++) {
		snprintf(path, sizeof(path), "%s%s", root, l->there);
		if (!l->there[0] || !access(path, F_OK))
			return l;
	}
}

void bootloader_words(const char *root, const char *value, char *out, size_t size)
{
	snprintf(out, size, find(root)->how, value);
}

/* The line without the words that set crashkernel= and what goes with it, with ours behind it. */
static void set_words(const char *old, const char *value, FILE *out)
{
	const char *more = strchr(value, ' ') ? strchr(value, ' ') + 1 : "";

	for (const char *at = old + strspn(old, " \t\n"); *at; at += strspn(at, " \t\n")) {
		size_t n = strcspn(at, " \t\n");

		if (strncmp(at, "crashkernel=", 12) && (n != strlen(more) || memcmp(at, more, n)))
			fprintf(out, "%.*s ", (int)n, at);
		at += n;
	}
	fprintf(out, "crashkernel=%s\n", value);
}

/* What the file shall hold, and whether it does. The caller frees *text. */
static int compose(const struct loader *l, const char *path, const char *value, char **text, size_t *len, bool *same,
		   struct err *e)
{
	char *old = NULL;
	size_t old_len;
	FILE *out;
	int rc = read_file(path, FILE_MAX, &old, &old_len, e);

	if (rc && rc != -ENOENT)
		return rc;
	out = open_memstream(text, len);
	if (out && l->file == cmdline)
		set_words(old ? old : "", value, out);
	else if (out)
		fprintf(out, "# Memory for the capture kernel; written by kdump setup --write-bootloader.\n"
			"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=%s\"\n", value);
	rc = !out || fclose(out) ? err_set(e, -ENOMEM, "write %s", path) : 0;
	*same = !rc && old && !strcmp(old, *text);
	free(old);
	return rc;
}

static int put(const char *path, const char *text, size_t len, struct err *e)
{
	struct stat st;
	mode_t mode = stat(path, &st) ? 0644 : st.st_mode & 07777;
	char dir[PATH_MAX];
	int rc;

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = 0;
	rc = make_dirs(dir);
	if (rc)
		return err_set(e, rc, "make directory %s", dir);
	rc = image_write(path, text, len, e);
	return rc || !chmod(path, mode) ? rc : err_set(e, -errno, "chmod %s", path);
}

struct call {
	const char *root;
	char        line[PATH_MAX + 200];
};

static int run(void *arg)
{
	struct call *c = arg;
	char *words[WORDS_MAX], *rest = c->line;
	size_t n = 0;

	if (*c->root && (chroot(c->root) || chdir("/")))
		return 126;
	while (n < WORDS_MAX - 1 && (words[n] = strsep(&rest, "\t")))
		n++;
	words[n] = NULL;
	execv(words[0], words);
	return 127;
}

static int call(const struct call *c, struct err *e)
{
	struct child_spec spec = { .run = run, .arg = (void *)c, .deadline_ms = RUN_MS };
	struct child_result end = child_run(&spec);
	char how[128];

	if (child_ok(&end))
		return 0;
	child_describe(&end, how, sizeof(how));
	return err_say(e, -EIO, "%.*s: %s; crashkernel= may not be there at the next boot",
		       (int)strcspn(c->line, "\t"), c->line, how);
}

static void compose_call(struct call *c, const struct place *p, const struct loader *l, const char *value)
{
	size_t n = (size_t)snprintf(c->line, sizeof(c->line), l->command, value);
	const char *kernel = p->kernel;

	if (l->file != cmdline)
		return;
	if (!strncmp(kernel, p->root, strlen(p->root)))
		kernel += strlen(p->root);
	snprintf(c->line + n, sizeof(c->line) - n, "\t%s\t%s", p->release, kernel);
}

int bootloader_write(const struct place *p, const char *value, bool dry_run, void (*say)(const char *line), struct err *e)
{
	const struct loader *l = find(p->root);
	char path[PATH_MAX], line[PATH_MAX + 300], *text = NULL;
	struct call c = { .root = p->root };
	bool same = false;
	size_t len;
	int rc = 0;

	if (!l->command)
		return BOOTLOADER_NONE;
	if (l->file) {
		rc = compose(l, place_path(p, l->file, path), value, &text, &len, &same, e);
		snprintf(line, sizeof(line), "%s %s with crashkernel=%s", path, same ? "is there already," : dry_run ?
			 "would be written," : "is written,", value);
		if (!rc && !same && !dry_run)
			rc = put(path, text, len, e);
		if (!rc)
			say(line);
	}
	compose_call(&c, p, l, value);
	if (!rc) {
		snprintf(line, sizeof(line), "%s: %.4000s", dry_run ? "would call" : "calls", c.line);
		for (char *at = line; (at = strchr(at, '\t'));)
			*at = ' ';
		say(line);
		rc = dry_run ? 0 : call(&c, e);
	}
	free(text);
	return rc;
}
