/* translate_conf - what does a kdump.conf of kdump-utils mean for ours, whose language is the same? */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "prod/translate.h"

enum { LINE_SIZE = 4096 };

/* The four words of --mount "DEVICE MOUNTPOINT FSTYPE OPTIONS", which then is the target. */
static void put_mount(struct translator *tr, const char *args)
{
	char device[256], fstype[16], options[256] = "";
	const char *at = strstr(args, "--mount");

	translate_wants_target(tr);
	at += strspn(at + 7, " \t=\"'") + 7;
	if (sscanf(at, "%255s %*s %15s %255[^\"' \t]", device, fstype, options) < 2) {
		translate_lost(tr, "dracut_args: --mount is not \"DEVICE MOUNTPOINT FSTYPE OPTIONS\"");
		return;
	}
	fstype[strcspn(fstype, "\"'")] = 0;
	if (translate_put(tr, "dracut_args --mount", fstype, device) && options[0] && strcmp(options, "defaults"))
		translate_put(tr, "dracut_args --mount", "mount_options", options);
	if (strstr(at, "--"))
		translate_lost(tr, "dracut_args: of it only --mount is translated");
}

static bool is_target(const char *key)
{
	static const char *const keys[] = {
		"raw", "nfs", "ssh", "ext2", "ext3", "ext4", "xfs", "btrfs", "minix", "virtiofs", "net",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i], key))
			return true;
	return false;
}

/* Key and value as kdump-utils reads them; false if there is nothing in the line. */
static bool split(char *line, char **key, char **value)
{
	static const char blanks[] = " \t\r";
	size_t n;

	line += strspn(line, blanks);
	if (!*line || *line == '#')
		return false;
	*key = line;
	line += strcspn(line, blanks);
	*value = line + strspn(line, blanks);
	*line = 0;
	(*value)[strcspn(*value, "#")] = 0;
	for (n = strlen(*value); n && strchr(blanks, (*value)[n - 1]); n--)
		(*value)[n - 1] = 0;
	if (n >= 2 && (*value)[0] == '"' && (*value)[n - 1] == '"') {
		(*value)[n - 1] = 0;
		++*value;
	}
	return true;
}

static void translate_line(struct translator *tr, const char *text, size_t len, bool *target)
{
	char line[LINE_SIZE], *key, *value;

	if (len >= sizeof(line)) {
		translate_lost(tr, "a line of %zu bytes", len);
		return;
	}
	memcpy(line, text, len);
	line[len] = 0;
	if (!split(line, &key, &value)) {
		translate_copy(tr, text, len, false);
		return;
	}
	if (is_target(key)) {
		translate_wants_target(tr);
		/* Several are an order to try them for us, and an error for kdump-utils. */
		if (*target) {
			translate_lost(tr, "%.40s: a second target, which kdump-utils refuses", key);
			translate_copy(tr, text, len, true);
			return;
		}
		*target = true;
	}
	if (!strcmp(key, "dracut_args") && strstr(value, "--mount"))
		put_mount(tr, value);
	else if (!strcmp(key, "default"))
		translate_put(tr, key, "failure_action", value);
	else if (!strcmp(key, "sshkey") && !translate_exists(tr, value))
		translate_lost(tr, "sshkey: %.100s does not exist; kdump-utils takes /root/.ssh/kdump_id_rsa then", value);
	else if (!translate_put(tr, key, key, value))
		translate_copy(tr, text, len, true);
}

void translate_conf(struct translator *tr, const char *text, size_t len)
{
	bool target = false;

	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - (text + at)) : len - at;

		translate_line(tr, text + at, n, &target);
		at += n + 1;
	}
}
