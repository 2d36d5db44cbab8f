/* kexec - load the kernel that starts after a crash, or instead of a firmware reboot. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/reboot.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>

#include "applet.h"
#include "base/io.h"
#include "boot/capture_cmdline.h"
#include "boot/bootargs.h"
#include "boot/finish.h"
#include "boot/kexec_file.h"

enum { CMDLINE_SIZE = CAPTURE_CMDLINE_SIZE, RUNNING_SIZE = 8192, SYNC_MS = 30000 };

enum { OPT_INITRD = 256, OPT_CMDLINE, OPT_APPEND, OPT_REUSE };

static const struct opt kexec_opts[] = {
	{ 'p', "load-panic", NULL, "load KERNEL for a crash, into the memory of crashkernel=" },
	{ 'l', "load", NULL, "load KERNEL for a reboot without firmware (see --exec)" },
	{ 'u', "unload", NULL, "drop what is loaded; with -p what is loaded for a crash" },
	{ 'e', "exec", NULL, "write everything and start the kernel loaded with --load" },
	{ 'S', "status", NULL,
	  "exit status 1 if a crash kernel (with -l: a kernel) is loaded, 0 if not" },
	{ OPT_INITRD, "initrd", "FILE", "initramfs for KERNEL" },
	{ OPT_INITRD, "ramdisk", "FILE", NULL },
	{ OPT_CMDLINE, "command-line", "TEXT",
	  "its command line; with -p panic=10 is added if missing" },
	{ OPT_APPEND, "append", "TEXT", "the same; with --reuse-cmdline it is appended" },
	{ OPT_REUSE, "reuse-cmdline", NULL,
	  "start from the running kernel's; with -p adapted for a crash" },
	{ 's', "kexec-file-syscall", NULL, "use kexec_file_load(2), as it does anyway" },
	{ 'a', "kexec-syscall-auto", NULL, "the same" },
	{ 'c', "kexec-syscall", NULL, NULL },
	{ 'd', "debug", NULL, "print the command line, and what was added to it" },
	APPLET_OPTS_END
};

APPLET(kexec, "kexec", "load the kernel that starts after a crash", "[KERNEL]");

struct kexec {
	enum { ACT_NONE, ACT_LOAD, ACT_UNLOAD, ACT_EXEC, ACT_STATUS } act;
	bool        panic, load, reuse, debug;
	const char *initrd, *text, *append;
};

static int parse(struct kexec *k, struct args *a, struct err *e)
{
	int id;

	while ((id = args_next(a, e)) > 0) {
		switch (id) {
		case 'p': k->panic = true; break;
		case 'l': k->load = true; break;
		case 'u': k->act = ACT_UNLOAD; break;
		case 'e': k->act = ACT_EXEC; break;
		case 'S': k->act = ACT_STATUS; break;
		case 'd': k->debug = true; break;
		case 's': case 'a': break;
		case 'c':
			return err_say(
				e, -EINVAL,
				"kexec_load(2) is not offered: leave out -c, kexec_file_load(2) "
				"is used");
		case OPT_INITRD: k->initrd = a->value; break;
		case OPT_CMDLINE: k->text = a->value; break;
		case OPT_APPEND: k->append = a->value; break;
		case OPT_REUSE: k->reuse = true; break;
		default: return id;
		}
	}
	if (id)
		return id;
	if (k->panic && k->load)
		return err_say(e, -EINVAL, "--load and --load-panic exclude each other");
	if (k->act == ACT_NONE && (k->panic || k->load))
		k->act = ACT_LOAD;
	if (k->act == ACT_NONE)
		return err_say(e, -EINVAL,
			       "nothing to do: give -p, -l, -u, -e or --status; see --help");
	if (a->nr_operands != (k->act == ACT_LOAD))
		return err_say(e, -EINVAL, k->act == ACT_LOAD ? "which one kernel image? See --help"
							      : "'%s' is too much here",
			       a->nr_operands ? a->operands[0] : "");
	if (k->reuse && k->text)
		return err_say(
			e, -EINVAL,
			"--reuse-cmdline and --command-line exclude each other; use --append");
	return 0;
}

/* The running kernel's words for another boot of the same machine. */
static int reuse_for_reboot(const char *running, char *out, size_t size, struct err *e)
{
	const char *word;
	size_t used = 0, len;

	out[0] = 0;
	while ((word = bootarg_next(&running, &len))) {
		if (bootarg_is(word, len, "BOOT_IMAGE") || bootarg_is(word, len, "initrd"))
			continue;
		if (used + len + 2 > size)
			return err_say(e, -E2BIG, "the running kernel's command line is too long");
		used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? " " : "",
					 (int)len, word);
	}
	return 0;
}

static int reuse(const struct kexec *k, char *out, size_t size, struct err *e)
{
	char running[RUNNING_SIZE], added[CMDLINE_SIZE];
	struct capture_facts facts;
	int rc = read_line("/proc/cmdline", running, sizeof(running));

	if (rc)
		return err_set(e, rc, "read /proc/cmdline");
	if (!k->panic)
		return reuse_for_reboot(running, out, size, e);
	capture_facts_read(&facts, running);
	rc = capture_cmdline(&facts, out, size, added, sizeof(added), e);
	if (!rc && k->debug)
		log_info("added: %s", added);
	return rc;
}

/* The whole command line for the kernel to be loaded. */
static int make_cmdline(const struct kexec *k, char *out, size_t size, struct err *e)
{
	const char *more = k->append;
	size_t n;
	int rc;

	out[0] = 0;
	if (k->reuse) {
		rc = reuse(k, out, size, e);
		if (rc)
			return rc;
	} else if (k->text) {
		if (snprintf(out, size, "%s", k->text) >= (int)size)
			return err_say(e, -E2BIG, "the command line is longer than %zu bytes",
				       size);
	}
	n = strlen(out);
	if (more && snprintf(out + n, size - n, "%s%s", n ? " " : "", more) >= (int)(size - n))
		return err_say(e, -E2BIG, "the command line is longer than %zu bytes", size);
	rc = k->panic ? capture_add_panic(out, size, e) : 0;
	if (rc > 0)
		log_warn(
			"panic=10 is added: without panic= a capture kernel that fails hangs");
	if (rc >= 0 && k->debug)
		log_info("command line: %s", out);
	return rc < 0 ? rc : 0;
}

static int load(const struct kexec *k, const char *kernel, struct err *e)
{
	char cmdline[CMDLINE_SIZE];
	int rc = make_cmdline(k, cmdline, sizeof(cmdline), e);

	return rc ? rc
		  : kexec_load_image(k->panic ? KEXEC_SLOT_CRASH : KEXEC_SLOT_REBOOT, kernel,
				     k->initrd, cmdline, e);
}

/* kexec-tools asks for the crash kernel by default, and returns what sysfs says. */
static int status(const struct kexec *k, struct err *e)
{
	int rc = kexec_loaded(k->load ? KEXEC_SLOT_REBOOT : KEXEC_SLOT_CRASH, e);

	if (rc >= 0)
		return rc;
	applet_fail(e);
	return 255;
}

static int execute(struct err *e)
{
	int rc = kexec_loaded(KEXEC_SLOT_REBOOT, e);

	if (rc < 0)
		return rc;
	if (!rc)
		return err_say(e, -ENOENT, "no kernel is loaded for this: use --load first");
	rc = finish_sync(SYNC_MS);
	if (rc)
		log_warn("sync: %s; going on without", strerror(-rc));
	return reboot((int)LINUX_REBOOT_CMD_KEXEC) ? err_set(e, -errno, "start the loaded kernel")
						   : 0;
}

static int kexec_main(struct args *a)
{
	struct kexec k = { 0 };
	struct err e = { 0 };
	int rc = parse(&k, a, &e);

	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	if (k.act == ACT_STATUS)
		return status(&k, &e);
	if (k.act == ACT_LOAD)
		rc = load(&k, a->operands[0], &e);
	else if (k.act == ACT_UNLOAD)
		rc = kexec_unload_image(k.panic ? KEXEC_SLOT_CRASH : KEXEC_SLOT_REBOOT, &e);
	else
		rc = execute(&e);
	return rc ? applet_fail(&e) : DONE;
}
