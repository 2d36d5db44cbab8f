/* test_translate - is the configuration of other kdumps translated by their rules, and the rest told by name? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prod/translate.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const enum translate_dialect CONF = DIALECT_KDUMP_CONF, DEB = DIALECT_DEBIAN, SUSE = DIALECT_SUSE,
				    RH = DIALECT_RHEL_SYSCONFIG;

/* lost and hint: the beginning of the first one, NULL if there must be none. */
static const struct {
	const char                   *why;
	const enum translate_dialect *of;
	const char                   *text, *is, *lost, *hint;
} cases[] = {
	/* kdump.conf */
	{ "nothing", &CONF, "", "", NULL, NULL },
	{ "comments stay", &CONF, "# a\n\npath /x # b\n", "# a\n\npath /x\n", NULL, NULL },
	{ "quotes", &CONF, "path \"/a b\"\n", "path /a b\n", NULL, NULL },
	{ "a target and what belongs to it", &CONF, "ext4 UUID=1-2\npath /d\ncore_collector makedumpfile -l -d 31\n",
	  "ext4 UUID=1-2\npath /d\ncore_collector makedumpfile -l -d 31\n", NULL, NULL },
	{ "the old name", &CONF, "default halt\n", "failure_action halt\n", NULL, NULL },
	{ "twice, as kdumpctl refuses it", &CONF, "path /a\npath /b\n", "path /a\n# path /b\n", "path: path: set twice", NULL },
	{ "an unknown key", &CONF, "zz 1\n", "# zz 1\n", "zz: zz: unknown key", NULL },
	{ "a deprecated key", &CONF, "link_delay 60\n", "# link_delay 60\n", "link_delay: link_delay: kdump.conf no longer", NULL },
	{ "an empty value", &CONF, "path\n", "# path\n", "path: path: needs a value", NULL },
	{ "a second target", &CONF, "ext4 /dev/a\nxfs /dev/b\n", "ext4 /dev/a\n# xfs /dev/b\n", "xfs: a second target", NULL },
	{ "a key that is not there", &CONF, "ssh a@b\nsshkey /no/such/file\n", "ssh a@b\n",
	  "sshkey: /no/such/file does not exist", NULL },
	{ "--mount is the target", &CONF, "dracut_args --mount \"/dev/sda1 /mnt ext4 noatime\"\npath /d\n",
	  "ext4 /dev/sda1\nmount_options noatime\npath /d\n", NULL, NULL },
	{ "--mount with defaults", &CONF, "dracut_args --mount=\"UUID=1 /mnt xfs defaults\"\n", "xfs UUID=1\n", NULL, NULL },
	{ "--mount without options", &CONF, "dracut_args --mount \"/dev/a /mnt xfs\"\n", "xfs /dev/a\n", NULL, NULL },
	{ "dracut_args besides", &CONF, "dracut_args --omit-drivers x\n", "dracut_args --omit-drivers x\n", NULL,
	  "dracut_args: dracut_args: not supported by this build" },
	{ "a collector that we lack", &CONF, "core_collector makedumpfile -E -d 31\n", "core_collector makedumpfile -E -d 31\n",
	  NULL, "core_collector: core_collector: -E (ELF)" },

	/* Debian */
	{ "the file as it is installed", &DEB, "# kdump-tools\nUSE_KDUMP=1\nKDUMP_KERNEL=/var/lib/kdump/vmlinuz\n"
	  "KDUMP_INITRD=/var/lib/kdump/initrd.img\n", "", NULL, NULL },
	{ "switched off", &DEB, "USE_KDUMP=0\n", "", NULL, "USE_KDUMP is 0" },
	{ "a directory", &DEB, "KDUMP_COREDIR=\"/srv/crash\"\n", "path /srv/crash\n", NULL, NULL },
	{ "a server", &DEB, "SSH=\"kdump@srv\"\nSSH_KEY='/root/.ssh/k'\nKDUMP_COREDIR=/srv\n",
	  "ssh kdump@srv\npath /srv\nsshkey /root/.ssh/k\n", NULL, NULL },
	{ "NFS", &DEB, "NFS=srv:/dumps\nNFS_TIMEO=100\n",
	  "nfs srv:/dumps\npath /\nmount_options nolock,tcp,soft,timeo=100,retrans=3\n", NULL, NULL },
	{ "FTP is lost, the server stays", &DEB, "FTP=a:b\nFTP_USER=c\nSSH=a@b\n", "ssh a@b\n", "FTP: there is no FTP", NULL },
	{ "the filter", &DEB, "MAKEDUMP_ARGS=\"-c -d 17\"\n", "core_collector makedumpfile -c -d 17\n", NULL, NULL },
	{ "a level that is none", &DEB, "MAKEDUMP_ARGS='-d 99'\n", "", "MAKEDUMP_ARGS: core_collector: dump level '99'", NULL },
	{ "words, but those for systemd", &DEB, "KDUMP_CMDLINE_APPEND=\"$X irqpoll systemd.unit=a nousb\"\n", NULL, NULL, NULL },
	{ "the same, set", &DEB, "X=a\nKDUMP_CMDLINE_APPEND=\"$X systemd.unit=a nousb\"\n", "commandline_append a nousb\n",
	  NULL, "X: not known" },
	{ "a whole line", &DEB, "KDUMP_CMDLINE='root=/dev/a console=ttyS0'\n", "commandline root=/dev/a console=ttyS0\n",
	  NULL, NULL },
	{ "a comment sign cannot be written", &DEB, "KDUMP_CMDLINE='a#b'\n", "", "KDUMP_CMDLINE: kdump.conf cannot hold '#'", NULL },
	{ "DOS line ends", &DEB, "KDUMP_COREDIR=/a\r\n", "", "KDUMP_COREDIR: kdump.conf cannot hold", NULL },
	{ "when it fails: reboot", &DEB, "KDUMP_FAIL_CMD=\"reboot -f\"\n", "", NULL, NULL },
	{ "when it fails: off", &DEB, "KDUMP_FAIL_CMD=\"/sbin/poweroff -f\"\n", "failure_action poweroff\n", NULL, NULL },
	{ "when it fails: shell", &DEB, "KDUMP_FAIL_CMD=/bin/bash\n", "failure_action shell\n", NULL, NULL },
	{ "when it fails: a program", &DEB, "KDUMP_FAIL_CMD=/usr/bin/help\n", "kdump_emergency /usr/bin/help\n", NULL, NULL },
	{ "the list of the manual page", &DEB, "KDUMP_FAIL_CMD=\"echo x; /bin/bash; reboot -f\"\n", "",
	  "KDUMP_FAIL_CMD: 'echo x; /bin/bash; reboot -f' is more", NULL },
	{ "old dumps", &DEB, "KDUMP_NUM_DUMPS=3\n", "", "KDUMP_NUM_DUMPS: the capture kernel removes none", NULL },
	{ "compressed again", &DEB, "KDUMP_COMPRESSION=xz\n", "", NULL, "KDUMP_COMPRESSION: the dump is" },
	{ "names of directories", &DEB, "HOSTTAG=hostname\n", "", "HOSTTAG: directories", NULL },
	{ "options of kexec", &DEB, "KDUMP_KEXEC_ARGS=-s\n", "", NULL, NULL },
	{ "others", &DEB, "KDUMP_KEXEC_ARGS='-d -c'\n", "", "KDUMP_KEXEC_ARGS: '-d -c'", NULL },
	{ "set twice", &DEB, "KDUMP_COREDIR=/a\nKDUMP_COREDIR=/b\n", "path /b\n", NULL,
	  "KDUMP_COREDIR: set 2 times; the last one, in line 2" },
	{ "obsolete", &DEB, "KDUMP_RUNLEVEL=1\n", "", NULL, "KDUMP_RUNLEVEL: kdump-tools no longer" },
	{ "no file but a program", &DEB, "KDUMP_COREDIR=$(date)\n", NULL, NULL, NULL },
	{ "nothing but FTP", &DEB, "FTP=a\n", NULL, "FTP: ", NULL },

	/* SUSE */
	{ "the usual values", &SUSE, "KDUMP_CPUS=\"32\"\nKDUMP_SAVEDIR=\"/var/crash\"\nKDUMP_DUMPLEVEL=31\n"
	  "KDUMP_CRASHKERNEL=auto\nKDUMP_VERBOSE=0\n", "", NULL, NULL },
	{ "a directory as URL", &SUSE, "KDUMP_SAVEDIR=file:///srv\n", "path /srv\n", NULL, NULL },
	{ "a server", &SUSE, "KDUMP_SAVEDIR=ssh://u@h/d\n", "ssh u@h\npath /d\n", NULL, NULL },
	{ "a server with a port, key and pin", &SUSE, "KDUMP_SAVEDIR=sftp://u@h:2222/d\nKDUMP_SSH_IDENTITY='k other'\n"
	  "KDUMP_HOST_KEY='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII4cFfK+7gLQpT02B51qJnzIoD7mmnnhAj4sWJoVGuAj'\n",
	  "ssh u@h\npath /d\nport 2222\nsshkey /root/.ssh/k\nhost_key SHA256:1hZOfgbYcQ6DcgBOAUb4279BOElzFuBAKmB1k+U96ug\n", NULL,
	  "KDUMP_SSH_IDENTITY: of several keys" },
	{ "nobody is root", &SUSE, "KDUMP_SAVEDIR=scp://[2001:db8::1]:22/d\n", "ssh root@[2001:db8::1]\npath /d\nport 22\n", NULL, NULL },
	{ "any server", &SUSE, "KDUMP_SAVEDIR=ssh://u@h/d\nKDUMP_HOST_KEY='*'\n", "ssh u@h\npath /d\n", "KDUMP_HOST_KEY: '*' would", NULL },
	{ "a password", &SUSE, "KDUMP_SAVEDIR=ssh://u:p@h/d\n", NULL, "KDUMP_SAVEDIR: a password", NULL },
	{ "NFS", &SUSE, "KDUMP_SAVEDIR=nfs://srv/dumps/a\n", "nfs srv:/dumps/a\npath /\n", NULL, NULL },
	{ "a share", &SUSE, "KDUMP_SAVEDIR=cifs://u:p@w@srv/dumps/a/b\n",
	  "cifs //srv/dumps\npath /a/b\nmount_options username=u,password=p@w\n", NULL, NULL },
	{ "a share for all", &SUSE, "KDUMP_SAVEDIR=smb://srv/dumps\n", "cifs //srv/dumps\npath /\nmount_options guest\n", NULL, NULL },
	{ "a user alone", &SUSE, "KDUMP_SAVEDIR=cifs://u@srv/d\n", "cifs //srv/d\npath /\nmount_options username=u,password=\n", NULL, NULL },
	{ "no share", &SUSE, "KDUMP_SAVEDIR=cifs://srv\n", NULL, "KDUMP_SAVEDIR: cifs: '//srv' is not //SERVER/SHARE", NULL },
	{ "a hash in the password, which is not told", &SUSE, "KDUMP_SAVEDIR=cifs://u:geheim#w@srv/d\n", NULL,
	  "KDUMP_SAVEDIR: '#' or a control character in user or password", NULL },
	{ "a slash in the password", &SUSE, "KDUMP_SAVEDIR=cifs://u:geheim/w@srv/d\n", NULL, "KDUMP_SAVEDIR: '@' behind a '/'", NULL },
	{ "a comma in the password", &SUSE, "KDUMP_SAVEDIR=cifs://u:p,w@srv/d\n", NULL, "KDUMP_SAVEDIR: a comma", NULL },
	{ "FTP", &SUSE, "KDUMP_SAVEDIR=ftp://h/d\n", NULL, "KDUMP_SAVEDIR: ftp is no target", NULL },
	{ "two places, which it once had", &SUSE, "KDUMP_SAVEDIR='ssh://h/d ssh://i/d'\n", NULL, "KDUMP_SAVEDIR: more than one", NULL },
	{ "a level that is none is 0", &SUSE, "KDUMP_DUMPLEVEL=32\n", "dump_level 0\n", NULL, "KDUMP_DUMPLEVEL: 32 is no" },
	{ "a level that is no number", &SUSE, "KDUMP_DUMPLEVEL=x\n", "", NULL, "KDUMP_DUMPLEVEL: 'x' is no number" },
	{ "lzo", &SUSE, "KDUMP_DUMPFORMAT=lzo\n", "compress lzo\n", NULL, NULL },
	{ "zlib", &SUSE, "KDUMP_DUMPFORMAT=compressed\n", "compress zlib\n", NULL, NULL },
	{ "everything", &SUSE, "KDUMP_DUMPFORMAT=raw\n", "dump_level 0\ncompress none\n", NULL, NULL },
	{ "ELF", &SUSE, "KDUMP_DUMPFORMAT=ELF\n", "compress none\n", "KDUMP_DUMPFORMAT: ELF is not", NULL },
	{ "the log alone", &SUSE, "KDUMP_DUMPFORMAT=none\n", "", "KDUMP_DUMPFORMAT: the kernel log", NULL },
	{ "a wrong one is zstd", &SUSE, "KDUMP_DUMPFORMAT=x\n", "compress zstd\n", NULL, "KDUMP_DUMPFORMAT: 'x' is not" },
	{ "a shell when it fails", &SUSE, "KDUMP_CONTINUE_ON_ERROR=No\n", "failure_action shell\n", NULL, "KDUMP_CONTINUE_ON_ERROR: the shell" },
	{ "neither yes nor no", &SUSE, "KDUMP_CONTINUE_ON_ERROR=2\n", "", NULL, "KDUMP_CONTINUE_ON_ERROR: '2' is neither" },
	{ "a shell at the end", &SUSE, "KDUMP_IMMEDIATE_REBOOT=false\n", "", "KDUMP_IMMEDIATE_REBOOT: after", NULL },
	{ "processors", &SUSE, "KDUMP_CPUS=2\n", "commandline_append nr_cpus=2\n", NULL, NULL },
	{ "the network", &SUSE, "KDUMP_NETCONFIG=eth0:dhcp4:force\nKDUMP_NET_TIMEOUT=90\n", "network ip=eth0:dhcp\nnetwork_timeout 90\n", NULL, NULL },
	{ "the network as it is", &SUSE, "KDUMP_NETCONFIG=eth0:static\n", "", NULL, "KDUMP_NETCONFIG: the addresses" },
	{ "no network", &SUSE, "KDUMP_NETCONFIG=eth0\n", "", "KDUMP_NETCONFIG: 'eth0' is not", NULL },
	{ "a program after", &SUSE, "KDUMP_POSTSCRIPT=/bin/x\n", "kdump_post /bin/x\n", NULL, NULL },
	{ "a program before may not forbid the dump", &SUSE, "KDUMP_PRESCRIPT=/bin/x\n", "", "KDUMP_PRESCRIPT: put /bin/x into /etc/kdump/pre.d", NULL },
	{ "fencing", &SUSE, "KDUMP_POSTSCRIPT='/usr/lib/fence_kdump_send -i 5 a'\n", "", "KDUMP_POSTSCRIPT: fence_kdump_send", NULL },
	{ "instead of all", &SUSE, "KDUMP_TRANSFER='cat x'\n", "", "KDUMP_TRANSFER: another program", NULL },
	{ "mail", &SUSE, "KDUMP_NOTIFICATION_TO=a@b\n", "", "KDUMP_NOTIFICATION_TO: no mail", NULL },

	/* sysconfig of kdump-utils */
	{ "words", &RH, "KDUMP_COMMANDLINE_REMOVE=\"quiet hugepages\"\nKDUMP_COMMANDLINE_APPEND=\"irqpoll nr_cpus=1\"\nKEXEC_ARGS=\"-s\"\n",
	  "commandline_remove quiet hugepages\ncommandline_append irqpoll nr_cpus=1\n", NULL, NULL },
	{ "another kernel", &RH, "KDUMP_KERNELVER=5.14\n", "", "KDUMP_KERNELVER: give it to kdump load, as --kernel=5.14", NULL },
};

static void check_note(const struct conf_note *notes, int n, const char *is)
{
	if (is && n && !strncmp(notes[0].text, is, strlen(is)))
		return;
	for (int i = 0; i < n; i++)
		print_message("note: %s\n", notes[i].text);
	assert_true(!is && !n);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct translation *t = calloc(1, sizeof(*t));
		struct err e = { 0 };
		int rc;

		print_message("%s\n", cases[i].why);
		rc = translate_text(t, *cases[i].of, "f", cases[i].text, strlen(cases[i].text), "/nowhere", &e);
		if (rc && cases[i].is)
			print_message("%s\n", e.msg);
		assert_int_equal(!!rc, !cases[i].is);
		if (!rc)
			assert_string_equal(t->text, cases[i].is);
		check_note(t->lost, t->nr_lost, cases[i].lost);
		check_note(t->hints, t->nr_hints, cases[i].hint);
		translate_free(t);
		free(t);
	}
}

/* A dump must not go to the local disk because its server could not be translated. */
static void test_no_target(void **state)
{
	struct translation *t = calloc(1, sizeof(*t));
	static const char text[] = "net nfs.example:/x\npath /d\n";
	struct err e = { 0 };

	(void)state;
	assert_int_equal(translate_text(t, CONF, "f", text, strlen(text), "", &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "f: no place for the dump that can be reached from here: net: net: kdump.conf no longer has this key");
	translate_free(t);
	free(t);
}

/* A file with more wrong lines than there is room for notes. */
static void test_many(void **state)
{
	struct translation *t = calloc(1, sizeof(*t));
	char text[4096], *at = text;

	(void)state;
	for (int i = 0; i < 200; i++)
		at += sprintf(at, "wrong%d x\n", i);
	assert_int_equal(translate_text(t, CONF, "f", text, strlen(text), "", NULL), 0);
	assert_int_equal(t->nr_lost, TRANSLATE_NOTES_MAX);
	translate_free(t);
	free(t);
}

static const struct {
	const char *why, *name, *text;
	enum translate_dialect is;
} files[] = {
	{ "by its name", "/tmp/test_translate.conf", "path /x\n", DIALECT_KDUMP_CONF },
	{ "by its content", "/tmp/test_translate-x", "USE_KDUMP=1\n", DIALECT_DEBIAN },
	{ "SUSE's", "/tmp/test_translate-x", "KDUMP_SAVEDIR=/a\n", DIALECT_SUSE },
	{ "what both have", "/tmp/test_translate-x", "KDUMP_COMMANDLINE_APPEND=\"\"\n", DIALECT_RHEL_SYSCONFIG },
};

static void test_files(void **state)
{
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct translation *t = calloc(1, sizeof(*t));
		FILE *f = fopen(files[i].name, "w");

		print_message("%s\n", files[i].why);
		fputs(files[i].text, f);
		fclose(f);
		assert_int_equal(translate_file(t, files[i].name, "", &e), 0);
		assert_int_equal(t->dialect, files[i].is);
		translate_free(t);
		free(t);
		remove(files[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_target),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
