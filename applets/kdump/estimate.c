/* estimate - kdump estimate: how much crashkernel= must reserve here, and why. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/conf.h"
#include "base/json.h"
#include "kdump/kdump.h"
#include "prod/estimate.h"

enum { ESTIMATE_DUMPS = 256 };

static const struct opt estimate_opts[] = {
	KDUMP_OPT_CONFIG, KDUMP_OPT_KERNEL, KDUMP_OPT_MODULES, KDUMP_OPT_APPEND, KDUMP_OPT_SYSROOT,
	{ ESTIMATE_DUMPS, "dumps", "DIR", "where dumps of this machine are (default: path of the configuration)" },
	KDUMP_OPT_JSON, APPLET_OPTS_END
};

KDUMP_COMMAND(estimate, "estimate", "calculate what crashkernel= must reserve, and tell what for", "");

static unsigned long long mib(uint64_t bytes)
{
	return (unsigned long long)(bytes + (1 << 20) - 1) >> 20;
}

static const char *peer_value(const struct estimate_peer *peer, const struct estimate_facts *f)
{
	return f->x86 ? peer->x86 : f->arm64 ? peer->arm64 : NULL;
}

static void print_text(const struct estimate *est, const struct estimate_facts *f, const struct estimate_last *last)
{
	char value[32];

	if (est->room != ROOM_NONE)
		printf("crashkernel=%s\n\n", estimate_value(est, value, sizeof(value)));
	for (int i = 0; i < est->n; i++)
		printf("  %6.1f MiB  %s%s%s%s\n", (double)est->parts[i].bytes / (1 << 20), est->parts[i].what,
		       f->large[0] && est->parts[i].bytes == f->drivers ? " (" : "",
		       f->large[0] && est->parts[i].bytes == f->drivers ? f->large : "",
		       f->large[0] && est->parts[i].bytes == f->drivers ? ")" : "");
	if (f->unknown[0])
		printf("     not known  drivers that may take much: %s (kdump test --crash tells)\n", f->unknown);
	printf("\nfor %u of %u processors and %llu MiB of memory; calculated, not measured\n", est->cpus, f->cpus,
	       mib(f->ram));
	if (est->room == ROOM_NOKASLR)
		printf("with nokaslr, since a kernel at a random place may leave no %llu MiB in one piece\n", mib(est->reserve));
	if (last)
		printf("the last capture kernel (%s) had %llu MiB and left %llu MiB of it unused\n", last->name,
		       mib(last->total), (unsigned long long)last->lowest >> 20);
	printf("\nothers reserve here:\n");
	for (const struct estimate_peer *peer = estimate_peers; peer->name; peer++)
		if (peer_value(peer, f))
			printf("  %-16s %5lluM  (%s)\n", peer->name,
			       mib(estimate_ranges(peer_value(peer, f), f->ram)), peer_value(peer, f));
		else if (peer->why)
			printf("  %-16s   none  (%s)\n", peer->name, peer->why);
}

static void print_json(const struct estimate *est, const struct estimate_facts *f, const struct estimate_last *last)
{
	const char *comma = "";
	char value[32];

	printf("{ \"crashkernel\": \"%s\", \"bytes\": %llu, \"processors\": %u, \"memory\": %llu,\n  \"unknown\": ",
	       estimate_value(est, value, sizeof(value)), (unsigned long long)est->reserve, est->cpus,
	       (unsigned long long)f->ram);
	json_put(stdout, f->unknown);
	printf(", \"parts\": {");
	for (int i = 0; i < est->n; i++, comma = ",") {
		printf("%s\n    ", comma);
		json_put(stdout, est->parts[i].what);
		printf(": %llu", (unsigned long long)est->parts[i].bytes);
	}
	printf(" },\n  \"others\": {");
	comma = "";
	for (const struct estimate_peer *peer = estimate_peers; peer->name; peer++) {
		if (!peer_value(peer, f))
			continue;
		printf("%s\n    ", comma);
		json_put(stdout, peer->name);
		printf(": %llu", (unsigned long long)estimate_ranges(peer_value(peer, f), f->ram));
		comma = ",";
	}
	printf(" }");
	if (last)
		printf(",\n  \"last\": { \"total\": %llu, \"lowest\": %llu }", (unsigned long long)last->total,
		       (unsigned long long)last->lowest);
	printf(" }\n");
}

/* Where dumps are on this machine, if the configuration says no more than a directory. */
static void default_dumps(const struct place *p, char out[PATH_MAX])
{
	struct kdump_conf *c = calloc(1, sizeof(*c));

	out[0] = 0;
	if (!c)
		return;
	conf_defaults(c);
	conf_read(c, p->conf_path, CONF_LENIENT, NULL);
	if (!c->nr_targets)
		place_path(p, c->defaults.path, out);
	free(c);
}

static int estimate_main(struct args *a)
{
	struct kdump_call k = { 0 };
	const char *dumps = NULL;
	char path[PATH_MAX];
	struct estimate_facts facts;
	struct estimate_last last;
	struct estimate est;
	struct err e = { 0 };
	bool found;
	int rc;

	while ((rc = kdump_next(&k, a, &e)) == ESTIMATE_DUMPS)
		dumps = a->value;
	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = kdump_ready(&k, &e);
	if (!rc)
		rc = estimate_read(&facts, &k.place, &e);
	if (rc)
		return applet_fail(&e);
	estimate_make(&est, &facts);
	if (!dumps)
		default_dumps(&k.place, path);
	found = estimate_last(&last, dumps ? dumps : path);
	(k.json ? print_json : print_text)(&est, &facts, found ? &last : NULL);
	if (fflush(stdout))
		return FAILED;
	if (est.room == ROOM_NONE) {
		err_say(&e, -ENOMEM, "%s", estimate_no_room(&est, &facts, path, sizeof(path)));
		return applet_fail(&e);
	}
	return DONE;
}
