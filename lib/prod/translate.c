/* translate - what does the configuration of another kdump mean for ours? */
/* SPDX-License-Identifier: MIT */
#include "prod/translate.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf_keys.h"
#include "base/io.h"
#include "prod/translate_shell.h"

static const struct translate_rule *const rules[NR_DIALECTS] = {
	[DIALECT_DEBIAN] = debian_rules, [DIALECT_SUSE] = suse_rules, [DIALECT_RHEL_SYSCONFIG] = rhel_rules,
};

struct translator {
	struct translation *t;
	struct shell_vars   vars;
	struct conf_parser  parser;
	const char         *root;
	FILE               *out;
	bool                wants_target;
};

static void note(struct conf_note *notes, int *n, const char *fmt, va_list ap)
{
	struct conf_note *at = &notes[*n < TRANSLATE_NOTES_MAX ? *n : TRANSLATE_NOTES_MAX - 1];

	if (*n < TRANSLATE_NOTES_MAX)
		++*n;
	vsnprintf(at->text, sizeof(at->text), fmt, ap);
}

void translate_lost(struct translator *tr, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(tr->t->lost, &tr->t->nr_lost, fmt, ap);
	va_end(ap);
}

void translate_hint(struct translator *tr, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(tr->t->hints, &tr->t->nr_hints, fmt, ap);
	va_end(ap);
}

void translate_wants_target(struct translator *tr)
{
	tr->wants_target = true;
}

const char *translate_value(const struct translator *tr, const char *name)
{
	const struct shell_var *var = shell_find(&tr->vars, name);

	return var ? var->value : "";
}

bool translate_exists(const struct translator *tr, const char *path)
{
	char full[PATH_MAX];

	return snprintf(full, sizeof(full), "%s%s", tr->root, path) < (int)sizeof(full) && !access(full, F_OK);
}

void translate_copy(struct translator *tr, const char *line, size_t len, bool comment)
{
	fprintf(tr->out, "%s%.*s\n", comment ? "# " : "", (int)len, line);
}

/* What the configuration has to say of a line is said of the setting that it came from. */
static void move_notes(struct translator *tr, const char *from)
{
	struct kdump_conf *c = &tr->t->conf;

	for (int i = 0; i < c->nr_notes; i++)
		translate_hint(tr, "%s: %.200s", from, c->notes[i].text);
	c->nr_notes = c->lost_notes = 0;
}

/* Can a line of kdump.conf hold it? There are no escapes. */
static bool is_writable(const char *value)
{
	for (; *value; value++)
		if (*value == '#' || (unsigned char)*value < ' ' || *value == 127)
			return false;
	return true;
}

bool translate_put(struct translator *tr, const char *from, const char *key, const char *value)
{
	size_t n = strlen(value);
	/* Else the reader would trim blanks or take quotes away. */
	bool quote = n && (strchr(" \t", value[0]) || strchr(" \t", value[n - 1]) ||
			   (value[0] == '"' && value[n - 1] == '"'));
	struct err e = { 0 };

	if (!is_writable(value)) {
		translate_lost(tr, "%s: kdump.conf cannot hold '#' or control characters in '%.80s'", from, value);
		return false;
	}
	if (conf_apply(&tr->parser, "", key, value, &e)) {
		translate_lost(tr, "%s: %.200s", from, e.msg);
		return false;
	}
	move_notes(tr, from);
	fprintf(tr->out, quote ? "%s \"%s\"\n" : "%s %s\n", key, value);
	return true;
}

static void use_rule(struct translator *tr, const struct translate_rule *r)
{
	const char *name = r->text, *usual = name + strlen(name) + 1, *then = usual + strlen(usual) + 1;
	const char *value = translate_value(tr, name);

	if (!value[0] || !strcmp(value, usual))
		return;
	if (r->take)
		r->take(tr, name, value);
	else if (then[0] == '=')
		translate_put(tr, name, then + 1, value);
	else if (then[0] == '!')
		translate_lost(tr, "%s: %s", name, then + 1);
	else if (then[0] == '?')
		translate_hint(tr, "%s: %s", name, then + 1);
}

static bool is_known(const struct translate_rule *r, const char *name)
{
	while (r->text && strcmp(r->text, name))
		r++;
	return r->text;
}

static void translate_vars(struct translator *tr, const struct translate_rule *list)
{
	for (size_t i = 0; i < tr->vars.n; i++) {
		const struct shell_var *var = &tr->vars.list[i];

		if (!is_known(list, var->name))
			translate_hint(tr, "%s: not known, ignored", var->name);
		else if (var->times > 1)
			translate_hint(tr, "%s: set %u times; the last one, in line %u, counts", var->name,
				       var->times, var->line);
	}
	for (const struct translate_rule *r = list; r->text; r++)
		use_rule(tr, r);
}

/* Read back what was written, as everybody will. */
static int finish(struct translator *tr, const char *name, struct err *e)
{
	struct translation *t = tr->t;
	int rc = fclose(tr->out) ? err_set(e, -ENOMEM, "translate %s", name) : 0;

	if (rc)
		return rc;
	if (tr->wants_target && !t->conf.nr_targets)
		return err_say(e, -EOPNOTSUPP, "%s: no place for the dump that can be reached from here: %.200s", name,
			       t->nr_lost ? t->lost[0].text : "");
	conf_defaults(&t->conf);
	rc = conf_parse(&t->conf, "translated kdump.conf", t->text, t->len, CONF_STRICT, e);
	t->conf.nr_notes = t->conf.lost_notes = 0;
	return rc;
}

int translate_text(struct translation *t, enum translate_dialect dialect, const char *name, const char *text,
		   size_t len, const char *root, struct err *e)
{
	struct translator tr = { .t = t, .root = root, .parser = { .c = &t->conf, .mode = CONF_STRICT } };
	int rc = 0;

	t->dialect = dialect;
	conf_defaults(&t->conf);
	if (dialect != DIALECT_KDUMP_CONF)
		rc = shell_parse(&tr.vars, name, text, len, e);
	else if (memchr(text, 0, len))
		rc = err_say(e, -EINVAL, "%.100s: has a NUL byte: not a text file?", name);
	if (!rc && !(tr.out = open_memstream(&t->text, &t->len)))
		rc = err_set(e, -ENOMEM, "translate %s", name);
	if (!rc) {
		if (dialect == DIALECT_KDUMP_CONF)
			translate_conf(&tr, text, len);
		else
			translate_vars(&tr, rules[dialect]);
		rc = finish(&tr, name, e);
	}
	shell_free(&tr.vars);
	return rc;
}

/* Which of them it is; both sysconfig files have the same name. */
static enum translate_dialect recognise(const char *path, const char *text)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n = strlen(base);

	if (n >= 5 && !strcmp(base + n - 5, ".conf"))
		return DIALECT_KDUMP_CONF;
	if (!strcmp(base, "kdump-tools") || strstr(text, "USE_KDUMP="))
		return DIALECT_DEBIAN;
	for (const struct translate_rule *r = suse_rules; r->text; r++)
		if (!is_known(rhel_rules, r->text) && strstr(text, r->text))
			return DIALECT_SUSE;
	return DIALECT_RHEL_SYSCONFIG;
}

int translate_file(struct translation *t, const char *path, const char *root, struct err *e)
{
	char *text;
	size_t len;
	int rc = read_file(path, CONF_FILE_MAX, &text, &len, e);

	if (rc)
		return rc;
	rc = translate_text(t, recognise(path, text), path, text, len, root, e);
	free(text);
	return rc;
}

void translate_free(struct translation *t)
{
	free(t->text);
	t->text = NULL;
}
