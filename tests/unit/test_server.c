/* test_server - does "ssh user@host" become the right URL and words, and an image that can log in? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/imageserver.h"
#include "boot/programs.h"
#include "boot/server.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *why, *device, *user, *host, *url;
	int port;
} targets[] = {
	{ "a name", "kdump@srv.example", "kdump", "srv.example", "sftp://kdump@srv.example:22", 22 },
	{ "an address and a port", "root@192.0.2.1", "root", "192.0.2.1", "sftp://root@192.0.2.1:2222", 2222 },
	{ "IPv6 without brackets", "a@2001:db8::1", "a", "2001:db8::1", "sftp://a@[2001:db8::1]:22", 22 },
	{ "IPv6 in brackets", "a@[2001:db8::1]", "a", "2001:db8::1", "sftp://a@[2001:db8::1]:22", 22 },
};

static void test_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct target t = { .kind = TARGET_SSH, .opts.port = targets[i].port };
		struct server s;
		char url[600];

		print_message("%s\n", targets[i].why);
		strcpy(t.device, targets[i].device);
		server_split(&t, &s);
		assert_string_equal(s.user, targets[i].user);
		assert_string_equal(s.host, targets[i].host);
		server_url(&t, url, sizeof(url));
		assert_string_equal(url, targets[i].url);
	}
}

static void test_paths(void **state)
{
	char out[40];

	(void)state;
	assert_true(server_path("/var/crash/10.0.2.15-2026-11-22", out, sizeof(out)));
	assert_string_equal(out, "/var/crash/10.0.2.15-2026-11-22");
	assert_true(server_path("/a b%c#?\303\251", out, sizeof(out)));
	assert_string_equal(out, "/a%20b%25c%23%3F%C3%A9");
	assert_false(server_path("/##############", out, sizeof(out)));
}

static void words_are(const struct program *p, const char *expected)
{
	char all[6000] = "";

	for (int i = 0; i < p->n; i++) {
		strcat(all, i ? " " : "");
		strcat(all, p->words[i]);
	}
	assert_null(p->words[p->n]);
	assert_string_equal(all, expected);
}

static void test_words(void **state)
{
	struct kdump_conf c;
	struct attempt a = { .conf = &c, .target = { .kind = TARGET_SSH, .device = "me@[2001:db8::1]" },
			     .dir = "/d/x y" };
	struct step_out out = { .text = "2001:db8::7" };
	struct program p;

	(void)state;
	conf_defaults(&c);
	a.target.opts = c.defaults;
	server_keep_network(&a, &out);
	assert_string_equal(a.address, "2001:db8::7");
	assert_string_equal(a.device, "me@[2001:db8::1]");
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=sftp://me@[2001:db8::1]:22/d/x%20y/vmcore-dmesg.txt --tries=3 "
		  "--connect-timeout=30 -i /root/.ssh/kdump_id_rsa --known-hosts /root/.ssh/known_hosts --known-hosts "
		  "/etc/ssh/ssh_known_hosts /proc/vmcore");
	strcpy(out.text, "/d/z");
	server_keep_directory(&a, &out);
	strcpy(a.target.opts.host_key, "SHA256:AAAA");
	program_vmcore(&p, &a);
	words_are(&p, "save -d 31 --compress=zstd --kernel-log=sftp://me@[2001:db8::1]:22/d/z/kexec-dmesg.log "
		  "--manifest=sftp://me@[2001:db8::1]:22/d/z/manifest.json --tries=3 --connect-timeout=30 "
		  "-i /root/.ssh/kdump_id_rsa --pin SHA256:AAAA /proc/vmcore sftp://me@[2001:db8::1]:22/d/z/vmcore");
}

/* A web server: no path but that of its URL, and only what is configured is said. */
static void test_web(void **state)
{
	struct attempt a = { .target = { .kind = TARGET_HTTP, .device = "https://[2001:db8::1]:8443/in/" },
			     .address = "192.0.2.7" };
	struct step_out out = { .text = "/192.0.2.7-now" };
	struct kdump_conf c;
	struct program p;
	struct server s;

	(void)state;
	conf_defaults(&c);
	a.target.opts = c.defaults;
	server_split(&a.target, &s);
	assert_string_equal(s.host, "2001:db8::1");
	assert_int_equal(s.port, 8443);
	server_keep_directory(&a, &out);
	assert_string_equal(a.vmcore, "https://[2001:db8::1]:8443/in/192.0.2.7-now/vmcore.flat");
	strcpy(a.target.opts.cacert, "/ca");
	strcpy(a.target.opts.bearer_file, "/token");
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=https://[2001:db8::1]:8443/in/192.0.2.7-now/vmcore-dmesg.txt "
		  "--retry-max-time=60 --cacert /ca --bearer-file /token /proc/vmcore");

	/* Who stands in between is whom the network must reach. */
	strcpy(a.target.opts.proxy, "proxy.example:3128");
	strcpy(a.target.opts.client_cert, "/c");
	strcpy(a.target.opts.client_key, "/k");
	server_split(&a.target, &s);
	assert_string_equal(s.host, "proxy.example");
	assert_int_equal(s.port, 3128);
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=https://[2001:db8::1]:8443/in/192.0.2.7-now/vmcore-dmesg.txt --retry-max-time=60 "
		  "--cacert /ca --bearer-file /token --cert /c --key /k -x proxy.example:3128 /proc/vmcore");
	a.target.opts.proxy[0] = a.target.opts.client_cert[0] = a.target.opts.client_key[0] = '\0';

	/* An endpoint makes no directories: the names of the files have them. */
	strcpy(a.target.opts.http_form, "dump");
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=https://[2001:db8::1]:8443/in/192.0.2.7-now/vmcore-dmesg.txt --retry-max-time=60 "
		  "-F dump --endpoint=/in/ --cacert /ca --bearer-file /token /proc/vmcore");
	assert_int_equal(server_directory(&a, &out), 0);
	a.target.opts.http_form[0] = '\0';
	strcpy(a.target.opts.tus, "yes");
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=https://[2001:db8::1]:8443/in/192.0.2.7-now/vmcore-dmesg.txt --retry-max-time=60 "
		  "--tus --endpoint=/in/ --cacert /ca --bearer-file /token /proc/vmcore");
	strcpy(a.target.opts.tus, "no");

	/* The server is asked for it, and what is not to be trusted is not asked. */
	strcpy(a.target.opts.cacert, "/nonexistent");
	assert_int_equal(server_directory(&a, &out), -ENOENT);
	assert_memory_equal(out.text, "/192.0.2.7-20", 13);
}

/* A store: the dump is native, the bucket is part of the URL, and nothing is asked for. */
static void test_store(void **state)
{
	struct attempt a = { .target = { .kind = TARGET_S3, .device = "https://store.example/dumps/rack7/" },
			     .address = "192.0.2.7" };
	struct step_out out = { 0 };
	struct kdump_conf c;
	struct program p;
	struct server s;

	(void)state;
	conf_defaults(&c);
	a.target.opts = c.defaults;
	server_split(&a.target, &s);
	assert_string_equal(s.host, "store.example");
	assert_int_equal(server_directory(&a, &out), 0);
	assert_int_equal(server_answers(&a, &out), 0);
	strcpy(out.text, "/192.0.2.7-now");
	server_keep_directory(&a, &out);
	assert_string_equal(a.vmcore, "s3+https://store.example/dumps/rack7/192.0.2.7-now/vmcore");
	strcpy(a.target.opts.cacert, "/ca");
	strcpy(a.target.opts.s3_credentials, "/keys");
	strcpy(a.target.opts.s3_style, "virtual");
	program_dmesg(&p, &a);
	words_are(&p, "vmcore-dmesg --output=s3+https://store.example/dumps/rack7/192.0.2.7-now/vmcore-dmesg.txt "
		  "--retry-max-time=60 --cacert /ca --s3-credentials /keys --s3-style virtual /proc/vmcore");
}

static void test_directory(void **state)
{
	struct attempt a = { .target = { .kind = TARGET_SSH, .opts.path = "/" }, .address = "192.0.2.7" };
	struct step_out out = { 0 };

	(void)state;
	assert_int_equal(server_directory(&a, &out), 0);
	assert_memory_equal(out.text, "/192.0.2.7-20", 13);
	strcpy(a.target.opts.path, "/var/crash");
	assert_int_equal(server_directory(&a, &out), 0);
	assert_memory_equal(out.text, "/var/crash/192.0.2.7-20", 23);
	assert_int_equal(strlen(out.text), strlen("/var/crash/192.0.2.7-2026-11-22-07:00:00"));
}

/* Made for this test; nobody has it. */
static const char key[] =
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
	"QyNTUxOQAAACDdKhIHsK3cTuExOYjHxxW1TX0QeS7GG93KsMtAgz5HPQAAAIh/zm45f85u\n"
	"OQAAAAtzc2gtZWQyNTUxOQAAACDdKhIHsK3cTuExOYjHxxW1TX0QeS7GG93KsMtAgz5HPQ\n"
	"AAAECRPmmR2skZZ6lbQ5LpWoELAlsXbY/DrITiD9nzs5CVld0qEgewrdxO4TE5iMfHFbVN\n"
	"fRB5LsYb3cqwy0CDPkc9AAAABHRlc3QB\n"
	"-----END OPENSSH PRIVATE KEY-----\n";
static const char known[] = "srv.example,[other.example]:2222 ssh-ed25519 "
	"AAAAC3NzaC1lZDI1NTE5AAAAIN0qEgewrdxO4TE5iMfHFbVNfRB5LsYb3cqwy0CDPkc9\n";

static const struct {
	const char *why, *device, *key, *known, *config, *pin;
	int port, rc;
	const char *error;
} images[] = {
	{ "all is there", "me@srv.example", key, known, "", "", 22, 0, NULL },
	{ "another port", "me@other.example", key, known, "", "", 2222, 0, NULL },
	{ "a pin instead", "me@elsewhere", key, NULL, "", "SHA256:x", 22, 0, NULL },
	{ "no key", "me@srv.example", NULL, known, "", "", 22, -ENOENT,
	  "ssh me@srv.example: sshkey ROOT/root/.ssh/kdump_id_rsa is not there; make one by: ssh-keygen" },
	{ "a key that is none", "me@srv.example", "garbage\n", known, "", "", 22, -ENOKEY, "ssh me@srv.example: " },
	{ "a server that nobody knows", "me@new.example", key, known, "", "", 22, -ENOKEY,
	  "ssh me@new.example: the key of the server is in no known_hosts file, not in ROOT/root/.ssh/known_hosts" },
	{ "no file that knows servers", "me@new.example", key, NULL, "", "", 22, -ENOKEY,
	  "ssh me@new.example: the key of the server is in no known_hosts file; log in once" },
	{ "a name of ssh_config", "me@srv.example", key, known, "Host x\n HostName y\nHost a srv.example\n\tHostName=10.0.0.1\n",
	  "", 22, -EINVAL, "ssh me@srv.example: srv.example is another name that ROOT/root/.ssh/config gives to 10.0.0.1" },
	{ "ssh_config says nothing else of it", "me@srv.example", key, known, "Host srv.example\n User u\nHost *\nHostName z\n",
	  "", 22, 0, NULL },
};

static void test_images(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(images); i++) {
		struct target t = { .kind = TARGET_SSH, .opts = { .port = images[i].port, .sshkey = "/root/.ssh/kdump_id_rsa" } };
		char root[64], expected[400] = "", *at;
		struct err e = { 0 };
		struct cpio c = { 0 };

		print_message("%s\n", images[i].why);
		tree_make(root);
		strcpy(t.device, images[i].device);
		strcpy(t.opts.host_key, images[i].pin);
		if (images[i].key)
			tree_text(root, "root/.ssh/kdump_id_rsa", images[i].key);
		if (images[i].known)
			tree_text(root, "root/.ssh/known_hosts", images[i].known);
		tree_text(root, "root/.ssh/config", images[i].config);
		assert_int_equal(imageserver_add(&c, root, &t, &e), images[i].rc);
		if (images[i].error) {
			strcpy(expected, images[i].error);
			at = strstr(expected, "ROOT");
			if (at)
				snprintf(at, sizeof(expected) - (size_t)(at - expected), "%s%s", root,
					 strstr(images[i].error, "ROOT") + 4);
			print_message("  %s\n", e.msg);
			assert_memory_equal(e.msg, expected, strlen(expected));
		} else {
			const struct cpio_entry *entry = cpio_find(&c, "/root/.ssh/kdump_id_rsa");

			assert_true(entry && entry->mode == 0600);
			assert_true(!cpio_find(&c, "/root/.ssh/known_hosts") == !images[i].known);
		}
		cpio_free(&c);
		tree_remove(root);
	}
}

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct {
	const char *why, *device, *keys, *pin;
	int rc;
	const char *error;		/* of its end */
} stores[] = {
	{ "all is there", "https://s3.example/b/p", "aws_access_key_id=A\naws_secret_access_key=s\n", PIN, 0, NULL },
	{ "everybody may read along", "http://s3.example/b", "aws_access_key_id=A\naws_secret_access_key=s\n", "", 0, NULL },
	{ "nobody to trust", "https://s3.example/b", "aws_access_key_id=A\naws_secret_access_key=s\n", "", -EINVAL,
	  "nothing says whom to trust: cacert FILE or pinnedpubkey sha256//..." },
	{ "no file of keys", "http://s3.example/b", NULL, "", -ENOENT, "keys: No such file or directory" },
	{ "half of the keys", "http://s3.example/b", "aws_access_key_id=A\n", "", -EINVAL,
	  "keys: the profile [default] has no aws_secret_access_key" },
	{ "a path that is none", "http://s3.example/b/%zz", "aws_access_key_id=A\naws_secret_access_key=s\n", "", -EINVAL,
	  "has a bad %XX" },
};

/* What could only fail after a crash is refused, and nobody but root reads the keys. */
static void test_stores(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stores); i++) {
		struct target t = { .kind = TARGET_S3, .opts = { .s3_credentials = "/keys", .s3_style = "path" } };
		struct err e = { 0 };
		struct cpio c = { 0 };
		char root[64];

		print_message("%s\n", stores[i].why);
		tree_make(root);
		strcpy(t.device, stores[i].device);
		strcpy(t.opts.pinnedpubkey, stores[i].pin);
		if (stores[i].keys)
			tree_text(root, "keys", stores[i].keys);
		assert_int_equal(imageserver_add(&c, root, &t, &e), stores[i].rc);
		if (stores[i].error) {
			print_message("  %s\n", e.msg);
			assert_true(strlen(e.msg) >= strlen(stores[i].error));
			assert_string_equal(e.msg + strlen(e.msg) - strlen(stores[i].error), stores[i].error);
			assert_null(cpio_find(&c, "/keys"));
		} else {
			assert_int_equal(cpio_find(&c, "/keys")->mode, 0600);
		}
		cpio_free(&c);
		tree_remove(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls), cmocka_unit_test(test_paths), cmocka_unit_test(test_words),
		cmocka_unit_test(test_directory), cmocka_unit_test(test_web),
		cmocka_unit_test(test_store), cmocka_unit_test(test_images),
		cmocka_unit_test(test_stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
