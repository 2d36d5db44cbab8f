/* check_kernel - can this kernel load another one for a crash, and that one read the dead one's memory? */
/* SPDX-License-Identifier: MIT */
#include "prod/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "boot/kconfig.h"

enum who { RUNNING = 1, CAPTURE = 2, BOTH = 3 };

static const struct {
	const char  *option, *also;	/* also: is as good */
	enum who     who;
	enum verdict without;
	const char  *why;
} options[] = {
	{ "CONFIG_SYSFS", NULL, BOTH, CHECK_FAILURE, "nothing can be found out without /sys" },
	{ "CONFIG_KEXEC_FILE", NULL, RUNNING, CHECK_FAILURE, "kexec_file_load(2) is how a kernel is loaded" },
	{ "CONFIG_CRASH_DUMP", NULL, BOTH, CHECK_FAILURE, "a crash kernel can neither be loaded nor read the memory" },
	{ "CONFIG_PROC_VMCORE", NULL, CAPTURE, CHECK_FAILURE, "the memory of the crashed kernel is /proc/vmcore" },
	{ "CONFIG_BLK_DEV_INITRD", NULL, CAPTURE, CHECK_FAILURE, "the program that dumps is in an initramfs" },
	{ "CONFIG_RD_GZIP", "CONFIG_RD_ZSTD", CAPTURE, CHECK_FAILURE, "that is packed with gzip or zstd" },
	{ "CONFIG_DEVTMPFS", NULL, CAPTURE, CHECK_FAILURE, "device nodes come from devtmpfs, there is no udev" },
	{ "CONFIG_MAGIC_SYSRQ", NULL, RUNNING, CHECK_WARNING, "there is no SysRq-c to try it with" },
	{ "CONFIG_DEBUG_INFO", NULL, RUNNING, CHECK_WARNING,
	  "no debugging information was made for this kernel: crash will not open its dumps" },
};
enum { NR_OPTIONS = sizeof(options) / sizeof(options[0]) };

static void check_config(struct check *c, const char *name, const char *release, enum who who)
{
	bool runs = !strcmp(release, c->place->running);
	char *text, from[PATH_MAX];
	unsigned missing = 0;
	struct err e = { 0 };

	if (kconfig_read(c->place->root, release, runs, &text, from, sizeof(from), &e)) {
		check_tell(c, name, CHECK_WARNING, NULL, "%s", e.msg);
		return;
	}
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		if (!(options[i].who & who) || kconfig_has(text, options[i].option) ||
		    (options[i].also && kconfig_has(text, options[i].also)))
			continue;
		missing++;
		check_tell(c, name, options[i].without, "use a kernel that has it", "kernel %s has no %s: %s", release,
			   options[i].option, options[i].why);
	}
	if (!missing)
		check_tell(c, name, CHECK_OK, NULL, "kernel %s has what it needs (%s)", release, from);
	free(text);
}

/*
 * Does the file carry a signature for Secure Boot: has its PE header an entry in the table of certificates
 * (the fifth of the data directories, Microsoft's PE/COFF specification)? Whose, only the kernel can tell.
 */
static bool is_signed(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t head[4096];
	ssize_t n = fd < 0 ? -1 : pread_full(fd, head, sizeof(head), 0);
	uint32_t at, directories;

	if (fd >= 0)
		close(fd);
	if (n < (ssize_t)sizeof(head) || memcmp(head, "MZ", 2))
		return false;
	at = get_le32(head + 0x3c);
	if (at > sizeof(head) - 24 - 160 || memcmp(head + at, "PE\0", 4))
		return false;
	directories = get_le16(head + at + 24) == 0x20b ? 112 : 96;	/* PE32+, PE32 */
	return get_le32(head + at + 24 + directories + 4 * 8 + 4) > 0;
}

static void check_signature(struct check *c)
{
	bool locked = kexec_locked_down(c->place->root), has = is_signed(c->place->kernel);

	if (!locked)
		check_tell(c, "signature", CHECK_OK, NULL, "not asked for: the kernel is not locked down");
	else if (has)
		check_tell(c, "signature", CHECK_OK, NULL, "the kernel is locked down, and %s is signed", c->place->kernel);
	else
		check_tell(c, "signature", CHECK_FAILURE, "use the distribution's signed kernel, or sign it and enrol the key",
			   "the kernel is locked down, and %s carries no signature", c->place->kernel);
}

void check_kernels(struct check *c)
{
	const struct place *p = c->place;

	if (!strcmp(p->running, p->release)) {
		check_config(c, "kernel-config", p->running, BOTH);
	} else {
		check_config(c, "kernel-config", p->running, RUNNING);
		check_config(c, "capture-config", p->release, CAPTURE);
	}
	if (p->no_kernel.code)
		check_tell(c, "kernel", CHECK_FAILURE, NULL, "%s", p->no_kernel.msg);
	else
		check_signature(c);
}
