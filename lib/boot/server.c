/* server - how does a dump get its place on another machine? */
/* SPDX-License-Identifier: MIT */
#include "boot/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void server_split(const char *user_at_host, struct server *out)
{
	const char *host = strrchr(user_at_host, '@');
	size_t n;

	snprintf(out->user, sizeof(out->user), "%.*s", host ? (int)(host - user_at_host) : 0, user_at_host);
	host = host ? host + 1 : user_at_host;
	snprintf(out->host, sizeof(out->host), "%s", host + (host[0] == '['));
	n = strlen(out->host);
	if (host[0] == '[' && n && out->host[n - 1] == ']')
		out->host[n - 1] = 0;
}

void server_url(const struct target *t, char *out, size_t size)
{
	struct server s;
	bool v6;

	server_split(t->device, &s);
	v6 = strchr(s.host, ':');
	snprintf(out, size, "sftp://%s@%s%s%s:%d", s.user, v6 ? "[" : "", s.host, v6 ? "]" : "", t->opts.port);
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

void server_keep_network(void *arg, const struct step_out *out)
{
	struct attempt *a = arg;

	snprintf(a->device, sizeof(a->device), "%s", a->target.device);
	snprintf(a->address, sizeof(a->address), "%.60s", out->text);
}

int server_directory(void *arg, struct step_out *out)
{
	const struct attempt *a = arg;
	const char *path = a->target.opts.path;
	time_t now = time(NULL);
	char name[128];
	struct tm t;

	localtime_r(&now, &t);
	target_directory_name(&t, a->address, false, 0, name, sizeof(name));
	snprintf(out->text, sizeof(out->text), "%s/%s", strcmp(path, "/") ? path : "", name);
	snprintf(out->note, sizeof(out->note), "%.190s", out->text);
	return 0;
}

void server_keep_directory(void *arg, const struct step_out *out)
{
	struct attempt *a = arg;

	snprintf(a->dir, sizeof(a->dir), "%s", out->text);
	target_file(a, "vmcore", a->vmcore, sizeof(a->vmcore));
}
int server_network(void *arg, struct step_out *out) { (void)arg; (void)out; return -1; }
