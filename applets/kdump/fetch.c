/* fetch - kdump fetch: what a crash left on raw devices, as files of this machine. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "boot/device.h"
#include "kdump/kdump.h"
#include "prod/fetch.h"

enum { FETCH_DEVICE = 256, FETCH_KEEP };

static const struct opt fetch_opts[] = {
	{ FETCH_DEVICE, "device", "DEV", "look there (default: each raw target of the configuration)" },
	{ 'd', "directory", "DIR", "save below DIR (default: path of the target)" },
	{ FETCH_KEEP, "keep", NULL, "leave the device as it is: the next fetch finds the dump again" },
	KDUMP_OPT_CONFIG, APPLET_OPTS_END
};

KDUMP_COMMAND(fetch, "fetch", "save what a crash left on raw devices: exit status 0 complete or nothing there, "
	      "3 incomplete, 1 failed", "");

struct fetch_call {
	struct kdump_call k;
	const char       *device, *directory;
	bool              keep;

	bool              any, failed, partly;
};

/* All crashes that left something on one device: a dump of one, and the log of a later one. */
static void fetch_device(struct fetch_call *c, const char *name, const char *path)
{
	struct fetch_report r;
	struct err e = { 0 };
	char node[512] = "";
	int found = 0, rc = device_find(name, node, sizeof(node), &e);

	if (rc && access(name, F_OK)) {
		log_error("%s", e.msg);
		c->failed = true;
		return;
	}
	if (rc)
		snprintf(node, sizeof(node), "%s", name);
	do {
		e = (struct err){ 0 };
		c->failed |= fetch_run(node, path, c->keep, &r, &e) != 0;
		if (r.dir[0])
			log_line(r.end == FETCH_COMPLETE ? LOG_INFO : LOG_WARN, "%s: %s, %.1f MiB, from %s%s%s", fetch_ends[r.end],
				 r.dir, (double)r.bytes / (1 << 20), node, r.why[0] ? ": " : "", r.why);
		else if (r.why[0])
			log_warn("%s: nothing was saved: %s", node, r.why);
		if (e.code)
			log_error("%s", e.msg);
		c->partly |= r.end != FETCH_NOTHING && r.end != FETCH_COMPLETE;
		found += r.end != FETCH_NOTHING || e.code;
	} while (r.cleared);
	if (!found)
		log_info("%s: no dump is there", node);
}

static int fetch_targets(struct fetch_call *c, const struct place *p, struct err *e)
{
	struct kdump_conf *conf = calloc(1, sizeof(*conf));
	int rc = 0;

	if (!conf)
		return err_set(e, -ENOMEM, "fetch");
	conf_defaults(conf);
	if (p->config || !access(p->conf_path, F_OK))
		rc = conf_read(conf, p->conf_path, CONF_STRICT, e);
	for (int i = 0; !rc && i < conf->nr_targets; i++) {
		const struct target *t = &conf->targets[i];

		if (t->kind != TARGET_RAW)
			continue;
		c->any = true;
		fetch_device(c, t->device, c->directory ? c->directory : t->opts.path);
	}
	free(conf);
	return rc;
}

static int code(const struct fetch_call *c)
{
	return c->failed ? FAILED : c->partly ? DEGRADED : DONE;
}

int kdump_fetch_targets(const struct place *p, struct err *e)
{
	struct fetch_call c = { .keep = false };

	return fetch_targets(&c, p, e) ? FAILED : code(&c);
}

static int fetch_main(struct args *a)
{
	struct fetch_call c = { .keep = false };
	struct err e = { 0 };
	int rc;

	while ((rc = kdump_next(&c.k, a, &e)) > 0 && rc != OPT_HELP) {
		switch (rc) {
		case FETCH_DEVICE: c.device = a->value; break;
		case FETCH_KEEP: c.keep = true; break;
		default: c.directory = a->value;
		}
	}
	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = kdump_ready(&c.k, &e);
	if (!rc && c.device)
		fetch_device(&c, c.device, c.directory ? c.directory : "/var/crash");
	else if (!rc)
		rc = fetch_targets(&c, &c.k.place, &e);
	if (rc)
		return applet_fail(&e);
	if (!c.device && !c.any)
		log_info("no raw target in %s: nothing to fetch", c.k.place.conf_path);
	return code(&c);
}
