/* netfs - how is a directory of a server mounted without the help of user space? */
/* SPDX-License-Identifier: MIT */
#include "boot/netfs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/mounts.h"
#include "net/resolve.h"

enum { DATA_MAX = 4096, CREDENTIALS_MAX = 4096, DISCARD = 9 };	/* a page is what mount(2) takes */

/* The options for mount(2) as they grow. */
struct data {
	char   text[DATA_MAX];
	size_t len;
	bool   cut;
};

static void add(struct data *d, const char *text, size_t len)
{
	if (d->len + len >= sizeof(d->text)) {
		d->cut = true;
		return;
	}
	memcpy(d->text + d->len, text, len);
	d->len += len;
	d->text[d->len] = 0;
}

static bool is_nfs(const struct target *t)
{
	return !strcmp(t->fstype, "nfs");
}

void netfs_host(const struct target *t, char *out, size_t size)
{
	const char *host = t->device + (is_nfs(t) ? t->device[0] == '[' : 2);
	const char *end = is_nfs(t) ? strstr(host, ":/") : strchr(host, '/');

	end = end ? end : host + strlen(host);
	if (end > host && end[-1] == ']')
		end--;
	snprintf(out, size, "%.*s", (int)(end - host), host);
}

/* The first word of a list of options that begins with key, of *len bytes; NULL if none does. */
static const char *option(const char *list, const char *key, size_t *len)
{
	for (const char *p = list; *p; p += *len, p += *p == ',') {
		*len = strcspn(p, ",");
		if (!strncmp(p, key, strlen(key)))
			return p;
	}
	return NULL;
}

bool netfs_credentials(const struct target *t, char out[CONF_TEXT_MAX])
{
	size_t len;
	const char *word = is_nfs(t) ? NULL : option(t->opts.mount_options, "cred", &len);
	const char *file = word ? memchr(word, '=', len) : NULL;

	snprintf(out, CONF_TEXT_MAX, "%.*s", file ? (int)(word + len - file - 1) : 0, file ? file + 1 : "");
	return out[0];
}

/* ",KEY=VALUE", where the kernel takes ",," for a comma of the value. */
static void add_value(struct data *d, const char *key, const char *value, size_t len)
{
	add(d, key, strlen(key));
	for (size_t i = 0; i < len; i++)
		add(d, value[i] == ',' ? ",," : value + i, value[i] == ',' ? 2 : 1);
}

/* Which of the keys a line of credentials begins with, key being all before '='; -1: none of them (password2=). */
static int credentials_key(const char *key, size_t len)
{
	static const struct {
		char name[9];
		int  which;
	} names[] = {	/* as mount.cifs takes them */
		{ "username", 0 }, { "user", 0 }, { "password", 1 }, { "passwd", 1 }, { "pass", 1 }, { "domain", 2 }, { "dom", 2 },
	};

	while (len && (key[len - 1] == ' ' || key[len - 1] == '\t'))
		len--;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len && !strncasecmp(key, names[i].name, len))
			return names[i].which;
	return -1;
}

/* The lines of the file of credentials. */
static int add_credentials(struct data *d, const char *path, struct err *e)
{
	static const char keys[][11] = { ",username=", ",password=", ",domain=" };
	bool user = false;
	size_t len, n;
	char *text;
	int which, rc = read_file(path, CREDENTIALS_MAX, &text, &len, e);

	if (rc)
		return rc;
	for (const char *line = text; *line; line += n, line += *line == '\n') {
		size_t blank = strspn(line, " \t"), key;

		n = strcspn(line, "\n");
		key = strcspn(line, "=\n") + 1;
		which = key <= n && key > blank ? credentials_key(line + blank, key - 1 - blank) : -1;
		if (which >= 0)
			add_value(d, keys[which], line + key, n - key - (n > key && line[n - 1] == '\r'));
		user |= !which;
	}
	explicit_bzero(text, len);
	free(text);
	return user ? 0 : err_say(e, -EINVAL, "%s has no line username=", path);
}

/* The options of the target but those for mount(8) and credentials=, whose lines are put there. */
static int add_options(struct data *d, const struct target *t, const char *root, unsigned long *flags, struct err *e)
{
	char words[DATA_MAX], file[CONF_TEXT_MAX], path[PATH_MAX];
	int rc = mount_options(t->opts.mount_options, flags, words, sizeof(words));
	size_t n;

	if (rc)
		return err_set(e, rc, "mount_options '%.80s'", t->opts.mount_options);
	for (const char *p = words; *p; p += n, p += *p == ',') {
		n = strcspn(p, ",");
		if (is_nfs(t) || strncmp(p, "cred", 4)) {
			add(d, ",", 1);
			add(d, p, n);
		}
	}
	if (!netfs_credentials(t, file))
		return 0;
	snprintf(path, sizeof(path), "%s%s", root, file);
	rc = add_credentials(d, path, e);
	if (!rc && d->cut)
		rc = err_say(e, -E2BIG, "%s: too long", path);
	return rc;
}

int netfs_check(const struct target *t, const char *root, struct err *e)
{
	static const char refused[][13] = { "sec=krb5", "xprtsec=tls", "xprtsec=mtls", "proto=rdma", "rdma" };
	const char *words = t->opts.mount_options, *at;
	struct data *d = calloc(1, sizeof(*d));
	unsigned long flags = 0;
	size_t n;
	int rc = d ? add_options(d, t, root, &flags, e) : err_set(e, -ENOMEM, "mount_options");

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]) && !rc; i++)
		if ((at = option(words, refused[i], &n)))
			rc = err_say(e, -EOPNOTSUPP, "mount_options %.*s: it takes daemons or a network that the capture kernel "
				     "does not have", (int)n, at);
	if (!rc && flags & MS_RDONLY)
		rc = err_say(e, -EROFS, "mount_options ro: a dump is to be written there");
	if (!rc && !is_nfs(t) && !option(d->text, "user", &n) && !option(d->text, "guest", &n))
		rc = err_say(e, -EINVAL, "nothing says who we are: mount_options credentials=FILE, with the lines username= "
			     "and password=, or guest");
	if (d)
		explicit_bzero(d, sizeof(*d));
	free(d);
	return rc;
}

/* Our own address on the way to theirs. False if there is no way. */
static bool own_address(const struct net_addr *theirs, char ours[NET_ADDR_TEXT])
{
	struct net_addr own = { 0 };
	struct sockaddr_storage ss;
	socklen_t len = net_addr_sockaddr(theirs, DISCARD, &ss);
	int fd = socket(theirs->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);	/* connecting it sends nothing */

	if (fd >= 0 && !connect(fd, (struct sockaddr *)&ss, len)) {
		len = sizeof(ss);
		if (!getsockname(fd, (struct sockaddr *)&ss, &len))
			own = net_addr_from(&ss, NULL);
		net_addr_text(&own, ours);
	}
	if (fd >= 0)
		close(fd);
	return own.family;
}

/* proto= and mountproto= name the family, too: tcp6 and udp6 are of IPv6 (nfs(5)), and the kernel insists on it. */
static bool fits(const struct target *t, const struct net_addr *a)
{
	static const char told[][12] = { "proto=", "mountproto=" };
	const char *word;
	size_t n;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if ((word = option(t->opts.mount_options, told[i], &n)) && (word[n - 1] == '6') != (a->family == AF_INET6))
			return false;
	return true;
}

/* What the kernel means by an error, where its usual text does not say it. */
static int explain(int code, const struct target *t, struct err *e)
{
	bool nfs = is_nfs(t), refused = code == -EACCES || code == -EPERM;
	char file[CONF_TEXT_MAX];
	const char *why = NULL;

	if (code == -ENODEV)
		why = "this kernel does not have the filesystem";
	else if (code == -EINVAL)
		why = "an option that this kernel does not know (see dmesg)";
	else if (refused && nfs)
		why = "the server does not let us: its exports have no such directory for our address";
	else if (refused)
		why = "the server refuses the user or the password";
	else if (code == -ENOENT)
		why = nfs ? "the server has no such directory" : "the server has no such share, or this kernel no such cipher";
	if (!why)
		return err_set(e, code, "mount %s", t->device);
	refused = refused && netfs_credentials(t, file);
	return err_say(e, code, "mount %s: %s%s%s", t->device, why, refused ? " of " : "", refused ? file : "");
}

/*
 * One version after the other, as mount.nfs tries them, as long as the server answers. The first refusal tells most,
 * unless it is of a version that server or kernel does not know.
 */
static int mount_nfs(const struct target *t, const char *dir, unsigned long flags, const struct data *d)
{
	static const char versions[][10] = { ",vers=4.2", ",vers=4.1", ",vers=4.0", ",vers=3" };
	static const char told[][14] = { "vers=", "nfsvers=", "v3", "v4", "minorversion=" };
	bool fixed = false;
	char data[DATA_MAX];
	int first = 0, rc;
	size_t n;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		fixed |= option(t->opts.mount_options, told[i], &n) != NULL;
	for (size_t i = 0; i < (fixed ? 1 : sizeof(versions) / sizeof(versions[0])); i++) {
		if (snprintf(data, sizeof(data), "%s%s", d->text, fixed ? "" : versions[i]) >= DATA_MAX)
			return -E2BIG;
		rc = mount(t->device, dir, "nfs", flags, data) ? -errno : 0;
		if (!rc || rc == -ETIMEDOUT || rc == -EIO || rc == -ENODEV)
			return rc;
		if (!first || first == -EPROTONOSUPPORT || first == -EINVAL)
			first = rc;
	}
	return first;
}

/* By one of the server's addresses. d: the other options. */
static int mount_at(const struct target *t, const char *dir, unsigned long flags, const struct data *d,
		    const struct net_addr *server, const char *ours)
{
	struct data *all = malloc(sizeof(*all));
	char theirs[NET_ADDR_TEXT];
	int rc;

	if (!all)
		return -ENOMEM;
	*all = *d;
	net_addr_text(server, theirs);
	add_value(all, is_nfs(t) ? ",addr=" : ",ip=", theirs, strlen(theirs));
	if (is_nfs(t))
		add_value(all, ",clientaddr=", ours, strlen(ours));
	rc = is_nfs(t) ? mount_nfs(t, dir, flags, all) : mount(t->device, dir, "cifs", flags, all->text) ? -errno : 0;
	explicit_bzero(all, sizeof(*all));
	free(all);
	return rc;
}

/* Nobody there who speaks that: the next address may be better. */
static bool is_elsewhere(int rc)
{
	static const int codes[] = { ECONNREFUSED, ECONNRESET, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH, ETIMEDOUT, EPROTONOSUPPORT };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (rc == -codes[i])
			return true;
	return false;
}

/* All addresses in turn; the first error tells. */
static int mount_any(const struct target *t, const char *dir, unsigned long flags, const struct data *d, struct err *e)
{
	char host[CONF_TEXT_MAX], ours[NET_ADDR_TEXT];
	struct net_addr list[RESOLVE_MAX];
	struct resolver r = { 0 };
	int n = resolver_load(&r, NULL, e), first = 0, rc = -ENETUNREACH;

	netfs_host(t, host, sizeof(host));
	n = n ? n : net_resolve(&r, host, list, 0, e);
	if (n < 0)
		return n;
	for (int i = 0; i < n && is_elsewhere(rc); i++) {
		if (!fits(t, &list[i]) || !own_address(&list[i], ours))
			continue;
		rc = mount_at(t, dir, flags, d, &list[i], ours);
		if (!first)
			first = rc;
	}
	if (!rc)
		return 0;
	return first ? explain(first, t, e) : err_say(e, rc, "there is no route to %s", host);
}

int netfs_mount(const struct target *t, const char *dir, struct err *e)
{
	static const char nfs[] = "soft,timeo=150,retrans=7,nolock", cifs[] = "echo_interval=20";
	struct data *d = calloc(1, sizeof(*d));
	unsigned long flags = 0;
	int rc;

	if (!d)
		return err_set(e, -ENOMEM, "mount %s", t->device);
	add(d, is_nfs(t) ? nfs : cifs, strlen(is_nfs(t) ? nfs : cifs));
	rc = add_options(d, t, "", &flags, e);
	if (!rc) {
		rc = make_dirs(dir);
		if (rc)
			err_set(e, rc, "make directory %s", dir);
	}
	if (!rc)
		rc = mount_any(t, dir, flags, d, e);
	explicit_bzero(d, sizeof(*d));
	free(d);
	return rc;
}
