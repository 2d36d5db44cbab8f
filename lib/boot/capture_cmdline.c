/* capture_cmdline - which command line does a capture kernel need? */
/* SPDX-License-Identifier: MIT */
#include "boot/capture_cmdline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/conf.h"
#include "base/io.h"
#include "boot/bootargs.h"
#include "boot/kexec_file.h"

/*
 * Words of the production kernel that do harm in a capture kernel: they take memory it does not
 * have, name a root filesystem that it does not mount, or are replaced by what is added below.
 * The lists of kdump-utils and kdump-tools are in this one.
 */
static const char *const removed[] = {
	/* another entry point or root */
	"BOOT_IMAGE", "initrd", "init", "rdinit", "root", "rootflags", "rootfstype", "rootwait",
	"rootdelay", "ro", "rw", "resume", "resume_offset", "noresume", "netroot", "nfsroot",
	"fcoe", "rd.lvm.lv", "rd.lvm.vg", "rd.luks.uuid", "rd.luks.name", "rd.luks.options",
	"rd.dm.uuid", "rd.md.uuid", "rd.iscsi.initiator", "iscsi_initiator",
	/* the network, which is the image's; --append may still name another */
	"ip", "ifname", "vlan", "bond", "bridge", "team", "nameserver", "rd.route", "rd.neednet",
	"rd.peerdns", "bootdev", "BOOTIF", "zfcp.allow_lun_scan", "abm",
	"ignition.firstboot", "ignition.platform.id",
	"ostree", "systemd.unit", "systemd.wants", "quiet", "splash", "rhgb", "showopts",
	"udev.children-max", "rd.udev.children-max",
	/* memory */
	"crashkernel", "hugepages", "hugepagesz", "default_hugepagesz", "hugetlb_cma", "cma",
	"slub_debug", "slab_debug", "log_buf_len", "swiotlb", "mem", "kernelcore", "movablecore",
	"memtest", "page_owner", "transparent_hugepage", "numa", "cgroup_disable",
	"kfence.sample_interval", "acpi_no_memhotplug", "trace_buf_size", "trace_event", "ftrace",
	"dhash_entries", "ihash_entries", "mhash_entries", "mphash_entries", "thash_entries",
	"uhash_entries",
	/* CPUs, which are others now */
	"nr_cpus", "maxcpus", "possible_cpus", "isolcpus", "nohz_full", "rcu_nocbs", "irqaffinity",
	"disable_cpu_apicid",
	/* a second panic, or none; modules not allowed */
	"panic", "panic_on_warn", "softlockup_panic", "hardlockup_panic", "hung_task_panic",
	"unknown_nmi_panic", "panic_on_io_nmi", "nmi_watchdog", "mce", "pcie_ports",
	"printk.devkmsg", "nomodule",
	"notsc",	/* of the clocks it is the one that a capture kernel always finds */
};

enum when { ALWAYS, X86, BARE_X86, ARM64 };

static const struct addition {
	const char *word;
	enum when   when;
} added_words[] = {
	{ "panic=10", ALWAYS },			/* else an OOM or panic here hangs for ever */
	{ "reset_devices", ALWAYS },		/* drivers stop what the dead kernel left running */
	{ "cgroup_disable=memory", ALWAYS },	/* memory: these and the next four */
	{ "numa=off", ALWAYS },
	{ "transparent_hugepage=never", ALWAYS },
	{ "cma=0", ALWAYS },
	{ "kfence.sample_interval=0", ALWAYS },
	{ "novmcoredd", ALWAYS },		/* device dumps in /proc/vmcore have no limit */
	{ "printk.devkmsg=on", ALWAYS },	/* else the kernel drops lines of ours */
	{ "nmi_watchdog=0", ALWAYS },		/* a slow start is no reason for another panic */
	{ "acpi_no_memhotplug", X86 },		/* else ACPI adds the dead kernel's memory */
	{ "irqpoll", BARE_X86 },		/* an interrupt that nobody owns any more */
	{ "mce=off", BARE_X86 },		/* errors of the crash must not stop the dump */
	{ "hest_disable", BARE_X86 },
	{ "pcie_ports=compat", BARE_X86 },	/* nor storms of reports from PCIe */
	{ "swiotlb=noforce", ARM64 },		/* 64 MiB of bounce buffers */
};
/*
 * What distributions add and this does not: nokaslr (no memory is saved), usbcore.nousb (a keyboard, or the target),
 * udev.children-max, initramfs_options and rd.* (there is no udev, and the image is small), hugetlb_cma=0 (it is
 * removed), parameters of watchdog drivers (none is loaded that the target does not need).
 */

/* Is there a hypervisor, and what is the APIC ID of processor 0? */
static void read_cpuinfo(struct capture_facts *facts)
{
	char *text;
	const char *at;
	size_t len;

	if (read_file("/proc/cpuinfo", 16 << 20, &text, &len, NULL))
		return;
	at = strstr(text, "\nflags");
	if (at) {
		size_t n = strcspn(at + 1, "\n");
		char *flags = strndup(at + 1, n);

		facts->hypervisor = flags && strstr(flags, " hypervisor");
		free(flags);
	}
	at = strstr(text, "\napicid");
	if (at && sscanf(at, "\napicid : %u", &facts->boot_apicid) == 1)
		facts->has_apicid = true;
	free(text);
}

unsigned capture_count_cpus(const char *list)
{
	unsigned n = 0;

	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		n += last >= first && last - first < 65536 ? (unsigned)(last - first) + 1 : 1;
		list = end + (*end == ',');
	}
	return n;
}

/* Not those that this process may run on, which is what sysconf(3) counts. */
static unsigned online_cpus(void)
{
	char list[4096];
	unsigned n = 0;

	if (!read_line("/sys/devices/system/cpu/online", list, sizeof(list)))
		n = capture_count_cpus(list);
	return n ? n : 1;
}

void capture_facts_read(struct capture_facts *facts, const char *running)
{
	struct utsname uts;

	*facts = (struct capture_facts){ .running = running, .online_cpus = online_cpus() };
	uname(&uts);
	facts->x86 = !strcmp(uts.machine, "x86_64");
	facts->arm64 = !strcmp(uts.machine, "aarch64");
	if (kexec_reservation(&facts->reservation))
		facts->reservation = 0;
	if (facts->x86)
		read_cpuinfo(facts);
}

unsigned capture_nr_cpus(unsigned online_cpus, uint64_t reservation)
{
	const uint64_t base = 64 << 20, per_cpu = 8 << 20;	/* bytes */
	uint64_t paid = reservation > base ? (reservation - base) / per_cpu : 1;
	unsigned most = online_cpus < 4 ? online_cpus : 4;

	if (paid < 1 || most < 1)
		return 1;
	return paid < most ? (unsigned)paid : most;
}

/* A command line that grows; full stays set. */
struct text {
	char  *at;
	size_t used, size;
	bool   full;
};

static void put(struct text *t, const char *word, size_t len)
{
	if (t->used + len + 2 > t->size) {
		t->full = true;
		return;
	}
	if (t->used)
		t->at[t->used++] = ' ';
	memcpy(t->at + t->used, word, len);
	t->used += len;
	t->at[t->used] = 0;
}

static bool is_removed(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++)
		if (bootarg_is(word, len, removed[i]))
			return true;
	return false;
}

/* Is there a word in list whose key, or all of it, is that of word? */
static bool is_listed(const char *list, const char *word, size_t len)
{
	const char *at;
	size_t n;

	while ((at = bootarg_next(&list, &n))) {
		char key[128];

		snprintf(key, sizeof(key), "%.*s", (int)n, at);
		key[strcspn(key, "=")] = 0;
		if (bootarg_is(word, len, key))
			return true;
	}
	return false;
}

/* Words of ours, unless the configuration has others. */
static void add(const struct capture_facts *facts, struct text *line, struct text *added, const char *word)
{
	const struct capture_words *w = facts->words;
	size_t len = strlen(word);

	if (w && (is_listed(w->remove, word, len) || is_listed(w->append, word, len)))
		return;
	put(line, word, len);
	put(added, word, len);
}

/* The running kernel's, or the configuration's instead of them. */
static void put_kept(const struct capture_facts *facts, struct text *line)
{
	const struct capture_words *w = facts->words;
	const char *at = w && w->base[0] ? w->base : facts->running, *word;
	size_t len;

	while ((word = bootarg_next(&at, &len)))
		if (!is_removed(word, len) && !(w && is_listed(w->remove, word, len)))
			put(line, word, len);
}

static bool is_for(const struct capture_facts *facts, enum when when)
{
	switch (when) {
	case X86: return facts->x86;
	case BARE_X86: return facts->x86 && !facts->hypervisor;
	case ARM64: return facts->arm64;
	default: return true;
	}
}

int capture_cmdline(const struct capture_facts *facts, char *out, size_t size, char *added,
		    size_t added_size, struct err *e)
{
	struct text line = { out, 0, size, false }, extra = { added, 0, added_size, false };
	unsigned cpus = capture_nr_cpus(facts->online_cpus, facts->reservation);
	char text[48];

	out[0] = added[0] = 0;
	put_kept(facts, &line);
	for (size_t i = 0; i < sizeof(added_words) / sizeof(added_words[0]); i++)
		if (is_for(facts, added_words[i].when))
			add(facts, &line, &extra, added_words[i].word);
	snprintf(text, sizeof(text), "nr_cpus=%u", cpus);
	add(facts, &line, &extra, text);
	/*
	 * An INIT to the CPU that the firmware started resets the machine. Kernels since 6.9
	 * (commit 5c5682b9f87a) know which one it was, and pass over this parameter.
	 */
	if ((cpus > 1 || facts->words) && facts->has_apicid) {
		snprintf(text, sizeof(text), "disable_cpu_apicid=%u", facts->boot_apicid);
		if (cpus > 1 || bootarg_has(facts->words->append, "nr_cpus"))
			add(facts, &line, &extra, text);
	}
	if (facts->words && facts->words->append[0])
		put(&line, facts->words->append, strlen(facts->words->append));
	if (line.full || extra.full)
		return err_say(e, -E2BIG, "the new command line is longer than %zu bytes", size);
	return 0;
}

void capture_words_read(struct capture_words *w, const char *text, size_t len)
{
	conf_value(text, len, "commandline", w->base, sizeof(w->base));
	conf_value(text, len, "commandline_remove", w->remove, sizeof(w->remove));
	conf_value(text, len, "commandline_append", w->append, sizeof(w->append));
}

int capture_add_panic(char *cmdline, size_t size, struct err *e)
{
	static const char word[] = "panic=10";
	size_t n = strlen(cmdline);

	if (bootarg_has(cmdline, "panic"))
		return 0;
	if (n + sizeof(word) + 1 > size)
		return err_say(e, -E2BIG, "the command line is longer than %zu bytes", size);
	snprintf(cmdline + n, size - n, "%s%s", n ? " " : "", word);
	return 1;
}
