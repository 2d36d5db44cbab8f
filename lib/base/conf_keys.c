/* conf_keys - what does each keyword of kdump.conf do? */
/* SPDX-License-Identifier: MIT */
#include "base/conf_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"

/*
 * OF_TARGET: a field of struct target_opts, else of struct kdump_conf. IMAGE: mkinitramfs takes it
 * out of the file by itself; it means nothing in the capture kernel. HARMLESS: nobody misses what it does (RHEL's own
 * file has it, and must not be warned of).
 */
enum key_kind { OURS, OF_TARGET, IMAGE, NOT_YET, BUILD_ONLY, HARMLESS, DEPRECATED };

/*
 * A keyword. field and size: where a text goes; number: where a number goes. Keywords of one group
 * exclude each other, but for the first two.
 */
enum group {
	G_TARGET, G_NETWORK,	/* as often as there are targets and network words */
	G_CARRIER, G_NETWORK_TIME, G_PATH, G_COLLECTOR, G_FAILURE, G_FINAL, G_PRE, G_POST, G_EMERGENCY,
	G_ROOT, G_OPTIONS, G_LEVEL, G_COMPRESS, G_THREADS, G_DIGEST, G_DEVICE, G_MODULE, G_STALL,
	G_DEADLINE, G_SSHKEY, G_PORT, G_KNOWN_HOSTS, G_HOST_KEY, G_CACERT, G_PIN, G_BEARER, G_HTTP_FORM, G_TUS,
	G_CLIENT_CERT, G_CLIENT_KEY, G_PROXY,
	G_S3_KEYS, G_S3_REGION, G_S3_STYLE, G_RESET, G_BINS, G_MODULES, G_DRACUT,
	G_FENCE_ARGS, G_FENCE_NODES, G_FORCE, G_NO_FORCE, G_LINE, G_LINE_REMOVE, G_LINE_APPEND, G_NONE,
};

struct keyword {
	const char   *name;
	enum key_kind kind;
	enum group    group;
	int (*set)(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		   struct err *e);
	size_t        at;		/* offset in struct kdump_conf or struct target_opts */
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

/* A path of directories, absolute as RHEL reads it (a missing '/' is added). */
static int set_path(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	char text[CONF_TEXT_MAX];
	int rc = put_text(text, sizeof(text) - 1, value, e);

	(void)p;
	(void)k;
	if (rc)
		return rc;
	for (const char *part = value; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (!strcmp(part, "..") || !strncmp(part, "../", 3))
			return err_say(e, -EINVAL, "'..' would leave the target");
	}
	snprintf(field, CONF_TEXT_MAX, "%s%s", value[0] == '/' ? "" : "/", text);
	return 0;
}

/* A file. A program is run as this one word, as kdump-utils runs it quoted. */
static int set_absolute(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	(void)p;
	(void)k;
	if (value[0] != '/')
		return err_say(e, -EINVAL, "'%.80s' is not an absolute path", value);
	return put_text(field, CONF_TEXT_MAX, value, e);
}

static int set_text(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	(void)p;
	(void)k;
	return put_text(field, CONF_TEXT_MAX, value, e);
}

static int set_number(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	unsigned long long n;
	int rc = parse_number(value, k->name, (unsigned)k->min, (unsigned)k->max, &n, e);

	(void)p;
	if (!rc)
		*(int *)field = (int)n;
	return rc;
}

/* One of k->words, into a field of 8 bytes (all are shorter). */
static int set_word(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	size_t len = strlen(value);

	(void)p;
	for (const char *w = k->words; *w; w += strcspn(w, " "), w += *w == ' ')
		if (strcspn(w, " ") == len && !strncmp(w, value, len)) {
			strcpy(field, value);
			return 0;
		}
	return err_say(e, -EINVAL, "'%.40s' is none of: %s", value, k->words);
}

static int set_action(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	const char *names[NR_ACTIONS];
	const char *near;

	(void)p;
	for (int i = 0; i <= k->max; i++) {
		names[i] = action_name((enum conf_action)i);
		if (!strcmp(names[i], value)) {
			*(enum conf_action *)field = (enum conf_action)i;
			return 0;
		}
	}
	near = nearest_name(value, names, (size_t)k->max + 1);
	return err_say(e, -EINVAL, "unknown action '%.40s'%s%s%s", value,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int set_collector(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	(void)k;
	return conf_collector(p->c, field, value, e);
}

static int set_target(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		      struct err *e)
{
	(void)field;
	return conf_target(p, k->name, value, e);
}

/* "SHA256:" and 43 digits of base64, as ssh-keygen -l prints it. */
static int set_host_key(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
			struct err *e)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	(void)p;
	(void)k;
	if (strncmp(value, "SHA256:", 7) || strspn(value + 7, digits) != 43 || value[50])
		return err_say(e, -EINVAL, "'%.80s' is no fingerprint of ssh-keygen -l (SHA256:...)", value);
	strcpy(field, value);
	return 0;
}

/* A label of DNS. */
static int set_region(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		      struct err *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	(void)p;
	(void)k;
	if (value[strspn(value, plain)] || value[0] == '-')
		return err_say(e, -EINVAL, "'%.40s' is no region, like eu-central-1", value);
	return put_text(field, sizeof(((struct target_opts *)0)->s3_region), value, e);
}

static int set_root(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	struct target t = { .kind = TARGET_FS, .keyword = "root", .fstype = "auto" };
	int rc = conf_one_word(value, e);

	(void)k;
	(void)field;
	if (!rc)
		rc = put_text(t.device, sizeof(t.device), value, e);
	if (!rc)
		p->c->root = t;
	return rc;
}

/* One word, added to those before it. */
static int set_network(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		       struct err *e)
{
	int rc = conf_one_word(value, e);

	(void)k;
	(void)field;
	if (!rc && p->c->nr_network == CONF_NETWORK_MAX)
		rc = err_say(e, -EINVAL, "more than %d of them", CONF_NETWORK_MAX);
	if (!rc)
		rc = put_text(p->c->network[p->c->nr_network], CONF_TEXT_MAX, value, e);
	p->c->nr_network += !rc;
	return rc;
}

/* What is not written with --mount would silently go somewhere else. */
static int set_dracut(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	(void)p;
	(void)k;
	(void)field;
	if (strstr(value, "--mount"))
		return err_say(e, -EINVAL, "--mount is not supported; write the target as 'ext4 "
			       "DEVICE' and its path");
	return 0;
}

static int set_forced(struct conf_parser *p, const struct keyword *k, void *field, const char *value,
		    struct err *e)
{
	(void)field;
	if (strcmp(value, "0") && strcmp(value, "1"))
		return err_say(e, -EINVAL, "'%.40s' is neither 0 nor 1", value);
	p->forced[k->group == G_NO_FORCE] = value[0] == '1';
	if (p->forced[0] && p->forced[1])
		return err_say(e, -EINVAL, "force_rebuild and force_no_rebuild are both 1");
	return 0;
}

#define FIELD(f) offsetof(struct kdump_conf, f)
#define OPT(f) offsetof(struct target_opts, f)
#define TARGET(n) { n, OURS, G_TARGET, set_target, 0, 0, 0, NULL }
#define NOTHING(n, kind, group, set) { n, kind, group, set, 0, 0, 0, NULL }
#define TEXT(n, group, set, f) { n, OURS, group, set, FIELD(f), 0, 0, NULL }
#define ACTION(n, group, f, last) { n, OURS, group, set_action, FIELD(f), 0, last, NULL }
#define NUMBER(n, group, f, min, max) { n, OURS, group, set_number, FIELD(f), min, max, NULL }
#define OPT_TEXT(n, group, set, f) { n, OF_TARGET, group, set, OPT(f), 0, 0, NULL }
#define OPT_NUMBER(n, group, f, min, max) { n, OF_TARGET, group, set_number, OPT(f), min, max, NULL }
#define OPT_WORD(n, group, f, words) { n, OF_TARGET, group, set_word, OPT(f), 0, 0, words }

enum { DAY = 24 * 3600 };

static const struct keyword keywords[] = {
	TARGET("ext2"), TARGET("ext3"), TARGET("ext4"), TARGET("xfs"), TARGET("btrfs"),
	TARGET("minix"), TARGET("vfat"), TARGET("virtiofs"), TARGET("raw"),
	TARGET("ssh"), TARGET("http"), TARGET("s3"), TARGET("nfs"), TARGET("cifs"),
	OPT_TEXT("path", G_PATH, set_path, path),
	{ "core_collector", OF_TARGET, G_COLLECTOR, set_collector, 0, 0, 0, NULL },
	OPT_TEXT("sshkey", G_SSHKEY, set_absolute, sshkey),
	ACTION("failure_action", G_FAILURE, failure_action, ACTION_DUMP_TO_ROOTFS),
	ACTION("default", G_FAILURE, failure_action, ACTION_DUMP_TO_ROOTFS),
	ACTION("final_action", G_FINAL, final_action, ACTION_POWEROFF),
	TEXT("kdump_pre", G_PRE, set_absolute, kdump_pre),
	TEXT("kdump_post", G_POST, set_absolute, kdump_post),
	TEXT("kdump_emergency", G_EMERGENCY, set_absolute, kdump_emergency),

	/* Our own. */
	TEXT("root_device", G_ROOT, set_root, root),
	OPT_TEXT("mount_options", G_OPTIONS, set_text, mount_options),
	OPT_NUMBER("dump_level", G_LEVEL, dump_level, 0, 31),
	OPT_WORD("compress", G_COMPRESS, compress, "zstd zlib zlib-fast lzo none"),
	OPT_NUMBER("threads", G_THREADS, threads, 0, CONF_THREADS_MAX),
	OPT_WORD("digest", G_DIGEST, digest, "xxh64 sha256"),
	OPT_NUMBER("port", G_PORT, port, 1, 65535),
	OPT_TEXT("known_hosts", G_KNOWN_HOSTS, set_absolute, known_hosts),
	OPT_TEXT("host_key", G_HOST_KEY, set_host_key, host_key),
	OPT_TEXT("cacert", G_CACERT, set_absolute, cacert),
	OPT_TEXT("pinnedpubkey", G_PIN, set_text, pinnedpubkey),
	OPT_TEXT("bearer_file", G_BEARER, set_absolute, bearer_file),
	OPT_TEXT("client_cert", G_CLIENT_CERT, set_absolute, client_cert),
	OPT_TEXT("client_key", G_CLIENT_KEY, set_absolute, client_key),
	OPT_TEXT("proxy", G_PROXY, set_text, proxy),
	OPT_TEXT("http_form", G_HTTP_FORM, set_text, http_form),
	OPT_WORD("tus", G_TUS, tus, "yes no"),
	OPT_TEXT("s3_credentials", G_S3_KEYS, set_absolute, s3_credentials),
	OPT_TEXT("s3_region", G_S3_REGION, set_region, s3_region),
	OPT_WORD("s3_style", G_S3_STYLE, s3_style, "path virtual"),
	NOTHING("network", OURS, G_NETWORK, set_network),
	NUMBER("carrier_timeout", G_CARRIER, carrier_timeout_s, 1, DAY),
	NUMBER("network_timeout", G_NETWORK_TIME, network_timeout_s, 1, DAY),
	NUMBER("device_timeout", G_DEVICE, device_timeout_s, 1, DAY),
	NUMBER("module_timeout", G_MODULE, module_timeout_s, 1, DAY),
	NUMBER("stall_timeout", G_STALL, stall_timeout_s, 10, DAY),
	NUMBER("deadline", G_DEADLINE, deadline_s, 0, 30 * DAY),

	/* Of kdump-utils, without an effect here. */
	NOTHING("fence_kdump_args", NOT_YET, G_FENCE_ARGS, NULL),
	NOTHING("fence_kdump_nodes", NOT_YET, G_FENCE_NODES, NULL),
	NOTHING("extra_bins", IMAGE, G_BINS, NULL),
	NOTHING("extra_modules", IMAGE, G_MODULES, NULL),
	NOTHING("commandline", IMAGE, G_LINE, NULL),
	NOTHING("commandline_remove", IMAGE, G_LINE_REMOVE, NULL),
	NOTHING("commandline_append", IMAGE, G_LINE_APPEND, NULL),
	NOTHING("dracut_args", BUILD_ONLY, G_DRACUT, set_dracut),
	NOTHING("auto_reset_crashkernel", HARMLESS, G_RESET, NULL),
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
	if (p->mode == CONF_STRICT)
		return err_say(e, -EINVAL, "set twice");
	conf_note(p->c, "%s%s: set twice; the last one counts", place, k->name);
	return 0;
}

/* Set a key of targets in each struct target_opts that it is for. */
static int set_opts(struct conf_parser *p, const struct keyword *k, const char *value, struct err *e)
{
	struct kdump_conf *c = p->c;
	int only = !p->cmdline && p->block ? c->nr_targets : p->only, rc;

	if (only > c->nr_targets)
		return err_say(e, -EINVAL, "there is no target %d", only);
	if (only)
		return k->set(p, k, (char *)&c->targets[only - 1].opts + k->at, value, e);
	rc = k->set(p, k, (char *)&c->defaults + k->at, value, e);
	for (int i = 0; p->cmdline && i < c->nr_targets && !rc; i++)
		rc = k->set(p, k, (char *)&c->targets[i].opts + k->at, value, e);
	return rc;
}

/* In a new block the keys of targets have not been seen. */
static void forget_seen(struct conf_parser *p)
{
	for (size_t i = 0; i < NR_KEYWORDS; i++)
		if (keywords[i].kind == OF_TARGET)
			p->seen &= ~(1ULL << keywords[i].group);
}

static int set_value(struct conf_parser *p, const struct keyword *k, const char *value, struct err *e)
{
	if (!k->set)
		return 0;
	if (k->kind == OF_TARGET)
		return set_opts(p, k, value, e);
	if (p->only && k->group != G_TARGET)
		return err_say(e, -EINVAL, "is no key of a target");
	return k->set(p, k, (char *)p->c + k->at, value, e);
}

int conf_apply(struct conf_parser *p, const char *place, const char *key, const char *value,
	       struct err *e)
{
	const struct keyword *k = find(key, e);
	int rc = k ? 0 : -EINVAL;

	if (k && k->kind == DEPRECATED)
		rc = err_say(e, -EINVAL, "kdump.conf no longer has this key");
	else if (k && !value[0])
		rc = err_say(e, -EINVAL, "needs a value");
	else if (k && k->group > G_NETWORK && p->seen & 1ULL << k->group)
		rc = again(p, place, k, e);
	if (!rc)
		rc = set_value(p, k, value, e);
	if (rc)
		return err_add(e, "%.40s", key);
	if (k->group == G_TARGET)
		forget_seen(p);
	p->seen |= 1ULL << k->group;
	if (k->kind == NOT_YET || (k->kind == BUILD_ONLY && p->mode == CONF_STRICT))
		conf_note(p->c, "%s%s: not supported by this build: ignored", place, k->name);
	if (!strcmp(key, "default") && p->mode == CONF_STRICT)
		conf_note(p->c, "%sdefault: its name is failure_action now", place);
	return 0;
}

bool conf_is_target(const char *key, size_t len)
{
	for (size_t i = 0; i < NR_KEYWORDS && keywords[i].group == G_TARGET; i++)
		if (strlen(keywords[i].name) == len && !memcmp(keywords[i].name, key, len))
			return true;
	return false;
}

void conf_list(const struct kdump_conf *c, const struct target_opts *o,
	       void (*tell)(void *ctx, const char *key, const char *value), void *ctx)
{
	for (const struct keyword *k = keywords; k < keywords + NR_KEYWORDS; k++) {
		const char *field = (o ? (const char *)o : (const char *)c) + k->at;
		char number[64];

		if (k->kind != (o ? OF_TARGET : OURS) || !k->set || !strcmp(k->name, "default"))
			continue;
		if (k->set == set_number) {
			snprintf(number, sizeof(number), "%d%s%s", *(const int *)field,
				 o && k->group == G_LEVEL && o->next_levels[0] ? "," : "",
				 o && k->group == G_LEVEL ? o->next_levels : "");
			tell(ctx, k->name, number);
		} else if (k->set == set_action) {
			tell(ctx, k->name, action_name(*(const enum conf_action *)field));
		} else if (k->set == set_root) {
			tell(ctx, k->name, c->root.device);
		} else if (k->set != set_target && k->set != set_network && k->set != set_collector) {
			tell(ctx, k->name, field);
		}
	}
}
