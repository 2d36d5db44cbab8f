/* conf - what does the file kdump.conf say? */
/* SPDX-License-Identifier: MIT */
#include "base/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_keys.h"
#include "base/io.h"

enum { LINE_MAX_LEN = 4096, PLACE_MAX = 120 };

static const char *const action_names[NR_ACTIONS] = {
	[ACTION_REBOOT] = "reboot", [ACTION_HALT] = "halt", [ACTION_POWEROFF] = "poweroff",
	[ACTION_SHELL] = "shell", [ACTION_DUMP_TO_ROOTFS] = "dump_to_rootfs",
};

const char *action_name(enum conf_action action)
{
	return action_names[action];
}

void conf_defaults(struct kdump_conf *c)
{
	*c = (struct kdump_conf){
		.defaults = {
			.path = "/var/crash", .dump_level = 31, .compress = "zstd", .digest = "xxh64",
			.port = 22, .sshkey = "/root/.ssh/kdump_id_rsa", .s3_style = "path",
		},
		.failure_action = ACTION_REBOOT, .final_action = ACTION_REBOOT,
		.carrier_timeout_s = 60, .network_timeout_s = 300, .device_timeout_s = 60,
		.module_timeout_s = 30, .stall_timeout_s = 300, .deadline_s = 4 * 3600,
	};
}

void conf_note(struct kdump_conf *c, const char *fmt, ...)
{
	va_list ap;

	if (c->nr_notes == CONF_NOTES_MAX) {
		c->lost_notes++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(c->notes[c->nr_notes].text, sizeof(c->notes[0].text), fmt, ap);
	va_end(ap);
	c->nr_notes++;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Split a terminated line in place. Returns false if there is nothing in it. */
static bool split(char *line, char **key, char **value)
{
	size_t n;

	while (blank(*line))
		line++;
	if (!*line || *line == '#')
		return false;
	*key = line;
	line += strcspn(line, " \t\r");
	if (*line)
		*line++ = 0;
	while (blank(*line))
		line++;
	line[strcspn(line, "#")] = 0;
	n = strlen(line);
	while (n && blank(line[n - 1]))
		line[--n] = 0;
	if (n >= 2 && line[0] == '"' && line[n - 1] == '"') {
		line[n - 1] = 0;
		line++;
	}
	*value = line;
	return true;
}

static int parse_line(struct conf_parser *p, const char *place, const char *text, size_t len,
		      struct err *e)
{
	char line[LINE_MAX_LEN], *key, *value;

	if (len >= sizeof(line))
		return err_say(e, -EINVAL, "line longer than %zu bytes", sizeof(line) - 1);
	if (memchr(text, 0, len))
		return err_say(e, -EINVAL, "line with a NUL byte: not a text file?");
	memcpy(line, text, len);
	line[len] = 0;
	return split(line, &key, &value) ? conf_apply(p, place, key, value, e) : 0;
}

int conf_parse(struct kdump_conf *c, const char *name, const char *text, size_t len,
	       enum conf_mode mode, struct err *e)
{
	struct conf_parser p = { .c = c, .mode = mode };
	unsigned line = 0;
	size_t at = 0;

	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - (text + at)) : len - at;
		char place[PLACE_MAX];
		struct err bad = { 0 };

		snprintf(place, sizeof(place), "%.100s:%u: ", name, ++line);
		if (parse_line(&p, place, text + at, n, &bad)) {
			if (mode == CONF_STRICT)
				return err_say(e, -EINVAL, "%s%.190s", place, bad.msg);
			conf_note(c, "%s%.190s; ignored", place, bad.msg);
		}
		at += n + 1;
	}
	return 0;
}

bool conf_value(const char *text, size_t len, const char *key, char *out, size_t size)
{
	bool found = false;

	out[0] = 0;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - (text + at)) : len - at;
		char line[LINE_MAX_LEN], *name, *value;

		if (n < sizeof(line)) {
			memcpy(line, text + at, n);
			line[n] = 0;
			if (split(line, &name, &value) && !strcmp(name, key)) {
				snprintf(out, size, "%s", value);
				found = true;
			}
		}
		at += n + 1;
	}
	return found;
}

int conf_read(struct kdump_conf *c, const char *path, enum conf_mode mode, struct err *e)
{
	struct err bad = { 0 };
	char *text;
	size_t len;
	int rc = read_file(path, CONF_FILE_MAX, &text, &len, &bad);

	if (rc && mode == CONF_STRICT)
		return err_say(e, rc, "%s", bad.msg);
	if (rc) {
		conf_note(c, "%.200s; the defaults count", bad.msg);
		return 0;
	}
	rc = conf_parse(c, path, text, len, mode, e);
	free(text);
	return rc;
}

bool conf_root_target(const struct kdump_conf *c, struct target *out)
{
	*out = c->root;
	out->opts = c->nr_targets == 1 ? c->targets[0].opts : c->defaults;
	memcpy(out->opts.mount_options, c->root.opts.mount_options, sizeof(out->opts.mount_options));
	return out->device[0];
}

int conf_targets(const struct kdump_conf *c, struct target out[CONF_TARGETS_MAX])
{
	if (!c->nr_targets)
		return conf_root_target(c, &out[0]);
	memcpy(out, c->targets, sizeof(c->targets));
	return c->nr_targets;
}
