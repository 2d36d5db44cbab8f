/* conf_target - which place does a target line of kdump.conf name? */
/* SPDX-License-Identifier: MIT */
#include "base/conf_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { USER_MAX = 63 };

int conf_one_word(const char *value, struct err *e)
{
	if (value[strcspn(value, " \t")])
		return err_say(e, -EINVAL, "one word expected, not '%.80s'", value);
	return 0;
}

/* Open a block. On the command line it replaces what is there, but for the options of the first. */
static int add(struct conf_parser *p, struct target *t, struct err *e)
{
	struct kdump_conf *c = p->c;
	int at = c->nr_targets;

	if (p->only)
		at = p->only - 1;
	else if (p->cmdline)
		at = 0;
	if (at > c->nr_targets)
		return err_say(e, -EINVAL, "there is no target %d", at);
	if (at == CONF_TARGETS_MAX)
		return err_say(e, -EINVAL, "more than %d targets", CONF_TARGETS_MAX);
	t->opts = p->cmdline && at < c->nr_targets ? c->targets[at].opts : c->defaults;
	c->targets[at] = *t;
	c->nr_targets = p->cmdline && !p->only ? 1 : at < c->nr_targets ? c->nr_targets : at + 1;
	p->block = true;
	return 0;
}

/* A filesystem or a raw device of this machine. */
static int local(struct target *t, const char *value, struct err *e)
{
	bool label = !strncmp(value, "LABEL=", 6) || !strncmp(value, "PARTLABEL=", 10);
	int rc = label ? 0 : conf_one_word(value, e);	/* a label may have blanks */

	if (rc)
		return rc;
	t->kind = strcmp(t->keyword, "raw") ? TARGET_FS : TARGET_RAW;
	if (t->kind == TARGET_FS)
		memcpy(t->fstype, t->keyword, sizeof(t->fstype));
	if (strcmp(t->keyword, "virtiofs") && value[0] != '/' && !strchr(value, '='))
		return err_say(e, -EINVAL, "'%.80s' is neither /dev/NAME nor UUID= nor LABEL=", value);
	return 0;
}

/* "user@host", where an IPv6 address stands bare or in brackets, as kdump-utils has it. */
static int server(struct target *t, const char *value, struct err *e)
{
	const char *host = strchr(value, '@');
	int rc = conf_one_word(value, e);

	if (rc)
		return rc;
	if (!host || host == value || !host[1] || strchr(host + 1, '@'))
		return err_say(e, -EINVAL, "'%.80s' is not user@host", value);
	if (host - value > USER_MAX || strcspn(value, "%:/") < (size_t)(host - value))
		return err_say(e, -EINVAL, "'%.80s': a user has at most %d bytes, none of them %% : /", value, USER_MAX);
	if (strchr(host, '/'))
		return err_say(e, -EINVAL, "'%.80s': the directory goes into the key path", value);
	if (strchr(host, ':') && strchr(host, ':') == strrchr(host, ':'))
		return err_say(e, -EINVAL, "'%.80s': the port goes into the key port", value);
	t->kind = TARGET_SSH;
	return 0;
}

/* A directory of a server. What would be secret in a URL has a file of its own. */
static int web(struct target *t, const char *value, struct err *e)
{
	const char *host = value + (strncmp(value, "https", 5) ? 7 : 8);
	bool store = !strcmp(t->keyword, "s3");
	int rc = conf_one_word(value, e);

	if (rc)
		return rc;
	if ((strncmp(value, "http://", 7) && strncmp(value, "https://", 8)) || !*host || *host == '/')
		return err_say(e, -EINVAL, "'%.80s' is no URL: %s", value, store ?
			       "https://ENDPOINT/BUCKET/PREFIX or http://" : "http://HOST/DIRECTORY or https://");
	if (memchr(host, '@', strcspn(host, "/")))
		return err_say(e, -EINVAL, "a user does not belong into the URL; %s FILE logs in",
			       store ? "s3_credentials" : "bearer_file");
	if (strpbrk(host, "?#"))
		return err_say(e, -EINVAL, "'%.80s' names no directory", value);
	if (store && (!strchr(host, '/') || !strchr(host, '/')[1]))
		return err_say(e, -EINVAL, "'%.80s' names no bucket: https://ENDPOINT/BUCKET/PREFIX", value);
	t->kind = store ? TARGET_S3 : TARGET_HTTP;
	return 0;
}

/* A directory of a server that is mounted. */
static int share(struct target *t, const char *value, struct err *e)
{
	bool nfs = !strcmp(t->keyword, "nfs");
	const char *host = nfs || strncmp(value, "//", 2) ? value : value + 2;
	const char *end = nfs ? strstr(value, ":/") : strchr(host, '/');
	size_t server = end ? (size_t)(end - host) : strlen(host);
	const char *colon = nfs || host[0] == '[' ? NULL : memchr(host, ':', server);
	int rc;

	/* Before anything that repeats the value: there may be a password in it. */
	if (memchr(host, '@', server) || (colon && (host > value || colon + 1 < host + server)))
		return err_say(e, -EINVAL, "who logs in does not belong into the server's name%s", nfs ? "" :
			       ", nor does a port; mount_options credentials=FILE logs in");
	rc = conf_one_word(value, e);
	if (rc)
		return rc;
	if (!nfs && (host == value || !end || end == host || !end[1]))
		return err_say(e, -EINVAL, "'%.80s' is not //SERVER/SHARE", value);
	if (nfs && (!end || end == value || (value[0] == '[') != (end[-1] == ']')))
		return err_say(e, -EINVAL, "'%.80s' is not SERVER:/DIRECTORY", value);
	if (nfs && value[0] != '[' && memchr(value, ':', (size_t)(end - value)))
		return err_say(e, -EINVAL, "'%.80s': an IPv6 address is written in brackets, [2001:db8::1]:/DIRECTORY", value);
	t->kind = TARGET_NETFS;
	strcpy(t->fstype, t->keyword);
	return 0;
}

bool target_is_remote(const struct target *t)
{
	return t->kind != TARGET_FS && t->kind != TARGET_RAW;
}

bool target_is_mounted(const struct target *t)
{
	return t->kind == TARGET_FS || t->kind == TARGET_NETFS;
}

int conf_target(struct conf_parser *p, const char *keyword, const char *value, struct err *e)
{
	struct target t = { 0 };
	int rc;

	snprintf(t.keyword, sizeof(t.keyword), "%s", keyword);
	if (strlen(value) >= sizeof(t.device))
		return err_say(e, -EINVAL, "longer than %zu bytes", sizeof(t.device) - 1);
	strcpy(t.device, value);
	if (!strcmp(keyword, "ssh"))
		rc = server(&t, value, e);
	else if (!strcmp(keyword, "http") || !strcmp(keyword, "s3"))
		rc = web(&t, value, e);
	else if (!strcmp(keyword, "nfs") || !strcmp(keyword, "cifs"))
		rc = share(&t, value, e);
	else
		rc = local(&t, value, e);
	return rc ? rc : add(p, &t, e);
}
