/* programs - with which words are the applets called that save log and memory? */
/* SPDX-License-Identifier: MIT */
#include "boot/programs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/lastword.h"
#include "boot/pid1.h"
#include "boot/pstore.h"

static const char vmcore[] = "/proc/vmcore";

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

void program_dmesg(struct program *p, const struct attempt *a)
{
	*p = (struct program){ .words = { "vmcore-dmesg" }, .n = 1 };
	if (a->target.kind == TARGET_RAW)
		add(p, "--output=%s", a->vmcore);
	else
		add(p, "--output=%s/vmcore-dmesg.txt", a->dir);
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
		add(p, "--kernel-log=%s/kexec-dmesg.log", a->dir);
		add(p, "--manifest=%s/manifest.json", a->dir);
	}
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

int run_pstore(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	char to[sizeof(a->dir) + 16];
	int n;

	snprintf(to, sizeof(to), "%s/pstore", a->dir);
	n = pstore_copy("/sys/fs/pstore", to, &out->err);
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
