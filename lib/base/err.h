/* err - one failure, described once, where it happens. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* An error: code is 0 or a negative errno; msg is one line without newline. Zero-initialise it. */
struct err {
	int  code;
	char msg[320];
};

/*
 * Record a failure. code is a negative errno (0 is turned into -EIO: an error is never silent);
 * the text of errno is appended after ": ". Returns e->code, so that
 * `return err_set(e, -errno, "open %s", path);` is the whole idiom. e may be NULL.
 */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, but the message is complete as it stands: no errno text is appended. */
int err_say(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put what the caller was doing in front ("save /mnt/vmcore: "). Returns e->code. */
int err_add(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
