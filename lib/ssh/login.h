/* login - a connection to an SSH server, from its name to being logged in. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_LOGIN_H
#define SSH_LOGIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ssh/ssh.h"

enum { LOGIN_MAX_FILES = 8 };

/*
 * Who, where, and by what both sides know each other. Strings are borrowed, NULL or 0 is the
 * default.
 */
struct ssh_login {
	const char *user;		/* root */
	const char *host;		/* name or address, without brackets */
	uint16_t    port;		/* 22 */
	const char *keys[LOGIN_MAX_FILES];	/* private key files; those of ~/.ssh that exist */
	size_t      nr_keys;
	const char *known_hosts[LOGIN_MAX_FILES];	/* ~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts */
	size_t      nr_known_hosts;
	const char *pin;		/* "SHA256:..."; then known_hosts are not read */
	unsigned    connect_ms;		/* longest wait for TCP, for the server's key, for the login; 60,000 each */
	unsigned    tries;		/* connections before it is given up; 5 */
	unsigned    channels;		/* of SFTP that a file goes over, 1 to 4; 0: as many as help */
	/* One line of what is going on, for the log. May be NULL. */
	void      (*say)(void *arg, const char *line);
	void       *arg;
};

/*
 * Connect, prove the server's identity, log in. What may pass is tried again after 1, 15, 30 and 60
 * seconds: since 9.8 OpenSSH's sshd drops who fails for at most 90 s, longer with each failure
 * (sshd_config(5), PerSourcePenalties). A wrong host key (-EKEYREJECTED), a refused user (-EACCES),
 * a broken protocol (-EPROTO) and a key file that is none (-ENOKEY) do not pass. Returns 0 and *out
 * for ssh_close, or the last error.
 */
int ssh_login(struct ssh **out, const struct ssh_login *l, struct err *e);

#endif
