/* test_conf - is kdump.conf read as kdump-utils reads it, and is nothing able to stop a dump? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct kdump_conf parse(const char *text, enum conf_mode mode, struct err *e)
{
	struct kdump_conf c;

	conf_defaults(&c);
	conf_parse(&c, "kdump.conf", text, strlen(text), mode, e);
	return c;
}

/* The lexical rules, seen through "path": kdump_get_conf_val of kdump-utils. */
static const struct {
	const char *why, *text, *path;
} lexical[] = {
	{ "nothing", "", "/var/crash" },
	{ "plain", "path /a/b\n", "/a/b" },
	{ "no newline at the end", "path /a/b", "/a/b" },
	{ "leading blanks and tabs", " \t path /a\n", "/a" },
	{ "blanks between and behind", "path \t  /a/b  \t\n", "/a/b" },
	{ "comment lines", "#path /no\n  # path /no\n\npath /a\n", "/a" },
	{ "comment behind the value", "path /a/b # here\n", "/a/b" },
	{ "the first # cuts, even inside a word", "path /a#b/c\n", "/a" },
	{ "quotes around", "path \"/a b\"\n", "/a b" },
	{ "quotes do not save a #", "path \"/a#b\"\n", "/\"/a" },
	{ "a quote on one side stays", "path /a\"\n", "/a\"" },
	{ "single quotes are letters", "path '/a'\n", "/'/a'" },
	{ "a blank inside belongs to the value", "path /a b\n", "/a b" },
	{ "the key is case sensitive", "PATH /no\n", "/var/crash" },
	{ "a key glued to # is another key", "path#x /no\n", "/var/crash" },
	{ "DOS line ends", "path /a/b\r\n", "/a/b" },
	{ "the missing slash is added", "path a/b\n", "/a/b" },
	{ "the last one wins", "path /a\npath /b\n", "/b" },
	{ "empty does not count", "path /a\npath\n", "/a" },
	{ "empty quotes do not count", "path /a\npath \"\"\n", "/a" },
	{ "no way out of the target", "path /a/../../b\n", "/var/crash" },
	{ "dots in names are fine", "path /a/..b/c..\n", "/a/..b/c.." },
};

static void test_lexical(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lexical); i++) {
		struct kdump_conf c = parse(lexical[i].text, CONF_LENIENT, NULL);

		print_message("%s\n", lexical[i].why);
		assert_string_equal(c.defaults.path, lexical[i].path);
	}
}

/* What kdumpctl refuses: it must fail here too, with the place, and do no harm in the capture kernel. */
static const struct {
	const char *why, *text, *error;
} refused[] = {
	{ "unknown key", "path /a\npaht /b\n", "kdump.conf:2: paht: unknown key; did you mean path?" },
	{ "unknown key, nothing near", "zzzzzzzz 1\n", "kdump.conf:1: zzzzzzzz: unknown key" },
	{ "duplicate key", "path /a\n\npath /a\n", "kdump.conf:3: path: set twice" },
	{ "the old name is the same key", "default halt\nfailure_action halt\n", "kdump.conf:2: failure_action: set twice" },
	{ "twice in one block", "ext4 /dev/a\npath /x\npath /y\n", "kdump.conf:3: path: set twice" },
	{ "ssh without a user", "ssh host\n", "kdump.conf:1: ssh: 'host' is not user@host" },
	{ "ssh with a directory", "ssh a@host:/x\n", "kdump.conf:1: ssh: 'a@host:/x': the directory goes into the key path" },
	{ "ssh with a port", "ssh a@host:22\n", "kdump.conf:1: ssh: 'a@host:22': the port goes into the key port" },
	{ "a port that is none", "ssh a@host\nport 0\n", "kdump.conf:2: port: port '0'" },
	{ "a fingerprint of MD5", "host_key 16:27:ac\n", "kdump.conf:1: host_key: '16:27:ac' is no fingerprint" },
	{ "no URL", "http collector/x\n", "kdump.conf:1: http: 'collector/x' is no URL" },
	{ "a URL of another kind", "http ftp://collector/x\n", "kdump.conf:1: http: 'ftp://collector/x' is no URL" },
	{ "a password in a URL", "http https://a:b@collector/x\n", "kdump.conf:1: http: a user does not belong" },
	{ "a query", "http https://collector/x?y\n", "kdump.conf:1: http: 'https://collector/x?y' names no directory" },
	{ "a store without a bucket", "s3 https://s3.example/\n", "kdump.conf:1: s3: 'https://s3.example/' names no bucket" },
	{ "a store by its name", "s3 bucket/prefix\n", "kdump.conf:1: s3: 'bucket/prefix' is no URL: https://ENDPOINT/" },
	{ "keys in a URL", "s3 https://id:secret@s3.example/b\n", "kdump.conf:1: s3: a user does not belong into the URL; s3_" },
	{ "a region that is none", "s3_region EU West\n", "kdump.conf:1: s3_region: 'EU West' is no region" },
	{ "a style that is none", "s3_style dns\n", "kdump.conf:1: s3_style: 'dns' is none of: path virtual" },
	{ "nfs without a directory", "nfs srv\n", "kdump.conf:1: nfs: 'srv' is not SERVER:/DIRECTORY" },
	{ "nfs without a server", "nfs :/b\n", "kdump.conf:1: nfs: ':/b' is not SERVER:/DIRECTORY" },
	{ "nfs half in brackets", "nfs [2001:db8::1:/b\n", "kdump.conf:1: nfs: '[2001:db8::1:/b' is not SERVER:/DIRECTORY" },
	{ "nfs by a bare IPv6 address", "nfs 2001:db8::1:/b\n", "kdump.conf:1: nfs: '2001:db8::1:/b': an IPv6 address is" },
	{ "cifs as nfs writes it", "cifs srv:/share\n", "kdump.conf:1: cifs: 'srv:/share' is not //SERVER/SHARE" },
	{ "cifs without a share", "cifs //srv/\n", "kdump.conf:1: cifs: '//srv/' is not //SERVER/SHARE" },
	{ "cifs without a server", "cifs ///share\n", "kdump.conf:1: cifs: '///share' is not //SERVER/SHARE" },
	{ "cifs with a password", "cifs //u:pw@srv/share\n", "kdump.conf:1: cifs: who logs in does not belong into the server's name, " },
	{ "cifs with a slash in it", "cifs //u:p/w@srv/share\n", "kdump.conf:1: cifs: who logs in does not belong" },
	{ "cifs with a blank in it", "cifs //u:p w@srv/share\n", "kdump.conf:1: cifs: who logs in does not belong" },
	{ "nfs with a user", "nfs u@srv:/share\n", "kdump.conf:1: nfs: who logs in does not belong into the server's name" },
	{ "cifs in short", "cifs //\n", "kdump.conf:1: cifs: '//' is not //SERVER/SHARE" },
	{ "cifs in shorter", "cifs s\n", "kdump.conf:1: cifs: 's' is not //SERVER/SHARE" },
	{ "nine targets", "raw /dev/a\nraw /dev/a\nraw /dev/a\nraw /dev/a\nraw /dev/a\nraw /dev/a\nraw /dev/a\n"
	  "raw /dev/a\nraw /dev/a\n", "kdump.conf:9: raw: more than 8 targets" },
	{ "empty value", "path\n", "kdump.conf:1: path: needs a value" },
	{ "empty value behind a comment", "path # /a\n", "kdump.conf:1: path: needs a value" },
	{ "deprecated net", "net nfs:/x\n", "kdump.conf:1: net: kdump.conf no longer has this key" },
	{ "deprecated options", "options x\n", "kdump.conf:1: options: " },
	{ "deprecated link_delay", "link_delay 60\n", "kdump.conf:1: link_delay: " },
	{ "deprecated disk_timeout", "disk_timeout 60\n", "kdump.conf:1: disk_timeout: " },
	{ "deprecated debug_mem_level", "debug_mem_level 3\n", "kdump.conf:1: debug_mem_level: " },
	{ "deprecated blacklist", "blacklist gfs2\n", "kdump.conf:1: blacklist: " },
	{ "unknown failure_action", "failure_action rebot\n", "kdump.conf:1: failure_action: unknown action 'rebot'; did you mean reboot?" },
	{ "shell is no final_action", "final_action shell\n", "kdump.conf:1: final_action: unknown action 'shell'" },
	{ "a level that is none", "core_collector makedumpfile -d 32\n", "kdump.conf:1: core_collector: dump level '32'" },
	{ "a level without a number", "core_collector makedumpfile -l -d\n", "kdump.conf:1: core_collector: option d needs a value" },
	{ "threads that are none", "core_collector makedumpfile --num-threads=x\n", "kdump.conf:1: core_collector: number of threads 'x'" },
	{ "two words for a device", "ext4 /dev/a /dev/b\n", "kdump.conf:1: ext4: one word expected" },
	{ "no device", "xfs vda1\n", "kdump.conf:1: xfs: 'vda1' is neither" },
	{ "a program that is no path", "kdump_pre pre.sh\n", "kdump.conf:1: kdump_pre: 'pre.sh' is not an absolute path" },
	{ "a target in dracut_args", "dracut_args --mount \"/dev/a /mnt ext4 defaults\"\n", "kdump.conf:1: dracut_args: --mount" },
	{ "force_rebuild is 0 or 1", "force_rebuild yes\n", "kdump.conf:1: force_rebuild: 'yes' is neither 0 nor 1" },
	{ "both forced", "force_rebuild 1\nforce_no_rebuild 1\n", "kdump.conf:2: force_no_rebuild: force_rebuild and" },
	{ "a codec that is none", "compress gzip\n", "kdump.conf:1: compress: 'gzip' is none of: zstd zlib zlib-fast lzo none" },
	{ "a part of a codec's name", "compress zst\n", "kdump.conf:1: compress: 'zst' is none of" },
	{ "a deadline with a unit", "deadline 10m\n", "kdump.conf:1: deadline: deadline '10m'" },
	{ "two words of the network in one line", "network ip=dhcp ip=eth0:dhcp\n", "kdump.conf:1: network: one word expected" },
	{ "no time for carrier", "carrier_timeout 0\n", "kdump.conf:1: carrier_timeout: carrier_timeout '0'" },
	{ "a negative time", "device_timeout -1\n", "kdump.conf:1: device_timeout: device_timeout '-1'" },
};

static void test_refused(void **state)
{
	struct kdump_conf c, fresh;

	(void)state;
	conf_defaults(&fresh);
	for (size_t i = 0; i < COUNT(refused); i++) {
		const char *what = strchr(refused[i].error, ' ') + 1;
		struct err e = { 0 };

		print_message("%s\n", refused[i].why);
		conf_defaults(&c);
		assert_int_equal(conf_parse(&c, "kdump.conf", refused[i].text, strlen(refused[i].text),
					    CONF_STRICT, &e), -EINVAL);
		assert_memory_equal(e.msg, refused[i].error, strlen(refused[i].error));

		c = parse(refused[i].text, CONF_LENIENT, NULL);
		assert_true(c.defaults.dump_level == 31 && !strcmp(c.defaults.compress, "zstd"));
		assert_true(c.failure_action == ACTION_REBOOT || strstr(refused[i].text, "halt"));
		assert_int_equal(c.deadline_s, fresh.deadline_s);
		assert_int_equal(c.device_timeout_s, fresh.device_timeout_s);
		if (strncmp(what, "dracut", 6) && strncmp(what, "force", 5))
			assert_true(c.nr_notes > 0);
	}
}

/* The words of the network are kept as they are, from every place, up to a bound. */
static void test_network(void **state)
{
	static const char text[] = "network ip=eth0:dhcp\next4 /dev/vda1\n"
				   "network rd.route=[2001:db8::/32]:[fe80::1]:eth0\n";
	struct kdump_conf c = parse(text, CONF_STRICT, NULL);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(c.nr_network, 2);
	assert_string_equal(c.network[0], "ip=eth0:dhcp");
	assert_string_equal(c.network[1], "rd.route=[2001:db8::/32]:[fe80::1]:eth0");
	assert_true(c.carrier_timeout_s == 60 && c.network_timeout_s == 300);
	for (int i = 2; i < CONF_NETWORK_MAX; i++)
		assert_int_equal(conf_parse(&c, "f", "network a\n", 10, CONF_STRICT, &e), 0);
	assert_int_equal(conf_parse(&c, "f", "network a\n", 10, CONF_STRICT, &e), -EINVAL);
	assert_string_equal(e.msg, "f:1: network: more than 32 of them");
}

/* RHEL's own file and others that must be accepted. */
static const struct {
	const char *why, *text;
	int notes;
} accepted[] = {
	{ "RHEL 9 as installed", "auto_reset_crashkernel yes\npath /var/crash\n"
	  "core_collector makedumpfile -l --message-level 7 -d 31\n", 0 },
	{ "every no-op", "dracut_args --omit x\nfence_kdump_args -p 7410\n"
	  "fence_kdump_nodes a b\nforce_rebuild 0\nforce_no_rebuild 1\n", 5 },
	{ "what mkinitramfs takes", "extra_bins /bin/x\nextra_modules a b\n", 0 },
	{ "what kdump load takes", "commandline a b\ncommandline_remove c\ncommandline_append d=e f\n", 0 },
	{ "the old name of failure_action", "default shell\n", 1 },
	{ "RHEL's ssh", "ssh user@my.server.com\nsshkey /root/.ssh/kdump_id_rsa\n", 0 },
	{ "a web server", "http https://collector.example/dumps/\ncacert /etc/ca.pem\nbearer_file /etc/token\n", 0 },
	{ "a store", "s3 https://s3.eu-central-1.amazonaws.com/dumps/rack7\ncacert /etc/ca.pem\n"
	  "s3_credentials /root/.aws/credentials\ns3_region eu-central-1\ns3_style virtual\n", 0 },
	{ "who we are, and the way", "http https://collector.example/dumps\nclient_cert /c.pem\nclient_key /c.key\nproxy h:3128\n", 0 },
	{ "an endpoint", "http https://collector.example/files\ntus yes\nhttp http://h/form.php\nhttp_form dump\n", 0 },
	{ "ssh to IPv6", "ssh user@2001:db8::1\nport 2222\n", 0 },
	{ "scp without ssh", "core_collector scp\n", 1 },
	{ "a label with a blank", "ext4 LABEL=my disk\n", 0 },
	{ "a line of only blanks at the end", "path /a\n   ", 0 },
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct err e = { 0 };
		struct kdump_conf c = parse(accepted[i].text, CONF_STRICT, &e);

		print_message("%s\n", accepted[i].why);
		assert_string_equal(e.msg, "");
		assert_int_equal(c.nr_notes, accepted[i].notes);
	}
}

static void test_values(void **state)
{
	struct err e = { 0 };
	struct kdump_conf c;
	struct target t[CONF_TARGETS_MAX];

	(void)state;
	c = parse("xfs UUID=0123-ab\npath /crash\nmount_options noatime\nfailure_action dump_to_rootfs\n"
		  "final_action poweroff\nkdump_pre /bin/pre\nkdump_post /bin/post\nkdump_emergency /bin/em\n"
		  "digest sha256\nthreads 3\ndeadline 0\nstall_timeout 20\nmodule_timeout 7\n"
		  "root_device LABEL=root\n", CONF_STRICT, &e);
	assert_string_equal(e.msg, "");
	assert_int_equal(conf_targets(&c, t), 1);
	assert_int_equal(t[0].kind, TARGET_FS);
	assert_string_equal(t[0].fstype, "xfs");
	assert_string_equal(t[0].device, "UUID=0123-ab");
	assert_string_equal(t[0].opts.path, "/crash");
	assert_string_equal(t[0].opts.mount_options, "noatime");
	assert_true(conf_root_target(&c, t));
	assert_string_equal(t[0].fstype, "auto");
	assert_string_equal(t[0].device, "LABEL=root");
	assert_string_equal(t[0].opts.path, "/crash");
	assert_string_equal(t[0].opts.mount_options, "");
	assert_int_equal(c.failure_action, ACTION_DUMP_TO_ROOTFS);
	assert_int_equal(c.final_action, ACTION_POWEROFF);
	assert_string_equal(c.kdump_pre, "/bin/pre");
	assert_string_equal(c.kdump_post, "/bin/post");
	assert_string_equal(c.kdump_emergency, "/bin/em");
	assert_string_equal(t[0].opts.digest, "sha256");
	assert_int_equal(t[0].opts.threads, 3);
	assert_int_equal(c.deadline_s, 0);
	assert_int_equal(c.stall_timeout_s, 20);
	assert_int_equal(c.module_timeout_s, 7);

	c = parse("raw /dev/vdb\npath /x\n", CONF_STRICT, &e);
	assert_int_equal(conf_targets(&c, t), 1);
	assert_int_equal(t[0].kind, TARGET_RAW);

	c = parse("nfs [2001:db8::1]:/there\nmount_options vers=3\ncifs //srv/a/b\n", CONF_STRICT, &e);
	assert_int_equal(conf_targets(&c, t), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(t[i].kind, TARGET_NETFS);
		assert_true(target_is_remote(&t[i]) && target_is_mounted(&t[i]));
		assert_string_equal(t[i].fstype, i ? "cifs" : "nfs");
	}
	assert_string_equal(t[0].opts.mount_options, "vers=3");

	c = parse("", CONF_STRICT, &e);
	assert_int_equal(conf_targets(&c, t), 0);
}

/* A target line opens a block; what stands before the first one is for all. */
static void test_blocks(void **state)
{
	static const char text[] =
		"path /all\ncore_collector makedumpfile -l -d 17\nport 2022\n"
		"ssh a@one\nsshkey /keys/a\n"
		"host_key SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\npath /one\n"
		"ssh b@two\nport 22\n"
		"xfs /dev/vda1\ncompress zstd\nmount_options noatime\n";
	struct target t[CONF_TARGETS_MAX];
	struct err e = { 0 };
	struct kdump_conf c = parse(text, CONF_STRICT, &e);

	(void)state;
	assert_string_equal(e.msg, "");
	assert_int_equal(conf_targets(&c, t), 3);
	assert_int_equal(t[0].kind, TARGET_SSH);
	assert_string_equal(t[0].device, "a@one");
	assert_string_equal(t[0].opts.path, "/one");
	assert_string_equal(t[0].opts.sshkey, "/keys/a");
	assert_int_equal(strlen(t[0].opts.host_key), 50);
	assert_int_equal(t[0].opts.port, 2022);
	assert_string_equal(t[1].opts.path, "/all");
	assert_string_equal(t[1].opts.sshkey, "/root/.ssh/kdump_id_rsa");
	assert_string_equal(t[1].opts.host_key, "");
	assert_int_equal(t[1].opts.port, 22);
	assert_string_equal(t[1].opts.compress, "lzo");
	assert_int_equal(t[2].kind, TARGET_FS);
	assert_int_equal(t[2].opts.dump_level, 17);
	assert_string_equal(t[2].opts.compress, "zstd");
	assert_string_equal(t[2].opts.mount_options, "noatime");
	assert_int_equal(c.nr_notes, 0);

	/* With several targets the root filesystem has what all have. */
	conf_cmdline(&c, "root=/dev/vda9 rootflags=ro");
	assert_true(conf_root_target(&c, t));
	assert_string_equal(t[0].opts.path, "/all");
	assert_string_equal(t[0].opts.mount_options, "ro");
}

static void test_cmdline_of_targets(void **state)
{
	static const char text[] = "ssh a@one\npath /one\nxfs /dev/vda1\npath /two\n";
	struct kdump_conf c = parse(text, CONF_LENIENT, NULL), one = c;

	(void)state;
	conf_cmdline(&c, "kdumpbox.target.1.port=2022 kdumpbox.target.2.path=/new kdumpbox.dump_level=1 "
			 "kdumpbox.target.3.raw=/dev/vdb kdumpbox.target.9.path=/no kdumpbox.target.2.deadline=1 "
			 "kdumpbox.target.0.path=/no kdumpbox.target.5.raw=/dev/vdc");
	assert_int_equal(c.nr_targets, 3);
	assert_int_equal(c.targets[0].opts.port, 2022);
	assert_string_equal(c.targets[0].opts.path, "/one");
	assert_string_equal(c.targets[1].opts.path, "/new");
	assert_int_equal(c.targets[1].opts.port, 22);
	assert_int_equal(c.targets[0].opts.dump_level + c.targets[1].opts.dump_level, 2);
	assert_string_equal(c.targets[2].device, "/dev/vdb");
	assert_int_equal(c.targets[2].opts.dump_level, 1);
	assert_int_equal(c.nr_notes, 4);
	assert_string_equal(c.notes[0].text, "kernel command line: kdumpbox.path: there is no target 9; ignored");
	assert_string_equal(c.notes[1].text, "kernel command line: kdumpbox.deadline: is no key of a target; ignored");

	/* One target instead of all: what the first one had stays. */
	conf_cmdline(&one, "kdumpbox.raw=/dev/vdb");
	assert_int_equal(one.nr_targets, 1);
	assert_int_equal(one.targets[0].kind, TARGET_RAW);
	assert_string_equal(one.targets[0].opts.path, "/one");
}

static const struct {
	const char *why, *value;
	int level, threads, notes;
	const char *compress;
} collectors[] = {
	{ "RHEL's default", "makedumpfile -l --message-level 7 -d 31", 31, 0, 0, "lzo" },
	{ "s390x template", "makedumpfile -c --message-level 7 -d 31", 31, 0, 0, "zlib" },
	{ "zstd, glued level", "makedumpfile -z -d17", 17, 0, 0, "zstd" },
	{ "bundled letters", "makedumpfile -cFd 1", 1, 0, 0, "zlib" },
	{ "no codec is no compression, no level is 0", "makedumpfile", 0, 0, 0, "none" },
	{ "a path to the program", "/sbin/makedumpfile -l -d 31", 31, 0, 0, "lzo" },
	{ "snappy becomes lzo", "makedumpfile -p -d 31", 31, 0, 1, "lzo" },
	{ "flattened is our business", "makedumpfile -F -l -d 31", 31, 0, 0, "lzo" },
	{ "ELF is not there: kdump", "makedumpfile -E -d 31", 31, 0, 1, "none" },
	{ "threads, both ways", "makedumpfile -l -d 31 --num-threads 2", 31, 2, 0, "lzo" },
	{ "threads with =", "makedumpfile --num-threads=4 -l -d 31", 31, 4, 0, "lzo" },
	{ "more threads than there can be", "makedumpfile --num-threads 100000 -l -d 31", 31, CONF_THREADS_MAX, 0, "lzo" },
	{ "a list of levels begins with the first", "makedumpfile -l -d 17,31", 17, 0, 0, "lzo" },
	{ "leading zero is decimal", "makedumpfile -l -d 031", 31, 0, 0, "lzo" },
	{ "the last codec counts", "makedumpfile -l -c -d 1", 1, 0, 0, "zlib" },
	{ "an unknown option is said and skipped", "makedumpfile -l -d 31 -Q --foo=3", 31, 0, 2, "lzo" },
	{ "a known one takes its value along", "makedumpfile -l -x vmlinux -d 31", 31, 0, 1, "lzo" },
	{ "an operand is said and skipped", "makedumpfile -l -d 31 /dev/null", 31, 0, 1, "lzo" },
	{ "scp copies everything", "scp", 0, 0, 1, "none" },
	{ "cp copies everything", "cp --sparse=always", 0, 0, 1, "none" },
	{ "dd copies everything", "/bin/dd bs=1M", 0, 0, 1, "none" },
	{ "anything else changes nothing", "mycollector -d 3", 31, 0, 1, "zstd" },
};

static void test_collector_levels(void **state)
{
	struct err e = { 0 };
	struct kdump_conf c;

	(void)state;
	conf_defaults(&c);
	assert_int_equal(conf_collector(&c, &c.defaults, "makedumpfile -l -d 1,17,31", &e), 0);
	assert_string_equal(c.defaults.next_levels, "17,31");
	assert_int_equal(conf_collector(&c, &c.defaults, "makedumpfile -l -d 31", &e), 0);
	assert_string_equal(c.defaults.next_levels, "");
	assert_true(conf_collector(&c, &c.defaults, "makedumpfile -l -d 17,32", &e) < 0);
	assert_true(conf_collector(&c, &c.defaults, "makedumpfile -l -d 17,", &e) < 0);
}

static void test_collector(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(collectors); i++) {
		struct err e = { 0 };
		struct kdump_conf c;

		print_message("%s\n", collectors[i].why);
		conf_defaults(&c);
		assert_int_equal(conf_collector(&c, &c.defaults, collectors[i].value, &e), 0);
		assert_int_equal(c.defaults.dump_level, collectors[i].level);
		assert_int_equal(c.defaults.threads, collectors[i].threads);
		assert_string_equal(c.defaults.compress, collectors[i].compress);
		assert_int_equal(c.nr_notes, collectors[i].notes);
	}
}

/* As next_arg() of lib/cmdline.c in the kernel splits. */
static const struct {
	const char *why, *line, *key, *value, *rest;
} words[] = {
	{ "a flag", "quiet x", "quiet", "", " x" },
	{ "a value", "  a=b x", "a", "b", " x" },
	{ "= in the value", "a=b=c", "a", "b=c", "" },
	{ "quotes around the value", "a=\"b c\" x", "a", "b c", " x" },
	{ "quotes around the word", "\"a=b c\" x", "a", "b c", " x" },
	{ "quotes inside stay", "a=b\"c d\"e x", "a", "b\"c d\"e", " x" },
	{ "no closing quote", "a=\"b c", "a", "b c", "" },
	{ "only a quote", "\"", "", "", "" },
	{ "only a quote as value", "a=\"", "a", "", "" },
	{ "an empty pair", "a=\"\" x", "a", "", " x" },
	{ "= first is no split", "=a", "=a", "", "" },
	{ "tab and newline divide", "a\tb\n", "a", "", "\tb\n" },
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		const char *at = words[i].line;
		struct cmdline_word w;

		print_message("%s\n", words[i].why);
		assert_true(cmdline_next(&at, &w));
		assert_string_equal(w.key, words[i].key);
		assert_string_equal(w.value, words[i].value);
		assert_string_equal(at, words[i].rest);
		assert_false(w.cut);
	}
}

static void test_cmdline(void **state)
{
	struct kdump_conf c = parse("ext4 /dev/vda1\nfinal_action halt\npath /a\n", CONF_LENIENT, NULL);
	struct target t[CONF_TARGETS_MAX];
	char *big = calloc(1, 5000);

	(void)state;
	conf_cmdline(&c, "root=UUID=77 rootfstype=btrfs rootflags=subvol=@ quiet kdumpbox.raw=/dev/vdb "
		     "kdumpbox.final-action=poweroff \"kdumpbox.core_collector=makedumpfile -l -d 17\" "
		     "kdumpbox.deadline=90 kdumpbox. kdumpbox.paht=/x kdumpbox.digest= xkdumpbox.path=/no "
		     "kdumpbox.path=\"/with blank\"\n");
	assert_int_equal(conf_targets(&c, t), 1);
	assert_int_equal(t[0].kind, TARGET_RAW);
	assert_string_equal(t[0].device, "/dev/vdb");
	assert_int_equal(c.final_action, ACTION_POWEROFF);
	assert_int_equal(c.defaults.dump_level, 17);
	assert_string_equal(c.defaults.compress, "lzo");
	assert_int_equal(c.deadline_s, 90);
	assert_string_equal(c.defaults.path, "/with blank");
	assert_int_equal(c.nr_notes, 3);
	assert_string_equal(c.notes[1].text, "kernel command line: kdumpbox.paht: unknown key; did you mean path?; ignored");
	assert_true(conf_root_target(&c, t));
	assert_string_equal(t[0].device, "UUID=77");
	assert_string_equal(t[0].fstype, "btrfs");
	assert_string_equal(t[0].opts.mount_options, "subvol=@");

	/* What the file says about root goes before root=. */
	c = parse("root_device /dev/x\n", CONF_LENIENT, NULL);
	conf_cmdline(&c, "root=/dev/y");
	assert_int_equal(conf_targets(&c, t), 1);
	assert_string_equal(t[0].device, "/dev/x");

	/* A value that does not fit changes nothing. */
	memset(big, 'a', 4999);
	memcpy(big, "kdumpbox.path=/", 15);
	c = parse("", CONF_LENIENT, NULL);
	conf_cmdline(&c, big);
	assert_string_equal(c.defaults.path, "/var/crash");
	assert_int_equal(c.nr_notes, 1);
	free(big);
}

/* Bytes without sense: the capture kernel must end up with a usable struct, whatever they are. */
static void test_garbage(void **state)
{
	static const char *const seeds[] = {
		"path ", "ext4 UUID=", "core_collector makedumpfile -d ", "\"", "#", "\n", "=", "kdumpbox.", "\\", "-",
	};
	char text[3000];
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct kdump_conf c;
		struct err e = { 0 };
		size_t n = 0;

		while (n < sizeof(text) - 64) {
			const char *seed = seeds[(x >> 20) % COUNT(seeds)];

			x = x * 1664525 + 1013904223;
			memcpy(text + n, seed, strlen(seed));
			n += strlen(seed);
			text[n++] = (char)(x >> 24);
		}
		conf_defaults(&c);
		assert_int_equal(conf_parse(&c, "kdump.conf", text, n, CONF_LENIENT, &e), 0);
		text[n] = 0;
		conf_cmdline(&c, text);
		assert_true(c.defaults.dump_level >= 0 && c.defaults.dump_level <= 31);
		assert_true(c.defaults.path[0] == '/');
		assert_true(c.nr_notes <= CONF_NOTES_MAX && c.nr_targets <= CONF_TARGETS_MAX);
	}
}

static void test_read(void **state)
{
	struct err e = { 0 };
	struct kdump_conf c;

	(void)state;
	conf_defaults(&c);
	assert_int_equal(conf_read(&c, "/nonexistent/kdump.conf", CONF_STRICT, &e), -ENOENT);
	assert_string_equal(e.msg, "open /nonexistent/kdump.conf: No such file or directory");
	assert_int_equal(conf_read(&c, "/nonexistent/kdump.conf", CONF_LENIENT, &e), 0);
	assert_int_equal(c.nr_notes, 1);
	assert_int_equal(conf_read(&c, "/dev/zero", CONF_LENIENT, &e), 0);
	assert_int_equal(c.nr_notes, 2);
}

/*
 * The file that documents all keys: it is accepted as it is, and each "#KEY VALUE" in it is the
 * default.
 */
static void test_documented_defaults(void **state)
{
	char line[300];
	FILE *f = fopen("initramfs/kdump.conf", "r");
	struct kdump_conf fresh, c;
	struct err e = { 0 };
	int keys = 0;

	(void)state;
	assert_non_null(f);
	conf_defaults(&fresh);
	memcpy(&c, &fresh, sizeof(c));
	assert_int_equal(conf_read(&c, "initramfs/kdump.conf", CONF_STRICT, &e), 0);
	assert_memory_equal(&c, &fresh, sizeof(c));
	while (fgets(line, sizeof(line), f)) {
		if (line[0] != '#' || line[1] < 'a' || line[1] > 'z')
			continue;
		print_message("%s", line);
		keys++;
		memcpy(&c, &fresh, sizeof(c));
		assert_int_equal(conf_parse(&c, "default", line + 1, strlen(line + 1), CONF_STRICT, &e), 0);
		assert_memory_equal(&c, &fresh, sizeof(c));
	}
	fclose(f);
	assert_int_equal(keys, 16);
}

static const struct {
	const char *why, *text;
	int         target;
	const char *key;
	unsigned    line;
} where[] = {
	{ "for all", "# a\npath /x\next4 UUID=1\n", 1, "path", 2 },
	{ "in its own block", "path /x\next4 UUID=1\npath /y\n", 1, "path", 3 },
	{ "in the block of another one", "ext4 UUID=1\npath /y\nraw /dev/vda\n", 2, "path", 0 },
	{ "in a later block", "ext4 UUID=1\nraw /dev/vda\n\n  port 23", 2, "port", 4 },
	{ "the target itself", "ext4 UUID=1\next4 UUID=2\n", 2, "ext4", 2 },
	{ "in any", "ext4 UUID=1\ndeadline 3\n", 0, "deadline", 2 },
	{ "the last one", "deadline 3\ndeadline 4\n", 0, "deadline", 2 },
	{ "a longer key", "deadlines 3\n", 0, "deadline", 0 },
	{ "a comment", "#deadline 3\n", 0, "deadline", 0 },
	{ "nothing", "", 0, "deadline", 0 },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(where); i++) {
		print_message("%s\n", where[i].why);
		assert_int_equal(conf_line(where[i].text, where[i].target, where[i].key), where[i].line);
	}
}

static void take_listed(void *ctx, const char *key, const char *value)
{
	char *out = ctx;

	snprintf(out + strlen(out), 4096 - strlen(out), "%s=%s\n", key, value);
}

/* What is listed, read again, is the same. */
static void test_list(void **state)
{
	struct err e = { 0 };
	struct kdump_conf c = parse("ext4 UUID=1\npath /x\ndump_level 1\ncompress lzo\nfailure_action halt\n"
				    "deadline 7\nkdump_pre /a\nroot_device /dev/vda\n"
				    "raw /dev/vdb\ncore_collector makedumpfile -d 31,1", CONF_STRICT, &e);
	char all[4096] = "", opts[4096] = "";

	(void)state;
	assert_int_equal(e.code, 0);
	conf_list(&c, NULL, take_listed, all);
	conf_list(&c, &c.targets[0].opts, take_listed, opts);
	assert_non_null(strstr(all, "failure_action=halt\nfinal_action=reboot\nkdump_pre=/a\n"));
	assert_non_null(strstr(all, "root_device=/dev/vda\n"));
	assert_non_null(strstr(all, "deadline=7\n"));
	assert_null(strstr(all, "default="));
	assert_null(strstr(all, "path="));
	assert_non_null(strstr(opts, "path=/x\n"));
	assert_non_null(strstr(opts, "dump_level=1\ncompress=lzo\n"));
	assert_null(strstr(opts, "deadline="));
	opts[0] = 0;
	conf_list(&c, &c.targets[1].opts, take_listed, opts);
	assert_non_null(strstr(opts, "dump_level=31,1\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lexical), cmocka_unit_test(test_refused), cmocka_unit_test(test_network), cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_values), cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_cmdline_of_targets), cmocka_unit_test(test_network),
		cmocka_unit_test(test_collector),
		cmocka_unit_test(test_collector_levels), cmocka_unit_test(test_words),
		cmocka_unit_test(test_cmdline), cmocka_unit_test(test_garbage), cmocka_unit_test(test_read),
		cmocka_unit_test(test_documented_defaults), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
