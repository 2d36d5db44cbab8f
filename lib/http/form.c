/* form - what stands around a file that a form uploads? */
/* SPDX-License-Identifier: MIT */
#include "http/form.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/chance.h"

int form_make(struct form *f, const char *field, const char *name, struct err *e)
{
	char boundary[FORM_BOUNDARY + 1];
	uint64_t chance;

	for (const char *p = field; *p; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
			return err_say(e, -EINVAL, "the field of a form has a character that none may have here");
	if (!*field || strlen(field) > 100)
		return err_say(e, -EINVAL, "the field of a form has 1 to 100 characters");
	/* 64 random bits: no dump has them by chance, and nobody can put them there. */
	chance = (uint64_t)chance32() << 32 | chance32();
	snprintf(boundary, sizeof(boundary), "--------%016llx", (unsigned long long)chance);
	snprintf(f->type, sizeof(f->type), "multipart/form-data; boundary=%s", boundary);
	snprintf(f->head, sizeof(f->head), "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
		 "Content-Type: application/octet-stream\r\n\r\n", boundary, field, name);
	snprintf(f->tail, sizeof(f->tail), "\r\n--%s--\r\n", boundary);
	return 0;
}
