/* check - what of this system would keep a dump from being made? */
/* SPDX-License-Identifier: MIT */
#include "prod/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "boot/bootargs.h"
#include "boot/imageconf.h"
#include "prod/estimate.h"
#include "prod/status.h"

enum { LEAST_MIB = 64, LOCAL_MIB = 80, REMOTE_MIB = 96 };

const char *const check_words[] = { "ok", "warning", "failure" };

void check_tell(struct check *c, const char *name, enum verdict v, const char *remedy, const char *fmt, ...)
{
	struct finding f = { .name = name, .verdict = v, .remedy = v == CHECK_OK ? NULL : remedy };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	if (v > c->worst)
		c->worst = v;
	c->tell(c->ctx, &f);
}

/* ---- the reservation */

/* By kdump estimate; where that does not get so far, what was measured to do with small drivers. */
static unsigned long long wanted_mib(struct check *c, bool *fits)
{
	struct estimate_facts facts;
	struct estimate est;

	*fits = true;
	if (c->place->no_kernel.code || estimate_read(&facts, c->place, NULL))
		return c->remote ? REMOTE_MIB : LOCAL_MIB;
	estimate_make(&est, &facts);
	*fits = est.room != ROOM_NONE;
	return est.reserve >> 20;
}

static void check_reservation(struct check *c)
{
	char line[8192], path[PATH_MAX];
	bool fits;
	unsigned long long mib = c->kexec.reserved >> 20, want = wanted_mib(c, &fits);
	bool asked = !read_line(place_path(c->place, "/proc/cmdline", path), line, sizeof(line)) &&
		     bootarg_has(line, "crashkernel");

	if (!mib && !fits)
		check_tell(c, "crashkernel", CHECK_FAILURE, "kdump estimate tells what for",
			   "no memory is reserved, and this machine has too little for the %llu MiB that are wanted", want);
	else if (!mib && !asked)
		check_tell(c, "crashkernel", CHECK_FAILURE,
			   "add it to the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub, then "
			   "update-grub or grub2-mkconfig; or grubby --update-kernel=ALL --args), and reboot",
			   "no memory is reserved: the kernel's command line has no crashkernel=; %lluM would do", want);
	else if (!mib)
		check_tell(c, "crashkernel", CHECK_FAILURE,
			   "see what dmesg says of crashkernel; a smaller one may fit, and one in ranges may begin too high",
			   "no memory is reserved, although the kernel's command line has crashkernel=");
	else if (mib < want)
		check_tell(c, "crashkernel", mib < LEAST_MIB ? CHECK_FAILURE : CHECK_WARNING,
			   "raise crashkernel= and reboot; kdump estimate tells what for", "%llu MiB are reserved, %llu are wanted",
			   mib, want);
	else
		check_tell(c, "crashkernel", CHECK_OK, NULL, "%llu MiB are reserved, %llu are wanted%s", mib, want,
			   asked ? "" : "; the command line does not ask for them");
}

/* ---- what forbids to load */

static void check_permission(struct check *c)
{
	const struct kexec_state *s = &c->kexec;
	enum verdict bad = s->loaded ? CHECK_WARNING : CHECK_FAILURE;
	static const char remedy[] = "nothing takes that back before a reboot; load the kernel before it is set";

	if (s->disabled)
		check_tell(c, "kexec-allowed", bad, remedy, "kernel.kexec_load_disabled is 1: nothing can be loaded");
	else if (s->limit >= 0 && s->limit < 2)
		check_tell(c, "kexec-allowed", s->limit && !s->loaded ? CHECK_OK : bad, remedy,
			   "kernel.kexec_load_limit_panic leaves %d loads: %s", s->limit,
			   s->limit ? "enough for one, not for a reload that can be taken back" : "nothing can be loaded");
	else
		check_tell(c, "kexec-allowed", CHECK_OK, NULL, "a kernel can be loaded%s",
			   s->limit > 0 ? ", though not without end (kernel.kexec_load_limit_panic)" : "");
}

/* ---- what makes a crash of an error */

static long number(const struct check *c, const char *path)
{
	char full[PATH_MAX], text[32];

	return read_line(place_path(c->place, path, full), text, sizeof(text)) ? -1 : strtol(text, NULL, 0);
}

static void check_triggers(struct check *c)
{
	long sysrq = number(c, "/proc/sys/kernel/sysrq"), oops = number(c, "/proc/sys/kernel/panic_on_oops"),
	     timeout = number(c, "/proc/sys/kernel/panic");

	/* Documentation/admin-guide/sysrq.rst: 1 is all, 8 allows dumps; root's writes are not asked. */
	if (sysrq == 1 || (sysrq > 0 && sysrq & 8))
		check_tell(c, "sysrq", CHECK_OK, NULL, "a crash can be asked for by keyboard (SysRq-c)");
	else if (sysrq < 0)
		check_tell(c, "sysrq", CHECK_WARNING, NULL, "this kernel has no SysRq-c to try it with");
	else
		check_tell(c, "sysrq", CHECK_OK, NULL,
			   "a crash cannot be asked for by keyboard (SysRq-c); root can write c to /proc/sysrq-trigger");
	check_tell(c, "panic-on-oops", oops == 1 ? CHECK_OK : CHECK_WARNING, "sysctl kernel.panic_on_oops=1",
		   oops == 1 ? "an oops is a crash" : "an oops is no crash, and leaves no dump");
	check_tell(c, "panic-timeout", timeout ? CHECK_OK : CHECK_WARNING, "sysctl kernel.panic=10",
		   timeout ? "a machine whose crash kernel cannot start reboots"
			   : "a machine whose crash kernel cannot start hangs for ever (kernel.panic is 0)");
}

/* ---- the configuration, the image, what is loaded */

/* As the image gets it; what cannot be read gives no targets. */
static void check_conf(struct check *c, struct kdump_conf *conf)
{
	struct imageconf *ic = calloc(1, sizeof(*ic));
	struct err e = { 0 };
	int rc = ic ? imageconf_read(ic, c->place->config, c->place->root, &e) : err_set(&e, -ENOMEM, "check");

	conf_defaults(conf);
	if (!rc)
		conf_parse(conf, c->place->conf_path, ic->text, ic->len, CONF_LENIENT, NULL);
	for (int i = 0; ic && i < ic->conf.nr_notes; i++)
		check_tell(c, "configuration", CHECK_WARNING, NULL, "%s", ic->conf.notes[i].text);
	if (rc)
		check_tell(c, "configuration", CHECK_FAILURE, NULL, "%s", e.msg);
	else
		check_tell(c, "configuration", CHECK_OK, NULL, "%s: %d targets", c->place->conf_path, conf->nr_targets);
	for (int i = 0; i < conf->nr_targets; i++)
		c->remote |= target_is_remote(&conf->targets[i]);
	if (ic)
		imageconf_free(ic);
	free(ic);
}

/* The place borrows from *s afterwards. */
static void check_loaded(struct check *c, struct status *s)
{
	static const enum verdict verdicts[NR_READINESS] = {
		CHECK_OK, CHECK_WARNING, CHECK_WARNING, CHECK_FAILURE, CHECK_FAILURE, CHECK_FAILURE
	};
	struct err e = { 0 };

	if (status_read(s, c->place, &e))
		check_tell(c, "loaded", CHECK_FAILURE, NULL, "%s", e.msg);
	else
		check_tell(c, "loaded", verdicts[s->is],
			   s->is == READY_STALE ? "kdumpbox kdump reload"
					       : s->is == READY_UNSURE ? NULL : "kdumpbox kdump load",
			   "%s%s%s%s", s->is == READY ? "the crash kernel is loaded and current" :
			   s->is == READY_STALE ? "what is loaded is not current: " :
			   s->is == READY_FOREIGN ? "what is loaded was not loaded by kdumpbox" :
			   s->is == READY_UNSURE ? "" : "no crash kernel is loaded",
			   s->why.msg, s->nr_changes ? s->changes[0] : "", s->nr_changes > 1 ? ", and more" : "");
}

/* Whether it can be made. */
static void check_image(struct check *c)
{
	struct wanted *w = calloc(1, sizeof(*w));
	struct err e = { 0 };

	if (!w || wanted_make(w, c->place, &e))
		check_tell(c, "image", CHECK_FAILURE, NULL, "%s", w ? e.msg : "no memory");
	else
		check_tell(c, "image", CHECK_OK, NULL, "can be made for kernel %s, with %u modules", c->place->release,
			   w->report.modules);
	if (w)
		wanted_free(w);
	free(w);
}

enum verdict check_run(struct check *c)
{
	struct kdump_conf *conf = calloc(1, sizeof(*conf));
	struct status *status = calloc(1, sizeof(*status));
	struct err e = { 0 };

	if (!conf || !status) {
		free(conf);
		free(status);
		check_tell(c, "check", CHECK_FAILURE, NULL, "no memory");
		return c->worst;
	}
	check_conf(c, conf);
	check_kernels(c);
	c->can_kexec = !kexec_state_read(&c->kexec, c->place->root, &e);
	if (c->can_kexec) {
		check_reservation(c);
		check_permission(c);
	} else {
		check_tell(c, "kexec-allowed", CHECK_FAILURE, "use a kernel with CONFIG_KEXEC_FILE and CONFIG_CRASH_DUMP",
			   "%s", e.msg);
	}
	check_triggers(c);
	if (c->can_kexec)
		check_loaded(c, status);	/* first: it knows with which options it was loaded */
	if (!c->place->no_kernel.code)
		check_image(c);
	check_targets(c, conf);
	status_free(status);
	free(status);
	free(conf);
	return c->worst;
}
