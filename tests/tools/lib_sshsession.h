/* lib_sshsession - a whole session with an ssh_peer, and its verdict in a line. */
/* SPDX-License-Identifier: MIT */
#ifndef LIB_SSHSESSION_H
#define LIB_SSHSESSION_H

#include "lib_sshpeer.h"
#include "ssh/ssh.h"

struct session {
	struct ssh_options opt;		/* verify is filled in */
	struct ssh_userkey *key;
	size_t bytes;			/* to write to the command, which sends them back */
	unsigned idle_ms, pause_ms;	/* pause_ms: before each write */
	char verdict[400];		/* the error, or "status N", and what is to be said besides */
	int  rc;
	struct ssh_info info;
};

/* Log in, run a command, write, read, end. The peer's stream is closed, the peer remains. */
void session_run(struct session *t, struct ssh_peer *p);

/* A key to log in with. */
struct ssh_userkey *session_key(void);

#endif
