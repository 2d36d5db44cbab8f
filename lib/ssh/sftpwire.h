/* sftpwire - the session under the files: packets out, replies in. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_SFTPWIRE_H
#define SSH_SFTPWIRE_H

#include "ssh/sftp.h"
#include "ssh/wire.h"

/* Packet types, section 3 of the draft. */
enum {
	FXP_INIT = 1, FXP_VERSION, FXP_OPEN, FXP_CLOSE, FXP_READ, FXP_WRITE, FXP_LSTAT, FXP_FSTAT,
	FXP_REMOVE = 13, FXP_MKDIR, FXP_STAT = 17, FXP_RENAME, FXP_STATUS = 101, FXP_HANDLE, FXP_DATA,
	FXP_ATTRS = 105, FXP_EXTENDED = 200, FXP_EXTENDED_REPLY,
};

enum {
	SFTP_MAX_HANDLE = 256,		/* section 6.3 */
	SFTP_MAX_REQUEST = 9000,	/* of a request without data: two paths */
	SFTP_MAX_REPLY = 34000,		/* section 3: what every client must take */
	SFTP_READ_MAX = 32768,
	SFTP_SAFE_WRITE = 32768,	/* bytes that every server takes in a write */
	SFTP_WINDOW = 2 << 20,		/* bytes on their way: OpenSSH's channel window */
	SFTP_LANES = 4,			/* sessions that a file's writes may go over */
	SFTP_SLOTS = SFTP_LANES * SFTP_WINDOW / SFTP_SAFE_WRITE,
	SFTP_HEAD = 4 + 1 + 4 + 4 + SFTP_MAX_HANDLE + 8 + 4,	/* of a write, at most */
};

struct sftp {
	struct stream *stream;
	bool       broken;
	struct err why;
	struct sftp *lead;		/* the session that it helps, which has the ids and files; or itself */
	uint32_t   next_id;
	unsigned   ext;
	uint32_t   max_write;
	uint64_t   round_trip_ms;	/* the shortest that a request took */
	struct sftp_file *files;	/* attached ones */
	uint8_t    in[SFTP_MAX_REPLY];
};

/* A request that is being written: its packet, and what is said about it if it fails. */
struct sftp_request {
	struct wire_out o;
	uint32_t id;
	uint8_t  buf[SFTP_MAX_REQUEST];
};

void sftp_begin(struct sftp *s, struct sftp_request *r, uint8_t type);
void sftp_begin_extended(struct sftp *s, struct sftp_request *r, const char *name);

/*
 * Send it and wait for its answer, which must be of the type want (FXP_STATUS: success). act and
 * path go into the message. *out borrows the session's buffer until the next call. idle_ms: how
 * long the server may think; 0: as long as the stream allows.
 */
int sftp_ask(struct sftp *s, struct sftp_request *r, uint8_t want, unsigned idle_ms, struct wire *out,
	     const char *act, const char *path, struct err *e);

/* Read one reply and give it to the write that it belongs to: there is no other request. */
int sftp_take(struct sftp *s, struct err *e);

/* All of buf to the server; the session is broken if that cannot be. */
int sftp_send(struct sftp *s, const void *buf, size_t len, struct err *e);

/* What a server of this kind does not say: the session ends. Returns -EPROTO. */
int sftp_violation(struct sftp *s, const char *what, struct err *e);

/* Note that the session is no good any more. Returns e->code. */
int sftp_break(struct sftp *s, const struct err *e);

/* The body of a STATUS, as an error: 0 or a negative errno with a message. */
int sftp_status(struct wire *w, const char *act, const char *path, struct err *e);

void sftp_read_attr(struct wire *w, struct sftp_attr *out);

/* sftplane.c: the answer to a write; false if no write has that id. w: the body of a STATUS. */
bool sftp_answer(struct sftp *s, uint32_t id, struct wire *w);

#endif
