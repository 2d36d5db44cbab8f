/* kexec_file - hand a kernel to the kernel, for a crash or for a quick reboot. */
/* SPDX-License-Identifier: MIT */
#include "boot/kexec_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/kexec.h>

#include "base/buf.h"
#include "base/io.h"
#include "boot/kexec_state.h"

/*
 * What a reservation should be for local targets: measured, the kernel itself takes 60-65 MiB of
 * it, more with Linux 7.
 */
#define ADVISED "96M"

enum { BUSY_TRIES = 20, BUSY_NAP_MS = 250 };

int kexec_loaded(enum kexec_slot slot, struct err *e)
{
	bool crash = slot == KEXEC_SLOT_CRASH;
	char text[16];
	int rc = kexec_sysfs("", crash ? "crash_loaded" : "loaded", text, sizeof(text));

	if (rc == -ENOENT)
		return err_say(e, rc,
			       "this kernel cannot kexec, or /sys is not mounted: there is no "
			       "/sys/kernel/kexec%s_loaded",
			       crash ? "_crash" : "");
	if (rc)
		return err_set(e, rc, "read /sys/kernel/kexec%s_loaded", crash ? "_crash" : "");
	return text[0] == '1';
}

int kexec_reservation(uint64_t *bytes)
{
	char text[32];
	int rc = kexec_sysfs("", "crash_size", text, sizeof(text));

	if (!rc)
		*bytes = strtoull(text, NULL, 10);
	return rc;
}

static bool setting_is(const char *path, const char *value)
{
	char text[32];

	return !read_line(path, text, sizeof(text)) && !strcmp(text, value);
}

/* Which of the reasons for EPERM it is. */
static const char *why_not_permitted(enum kexec_slot slot)
{
	const char *limit = slot == KEXEC_SLOT_CRASH ? "/proc/sys/kernel/kexec_load_limit_panic"
						     : "/proc/sys/kernel/kexec_load_limit_reboot";

	if (setting_is("/proc/sys/kernel/kexec_load_disabled", "1"))
		return "kernel.kexec_load_disabled is 1 until the next boot: load before it is set";
	if (setting_is(limit, "0"))
		return "kernel.kexec_load_limit_panic or _reboot is used up until the next boot";
	if (geteuid())
		return "root (CAP_SYS_BOOT) is needed";
	if (kexec_locked_down(""))
		return "the kernel is locked down (/sys/kernel/security/lockdown) and trusts no "
		       "signature of it: use the distribution's signed kernel";
	return "CAP_SYS_BOOT is needed, which containers do not have";
}

#define UNTRUSTED "this kernel wants a signature that it trusts, and has none for it: use the " \
		  "distribution's signed kernel, or enrol the key"

/* What errors of kexec_file_load(2) mean and what to do, by kernel/kexec_file.c and its callees. */
static const struct reason {
	int         code;
	const char *text;
} reasons[] = {
	{ -ENOMEM, "not enough memory; for a crash kernel: raise crashkernel= (" ADVISED
		   " or more) and reboot" },
	{ -EBUSY, "another kexec load is running and does not end; try again" },
	{ -ENOSYS, "this kernel has no kexec_file_load(2) (CONFIG_KEXEC_FILE): use one that has" },
	{ -ENOEXEC, "not a kernel image that this kernel can load: give the vmlinuz (bzImage, "
		    "Image) of this architecture, not vmlinux" },
	{ -EINVAL, "the kernel refuses it: not relocatable, not 64 bit, or the command line is too "
		   "long for it (see dmesg)" },
	{ -EKEYREJECTED, UNTRUSTED },
	{ -ENOKEY, UNTRUSTED },
	{ -EBADMSG, UNTRUSTED },
	{ -ENODATA, UNTRUSTED },
	{ -ENOPKG, UNTRUSTED },
	{ -ELIBBAD, UNTRUSTED },
};

/* The reservation is missing, or too small for these files. */
static int no_room(enum kexec_slot slot, const char *what, uint64_t files, struct err *e)
{
	uint64_t room = 0;

	if (slot == KEXEC_SLOT_REBOOT)
		return err_say(e, -EADDRNOTAVAIL, "%s: no free memory where it could go", what);
	if (kexec_reservation(&room) || !room)
		return err_say(e, -EADDRNOTAVAIL, "%s: no memory is reserved for it: add "
			       "crashkernel=" ADVISED " to the kernel's command line and reboot",
			       what);
	/* Loaded, unpacked, and what the kernel itself takes. */
	return err_say(e, -EADDRNOTAVAIL, "%s: with its initramfs it has %llu MiB and does not fit "
		       "into the reserved %llu MiB: raise crashkernel= to %lluM and reboot", what,
		       (unsigned long long)(files >> 20), (unsigned long long)(room >> 20),
		       (unsigned long long)((2 * files + room) >> 20));
}

static int load_error(int code, enum kexec_slot slot, const char *what, uint64_t files,
		      struct err *e)
{
	uint64_t room = 1;

	/* Without a reservation kernels differ in what they return: the reason is the same. */
	if (slot == KEXEC_SLOT_CRASH && code != -ENOSYS && code != -EPERM &&
	    !kexec_reservation(&room) && !room)
		code = -EADDRNOTAVAIL;
	if (code == -EADDRNOTAVAIL)
		return no_room(slot, what, files, e);
	if (code == -EPERM)
		return err_say(e, code, "%s: %s", what, why_not_permitted(slot));
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return err_say(e, code, "%s: %s", what, reasons[i].text);
	return err_set(e, code, "%s", what);
}

static int call(int kernel, int initrd, const char *cmdline, unsigned long flags)
{
	const struct timespec nap = { .tv_nsec = BUSY_NAP_MS * 1000000L };
	struct kexec_state state;
	int tries = BUSY_TRIES;

	/* A call that comes to a lock counts too (kexec_load_permitted of the kernel). */
	if (flags & KEXEC_FILE_ON_CRASH && !kexec_state_read(&state, "", NULL) && state.limit >= 0)
		tries = 0;
	/* Memory hotplug and other loaders hold the lock for a moment. */
	for (int i = 0;; i++) {
		if (!syscall(SYS_kexec_file_load, kernel, initrd, cmdline ? strlen(cmdline) + 1 : 0,
			     cmdline, flags))
			return 0;
		if (errno != EBUSY || i == tries)
			return -errno;
		nanosleep(&nap, NULL);
	}
}

static int open_file(const char *path, uint64_t *size, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_set(e, -errno, "open %s", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return err_say(e, -EINVAL, "%s is empty or no regular file", path);
	}
	*size += (uint64_t)st.st_size;
	return fd;
}

/*
 * A bzImage that was cut off is loaded without complaint where no signature is asked for, and then
 * fails after the crash. Its header tells the size (Documentation/arch/x86/boot.rst: setup_sects,
 * syssize).
 */
static int check_whole(int fd, const char *path, uint64_t size, struct err *e)
{
	uint8_t header[0x210];
	uint64_t setup, whole;

	if (pread_full(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header + 0x202, "HdrS", 4))
		return 0;	/* another format: the kernel judges it */
	setup = header[0x1f1] ? header[0x1f1] : 4;
	whole = (setup + 1) * 512 + (uint64_t)get_le32(header + 0x1f4) * 16;
	if (size >= whole)
		return 0;
	return err_say(e, -ENOEXEC, "%s is cut off: it has %llu of at least %llu bytes", path,
		       (unsigned long long)size, (unsigned long long)whole);
}

int kexec_load_image(enum kexec_slot slot, const char *kernel, const char *initrd,
		     const char *cmdline, struct err *e)
{
	unsigned long flags = (slot == KEXEC_SLOT_CRASH ? KEXEC_FILE_ON_CRASH : 0) |
			      (initrd ? 0 : KEXEC_FILE_NO_INITRAMFS);
	uint64_t files = 0;
	char what[128];
	int kernel_fd, initrd_fd = -1, rc;

	/* The old image is freed before the new one is looked at: so look first. */
	kernel_fd = open_file(kernel, &files, e);
	if (kernel_fd < 0)
		return kernel_fd;
	rc = check_whole(kernel_fd, kernel, files, e);
	if (rc) {
		close(kernel_fd);
		return rc;
	}
	if (initrd)
		initrd_fd = open_file(initrd, &files, e);
	if (initrd && initrd_fd < 0) {
		close(kernel_fd);
		return initrd_fd;
	}
	snprintf(what, sizeof(what), "load %.120s", kernel);
	rc = call(kernel_fd, initrd_fd, cmdline, flags);
	close(kernel_fd);
	if (initrd_fd >= 0)
		close(initrd_fd);
	return rc ? load_error(rc, slot, what, files, e) : 0;
}

int kexec_unload_image(enum kexec_slot slot, struct err *e)
{
	unsigned long flags =
		KEXEC_FILE_UNLOAD | (slot == KEXEC_SLOT_CRASH ? KEXEC_FILE_ON_CRASH : 0);
	int rc = call(-1, -1, NULL, flags);

	return rc ? load_error(rc, slot, "unload", 0, e) : 0;
}
