/* debianconf - what do the settings of /etc/default/kdump-tools mean for us? */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "boot/bootargs.h"
#include "prod/translate.h"

enum { LINE_SIZE = 4096 };

/* kdump-config: fail_cmd runs in the capture kernel when nothing was saved, its words unquoted. */
static void fail_command(struct translator *tr, const char *name, const char *value)
{
	static const char *const commands[][2] = {
		{ "reboot", "reboot" }, { "halt", "halt" }, { "poweroff", "poweroff" }, { "shutdown", "poweroff" },
		{ "sh", "shell" }, { "bash", "shell" },
	};
	size_t len = strcspn(value, " \t;");
	const char *base = value;

	for (size_t i = 0; i < len; i++)
		if (value[i] == '/')
			base = value + i + 1;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i][0]) == (size_t)(value + len - base) && !strpbrk(value, ";&|") &&
		    !strncmp(base, commands[i][0], strlen(commands[i][0]))) {
			translate_put(tr, name, "failure_action", commands[i][1]);
			return;
		}
	if (value[0] == '/' && !value[len])
		translate_put(tr, name, "kdump_emergency", value);
	else
		translate_lost(tr, "%s: '%.80s' is more than a program: write a script and kdump_emergency", name, value);
}

static void collector(struct translator *tr, const char *name, const char *value)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "makedumpfile %s", value);
	translate_put(tr, name, "core_collector", line);
}

/* Words for systemd of the root filesystem, which is not started here. */
static void append(struct translator *tr, const char *name, const char *value)
{
	char line[LINE_SIZE] = "";
	const char *word;
	size_t len, n = 0;

	while ((word = bootarg_next(&value, &len)) && n + len + 2 < sizeof(line))
		if (!bootarg_is(word, len, "systemd.unit"))
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%.*s", n ? " " : "", (int)len, word);
	if (n)
		translate_put(tr, name, "commandline_append", line);
}

static void kexec_args(struct translator *tr, const char *name, const char *value)
{
	if (strcmp(value, "-s") && strcmp(value, "-a"))
		translate_lost(tr, "%s: '%.80s' is for kexec(8); kexec_file_load(2) is used here", name, value);
}

static void switched_off(struct translator *tr, const char *name, const char *value)
{
	translate_hint(tr, "%s is %.20s: kdump is switched off there", name, value);
}

/* It is tried first there. */
static void ftp(struct translator *tr, const char *name, const char *value)
{
	translate_wants_target(tr);
	translate_lost(tr, "%s: there is no FTP here (%.80s): use ssh or http", name, value);
}

static void put_path(struct translator *tr)
{
	if (translate_value(tr, "KDUMP_COREDIR")[0])
		translate_put(tr, "KDUMP_COREDIR", "path", translate_value(tr, "KDUMP_COREDIR"));
}

static void ssh(struct translator *tr, const char *name, const char *value)
{
	const char *key = translate_value(tr, "SSH_KEY");

	translate_wants_target(tr);
	if (!translate_put(tr, name, "ssh", value))
		return;
	put_path(tr);
	if (key[0])
		translate_put(tr, "SSH_KEY", "sshkey", key);
}

/* It is mounted on KDUMP_COREDIR, so that dumps are at its top. */
static void nfs(struct translator *tr, const char *name, const char *value)
{
	const char *timeo = translate_value(tr, "NFS_TIMEO"), *retrans = translate_value(tr, "NFS_RETRANS");
	char options[128];

	translate_wants_target(tr);
	if (!translate_put(tr, name, "nfs", value))
		return;
	translate_put(tr, name, "path", "/");
	snprintf(options, sizeof(options), "nolock,tcp,soft,timeo=%.20s,retrans=%.20s", timeo[0] ? timeo : "600",
		 retrans[0] ? retrans : "3");
	translate_put(tr, name, "mount_options", options);
}

static void local_path(struct translator *tr, const char *name, const char *value)
{
	if (!translate_value(tr, "SSH")[0] && !translate_value(tr, "NFS")[0] && !translate_value(tr, "FTP")[0])
		translate_put(tr, name, "path", value);
}


const struct translate_rule debian_rules[] = {
	RULE_TAKE("USE_KDUMP", "1", switched_off),
	RULE_LOST("KDUMP_KERNEL", "/var/lib/kdump/vmlinuz", "another kernel: give it to kdump load as --kernel"),
	RULE_HINT("KDUMP_INITRD", "/var/lib/kdump/initrd.img", "the initramfs is made here"),
	RULE_TAKE("KDUMP_FAIL_CMD", "reboot -f", fail_command),
	RULE_HINT("KDUMP_DUMP_DMESG", "1", "the kernel log is always saved"),
	RULE_LOST("KDUMP_NUM_DUMPS", "0", "the capture kernel removes none: kdump list --keep=N --delete does"),
	RULE_HINT("KDUMP_COMPRESSION", "none", "the dump is compressed as core_collector says, not again"),
	RULE_TAKE("MAKEDUMP_ARGS", "", collector),
	RULE_TAKE("KDUMP_KEXEC_ARGS", "", kexec_args),
	RULE_KEY("KDUMP_CMDLINE", "", "commandline"),
	RULE_TAKE("KDUMP_CMDLINE_APPEND", "reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 irqpoll usbcore.nousb",
	     append),
	RULE_LOST("HOSTTAG", "ip", "directories on servers begin with the address"),
	RULE_TAKE("KDUMP_COREDIR", "/var/crash", local_path),
	RULE_TAKE("FTP", "", ftp), RULE_ALONG("FTP_USER"), RULE_ALONG("FTP_PASSWORD"), RULE_ALONG("FTP_PORT"),
	RULE_TAKE("SSH", "", ssh), RULE_ALONG("SSH_KEY"),
	RULE_HINT("SSH_KDUMP_RETRY", "", "network_timeout and deadline tell how long it is tried"),
	RULE_TAKE("NFS", "", nfs), RULE_ALONG("NFS_TIMEO"), RULE_ALONG("NFS_RETRANS"),
	RULE_HINT("NFS_MOUNT_RETRY", "", "network_timeout and deadline tell how long it is tried"),
	RULE_LOST("KDUMP_SYSCTL", "", "kdump-tools no longer has it: set it by sysctl.conf(5)"),
	RULE_HINT("DEBUG_KERNEL", "", "kdump-tools no longer has it"),
	RULE_HINT("KDUMP_CONFIG", "", "kdump-tools no longer has it"),
	RULE_HINT("KDUMP_RUNLEVEL", "", "kdump-tools no longer has it"),
	{ .text = NULL },
};
