/* conf_keys - what does each keyword of kdump.conf do? */
/* SPDX-License-Identifier: MIT */
#include "base/conf_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"

/* IMAGE: mkinitramfs takes it out of the file by itself; it means nothing in the capture kernel. */
enum key_kind { OURS, IMAGE, NOT_YET, BUILD_ONLY, DEPRECATED };

/*
 * A keyword. field and size: where a text goes; number: where a number goes. Keywords of one group
 * exclude each other.
 */
enum group {
	G_TARGET, G_PATH, G_COLLECTOR, G_FAILURE, G_FINAL, G_PRE, G_POST, G_EMERGENCY, G_ROOT,
	G_OPTIONS, G_LEVEL, G_COMPRESS, G_THREADS, G_DIGEST, G_DEVICE, G_MODULE, G_STALL, G_DEADLINE,
	G_SSHKEY, G_RESET, G_BINS, G_MODULES, G_DRACUT, G_FENCE_ARGS, G_FENCE_NODES, G_FORCE,
	G_NO_FORCE, G_NONE,
};

struct keyword {
	const char   *name;
	enum key_kind kind;
	enum group    group;
	int (*set)(struct conf_parser *p, const struct keyword *k, const char *value,
		   struct err *e);
	size_t        at;		/* offset in struct kdump_conf */
	int           min, max;		/* of a number */
	const char   *words;		/* that a text may be, split by blanks */
};

static int put_text(char *out, size_t size, const char *value, struct err *e)
{
	if (strlen(value) >= size)
		return err_say(e, -EINVAL, "longer than %zu bytes", size - 1);
	strcpy(out, value);
	return 0;
}

static int one_word(const char *value, struct err *e)
{
	if (value[strcspn(value, " \t")])
		return err_say(e, -EINVAL, "one word expected, not '%.80s'", value);
	return 0;
}

/* A path of directories, absolute as RHEL reads it (a missing '/' is added). */
static int set_path(struct conf_parser *p, const struct keyword *k, const char *value,
		    struct err *e)
{
	char *out = (char *)p->c + k->at, text[CONF_TEXT_MAX];
	int rc = put_text(text, sizeof(text) - 1, value, e);

	if (rc)
		return rc;
	for (const char *part = value; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (!strcmp(part, "..") || !strncmp(part, "../", 3))
			return err_say(e, -EINVAL, "'..' would leave the target");
	}
	snprintf(out, CONF_TEXT_MAX, "%s%s", value[0] == '/' ? "" : "/", text);
	return 0;
}

/* A program: one word, as kdump-utils runs it quoted. */
static int set_program(struct conf_parser *p, const struct keyword *k, const char *value,
		       struct err *e)
{
	char *out = (char *)p->c + k->at;

	if (value[0] != '/')
		return err_say(e, -EINVAL, "'%.80s' is not an absolute path", value);
	return put_text(out, CONF_TEXT_MAX, value, e);
}

static int set_text(struct conf_parser *p, const struct keyword *k, const char *value,
		    struct err *e)
{
	return put_text((char *)p->c + k->at, CONF_TEXT_MAX, value, e);
}

static int set_number(struct conf_parser *p, const struct keyword *k, const char *value,
		      struct err *e)
{
	unsigned long long n;
	int rc = parse_number(value, k->name, (unsigned)k->min, (unsigned)k->max, &n, e);

	if (!rc)
		*(int *)((char *)p->c + k->at) = (int)n;
	return rc;
}

/* One of k->words, into a field of 8 bytes (all are shorter). */
static int set_word(struct conf_parser *p, const struct keyword *k, const char *value,
		    struct err *e)
{
	size_t len = strlen(value);

	for (const char *w = k->words; *w; w += strcspn(w, " "), w += *w == ' ')
		if (strcspn(w, " ") == len && !strncmp(w, value, len)) {
			strcpy((char *)p->c + k->at, value);
			return 0;
		}
	return err_say(e, -EINVAL, "'%.40s' is none of: %s", value, k->words);
}

static int set_action(struct conf_parser *p, const struct keyword *k, const char *value,
		      struct err *e)
{
	const char *names[NR_ACTIONS];
	const char *near;

	for (int i = 0; i <= k->max; i++) {
		names[i] = action_name((enum conf_action)i);
		if (!strcmp(names[i], value)) {
			*(enum conf_action *)((char *)p->c + k->at) = (enum conf_action)i;
			return 0;
		}
	}
	near = nearest_name(value, names, (size_t)k->max + 1);
	return err_say(e, -EINVAL, "unknown action '%.40s'%s%s%s", value,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int set_collector(struct conf_parser *p, const struct keyword *k, const char *value,
			 struct err *e)
{
	(void)k;
	return conf_collector(p->c, value, e);
}

static int set_target(struct conf_parser *p, const struct keyword *k, const char *value,
		      struct err *e)
{
	struct target t = { .kind = strcmp(k->name, "raw") ? TARGET_FS : TARGET_RAW };
	bool label = !strncmp(value, "LABEL=", 6) || !strncmp(value, "PARTLABEL=", 10);
	int rc = label ? 0 : one_word(value, e);	/* a label may have blanks */

	if (rc)
		return rc;
	snprintf(t.keyword, sizeof(t.keyword), "%s", k->name);
	if (t.kind == TARGET_FS)
		snprintf(t.fstype, sizeof(t.fstype), "%s", k->name);
	if (strcmp(k->name, "virtiofs") && value[0] != '/' && !strchr(value, '='))
		return err_say(e, -EINVAL,
			       "'%.80s' is neither /dev/NAME nor UUID= nor LABEL=", value);
	rc = put_text(t.device, sizeof(t.device), value, e);
	if (rc)
		return rc;
	p->c->targets[0] = t;
	p->c->nr_targets = 1;
	return 0;
}

/* A server. On the production side that is an error: the image could only fail. */
static int set_server(struct conf_parser *p, const struct keyword *k, const char *value,
		      struct err *e)
{
	struct target t = { .kind = TARGET_UNSUPPORTED };

	if (p->mode == CONF_STRICT)
		return err_say(e, -EINVAL, "this build cannot dump to a server; name a local "
			       "filesystem or raw");
	snprintf(t.keyword, sizeof(t.keyword), "%s", k->name);
	snprintf(t.device, sizeof(t.device), "%s", value);
	p->c->targets[0] = t;
	p->c->nr_targets = 1;
	return 0;
}

static int set_root(struct conf_parser *p, const struct keyword *k, const char *value,
		    struct err *e)
{
	struct target t = { .kind = TARGET_FS, .keyword = "root", .fstype = "auto" };
	int rc = one_word(value, e);

	(void)k;
	if (!rc)
		rc = put_text(t.device, sizeof(t.device), value, e);
	if (!rc)
		p->c->root = t;
	return rc;
}

/* What is not written with --mount would silently go somewhere else. */
static int set_dracut(struct conf_parser *p, const struct keyword *k, const char *value,
		      struct err *e)
{
	(void)p;
	(void)k;
	if (strstr(value, "--mount"))
		return err_say(e, -EINVAL, "--mount is not supported; write the target as 'ext4 "
			       "DEVICE' and its path");
	return 0;
}

static int set_forced(struct conf_parser *p, const struct keyword *k, const char *value,
		      struct err *e)
{
	if (strcmp(value, "0") && strcmp(value, "1"))
		return err_say(e, -EINVAL, "'%.40s' is neither 0 nor 1", value);
	p->forced[k->group == G_NO_FORCE] = value[0] == '1';
	if (p->forced[0] && p->forced[1])
		return err_say(e, -EINVAL, "force_rebuild and force_no_rebuild are both 1");
	return 0;
}

#define FIELD(f) offsetof(struct kdump_conf, f)
#define TARGET(n) { n, OURS, G_TARGET, set_target, 0, 0, 0, NULL }
#define NOTHING(n, kind, group, set) { n, kind, group, set, 0, 0, 0, NULL }
#define TEXT(n, group, set, f) { n, OURS, group, set, FIELD(f), 0, 0, NULL }
#define ACTION(n, group, f, last) { n, OURS, group, set_action, FIELD(f), 0, last, NULL }
#define NUMBER(n, group, f, min, max) { n, OURS, group, set_number, FIELD(f), min, max, NULL }
#define WORD(n, group, f, words) { n, OURS, group, set_word, FIELD(f), 0, 0, words }

enum { DAY = 24 * 3600 };

static const struct keyword keywords[] = {
	TARGET("ext2"), TARGET("ext3"), TARGET("ext4"), TARGET("xfs"), TARGET("btrfs"),
	TARGET("minix"), TARGET("vfat"), TARGET("virtiofs"), TARGET("raw"),
	NOTHING("nfs", OURS, G_TARGET, set_server),
	NOTHING("ssh", OURS, G_TARGET, set_server),
	TEXT("path", G_PATH, set_path, path),
	TEXT("core_collector", G_COLLECTOR, set_collector, dump_level),
	ACTION("failure_action", G_FAILURE, failure_action, ACTION_DUMP_TO_ROOTFS),
	ACTION("default", G_FAILURE, failure_action, ACTION_DUMP_TO_ROOTFS),
	ACTION("final_action", G_FINAL, final_action, ACTION_POWEROFF),
	TEXT("kdump_pre", G_PRE, set_program, kdump_pre),
	TEXT("kdump_post", G_POST, set_program, kdump_post),
	TEXT("kdump_emergency", G_EMERGENCY, set_program, kdump_emergency),

	/* Our own. */
	TEXT("root_device", G_ROOT, set_root, root),
	TEXT("mount_options", G_OPTIONS, set_text, mount_options),
	NUMBER("dump_level", G_LEVEL, dump_level, 0, 31),
	WORD("compress", G_COMPRESS, compress, "zstd zlib lzo none"),
	NUMBER("threads", G_THREADS, threads, 0, CONF_THREADS_MAX),
	WORD("digest", G_DIGEST, digest, "xxh64 sha256"),
	NUMBER("device_timeout", G_DEVICE, device_timeout_s, 1, DAY),
	NUMBER("module_timeout", G_MODULE, module_timeout_s, 1, DAY),
	NUMBER("stall_timeout", G_STALL, stall_timeout_s, 10, DAY),
	NUMBER("deadline", G_DEADLINE, deadline_s, 0, 30 * DAY),

	/* Of kdump-utils, without an effect here. */
	NOTHING("sshkey", NOT_YET, G_SSHKEY, NULL),
	NOTHING("fence_kdump_args", NOT_YET, G_FENCE_ARGS, NULL),
	NOTHING("fence_kdump_nodes", NOT_YET, G_FENCE_NODES, NULL),
	NOTHING("extra_bins", IMAGE, G_BINS, NULL),
	NOTHING("extra_modules", IMAGE, G_MODULES, NULL),
	NOTHING("dracut_args", BUILD_ONLY, G_DRACUT, set_dracut),
	NOTHING("auto_reset_crashkernel", BUILD_ONLY, G_RESET, NULL),
	NOTHING("force_rebuild", BUILD_ONLY, G_FORCE, set_forced),
	NOTHING("force_no_rebuild", BUILD_ONLY, G_NO_FORCE, set_forced),

	/* kdumpctl refuses to start with these. */
	NOTHING("net", DEPRECATED, G_NONE, NULL),
	NOTHING("options", DEPRECATED, G_NONE, NULL),
	NOTHING("link_delay", DEPRECATED, G_NONE, NULL),
	NOTHING("disk_timeout", DEPRECATED, G_NONE, NULL),
	NOTHING("debug_mem_level", DEPRECATED, G_NONE, NULL),
	NOTHING("blacklist", DEPRECATED, G_NONE, NULL),
};
enum { NR_KEYWORDS = sizeof(keywords) / sizeof(keywords[0]) };

static const struct keyword *find(const char *name, struct err *e)
{
	const char *names[NR_KEYWORDS], *near;
	size_t n = 0;

	for (size_t i = 0; i < NR_KEYWORDS; i++) {
		if (!strcmp(keywords[i].name, name))
			return &keywords[i];
		if (keywords[i].kind != DEPRECATED)
			names[n++] = keywords[i].name;
	}
	near = nearest_name(name, names, n);
	err_say(e, -EINVAL, "unknown key%s%s%s", near ? "; did you mean " : "", near ? near : "",
		near ? "?" : "");
	return NULL;
}

/* A value that came twice: which of them counts is not for us to guess on the production side. */
static int again(struct conf_parser *p, const char *place, const struct keyword *k, struct err *e)
{
	const char *what = k->group == G_TARGET ? "second target" : "set twice";

	if (p->mode == CONF_STRICT)
		return err_say(e, -EINVAL, "%s", what);
	conf_note(p->c, "%s%s: %s; the last one counts", place, k->name, what);
	return 0;
}

int conf_apply(struct conf_parser *p, const char *place, const char *key, const char *value,
	       struct err *e)
{
	const struct keyword *k = find(key, e);
	int rc = 0;

	if (k && k->kind == DEPRECATED)
		rc = err_say(e, -EINVAL, "kdump.conf no longer has this key");
	else if (k && !value[0])
		rc = err_say(e, -EINVAL, "needs a value");
	else if (k && p->seen & 1ULL << k->group)
		rc = again(p, place, k, e);
	else if (!k)
		rc = -EINVAL;
	if (!rc && k->set)
		rc = k->set(p, k, value, e);
	if (rc)
		return err_add(e, "%.40s", key);
	p->seen |= 1ULL << k->group;
	if (k->kind == NOT_YET || (k->kind == BUILD_ONLY && p->mode == CONF_STRICT))
		conf_note(p->c, "%s%s: not supported by this build: ignored", place, k->name);
	if (!strcmp(key, "default") && p->mode == CONF_STRICT)
		conf_note(p->c, "%sdefault: its name is failure_action now", place);
	return 0;
}
