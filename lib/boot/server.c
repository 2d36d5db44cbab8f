/* server - how does a dump get its place on another machine? */
/* SPDX-License-Identifier: MIT */
#include "boot/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/coldplug.h"
#include "boot/netfs.h"
#include "http/http.h"
#include "net/netup.h"
#include "ssh/login.h"

enum { CMDLINE_MAX = 64 << 10 };

void server_split(const struct target *t, struct server *out)
{
	const char *user_at_host = t->device, *host = strrchr(user_at_host, '@');
	bool by_proxy = (t->kind == TARGET_HTTP || t->kind == TARGET_S3) && t->opts.proxy[0];
	char web[CONF_TEXT_MAX + 8];
	struct url url;
	size_t n;

	*out = (struct server){ .port = (uint16_t)t->opts.port };
	if (t->kind == TARGET_NETFS) {
		netfs_host(t, out->host, sizeof(out->host));
		return;
	}
	snprintf(web, sizeof(web), "%s%s", by_proxy && !strstr(t->opts.proxy, "://") ? "http://" : "",
		 by_proxy ? t->opts.proxy : t->device);
	if ((t->kind == TARGET_HTTP || t->kind == TARGET_S3) && !url_parse(&url, web, NULL)) {
		snprintf(out->host, sizeof(out->host), "%s", url.host);
		out->port = url.port;
		return;
	}
	snprintf(out->user, sizeof(out->user), "%.*s", host ? (int)(host - user_at_host) : 0, user_at_host);
	host = host ? host + 1 : user_at_host;
	snprintf(out->host, sizeof(out->host), "%s", host + (host[0] == '['));
	n = strlen(out->host);
	if (host[0] == '[' && n && out->host[n - 1] == ']')
		out->host[n - 1] = 0;
}

void server_url(const struct target *t, char *out, size_t size)
{
	size_t n = strlen(t->device);
	char host[3 * CONF_TEXT_MAX];
	struct server s;
	bool v6;

	if (t->kind == TARGET_HTTP || t->kind == TARGET_S3) {
		while (n && t->device[n - 1] == '/')
			n--;
		snprintf(out, size, "%s%.*s", t->kind == TARGET_S3 ? "s3+" : "", (int)n, t->device);
		return;
	}
	server_split(t, &s);
	v6 = strchr(s.host, ':');
	server_path(s.host, host, sizeof(host));	/* "%eth0" is "%25eth0" there */
	snprintf(out, size, "sftp://%s@%s%s%s:%d", s.user, v6 ? "[" : "", host, v6 ? "]" : "", t->opts.port);
}

bool server_has_endpoint(const struct target *t)
{
	return t->kind == TARGET_HTTP && (!strcmp(t->opts.tus, "yes") || t->opts.http_form[0]);
}

bool server_path(const char *path, char *out, size_t size)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~:@!$&'()*+,;=";
	size_t n = 0;

	for (; *path && n + 4 <= size; path++)
		if (strchr(plain, *path))
			out[n++] = *path;
		else
			n += (size_t)sprintf(out + n, "%%%02X", (unsigned char)*path);
	out[n] = 0;
	return !*path;
}

size_t server_known(const struct target *t, const char *out[SERVER_KNOWN_MAX])
{
	out[0] = t->opts.known_hosts[0] ? t->opts.known_hosts : "/root/.ssh/known_hosts";
	out[1] = "/etc/ssh/ssh_known_hosts";
	if (t->opts.host_key[0])
		return 0;
	return t->opts.known_hosts[0] ? 1 : 2;
}

/* Beside the dump, until the machine is reset. */
static void keep_leases(const struct net_result *r)
{
	if (!r->nr_leases || fork())
		return;
	setsid();
	net_keep(r, NULL, NULL, NULL);
	_exit(0);
}

static void say_line(void *arg, const char *line)
{
	const struct attempt *a = arg;

	a->say(line);
}

/* A generic image looks for its card first, in the time that an interface has to appear: that is part of the times of c. */
static void find_card(const struct attempt *a, struct net_conf *c)
{
	uint64_t start = now_ms();
	unsigned used_s;

	if (!coldplug_cards(a->say, (unsigned)a->conf->module_timeout_s, (unsigned)a->conf->carrier_timeout_s * 1000))
		c->carrier_s = 1;	/* none came: not as long again */
	used_s = (unsigned)((now_ms() - start) / 1000);
	if (used_s)
		c->timeout_s = c->timeout_s > used_s ? c->timeout_s - used_s : 1;
}

static int bring_up(struct attempt *a, struct net_conf *c, struct net_result *r, struct step_out *out)
{
	struct server s;
	char *cmdline;
	size_t len;
	int rc = read_file("/proc/cmdline", CMDLINE_MAX, &cmdline, &len, &out->err);

	if (rc)
		return rc;
	server_split(&a->target, &s);
	net_conf_from(c, a->conf, cmdline, say_line, a);
	free(cmdline);
	find_card(a, c);
	if (!c->nr_ifs)
		net_conf_word(c, "ip=dhcp", NULL);
	rc = net_up(c, s.host, r, say_line, a, &out->err);
	if (rc)
		return rc;
	if (net_write_resolv(r, "/etc/resolv.conf", &out->err))	/* the server may have a literal address */
		say_line(a, out->err.msg);
	keep_leases(r);
	net_addr_text(&r->src, out->text);
	snprintf(out->note, sizeof(out->note), "%s on %s", out->text, r->reach_name);
	return 0;
}

int server_network(void *arg, struct step_out *out)
{
	struct net_conf *c = calloc(1, sizeof(*c));
	struct net_result *r = calloc(1, sizeof(*r));
	int rc = c && r ? bring_up(arg, c, r, out) : err_set(&out->err, -ENOMEM, "network");

	free(c);
	free(r);
	return rc;
}

void server_keep_network(void *arg, const struct step_out *out)
{
	struct attempt *a = arg;

	snprintf(a->device, sizeof(a->device), "%s", a->target.device);
	snprintf(a->address, sizeof(a->address), "%.60s", out->text);
}

void server_web(const struct target *t, struct http_options *out)
{
	const struct target_opts *o = &t->opts;

	*out = (struct http_options){
		.tls = { .ca_file = o->cacert[0] ? o->cacert : NULL,
			 .pins = o->pinnedpubkey[0] ? o->pinnedpubkey : NULL,
			 .cert_file = o->client_cert[0] ? o->client_cert : NULL,
			 .key_file = o->client_key[0] ? o->client_key : NULL },
		.bearer_file = o->bearer_file[0] ? o->bearer_file : NULL, .retry_s = 60,
		.proxy = o->proxy[0] ? o->proxy : NULL,
		.tus = !strcmp(o->tus, "yes"), .form = o->http_form[0] ? o->http_form : NULL,
	};
}

void server_store(const struct target *t, struct s3_options *out)
{
	const struct target_opts *o = &t->opts;

	*out = (struct s3_options){ .credentials = o->s3_credentials[0] ? o->s3_credentials : NULL,
				    .region = o->s3_region[0] ? o->s3_region : NULL, .virtual_host = o->s3_style[0] == 'v' };
}

/* Ask for the directory. A server that makes none, or needs none to be made, lets the first PUT tell. */
static int make_collection(const struct attempt *a, const char *dir, struct err *e)
{
	struct http_options options;
	char base[600], text[1300];
	struct http *h = NULL;
	struct url url;
	int rc;

	server_web(&a->target, &options);
	server_url(&a->target, base, sizeof(base));
	snprintf(text, sizeof(text), "%s%s/", base, dir);
	rc = url_parse(&url, text, e);
	if (!rc)
		rc = http_new(&h, &options, &url, e);
	if (rc)
		return rc;
	rc = http_mkcol(h, &url, e);
	http_free(h);
	return rc == -EREMOTEIO || rc == -ENOENT || rc == -EACCES || rc == -EEXIST || rc == -EOPNOTSUPP ? 0 : rc;
}

int server_directory(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	const char *path = a->target.kind == TARGET_SSH ? a->target.opts.path : "/";	/* the URL has it */
	time_t now = time(NULL);
	char name[128];
	struct tm t;

	localtime_r(&now, &t);
	target_directory_name(&t, a->address, false, 0, name, sizeof(name));
	snprintf(out->text, sizeof(out->text), "%s/%s", strcmp(path, "/") ? path : "", name);
	snprintf(out->note, sizeof(out->note), "%.190s", out->text);
	return a->target.kind == TARGET_HTTP && !server_has_endpoint(&a->target) ? make_collection(a, out->text, &out->err) : 0;
}

void server_keep_directory(void *arg, const struct step_out *out)
{
	struct attempt *a = arg;

	snprintf(a->dir, sizeof(a->dir), "%s", out->text);
	/* By HTTP only a stream can go, as kdump-utils names one. */
	target_file(a, a->target.kind == TARGET_HTTP ? "vmcore.flat" : "vmcore", a->vmcore, sizeof(a->vmcore));
}

void server_login(const struct target *t, struct server *s, struct ssh_login *l)
{
	const struct target_opts *o = &t->opts;

	server_split(t, s);
	*l = (struct ssh_login){ .user = s->user, .host = s->host, .keys = { o->sshkey }, .nr_keys = 1,
				 .port = (uint16_t)o->port, .tries = 1, .connect_ms = 30000,
				 .pin = o->host_key[0] ? o->host_key : NULL };
	l->nr_known_hosts = server_known(t, l->known_hosts);
}

int server_answers(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	struct ssh *ssh = NULL;
	struct ssh_login l;
	struct server s;
	int rc;

	if (a->target.kind != TARGET_SSH)
		return 0;
	server_login(&a->target, &s, &l);
	rc = ssh_login(&ssh, &l, &out->err);
	if (!rc)
		ssh_close(ssh);
	return rc;
}
