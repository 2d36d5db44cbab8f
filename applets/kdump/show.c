/* show - kdump show: the configuration, where it is from, and the kexec call. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "boot/bootargs.h"
#include "boot/imageconf.h"
#include "kdump/kdump.h"
#include "prod/status.h"

static const struct opt show_opts[] = {
	KDUMP_OPT_CONFIG, KDUMP_OPT_KERNEL, KDUMP_OPT_STATE, KDUMP_OPT_SYSROOT,
	APPLET_OPTS_END
};

KDUMP_COMMAND(show, "show", "print the configuration, where each value is from, and the kexec call", "");

/* What a value is looked up in. */
struct origin {
	const struct place *place;
	const char         *text;	/* of the user's file */
	const char         *cmdline;	/* of the capture kernel */
	int                 target;	/* from 1; 0: what is for all */
	char                buf[PATH_MAX + 16];
};

/* The line of key in the block, or of another one that says the same. */
static unsigned line_of(const struct origin *o, const char *key)
{
	static const struct { const char *key, *also; } also[] = {
		{ "dump_level", "core_collector" }, { "compress", "core_collector" },
		{ "threads", "core_collector" }, { "failure_action", "default" },
	};
	unsigned line = conf_line(o->text, o->target, key), other;

	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
		if (!strcmp(also[i].key, key)) {
			other = conf_line(o->text, o->target, also[i].also);
			line = other > line ? other : line;	/* the later one counts */
		}
	return line;
}

/* found: it stands in the image's configuration, so if nobody wrote it, it was found out. */
static const char *origin(struct origin *o, const char *key, bool found)
{
	char word[80];
	unsigned line;

	snprintf(word, sizeof(word), "kdumpbox.%s", key);
	if (bootarg_has(o->cmdline, word))
		return "command line";
	snprintf(word, sizeof(word), "kdumpbox.target.%d.%s", o->target, key);
	if (o->target && bootarg_has(o->cmdline, word))
		return "command line";
	line = line_of(o, key);
	if (!line)
		return found ? "this machine" : "default";
	snprintf(o->buf, sizeof(o->buf), "%s:%u", o->place->conf_path, line);
	return o->buf;
}

struct listing {
	struct origin       *origin;
	const char          *image;	/* text of the image's configuration */
	const struct target *target;	/* whose keys these are; NULL: nobody's */
};

/* Does the key mean anything for a target of that kind? */
static bool matters(const struct target *t, const char *key)
{
	static const struct {
		enum target_kind kind;
		const char      *keys;
	} of[] = {
		{ TARGET_SSH, "sshkey port known_hosts host_key" }, { TARGET_HTTP, "cacert pinnedpubkey bearer_file" },
		{ TARGET_S3, "cacert pinnedpubkey s3_credentials s3_region s3_style" },
	};
	bool others = false;

	for (size_t i = 0; t && i < sizeof(of) / sizeof(of[0]); i++) {
		if (t->kind == of[i].kind && strstr(of[i].keys, key))
			return true;
		others |= strstr(of[i].keys, key) != NULL;
	}
	return !others;
}

static void print_key(void *ctx, const char *key, const char *value)
{
	struct listing *l = ctx;

	if (*value && matters(l->target, key))
		printf("  %-18s %-36s (%s)\n", key, value,
		       origin(l->origin, key, conf_line(l->image, l->origin->target, key)));
}

static void print_conf(const struct imageconf *ic, struct origin *o)
{
	struct listing l = { o, ic->text, NULL };
	struct kdump_conf *c = calloc(1, sizeof(*c));

	if (!c)
		return;
	conf_defaults(c);
	conf_parse(c, o->place->conf_path, ic->text, ic->len, CONF_LENIENT, NULL);
	conf_cmdline(c, o->cmdline);
	for (int i = 0; i < c->nr_targets; i++) {
		const struct target *t = &c->targets[i];

		o->target = i + 1;
		l.target = t;
		printf("target %d:\n", i + 1);
		print_key(&l, t->keyword, t->device);
		conf_list(c, &t->opts, print_key, &l);
	}
	o->target = 0;
	l.target = NULL;
	printf("for all targets:\n");
	for (int i = 0; i < c->nr_network; i++)
		print_key(&l, "network", c->network[i]);
	conf_list(c, NULL, print_key, &l);
	free(c);
}

static void print_call(const struct place *p, const char *kernel, const char *initrd, const char *cmdline)
{
	printf("kexec call:\n  kdumpbox kexec -p %s%s%s \\\n    --initrd=%s/%s \\\n    --command-line=\"%s\"\n",
	       strchr(kernel, '/') ? "" : p->state, strchr(kernel, '/') ? "" : "/", kernel, p->state, initrd, cmdline);
}

/* As it is loaded, or as it would be. */
static int print_image(const struct place *p, const struct status *s, struct err *e)
{
	char cmdline[CAPTURE_CMDLINE_SIZE], added[CAPTURE_CMDLINE_SIZE];
	int rc;

	printf("status: %s, %llu MiB reserved\n", readiness_names[s->is], (unsigned long long)s->kexec.reserved >> 20);
	for (size_t i = 0; i < s->nr_changes; i++)
		printf("  %s\n", s->changes[i]);
	if (s->ours) {
		printf("kernel: %s (%s)\n", s->record.source, s->record.release);
		print_call(p, s->record.kernel, s->record.initrd, s->record.cmdline);
		return 0;
	}
	rc = p->no_kernel.code ? err_say(e, p->no_kernel.code, "%s", p->no_kernel.msg)
			       : wanted_cmdline(p, cmdline, added, e);
	if (rc)
		return rc;
	printf("kernel: %s (%s)\nadded to the running kernel's command line: %s\n", p->kernel, p->release, added);
	print_call(p, p->kernel, "IMAGE", cmdline);
	return 0;
}

static int show(struct place *p, struct err *e)
{
	struct imageconf *ic = calloc(1, sizeof(*ic));
	struct status s = { 0 };
	struct origin o = { .place = p };
	char cmdline[CAPTURE_CMDLINE_SIZE] = "", added[CAPTURE_CMDLINE_SIZE], *text = NULL;
	size_t len;
	int rc = ic ? status_read(&s, p, e) : err_set(e, -ENOMEM, "show");

	if (!rc)
		rc = imageconf_read(ic, p->config, p->root, e);
	if (!rc) {
		rc = wanted_cmdline(p, cmdline, added, e);
		if (read_file(p->conf_path, CONF_FILE_MAX, &text, &len, NULL))
			text = NULL;
		printf("configuration: %s%s\n", p->conf_path, text ? "" : " (is not there: all defaults)");
		o.text = text ? text : "";
		o.cmdline = s.ours ? s.record.cmdline : cmdline;
		print_conf(ic, &o);
	}
	if (!rc)
		rc = print_image(p, &s, e);
	free(text);
	if (ic)
		imageconf_free(ic);
	free(ic);
	status_free(&s);
	return rc;
}

static int show_main(struct args *a)
{
	struct kdump_call k = { 0 };
	struct err e = { 0 };
	int rc = kdump_next(&k, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	rc = kdump_ready(&k, &e);
	if (!rc)
		rc = show(&k.place, &e);
	return rc ? applet_fail(&e) : fflush(stdout) ? FAILED : DONE;
}
