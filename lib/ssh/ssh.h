/* ssh - a connection to an SSH server, and channels on it that are streams. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_SSH_H
#define SSH_SSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/stream.h"

/*
 * The client of RFC 4251 to 4254, with strict key exchange, RFC 8308, 8332, 8731, 9941. All memory
 * is taken when a connection or a channel is opened (about 350 KB and the window), none per packet.
 * Calls are for one thread. Every call that waits also receives, answers and changes keys, so no
 * peer can wait for us while we wait for it. After an error of the connection every call on it and
 * on its channels gives that error again.
 */
struct ssh;
struct ssh_userkey;

struct ssh_options {
	/*
	 * Is this the server's key? It proved to have it. 0: go on; a negative errno with a
	 * message: the connection ends with it. Must be there: nothing is trusted without.
	 */
	int (*verify)(void *arg, const uint8_t *blob, size_t len, struct err *e);
	void *verify_arg;
	/* Progress, one line each. May be NULL. */
	void (*say)(void *arg, const char *line);
	void *say_arg;
	/*
	 * Names in order, ending with NULL; NULL instead of a list: all we have, the best order for
	 * this CPU. All but hostkeys must live as long as the connection.
	 */
	const char *const *hostkeys, *const *kex, *const *ciphers, *const *macs;
	bool need_strict_kex; /* refuse a server without it: its first packets may be cut off */
	bool slow;			/* without the CPU's AES and without vectors */
	unsigned handshake_ms;		/* longest key exchange or login; 0: 60,000 */
	unsigned keepalive_ms; /* ask a silent server whether it lives, 4 times; 0: 15,000 */
	uint64_t rekey_bytes; /* change keys after as many, either way; 0: what the cipher bears */
	unsigned window;		/* bytes that a channel's peer may send ahead; 0: 262,144 */
};

/* What was agreed on; names are static, server points into the connection. */
struct ssh_info {
	const char *kex, *hostkey, *cipher, *mac; /* towards the server; mac NULL with an AEAD */
	const char *server;		/* its version line, printable */
	bool strict_kex;
	uint64_t rekeys;		/* key exchanges after the first */
	uint64_t sent, received;	/* bytes on the wire */
};

/*
 * Talk to the server at the other end of tcp, which belongs to the connection from now on, also
 * when this fails: versions, key exchange, proof of the host key, its verdict. Errors: -EPROTO (the
 * server breaks a rule, or has no algorithm in common), -ENOKEY (no host key of the kinds asked
 * for), -EKEYREJECTED, what verify said, -ETIMEDOUT, -ECONNRESET.
 */
int ssh_open(struct ssh **out, struct stream *tcp, const struct ssh_options *opt, struct err *e);

/*
 * Log in with the first of the keys that the server takes. -EACCES names what the server would have
 * taken instead; at most 6 keys are shown, as servers count tries.
 */
int ssh_auth(struct ssh *s, const char *user, struct ssh_userkey *const *keys, size_t n,
	     struct err *e);

/*
 * Run a command, or a subsystem such as "sftp", with a channel of its own: 4 at a time. write is
 * the command's standard input; a write below 4,096 bytes may wait for the next call on the stream,
 * so that small ones travel together. read is its standard output, 0 at its end; of standard error
 * the last 4,096 bytes are kept. A write after the command ended is -EPIPE and says how it ended.
 * The stream's idle_ms, 60,000 to begin with, also ends a write for which the server's window does
 * not open. Close the channel before the connection.
 */
int ssh_channel_exec(struct ssh *s, const char *command, struct stream **out, struct err *e);
int ssh_channel_subsystem(struct ssh *s, const char *name, struct stream **out, struct err *e);

struct ssh_exit {
	bool     known;			/* the server said how it ended; else nobody knows */
	bool     before_end;		/* it ended before it was told that its input did */
	uint32_t status;
	char signal[16]; /* the name of the signal that ended it, such as "KILL", or "" */
};

/*
 * End the command's input, skip what is left of its output, wait until the channel is closed and
 * tell how it ended. Success is known, status 0, no signal and not before_end. 0, or the
 * connection's error.
 */
int ssh_channel_status(struct stream *channel, struct ssh_exit *out, struct err *e);

/* The last bytes of standard error, printable, one line, terminated; borrowed until the next call.
 */
const char *ssh_channel_stderr(struct stream *channel);

/* Is a channel open that somebody still holds? Then ssh_close would take the connection from under it. */
bool ssh_in_use(const struct ssh *s);

void ssh_describe(const struct ssh *s, struct ssh_info *out);

/* Say goodbye and close the stream below. NULL is fine. */
void ssh_close(struct ssh *s);

#endif
