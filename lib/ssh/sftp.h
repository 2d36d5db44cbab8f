/* sftp - files on a server, written so that what was acknowledged is known byte by byte. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_SFTP_H
#define SSH_SFTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/stream.h"

/*
 * SFTP version 3 (draft-ietf-secsh-filexfer-02) with OpenSSH's extensions (its PROTOCOL, section
 * 4), over any stream. Each request is answered exactly once; a server that answers otherwise is
 * not spoken to any more. A failure that the server tells is a message with its words: -ENOENT,
 * -EACCES, -EOPNOTSUPP, and -EIO for all that version 3 calls "failure". After an error of the
 * stream or of the protocol (-EPROTO) the session is broken, and every call on it gives that error
 * again.
 */
struct sftp;

/* s is borrowed: it must live until sftp_close. */
int sftp_open(struct sftp **out, struct stream *s, struct err *e);

/* NULL is fine. Files stay with their owners, who can attach them to another session. */
void sftp_close(struct sftp *s);

/* True after an error of the stream or the protocol. */
bool sftp_broken(const struct sftp *s);

enum sftp_extension { SFTP_FSYNC = 1, SFTP_POSIX_RENAME = 2, SFTP_STATVFS = 4, SFTP_LIMITS = 8 };

/* The shortest time in which it answered a question, in milliseconds. */
uint64_t sftp_round_trip_ms(const struct sftp *s);

/* The SFTP_ bits of what the server offers. */
unsigned sftp_extensions(const struct sftp *s);

struct sftp_attr {
	bool     has_size, has_mode;
	uint64_t size;
	uint32_t mode;			/* as st_mode */
};

int sftp_stat(struct sftp *s, const char *path, struct sftp_attr *out, struct err *e);

/*
 * Bytes that an unprivileged user may still write below path. -EOPNOTSUPP if the server cannot
 * tell.
 */
int sftp_space(struct sftp *s, const char *path, uint64_t *out, struct err *e);

/* Make a directory and its parents; existing ones are fine. */
int sftp_mkdirs(struct sftp *s, const char *path, struct err *e);

/* Give a file another name, atomically in the place of what had it where the server can do that. */
int sftp_rename(struct sftp *s, const char *from, const char *to, struct err *e);
int sftp_remove(struct sftp *s, const char *path, struct err *e);

/*
 * A file being written. Up to 2 MiB of writes a session are on their way at a time; what was not
 * acknowledged is kept, so that after a break it can be sent again over another session.
 */
struct sftp_file;

/* Create path, mode 0600, or empty it. */
int sftp_create(struct sftp_file **out, struct sftp *s, const char *path, struct err *e);

/*
 * From now on writes of f go over helper, too: another session with the same server, of which
 * nothing else is asked. A channel of SSH has a window of its own, 2 MiB with OpenSSH, so several
 * bear more where the round trip is long. Bytes that overlap are never on their way twice; all else
 * (sync, size, names) is asked over the first session when every write is acknowledged. A helper that
 * breaks breaks the session. helper is closed after that. An error (-EMFILE: 4 sessions at most)
 * leaves f as it was.
 */
int sftp_widen(struct sftp_file *f, struct sftp *helper, struct err *e);

/*
 * Put bytes at an offset; returns when they are on their way. An error may be that of an earlier
 * write: up to 2 MiB a session that were taken before may be lost then. The file can be written to
 * nevertheless, what else is refused is told again.
 */
int sftp_write(struct sftp_file *f, uint64_t at, const void *buf, size_t len, struct err *e);

/* Wait until every write is acknowledged. */
int sftp_drain(struct sftp_file *f, struct err *e);

/*
 * Drain, then have the server bring the file to its disk. -EOPNOTSUPP if it cannot: the data were
 * received then and nothing more is known.
 */
int sftp_fsync(struct sftp_file *f, struct err *e);

/* Drain, and compare the size with what was written: -EIO if it differs. */
int sftp_check_size(struct sftp_file *f, struct err *e);

/* The lowest offset of a write that the server refused; UINT64_MAX if it took all. */
uint64_t sftp_lost_from(const struct sftp_file *f);

/* Bytes that the server acknowledged. */
uint64_t sftp_acked(const struct sftp_file *f);

/*
 * Go on over another session after a break: open the file again, read back what was acknowledged
 * but not synced, and send what was not acknowledged. -ESTALE if the server lost something of it,
 * or it cannot be known: the file has to be written anew.
 */
int sftp_attach(struct sftp_file *f, struct sftp *s, struct err *e);

/* Close the handle; writes not yet acknowledged are waited for. 0 also if it was closed before. */
int sftp_file_close(struct sftp_file *f, struct err *e);

/* Free it, whatever happened; the session is not spoken to. NULL is fine. */
void sftp_file_free(struct sftp_file *f);

#endif
