/* sigv4 - AWS Signature Version 4: proof to a store that a request is ours. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_SIGV4_H
#define HTTP_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A field that is signed: its name in lower case, its value without blanks around it. */
struct sigv4_field {
	const char *name, *value;
};

enum { SIGV4_FIELDS_MAX = 12, SIGV4_DATE = 17, SIGV4_HEX = 65 };

/* What is signed; all borrowed. */
struct sigv4 {
	const char *key_id, *secret, *region, *service;	/* service: "s3" */
	const char *method;
	const char *path;	/* as it is sent, in the form of sigv4_encode */
	const char *query;	/* likewise, parameters in rising order, or ""; a name without '=' is fine */
	const char *date;	/* x-amz-date, of sigv4_date */
	const char *payload;	/* x-amz-content-sha256: of the body in hex, or UNSIGNED-PAYLOAD */
	struct sigv4_field fields[SIGV4_FIELDS_MAX];	/* all that is signed, host and the two above among them; */
	size_t nr_fields;				/* in any order */
};

/*
 * The value of the Authorization field into out. As AWS's "Signature Calculations for the Authorization
 * Header: Transferring Payload in a Single Chunk" has it, with S3's rule for paths: encoded once, dots stay.
 * Returns 0, or -E2BIG with a message.
 */
int sigv4_sign(char *out, size_t size, const struct sigv4 *s, struct err *e);

/* "20130524T000000Z" of seconds since 1970. */
void sigv4_date(char out[SIGV4_DATE], int64_t when);

/* SHA-256 of len bytes as lower case hex. */
void sigv4_sha256(char out[SIGV4_HEX], const void *data, size_t len);

/*
 * All but A-Z a-z 0-9 - . _ ~ as %XX, '/' too unless slashes. decode: %XX of text is read first, so that what
 * was encoded in another way comes out in this one. Returns 0, -E2BIG, or -EINVAL for a bad %XX or %00.
 */
int sigv4_encode(char *out, size_t size, const char *text, bool slashes, bool decode);

#endif
