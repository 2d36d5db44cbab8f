/* form - a body as browsers upload a file: multipart/form-data (RFC 7578). */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include "http/session.h"

enum { FORM_BOUNDARY = 24, FORM_HEAD = URL_PATH + 400, FORM_TYPE = 80, FORM_TAIL = FORM_BOUNDARY + 16 };

/* What stands around the file, and the Content-Type. */
struct form {
	char head[FORM_HEAD], tail[FORM_TAIL], type[FORM_TYPE];
};

/* The file's name as it stands in a URL. -EINVAL with a message if the field's name would have to be escaped. */
int form_make(struct form *f, const char *field, const char *name, struct err *e);

#endif
