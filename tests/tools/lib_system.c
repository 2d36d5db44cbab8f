/* lib_system - what files make a system? */
/* SPDX-License-Identifier: MIT */
#include "lib_system.h"

#include <stdlib.h>
#include <string.h>

#include "lib_tree.h"

void system_make(char root[64])
{
	char module[4096];
	size_t n = tree_module(module, "license=GPL", 12);

	tree_make(root);
	tree_text(root, "proc/sys/kernel/osrelease", SYSTEM_RELEASE "\n");
	tree_text(root, "proc/sys/kernel/random/boot_id", "01234567-89ab-cdef-0123-456789abcdef\n");
	tree_text(root, "proc/sys/kernel/sysrq", "1\n");
	tree_text(root, "proc/sys/kernel/panic", "10\n");
	tree_text(root, "proc/sys/kernel/panic_on_oops", "1\n");
	tree_text(root, "proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 console=ttyS0 crashkernel=128M\n");
	tree_text(root, "proc/iomem", "00001000-0009fbff : System RAM\n00100000-3fffffff : System RAM\n"
				      "  01000000-01ffffff : Kernel code\n");
	tree_text(root, "proc/meminfo", "MemTotal: 1000000 kB\nMemFree: 400000 kB\nBuffers: 10000 kB\n"
					"Cached: 200000 kB\nSwapCached: 0 kB\nAnonPages: 100000 kB\n");
	tree_text(root, "sys/devices/system/cpu/present", "0-3\n");
	tree_text(root, "sys/kernel/kexec_crash_loaded", "0\n");
	tree_text(root, "sys/kernel/kexec_crash_size", "134217728\n");
	tree_text(root, "boot/vmlinuz-" SYSTEM_RELEASE, "a kernel\n");
	tree_text(root, "boot/config-" SYSTEM_RELEASE,
		  "CONFIG_SYSFS=y\nCONFIG_KEXEC_FILE=y\nCONFIG_CRASH_DUMP=y\nCONFIG_PROC_VMCORE=y\n"
		  "CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_ZSTD=y\nCONFIG_DEVTMPFS=y\nCONFIG_MAGIC_SYSRQ=y\n"
		  "CONFIG_DEBUG_INFO=y\n");
	tree_bytes(root, SYSTEM_MODULES "kernel/virtio_blk.ko", module, n);
	tree_bytes(root, SYSTEM_MODULES "kernel/virtio_pci.ko", module, n);
	tree_text(root, SYSTEM_MODULES "modules.dep", "kernel/virtio_blk.ko:\nkernel/virtio_pci.ko:\n");
	tree_text(root, "etc/kdump.conf", "raw /dev/vda\n");
	tree_text(root, "program", "static program");
	tree_mode(root, "program", 0755);
}

void system_place(const char *root, struct place *p)
{
	static const char *const no_links[] = { NULL };
	struct err e = { 0 };

	*p = (struct place){ .root = root, .modules = "virtio_blk", .applets = no_links };
	if (place_fill(p, &e))
		abort();
}
