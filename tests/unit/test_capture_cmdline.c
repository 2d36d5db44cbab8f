/* test_capture_cmdline - does a capture kernel get the words it needs, and none that harm? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/bootargs.h"
#include "boot/capture_cmdline.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB(n) ((uint64_t)(n) << 20)

static const struct {
	const char *why;
	unsigned    online;
	uint64_t    reservation;
	unsigned    cpus;
} counts[] = {
	{ "one CPU", 1, MIB(512), 1 },
	{ "never more than 4", 64, MIB(512), 4 },
	{ "never more than there are", 3, MIB(512), 3 },
	{ "the kernel itself needs 64 MiB", 8, MIB(64), 1 },
	{ "less than it needs", 8, MIB(32), 1 },
	{ "not known", 8, 0, 1 },
	{ "8 MiB pay for one", 8, MIB(72), 1 },
	{ "80M, as on small machines", 8, MIB(80), 2 },
	{ "96M, as we advise", 8, MIB(96), 4 },
	{ "no CPU at all is one", 0, MIB(128), 1 },
};

static void test_nr_cpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		print_message("%s\n", counts[i].why);
		assert_int_equal(capture_nr_cpus(counts[i].online, counts[i].reservation),
			counts[i].cpus);
	}
}

static void test_count(void **state)
{
	static const struct { const char *list; unsigned n; } lists[] = {
		{ "0", 1 }, { "0-3", 4 }, { "0-3,8", 5 }, { "0,2,4-7", 6 }, { "0-3,", 4 }, { "", 0 }, { "x", 0 }, { "3-1", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		assert_int_equal(capture_count_cpus(lists[i].list), lists[i].n);
}

/* What must be there and what must not, as words. */
static const struct {
	const char *why, *running, *there, *gone;
	bool        bare;
	unsigned    cpus;
	uint64_t    reservation;
} lines[] = {
	{ "always", "", "panic=10 reset_devices novmcoredd nr_cpus=1", "irqpoll", false, 1, 0 },
	{ "consoles stay", "console=tty0 console=ttyS0,115200n8 earlycon",
	  "console=ttyS0,115200n8 earlycon",
	  "", false, 1, 0 },
	{ "the reservation is not made again", "crashkernel=96M", "", "crashkernel=96M", false, 1,
	  0 },
	{ "nor is the root mounted", "root=UUID=x ro rootflags=a rd.lvm.lv=vg/lv quiet",
	  "", "root=UUID=x ro rootflags=a rd.lvm.lv=vg/lv quiet", false, 1, 0 },
	{ "huge pages", "hugepages=512 hugepagesz=1G default_hugepagesz=1G", "",
	  "hugepages=512 hugepagesz=1G default_hugepagesz=1G", false, 1, 0 },
	{ "panic=0 would hang for ever", "panic=0", "panic=10", "panic=0", false, 1, 0 },
	{ "panic_on_oops is another word", "panic_on_oops=1", "panic_on_oops=1", "", false, 1, 0 },
	{ "'-' is '_'", "crash-kernel=1 log-buf-len=4M nr-cpus=64", "crash-kernel=1",
	  "log-buf-len=4M nr-cpus=64", false, 1, 0 },
	{ "quoted words stay whole", "dyndbg=\"file a.c +p\" crashkernel=\"1 2\" x", "x", "",
	  false, 1, 0 },
	{ "settings of the machine stay", "iommu=pt intel_iommu=on",
	  "iommu=pt intel_iommu=on", "",
	  false, 1, 0 },
	{ "bare metal", "", "irqpoll mce=off hest_disable acpi_no_memhotplug pcie_ports=compat", "", true, 1, 0 },
	{ "bare metal, which has other settings", "mce=bootlog pcie_ports=native", "mce=off pcie_ports=compat",
	  "mce=bootlog pcie_ports=native", true, 1, 0 },
	{ "KDUMP_COMMANDLINE_REMOVE of kdump-utils, and what prepare_cmdline removes",
	  "hugepages=1 hugepagesz=1G slub_debug=P quiet log_buf_len=16M swiotlb=1 hugetlb_cma=1G ignition.firstboot "
	  "panic_on_warn=1 root=a rd.luks.uuid=a rd.dm.uuid=b rd.md.uuid=c fcoe=a netroot=b rd.iscsi.initiator=c "
	  "iscsi_initiator=d rd.lvm.lv=e", "",
	  "hugepages=1 hugepagesz=1G slub_debug=P quiet log_buf_len=16M swiotlb=1 hugetlb_cma=1G ignition.firstboot "
	  "panic_on_warn=1 root=a rd.luks.uuid=a rd.dm.uuid=b rd.md.uuid=c fcoe=a netroot=b rd.iscsi.initiator=c "
	  "iscsi_initiator=d rd.lvm.lv=e", false, 1, 0 },
	{ "what SUSE removes",
	  "resume=a splash=silent mem=4G BOOT_IMAGE=x showopts zfcp.allow_lun_scan=0 cgroup_disable=cpu "
	  "unknown_nmi_panic rd.udev.children-max=3 notsc", "",
	  "resume=a splash=silent mem=4G BOOT_IMAGE=x showopts zfcp.allow_lun_scan=0 cgroup_disable=cpu "
	  "unknown_nmi_panic rd.udev.children-max=3 notsc", false, 1, 0 },
	{ "what Debian removes", "abm=1", "", "abm=1", false, 1, 0 },
	{ "tables for another amount of memory", "thash_entries=4194304 trace_buf_size=64M", "",
	  "thash_entries=4194304 trace_buf_size=64M", false, 1, 0 },
	{ "no watchdog makes a second panic", "nmi_watchdog=panic hardlockup_panic=1", "nmi_watchdog=0",
	  "nmi_watchdog=panic hardlockup_panic=1", false, 1, 0 },
	{ "several CPUs: not the one the firmware started", "", "nr_cpus=4 disable_cpu_apicid=7",
	  "", false,
	  8, MIB(128) },
	{ "one CPU: no such word", "", "nr_cpus=1", "disable_cpu_apicid=7", false, 1, MIB(128) },
	{ "words for init go", "x -- systemd.unit=y single", "x", "single systemd.unit=y --",
	  false, 1, 0 },
};

static bool has_word(const char *line, const char *word, size_t len)
{
	const char *w;
	size_t n;

	while ((w = bootarg_next(&line, &n)))
		if (n == len && !memcmp(w, word, len))
			return true;
	return false;
}

static void check_words(const char *line, const char *words, bool there)
{
	const char *w;
	size_t n;

	while ((w = bootarg_next(&words, &n))) {
		if (has_word(line, w, n) != there)
			print_message("%.*s %s in: %s\n", (int)n, w, there ? "is missing" : "is",
				line);
		assert_int_equal(has_word(line, w, n), there);
	}
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct capture_facts facts = { .running = lines[i].running, .x86 = true,
					       .hypervisor = !lines[i].bare, .has_apicid = true,
					       .boot_apicid = 7, .online_cpus = lines[i].cpus,
					       .reservation = lines[i].reservation };
		char out[1024], added[1024];

		print_message("%s\n", lines[i].why);
		assert_int_equal(capture_cmdline(&facts, out, sizeof(out), added, sizeof(added),
			NULL), 0);
		check_words(out, lines[i].there, true);
		check_words(out, lines[i].gone, false);
		check_words(out, added, true);
	}
}

/* What kdump.conf has to say. */
static const struct {
	const char *why, *conf, *there, *gone;
} overrides[] = {
	{ "nothing", "path /x\n", "a=1 b reset_devices nr_cpus=1", "" },
	{ "another line, with what is always added", "commandline c d=1\n", "c d=1 panic=10", "a=1 b" },
	{ "in another line harmful words go as well", "commandline c crashkernel=1G root=x\n", "c", "crashkernel=1G root=x" },
	{ "words of the running kernel removed", "commandline_remove a\n", "b", "a=1" },
	{ "removed with their values", "commandline_remove \"a=2 b\"\n", "panic=10", "a=1 b" },
	{ "words of ours removed", "commandline_remove reset_devices novmcoredd\n", "a=1", "reset_devices novmcoredd" },
	{ "words of ours replaced", "commandline_append nr_cpus=3 panic=1 x\n",
	  "nr_cpus=3 panic=1 x disable_cpu_apicid=7", "nr_cpus=1 panic=10" },
	{ "'-' is '_' here too", "commandline_append nr-cpus=3\n", "nr-cpus=3", "nr_cpus=1" },
	{ "appended although it is removed elsewhere", "commandline_append ip=dhcp\n", "ip=dhcp a=1", "" },
};

static void test_overrides(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(overrides); i++) {
		struct capture_words w;
		struct capture_facts facts = { .running = "a=1 b", .x86 = true, .hypervisor = true, .has_apicid = true,
					       .boot_apicid = 7, .online_cpus = 1, .words = &w };
		char out[1024], added[1024];

		print_message("%s\n", overrides[i].why);
		capture_words_read(&w, overrides[i].conf, strlen(overrides[i].conf));
		assert_int_equal(capture_cmdline(&facts, out, sizeof(out), added, sizeof(added), NULL), 0);
		check_words(out, overrides[i].there, true);
		check_words(out, overrides[i].gone, false);
		check_words(out, added, true);
	}
}

static void test_other_machines(void **state)
{
	struct capture_facts facts = { .running = "a", .online_cpus = 1 };
	char out[1024], added[1024];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(capture_cmdline(&facts, out, sizeof(out), added, sizeof(added), &e), 0);
	check_words(out, "panic=10 a", true);
	check_words(out, "acpi_no_memhotplug irqpoll swiotlb=noforce", false);
	facts.arm64 = true;
	assert_int_equal(capture_cmdline(&facts, out, sizeof(out), added, sizeof(added), &e), 0);
	check_words(out, "swiotlb=noforce", true);
	for (size_t n = 1; n < 64; n++)
		assert_int_equal(capture_cmdline(&facts, out, n, added, sizeof(added), &e), -E2BIG);
	assert_int_equal(capture_cmdline(&facts, out, sizeof(out), added, 8, &e), -E2BIG);
}

static const struct {
	const char *why, *before, *after;
	int         rc;
} panics[] = {
	{ "nothing", "", "panic=10", 1 },
	{ "missing", "a b", "a b panic=10", 1 },
	{ "given", "panic=30 a", "panic=30 a", 0 },
	{ "given, even 0: it was said", "panic=0", "panic=0", 0 },
	{ "alike", "panic_on_oops=1 xpanic=1", "panic_on_oops=1 xpanic=1 panic=10", 1 },
	{ "in quotes of another", "a=\"b panic=1\"", "a=\"b panic=1\" panic=10", 1 },
};

static void test_panic(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(panics); i++) {
		print_message("%s\n", panics[i].why);
		strcpy(text, panics[i].before);
		assert_int_equal(capture_add_panic(text, sizeof(text), NULL), panics[i].rc);
		assert_string_equal(text, panics[i].after);
	}
	strcpy(text, "abc");
	assert_int_equal(capture_add_panic(text, 12, NULL), -E2BIG);
	assert_int_equal(capture_add_panic(text, 13, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nr_cpus),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_other_machines),
		cmocka_unit_test(test_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
