/* imageserver - which files of this machine does a dump to a server need? */
/* SPDX-License-Identifier: MIT */
#include "boot/imageserver.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/netfs.h"
#include "boot/server.h"
#include "http/s3.h"
#include "net/addr.h"
#include "ssh/hosts.h"
#include "ssh/userkey.h"

enum { KEY_FILE_MAX = 64 << 10, HOSTS_FILE_MAX = 4 << 20, CONFIG_FILE_MAX = 1 << 20 };

static int copy(struct cpio *c, const char *root, const char *path, size_t max, struct err *e)
{
	char source[PATH_MAX], *text;
	size_t len;
	int rc;

	snprintf(source, sizeof(source), "%s%s", root, path);
	rc = read_file(source, max, &text, &len, e);
	if (rc)
		return rc;
	rc = cpio_file(c, path, 0600, text, len, e);
	explicit_bzero(text, len);
	free(text);
	return rc;
}

static int put_key(struct cpio *c, const char *root, const struct target *t, struct err *e)
{
	const char *path = t->opts.sshkey;
	struct ssh_userkey *key = NULL;
	char source[PATH_MAX];
	int rc;

	snprintf(source, sizeof(source), "%s%s", root, path);
	if (access(source, F_OK))
		return err_say(e, -ENOENT,
			       "sshkey %s is not there; make one by: ssh-keygen -t ed25519 -N '' -f %s; "
			       "ssh-copy-id -i %s %s", source, path, path, t->device);
	rc = ssh_userkey_read(&key, source, NULL, e);
	ssh_userkey_free(key);
	return rc ? rc : copy(c, root, path, KEY_FILE_MAX, e);
}

/* The files that know hosts: as the capture kernel will look for them. */
static size_t known_files(const char *root, const struct target *t, char out[SERVER_KNOWN_MAX][PATH_MAX])
{
	const char *files[SERVER_KNOWN_MAX];
	size_t n = server_known(t, files), there = 0;

	for (size_t i = 0; i < n; i++) {
		snprintf(out[there], PATH_MAX, "%s%s", root, files[i]);
		there += !access(out[there], R_OK);
	}
	return there;
}

static int put_known(struct cpio *c, const char *root, const struct target *t, const char *host, struct err *e)
{
	char paths[SERVER_KNOWN_MAX][PATH_MAX];
	const char *files[SERVER_KNOWN_MAX];
	size_t n = known_files(root, t, paths);
	struct ssh_hosts hosts = { .host = host, .port = (uint16_t)t->opts.port, .files = files, .nr_files = n };
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		files[i] = paths[i];
	if (!ssh_hosts_known(&hosts))
		return err_say(e, -ENOKEY,
			       "the key of the server is in no known_hosts file%s%s; log in once as root (ssh -p %d %s) "
			       "and compare its fingerprint, or pin that: host_key SHA256:...", n ? ", not in " : "",
			       n ? files[0] : "", t->opts.port, t->device);
	for (size_t i = 0; i < n && !rc; i++)
		rc = copy(c, root, paths[i] + strlen(root), HOSTS_FILE_MAX, e);
	return rc;
}

/* A "Host" line that has the very word host, followed by a HostName of another. */
static bool is_alias(const char *text, const char *host, char *real, size_t size)
{
	bool inside = false;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = line + strspn(line, " \t"), *value;
		size_t key = strcspn(p, " \t=\r\n"), len = strlen(host);

		value = p + key + strspn(p + key, " \t=");
		if (key == 4 && !strncasecmp(p, "Host", 4)) {
			inside = false;
			for (size_t n; (n = strcspn(value, " \t\r\n")); value += n, value += strspn(value, " \t"))
				inside |= n == len && !strncasecmp(value, host, len);
		} else if (inside && key == 8 && !strncasecmp(p, "HostName", 8)) {
			snprintf(real, size, "%.*s", (int)strcspn(value, " \t\r\n"), value);
			return strcasecmp(real, host) && strcmp(real, "%h");
		}
	}
	return false;
}

/* In the capture kernel nothing reads ssh_config, as with kdump-utils, which refuses such names too. */
static int refuse_alias(const char *root, const char *host, struct err *e)
{
	static const char *const files[] = { "/root/.ssh/config", "/etc/ssh/ssh_config" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[PATH_MAX], real[256], *text;
		bool alias;
		size_t len;

		snprintf(path, sizeof(path), "%s%s", root, files[i]);
		if (read_file(path, CONFIG_FILE_MAX, &text, &len, NULL))
			continue;
		alias = is_alias(text, host, real, sizeof(real));
		free(text);
		if (alias)
			return err_say(e, -EINVAL, "%s is another name that %s gives to %s: write that one", host,
				       path, real);
	}
	return 0;
}

/* What trusts the server is read once here, so that a file that is none is noticed in time. */
static int add_web(struct cpio *c, const char *root, const struct target *t, struct err *e)
{
	const struct target_opts *o = &t->opts;
	const char *const files[] = { o->cacert, o->bearer_file, o->client_cert, o->client_key };
	enum { NR_FILES = sizeof(files) / sizeof(*files) };
	char source[NR_FILES][PATH_MAX];
	struct http_options options;
	const char **place[NR_FILES] = { &options.tls.ca_file, &options.bearer_file, &options.tls.cert_file,
					 &options.tls.key_file };
	struct http *h = NULL;
	struct url url;
	int rc = url_parse(&url, t->device, e);

	server_web(t, &options);
	for (size_t i = 0; i < NR_FILES; i++) {
		snprintf(source[i], sizeof(source[i]), "%s%s", root, files[i]);
		*place[i] = files[i][0] ? source[i] : NULL;
	}
	if (!rc && url.tls && !o->cacert[0] && !o->pinnedpubkey[0])
		rc = err_say(e, -EINVAL, "nothing says whom to trust: cacert FILE or pinnedpubkey sha256//...");
	if (!rc)	/* reads them, and connects nothing */
		rc = http_new(&h, &options, &url, e);
	http_free(h);
	for (size_t i = 0; !rc && i < NR_FILES; i++)
		if (files[i][0])
			rc = copy(c, root, files[i], i ? KEY_FILE_MAX : HOSTS_FILE_MAX, e);
	return rc ? err_add(e, "http %s", t->device) : 0;
}

/* The same for a store: keys that are none, a bucket that is missing are noticed in time. */
static int add_store(struct cpio *c, const char *root, const struct target *t, struct err *e)
{
	const struct target_opts *o = &t->opts;
	char cacert[PATH_MAX], keys[PATH_MAX], cert[PATH_MAX], key[PATH_MAX], text[CONF_TEXT_MAX + 16];
	struct http_options web = {
		.tls = { .ca_file = o->cacert[0] ? cacert : NULL,
			 .pins = o->pinnedpubkey[0] ? o->pinnedpubkey : NULL,
			 .cert_file = o->client_cert[0] ? cert : NULL, .key_file = o->client_key[0] ? key : NULL },
		.proxy = o->proxy[0] ? o->proxy : NULL,
	};
	struct s3_options options = { .credentials = keys, .region = o->s3_region[0] ? o->s3_region : NULL,
				      .virtual_host = o->s3_style[0] == 'v' };
	struct s3_object object;
	struct s3 *s = NULL;
	int rc = 0;

	snprintf(cacert, sizeof(cacert), "%s%s", root, o->cacert);
	snprintf(keys, sizeof(keys), "%s%s", root, o->s3_credentials);
	snprintf(cert, sizeof(cert), "%s%s", root, o->client_cert);
	snprintf(key, sizeof(key), "%s%s", root, o->client_key);
	snprintf(text, sizeof(text), "s3+%s/vmcore", t->device);
	if (!o->s3_credentials[0])
		rc = err_say(e, -EINVAL, "nothing says who we are: s3_credentials FILE");
	if (!rc && !strncmp(t->device, "https:", 6) && !o->cacert[0] && !o->pinnedpubkey[0])
		rc = err_say(e, -EINVAL, "nothing says whom to trust: cacert FILE or pinnedpubkey sha256//...");
	if (!rc)	/* reads them, and connects nothing */
		rc = s3_new(&s, &web, &options, text, e);
	if (!rc)
		rc = s3_object(s, &object, text, e);
	s3_free(s);
	if (!rc && o->cacert[0])
		rc = copy(c, root, o->cacert, HOSTS_FILE_MAX, e);
	if (!rc)
		rc = copy(c, root, o->s3_credentials, KEY_FILE_MAX, e);
	if (!rc && o->client_cert[0])
		rc = copy(c, root, o->client_cert, KEY_FILE_MAX, e);
	if (!rc && o->client_key[0])
		rc = copy(c, root, o->client_key, KEY_FILE_MAX, e);
	return rc ? err_add(e, "s3 %s", t->device) : 0;
}

/* What a directory of a server is mounted with. */
static int add_share(struct cpio *c, const char *root, const struct target *t, struct err *e)
{
	char file[CONF_TEXT_MAX];
	int rc = netfs_check(t, root, e);

	if (!rc && netfs_credentials(t, file))
		rc = copy(c, root, file, KEY_FILE_MAX, e);
	return rc ? err_add(e, "%s %s", t->keyword, t->device) : 0;
}

/* A name that only this file knows leads nowhere without it. */
static int put_hosts(struct cpio *c, const char *root, const char *host, struct err *e)
{
	char path[PATH_MAX];
	struct net_addr a;

	snprintf(path, sizeof(path), "%s/etc/hosts", root);
	if (net_addr_parse(host, &a) || access(path, R_OK) || cpio_find(c, "/etc/hosts"))
		return 0;
	return copy(c, root, "/etc/hosts", CONFIG_FILE_MAX, e);
}

int imageserver_add(struct cpio *c, const char *root, const struct target *t, struct err *e)
{
	struct server s;
	int rc;

	server_split(t, &s);
	rc = put_hosts(c, root, s.host, e);
	if (!rc && t->kind == TARGET_HTTP)
		return add_web(c, root, t, e);
	if (!rc && t->kind == TARGET_S3)
		return add_store(c, root, t, e);
	if (!rc && t->kind == TARGET_NETFS)
		return add_share(c, root, t, e);
	if (!rc)
		rc = refuse_alias(root, s.host, e);
	if (!rc)
		rc = put_key(c, root, t, e);
	if (!rc && !t->opts.host_key[0])
		rc = put_known(c, root, t, s.host, e);
	return rc ? err_add(e, "ssh %s", t->device) : 0;
}
