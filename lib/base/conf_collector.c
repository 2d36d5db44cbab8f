/* conf_collector - what does a core_collector line of kdump.conf mean for us? */
/* SPDX-License-Identifier: MIT */
#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"

enum effect { UNKNOWN, NOTHING, CODEC, SNAPPY, LEVEL, THREADS, NO_ELF, NO_MEANING };

/* An option of makedumpfile(8). */
struct collector_opt {
	const char *name;		/* one letter, or a long name */
	bool        has_value;
	enum effect effect;
	const char *codec;
};

static const struct collector_opt options[] = {
	{ "c", false, CODEC, "zlib" },
	{ "l", false, CODEC, "lzo" },
	{ "z", false, CODEC, "zstd" },
	{ "p", false, SNAPPY, "lzo" },
	{ "d", true, LEVEL, NULL },
	{ "num-threads", true, THREADS, NULL },
	{ "E", false, NO_ELF, NULL },
	/* Harmless: the file stays what it is, or the option is about how makedumpfile works. */
	{ "F", false, NOTHING, NULL },
	{ "f", false, NOTHING, NULL },
	{ "D", false, NOTHING, NULL },
	{ "b", true, NOTHING, NULL },
	{ "message-level", true, NOTHING, NULL },
	{ "cyclic-buffer", true, NOTHING, NULL },
	{ "non-mmap", false, NOTHING, NULL },
	{ "non-cyclic", false, NOTHING, NULL },
	{ "work-dir", true, NOTHING, NULL },
	{ "show-stats", false, NOTHING, NULL },
	{ "splitblock-size", true, NOTHING, NULL },
	/* These change the result, and we do not have them. */
	{ "x", true, NO_MEANING, NULL },
	{ "i", true, NO_MEANING, NULL },
	{ "g", true, NO_MEANING, NULL },
	{ "X", false, NO_MEANING, NULL },
	{ "e", false, NO_MEANING, NULL },
	{ "config", true, NO_MEANING, NULL },
	{ "eppic", true, NO_MEANING, NULL },
	{ "split", false, NO_MEANING, NULL },
	{ "vtop", true, NO_MEANING, NULL },
	{ "dump-dmesg", false, NO_MEANING, NULL },
	{ "mem-usage", false, NO_MEANING, NULL },
	{ "dry-run", false, NO_MEANING, NULL },
	{ "xen-syms", true, NO_MEANING, NULL },
	{ "xen-vmcoreinfo", true, NO_MEANING, NULL },
	{ "exclude-unused-vm", false, NO_MEANING, NULL },
};
enum { NR_OPTIONS = sizeof(options) / sizeof(options[0]) };

/* What was understood so far. */
struct collector {
	struct kdump_conf *c;		/* for notes */
	int                level, threads;
	char               next_levels[sizeof(((struct target_opts *)0)->next_levels)];
	const char        *codec;
};

static const struct collector_opt *find(const char *name, size_t len)
{
	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (strlen(options[i].name) == len && !memcmp(options[i].name, name, len))
			return &options[i];
	return NULL;
}

/* Decimal up to a comma, as atoi reads it: "031" is 31. */
static int number(const char *text, const char *what, unsigned max, int *out, struct err *e)
{
	char digits[16];
	unsigned long long n;
	int rc;

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, ","), text);
	while (digits[0] == '0' && isdigit((unsigned char)digits[1]))
		memmove(digits, digits + 1, strlen(digits));
	rc = parse_number(digits, what, 0, max, &n, e);
	if (!rc)
		*out = (int)n;
	return rc;
}

/* "17,31": the first level, and those that are tried where it does not fit. */
static int levels(struct collector *k, const char *value, struct err *e)
{
	const char *comma = strchr(value, ',');
	int rc = number(value, "dump level", 31, &k->level, e), next;

	snprintf(k->next_levels, sizeof(k->next_levels), "%s", comma ? comma + 1 : "");
	if (comma && strlen(comma + 1) >= sizeof(k->next_levels))
		return err_say(e, -EINVAL, "dump levels '%.40s': too many", value);
	for (; !rc && comma; comma = strchr(comma + 1, ','))
		rc = number(comma + 1, "dump level", 31, &next, e);
	return rc;
}

static int take(struct collector *k, const struct collector_opt *o, const char *value,
		struct err *e)
{
	int rc;

	switch (o->effect) {
	case SNAPPY:
		conf_note(k->c, "core_collector: -p (snappy) is not supported: lzo is used");
		/* fall through */
	case CODEC:
		k->codec = o->codec;
		return 0;
	case LEVEL:
		return levels(k, value, e);
	case THREADS:
		rc = number(value, "number of threads", 1 << 20, &k->threads, e);
		if (k->threads > CONF_THREADS_MAX)
			k->threads = CONF_THREADS_MAX;
		return rc;
	case NO_ELF:
		conf_note(k->c,
			  "core_collector: -E (ELF) is not supported: the kdump format is used");
		return 0;
	case NO_MEANING:
		conf_note(k->c, "core_collector: option %s is not supported: ignored", o->name);
		return 0;
	default:
		return 0;
	}
}

/* The next word, NUL terminated in place; NULL at the end. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");

	if (!*word)
		return NULL;
	*at = word + strcspn(word, " \t");
	if (**at)
		*(*at)++ = 0;
	return word;
}

static int take_word(struct collector *k, char *word, char **rest, struct err *e)
{
	bool is_long = !strncmp(word, "--", 2);
	char *name = word + 1 + is_long;

	if (word[0] != '-' || !*name) {
		conf_note(k->c, "core_collector: '%.80s' is not an option: ignored", word);
		return 0;
	}
	while (*name) {
		size_t len = is_long ? strcspn(name, "=") : 1;
		const struct collector_opt *o = find(name, len);
		char *value = name + len + (is_long && name[len]);
		int rc;

		if (!o) {
			conf_note(k->c, "core_collector: unknown option '%.80s': ignored", word);
			return 0;
		}
		if (o->has_value && !*value)
			value = next_word(rest);
		if (o->has_value && !value)
			return err_say(e, -EINVAL, "option %s needs a value", o->name);
		rc = take(k, o, value, e);
		if (rc || is_long || o->has_value)
			return rc;
		name++;
	}
	return 0;
}

int conf_collector(struct kdump_conf *c, struct target_opts *o, const char *value, struct err *e)
{
	char text[1024], *at = text, *word;
	struct collector k = { .c = c, .level = 0, .threads = 0, .codec = "none" };
	const char *program;
	int rc = 0;

	if (strlen(value) >= sizeof(text))
		return err_say(e, -EINVAL, "longer than %zu bytes", sizeof(text) - 1);
	strcpy(text, value);
	word = next_word(&at);
	if (!word)
		return err_say(e, -EINVAL, "needs a value");
	program = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
	if (!strcmp(program, "makedumpfile")) {
		while (!rc && (word = next_word(&at)))
			rc = take_word(&k, word, &at, e);
	} else if (!strcmp(program, "cp") || !strcmp(program, "dd") || !strcmp(program, "scp")) {
		conf_note(c, "core_collector: %s copies everything: dump level 0, not compressed",
			  program);
	} else {
		conf_note(c, "core_collector: '%.80s' is not makedumpfile: it stays level %d, %s",
			  program, o->dump_level, o->compress);
		return 0;
	}
	if (rc)
		return rc;
	o->dump_level = k.level;
	memcpy(o->next_levels, k.next_levels, sizeof(o->next_levels));
	o->threads = k.threads;
	strcpy(o->compress, k.codec);
	return 0;
}
