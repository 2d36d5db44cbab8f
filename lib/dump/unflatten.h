/* unflatten - a flattened dump back into a normal one, in one pass over a stream. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_UNFLATTEN_H
#define DUMP_UNFLATTEN_H

#include "sink/sink.h"

struct unflatten {
	uint64_t records, bytes;	/* written to the sink so far */
	bool     cut;			/* the stream ended before its end record */
	bool     unread;		/* fd could not be read, the error is not the sink's */
};

/*
 * Write the records of a flattened dump (bytes.h tells the format) to a rewritable sink as they come:
 * of two for one byte the later is right. The result is that of makedumpfile -R, byte for byte. fd is
 * read from where it stands: a pipe will do. Memory: 1 MiB. *u is filled in every case. Returns 0;
 * -ENODATA if the stream is cut, with all that came in the sink (lib/dump/recover.h makes a readable
 * dump of that); -EINVAL if it is no such stream; -ENOMEM; or an error of fd or of the sink. Ending the
 * sink is the caller's business.
 */
int unflatten(int fd, struct sink *to, struct unflatten *u, struct err *e);

/* The same into a file, which has its name only when it is whole; else it is TO-incomplete. replace: see sink_open. */
int unflatten_file(int fd, const char *to, bool replace, struct err *e);

#endif
