/* vmcore-dmesg - print or save the crashed kernel's log. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applet.h"
#include "dump/dmesg.h"
#include "http/httpopts.h"
#include "http/s3opts.h"
#include "sink/http.h"
#include "sink/remote.h"
#include "sink/s3.h"
#include "ssh/loginopts.h"

static const struct opt vmcore_dmesg_opts[] = {
	{ 'o', "output", "FILE", "save to FILE, raw:DEV, sftp://USER@HOST/PATH or a URL of HTTP or S3 instead of printing" },
	{ 'f', "force", NULL, "overwrite FILE" },
	{ 'p', "partial", NULL, "only what came after the last `dmesg --clear`" },
	{ 'l', "level", NULL, "each record with its level and facility, <6>, as dmesg --raw" },
	{ 'c', "caller", NULL, "each record with the task or CPU that wrote it, [      T1]" },
	LOGIN_OPTS,
	HTTP_OPTS,
	S3_OPTS,
	APPLET_OPTS_END
};
APPLET(vmcore_dmesg, "vmcore-dmesg", "print or save the log of a crashed kernel", "VMCORE");

static int print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	return fwrite(text, 1, len, stdout) == len ? 0 : -(errno ? errno : EIO);
}

static void say(void *arg, const char *line)
{
	(void)arg;
	log_info("%s", line);
}

static int save_remote(struct kernel *k, const char *to, bool force, struct ssh_login *login,
		       const struct printk_form *how, struct printk_report *said, struct ack *ack, struct err *e)
{
	struct remote *remote = NULL;
	struct sink *sink = NULL;
	struct remote_url url;
	int rc = remote_parse(to, &url, e);

	login->say = say;
	if (!rc)
		rc = remote_ssh(&remote, login, &url, e);
	if (!rc)
		rc = remote_sink_open(&sink, remote, &url, force, e);
	if (!rc)
		rc = dmesg_put(k, sink, how, said, ack, e);
	sink_close(sink);
	remote_free(remote);
	return rc;
}

static int save_web(struct kernel *k, const char *to, bool force, struct http_place *web, struct s3_place *store,
		    const struct printk_form *how, struct printk_report *said, struct err *e)
{
	struct sink *sink = NULL;
	struct ack ack;
	int rc;

	web->options.say = say;
	rc = s3_is_url(to) ? s3_place_open(store, &web->options, &sink, to, k->crash_time, HTTP_UNKNOWN, force, e) :
	     http_place_open(web, &sink, to, k->crash_time, HTTP_UNKNOWN, force, e);
	if (!rc)
		rc = dmesg_put(k, sink, how, said, &ack, e);
	sink_close(sink);
	http_place_close(web);
	s3_place_close(store);
	return rc;
}

static int save(struct kernel *k, const char *to, bool force, struct ssh_login *login, struct http_place *web,
		struct s3_place *store, const struct printk_form *how, struct printk_report *said, struct ack *ack,
		struct err *e)
{
	char entry[512];
	int rc;

	if (!strncmp(to, "raw:", 4) && !strchr(to, '#')) {
		snprintf(entry, sizeof(entry), "%s#vmcore-dmesg.txt", to);
		to = entry;
	}
	if (url_is_http(to) || s3_is_url(to))
		rc = save_web(k, to, force, web, store, how, said, e);
	else if (remote_is_url(to))
		rc = save_remote(k, to, force, login, how, said, ack, e);
	else
		rc = dmesg_save(k, to, force, how, said, e);
	if (!rc)
		log_info("saved %llu records of the kernel log to %s", (unsigned long long)said->records, to);
	return rc;
}

static int vmcore_dmesg_main(struct args *a)
{
	struct printk_form how = { false };
	struct printk_report said = { 0 };
	struct ssh_login login = { 0 };
	struct http_place web = { 0 };
	struct s3_place store = { 0 };
	struct ack ack = { ACK_NONE };
	const char *to = NULL;
	bool force = false;
	struct err e = { 0 };
	struct kernel k;
	int id, rc;

	while ((id = args_next(a, &e)) > 0) {
		if (id == OPT_HELP)
			return applet_help();
		if ((login_option(&login, id, a->value, &e) ?: http_option(&web.options, id, a->value, &e) ?:
		     s3_option(&store.options, id, a->value, &e)) < 0)
			return applet_usage(&e);
		switch (id) {
		case 'o': to = a->value; break;
		case 'p': how.since_clear = true; break;
		case 'l': how.level = true; break;
		case 'c': how.caller = true; break;
		case 'f': force = true; break;
		}
	}
	if (!id && a->nr_operands != 1)
		id = err_say(&e, -EINVAL, "one VMCORE is wanted; see --help");
	if (id < 0)
		return applet_usage(&e);
	rc = kernel_open(&k, a->operands[0], &e);
	if (rc)
		return applet_fail(&e);
	if (to) {
		rc = save(&k, to, force, &login, &web, &store, &how, &said, &ack, &e);
	} else {
		rc = printk_write(&k, &how, print, NULL, &said, &e);
		if (!rc && fflush(stdout))
			rc = err_set(&e, -errno, "write to standard output");
	}
	if (said.searched)
		log_warn("%s: the log is not where vmcoreinfo says; found in the kernel image", a->operands[0]);
	if (said.lost)
		log_warn("%s: %llu records are damaged", a->operands[0], (unsigned long long)said.lost);
	if (rc)
		err_add(&e, "%s", a->operands[0]);
	kernel_close(&k);
	if (rc)
		return applet_fail(&e);
	/* A server that cannot sync: what it has may not outlive it. */
	return to && remote_is_url(to) && ack.level < ACK_NAMED ? DEGRADED : DONE;
}
