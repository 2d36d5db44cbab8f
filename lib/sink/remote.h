/* remote - objects on another machine, over SSH. */
/* SPDX-License-Identifier: MIT */
#ifndef SINK_REMOTE_H
#define SINK_REMOTE_H

#include "base/stream.h"
#include "sink/sink.h"
#include "ssh/login.h"
#include "ssh/sftp.h"

/*
 * sftp://[USER@]HOST[:PORT]/PATH, or ssh:// with the same: by commands of the remote shell, where
 * the server has no SFTP. PATH is absolute, or after "/~/" below the home directory. %XX is a byte.
 * An IPv6 address stands in brackets. There is no place for a password.
 */
struct remote_url {
	bool     by_command;		/* ssh:// */
	uint16_t port;			/* 0: none was named */
	char     user[64], host[256];	/* user "": none was named */
	char     path[1024];
};

/* True if the text is such a URL, or wants to be one. */
bool remote_is_url(const char *text);

/* Returns 0, or -EINVAL with a message. */
int remote_parse(const char *url, struct remote_url *out, struct err *e);

/*
 * What carries the objects: channels to commands of the other machine. Over SSH, or, in a test, to
 * children of this one.
 */
struct remote_link {
	void *arg;
	/*
	 * A channel to a command, to the SFTP server if NULL; connects if there is no connection.
	 */
	int (*channel)(void *arg, const char *command, struct stream **out, struct err *e);
	/* End a command's input and wait for it: 0 if it succeeded, else what it said. */
	int (*status)(void *arg, struct stream *channel, struct err *e);
	/* Give up the connection; its channels are closed. */
	void (*hang_up)(void *arg);
	/* Free arg. */
	void (*release)(void *arg);
	/* One line for the log; may be NULL. */
	void (*say)(void *arg, const char *line);
	/*
	 * One more channel to the SFTP server, on the connection that there is: an error leaves that
	 * as it was. NULL: there are none.
	 */
	int (*more)(void *arg, struct stream **out, struct err *e);
	/* Channels that a file's writes go over; 0: as many as help. */
	unsigned channels;
};

/*
 * A machine, with one connection for all objects that are opened on it. Not connected before the
 * first.
 */
struct remote;

/* link is copied, arg belongs to the remote then. -ENOMEM. */
int remote_new(struct remote **out, const struct remote_link *link, struct err *e);

/* By ssh_login with l; the URL has the host, and the port and user that go before those of l. */
int remote_ssh(struct remote **out, const struct ssh_login *l, const struct remote_url *url,
	       struct err *e);

/* Close the connection. Sinks on it must be closed before. NULL is fine. */
void remote_free(struct remote *r);

/*
 * An object by SFTP, written as PATH-incomplete; directories are made. A broken connection is made
 * again and the object goes on where it was. Where the round trip is long, a large object goes over
 * several channels. commit: every byte acknowledged, fsync@openssh.com,
 * size compared, renamed; ACK_NAMED then, but ACK_RECEIVED from a server that cannot fsync. r is
 * borrowed. -EEXIST if PATH is there already and replace is false.
 */
int sftp_sink_open(struct sink **out, struct remote *r, const char *path, bool replace, struct err *e);

/*
 * An object by commands of a POSIX shell: its bytes in rising order only, PATH-incomplete. commit:
 * the command ended well, and another one compared the size, called sync and renamed.
 */
int exec_sink_open(struct sink **out, struct remote *r, const char *path, bool replace, struct err *e);

/* Either, as the URL says. A dump by commands wants flat_sink_open around it. */
int remote_sink_open(struct sink **out, struct remote *r, const struct remote_url *url, bool replace,
		     struct err *e);

/* With a connection of its own and the defaults of struct ssh_login, flattened if it has to be. */
int url_sink_open(struct sink **out, const char *url, bool replace, struct err *e);

/* ---- for the kinds of sinks */
/* The SFTP session; connects if there is none. The number of sessions before it in *generation. */
int remote_sftp(struct remote *r, struct sftp **out, unsigned *generation, struct err *e);

/*
 * Have the writes of a file go over more channels, as many as the link says, or, if it says 0, 4
 * where the round trip is long. Of the session that there is; whether it helped shows by itself.
 */
void remote_widen(struct remote *r, struct sftp_file *f, uint64_t written);

/* That file is about to be freed: another one may have its channels. */
void remote_done(struct remote *r, const struct sftp_file *f);

/* Give up the connection; the next call of remote_sftp connects anew. */
void remote_drop(struct remote *r);

const struct remote_link *remote_link(const struct remote *r);
void remote_say(const struct remote *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
