/* test_netfs - is what could not be mounted after a crash refused before, and does nobody else read the password? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/imageserver.h"
#include "boot/netfs.h"
#include "boot/server.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct target target(const char *fstype, const char *device, const char *options)
{
	struct target t = { .kind = TARGET_NETFS };

	strcpy(t.keyword, fstype);
	strcpy(t.fstype, fstype);
	strcpy(t.device, device);
	strcpy(t.opts.mount_options, options);
	return t;
}

static const struct {
	const char *fstype, *device, *host;
} hosts[] = {
	{ "nfs", "srv.example:/a:/b", "srv.example" },
	{ "nfs", "192.0.2.1:/", "192.0.2.1" },
	{ "nfs", "[2001:db8::1]:/a", "2001:db8::1" },
	{ "cifs", "//srv.example/share/a", "srv.example" },
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct target t = target(hosts[i].fstype, hosts[i].device, "");
		struct server s;

		server_split(&t, &s);
		assert_string_equal(s.host, hosts[i].host);
	}
}

/* credentials: text of the file /c, NULL if it is not there. error: how it begins, NULL if there is none. */
static const struct {
	const char *why, *fstype, *options, *credentials;
	int         rc;
	const char *error;
} checks[] = {
	{ "nfs needs nothing", "nfs", "", NULL, 0, NULL },
	{ "options of fstab", "nfs", "rw,_netdev,noauto,hard,vers=4.1,proto=tcp,sec=sys", NULL, 0, NULL },
	{ "Kerberos", "nfs", "vers=4.2,sec=krb5p", NULL, -EOPNOTSUPP, "mount_options sec=krb5p: it takes daemons" },
	{ "TLS", "nfs", "xprtsec=mtls", NULL, -EOPNOTSUPP, "mount_options xprtsec=mtls: it takes daemons" },
	{ "RDMA", "nfs", "proto=rdma", NULL, -EOPNOTSUPP, "mount_options proto=rdma: it takes daemons" },
	{ "RDMA in the old form", "nfs", "rdma,port=20049", NULL, -EOPNOTSUPP, "mount_options rdma: it takes daemons" },
	{ "read-only", "nfs", "vers=3,ro", NULL, -EROFS, "mount_options ro: " },
	{ "a user", "cifs", "credentials=/c", "username=u\npassword=p\n", 0, NULL },
	{ "the short names, blanks, DOS", "cifs", "vers=3.0,cred=/c", "  user=u\r\npass= p \r\ndom=D\r\n", 0, NULL },
	{ "nobody", "cifs", "vers=3.0", NULL, -EINVAL, "nothing says who we are: mount_options credentials=FILE" },
	{ "everybody", "cifs", "guest", NULL, 0, NULL },
	{ "a second password is no user", "cifs", "credentials=/c", "password=p\nuser2=u\n", -EINVAL, "ROOT/c has no line username=" },
	{ "in the options", "cifs", "username=u,password=p", NULL, 0, NULL },
	{ "no file", "cifs", "credentials=/c", NULL, -ENOENT, "ROOT/c: No such file" },
	{ "no user in it", "cifs", "credentials=/c", "password=p\nusername\n", -EINVAL, "ROOT/c has no line username=" },
	{ "Kerberos for a share", "cifs", "sec=krb5i,username=u", NULL, -EOPNOTSUPP, "mount_options sec=krb5i: it takes" },
};

static void test_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(checks); i++) {
		bool nfs = !strcmp(checks[i].fstype, "nfs");
		struct target t = target(checks[i].fstype, nfs ? "192.0.2.1:/d" : "//192.0.2.1/d", checks[i].options);
		const char *error = checks[i].error;
		char root[64], file[CONF_TEXT_MAX], *at;
		struct err e = { 0 }, plain = { 0 };
		struct cpio c = { 0 };

		print_message("%s\n", checks[i].why);
		tree_make(root);
		if (checks[i].credentials)
			tree_text(root, "c", checks[i].credentials);
		assert_int_equal(netfs_check(&t, root, &plain), checks[i].rc);
		assert_int_equal(imageserver_add(&c, root, &t, &e), checks[i].rc);
		if (error) {
			print_message("  %s\n", e.msg);
			assert_memory_equal(e.msg, checks[i].fstype, strlen(checks[i].fstype));
			at = strstr(plain.msg, root);
			error += 4 * !!at;
			assert_memory_equal(at ? at + strlen(root) : plain.msg, error, strlen(error));
		} else if (netfs_credentials(&t, file)) {
			assert_string_equal(file, "/c");
			assert_int_equal(cpio_find(&c, "/c")->mode, 0600);
		}
		cpio_free(&c);
		tree_remove(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hosts), cmocka_unit_test(test_checks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
