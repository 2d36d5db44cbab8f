/* s3keys - the keys for a store, from a file as AWS's tools have it. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_S3KEYS_H
#define HTTP_S3KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { S3_KEY = 132, S3_TOKEN = 4096, S3_REGION = 40 };

struct s3_keys {
	char id[S3_KEY], secret[S3_KEY];
	char token[S3_TOKEN];		/* of a session; "" if there is none */
	char region[S3_REGION];		/* "" if the file does not say */
};

/*
 * Read the profile [default] of a credentials file (~/.aws/credentials):
 *   [default]
 *   aws_access_key_id = ...
 *   aws_secret_access_key = ...
 *   aws_session_token = ...
 *   region = ...
 * Other names and profiles are passed over; a file without any [..] is one profile. Returns 0, -EINVAL
 * with a message that has nothing of the file's values, or an error of reading. The caller wipes *k.
 */
int s3_keys_read(struct s3_keys *k, const char *path, struct err *e);

/* The same from text; path is for messages. */
int s3_keys_parse(struct s3_keys *k, const char *text, size_t len, const char *path, struct err *e);

/* A region is a label of DNS: "eu-central-1". */
bool s3_is_region(const char *text);

#endif
