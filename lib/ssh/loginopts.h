/* loginopts - the options of a command that logs in, in the manner of ssh and curl. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_LOGINOPTS_H
#define SSH_LOGINOPTS_H

#include "base/args.h"
#include "ssh/login.h"

enum { OPT_KNOWN_HOSTS = 400, OPT_PIN, OPT_TRIES, OPT_CONNECT_TIMEOUT, OPT_CHANNELS };

/* For a table of struct opt. */
#define LOGIN_OPTS									\
	{ 'i', "identity", "KEY", "private key to log in with (default: those in ~/.ssh)" },	\
	{ OPT_KNOWN_HOSTS, "known-hosts", "FILE", "where the server's key is known "	\
	  "(default: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts)" },		\
	{ OPT_PIN, "pin", "SHA256:...", "the fingerprint that the server's key must have instead" },	\
	{ OPT_TRIES, "tries", "N", "connections before it is given up (default 5)" },	\
	{ OPT_CONNECT_TIMEOUT, "connect-timeout", "S", "seconds to wait for a connection (default 60)" }, \
	{ OPT_CHANNELS, "channels", "N", "SFTP channels that a file goes over, 1 to 4 (default: 4 for "	\
	  "a large one where the round trip takes 10 ms or more, else 1)" }

/*
 * Take an option of LOGIN_OPTS; value is borrowed. 1: done, 0: it is none of them, -EINVAL with a
 * message.
 */
int login_option(struct ssh_login *l, int id, const char *value, struct err *e);

#endif
