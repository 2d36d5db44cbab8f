/* channel - the inside of a channel, for channel.c and chanstream.c only. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_CHANNEL_H
#define SSH_CHANNEL_H

#include "ssh/session.h"

enum { SSH_STDERR_KEPT = 4096 };

enum request_state { REQUEST_NONE, REQUEST_SENT, REQUEST_GRANTED, REQUEST_REFUSED };

struct ssh_channel {
	struct stream s;		/* first: a channel is a stream */
	struct ssh *ssh;
	uint32_t peer;			/* the server's number of it */
	bool     open, refused;		/* the server confirmed it, or did not */
	enum request_state request;
	uint64_t may_send;		/* bytes of the server's window that are left */
	uint32_t packet_max;		/* bytes of data that the server takes at once */
	uint32_t may_receive;		/* bytes of our window that are left */
	uint32_t taken;			/* bytes that were read since the last WINDOW_ADJUST */
	uint8_t *ring; /* opt.window bytes, of which count at head wait to be read */
	size_t   head, count;
	bool     eof_in, eof_out, close_in, close_out;
	bool     abandoned;		/* nobody reads it any more: it waits for its CLOSE */
	struct ssh_exit exit;
	uint8_t  err_tail[SSH_STDERR_KEPT];
	size_t   err_len;		/* of all that came, of which the last bytes are kept */
	char     err_text[SSH_STDERR_KEPT + 1];
	char     why[160];		/* an open that was refused */
};

/* A channel that the server confirmed, at most 4 at a time. */
int ssh_channel_new(struct ssh *s, struct ssh_channel **out, struct err *e);

/* Free it and its number. */
void ssh_channel_drop(struct ssh_channel *c);

/* A message with nothing but the server's number of the channel. */
void ssh_channel_say(struct ssh_channel *c, uint8_t message);

extern const struct stream_ops ssh_channel_ops;

#endif
