/* server - a target that is a directory of another machine. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_SERVER_H
#define BOOT_SERVER_H

#include "boot/target.h"
#include "http/http.h"
#include "http/s3.h"
#include "ssh/login.h"

/* What "ssh user@host" or "http URL" says, no user there (nor for nfs and cifs, no port either); with a proxy it is that, which alone need be reached. */
struct server {
	char     user[CONF_TEXT_MAX], host[CONF_TEXT_MAX];	/* an IPv6 address has no brackets */
	uint16_t port;
};

void server_split(const struct target *t, struct server *out);

/* What stands before the path of a dump's directory: "sftp://user@host:port" with IPv6 in brackets, or the URL. */
void server_url(const struct target *t, char *out, size_t size);

/* Do uploads go to the URL itself, which has no directories: tus, or a form? */
bool server_has_endpoint(const struct target *t);

/* A path for a URL: what is not of RFC 3986's pchar or "/" becomes %XX. False if it does not fit. */
bool server_path(const char *path, char *out, size_t size);

/* The files in which the server's key is looked up, borrowed from *t. Returns how many; 0 if it is pinned. */
enum { SERVER_KNOWN_MAX = 2 };
size_t server_known(const struct target *t, const char *out[SERVER_KNOWN_MAX]);

/*
 * How to log in to an ssh target: keys, known hosts, once. Strings are borrowed from *t and *s, which is filled as
 * by server_split.
 */
void server_login(const struct target *t, struct server *s, struct ssh_login *l);

/* How to talk to the server of an http target; borrowed from *t. */
void server_web(const struct target *t, struct http_options *out);

/* The keys of a store, an s3 target; borrowed from *t. */
void server_store(const struct target *t, struct s3_options *out);

/* ---- for struct step: run in the child with a struct attempt */

/*
 * Bring the network up until the server can be reached, as the configuration and the command line have it
 * (conf.h), else by DHCP; write /etc/resolv.conf; leave a process behind that keeps the leases. text: the
 * address that we have towards the server.
 */
int server_network(void *arg, struct step_out *out);

/*
 * The name of this dump's directory. text: its path. By SFTP the first file that is saved makes it; a web server is
 * asked for it here, where one that is not to be trusted, or does not answer, costs the least.
 */
int server_directory(void *arg, struct step_out *out);

/* Is it worth going on? Log in once, and out; of a web server server_directory knows. */
int server_answers(void *arg, struct step_out *out);

/* The counterparts in the parent. */
void server_keep_network(void *arg, const struct step_out *out);
void server_keep_directory(void *arg, const struct step_out *out);

#endif
