/* info - what is in a dump, and whether it can be relied on. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "applet.h"
#include "base/json.h"
#include "dump/inspect.h"

enum { OPT_VERIFY = 256, OPT_JSON, MAX_PROBLEMS = 20 };

static const struct opt info_opts[] = {
	{ OPT_VERIFY, "verify", NULL, "unpack each page, compare the checksums of the manifest beside it" },
	{ OPT_JSON, "json", NULL, "print JSON" },
	APPLET_OPTS_END
};
APPLET(info, "info", "show what is in a dump, and check it", "FILE");

static struct {
	struct inspection i;
	uint64_t          problems;
	const char       *path;
	bool              verify;
} job;

static const char *const states[] = { "complete", "incomplete", "damaged" };

static void problem(void *ctx, const char *line)
{
	(void)ctx;
	if (job.problems++ < MAX_PROBLEMS)
		log_warn("%s: %s", job.path, line);
	else if (job.problems == MAX_PROBLEMS + 1)
		log_warn("%s: more problems follow, which are only counted", job.path);
}

/* ---- text ---- */

static void row(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line; bytes of the dead kernel that a terminal could obey are replaced. */
static void row(const char *name, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	printf("%-12s%s\n", name, text);
}

static unsigned long long mib(uint64_t pages)
{
	return (unsigned long long)(pages << job.i.k.src.page_shift) >> 20;
}

static void level_text(unsigned level, char *out, size_t size)
{
	static const char *const names[] = { "zero", "cache", "private cache", "user", "free" };
	const char *comma = " (without ";
	size_t n = (size_t)snprintf(out, size, "%u", level);

	for (unsigned bit = 0; bit < 5; bit++)
		if (level >> bit & 1) {
			n += (size_t)snprintf(out + n, size - n, "%s%s", comma, names[bit]);
			comma = ", ";
		}
	if (n > 2 && level & 31)
		snprintf(out + n, size - n, ")");
}

static void show_pages(void)
{
	const struct census *c = &job.i.census;
	char mix[160] = "";
	size_t n = 0;

	row("memory", "%llu MiB, %llu pages of %u bytes", mib(source_nr_pages(&job.i.k.src)),
	    (unsigned long long)source_nr_pages(&job.i.k.src), 1U << job.i.k.src.page_shift);
	row("kept", "%llu MiB, %llu pages", mib(c->kept), (unsigned long long)c->kept);
	for (int k = 0; k < NR_CENSUS; k++) {
		uint64_t pages = c->by_codec[k] - (k == CENSUS_RAW ? c->zero : 0);

		if (pages && n < sizeof(mix))
			n += (size_t)snprintf(mix + n, sizeof(mix) - n, "%s%llu %s", n ? ", " : "",
					      (unsigned long long)pages, census_names[k]);
	}
	if (job.i.file)
		row("packed", "%s%s%llu zero; %llu KiB", mix, n ? ", " : "", (unsigned long long)c->zero,
		    (unsigned long long)c->packed_bytes >> 10);
	if (c->absent)
		row("missing", "%llu pages were not saved", (unsigned long long)c->absent);
	for (size_t g = 0; g < c->nr_gaps && g < 8; g++)
		row("", "page frames %#llx to %#llx", (unsigned long long)c->gaps[g].start,
		    (unsigned long long)c->gaps[g].end);
	if (c->damaged || c->unknown)
		row("damaged", "%llu pages, and %llu that cannot be checked", (unsigned long long)c->damaged,
		    (unsigned long long)c->unknown);
}

static void show_kernel(void)
{
	const struct kernel *k = &job.i.k;
	time_t when = (time_t)k->crash_time;
	char text[200];
	struct tm tm;

	row("release", "%s %s", k->uts[2], k->uts[4]);
	if (k->uts[1][0])
		row("host", "%s", k->uts[1]);
	if (job.i.build_id[0])
		row("build id", "%s", job.i.build_id);
	if (k->crash_time && gmtime_r(&when, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		row("crashed at", "%s", text);
	if (job.i.panic[0])
		row("panic", "%s", job.i.panic);
	else
		row("panic", "unknown: %s", job.i.no_log.code ? job.i.no_log.msg : "no such line in the kernel log");
	row("CPUs", "%u", k->notes.nr_cpus);
	if (k->src.head) {
		level_text(k->src.head->level, text, sizeof(text));
		row("dump level", "%s", text);
	}
	if (k->doubt[0])
		row("doubt", "%s", k->doubt);
}

static void show_text(enum soundness state)
{
	const struct inspection *i = &job.i;
	const struct bytes *b = i->bytes;

	row("file", "%s", job.path);
	row("format", "%s%s", i->file ? "kdump-compressed, version 6" : "ELF core", b->flat ? ", flattened" : "");
	if (!b->flat && i->beside.size > b->file_size)
		row("size", "%llu bytes of %llu: cut", (unsigned long long)b->file_size,
		    (unsigned long long)i->beside.size);
	else
		row("size", "%llu bytes", (unsigned long long)b->file_size);
	if (b->flat)
		row("stream", "%llu records, %s", (unsigned long long)b->nr_records, b->cut ? "cut" : "whole");
	if (i->file && i->file->head.split)
		row("part", "page frames %#llx to %#llx of %#llx: one of several files",
		    (unsigned long long)i->file->head.start_pfn, (unsigned long long)i->file->head.end_pfn,
		    (unsigned long long)i->file->head.max_pfn);
	show_kernel();
	show_pages();
	if (i->beside.parts)
		row("parts", "this is number %llu of %llu", (unsigned long long)i->beside.part,
		    (unsigned long long)i->beside.parts);
	if (i->beside.text)
		row("manifest", "%s: %s%s%s", i->beside.from, i->beside.verdict,
		    i->beside.reason[0] ? ": " : "", i->beside.reason);
	if (i->extents.all)
		row("checksums", "%llu extents are as they were written, %llu damaged, %llu cut off (%s)",
		    (unsigned long long)(i->extents.all - i->extents.bad - i->extents.missing),
		    (unsigned long long)i->extents.bad, (unsigned long long)i->extents.missing,
		    i->extents.algorithm);
	row("state", "%s%s%s", states[state], job.verify && (i->file || i->extents.all) ? ", verified" : "",
	    inspect_part_whole(i) ? ": this part is whole, the others are not in it" : "");
}

/* ---- JSON ---- */

static void json_text_member(const char *name, const char *value)
{
	printf("  \"%s\": ", name);
	json_put(stdout, value);
	printf(",\n");
}

static void json_number(const char *name, uint64_t value)
{
	printf("  \"%s\": %llu,\n", name, (unsigned long long)value);
}

static void show_json(enum soundness state)
{
	const struct inspection *i = &job.i;
	const struct kernel *k = &i->k;
	const struct census *c = &i->census;

	printf("{\n");
	json_text_member("file", job.path);
	json_text_member("format", i->file ? "kdump-compressed" : "elf");
	printf("  \"flattened\": %s,\n  \"cut\": %s,\n  \"incomplete\": %s,\n  \"verified\": %s,\n",
	       i->bytes->flat ? "true" : "false", i->bytes->cut ? "true" : "false",
	       k->src.incomplete ? "true" : "false", job.verify ? "true" : "false");
	json_number("size", i->bytes->file_size);
	json_text_member("release", k->uts[2]);
	json_text_member("machine", k->uts[4]);
	json_text_member("build_id", i->build_id);
	json_number("crash_time", k->crash_time);
	json_text_member("panic", i->panic);
	json_number("cpus", k->notes.nr_cpus);
	if (k->src.head) {
		json_number("level", k->src.head->level);
		json_number("status", k->src.head->status);
	}
	if (k->src.head && k->src.head->split)
		printf("  \"part\": [%llu, %llu],\n  \"part_whole\": %s,\n",
		       (unsigned long long)k->src.head->start_pfn, (unsigned long long)k->src.head->end_pfn,
		       inspect_part_whole(i) ? "true" : "false");
	json_number("phys_base", k->vtop.phys_base);
	json_text_member("doubt", k->doubt);
	printf("  \"pages\": { \"size\": %u, \"ram\": %llu, \"kept\": %llu, \"zero\": %llu, \"absent\": %llu, "
	       "\"damaged\": %llu, \"unchecked\": %llu, \"packed_bytes\": %llu },\n  \"packed\": {",
	       1U << k->src.page_shift, (unsigned long long)source_nr_pages(&k->src),
	       (unsigned long long)c->kept, (unsigned long long)c->zero, (unsigned long long)c->absent,
	       (unsigned long long)c->damaged, (unsigned long long)c->unknown, (unsigned long long)c->packed_bytes);
	for (int n = 0; n < NR_CENSUS; n++)
		printf("%s \"%s\": %llu", n ? "," : "", census_names[n], (unsigned long long)c->by_codec[n]);
	printf(" },\n  \"absent\": [");
	for (size_t n = 0; n < c->nr_gaps; n++)
		printf("%s [%llu, %llu]", n ? "," : "", (unsigned long long)c->gaps[n].start,
		       (unsigned long long)c->gaps[n].end);
	printf(" ],\n");
	json_text_member("manifest", i->beside.text ? i->beside.verdict : "");
	json_number("unreadable", i->beside.unreadable);
	printf("  \"extents\": { \"checked\": %llu, \"bad\": %llu, \"missing\": %llu },\n",
	       (unsigned long long)i->extents.all, (unsigned long long)i->extents.bad,
	       (unsigned long long)i->extents.missing);
	json_number("problems", job.problems);
	printf("  \"state\": \"%s\"\n}\n", states[state]);
}

static int info_main(struct args *a)
{
	static const int codes[] = { DONE, DEGRADED, FAILED };
	struct err e = { 0 };
	enum soundness state;
	bool json = false;
	int id;

	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		if (id == OPT_VERIFY)
			job.verify = true;
		else
			json = true;
	}
	if (!id && a->nr_operands != 1)
		id = err_say(&e, -EINVAL, "one FILE is wanted; see --help");
	if (id < 0)
		return applet_usage(&e);
	job.path = a->operands[0];
	if (inspect_open(&job.i, job.path, job.verify, problem, NULL, &e))
		return applet_fail(&e);
	state = inspect_soundness(&job.i);
	if (json)
		show_json(state);
	else
		show_text(state);
	inspect_close(&job.i);
	if (fflush(stdout)) {
		err_set(&e, -errno, "write to standard output");
		return applet_fail(&e);
	}
	return codes[state];
}
