/* conf_cmdline - what does the kernel command line change? */
/* SPDX-License-Identifier: MIT */
#include "base/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/conf_keys.h"

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Copy [from, to) into out; true if it fits. */
static bool put(char *out, size_t size, const char *from, const char *to)
{
	size_t n = (size_t)(to - from), room = n < size ? n : size - 1;

	memcpy(out, from, room);
	out[room] = 0;
	return room == n;
}

/*
 * As next_arg() of lib/cmdline.c: a '"' anywhere switches quoting; the first '=' splits, quoted or
 * not; one pair around the word or around the value is taken off; others stay.
 */
bool cmdline_next(const char **at, struct cmdline_word *w)
{
	const char *p = *at, *start, *end, *equals = NULL;
	bool quoted = false, whole;

	while (space(*p))
		p++;
	if (!*p)
		return false;
	whole = *p == '"';
	p += whole;
	quoted = whole;
	start = p;
	for (; *p && (quoted || !space(*p)); p++) {
		if (*p == '=' && !equals && p > start)
			equals = p;
		if (*p == '"')
			quoted = !quoted;
	}
	*at = p;
	end = p;
	if (end > start && end[-1] == '"' &&
	    (whole || (equals && equals[1] == '"' && equals + 2 < end)))
		end--;
	w->cut = !put(w->key, sizeof(w->key), start, equals ? equals : end);
	w->value[0] = 0;
	if (!equals)
		return true;
	start = equals + 1;
	start += start < end && *start == '"';
	w->cut |= !put(w->value, sizeof(w->value), start, end);
	return true;
}

void cmdline_get(const char *cmdline, const char *key, char *out, size_t size)
{
	struct cmdline_word w;

	out[0] = 0;
	while (cmdline_next(&cmdline, &w))
		if (!strcmp(w.key, key) && !w.cut && strlen(w.value) < size)
			strcpy(out, w.value);
}

/* "target.N.KEY": KEY, and N into *only. Other texts stay what they are. */
static const char *of_target(const char *key, int *only)
{
	static const char prefix[] = "target.";
	const char *n = key + sizeof(prefix) - 1;

	if (strncmp(key, prefix, sizeof(prefix) - 1) || n[0] < '1' || n[0] > '9' || n[1] != '.')
		return key;
	*only = n[0] - '0';
	return n + 2;
}

static void apply(struct kdump_conf *c, struct cmdline_word *w, const char *key)
{
	struct conf_parser p = { .c = c, .mode = CONF_LENIENT, .cmdline = true };
	struct err bad = { 0 };

	key = of_target(key, &p.only);
	if (w->cut)
		err_say(&bad, -EINVAL, "%.40s: too long", key);
	else
		conf_apply(&p, "kernel command line: ", key, w->value, &bad);
	if (bad.code)
		conf_note(c, "kernel command line: kdumpbox.%.180s; ignored", bad.msg);
}

static void find_root(struct kdump_conf *c, const char *cmdline)
{
	struct target t = { .kind = TARGET_FS, .keyword = "root", .fstype = "auto" };
	char fstype[sizeof(t.fstype)];

	cmdline_get(cmdline, "root", t.device, sizeof(t.device));
	cmdline_get(cmdline, "rootfstype", fstype, sizeof(fstype));
	cmdline_get(cmdline, "rootflags", t.opts.mount_options, sizeof(t.opts.mount_options));
	if (fstype[0] && !strchr(fstype, ','))
		memcpy(t.fstype, fstype, sizeof(fstype));
	if (t.device[0])
		c->root = t;
}

void conf_cmdline(struct kdump_conf *c, const char *cmdline)
{
	static const char prefix[] = "kdumpbox.";
	const char *at = cmdline;
	struct cmdline_word w;

	while (cmdline_next(&at, &w)) {
		char *key = w.key + sizeof(prefix) - 1;

		if (strncmp(w.key, prefix, sizeof(prefix) - 1))
			continue;
		for (char *p = key; *p; p++)
			if (*p == '-')
				*p = '_';
		apply(c, &w, key);
	}
	if (!c->root.device[0])
		find_root(c, cmdline);
}
