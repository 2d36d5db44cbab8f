/* s3opts - what do the options for a store say? */
/* SPDX-License-Identifier: MIT */
#include "http/s3opts.h"

#include <errno.h>
#include <string.h>

int s3_option(struct s3_options *o, int id, const char *value, struct err *e)
{
	if (id == OPT_S3_CREDENTIALS)
		o->credentials = value;
	else if (id == OPT_S3_REGION)
		o->region = value;
	else if (id != OPT_S3_STYLE)
		return 0;
	else if (!strcmp(value, "path") || !strcmp(value, "virtual"))
		o->virtual_host = value[0] == 'v';
	else
		return err_say(e, -EINVAL, "--s3-style is path or virtual, not '%.20s'", value);
	return 1;
}
