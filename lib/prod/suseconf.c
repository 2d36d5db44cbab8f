/* suseconf - what do the settings of /etc/sysconfig/kdump mean for us, SUSE's and those of kdump-utils? */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "prod/translate.h"
#include "ssh/base64.h"
#include "ssh/pubkey.h"

enum { LINE_SIZE = 4096 };

/* kdump-read-config: true, yes, 1 and false, no, 0; -1 for anything else, which is told. */
static int boolean(struct translator *tr, const char *name, const char *value)
{
	if (!strcasecmp(value, "true") || !strcasecmp(value, "yes") || !strcmp(value, "1"))
		return 1;
	if (!strcasecmp(value, "false") || !strcasecmp(value, "no") || !strcmp(value, "0"))
		return 0;
	translate_hint(tr, "%s: '%.40s' is neither true nor false: its default counts", name, value);
	return -1;
}

static bool number(struct translator *tr, const char *name, const char *value, long *out)
{
	char *end;

	*out = strtol(value, &end, 10);
	if (*value && !*end && *out > -1000000 && *out < 1000000)
		return true;
	translate_hint(tr, "%s: '%.40s' is no number: its default counts", name, value);
	return false;
}

/* What is lost if it was switched on. */
static void lost_if_true(struct translator *tr, const char *name, const char *value)
{
	if (boolean(tr, name, value) == 1)
		translate_lost(tr, "%s: there is nothing like it here", name);
}

static void on_error(struct translator *tr, const char *name, const char *value)
{
	if (boolean(tr, name, value))
		return;
	if (translate_put(tr, name, "failure_action", "shell"))
		translate_hint(tr, "%s: the shell needs /bin/sh in the image (extra_bins)", name);
}

static void at_the_end(struct translator *tr, const char *name, const char *value)
{
	if (!boolean(tr, name, value))
		translate_lost(tr, "%s: after a dump there is no shell, only reboot, halt or poweroff", name);
}

static void level(struct translator *tr, const char *name, const char *value)
{
	char text[16];
	long n;

	if (!number(tr, name, value, &n))
		return;
	if (n < 0 || n > 31)
		translate_hint(tr, "%s: %ld is no dump level: SUSE takes 0", name, n);
	snprintf(text, sizeof(text), "%ld", n < 0 || n > 31 ? 0 : n);
	translate_put(tr, name, "dump_level", text);
}

/* A wrong one is zstd there, whatever its message says. */
static void format(struct translator *tr, const char *name, const char *value)
{
	if (!strcasecmp(value, "none")) {
		translate_lost(tr, "%s: the kernel log alone: a dump is made as well", name);
	} else if (!strcasecmp(value, "raw")) {
		translate_put(tr, name, "dump_level", "0");
		translate_put(tr, name, "compress", "none");
	} else if (!strcasecmp(value, "ELF")) {
		translate_put(tr, name, "compress", "none");
		translate_lost(tr, "%s: ELF is not written: the kdump format, not compressed, is", name);
	} else if (!strcasecmp(value, "compressed")) {
		translate_put(tr, name, "compress", "zlib");
	} else {
		translate_put(tr, name, "compress", !strcasecmp(value, "lzo") || !strcasecmp(value, "snappy") ? "lzo" : "zstd");
		if (strcasecmp(value, "lzo") && strcasecmp(value, "zstd"))
			translate_hint(tr, "%s: '%.40s' is not written: see compress", name, value);
	}
}

static void cpus(struct translator *tr, const char *name, const char *value)
{
	char text[32];
	long n;

	if (!number(tr, name, value, &n) || n <= 0)
		return;
	snprintf(text, sizeof(text), "nr_cpus=%ld", n);
	if (!translate_value(tr, "KDUMP_COMMANDLINE_APPEND")[0])
		translate_put(tr, name, "commandline_append", text);
}

static void program(struct translator *tr, const char *name, const char *value)
{
	bool before = !strcmp(name, "KDUMP_PRESCRIPT");

	if (strstr(value, "fence_kdump_send"))
		translate_lost(tr, "%s: fence_kdump_send is not there", name);
	else if (value[0] != '/' || strpbrk(value, " \t;&|"))
		translate_lost(tr, "%s: '%.80s' is more than a program", name, value);
	else if (before)
		translate_lost(tr, "%s: put %.80s into /etc/kdump/pre.d: as kdump_pre its failure would forbid the dump",
			       name, value);
	else
		translate_put(tr, name, "kdump_post", value);
}

/* "IF:MODE[:force]", or "auto": what is up now, as here without network lines. */
static void network(struct translator *tr, const char *name, const char *value)
{
	static const char *const modes[][2] = {
		{ "dhcp", "dhcp" }, { "dhcp4", "dhcp" }, { "dhcp6", "dhcp6" }, { "auto6", "auto6" },
	};
	size_t card = strcspn(value, ":"), mode = value[card] ? strcspn(value + card + 1, ":") : 0;
	char line[128];

	if (mode == 6 && !strncmp(value + card + 1, "static", 6)) {
		translate_hint(tr, "%s: the addresses that are set when the image is made are used", name);
		return;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (mode == strlen(modes[i][0]) && !strncmp(value + card + 1, modes[i][0], mode)) {
			snprintf(line, sizeof(line), "ip=%.*s:%s", (int)card, value, modes[i][1]);
			translate_put(tr, name, "network", line);
			return;
		}
	translate_lost(tr, "%s: '%.80s' is not IF:dhcp4, dhcp6, auto6 or static", name, value);
}

static void net_timeout(struct translator *tr, const char *name, const char *value)
{
	long n;

	if (number(tr, name, value, &n) && n > 0)
		translate_put(tr, name, "network_timeout", value);
}

/* "TYPE BASE64" of known_hosts, as the fingerprint of the only key that is accepted. */
static void host_key(struct translator *tr, const char *value)
{
	const char *name = "KDUMP_HOST_KEY", *text = value + strcspn(value, " \t");
	char fingerprint[SSH_FINGERPRINT_SIZE];
	uint8_t blob[SSH_BLOB_MAX];
	ssize_t n;

	text += strspn(text, " \t");
	if (!strcmp(value, "*")) {
		translate_lost(tr, "%s: '*' would trust any server: its key must be in known_hosts", name);
		return;
	}
	n = base64_decode(blob, sizeof(blob), text, strcspn(text, " \t"), 0);
	if (n <= 0 || !ssh_pubkey_type(blob, (size_t)n)) {
		translate_lost(tr, "%s: is no key of a server", name);
		return;
	}
	ssh_fingerprint(blob, (size_t)n, fingerprint);
	translate_put(tr, name, "host_key", fingerprint);
}

static void identity(struct translator *tr)
{
	static const char *const usual[] = { "id_rsa", "id_ecdsa", "id_ed25519" };
	const char *name = "KDUMP_SSH_IDENTITY", *value = translate_value(tr, name);
	size_t len = strcspn(value, " \t");
	char path[256];

	if (len) {
		snprintf(path, sizeof(path), "%s%.*s", value[0] == '/' ? "" : "/root/.ssh/", (int)len, value);
		translate_put(tr, name, "sshkey", path);
		if (value[len])
			translate_hint(tr, "%s: of several keys the first one is used", name);
		return;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		snprintf(path, sizeof(path), "/root/.ssh/%s", usual[i]);
		if (translate_exists(tr, path)) {
			translate_put(tr, name, "sshkey", path);
			return;
		}
	}
}

/* What stands behind "ssh://": [USER[:PASSWORD]@]HOST[:PORT]/PATH. */
static void ssh(struct translator *tr, const char *name, const char *rest)
{
	char login[256], path[256], *at, *port;
	size_t len = strcspn(rest, "/");

	snprintf(login, sizeof(login), "%s%.*s", memchr(rest, '@', len) ? "" : "root@", (int)len, rest);
	snprintf(path, sizeof(path), "%s", rest[len] ? rest + len : "/");
	at = strrchr(login, '@');
	if (memchr(login, ':', (size_t)(at - login))) {
		translate_lost(tr, "%s: a password is no way to log in here: use a key (sshkey)", name);
		return;
	}
	port = strrchr(at, ':');
	if (port && !strchr(port, ']') && (strchr(at, ':') == port || port[-1] == ']'))
		*port++ = 0;
	else
		port = NULL;
	if (!translate_put(tr, name, "ssh", login))
		return;
	translate_put(tr, name, "path", path);
	if (port)
		translate_put(tr, name, "port", port);
	identity(tr);
	if (translate_value(tr, "KDUMP_HOST_KEY")[0])
		host_key(tr, translate_value(tr, "KDUMP_HOST_KEY"));
}

static void nfs(struct translator *tr, const char *name, const char *rest)
{
	char line[256];
	size_t len = strcspn(rest, "/");

	snprintf(line, sizeof(line), "%.*s:%s", (int)len, rest, rest + len);
	if (translate_put(tr, name, "nfs", line))
		translate_put(tr, name, "path", "/");
}

/* [USER:PASSWORD@]HOST/SHARE/PATH. */
static void cifs(struct translator *tr, const char *name, const char *rest)
{
	size_t login = strcspn(rest, "/"), n;
	char line[CONF_TEXT_MAX], share[256];
	int len = 0;

	/* What is said of it must not repeat it: there is a password in it. */
	if (strchr(rest + login, '@')) {
		translate_lost(tr, "%s: '@' behind a '/': a user and password with a '/' go into a file, mount_options "
			       "credentials=FILE", name);
		return;
	}

	while (login && rest[login] != '@')
		login--;
	n = login ? strcspn(rest, ":@") : 0;
	if (memchr(rest, ',', login)) {
		translate_lost(tr, "%s: a comma in user or password: they go into a file, mount_options credentials=FILE", name);
		return;
	}
	for (size_t i = 0; i < login; i++)
		if (rest[i] == '#' || (unsigned char)rest[i] < ' ' || rest[i] == 127) {
			translate_lost(tr, "%s: '#' or a control character in user or password, which kdump.conf cannot hold: "
				       "they go into a file, mount_options credentials=FILE", name);
			return;
		}
	if (!login)
		strcpy(line, "guest");
	else
		len = snprintf(line, sizeof(line), "username=%.*s,password=%.*s", (int)n, rest, n < login ? (int)(login - n - 1) : 0,
			 rest + n + 1);
	if (len < 0 || (size_t)len >= sizeof(line)) {
		translate_lost(tr, "%s: user and password are too long: they go into a file, mount_options credentials=FILE", name);
		return;
	}
	rest += login + !!login;
	n = strcspn(rest, "/");
	n += rest[n] ? 1 + strcspn(rest + n + 1, "/") : 0;
	snprintf(share, sizeof(share), "//%.*s", (int)n, rest);
	if (!translate_put(tr, name, "cifs", share))
		return;
	translate_put(tr, name, "path", rest[n] ? rest + n : "/");
	translate_put(tr, name, "mount_options", line);
}

static void savedir(struct translator *tr, const char *name, const char *value)
{
	const char *rest = strstr(value, "://");

	if (!rest || !strncmp(value, "file://", 7)) {
		translate_put(tr, name, "path", rest ? rest + 3 : value);
		return;
	}
	rest += 3;
	translate_wants_target(tr);
	if (strpbrk(value, " \t"))
		translate_lost(tr, "%s: more than one target", name);
	else if (!strncmp(value, "ssh:", 4) || !strncmp(value, "scp:", 4) || !strncmp(value, "sftp:", 5))
		ssh(tr, name, rest);
	else if (!strncmp(value, "nfs:", 4))
		nfs(tr, name, rest);
	else if (!strncmp(value, "cifs:", 5) || !strncmp(value, "smb:", 4))
		cifs(tr, name, rest);
	else
		translate_lost(tr, "%s: %.*s is no target here: use ssh or http", name, (int)strcspn(value, ":"), value);
}

static void kernel(struct translator *tr, const char *name, const char *value)
{
	translate_lost(tr, "%s: give it to kdump load, as --kernel=%.80s", name, value);
}


const struct translate_rule suse_rules[] = {
	RULE_HINT("KDUMP_CRASHKERNEL", "auto", "kdump estimate tells what to reserve"),
	RULE_HINT("KDUMP_UPDATE_BOOTLOADER", "true", "the boot loader is yours"),
	RULE_TAKE("KDUMP_KERNELVER", "", kernel),
	RULE_TAKE("KDUMP_CPUS", "32", cpus),
	RULE_KEY("KDUMP_COMMANDLINE", "", "commandline"),
	RULE_KEY("KDUMP_COMMANDLINE_APPEND", "", "commandline_append"),
	RULE_TAKE("KDUMP_AUTO_RESIZE", "false", lost_if_true),
	RULE_TAKE("KDUMP_FADUMP", "false", lost_if_true),
	RULE_TAKE("KDUMP_FADUMP_SHELL", "false", lost_if_true),
	RULE_ALONG("FADUMP_COMMANDLINE_APPEND"),
	RULE_LOST("KEXEC_OPTIONS", "", "options of kexec(8), which is not used"),
	RULE_LOST("MAKEDUMPFILE_OPTIONS", "", "options of makedumpfile: see core_collector"),
	RULE_TAKE("KDUMP_IMMEDIATE_REBOOT", "true", at_the_end),
	RULE_LOST("KDUMP_TRANSFER", "", "another program instead of the dump"),
	RULE_LOST("KDUMP_KEEP_OLD_DUMPS", "0", "the capture kernel removes none: kdump list --keep=N --delete does"),
	RULE_LOST("KDUMP_FREE_DISK_SIZE", "64", "a dump that is complete stays"),
	RULE_HINT("KDUMP_VERBOSE", "0", "the console says each step"),
	RULE_TAKE("KDUMP_DUMPLEVEL", "31", level),
	RULE_TAKE("KDUMP_DUMPFORMAT", "", format),
	RULE_TAKE("KDUMP_CONTINUE_ON_ERROR", "true", on_error),
	RULE_KEY("KDUMP_REQUIRED_PROGRAMS", "", "extra_bins"),
	RULE_TAKE("KDUMP_PRESCRIPT", "", program),
	RULE_TAKE("KDUMP_POSTSCRIPT", "", program),
	RULE_TAKE("KDUMP_NETCONFIG", "auto", network),
	RULE_TAKE("KDUMP_NET_TIMEOUT", "30", net_timeout),
	RULE_LOST("KDUMP_SMTP_SERVER", "", "no mail is sent"),
	RULE_ALONG("KDUMP_SMTP_USER"), RULE_ALONG("KDUMP_SMTP_PASSWORD"), RULE_ALONG("KDUMP_NOTIFICATION_CC"),
	RULE_LOST("KDUMP_NOTIFICATION_TO", "", "no mail is sent"),
	RULE_TAKE("KDUMP_SAVEDIR", "/var/crash", savedir), RULE_ALONG("KDUMP_HOST_KEY"), RULE_ALONG("KDUMP_SSH_IDENTITY"),
	RULE_HINT("KDUMPTOOL_FLAGS", "", "SUSE no longer has it"),
	RULE_HINT("KDUMP_COPY_KERNEL", "", "SUSE no longer has it"),
	{ .text = NULL },
};

const struct translate_rule rhel_rules[] = {
	RULE_TAKE("KDUMP_KERNELVER", "", kernel),
	RULE_KEY("KDUMP_COMMANDLINE", "", "commandline"),
	RULE_KEY("KDUMP_COMMANDLINE_REMOVE", "", "commandline_remove"),
	RULE_KEY("KDUMP_COMMANDLINE_APPEND", "", "commandline_append"),
	RULE_ALONG("FADUMP_COMMANDLINE_APPEND"),
	RULE_LOST("KEXEC_ARGS", "-s", "options of kexec(8), which is not used"),
	RULE_HINT("KDUMP_BOOTDIR", "/boot", "give the kernel to kdump load as --kernel"),
	RULE_HINT("KDUMP_IMG", "vmlinuz", "give the kernel to kdump load as --kernel"),
	RULE_HINT("KDUMP_IMG_EXT", "", "give the kernel to kdump load as --kernel"),
	RULE_HINT("VMCORE_CREATION_NOTIFICATION", "yes", "kdump status tells"),
	RULE_HINT("KDUMP_STDLOGLVL", "3", "every step is told"),
	RULE_HINT("KDUMP_SYSLOGLVL", "0", "every step is told"),
	RULE_HINT("KDUMP_KMSGLOGLVL", "0", "every step is told"),
	{ .text = NULL },
};
