/* mount - mount a filesystem, or show what is mounted. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "base/io.h"
#include "boot/device.h"
#include "boot/mounts.h"

enum { OPTIONS_SIZE = 1024, PATH_SIZE = 4096, TABLE_MAX = 16 << 20 };

static const struct opt mount_opts[] = {
	{ 't', "types", "TYPE", "filesystem; without it the superblock tells" },
	{ 'o', "options", "LIST", "ro,noatime,... as in fstab; remount and bind too" },
	{ 'r', "read-only", NULL, "as -o ro" },
	{ 'w', "rw", NULL, "as -o rw, which is the default" },
	APPLET_OPTS_END
};

APPLET(mount, "mount", "mount a filesystem, or show what is mounted",
       "[DEVICE DIRECTORY] (DEVICE: /dev/..., UUID=, LABEL=, PARTUUID=, PARTLABEL=)");

struct mount {
	const char *type;
	char        options[OPTIONS_SIZE];
};

static int add_option(struct mount *m, const char *text, struct err *e)
{
	size_t n = strlen(m->options);

	if (n + strlen(text) + 2 > sizeof(m->options))
		return err_say(e, -E2BIG, "the options are too long");
	snprintf(m->options + n, sizeof(m->options) - n, "%s%s", n ? "," : "", text);
	return 0;
}

static bool has_option(const char *options, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = options; *p; p += strcspn(p, ","), p += *p == ',')
		if (!strncmp(p, word, n) && (p[n] == ',' || !p[n]))
			return true;
	return false;
}

static int show(struct err *e)
{
	char *table;
	size_t len;
	int rc = read_file("/proc/self/mounts", TABLE_MAX, &table, &len, e);

	if (rc)
		return applet_fail(e);
	rc = write_full(1, table, len);
	free(table);
	if (rc) {
		err_set(e, rc, "write");
		return applet_fail(e);
	}
	return DONE;
}

static int parse(struct mount *m, struct args *a, struct err *e)
{
	int id, rc = 0;

	while (!rc && (id = args_next(a, e)) > 0) {
		switch (id) {
		case 't': m->type = a->value; break;
		case 'o': rc = add_option(m, a->value, e); break;
		case 'r': rc = add_option(m, "ro", e); break;
		case 'w': rc = add_option(m, "rw", e); break;
		default: return id;
		}
	}
	return rc ? rc : id;
}

static int mount_main(struct args *a)
{
	struct mount m = { 0 };
	struct err e = { 0 };
	const char *source;
	char node[PATH_SIZE];
	bool remount;
	int rc = parse(&m, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	if (!a->nr_operands && !m.type && !m.options[0])
		return show(&e);
	remount = has_option(m.options, "remount");
	if (a->nr_operands != 2 && !(remount && a->nr_operands == 1)) {
		err_say(&e, -EINVAL, "a device and a directory are needed; see --help");
		return applet_usage(&e);
	}
	source = a->operands[0];
	/* Devices are looked up; "proc", "tmpfs" and directories to bind are taken as they are. */
	if (!remount && !has_option(m.options, "bind") && !has_option(m.options, "rbind") &&
	    (strchr(source, '=') || !strncmp(source, "/dev/", 5))) {
		if (device_find(source, node, sizeof(node), &e))
			return applet_fail(&e);
		source = node;
	}
	rc = mount_target(m.type, source, a->operands[a->nr_operands - 1], m.options, &e);
	return rc ? applet_fail(&e) : DONE;
}
