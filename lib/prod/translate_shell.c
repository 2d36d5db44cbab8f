/* translate_shell - which variables does a file set that a shell reads with "."? */
/* SPDX-License-Identifier: MIT */
#include "prod/translate_shell.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { END = -1 };

struct shell {
	struct shell_vars *v;
	const char        *file, *at, *end;
	unsigned           line;
	struct err        *e;
	char               value[SHELL_VALUE_MAX];
	size_t             n;
};

static int bad(const struct shell *s, const char *what)
{
	return err_say(s->e, -EINVAL, "%.100s:%u: %s", s->file, s->line, what);
}

/* The next byte, END behind the last one; a continued line has no end. */
static int peek(struct shell *s)
{
	while (s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == '\n') {
		s->at += 2;
		s->line++;
	}
	return s->at < s->end ? (unsigned char)*s->at : END;
}

static void take(struct shell *s)
{
	s->line += *s->at++ == '\n';
}

static bool name_char(int c, bool first)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first && c >= '0' && c <= '9');
}

static bool ends_word(int c)
{
	return c == END || c == ' ' || c == '\t' || c == '\n' || c == ';';
}

/* The name that begins here, "" if none does. */
static int take_name(struct shell *s, char name[SHELL_NAME_MAX])
{
	size_t n = 0;

	while (name_char(peek(s), !n)) {
		if (n == SHELL_NAME_MAX - 1)
			return bad(s, "a name of more than 63 bytes");
		name[n++] = *s->at;
		take(s);
	}
	name[n] = 0;
	return 0;
}

static int put(struct shell *s, const char *text, size_t len)
{
	if (len >= sizeof(s->value) - s->n)
		return bad(s, "a value of more than 4095 bytes");
	memcpy(s->value + s->n, text, len);
	s->n += len;
	s->value[s->n] = 0;
	return 0;
}

static int put_next(struct shell *s)
{
	int rc = put(s, s->at, 1);

	take(s);
	return rc;
}

static struct shell_var *find(const struct shell_vars *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->list[i].name, name))
			return &v->list[i];
	return NULL;
}

const struct shell_var *shell_find(const struct shell_vars *v, const char *name)
{
	return find(v, name);
}

static void forget(struct shell_vars *v, const char *name)
{
	struct shell_var *var = find(v, name);

	if (!var)
		return;
	free(var->name);
	free(var->value);
	memmove(var, var + 1, (size_t)(v->list + v->n - (var + 1)) * sizeof(*var));
	v->n--;
}

static int set(struct shell *s, const char *name)
{
	struct shell_vars *v = s->v;
	struct shell_var *var = find(v, name);
	char *value = strdup(s->value), *copy;

	if (!value)
		return err_set(s->e, -ENOMEM, "%.100s", s->file);
	if (var) {
		free(var->value);
		*var = (struct shell_var){ var->name, value, s->line, var->times + 1 };
		return 0;
	}
	copy = strdup(name);
	if (v->n < SHELL_VARS_MAX && !v->list)
		v->list = calloc(SHELL_VARS_MAX, sizeof(*v->list));
	if (!copy || !v->list || v->n == SHELL_VARS_MAX) {
		free(copy);
		free(value);
		return v->n == SHELL_VARS_MAX ? bad(s, "more than 256 variables")
					      : err_set(s->e, -ENOMEM, "%.100s", s->file);
	}
	v->list[v->n++] = (struct shell_var){ copy, value, s->line, 1 };
	return 0;
}

static int put_variable(struct shell *s, const char *name)
{
	const struct shell_var *var = find(s->v, name);

	if (!var)
		return err_say(s->e, -EINVAL, "%.100s:%u: $%s is not set above: write its value", s->file, s->line,
			       name);
	return put(s, var->value, strlen(var->value));
}

/* Behind a '$': a variable, or what is none. */
static int dollar(struct shell *s, bool quoted)
{
	char name[SHELL_NAME_MAX];
	bool braces;
	int c, rc;

	take(s);
	c = peek(s);
	if (c == '(' || c == '[')
		return bad(s, "command substitution or arithmetic, $(...), cannot be translated: write its value");
	if (!quoted && (c == '\'' || c == '"'))
		return bad(s, "$'...' and $\"...\" are not the same in every shell: write it without '$'");
	if (c != END && (strchr("@*#?-$!", c) || (c >= '0' && c <= '9')))
		return bad(s, "a parameter of the shell ($1, $?, ...) has no value here");
	braces = c == '{';
	if (braces)
		take(s);
	else if (!name_char(c, true))
		return put(s, "$", 1);
	rc = take_name(s, name);
	if (rc)
		return rc;
	if (braces && (peek(s) != '}' || !name[0]))
		return bad(s, "only ${NAME} can be translated, no operation on it: write its value");
	if (braces)
		take(s);
	return put_variable(s, name);
}

static int single_quoted(struct shell *s)
{
	const char *end;
	int rc;

	take(s);
	end = memchr(s->at, '\'', (size_t)(s->end - s->at));
	if (!end)
		return bad(s, "this ' is not closed");
	rc = put(s, s->at, (size_t)(end - s->at));
	while (s->at <= end)
		take(s);
	return rc;
}

/* A backslash, outside of quotes or where it counts inside of them. */
static int escaped(struct shell *s, const char *counts)
{
	int rc = 0;

	take(s);
	if (s->at == s->end || (counts && !strchr(counts, *s->at)))
		rc = put(s, "\\", 1);
	return rc || s->at == s->end ? rc : put_next(s);
}

static int double_quoted(struct shell *s)
{
	unsigned line = s->line;
	int rc = 0, c;

	take(s);
	while (!rc && (c = peek(s)) != '"') {
		if (c == END) {
			s->line = line;
			return bad(s, "this \" is not closed");
		}
		if (c == '`')
			return bad(s, "command substitution, `...`, cannot be translated: write its value");
		rc = c == '$' ? dollar(s, true) : c == '\\' ? escaped(s, "$`\"\\") : put_next(s);
	}
	if (!rc)
		take(s);
	return rc;
}

/* Bash makes several words of a{b,c} where a command has it, and export is one. */
static int take_value(struct shell *s, bool braces)
{
	bool tilde = true;	/* it would be a home directory here */
	int rc = 0, c;

	s->n = 0;
	s->value[0] = 0;
	if (peek(s) == '(')
		return bad(s, "an array, NAME=(...), cannot be translated");
	for (; !rc && !ends_word(c = peek(s)); tilde = c == ':') {
		if (strchr("&|<>()", c))
			return bad(s, "a command (one of & | < > ( ) outside of quotes) cannot be translated");
		if (c == '`')
			return bad(s, "command substitution, `...`, cannot be translated: write its value");
		if (c == '{' && !braces)
			return bad(s, "'{' behind export is not the same in every shell: quote it");
		if (c == '~' && tilde)
			return bad(s, "'~' is the home directory of who reads it: write the path");
		switch (c) {
		case '$': rc = dollar(s, false); break;
		case '\'': rc = single_quoted(s); break;
		case '"': rc = double_quoted(s); break;
		case '\\': rc = escaped(s, NULL); break;
		default: rc = put_next(s);
		}
	}
	return rc;
}

/* What begins at word is none of ours. */
static int refuse_word(struct shell *s, const char *word)
{
	size_t len = 0;

	while (word + len < s->end && len < 40 && !ends_word((unsigned char)word[len]))
		len++;
	return err_say(s->e, -EINVAL, "%.100s:%u: '%.*s' is no assignment: a command cannot be translated", s->file,
		       s->line, (int)len, word);
}

enum verb { ASSIGN, EXPORT, UNSET };

/* One word of a statement; the first one may turn *verb into another. */
static int word(struct shell *s, enum verb *verb, bool first)
{
	const char *begin = s->at;
	char name[SHELL_NAME_MAX];
	int rc = take_name(s, name);

	if (rc)
		return rc;
	if (name[0] && peek(s) == '=' && *verb != UNSET) {
		take(s);
		rc = take_value(s, *verb == ASSIGN);
		return rc ? rc : set(s, name);
	}
	if (!name[0] || !ends_word(peek(s)) || (*verb == ASSIGN && !first))
		return refuse_word(s, begin);
	if (*verb == UNSET)
		forget(s->v, name);
	if (*verb != ASSIGN)
		return 0;
	*verb = !strcmp(name, "export") ? EXPORT : UNSET;
	return strcmp(name, "export") && strcmp(name, "unset") ? refuse_word(s, begin) : 0;
}

/* Words up to the end of the line or a ';'. */
static int statement(struct shell *s)
{
	enum verb verb = ASSIGN;
	bool first = true;
	int rc = 0, c;

	for (; !rc; first = false) {
		while ((c = peek(s)) == ' ' || c == '\t')
			take(s);
		while (c == '#' && s->at < s->end && *s->at != '\n')
			take(s);
		if (c == '#')
			c = s->at < s->end ? '\n' : END;
		if (c == ';' && first)
			return bad(s, "a ';' without a command before it");
		if (c == '\n' || c == ';')
			take(s);
		if (ends_word(c))
			return 0;
		rc = word(s, &verb, first);
	}
	return rc;
}

int shell_parse(struct shell_vars *v, const char *name, const char *text, size_t len, struct err *e)
{
	struct shell s = { .v = v, .file = name, .at = text, .end = text + len, .line = 1, .e = e };
	int rc = 0;

	if (memchr(text, 0, len))
		return err_say(e, -EINVAL, "%.100s: has a NUL byte: not a text file?", name);
	while (!rc && s.at < s.end)
		rc = statement(&s);
	return rc;
}

void shell_free(struct shell_vars *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->list[i].name);
		free(v->list[i].value);
	}
	free(v->list);
	*v = (struct shell_vars){ 0 };
}
