/* sink - where the bytes of a dump go: one sink, one object. */
/* SPDX-License-Identifier: MIT */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* How far the other side vouched for the object, in rising order. */
enum ack_level { ACK_NONE, ACK_SENT, ACK_RECEIVED, ACK_DURABLE, ACK_NAMED, ACK_VERIFIED };
struct ack {
	enum ack_level level;
};

/* Each in words, for an object on another machine. */
extern const char *const ack_words[];

struct sink;

struct sink_ops {
	const char *name;
	/* Put all of buf at byte offset `at` of the object, or fail: then none of it counts. NULL: of parts. */
	int (*write)(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e);
	/* Room for bytes [0, len) is wanted: -ENOSPC now rather than later. NULL: cannot be asked. */
	int (*reserve)(struct sink *s, uint64_t len, struct err *e);
	/* Bytes that still fit, UINT64_MAX if unknown. */
	uint64_t (*space)(struct sink *s);
	/* Make it durable and give it its final name. */
	int (*commit)(struct sink *s, struct ack *ack, struct err *e);
	/* Make it durable under the name of an incomplete object. */
	int (*keep)(struct sink *s, struct err *e);
	/* Release everything; what was written stays as an incomplete object. */
	void (*release)(struct sink *s);
	/*
	 * Wait until the other side took all that was written. On an error *lost_from is the lowest offset
	 * of what it did not take, commit will refuse, and write and keep work again, for an object that
	 * is to be closed as incomplete. NULL: write itself waits.
	 */
	int (*settle)(struct sink *s, uint64_t *lost_from, struct err *e);
};

/* What an object will look like, told before its first byte. */
struct sink_shape {
	/* Offsets, rising, the first is 0: each piece between them is written front to back; what is passed over is zero. */
	const uint64_t *starts;
	size_t   nr_starts;
	uint64_t most;		/* bytes that it may come to */
	uint64_t memory;	/* bytes that buffers may take */
};
enum { SHAPE_MAX = 8 };		/* starts */

struct sink {
	const struct sink_ops *ops;
	/* NULL: of no interest to it. An error: an object of that shape cannot go there. */
	int (*expect)(struct sink *s, const struct sink_shape *shape, struct err *e);
	bool     rewritable;	/* bytes may be written twice; false: every byte once, what calls it whole last */
	uint64_t written;	/* bytes accepted so far */
	uint64_t acked;		/* of them those that another machine acknowledged, where one is asked */
};

/*
 * Open an object for writing:
 *   PATH           a file; written as PATH-incomplete, renamed by commit, directory synced
 *   -              standard output; a flattened dump, one byte after the other
 *   null:          nowhere: for finding out what a dump would be
 *   raw:DEV        a block device; holds a flattened dump (makedumpfile -R reads it)
 *   raw:DEV#NAME   an entry of the tar archive in the last RAW_TAIL bytes of a block device;
 *                  entries of the same stamp are kept, older ones are replaced
 *   sftp://... ssh://...   a file on another machine, with the defaults of ssh_login: see sink/remote.h
 *   s3+https://... an object of a store, with the keys in ~/.aws/credentials: see sink/s3.h
 *   http://...     a flattened dump on a server, with no options: see sink/http.h; https:// wants some
 * stamp: seconds since 1970 of the crash. Returns 0 and *out for sink_close, or a negative errno:
 * -EEXIST if PATH is there already and replace is false.
 */
int sink_open(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e);

int sink_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e);
/* Before the first write; without an effect on most sinks. See struct sink_shape. */
int sink_expect(struct sink *s, const uint64_t *starts, size_t nr, uint64_t most, uint64_t memory, struct err *e);
int sink_settle(struct sink *s, uint64_t *lost_from, struct err *e);
uint64_t sink_space(struct sink *s);

/* End the sink; it takes no more writes. Exactly one of the two, at most once. */
int sink_commit(struct sink *s, struct ack *ack, struct err *e);
int sink_keep(struct sink *s, struct err *e);

/* Free it, whatever happened. NULL is fine. */
void sink_close(struct sink *s);

/*
 * Several files as one: opened, committed and kept together. If one of them cannot be committed none has
 * its final name. The bytes go to the files themselves, sinks like others but for how they end.
 * Returns as sink_open; also -EINVAL if two of the paths are one file. After an error nothing is left.
 */
int parts_sink_open(struct sink **out, char *const *paths, size_t nr, bool replace, struct err *e);
/* The i-th file of a sink of parts, borrowed; NULL: it has not so many. */
struct sink *sink_part(struct sink *s, size_t i);

/* True if an error of a sink means that there is no room: a full disk, a quota, a file size limit. */
bool sink_is_full(int code);

enum { RAW_TAIL = 4 << 20 };	/* bytes at the end of a raw device kept for the tar archive */

/* The kinds, for sink.c's table. name is what follows the scheme. */
int file_sink_open(struct sink **out, const char *path, bool replace, struct err *e);
int null_sink_open(struct sink **out, struct err *e);
int stream_sink_open(struct sink **out, int fd, struct err *e);	/* takes a copy of fd */
int raw_sink_open(struct sink **out, const char *dev, struct err *e);
int tail_sink_open(struct sink **out, const char *dev, const char *entry, uint64_t stamp, struct err *e);

/* tail.c: an entry of the archive at the end of a raw device; all of one crash have its stamp. */
struct tail_entry {
	uint64_t at, len, stamp;	/* byte of its header; bytes of its data; seconds since 1970, 33 bits */
	char     name[100];
};
/* The first entry of a device of size bytes if x is zeroed, else the next one; false behind the last. */
bool tail_next(int fd, uint64_t size, struct tail_entry *x);
/* The byte of the device where its data begin. */
uint64_t tail_data(const struct tail_entry *x);
/* The same for the first entry of that name. */
bool tail_find(int fd, uint64_t size, const char *entry, uint64_t *at, uint64_t *len);

/*
 * raw.c: open a device (or, for trying it out, a file) that nobody else uses. Returns an fd, the
 * caller's, and its size in bytes.
 */
int raw_open_device(const char *dev, int flags, uint64_t *size, struct err *e);

/*
 * A flattened stream into inner, which it then owns (makedumpfile's "flattened format"). What makes
 * a dump of it, its header, comes last where inner is rewritable, else first.
 */
int flat_sink_open(struct sink **out, struct sink *inner, struct err *e);

#endif
