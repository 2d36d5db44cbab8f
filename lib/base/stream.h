/* stream - bytes to and from a peer, in order, never waiting for ever. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A connection: TCP, a channel of SSH, TLS, a double in a test. Each call ends at the deadline of the
 * stream, or when for idle_ms not one byte could be moved, with -ETIMEDOUT. After an error of any
 * call but ready the stream is good for close only.
 */
struct stream;

struct stream_ops {
	const char *name;
	/* 1 to len bytes, 0 at the peer's orderly end, or a negative errno. len is not 0. */
	ssize_t (*read)(struct stream *s, void *buf, size_t len, struct err *e);
	/* All of buf, or a negative errno. */
	int (*write)(struct stream *s, const void *buf, size_t len, struct err *e);
	/*
	 * Wait at most wait_ms until read would not block: 1 if so (also at the end and after an
	 * error, which read then tells), 0 if not.
	 */
	int (*ready)(struct stream *s, unsigned wait_ms);
	/* Nothing more will be written; the peer sees an end and may go on sending. */
	int (*shutdown)(struct stream *s, struct err *e);
	/* Release everything, the stream included. */
	void (*close)(struct stream *s);
	/*
	 * Both or none: the bytes of buf that can be taken at once, 0 if none; and a wait of at most
	 * wait_ms until one of the events can be done, which returns those that can, 0 after the time.
	 */
	ssize_t (*write_some)(struct stream *s, const void *buf, size_t len, struct err *e);
	int (*wait)(struct stream *s, int events, unsigned wait_ms);
};

enum { STREAM_IN = 1, STREAM_OUT = 2 };

struct stream {
	const struct stream_ops *ops;
	uint64_t deadline_ms;	/* as now_ms; 0: none */
	unsigned idle_ms;	/* longest wait without a byte; 0: none */
	uint64_t in, out;	/* bytes that read gave and write took */
};

ssize_t stream_read(struct stream *s, void *buf, size_t len, struct err *e);

/* Exactly len bytes; -ECONNRESET if the peer ends before. */
int stream_read_full(struct stream *s, void *buf, size_t len, struct err *e);

int stream_write(struct stream *s, const void *buf, size_t len, struct err *e);
int stream_ready(struct stream *s, unsigned wait_ms);
int stream_shutdown(struct stream *s, struct err *e);

/*
 * For who has to read while he cannot write. A stream that has no write_some writes all, and can
 * always be written to.
 */
ssize_t stream_write_some(struct stream *s, const void *buf, size_t len, struct err *e);
int stream_wait(struct stream *s, int events, unsigned wait_ms);

/* NULL is fine. */
void stream_close(struct stream *s);

/*
 * Make a stream of a connected socket, which it then owns and which becomes non-blocking; peer, copied
 * and cut at 127 bytes, is the name in messages ("192.0.2.1:22"). idle_ms is 60000 to begin with.
 * Returns 0 and *out, or -ENOMEM; the socket is closed then too.
 */
int stream_socket(struct stream **out, int fd, const char *peer, struct err *e);

#endif
