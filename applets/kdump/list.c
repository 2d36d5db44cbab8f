/* list - kdump list: what was saved, and what of it may go. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/json.h"
#include "boot/device.h"
#include "kdump/kdump.h"
#include "prod/dumps.h"

enum { OPT_KEEP = 256, OPT_MAX_AGE, OPT_DELETE, DAY_S = 86400 };

static const struct opt list_opts[] = {
	KDUMP_OPT_JSON,
	{ OPT_KEEP, "keep", "N", "mark all but the newest N for removal" },
	{ OPT_MAX_AGE, "max-age", "DAYS", "mark what is older for removal" },
	{ OPT_DELETE, "delete", NULL, "remove what --keep and --max-age mark; never the newest complete dump" },
	{ 'd', "directory", "DIR", "look there (default: where the configuration's dumps are on this machine)" },
	KDUMP_OPT_CONFIG, KDUMP_OPT_SYSROOT, APPLET_OPTS_END
};

KDUMP_COMMAND(list, "list", "list saved dumps, of other kdumps too, the newest first, and prune them", "");

struct list {
	struct kdump_call  k;
	const char        *directory;
	unsigned long long keep, max_age;	/* days */
	bool               delete;

	const char        *comma;		/* of JSON */
	bool               failed;
};

static int parse(struct list *l, struct args *a, struct err *e)
{
	int id;

	while ((id = kdump_next(&l->k, a, e)) > 0) {
		int rc = 0;

		switch (id) {
		case OPT_KEEP: rc = parse_number(a->value, "--keep", 1, 1000000, &l->keep, e); break;
		case OPT_MAX_AGE: rc = parse_number(a->value, "--max-age", 1, 36500, &l->max_age, e); break;
		case OPT_DELETE: l->delete = true; break;
		case 'd': l->directory = a->value; break;
		default: return id;
		}
		if (rc)
			return rc;
	}
	if (!id && l->delete && !l->keep && !l->max_age)
		return err_say(e, -EINVAL, "--delete needs --keep or --max-age");
	return id;
}

/* From a file or a dead kernel: what a terminal could obey is replaced. */
static const char *plain(char *text)
{
	for (char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return text;
}

static void print_line(struct saved_dump *d, const char *what)
{
	char when[32] = "";
	time_t t = (time_t)d->when;
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	printf("%-16s  %-10s %8.1f MiB  %s%s%s%s\n", when, dump_states[d->state], (double)d->bytes / 1048576,
	       plain(d->name), *what ? "  (" : "", what, *what ? ")" : "");
	if (d->panic[0])
		printf("%18s%s\n", "", plain(d->panic));
	if (d->why[0])
		printf("%18s%s: %s\n", "", dump_states[d->state], plain(d->why));
}

static void member(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	json_put(stdout, value);
}

static void print_json(struct list *l, const char *dir, const struct saved_dump *d, const char *what)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, d->name);
	printf("%s\n  { \"directory\": ", l->comma);
	json_put(stdout, path);
	printf(", \"time\": %lld, \"bytes\": %llu, \"state\": \"%s\"", (long long)d->when, (unsigned long long)d->bytes,
	       dump_states[d->state]);
	member("why", d->why);
	member("dump", d->core);
	member("log", d->log);
	member("panic", d->panic);
	member("prune", what);
	printf(" }");
	l->comma = ",";
}

/* What becomes of it; removes it if that is asked for. */
static const char *prune(struct list *l, const char *dir, const struct saved_dump *d)
{
	struct err e = { 0 };

	if (d->stranger[0] && (l->keep || l->max_age))
		return "kept: something is in it that belongs to no dump";
	if (!d->prune)
		return "";
	if (!l->delete)
		return "would be removed";
	if (!dumps_remove(dir, d, &e))
		return "removed";
	log_error("%s", e.msg);
	l->failed = true;
	return "not removed";
}

static int list_dir(struct list *l, const char *dir, struct err *e)
{
	struct saved_dumps all = { 0 };
	int rc = dumps_read(&all, dir, e);

	if (rc == -ENOENT)
		rc = 0;		/* made with the first dump */
	dumps_prune(&all, (size_t)l->keep, (int64_t)l->max_age * DAY_S, (int64_t)time(NULL));
	for (size_t i = 0; i < all.n; i++) {
		const char *what = prune(l, dir, &all.list[i]);

		if (l->k.json)
			print_json(l, dir, &all.list[i], what);
		else
			print_line(&all.list[i], what);
	}
	if (!l->k.json && !rc)
		printf("%zu dumps in %s\n", all.n, dir);
	dumps_free(&all);
	return rc;
}

/* A target's directory on this machine; of a raw device that to which kdump fetch brings its dumps. */
static int list_target(struct list *l, const struct target *t, struct err *e)
{
	struct mounted at;
	char node[512];

	if (t->kind == TARGET_RAW) {
		log_info("%s %s: kdump fetch brings what is there to %s", t->keyword, t->device, t->opts.path);
		return list_dir(l, t->opts.path, e);
	}
	if (t->kind != TARGET_FS) {
		log_info("%s %s: its dumps are on the server, and not listed", t->keyword, t->device);
		return 0;
	}
	if (strcmp(t->fstype, "virtiofs") && device_find(t->device, node, sizeof(node), e)) {
		log_error("%s", e->msg);
		l->failed = true;
		return 0;
	}
	if (!place_of_target(t, &at)) {
		log_info("%s %s: it is not mounted", t->keyword, t->device);
		return 0;
	}
	return list_dir(l, at.path, e);
}

static int list_all(struct list *l, struct err *e)
{
	struct kdump_conf *conf = calloc(1, sizeof(*conf));
	struct place *p = &l->k.place;
	char path[PATH_MAX];
	int rc = conf ? 0 : err_set(e, -ENOMEM, "list");

	if (conf) {
		conf_defaults(conf);
		/* One that was asked for, and one that cannot be read: what is elsewhere is not meant. */
		if (p->config || !access(p->conf_path, F_OK))
			rc = conf_read(conf, p->conf_path, CONF_STRICT, e);
	}
	if (!rc && !conf->nr_targets)
		rc = list_dir(l, place_path(p, conf->defaults.path, path), e);
	for (int i = 0; !rc && i < conf->nr_targets; i++)
		rc = list_target(l, &conf->targets[i], e);
	free(conf);
	return rc;
}

static int list_main(struct args *a)
{
	struct list l = { .comma = "" };
	struct err e = { 0 };
	int rc = parse(&l, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = l.directory ? 0 : kdump_ready(&l.k, &e);
	if (!rc && l.k.json)
		printf("[");
	if (!rc)
		rc = l.directory ? list_dir(&l, l.directory, &e) : list_all(&l, &e);
	if (l.k.json)
		printf("\n]\n");
	if (rc)
		return applet_fail(&e);
	return fflush(stdout) || l.failed ? FAILED : DONE;
}
