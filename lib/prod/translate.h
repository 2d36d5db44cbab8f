/* translate - the configuration of another kdump, as kdump.conf of ours. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_TRANSLATE_H
#define PROD_TRANSLATE_H

#include "base/conf.h"

enum { TRANSLATE_NOTES_MAX = 64 };

/* What others have, and how it is recognised. */
enum translate_dialect {
	DIALECT_KDUMP_CONF,	/* kdump.conf of kdump-utils: by its name, *.conf */
	DIALECT_DEBIAN,		/* /etc/default/kdump-tools, by its name or USE_KDUMP in it */
	DIALECT_SUSE,		/* /etc/sysconfig/kdump with KDUMP_SAVEDIR, KDUMP_DUMPLEVEL, ... */
	DIALECT_RHEL_SYSCONFIG,	/* /etc/sysconfig/kdump without those */
	NR_DIALECTS
};

struct translation {
	enum translate_dialect dialect;
	char  *text;			/* of the new kdump.conf, which conf_parse takes strictly; owned */
	size_t len;
	struct kdump_conf conf;		/* what it means */
	/* Each begins with the setting's name. lost: it meant something that is not done here. */
	struct conf_note lost[TRANSLATE_NOTES_MAX], hints[TRANSLATE_NOTES_MAX];
	int    nr_lost, nr_hints;	/* what has no room is counted in the last one */
};

/*
 * Translate the file at path. root is put before the names of files that are looked for ("" for this machine).
 * What cannot be translated is left out and told in lost; but if that was the place for the dump it is an
 * error, since a dump would go where nobody wanted it. Zero-initialise t; translate_free in any case.
 */
int translate_file(struct translation *t, const char *path, const char *root, struct err *e);
void translate_free(struct translation *t);

/* The same for a text of a known kind; name is for messages. */
int translate_text(struct translation *t, enum translate_dialect dialect, const char *name, const char *text,
		   size_t len, const char *root, struct err *e);

/* ---- for the dialects */
struct translator;

/*
 * Write the line "KEY VALUE". from is the setting that it stands for: if kdump.conf does not take the line,
 * its name and the reason become a lost one. Returns true if the line was taken.
 */
bool translate_put(struct translator *tr, const char *from, const char *key, const char *value);

/* What cannot be translated, or should be known. */
void translate_lost(struct translator *tr, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void translate_hint(struct translator *tr, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Say that a place for the dump was asked for: at least one line must name one in the end. */
void translate_wants_target(struct translator *tr);

/* Value of a variable, "" if it is not set. */
const char *translate_value(const struct translator *tr, const char *name);

/* True if a file is there, below the root that was given. */
bool translate_exists(const struct translator *tr, const char *path);

/*
 * A variable of a file that a shell sources. text has three parts, each with a NUL: its name; the value that needs
 * no word, as the empty one needs none; and what becomes of another one if take is NULL: "=KEY" of kdump.conf with the
 * same value, "!WHY" it is lost, "?HINT", or "": another rule takes it along. (One pointer a rule: each costs
 * 32 bytes of a position independent program.)
 */
struct translate_rule {
	const char *text;
	void      (*take)(struct translator *tr, const char *name, const char *value);
};

#define RULE_LOST(name, usual, why)   { name "\0" usual "\0!" why, NULL }
#define RULE_HINT(name, usual, hint)  { name "\0" usual "\0?" hint, NULL }
#define RULE_KEY(name, usual, key)    { name "\0" usual "\0=" key, NULL }
#define RULE_TAKE(name, usual, take)  { name "\0" usual "\0", take }
#define RULE_ALONG(name)              { name "\0\0", NULL }

/* In the order in which they write; text is NULL behind the last one. */
extern const struct translate_rule debian_rules[], suse_rules[], rhel_rules[];

/* kdump.conf of kdump-utils, line by line. */
void translate_conf(struct translator *tr, const char *text, size_t len);

/* Copy a line to the new file as it stands; as a comment, with "# " before it. */
void translate_copy(struct translator *tr, const char *line, size_t len, bool comment);

#endif
