/* save - save a crashed kernel's memory, filtered and compressed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "applet.h"
#include "base/io.h"
#include "dump/dmesg.h"
#include "dump/manifest.h"
#include "dump/save.h"
#include "http/httpopts.h"
#include "http/s3opts.h"
#include "sink/http.h"
#include "sink/remote.h"
#include "sink/s3.h"
#include "ssh/loginopts.h"

enum { OPT_THREADS = 256, OPT_DMESG, OPT_MANIFEST, OPT_KERNEL_LOG, OPT_DIGEST, OPT_FORMAT };

static const struct opt save_opts[] = {
	{ 'd', "dump-level", "N[,N]", "leave out: 1 zero, 2 cache, 4 private cache, 8 user, 16 free (default 31); "
	  "further levels are tried where it does not fit" },
	{ 'c', "compress", "CODEC", "zstd, zlib, zlib-fast, lzo or none (default zstd)" },
	{ 'f', "force", NULL, "overwrite OUT" },
	{ OPT_THREADS, "threads", "N", "threads that compress (default: one per CPU, as memory allows)" },
	{ OPT_FORMAT, "format", "NAME", "kdump or elf (default kdump); elf is not compressed" },
	{ OPT_DIGEST, "digest", "NAME", "xxh64 or sha256 for the manifest (default xxh64)" },
	{ OPT_DMESG, "dmesg", "FILE", "save the kernel log there first" },
	{ OPT_KERNEL_LOG, "kernel-log", "FILE", "save the log of the running kernel there, after the dump" },
	{ OPT_MANIFEST, "manifest", "FILE", "write what was saved and its checksums there, last" },
	LOGIN_OPTS,
	HTTP_OPTS,
	S3_OPTS,
	APPLET_OPTS_END
};
APPLET(save, "save", "save a crashed kernel's memory, filtered and compressed", "VMCORE OUT");

enum { PROGRESS_MS = 3000, MIB = 1 << 20, MAX_LOG = 4 << 20, MAX_LEVELS = 8 };

static struct {
	struct save         save;
	struct save_request rq;
	const char         *dmesg, *kernel_log, *manifest;
	unsigned            levels[MAX_LEVELS];
	uint64_t            began, last, last_done;
	struct ssh_login    login;
	struct remote_url   where;	/* of the machine to which remote leads */
	struct remote      *remote;
	const struct sink  *dump;	/* while it is open; for progress */
	struct http_place   web;
	struct s3_place     store;
} job;

static atomic_int stop;

/* The deadline of whoever started us: end the dump so that it can be read. */
static void on_term(int sig)
{
	(void)sig;
	atomic_store(&stop, 1);
}

static void progress(void *ctx)
{
	const struct save *s = &job.save;
	uint64_t now = now_ms(), done = atomic_load(&job.save.pipeline.done), all = s->filter.kept, rate, left;
	unsigned shift = s->kernel.src.page_shift;
	char there[48] = "";

	(void)ctx;
	if (now - job.last < PROGRESS_MS || !all || done == job.last_done)
		return;
	rate = (done - job.last_done) * 1000 / (now - job.last);
	left = rate ? (all - done) / rate : 0;
	job.last = now;
	job.last_done = done;
	if (job.remote || job.store.s)
		snprintf(there, sizeof(there), "; %llu MiB acknowledged", (unsigned long long)job.dump->acked / MIB);
	log_info("%llu%%, %llu of %llu MiB, %llu MiB/s, %llu s left%s", (unsigned long long)(done * 100 / all),
		 (unsigned long long)(done << shift) / MIB, (unsigned long long)(all << shift) / MIB,
		 (unsigned long long)(rate << shift) / MIB, (unsigned long long)left, there);
}

static void say(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	log_line(warning ? LOG_WARN : LOG_INFO, "%s", text);
}

static void say_login(void *arg, const char *line)
{
	(void)arg;
	log_info("%s", line);
}

/* The machine of a URL: one connection serves all files of a dump. */
static int reach(const struct remote_url *url, struct err *e)
{
	if (job.remote && !strcmp(job.where.host, url->host) && !strcmp(job.where.user, url->user) &&
	    job.where.port == url->port)
		return 0;
	remote_free(job.remote);
	job.remote = NULL;
	job.where = *url;
	job.login.say = say_login;
	return remote_ssh(&job.remote, &job.login, url, e);
}

/* Any file of the dump, here or on another machine. */
static int open_file(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e)
{
	struct remote_url url;
	int rc;

	if (s3_is_url(to))
		return s3_place_open(&job.store, &job.web.options, out, to, stamp, HTTP_UNKNOWN, replace, e);
	if (url_is_http(to))
		return http_place_open(&job.web, out, to, stamp, HTTP_UNKNOWN, replace, e);
	if (!remote_is_url(to))
		return sink_open(out, to, stamp, replace, e);
	rc = remote_parse(to, &url, e);
	if (!rc)
		rc = reach(&url, e);
	return rc ? rc : remote_sink_open(out, job.remote, &url, replace, e);
}

/* The dump itself, which goes as a stream through a command and by HTTP. */
static int open_dump(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e)
{
	int rc = open_file(out, to, stamp, replace, e);
	struct sink *inner;

	job.dump = *out;
	if (rc || (strncmp(to, "ssh:", 4) && !url_is_http(to)))
		return rc;
	inner = *out;
	rc = flat_sink_open(out, inner, e);
	if (rc)
		sink_close(inner);
	return rc;
}

static int set_codec(const char *name, struct err *e)
{
	size_t n = 0;
	const char *near;

	if (!strcmp(name, "snappy")) {
		log_warn("snappy is not in this program: lzo instead, which every reader has and is as fast");
		name = "lzo";
	}
	job.rq.codec = codec_find(name);
	if (job.rq.codec)
		return 0;
	while (codec_names[n])
		n++;
	near = nearest_name(name, codec_names, n);
	return err_say(e, -EINVAL, "unknown compression '%.20s'%s%s", name,
		       near ? "; did you mean " : "; zstd, zlib, zlib-fast, lzo and none are known", near ? near : "");
}

static int set_levels(const char *list, struct err *e)
{
	int n = level_list(list, job.levels, MAX_LEVELS, e);

	if (n < 0)
		return n;
	job.rq.level = job.levels[0];
	job.rq.next_levels = job.levels + 1;
	job.rq.nr_next_levels = (size_t)n - 1;
	return 0;
}

static int take_option(int id, const char *value, struct err *e)
{
	unsigned long long n = 0;
	int rc = login_option(&job.login, id, value, e) ?: http_option(&job.web.options, id, value, e) ?:
		 s3_option(&job.store.options, id, value, e);

	if (rc)
		return rc < 0 ? rc : 0;
	switch (id) {
	case 'd':
		return set_levels(value, e);
	case 'c':
		return set_codec(value, e);
	case OPT_THREADS:
		rc = parse_number(value, "threads", 1, 256, &n, e);
		job.rq.threads = (unsigned)n;
		return rc;
	case OPT_FORMAT:
		job.rq.format = strcmp(value, "elf") ? FORMAT_KDUMP : FORMAT_ELF;
		if (job.rq.format == FORMAT_KDUMP && strcmp(value, "kdump"))
			return err_say(e, -EINVAL, "unknown format '%.20s': kdump and elf are known", value);
		return 0;
	case OPT_DIGEST:
		job.rq.digest = strcmp(value, "sha256") ? DIGEST_XXH64 : DIGEST_SHA256;
		if (strcmp(value, digest_names[job.rq.digest]))
			return err_say(e, -EINVAL, "unknown digest '%.20s': xxh64 and sha256 are known", value);
		return 0;
	case 'f':
		job.rq.replace = true;
		return 0;
	case OPT_DMESG:
		job.dmesg = value;
		return 0;
	case OPT_KERNEL_LOG:
		job.kernel_log = value;
		return 0;
	default:
		job.manifest = value;
		return 0;
	}
}

/* How much of a name may be told: the query of a URL can be a secret. */
static int shown(const char *to)
{
	return (int)(url_is_http(to) ? strcspn(to, "?") : strlen(to));
}

static void save_dmesg(void)
{
	struct err e = { 0 };
	struct printk_report said;
	struct kernel k;
	struct sink *sink = NULL;
	struct ack ack;
	int rc = kernel_open(&k, job.rq.vmcore, &e);

	if (!rc) {
		rc = open_file(&sink, job.dmesg, k.crash_time, job.rq.replace, &e);
		if (!rc)
			rc = dmesg_put(&k, sink, NULL, &said, &ack, &e);
		sink_close(sink);
		kernel_close(&k);
	}
	if (rc) {
		log_warn("no kernel log: %s", e.msg);
		return;
	}
	if (said.searched)
		log_warn("the kernel log is not where vmcoreinfo says; found in the kernel image");
	if (said.lost)
		log_warn("%llu records of the kernel log are damaged", (unsigned long long)said.lost);
	log_info("saved %llu records of the kernel log to %.*s", (unsigned long long)said.records, shown(job.dmesg), job.dmesg);
}

/* The log of the kernel that runs now tells what the dump cannot. */
static void save_kernel_log(void)
{
	int size = klogctl(10 /* SYSLOG_ACTION_SIZE_BUFFER, syslog(2) */, NULL, 0), len;
	struct sink *sink = NULL;
	struct err e = { 0 };
	struct ack ack;
	char *buf;
	int rc;

	buf = size > 0 && size <= MAX_LOG ? malloc((size_t)size) : NULL;
	len = buf ? klogctl(3 /* SYSLOG_ACTION_READ_ALL */, buf, size) : -1;
	rc = len < 0 ? err_set(&e, -errno, "read the running kernel's log") : 0;
	if (!rc)
		rc = open_file(&sink, job.kernel_log, 0, job.rq.replace, &e);
	if (!rc)
		rc = sink_write(sink, 0, buf, (size_t)len, &e);
	if (!rc)
		rc = sink_commit(sink, &ack, &e);
	if (rc)
		log_warn("%s", e.msg);
	sink_close(sink);
	free(buf);
}

/* Returns 0 or a negative errno, -ENOSPC where the checksums do not fit. */
static int put_manifest(const char *to, bool with_sums, struct err *e)
{
	char name[512];
	const char *slash;
	struct sink *sink;
	struct ack ack;
	int rc = open_file(&sink, to, job.save.kernel.crash_time, job.rq.replace, e);

	if (rc)
		return rc;
	snprintf(name, sizeof(name), "%.*s", shown(job.rq.to), job.rq.to);
	slash = strrchr(name, '/');
	rc = manifest_write(&job.save, slash ? slash + 1 : name, with_sums, sink, e);
	if (!rc)
		rc = sink_commit(sink, &ack, e);
	sink_close(sink);
	return rc;
}

static int save_manifest(void)
{
	static char entry[512];
	struct err e = { 0 };
	int rc;

	if (!strncmp(job.rq.to, "raw:", 4)) {
		snprintf(entry, sizeof(entry), "%s#manifest.json", job.rq.to);
		job.manifest = entry;
	}
	if (!job.manifest || !job.save.format.ops)
		return 0;
	rc = put_manifest(job.manifest, true, &e);
	if (sink_is_full(rc) && !strncmp(job.manifest, "raw:", 4))
		rc = put_manifest(job.manifest, false, &e);
	if (rc)
		log_warn("no manifest: %s", e.msg);
	return rc;
}

static int report(int rc, const struct err *e, int manifest_rc)
{
	const struct save *s = &job.save;
	uint64_t ms = now_ms() - job.began;

	if (rc) {
		log_error("%s: %s%s", verdict_names[s->verdict], e->msg,
			  s->verdict == VERDICT_INCOMPLETE ? "; what is there can be read" : "");
		return FAILED;
	}
	log_info("%s: %.*s, %llu KiB, %llu pages at dump level %u, %llu.%03llu s (filter %llu ms, data %llu ms)",
		 verdict_names[s->verdict], shown(job.rq.to), job.rq.to, (unsigned long long)s->size >> 10,
		 (unsigned long long)s->format.ops->saved(&s->format), s->level, (unsigned long long)ms / 1000,
		 (unsigned long long)ms % 1000, (unsigned long long)s->ms[PHASE_FILTER],
		 (unsigned long long)s->ms[PHASE_DATA]);
	if (remote_is_url(job.rq.to) || url_is_http(job.rq.to) || s3_is_url(job.rq.to))
		log_info("acknowledged: L%d, %s", s->ack.level, ack_words[s->ack.level]);
	if (s->verdict == VERDICT_DEGRADED)
		log_warn("%s", s->why.msg);
	/* A server that cannot sync, a store that does not let us look: what it has may not outlive it. */
	if (s->verdict == VERDICT_SENT && (remote_is_url(job.rq.to) || s3_is_url(job.rq.to)))
		return DEGRADED;
	return s->verdict >= VERDICT_SENT && !manifest_rc ? DONE : DEGRADED;
}

static int save_main(struct args *a)
{
	struct sigaction sa = { .sa_handler = on_term };
	struct err e = { 0 };
	int id, rc, manifest_rc;

	job.rq = (struct save_request){ .level = LEVEL_MAX, .codec = codec_find("zstd"), .stop = &stop,
					.tick = progress, .say = say, .open = open_dump };
	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		if (take_option(id, a->value, &e))
			return applet_usage(&e);
	}
	if (!id && a->nr_operands != 2)
		id = err_say(&e, -EINVAL, "VMCORE and OUT are wanted; see --help");
	if (id < 0)
		return applet_usage(&e);
	if (job.rq.format == FORMAT_ELF)
		job.rq.codec = codec_find("none");
	job.rq.vmcore = a->operands[0];
	job.rq.to = a->operands[1];
	job.began = job.last = now_ms();
	job.web.options.say = say_login;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGXFSZ, SIG_IGN);		/* a file size limit is an error of write(2), not a death, */
	signal(SIGPIPE, SIG_IGN);		/* and so is a reader that went away */
	if (job.dmesg)
		save_dmesg();
	rc = save_run(&job.save, &job.rq, &e);
	if (job.kernel_log)
		save_kernel_log();
	manifest_rc = save_manifest();
	rc = report(rc, &e, manifest_rc);
	save_free(&job.save);
	remote_free(job.remote);
	http_place_close(&job.web);
	s3_place_close(&job.store);
	return rc;
}
