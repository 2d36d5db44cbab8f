/* makedumpfile - the dump filter under the name and with the options that every framework calls. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applet.h"
#include "base/io.h"
#include "base/version.h"
#include "dump/dmesg.h"
#include "dump/manifest.h"
#include "dump/memusage.h"
#include "dump/reassemble.h"
#include "dump/unflatten.h"

enum {
	OPT_THREADS = 256, OPT_MESSAGES, OPT_DMESG, OPT_PARTIAL, OPT_CHECK, OPT_DRY_RUN, OPT_STATS, OPT_NON_MMAP,
	OPT_SPLIT, OPT_REASSEMBLE, OPT_MEM_USAGE, OPT_VTOP, OPT_HARMLESS,
	OPT_ERASE, OPT_DISKSET, OPT_XEN,
};

static const struct opt makedumpfile_opts[] = {
	{ 'd', NULL, "N[,N]", "leave out: 1 zero, 2 cache, 4 private cache, 8 user, 16 free (default 0)" },
	{ 'c', NULL, NULL, "compress each page with zlib" },
	{ 'l', NULL, NULL, "with lzo" },
	{ 'z', NULL, NULL, "with zstd" },
	{ 'p', NULL, NULL, "with lzo and a warning: snappy is not in this program" },
	{ 'E', NULL, NULL, "write an ELF core" },
	{ 'F', NULL, NULL, "write a flattened dump to standard output" },
	{ 'R', NULL, NULL, "make DUMPFILE from a flattened dump on standard input" },
	{ OPT_SPLIT, "split", NULL, "into two or more DUMPFILEs, as many pages in each; beside each its .manifest.json" },
	{ OPT_REASSEMBLE, "reassemble", NULL, "make one of split ones: operands are the parts, then DUMPFILE" },
	{ 'f', NULL, NULL, "overwrite DUMPFILE" },
	{ 'L', NULL, "SIZE", "end the dump as incomplete when it gets larger (K, M, G)" },
	{ OPT_THREADS, "num-threads", "N", "threads that compress (default: one per CPU, as memory allows)" },
	{ OPT_MESSAGES, "message-level", "N", "1 progress, 2 common, 4 errors, 8 debug, 16 report (default 7)" },
	{ OPT_DMESG, "dump-dmesg", NULL, "write the kernel log instead of a dump" },
	{ OPT_PARTIAL, "partial-dmesg", NULL, "of that only what came after the last `dmesg --clear`" },
	{ OPT_MEM_USAGE, "mem-usage", NULL, "count the pages of /proc/kcore, or of a vmcore, by what they are for" },
	{ OPT_VTOP, "vtop", "ADDRESS", "print the physical address of a virtual one" },
	{ OPT_CHECK, "check-params", NULL, "only check the words of the call" },
	{ OPT_DRY_RUN, "dry-run", NULL, "do everything but write" },
	{ OPT_STATS, "show-stats", NULL, "report what was left out" },
	{ OPT_NON_MMAP, "non-mmap", NULL, "read VMCORE page by page; slow" },
	{ 'D', NULL, NULL, "debug messages" },
	{ 'b', NULL, "N", "no effect, as -e, -i, -x, -X, --cyclic-buffer, --splitblock-size, --work-dir" },
	{ 'e', NULL, NULL, NULL }, { 'X', NULL, NULL, NULL },
	{ 'i', NULL, "FILE", NULL }, { 'x', NULL, "FILE", NULL },
	{ OPT_HARMLESS, "cyclic-buffer", "KIB", NULL }, { OPT_HARMLESS, "work-dir", "DIR", NULL },
	{ OPT_HARMLESS, "splitblock-size", "KIB", NULL },
	{ 'v', NULL, NULL, "show the version" },
	{ 'g', NULL, "FILE", NULL }, { OPT_DISKSET, "diskset", "VMCORE", NULL },
	{ OPT_ERASE, "config", "FILE", NULL }, { OPT_ERASE, "eppic", "FILE", NULL }, { OPT_ERASE, "extension", "FILE", NULL },
	{ OPT_XEN, "xen-syms", "FILE", NULL }, { OPT_XEN, "xen-vmcoreinfo", "FILE", NULL },
	{ OPT_XEN, "xen_phys_start", "ADDRESS", NULL },
	APPLET_OPTS_END
};
APPLET(makedumpfile, "makedumpfile", "filter and compress a vmcore, called as the program of that name is",
       "[VMCORE] [DUMPFILE...]");

enum { SHOW_PROGRESS = 1, SHOW_COMMON = 2, SHOW_ERRORS = 4, SHOW_DEBUG = 8, SHOW_REPORT = 16, MAX_LEVELS = 8 };

/* What is made. */
enum mode { MODE_DUMP, MODE_DMESG, MODE_REARRANGE, MODE_REASSEMBLE, MODE_MEM_USAGE };

static struct {
	enum mode           mode;
	struct save         save;
	struct save_request rq;
	unsigned            levels[MAX_LEVELS];
	unsigned            show, more;		/* more: whatever --message-level says */
	unsigned            compressions;	/* options that name one */
	struct printk_form  log;
	bool                flat, split, check, dry_run, snappy, translate;
	unsigned long long  va;			/* to translate */
	char *const        *to;			/* DUMPFILEs of a split dump */
	size_t              nr_to;
	uint64_t            last_percent;
	FILE               *out;		/* messages; standard output is the dump with -F */
} job;

static void progress(void *ctx)
{
	uint64_t all = job.save.filter.kept, done = atomic_load(&job.save.pipeline.done), percent;

	(void)ctx;
	percent = all ? done * 100 / all : 100;
	/* On a terminal one line that changes; in a log file one line for each tenth. */
	if (!(job.show & SHOW_PROGRESS) || (!isatty(fileno(job.out)) && percent / 10 <= job.last_percent / 10))
		return;
	job.last_percent = percent;
	fprintf(job.out, "%sCopying data                                      : [%5.1f %%]%s",
		isatty(fileno(job.out)) ? "\r" : "", (double)percent, isatty(fileno(job.out)) ? "" : "\n");
	fflush(job.out);
}

static void say(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	if (warning ? job.show & SHOW_ERRORS : job.show & SHOW_DEBUG)
		log_line(warning ? LOG_WARN : LOG_INFO, "%s", text);
}

static int set_levels(const char *text, struct err *e)
{
	int n = level_list(text, job.levels, MAX_LEVELS, e);

	if (n < 0)
		return n;
	job.rq.level = job.levels[0];
	job.rq.next_levels = job.levels + 1;
	job.rq.nr_next_levels = (size_t)n - 1;
	return 0;
}

static int set_number(const char *text, const char *what, unsigned max, unsigned *out, struct err *e)
{
	unsigned long long n = *out;
	int rc = parse_number(text, what, 0, max, &n, e);

	*out = (unsigned)n;
	return rc;
}

static void set_codec(const char *name)
{
	job.rq.codec = codec_find(name);
	job.compressions++;
}

static int set_mode(enum mode mode, struct err *e)
{
	if (job.mode != MODE_DUMP && job.mode != mode)
		return err_say(e, -EINVAL, "more than one of -R, --dump-dmesg, --reassemble and --mem-usage");
	job.mode = mode;
	return 0;
}

/* Options of the original that are refused, and what to do instead. */
static const struct {
	int         id;
	const char *instead;
} refused[] = {
	{ 'g', "-g: leave it out: a vmcore brings its vmcoreinfo along, and that is used" },
	{ OPT_ERASE, "--config, --eppic, --extension: nothing is erased here: let the original filter the finished dump" },
	{ OPT_DISKSET, "--diskset: disks of sadump are read by the original only: what it makes of them is a VMCORE" },
	{ OPT_XEN, "--xen-syms, --xen-vmcoreinfo, --xen_phys_start: leave it out: pages of all domains are kept" },
};

static int refuse(int id, struct err *e)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i].id == id)
			return err_say(e, -EINVAL, "%s", refused[i].instead);
	return 0;		/* without effect */
}

static int take_option(int id, const char *value, struct err *e)
{
	switch (id) {
	case 'd': return set_levels(value, e);
	case 'L': return parse_size(value, "size limit", &job.rq.limit, e);
	case OPT_THREADS: return set_number(value, "number of threads", 1 << 20, &job.rq.threads, e);
	case OPT_MESSAGES: return set_number(value, "message level", 31, &job.show, e);
	case 'c': set_codec("zlib"); break;
	case 'l': set_codec("lzo"); break;
	case 'z': set_codec("zstd"); break;
	case 'p': set_codec("lzo"); job.snappy = true; break;
	case 'E': job.rq.format = FORMAT_ELF; break;
	case 'F': job.flat = true; break;
	case 'R': return set_mode(MODE_REARRANGE, e);
	case OPT_REASSEMBLE: return set_mode(MODE_REASSEMBLE, e);
	case OPT_MEM_USAGE: return set_mode(MODE_MEM_USAGE, e);
	case OPT_SPLIT: job.split = true; break;
	case 'f': job.rq.replace = true; break;
	case OPT_PARTIAL: job.log.since_clear = true; return set_mode(MODE_DMESG, e);
	case OPT_DMESG: return set_mode(MODE_DMESG, e);
	case OPT_CHECK: job.check = true; break;
	case OPT_DRY_RUN: job.dry_run = true; break;
	case OPT_STATS: job.more |= SHOW_REPORT; break;
	case 'D': job.more |= SHOW_DEBUG; break;
	case OPT_NON_MMAP: job.rq.no_mmap = true; break;
	case OPT_VTOP: job.translate = true; return parse_number(value, "virtual address", 0, UINT64_MAX, &job.va, e);
	default: return refuse(id, e);
	}
	return 0;
}

static int check_together(struct err *e)
{
	if (job.compressions > 1)
		return err_say(e, -EINVAL, "more than one of -c, -l, -p and -z");
	if (job.rq.format == FORMAT_ELF && job.compressions)
		return err_say(e, -EINVAL, "-E cannot be compressed");
	if (job.split && (job.rq.format == FORMAT_ELF || job.flat || job.mode != MODE_DUMP))
		return err_say(e, -EINVAL, "--split makes kdump-compressed files only: not with %s",
			       job.rq.format == FORMAT_ELF ? "-E" : job.flat ? "-F" : "another task");
	if (job.dry_run && job.mode != MODE_DUMP)
		return err_say(e, -EINVAL, "--dry-run is for dumps only");
	return 0;
}

/* The operands that a call wants. */
static const struct {
	int         min, max;
	const char *text;
} wanted[] = {
	[MODE_DUMP]       = { 2, 2, "VMCORE and DUMPFILE are" },
	[MODE_DMESG]      = { 2, 2, "VMCORE and LOGFILE are" },
	[MODE_REARRANGE]  = { 1, 1, "DUMPFILE is" },
	[MODE_REASSEMBLE] = { 3, SPLIT_MAX_PARTS + 1, "two or more parts and DUMPFILE are" },
	[MODE_MEM_USAGE]  = { 1, 1, "/proc/kcore is" },
};

static int check(const struct args *a, struct err *e)
{
	int min = wanted[job.mode].min, max = wanted[job.mode].max, rc = check_together(e);
	const char *text = wanted[job.mode].text;

	if (rc || (job.check && a->nr_operands == 0))
		return rc;
	if (job.split) {
		min = job.dry_run ? 1 : 3;
		max = SPLIT_MAX_PARTS + 1;
		text = "VMCORE and two or more DUMPFILEs are";
	} else if (job.dry_run || job.translate || (job.flat && job.mode <= MODE_DMESG)) {
		min = 1;
		max = job.flat ? 1 : 2;
		text = "VMCORE is";
	}
	if (a->nr_operands < min || a->nr_operands > max)
		return err_say(e, -EINVAL, "%s wanted, %d operands given; see --help", text, a->nr_operands);
	return 0;
}

/* With -F the text goes to standard output as it is: SUSE's frame reads it so. */
static int dump_dmesg(struct err *e)
{
	struct kernel k;
	int rc = kernel_open(&k, job.rq.vmcore, e);

	if (rc)
		return rc;
	if (job.flat) {
		rc = dmesg_print(&k, &job.log, e);
	} else {
		rc = dmesg_save(&k, job.rq.to, job.rq.replace, &job.log, NULL, e);
		if (!rc && job.show & SHOW_COMMON)
			fprintf(job.out, "\nThe dmesg log is saved to %s.\n", job.rq.to);
	}
	kernel_close(&k);
	return rc;
}

static void say_saved(void)
{
	if (!(job.show & SHOW_COMMON) || job.flat || job.dry_run)
		return;
	fprintf(job.out, job.nr_to ? "\nThe dumpfiles are saved to " : "\nThe dumpfile is saved to %s.\n", job.rq.to);
	for (size_t i = 0; i < job.nr_to; i++)
		fprintf(job.out, "%s%s", job.to[i], i + 2 < job.nr_to ? ", " : i + 2 == job.nr_to ? ", and " : ".\n");
}

static void report(void)
{
	const struct filter *f = &job.save.filter;
	uint64_t ram = source_nr_pages(&job.save.kernel.src);

	fprintf(job.out, "\nPages of RAM               : %#llx\n", (unsigned long long)ram);
	for (int c = PAGE_CACHE; c < NR_PAGE_CLASSES; c++)
		fprintf(job.out, "  excluded, %-15s: %#llx\n", page_class_names[c],
			(unsigned long long)f->excluded[c]);
	fprintf(job.out, "  excluded, zero           : %#llx\nKept                       : %#llx\n",
		(unsigned long long)(job.save.level & LEVEL_ZERO ? job.save.pipeline.zeros : 0),
		(unsigned long long)f->kept);
	fprintf(job.out, "Size of the dump           : %llu bytes\n", (unsigned long long)job.save.size);
}

/* save_request.open: several files in the place of one. */
static int open_parts(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e)
{
	int rc = parts_sink_open(out, job.to, job.nr_to, replace, e);

	(void)to;
	(void)stamp;
	for (size_t i = 0; i < job.nr_to && !rc; i++)
		manifest_forget(job.to[i]);
	return rc;
}

/* Beside each part. The dump is no worse without them. */
static void put_manifests(void)
{
	bool incomplete = job.save.verdict == VERDICT_INCOMPLETE;

	for (size_t i = 0; i < job.nr_to && job.save.verdict != VERDICT_FAILED; i++) {
		char path[PATH_MAX];
		struct err e = { 0 };

		snprintf(path, sizeof(path), "%s%s", job.to[i], incomplete ? "-incomplete" : "");
		if (manifest_put_part(&job.save, i, path, &e) && job.show & SHOW_ERRORS)
			log_warn("no manifest: %s", e.msg);
	}
}

static int dump(struct err *e)
{
	int rc = save_run(&job.save, &job.rq, e);

	put_manifests();
	job.last_percent = 0;
	if (!rc)
		progress(NULL);
	if (!rc && job.show & SHOW_PROGRESS && isatty(fileno(job.out)))
		fputc('\n', job.out);
	if (!rc && job.show & SHOW_REPORT)
		report();
	if (!rc && job.save.verdict == VERDICT_DEGRADED && job.show & SHOW_ERRORS)
		log_warn("%s", job.save.why.msg);
	if (rc)
		err_add(e, "%s", verdict_names[job.save.verdict]);
	else
		say_saved();
	save_free(&job.save);
	return rc;
}

/* In the words of the original; the steps between are its own. */
static int translate(struct err *e)
{
	struct kernel k;
	uint64_t run;
	paddr_t pa;
	int rc = kernel_open(&k, job.rq.vmcore, e);

	if (rc)
		return rc;
	rc = kernel_vtop(&k, job.va, &pa, &run);
	if (rc)
		err_say(e, rc, "virtual address %#llx is %s", job.va, rc == -ENXIO ? "not mapped" : "behind unreadable tables");
	else
		fprintf(job.out, "\nTranslating virtual address %llx to physical address.\nVIRTUAL           PHYSICAL\n"
			"%16llx  %llx\n\n", job.va, job.va, (unsigned long long)pa);
	kernel_close(&k);
	return rc;
}

static int mem_usage(struct err *e)
{
	struct mem_usage m;
	char table[1024];
	int rc = mem_usage_count(&m, job.rq.vmcore, job.rq.threads, say, NULL, e);

	if (!rc)
		fprintf(job.out, "%s\n", mem_usage_table(&m, table, sizeof(table)));
	return rc;
}

static int run(struct args *a, struct err *e)
{
	/* The words of argv, which are not const. */
	char *const *operands = (char *const *)a->operands;
	int last = a->nr_operands - 1, rc;

	if (job.snappy && job.show & SHOW_ERRORS)
		log_warn("snappy is not in this program: lzo compresses instead");
	job.show |= job.more;
	job.out = job.flat ? stderr : stdout;
	job.rq.vmcore = operands[0];
	job.rq.to = job.dry_run ? "null:" : job.flat ? "-" : operands[last];
	if (job.split && !job.dry_run) {
		job.to = operands + 1;
		job.nr_to = (size_t)last;
		job.rq.parts = (unsigned)last;
		job.rq.format = FORMAT_SPLIT;
		job.rq.open = open_parts;
	}
	switch (job.mode) {
	case MODE_REARRANGE:
	case MODE_REASSEMBLE:
		rc = job.mode == MODE_REARRANGE ? unflatten_file(STDIN_FILENO, job.rq.to, job.rq.replace, e)
						: reassemble(operands, (size_t)last, job.rq.to, job.rq.replace, say, NULL, e);
		if (!rc)
			say_saved();
		return rc;
	case MODE_DMESG: return dump_dmesg(e);
	case MODE_MEM_USAGE: return mem_usage(e);
	default:
		rc = job.translate ? translate(e) : 0;
		return rc || (job.translate && !last && !job.flat) ? rc : dump(e);
	}
}

static int makedumpfile_main(struct args *a)
{
	struct err e = { 0 };
	int id, rc;

	job.rq = (struct save_request){ .codec = codec_find("none"), .tick = progress, .say = say };
	job.log = (struct printk_form)PRINTK_AS_MAKEDUMPFILE;
	job.show = SHOW_PROGRESS | SHOW_COMMON | SHOW_ERRORS;
	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		if (id == 'v') {
			puts("makedumpfile: kdumpbox " KDUMPBOX_VERSION "\nlzo\tenabled\nsnappy\tdisabled\nzstd\tenabled");
			return DONE;
		}
		if (take_option(id, a->value, &e))
			return applet_fail(&e);
	}
	/* Like the original, which knows 0 and 1 only. */
	if (id < 0 || check(a, &e))
		return applet_fail(&e);
	if (job.check)
		return DONE;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	rc = run(a, &e);
	if (!rc && job.show & SHOW_COMMON && job.mode != MODE_MEM_USAGE)
		fprintf(job.out, "\nmakedumpfile Completed.\n");
	return rc ? applet_fail(&e) : DONE;
}
