/* s3opts - the options of a command that talks to a store. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_S3OPTS_H
#define HTTP_S3OPTS_H

#include "base/args.h"
#include "http/s3.h"

enum { OPT_S3_CREDENTIALS = 480, OPT_S3_REGION, OPT_S3_STYLE };

/* For a table of struct opt, beside HTTP_OPTS, of which those for certificates, proxy and retries count. */
#define S3_OPTS										\
	{ OPT_S3_CREDENTIALS, "s3-credentials", "FILE",					\
	  "s3: key id and secret as AWS's tools have them (default ~/.aws/credentials)" },	\
	{ OPT_S3_REGION, "s3-region", "REGION", "s3: where the bucket is (default us-east-1)" },	\
	{ OPT_S3_STYLE, "s3-style", "WORD", "s3: the bucket stands in the path, or as a virtual host: path, virtual" }

/* As http_option. */
int s3_option(struct s3_options *o, int id, const char *value, struct err *e);

#endif
