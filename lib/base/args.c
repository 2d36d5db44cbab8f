/* args - options from one table: it drives parsing, help and manual. */
/* SPDX-License-Identifier: MIT */
#include "base/args.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORD = 32, MAX_NAMES = 64 };

void args_init(struct args *a, int argc, char **argv, const struct opt *opts, const char **operands)
{
	*a = (struct args){ .argc = argc, .argv = argv, .opts = opts, .next = 1, .operands = operands };
}

/* Levenshtein, two rows; words longer than MAX_WORD are never near. */
static size_t distance(const char *a, const char *b)
{
	size_t row[MAX_WORD + 1], la = strlen(a), lb = strlen(b);

	if (la > MAX_WORD || lb > MAX_WORD)
		return MAX_WORD;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
	size_t best = 1 + strlen(word) / 3;
	const char *found = NULL;

	if (strlen(word) > MAX_WORD)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, names[i]);

		if (d < best || (d == best && !found)) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

static int unknown_long(const struct args *a, const char *word, size_t len, struct err *e)
{
	const char *names[MAX_NAMES], *near;
	char name[MAX_WORD + 1];
	size_t n = 0;

	for (const struct opt *o = a->opts; o->id && n < MAX_NAMES; o++)
		if (o->name)
			names[n++] = o->name;
	if (len > MAX_WORD)
		len = MAX_WORD;
	memcpy(name, word, len);
	name[len] = 0;
	near = nearest_name(name, names, n);
	if (near)
		return err_say(e, -EINVAL, "unknown option --%s; did you mean --%s?", name, near);
	return err_say(e, -EINVAL, "unknown option --%s; see --help", name);
}

static const struct opt *find_long(const struct args *a, const char *word, size_t len, struct err *e)
{
	const struct opt *found = NULL;

	for (const struct opt *o = a->opts; o->id; o++) {
		if (!o->name || strncmp(o->name, word, len))
			continue;
		if (!o->name[len])
			return o;
		if (found) {
			err_say(e, -EINVAL, "option --%.*s could be --%s or --%s", (int)len, word,
				found->name, o->name);
			return NULL;
		}
		found = o;
	}
	if (!found)
		unknown_long(a, word, len, e);
	return found;
}

static int take_long(struct args *a, const char *word, struct err *e)
{
	size_t len = strcspn(word, "=");
	const struct opt *o = find_long(a, word, len, e);

	if (!o)
		return -EINVAL;
	if (word[len] && !o->arg)
		return err_say(e, -EINVAL, "option --%s takes no value", o->name);
	if (word[len])
		a->value = word + len + 1;
	else if (o->arg && a->next < a->argc)
		a->value = a->argv[a->next++];
	else if (o->arg)
		return err_say(e, -EINVAL, "option --%s needs a value (%s)", o->name, o->arg);
	return o->id;
}

static int take_short(struct args *a, struct err *e)
{
	const char *word = a->argv[a->next - 1];
	int letter = (unsigned char)word[a->shorts++];
	const struct opt *o = a->opts;

	while (o->id && o->id != letter)
		o++;
	if (!o->id)
		return err_say(e, -EINVAL, "unknown option -%c; see --help", isprint(letter) ? letter : '?');
	if (o->arg && word[a->shorts]) {
		a->value = word + a->shorts;
		a->shorts = 0;
	} else if (o->arg && a->next < a->argc) {
		a->value = a->argv[a->next++];
		a->shorts = 0;
	} else if (o->arg) {
		return err_say(e, -EINVAL, "option -%c needs a value (%s)", letter, o->arg);
	} else if (!word[a->shorts]) {
		a->shorts = 0;
	}
	return o->id;
}

int args_next(struct args *a, struct err *e)
{
	a->value = NULL;
	if (a->shorts)
		return take_short(a, e);
	while (a->next < a->argc) {
		const char *word = a->argv[a->next++];

		if (a->only_operands || word[0] != '-' || !word[1]) {
			a->operands[a->nr_operands++] = word;
		} else if (word[1] != '-') {
			a->shorts = 1;
			return take_short(a, e);
		} else if (word[2]) {
			return take_long(a, word + 2, e);
		} else {
			a->only_operands = 1;
		}
	}
	return 0;
}

int parse_number(const char *text, const char *what, unsigned long long min, unsigned long long max,
		 unsigned long long *out, struct err *e)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || *end || errno || n < min || n > max)
		return err_say(e, -EINVAL, "%s '%.40s': not a number from %llu to %llu", what, text, min, max);
	*out = n;
	return 0;
}

int parse_size(const char *text, const char *what, uint64_t *out, struct err *e)
{
	static const char units[] = "KMGT";
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	const char *unit = *end && *end != ' ' ? strchr(units, *end & ~0x20) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

	if (*text < '0' || *text > '9' || (*end && (!unit || end[1])) || n > UINT64_MAX >> shift)
		return err_say(e, -EINVAL, "%s '%.20s': a number with K, M, G or T behind it is wanted", what, text);
	*out = n << shift;
	return 0;
}
