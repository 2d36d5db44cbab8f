/* programs - with which words are the applets called that save log and memory? */
/* SPDX-License-Identifier: MIT */
#include "boot/programs.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/lastword.h"
#include "boot/pid1.h"
#include "boot/pstore.h"
#include "boot/server.h"
#include "http/url.h"

static const char vmcore[] = "/proc/vmcore", pstore[] = "/sys/fs/pstore";

static void add(struct program *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct program *p, const char *fmt, ...)
{
	char *text = p->texts[p->nr_texts++];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(p->texts[0]), fmt, ap);
	va_end(ap);
	p->words[p->n++] = text;
}

/* A file of the dump, behind an option with its '='. */
static void add_place(struct program *p, const char *option, const struct attempt *a, const char *file)
{
	char place[2200];

	target_file(a, file, place, sizeof(place));
	add(p, "%s%s", option, place);
}

/* A word and its value, if there is one. */
static void add_option(struct program *p, const char *name, const char *value)
{
	if (!value[0])
		return;
	p->words[p->n++] = name;
	p->words[p->n++] = value;
}

static void add_web(struct program *p, const struct attempt *a)
{
	const struct target_opts *o = &a->target.opts;
	struct url url;

	p->words[p->n++] = "--retry-max-time=60";
	add_option(p, "-F", o->http_form);
	if (!strcmp(o->tus, "yes"))
		p->words[p->n++] = "--tus";
	if (server_has_endpoint(&a->target) && !url_parse(&url, a->target.device, NULL))
		add(p, "--endpoint=%s", url.path);
	add_option(p, "--cacert", o->cacert);
	add_option(p, "--pinnedpubkey", o->pinnedpubkey);
	add_option(p, "--bearer-file", o->bearer_file);
	add_option(p, "--cert", o->client_cert);
	add_option(p, "--key", o->client_key);
	add_option(p, "-x", o->proxy);
}

static void add_store(struct program *p, const struct target_opts *o)
{
	p->words[p->n++] = "--retry-max-time=60";
	add_option(p, "--cacert", o->cacert);
	add_option(p, "--pinnedpubkey", o->pinnedpubkey);
	add_option(p, "--s3-credentials", o->s3_credentials);
	add_option(p, "--s3-region", o->s3_region);
	add_option(p, "--s3-style", o->s3_style);
	add_option(p, "--cert", o->client_cert);
	add_option(p, "--key", o->client_key);
	add_option(p, "-x", o->proxy);
}

/* How to log in on a server. */
static void add_login(struct program *p, const struct attempt *a)
{
	const struct target_opts *o = &a->target.opts;
	const char *known[SERVER_KNOWN_MAX];
	size_t n;

	if (a->target.kind == TARGET_HTTP)
		add_web(p, a);
	if (a->target.kind == TARGET_S3)
		add_store(p, o);
	if (a->target.kind != TARGET_SSH)
		return;
	/* The next target may be better, and the log of the step says why. */
	p->words[p->n++] = "--tries=3";
	p->words[p->n++] = "--connect-timeout=30";
	add_option(p, "-i", o->sshkey);
	add_option(p, "--pin", o->host_key);
	n = server_known(&a->target, known);
	for (size_t i = 0; i < n; i++)
		add_option(p, "--known-hosts", known[i]);
}

void program_dmesg(struct program *p, const struct attempt *a)
{
	*p = (struct program){ .words = { "vmcore-dmesg" }, .n = 1 };
	if (a->target.kind == TARGET_RAW)
		add(p, "--output=%s", a->vmcore);
	else
		add_place(p, "--output=", a, "vmcore-dmesg.txt");
	add_login(p, a);
	p->words[p->n++] = vmcore;
}

void program_vmcore(struct program *p, const struct attempt *a)
{
	const struct target_opts *c = &a->target.opts;

	*p = (struct program){ .words = { "save", "-d" }, .n = 2 };
	add(p, "%d%s%s", c->dump_level, c->next_levels[0] ? "," : "", c->next_levels);
	add(p, "--compress=%s", c->compress);
	if (c->threads)
		add(p, "--threads=%d", c->threads);
	if (!strcmp(c->digest, "sha256"))
		p->words[p->n++] = "--digest=sha256";
	if (a->target.kind != TARGET_RAW) {
		add_place(p, "--kernel-log=", a, "kexec-dmesg.log");
		add_place(p, "--manifest=", a, "manifest.json");
	}
	add_login(p, a);
	p->words[p->n++] = vmcore;
	p->words[p->n++] = a->vmcore;
}

int run_dmesg(void *arg, struct step_out *out)
{
	struct program p;

	program_dmesg(&p, arg);
	return pid1_exec_applet(p.words, &out->err);
}

int run_vmcore(void *arg, struct step_out *out)
{
	struct program p;

	program_vmcore(&p, arg);
	return pid1_exec_applet(p.words, &out->err);
}

static int upload(void *arg)
{
	struct err e = { 0 };

	pid1_exec_applet(((struct program *)arg)->words, &e);
	return 127;
}

/* Each file by a call of its own: there are few, and mostly none. */
static int upload_pstore(const struct attempt *a, struct err *e)
{
	DIR *d = opendir(pstore);
	struct dirent *de;
	int sent = 0, rc = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, -errno, "open %s", pstore);
	while ((de = readdir(d)) && sent < PSTORE_FILES_MAX) {
		struct program p = { .words = { "upload" }, .n = 1 };
		struct child_spec spec = { .run = upload, .arg = &p };
		struct child_result r;
		char file[300];
		bool there;

		if (de->d_type == DT_DIR)
			continue;
		snprintf(file, sizeof(file), "pstore/%s", de->d_name);
		add_login(&p, a);
		add(&p, "%s/%s", pstore, de->d_name);
		add_place(&p, "", a, file);
		r = child_run(&spec);
		there = r.end == CHILD_EXITED && (r.value == 0 || r.value == 3);	/* 3: DEGRADED, it is there */
		sent += there;
		if (!there && !rc)
			rc = err_say(e, -EIO, "upload %s: the log says why", file);
	}
	closedir(d);
	return rc ? rc : sent;
}

int run_pstore(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	char to[sizeof(a->dir) + 16];
	int n;

	snprintf(to, sizeof(to), "%s/pstore", a->dir);
	n = target_is_mounted(&a->target) ? pstore_copy(pstore, to, &out->err) : upload_pstore(a, &out->err);
	if (n < 0)
		return n;
	snprintf(out->note, sizeof(out->note), "%d files", n);
	return 0;
}

int run_reason(void *arg, struct step_out *out)
{
	(void)arg;
	return !lastword_find("save", out->text, sizeof(out->text));
}
