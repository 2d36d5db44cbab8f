/* makedumpfile - the dump filter under the name and with the options that every framework calls. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applet.h"
#include "base/io.h"
#include "base/version.h"
#include "dump/dmesg.h"
#include "dump/save.h"
#include "dump/unflatten.h"

enum {
	OPT_THREADS = 256, OPT_MESSAGES, OPT_DMESG, OPT_PARTIAL, OPT_CHECK, OPT_DRY_RUN, OPT_STATS, OPT_NON_MMAP,
	OPT_HARMLESS,
};

static const struct opt makedumpfile_opts[] = {
	{ 'd', NULL, "N[,N]", "leave out: 1 zero, 2 cache, 4 private cache, 8 user, 16 free (default 0)" },
	{ 'c', NULL, NULL, "compress each page with zlib" },
	{ 'l', NULL, NULL, "with lzo" },
	{ 'z', NULL, NULL, "with zstd" },
	{ 'p', NULL, NULL, "with lzo, too: snappy is not in this program" },
	{ 'E', NULL, NULL, "write an ELF core" },
	{ 'F', NULL, NULL, "write a flattened dump to standard output" },
	{ 'R', NULL, NULL, "make DUMPFILE from a flattened dump on standard input" },
	{ 'f', NULL, NULL, "overwrite DUMPFILE" },
	{ 'L', NULL, "SIZE", "end the dump as incomplete when it gets larger (K, M, G)" },
	{ OPT_THREADS, "num-threads", "N", "threads that compress (default: one per CPU, as memory allows)" },
	{ OPT_MESSAGES, "message-level", "N", "1 progress, 2 common, 4 errors, 8 debug, 16 report (default 7)" },
	{ OPT_DMESG, "dump-dmesg", NULL, "write the kernel log instead of a dump" },
	{ OPT_PARTIAL, "partial-dmesg", NULL, "of that only what came after the last `dmesg --clear`" },
	{ OPT_CHECK, "check-params", NULL, "only check the words of the call" },
	{ OPT_DRY_RUN, "dry-run", NULL, "do everything but write" },
	{ OPT_STATS, "show-stats", NULL, "report what was left out" },
	{ OPT_NON_MMAP, "non-mmap", NULL, "accepted, as are -b, -D, -e, -i, -x, -X: without effect" },
	{ 'D', NULL, NULL, NULL }, { 'e', NULL, NULL, NULL }, { 'X', NULL, NULL, NULL }, { 'b', NULL, "N", NULL },
	{ 'i', NULL, "FILE", NULL }, { 'x', NULL, "FILE", NULL },
	{ OPT_HARMLESS, "cyclic-buffer", "KIB", NULL }, { OPT_HARMLESS, "work-dir", "DIR", NULL },
	{ OPT_HARMLESS, "splitblock-size", "KIB", NULL },
	{ 'v', NULL, NULL, "show the version" },
	APPLET_OPTS_END
};
APPLET(makedumpfile, "makedumpfile", "filter and compress a vmcore, called as the program of that name is",
       "[VMCORE] [DUMPFILE]");

enum { SHOW_PROGRESS = 1, SHOW_COMMON = 2, SHOW_ERRORS = 4, SHOW_DEBUG = 8, SHOW_REPORT = 16, MAX_LEVELS = 8 };

static struct {
	struct save         save;
	struct save_request rq;
	unsigned            levels[MAX_LEVELS];
	unsigned            show;
	struct printk_form  log;
	bool                flat, dmesg, check, dry_run, rearrange;
	unsigned            compressions;	/* options that name one */
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

static int set_limit(const char *text, struct err *e)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;

	if (end == text || (*end && (!unit || end[1])))
		return err_say(e, -EINVAL, "size limit '%.20s': a number with K, M or G behind it is wanted", text);
	job.rq.limit = unit ? n << (10 * (unit - units + 1)) : n;
	return 0;
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
	unsigned long long n;
	int rc = parse_number(text, what, 0, max, &n, e);

	if (!rc)
		*out = (unsigned)n;
	return rc;
}

static void set_codec(const char *name)
{
	job.rq.codec = codec_find(name);
	job.compressions++;
}

static int take_option(int id, const char *value, struct err *e)
{
	switch (id) {
	case 'd': return set_levels(value, e);
	case 'L': return set_limit(value, e);
	case OPT_THREADS: return set_number(value, "number of threads", 256, &job.rq.threads, e);
	case OPT_MESSAGES: return set_number(value, "message level", 31, &job.show, e);
	case 'c': set_codec("zlib"); break;
	case 'l': set_codec("lzo"); break;
	case 'z': set_codec("zstd"); break;
	case 'p': set_codec("lzo"); break;
	case 'E': job.rq.format = FORMAT_ELF; break;
	case 'F': job.flat = true; break;
	case 'R': job.rearrange = true; break;
	case 'f': job.rq.replace = true; break;
	case OPT_DMESG: job.dmesg = true; break;
	case OPT_PARTIAL: job.dmesg = job.log.since_clear = true; break;
	case OPT_CHECK: job.check = true; break;
	case OPT_DRY_RUN: job.dry_run = true; break;
	case OPT_STATS: job.show |= SHOW_REPORT; break;
	default: break;		/* without effect */
	}
	return 0;
}

static int check(const struct args *a, struct err *e)
{
	int wanted = job.flat || job.dry_run || job.rearrange ? 1 : 2;

	if (job.compressions > 1)
		return err_say(e, -EINVAL, "more than one of -c, -l, -p and -z");
	if (job.rq.format == FORMAT_ELF && job.compressions)
		return err_say(e, -EINVAL, "-E cannot be compressed");
	if (job.check && a->nr_operands == 0)
		return 0;
	if (a->nr_operands != wanted && !(job.dry_run && a->nr_operands == 2))
		return err_say(e, -EINVAL, "%s wanted, %d operands given; see --help",
			       job.rearrange ? "DUMPFILE is" : wanted == 1 ? "VMCORE is" :
			       "VMCORE and DUMPFILE are", a->nr_operands);
	return 0;
}

static int print(void *ctx, const char *text, size_t len)
{
	return fwrite(text, 1, len, ctx) == len ? 0 : -(errno ? errno : EIO);
}

/* With -F the text goes to standard output as it is: SUSE's frame reads it so. */
static int dump_dmesg(struct err *e)
{
	struct kernel k;
	int rc = kernel_open(&k, job.rq.vmcore, e);

	if (rc)
		return rc;
	if (job.flat) {
		rc = printk_write(&k, &job.log, print, stdout, NULL, e);
		if (!rc && fflush(stdout))
			rc = err_set(e, -errno, "write to standard output");
	} else {
		rc = dmesg_save(&k, job.rq.to, job.rq.replace, &job.log, NULL, e);
		if (!rc && job.show & SHOW_COMMON)
			fprintf(job.out, "\nThe dmesg log is saved to %s.\n", job.rq.to);
	}
	kernel_close(&k);
	return rc;
}

static int rearrange(const char *to, struct err *e)
{
	struct unflatten u;
	struct sink *sink;
	struct ack ack;
	int rc = sink_open(&sink, to, 0, job.rq.replace, e);

	if (rc)
		return rc;
	rc = unflatten(STDIN_FILENO, sink, &u, e);
	if (rc)
		sink_keep(sink, NULL);
	else
		rc = sink_commit(sink, &ack, e);
	sink_close(sink);
	if (rc == -ENODATA)
		err_add(e, "the stream is cut; `recover %s-incomplete OUT` makes the best of it", to);
	else if (!rc && job.show & SHOW_COMMON)
		fprintf(job.out, "\nThe dumpfile is saved to %s.\n", to);
	return rc;
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

static int dump(struct err *e)
{
	int rc = save_run(&job.save, &job.rq, e);

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
	else if (job.show & SHOW_COMMON && !job.flat && !job.dry_run)
		fprintf(job.out, "\nThe dumpfile is saved to %s.\n", job.rq.to);
	save_free(&job.save);
	return rc;
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
			puts("makedumpfile: kdumpbox " KDUMPBOX_VERSION);
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
	job.out = job.flat ? stderr : stdout;
	job.rq.vmcore = a->operands[0];
	job.rq.to = job.dry_run ? "null:" : job.flat ? "-" : a->operands[1];
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	rc = job.rearrange ? rearrange(a->operands[0], &e) : job.dmesg ? dump_dmesg(&e) : dump(&e);
	if (!rc && job.show & SHOW_COMMON)
		fprintf(job.out, "\nmakedumpfile Completed.\n");
	return rc ? applet_fail(&e) : DONE;
}
